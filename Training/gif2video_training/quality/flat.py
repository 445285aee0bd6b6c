"""Measures changes where nothing is to be restored: flat art that a GIF holds without loss, and GIFs as found.

Measures flat art that a GIF holds with loss, too, as a network that knows films may do harm there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..catalogue import MAKERS
from ..metrics import psnr
from ..program import Program, verdict_of
from .color import on_time, shown
from .flat_art import SCENES, film
from .store import Store

FRAMES = 5
WILD_FRAMES = 8
QUICK_MAKERS, QUICK_FRAMES = 4, 2
EXACT = (("pillow-none", 256), ("ffmpeg-sierra2_4a", 256), ("gifsicle-none", 256), ("imagemagick-none", 256))
"""These hold every scene without loss: at most 78 colors in one."""
LOSSY = (
    ("pillow-none", 16), ("pillow-none", 32), ("pillow-floyd_steinberg", 16), ("pillow-floyd_steinberg", 32),
    ("ffmpeg-none", 16), ("ffmpeg-none", 32), ("ffmpeg-sierra2_4a", 16), ("ffmpeg-sierra2_4a", 32),
    ("ffmpeg-bayer", 16), ("ffmpeg-bayer", 32), ("ffmpeg-bayer", 256), ("gifsicle-none", 32),
    ("gifsicle-none-lossy80", 32), ("gifsicle-floyd-steinberg", 32), ("imagemagick-none", 32),
    ("imagemagick-floyd_steinberg", 32), ("imagemagick-one-none", 32),
)  # fmt: skip


def changes(before: np.ndarray, after: np.ndarray) -> dict[str, float]:
    """Of all pixels the share that differs at all, and by more than 2 and 8 levels in a channel; mean and largest."""
    difference = np.abs(after.astype(np.int16) - before)
    largest = difference.max(-1)
    return {
        "changed": float((largest > 0).mean()), "over2": float((largest > 2).mean()),
        "over8": float((largest > 8).mean()), "mean": float(difference.mean()), "max": int(largest.max(initial=0)),
    }  # fmt: skip


def flat_numbers(scene: str, maker: str, size: int, program: Program, store: Store) -> dict:
    """One scene as a GIF. "exact": the share of pixels that the GIF holds without loss; PSNR only if it is not 1."""

    def measure() -> dict:
        truth = film(scene, FRAMES)
        gif = MAKERS[maker].file(truth, size)
        pictures, times = shown(gif)
        before = on_time(pictures, times, FRAMES)
        after = on_time(program.restored(gif, truth.shape[1:3]), times, FRAMES)
        right = (before == truth).all(-1)
        verdict = program.verdict(gif)
        result = {"exact": float(right.mean()), "dithered": verdict.dithered, "logit": verdict.logit}
        result |= {"all": changes(before, after), "right": changes(before[right], after[right])}
        if not right.all():
            # Of all frames together: single ones may be exact.
            result["gif"], result["psnr"] = psnr(before, truth), psnr(after, truth)
        return result

    return store.value(f"flat/{maker}-{size}-{scene}", measure)


def wild_numbers(file: Path, frames: int, program: Program, store: Store) -> dict:
    """The first frames of a GIF as found."""

    def measure() -> dict:
        report = program.probe(file)
        shape = (report["height"], report["width"])
        before, after = (program.first_pictures(file, shape, frames, restore) for restore in (False, True))
        verdict = verdict_of(report)
        return {
            "frames": len(after), "size": f"{shape[1]} x {shape[0]}", "colors": max(report["palette_sizes"]),
            "dithered": verdict.dithered, "logit": verdict.logit, "looked_at": verdict.frames,
            "all": changes(before[: len(after)], after),
        }  # fmt: skip

    return store.value(f"wild/{file.stem}-{file.stat().st_size}-{frames}", measure)


def exact_rows(quick: bool, program: Program, store: Store) -> list[dict]:
    """Per scene, the worst of the makers that hold it without loss (quick: of one)."""
    rows = []
    for scene in SCENES:
        made = [flat_numbers(scene, maker, size, program, store) for maker, size in (EXACT[:1] if quick else EXACT)]
        held = [numbers for numbers in made if numbers["exact"] == 1]
        worst = max(held, key=lambda numbers: numbers["all"]["mean"])
        rows.append({
            "scene": scene, "colors": len(np.unique(film(scene, FRAMES).reshape(-1, 3), axis=0)),
            "GIFs": len(held), "taken as dithered": sum(numbers["dithered"] for numbers in held),
        } | change_columns(worst["all"]))  # fmt: skip
    return rows


def change_columns(numbers: dict) -> dict:
    return {
        "pixels changed": f"{100 * numbers['changed']:.2f} %", "by more than 2": f"{100 * numbers['over2']:.2f} %",
        "by more than 8": f"{100 * numbers['over8']:.2f} %", "mean change": f"{numbers['mean']:.3f}",
        "largest": numbers["max"],
    }  # fmt: skip


def lossy_rows(quick: bool, program: Program, store: Store) -> list[dict]:
    """Per maker and size, over the scenes that the GIF does not hold."""
    rows = []
    for maker, size in LOSSY[:QUICK_MAKERS] if quick else LOSSY:
        made = {scene: flat_numbers(scene, maker, size, program, store) for scene in SCENES}
        made = {scene: numbers for scene, numbers in made.items() if "psnr" in numbers}
        if not made:
            continue
        gains = {scene: numbers["psnr"] - numbers["gif"] for scene, numbers in made.items()}
        worst = min(gains, key=gains.get)
        means = {
            name: float(np.mean([numbers["right"][name] for numbers in made.values()])) for name in ("changed", "over8")
        }
        rows.append({
            "maker": maker, "colors": size, "scenes": len(made),
            "GIF": float(np.mean([numbers["gif"] for numbers in made.values()])),
            "restored": float(np.mean([numbers["psnr"] for numbers in made.values()])),
            "gain": f"{np.mean(list(gains.values())):+.2f}",
            "worse": sum(gain < 0 for gain in gains.values()), "worst": f"{worst} {gains[worst]:+.2f}",
            "right verdicts": f"{sum(n['dithered'] == MAKERS[maker].dithered for n in made.values())} of {len(made)}",
            "right pixels changed": f"{100 * means['changed']:.1f} %",
            "by more than 8": f"{100 * means['over8']:.1f} %",
        })  # fmt: skip
    return rows


def wild_rows(folder: Path, quick: bool, program: Program, store: Store) -> list[dict]:
    rows = []
    for file in sorted(folder.glob("*.gif")):
        numbers = wild_numbers(file, QUICK_FRAMES if quick else WILD_FRAMES, program, store)
        verdict = "dithered" if numbers["dithered"] else "none"
        rows.append({
            "GIF": file.stem, "size": numbers["size"], "colors": numbers["colors"], "frames": numbers["frames"],
            "verdict (logit)": f"{verdict} ({numbers['logit']:+.1f})",
        } | change_columns(numbers["all"]))  # fmt: skip
    return rows
