"""The rows of the color tables from the numbers of all GIFs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..baselines import BASELINES
from ..catalogue import MAKERS
from .plan import KINDS

STILL = 0.02
"""Films that move less (mean change in 8-bit levels) have no flicker ratio."""


@dataclass(frozen=True)
class Record:
    """One GIF: `base` from color.base_scores, `restored` from color.restored_scores."""

    maker: str
    size: int
    clip: str
    kind: str
    base: dict
    restored: dict

    @property
    def gain(self) -> float:
        return self.restored["psnr"] - self.base["gif"]["psnr"]

    def flicker(self, of: str) -> float | None:
        """Motion of "gif" or "restored" as a multiple of the original's."""
        truth = self.base["truth"]["motion"]
        numbers = self.restored if of == "restored" else self.base[of]
        return numbers["motion"] / truth if truth > STILL else None


@dataclass(frozen=True)
class Row:
    """Means over the clips of one kind ("all": of every kind) for a maker and a palette size."""

    maker: str
    size: int
    kind: str
    clips: int
    psnr: dict[str, float]
    ssim: dict[str, float]
    chroma: dict[str, float]
    chroma_error: dict[str, float]
    flicker: dict[str, float]
    temporal: dict[str, float]
    sharpness: dict[str, float]
    vmaf: dict[str, float]
    worse: int
    worst: str
    worst_gain: float

    @property
    def gain(self) -> float:
        return self.psnr["restored"] - self.psnr["gif"]


def _mean(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else float("nan")


def _row(maker: str, size: int, kind: str, records: list[Record]) -> Row:
    names = ("gif", *BASELINES)

    def means(number: str, of: tuple[str, ...]) -> dict[str, float]:
        result = {name: _mean(record.base[name][number] for record in records) for name in of}
        return result | {"restored": _mean(record.restored[number] for record in records)}

    def looks(number: str) -> dict[str, float]:
        both = {"gif": [record.base["gif"] for record in records], "restored": [record.restored for record in records]}
        return {name: _mean(numbers.get(number) for numbers in found) for name, found in both.items()}

    worst = min(records, key=lambda record: record.gain)
    flicker = {of: _mean(record.flicker(of) for record in records) for of in (*names, "restored")}
    return Row(
        maker, size, kind, len(records), means("psnr", names), means("ssim", names),
        means("chroma", names), means("chroma error", names), flicker, means("temporal", names),
        looks("sharpness"), looks("vmaf"),
        sum(record.gain < 0 for record in records), worst.clip, worst.gain,
    )  # fmt: skip


def rows_of(records: list[Record]) -> list[Row]:
    """A row for every maker (in the catalogue's order), size and kind, "all" last."""
    groups: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        groups.setdefault((record.maker, record.size), []).append(record)
    order = list(MAKERS)
    rows = []
    for maker, size in sorted(groups, key=lambda group: (order.index(group[0]), group[1])):
        group = groups[maker, size]
        for kind in (*KINDS, "all"):
            chosen = [record for record in group if kind in (record.kind, "all")]
            if chosen:
                rows.append(_row(maker, size, kind, chosen))
    return rows


def csv_lines(rows: list[Row]) -> list[str]:
    """All rows with all numbers."""
    names = ("gif", "restored", *BASELINES)
    head = ["maker", "colors", "kind", "clips"]
    numbers = ("psnr", "ssim", "chroma kept", "chroma error", "flicker", "temporal")
    head += [f"{number} {name}" for number in numbers for name in names]
    head += [f"{number} {name}" for number in ("sharpness", "vmaf") for name in ("gif", "restored")]
    lines = [",".join([*head, "worse", "worst clip", "worst gain"])]
    for row in rows:
        cells = [row.maker, str(row.size), row.kind, str(row.clips)]
        columns = [(row.psnr, 2), (row.ssim, 4), (row.chroma, 3), (row.chroma_error, 2)]
        columns += [(row.flicker, 3), (row.temporal, 3)]
        for numbers, digits in columns:
            cells += [f"{numbers[name]:.{digits}f}" for name in names]
        for numbers, digits in ((row.sharpness, 3), (row.vmaf, 1)):
            cells += [f"{numbers[name]:.{digits}f}" for name in ("gif", "restored")]
        lines.append(",".join([*cells, str(row.worse), row.worst, f"{row.worst_gain:.2f}"]))
    return lines
