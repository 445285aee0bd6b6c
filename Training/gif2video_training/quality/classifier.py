"""The program's verdicts, dithered or not, from the first frames of real GIF files; what the wrong ones cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..catalogue import MAKERS
from ..program import Program
from .color import gif_of
from .plan import MAIN_MAKERS, SIZES, Clip
from .rows import Record
from .store import Store


@dataclass(frozen=True)
class Said:
    """One verdict. cost: the PSNR with the dither told less that without; None where it was not measured."""

    maker: str
    size: int
    source: str
    dithered: bool
    logit: float
    cost: float | None = None

    @property
    def is_right(self) -> bool:
        return self.dithered == MAKERS[self.maker].is_noisy


def verdicts_of_clips(records: list[Record]) -> list[Said]:
    """The verdicts that came with the colors."""
    result = []
    for record in records:
        cost = record.restored["told"] - record.restored["psnr"] if "told" in record.restored else None
        said = record.restored["dithered"], record.restored["logit"]
        result.append(Said(record.maker, record.size, record.clip, *said, cost))
    return result


def verdicts_of_image(image: Clip, program: Program, base: Store, store: Store) -> list[Said]:
    """A still image as a GIF of one frame, by the main makers with 32 colors and the most."""
    result = []
    for name in MAIN_MAKERS:
        maker = MAKERS[name]
        for size in (32, max(size for size in SIZES if size <= maker.most_colors)):

            def look(maker=maker, size=size) -> dict:
                verdict = program.verdict(gif_of(image, maker, size, base))
                return {"dithered": verdict.dithered, "logit": verdict.logit}

            said = store.value(f"{name}-{size}/{image.name}", look)
            result.append(Said(name, size, image.name, said["dithered"], said["logit"]))
    return result


def classifier_rows(verdicts: list[Said]) -> list[dict]:
    """Right verdicts of a maker in per cent, by palette size, and the smallest logit to the right side."""
    rows = []
    sizes = sorted({said.size for said in verdicts})
    for maker in MAKERS.values():
        mine = [said for said in verdicts if said.maker == maker.name]
        if not mine:
            continue
        truth = "dithered" if maker.dithered else "lossy" if maker.lossy else "none"
        row = {"maker": maker.name, "truth": truth, "GIFs": len(mine)}
        for size in sizes:
            right = [said.is_right for said in mine if said.size == size]
            row[f"{size}"] = f"{100 * np.mean(right):.1f}" if right else ""
        row["all"] = f"{100 * np.mean([said.is_right for said in mine]):.1f}"
        sign = 1 if maker.is_noisy else -1
        row["least sure"] = f"{min(sign * said.logit for said in mine):+.1f}"
        rows.append(row)
    return rows


def summary(verdicts: list[Said]) -> str:
    """One sentence: shares of right verdicts, and what the wrong ones cost."""
    parts = []
    kinds = ((False, "with neither dither nor loss"), (True, "dithered or lossy"))
    for noisy, name in kinds:
        right = [said.is_right for said in verdicts if MAKERS[said.maker].is_noisy == noisy]
        if right:
            parts.append(f"{100 * np.mean(right):.2f} % of {len(right)} GIFs {name}")
    everything = [said.is_right for said in verdicts]
    text = f"Right: {100 * np.mean(everything):.2f} % of {len(everything)} GIFs; " + ", ".join(parts) + "."
    costs = [said.cost for said in verdicts if said.cost is not None and not said.is_right]
    if costs:
        text += (
            f" Telling it the truth changes the PSNR of the {len(costs)} clips that it misjudged"
            f" by {np.mean(costs):+.2f} dB ({min(costs):+.2f} to {max(costs):+.2f}; below 0 the wrong network was the"
            " better one)."
        )
    lossy = [said.cost for said in verdicts if said.cost is not None and said.is_right]
    if lossy:
        text += (
            f" The {len(lossy)} lossy GIFs without dither that it took as dithered would have changed by"
            f" {np.mean(lossy):+.2f} dB had it been told that they are not dithered."
        )
    return text
