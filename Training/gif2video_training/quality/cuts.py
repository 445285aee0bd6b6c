"""Scene cuts: films spliced from two clips, and what the program takes for a cut in them."""

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


def rows(clips: list[Clip], program: Program, store: Store) -> list[dict]:
    """Of each step: cuts found, and pairs of one clip's frames that were taken for a cut, in per cent."""
    result = []
    for step in STEPS:
        found, false, pairs, films = 0, 0, 0, 0
        for number in range(SPLICES):
            maker, size = GIFS[number % len(GIFS)]
            made = splice(clips, step, number)
            if made is None:
                continue
            name, film = made

            def measure(film=film, maker=maker, size=size) -> dict:
                return {"cuts": program.cuts(MAKERS[maker].file(np.ascontiguousarray(film), size))}

            cuts = store.value(f"cuts-{step}/{number}-{name}", measure)["cuts"]
            films += 1
            found += FRAMES in cuts
            false += len(set(cuts) - {FRAMES})
            pairs += 2 * (FRAMES - 1)
        result.append({
            "film frames apart": step, "spliced films": films, "cuts found, %": 100 * found / max(films, 1),
            "pairs of one clip": pairs, "taken for a cut, %": 100 * false / max(pairs, 1),
        })  # fmt: skip
    return result
