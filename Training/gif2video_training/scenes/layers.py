"""Layers of a scene and the paths that they move on.

A layer shows a patch of premultiplied RGBA, float32 [h, w, 4] in 0 ... 255 (cover in 0 ... 1), at whole pixels of the
canvas. A thing that moves by parts of a pixel is drawn at OVERSAMPLE times the size and brought down by area, so that
a moving edge is as sharp at every moment as at any other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from PIL import Image

OVERSAMPLE = 2

Patch = tuple[np.ndarray, int, int]
"""Premultiplied RGBA, and the column and row of the canvas where its upper left corner lies (outside of it, too)."""


def premultiplied(image: Image.Image | np.ndarray, opacity: float = 1.0) -> np.ndarray:
    """float32 [h, w, 4]: colors in 0 ... 255 times the cover, and the cover in 0 ... 1."""
    array = np.asarray(image, np.float32)
    if array.shape[-1] == 3:
        array = np.concatenate([array, np.full((*array.shape[:2], 1), 255, np.float32)], -1)
    cover = array[..., 3:] * np.float32(opacity / 255)
    return np.concatenate([array[..., :3] * cover, cover], -1)


@dataclass(frozen=True)
class Path:
    """The place of a thing's middle at time t, pixels, and how it is turned (radians) and scaled.

    start + velocity t + acceleration t^2 / 2 + sway sin(t beat + phase); `snap`: at whole pixels only.
    """

    start: tuple[float, float]
    velocity: tuple[float, float] = (0.0, 0.0)
    acceleration: tuple[float, float] = (0.0, 0.0)
    sway: tuple[float, float] = (0.0, 0.0)
    beat: float = 1.0
    phase: float = 0.0
    angle: float = 0.0
    spin: float = 0.0
    zoom: float = 1.0
    growth: float = 0.0
    snap: bool = False

    def place(self, t: float) -> tuple[float, float]:
        wave = math.sin(t * self.beat + self.phase)
        x, y = (
            s + v * t + a * t * t / 2 + w * wave
            for s, v, a, w in zip(self.start, self.velocity, self.acceleration, self.sway)
        )
        return (round(x), round(y)) if self.snap else (x, y)

    def turn(self, t: float) -> float:
        return self.angle + self.spin * t

    def scale(self, t: float) -> float:
        return self.zoom * math.exp(self.growth * t)

    @property
    def stands(self) -> bool:
        return not any((*self.velocity, *self.acceleration, *self.sway, self.spin, self.growth))


class Layer(Protocol):
    def patch(self, t: float, size: tuple[int, int]) -> Patch:
        """The patch that it shows at time t on a canvas of `size`, width and height."""

    def stands(self, first: float, last: float) -> bool:
        """Whether it shows the same from `first` to `last`."""


@dataclass(frozen=True)
class Film:
    """Frames of a film over the whole canvas, uint8 [T, H, W, 3]; `gap` of them from one GIF frame to the next."""

    frames: np.ndarray
    gap: int

    def patch(self, t: float, size: tuple[int, int]) -> Patch:
        at = t * self.gap
        if abs(at - round(at)) > 1e-6:
            raise ValueError(f"a film of {self.gap} frames for each of the GIF's has none at {t}")
        return premultiplied(self.frames[round(at)]), 0, 0

    def stands(self, first: float, last: float) -> bool:
        return False


@dataclass(frozen=True)
class Panned:
    """A picture larger than the canvas behind a moving window: path.place is the window's middle in the picture,
    1 / path.scale the size of its pixels in those of the picture."""

    picture: np.ndarray
    path: Path

    def patch(self, t: float, size: tuple[int, int]) -> Patch:
        (x, y), angle, step = self.path.place(t), self.path.turn(t), 1 / (self.path.scale(t) * OVERSAMPLE)
        wide = (size[0] * OVERSAMPLE, size[1] * OVERSAMPLE)
        c, s = math.cos(angle) * step, math.sin(angle) * step
        mx, my = (wide[0] - 1) / 2, (wide[1] - 1) / 2
        matrix = np.array([[c, -s, x - c * mx + s * my], [s, c, y - s * mx - c * my]], np.float64)
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(self.picture, matrix, wide, flags=flags, borderMode=cv2.BORDER_REFLECT_101)
        return premultiplied(cv2.resize(seen.astype(np.float32), size, interpolation=cv2.INTER_AREA)), 0, 0

    def stands(self, first: float, last: float) -> bool:
        return self.path.stands


@dataclass(frozen=True)
class Sprite:
    """A thing that moves by parts of a pixel. rgba: premultiplied, OVERSAMPLE times as large as it is shown."""

    rgba: np.ndarray
    path: Path

    def patch(self, t: float, size: tuple[int, int]) -> Patch:
        (x, y), angle, scale = self.path.place(t), self.path.turn(t), self.path.scale(t)
        height, width = self.rgba.shape[:2]
        reach = math.hypot(width, height) * scale / (2 * OVERSAMPLE) + 2
        left, top = max(0, math.floor(x - reach)), max(0, math.floor(y - reach))
        right, bottom = min(size[0], math.ceil(x + reach) + 1), min(size[1], math.ceil(y + reach) + 1)
        if right <= left or bottom <= top:
            return np.zeros((0, 0, 4), np.float32), 0, 0
        wide = ((right - left) * OVERSAMPLE, (bottom - top) * OVERSAMPLE)
        c, s = math.cos(angle) / scale, math.sin(angle) / scale
        mx, my = (x - left + 0.5) * OVERSAMPLE - 0.5, (y - top + 0.5) * OVERSAMPLE - 0.5
        u, v = (width - 1) / 2, (height - 1) / 2
        matrix = np.array([[c, s, u - c * mx - s * my], [-s, c, v + s * mx - c * my]], np.float64)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(self.rgba, matrix, wide, flags=flags, borderMode=cv2.BORDER_CONSTANT)
        return cv2.resize(seen, (right - left, bottom - top), interpolation=cv2.INTER_AREA), left, top

    def stands(self, first: float, last: float) -> bool:
        return self.path.stands


@dataclass(frozen=True)
class Stamp:
    """A thing at whole pixels, as it was drawn. rgba: premultiplied; path: of its upper left corner."""

    rgba: np.ndarray
    path: Path

    def patch(self, t: float, size: tuple[int, int]) -> Patch:
        x, y = self.path.place(t)
        return self.rgba, round(x), round(y)

    def stands(self, first: float, last: float) -> bool:
        return self.path.stands


@dataclass(frozen=True)
class Drawn:
    """A thing that is drawn anew for every moment: draw(t) gives RGBA, OVERSAMPLE times as large as `at` size."""

    draw: Callable[[float], Image.Image]
    at: tuple[int, int]

    def patch(self, t: float, size: tuple[int, int]) -> Patch:
        rgba = premultiplied(self.draw(t))
        height, width = (length // OVERSAMPLE for length in rgba.shape[:2])
        return cv2.resize(rgba, (width, height), interpolation=cv2.INTER_AREA), *self.at

    def stands(self, first: float, last: float) -> bool:
        return False


@dataclass(frozen=True)
class Switched:
    """One layer after the other; None shows nothing. states: each with the time from which it is shown, in order."""

    states: tuple[tuple[float, Layer | None], ...]

    def _at(self, t: float) -> Layer | None:
        return [layer for begins, layer in self.states if begins <= t + 1e-6 or begins == self.states[0][0]][-1]

    def patch(self, t: float, size: tuple[int, int]) -> Patch:
        layer = self._at(t)
        return layer.patch(t, size) if layer else (np.zeros((0, 0, 4), np.float32), 0, 0)

    def switches(self, first: float, last: float) -> bool:
        return any(first + 1e-6 < begins <= last + 1e-6 for begins, _ in self.states)

    def stands(self, first: float, last: float) -> bool:
        if self.switches(first, last):
            return False
        layer = self._at(first)
        return layer is None or layer.stands(first, last)


def _on_canvas(patch: Patch, size: tuple[int, int]) -> tuple[tuple[slice, slice], np.ndarray] | None:
    """The part of the canvas that a patch lies on, and the part of the patch that lies on it."""
    rgba, x, y = patch
    height, width = rgba.shape[:2]
    left, top, right, bottom = max(0, x), max(0, y), min(size[0], x + width), min(size[1], y + height)
    if right <= left or bottom <= top:
        return None
    return (slice(top, bottom), slice(left, right)), rgba[top - y : bottom - y, left - x : right - x]


@dataclass(frozen=True)
class Scene:
    """Layers, the lowest first, on a canvas of `size`, width and height.

    frames: GIF frames that it lasts for, at t = 0 ... frames - 1. grid: t is a multiple of 1 / grid (a film has no
    moments but its frames). ordered: something in it changes at once, so that it is another scene in reversed time.
    """

    kind: str
    size: tuple[int, int]
    layers: tuple[Layer, ...] = field(repr=False)
    frames: int
    grid: int

    @property
    def ordered(self) -> bool:
        return any(isinstance(layer, Switched) for layer in self.layers)

    def picture(self, t: float) -> np.ndarray:
        """uint8 [H, W, 3] at time t."""
        canvas = np.zeros((self.size[1], self.size[0], 3), np.float32)
        for layer in self.layers:
            if (lies := _on_canvas(layer.patch(t, self.size), self.size)) is not None:
                place, rgba = lies
                canvas[place] = canvas[place] * (1 - rgba[..., 3:]) + rgba[..., :3]
        return canvas.round().clip(0, 255).astype(np.uint8)

    def film(self, rate: int) -> np.ndarray:
        """uint8 [(frames - 1) rate + 1, H, W, 3]: the GIF's frames and what should lie between them. rate divides
        grid."""
        return np.stack([self.picture(k / rate) for k in range((self.frames - 1) * rate + 1)])

    def standing(self, first: float, last: float) -> np.ndarray:
        """bool [H, W]: what stands from `first` to `last`, with nothing that moves in front of it or behind it."""
        stands = np.zeros((self.size[1], self.size[0]), bool)
        times = np.linspace(first, last, 2 * self.grid + 1)[:: 2 if self.grid > 1 else 1]
        for layer in self.layers:
            if layer.stands(first, last):
                if (lies := _on_canvas(layer.patch(first, self.size), self.size)) is not None:
                    stands[lies[0]] |= lies[1][..., 3] > 0.995
                continue
            for t in times:
                if (lies := _on_canvas(layer.patch(float(t), self.size), self.size)) is not None:
                    stands[lies[0]] &= lies[1][..., 3] < 0.005
        return stands

    def switching(self, first: float, last: float) -> np.ndarray:
        """bool [H, W]: where one thing is replaced by another at once, the places of both."""
        places = np.zeros((self.size[1], self.size[0]), bool)
        for layer in self.layers:
            if isinstance(layer, Switched) and layer.switches(first, last):
                for t in (first, last):
                    if (lies := _on_canvas(layer.patch(t, self.size), self.size)) is not None:
                        places[lies[0]] |= lies[1][..., 3] > 0.5
        return places

    def overlay(self, first: float, last: float) -> np.ndarray:
        """bool [H, W]: of what stands, the part that lies over something that does not: captions, logos, frames."""
        moving = np.zeros((self.size[1], self.size[0]), bool)
        for layer in self.layers:
            if not layer.stands(first, last):
                for t in (first, last):
                    if (lies := _on_canvas(layer.patch(t, self.size), self.size)) is not None:
                        moving[lies[0]] |= lies[1][..., 3] > 0.5
        return moving & self.standing(first, last)
