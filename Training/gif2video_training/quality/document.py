"""The reports in docs/reports: sections of Markdown, one after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .plan import KINDS
from .rows import Row


@dataclass(frozen=True)
class Section:
    """A heading with text, tables and pictures under it, and sections below it."""

    title: str
    parts: list[str] = field(default_factory=list)
    below: list[Section] = field(default_factory=list)

    def markdown(self, level: int = 1) -> str:
        blocks = [f"{'#' * level} {self.title}", *self.parts]
        return "\n\n".join([*blocks, *(section.markdown(level + 1) for section in self.below)])


def table(rows: list[dict]) -> str:
    """Rows of one set of keys; numbers are printed with two decimals. None where a run was ended early: says so."""
    if not rows:
        return "Nothing was measured."
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    for row in rows:
        cells = [f"{value:.2f}" if isinstance(value, float) else str(value) for value in row.values()]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def signed(value: float) -> str:
    return "" if math.isnan(value) else f"{value:+.2f}"


@dataclass(frozen=True)
class Aim:
    """Gains in dB on faces that the project wants, and the paper's."""

    maker: str
    size: int
    live: float
    quality: float | None
    paper: str


AIMS = (
    Aim("pillow-none", 32, 2.0, 3.1, "+3.06"),
    Aim("pillow-floyd_steinberg", 32, 6.0, 7.5, "+7.42"),
    Aim("pillow-none", 256, 2.0, None, ""),
    Aim("pillow-floyd_steinberg", 256, 5.0, None, ""),
)


def looks(row: Row) -> dict[str, str]:
    """Cells on how sharp and how good to the eye GIF and restored film are."""

    def both(values: dict[str, float], digits: int) -> str:
        known = not math.isnan(values["restored"])
        return f"{values['gif']:.{digits}f} → {values['restored']:.{digits}f}" if known else ""

    return {"sharpness": both(row.sharpness, 3), "VMAF": both(row.vmaf, 1)}


def aim_rows(rows: list[Row], profile: str) -> list[dict]:
    """The aims, on faces, beside the results."""
    result = []
    for aim in AIMS:
        for row in rows:
            if (row.maker, row.size, row.kind) == (aim.maker, aim.size, "face"):
                wanted = aim.quality if profile == "quality" else aim.live
                result.append({
                    "maker": row.maker, "colors": row.size, "clips": row.clips,
                    "GIF": f"{row.psnr['gif']:.2f} / {row.ssim['gif']:.3f}",
                    "restored": f"{row.psnr['restored']:.2f} / {row.ssim['restored']:.3f}",
                    "gain": signed(row.gain), "aim": "more than live" if wanted is None else f"{wanted:+.1f}",
                    "paper": aim.paper, **looks(row),
                })  # fmt: skip
    return result


def color_rows(rows: list[Row]) -> list[dict]:
    """Per maker and size, over all clips."""
    return [{
        "maker": row.maker, "colors": row.size, "clips": row.clips,
        "GIF": f"{row.psnr['gif']:.2f} / {row.ssim['gif']:.3f}",
        "restored": f"{row.psnr['restored']:.2f} / {row.ssim['restored']:.3f}",
        "gain": signed(row.gain),
        **{name: signed(row.psnr[name] - row.psnr["gif"]) for name in ("gradfun", "deband", "blur")},
        "chroma kept": f"{row.chroma['gif']:.3f} → {row.chroma['restored']:.3f}",
        "chroma error": f"{row.chroma_error['gif']:.2f} → {row.chroma_error['restored']:.2f}",
        "flicker": f"{row.flicker['gif']:.2f} → {row.flicker['restored']:.2f}",
        "temporal error": f"{row.temporal['gif']:.2f} → {row.temporal['restored']:.2f}",
        "worse": row.worse, "worst clip": f"{row.worst} {signed(row.worst_gain)}",
    } for row in rows if row.kind == "all"]  # fmt: skip


def kind_rows(rows: list[Row]) -> list[dict]:
    """Gain and flicker per maker, size and kind."""
    groups: dict[tuple[str, int], dict[str, Row]] = {}
    for row in rows:
        groups.setdefault((row.maker, row.size), {})[row.kind] = row
    result = []
    for (maker, size), kinds in groups.items():
        line = {"maker": maker, "colors": size}
        for kind in KINDS:
            row = kinds.get(kind)
            flicker = f" ({row.flicker['restored']:.2f})" if row and not math.isnan(row.flicker["restored"]) else ""
            line[kind] = f"{signed(row.gain)}{flicker}" if row else ""
        result.append(line)
    return result


def worse_rows(rows: list[Row]) -> list[dict]:
    """Makers and sizes with clips that came out worse than the GIF went in, the worst first."""
    found = sorted((row for row in rows if row.kind == "all" and row.worse), key=lambda row: row.worst_gain)
    return [
        {
            "maker": row.maker, "colors": row.size, "clips": row.clips, "worse": row.worse,
            "share": f"{100 * row.worse / row.clips:.0f} %",
            "worst clip": row.worst, "its gain": signed(row.worst_gain),
        }
        for row in found
    ]  # fmt: skip
