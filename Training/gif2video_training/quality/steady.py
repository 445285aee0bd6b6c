"""In-betweens that should not stand out: of a loop's end, and of flat art and screens that hardly move."""

from __future__ import annotations

import numpy as np

from ..catalogue import MAKERS
from ..metrics import psnr, ssim
from ..program import Program
from .color import on_time, shown
from .flat import changes
from .flat_art import SCENES, film
from .plan import Clip
from .store import Store

LOOP_FRAMES = 6
"""GIF frames of a loop, every second one of the film."""
LOOP_GIFS = (("pillow-none", 256), ("pillow-floyd_steinberg", 32))
ART_FRAMES = 9
ART_MAKER = ("pillow-none", 256)
"""Holds every scene without loss, so that whatever an in-between changes is its own."""


def loop_numbers(clip: Clip, maker: str, size: int, program: Program, store: Store) -> dict:
    """The same in-between twice: inside of a film, and from the last frame to the first of the film turned round."""

    def measure() -> dict:
        kept, at = clip.frames[: 2 * LOOP_FRAMES : 2], LOOP_FRAMES // 2
        truth, shape = clip.frames[2 * at - 1], clip.frames.shape[1:3]
        numbers = {}
        for name, first, between in (("inside", 0, 2 * at - 1), ("loop", at, 2 * LOOP_FRAMES - 1)):
            gif = MAKERS[maker].file(np.ascontiguousarray(np.roll(kept, -first, axis=0)), size)
            picture = program.restored(gif, shape, rate=2, loop=True)[between]
            numbers[name] = {"psnr": psnr(picture, truth), "ssim": ssim(picture, truth)}
        return numbers

    return store.value(f"loop-{maker}-{size}/{clip.name}", measure)


def loop_rows(clips: list[Clip], program: Program, store: Store) -> list[dict]:
    """Per maker and size, over the clips: a loop's in-between beside the same one inside of the film."""
    rows = []
    for maker, size in LOOP_GIFS:
        made = [
            loop_numbers(clip, maker, size, program, store) for clip in clips if len(clip.frames) >= 2 * LOOP_FRAMES
        ]
        row = {"maker": maker, "colors": size, "films": len(made)}
        for name in ("inside", "loop"):
            scores = [np.mean([numbers[name][score] for numbers in made]) for score in ("psnr", "ssim")]
            row[name] = f"{scores[0]:.2f} / {scores[1]:.3f}"
        losses = [numbers["inside"]["psnr"] - numbers["loop"]["psnr"] for numbers in made]
        rows.append(row | {"loop less inside": f"{-np.mean(losses):+.2f}", "worst": f"{-max(losses):+.2f}"})
    return rows


def art_numbers(scene: str, program: Program, store: Store) -> dict:
    """In-betweens of a scene: what they change that stands still, and PSNR beside repeating and blending."""

    def measure() -> dict:
        whole = film(scene, ART_FRAMES)
        maker, size = ART_MAKER
        gif = MAKERS[maker].file(np.ascontiguousarray(whole[::2]), size)
        kept = on_time(*shown(gif), len(whole[::2]))
        made = program.restored(gif, whole.shape[1:3], rate=2)
        times = made.reshape(len(made) // 2, 2, *whole.shape[1:])
        if len(times) != len(kept):
            # Equal frames were joined into one that is shown longer, which the program fills as it does others.
            return {"moving": 0.0}
        between, a, b, truth = times[:-1, 1], kept[:-1], kept[1:], whole[1::2]
        still = ((a == b) & (a == truth)).all(-1)
        mixed = ((a.astype(np.uint16) + b + 1) // 2).astype(np.uint8)
        moves = ~still
        result = {"moving": float(moves.mean()), "still": changes(a[still], between[still])}
        if moves.any():
            result |= {
                name: psnr(pictures[moves], truth[moves])
                for name, pictures in (("ours", between), ("blended", mixed), ("repeated", a))
            }
        return result

    return store.value(f"art/{scene}", measure)


def art_rows(program: Program, store: Store) -> list[dict]:
    """Per scene that moves: pixels that stand still and do not in the in-betweens, and PSNR of those that move."""
    rows = []
    for scene in SCENES:
        numbers = art_numbers(scene, program, store)
        if not numbers["moving"]:
            continue
        still = numbers["still"]
        rows.append({
            "scene": scene, "moving pixels": f"{100 * numbers['moving']:.2f} %",
            "still ones changed": f"{100 * still['changed']:.2f} %", "by more than 2": f"{100 * still['over2']:.2f} %",
            "by more than 8": f"{100 * still['over8']:.2f} %", "largest": still["max"],
            "moving: repeated": numbers["repeated"], "blended": numbers["blended"], "ours": numbers["ours"],
        })  # fmt: skip
    return rows
