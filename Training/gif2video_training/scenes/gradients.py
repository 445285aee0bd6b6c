"""Smooth grounds: what a GIF with few colors shows in bands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from .layers import Patch, premultiplied

FORMS = ("ramp", "ramp", "slopes", "corners", "radial", "cone", "glow", "blur")


def smooth_field(rng: np.random.Generator, size: tuple[int, int], photo: np.ndarray) -> np.ndarray:
    """A smooth picture of `size`, width and height: float32 [H, W, 3] in 0 ... 255, not rounded.

    A ramp of two to four colors, straight, radial or around a point; slopes of each channel of its own; a mixture of
    four corners; lights on a ground; or `photo`, uint8, without any detail.
    """
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    match str(rng.choice(FORMS)):
        case "slopes":
            start, slopes = rng.uniform(20, 235, 3), rng.uniform(-0.8, 0.8, (2, 3)) * rng.choice([0, 0.5, 1], (2, 3))
            field = start + (x - width / 2)[..., None] * slopes[0] + (y - height / 2)[..., None] * slopes[1]
        case "corners":
            corners = rng.uniform(0, 255, (2, 2, 3)).astype(np.float32)
            twice = cv2.resize(corners, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR)
            field = twice[height // 2 :, width // 2 :][:height, :width]
        case "glow":
            field = np.broadcast_to(rng.uniform(0, 120, 3), (height, width, 3)).astype(np.float32)
            for _ in range(int(rng.integers(1, 5))):
                away = np.hypot(x - rng.uniform(0, width), y - rng.uniform(0, height)) / (rng.uniform(0.1, 0.8) * width)
                field = field + np.exp(-(away**2))[..., None] * rng.uniform(-40, 200, 3)
        case "blur":
            small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
            field = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.04, 0.2)) * min(size))
        case form:
            field = _ramp(rng, _position(rng, form, x, y))
    return np.clip(field, 0, 255).astype(np.float32)


def _position(rng: np.random.Generator, form: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The place of each pixel on a ramp, in 0 ... 1."""
    height, width = x.shape
    center = rng.uniform(-0.2, 1.2, 2) * (width, height)
    if form == "cone":
        return (np.arctan2(y - center[1], x - center[0]) / (2 * math.pi) + rng.random()) % 1
    if form == "radial":
        return np.hypot(x - center[0], y - center[1]) / (rng.uniform(0.5, 1.3) * max(width, height))
    angle = rng.choice([0, math.pi / 2, math.pi / 2, rng.uniform(0, 2 * math.pi)])
    along = x * math.cos(angle) + y * math.sin(angle)
    return (along - along.min()) / (along.max() - along.min())


def _ramp(rng: np.random.Generator, position: np.ndarray) -> np.ndarray:
    """Colors along a ramp: any ones, or shades of one that differ by little."""
    stops = rng.uniform(0, 255, (int(rng.choice([2, 2, 3, 4])), 3))
    if rng.random() < 0.5:
        stops = stops[:1] + (stops - stops[:1]) * rng.uniform(0.1, 0.6)
    places = np.sort(np.concatenate([[0, 1], rng.random(len(stops) - 2)]))
    return np.stack([np.interp(position, places, stops[:, channel]) for channel in range(3)], -1)


@dataclass(frozen=True)
class Grainy:
    """A still field with grain that differs at every moment. sigma: of the grain, in levels; 0: none."""

    field: np.ndarray
    sigma: float
    seed: int

    def patch(self, t: float, size: tuple[int, int]) -> Patch:
        grain = 0.0
        if self.sigma:
            grain = np.random.default_rng([self.seed, round(t * 1000)]).normal(0, self.sigma, self.field.shape)
        return premultiplied(np.clip(self.field + grain, 0, 255).astype(np.float32)), 0, 0

    def stands(self, first: float, last: float) -> bool:
        return self.sigma == 0
