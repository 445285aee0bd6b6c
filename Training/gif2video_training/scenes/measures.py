"""Measures in-betweens of parts that stand, and of parts that change at once. Levels of 8 bits."""

from __future__ import annotations

import numpy as np

BLOCK = 16


def off_standing(made: np.ndarray, frames: np.ndarray, stands: np.ndarray) -> np.ndarray:
    """By how much every standing pixel lies outside of what the two frames beside it show there, float32 [N].

    made: an in-between, uint8 [H, W, 3]; frames: the restored frames before and after it, [2, H, W, 3]; stands: bool
    [H, W].
    """
    ends, made = frames[:, stands].astype(np.float32), made[stands].astype(np.float32)
    low, high = ends.min(0), ends.max(0)
    return np.maximum(np.maximum(low - made, made - high), 0).mean(-1)


def torn(made: np.ndarray, frames: np.ndarray, switching: np.ndarray) -> list[float]:
    """Of every block in which something switches, how far it is from both frames, as a part of how far they are apart.

    0: it shows one of them; 0.5: it is their mixture. Arguments as of `off_standing`; switching: bool [H, W].
    """
    parts = []
    before, after, made = (x.astype(np.float32) for x in (*frames, made))
    height, width = switching.shape
    for top in range(0, height - BLOCK + 1, BLOCK):
        for left in range(0, width - BLOCK + 1, BLOCK):
            place = (slice(top, top + BLOCK), slice(left, left + BLOCK))
            apart = np.abs(before[place] - after[place]).mean()
            if switching[place].mean() < 0.05 or apart < 4:
                continue
            nearest = min(np.abs(made[place] - end[place]).mean() for end in (before, after))
            parts.append(float(nearest / apart))
    return parts
