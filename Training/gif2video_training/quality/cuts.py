"""Scene cuts: films spliced from two clips, and where the program makes no in-between in them."""

from __future__ import annotations

import numpy as np

from ..catalogue import MAKERS
from ..program import Program
from .plan import Clip
from .store import Store

FRAMES = 6
"""Of each clip."""
STEPS = (1, 2, 4)
"""Film frames from one GIF frame to the next."""
GIFS = (("pillow-none", 32), ("pillow-none", 256), ("pillow-floyd_steinberg", 32), ("ffmpeg-sierra2_4a", 128))
SPLICES = 60
"""For each step."""


def splice(clips: list[Clip], step: int, number: int) -> tuple[str, np.ndarray] | None:
    """A name and FRAMES frames each of two clips, uint8 [2 FRAMES, H, W, 3].

    None where one is too short, or where both are parts of one film.
    """
    rng = np.random.default_rng([number, step])
    chosen = rng.choice(len(clips), 2, replace=False)
    if len({clips[index].name.removesuffix("_a").removesuffix("_b") for index in chosen}) == 1:
        return None
    parts = []
    for clip in (clips[index] for index in chosen):
        room = len(clip.frames) - (FRAMES - 1) * step
        if room <= 0:
            return None
        first = int(rng.integers(room))
        parts.append(clip.frames[first : first + FRAMES * step : step])
    height, width = (min(part.shape[axis] for part in parts) for axis in (1, 2))
    name = "+".join(clips[index].name for index in chosen)
    return name, np.concatenate([part[:, :height, :width] for part in parts])


def held(pictures: np.ndarray) -> list[int]:
    """The frames that no in-between leads to: those before them stay instead, though they differ.

    pictures: uint8 [2 T, H, W, 3], each frame and what the program made behind it.
    """
    frames, between = pictures[::2], pictures[1::2]
    return [
        at
        for at in range(1, len(frames))
        if np.array_equal(between[at - 1], frames[at - 1]) and not np.array_equal(frames[at], frames[at - 1])
    ]


def rows(clips: list[Clip], program: Program, store: Store) -> list[dict]:
    """Of each step, in per cent: cuts that are held, and pairs of one clip that are, or that look like a cut."""
    result = []
    for step in STEPS:
        found, false, suspects, pairs, films = 0, 0, 0, 0, 0
        for number in range(SPLICES):
            maker, size = GIFS[number % len(GIFS)]
            made = splice(clips, step, number)
            if made is None:
                continue
            name, film = made

            def measure(film=film, maker=maker, size=size) -> dict:
                gif = MAKERS[maker].file(np.ascontiguousarray(film), size)
                return {"cuts": program.cuts(gif), "held": held(program.restored(gif, film.shape[1:3], rate=2))}

            said = store.value(f"cuts-{step}/{number}-{name}", measure)
            films += 1
            found += FRAMES in said["held"]
            false += len(set(said["held"]) - {FRAMES})
            suspects += len(set(said["cuts"]) - {FRAMES})
            pairs += 2 * (FRAMES - 1)
        result.append({
            "film frames apart": step, "spliced films": films, "cuts held, %": 100 * found / max(films, 1),
            "pairs of one clip": pairs, "held, %": 100 * false / max(pairs, 1),
            "look like a cut, %": 100 * suspects / max(pairs, 1),
        })  # fmt: skip
    return result
