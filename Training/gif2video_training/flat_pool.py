"""Pools of flat art: screens, cartoons and sprites in so few colors that a GIF holds them without loss.

Such a GIF shows the truth, and a network that restores photographs has to learn to leave it alone.
Scenes are drawn at random, with Pillow and the fonts inside it; the tables in docs/reports measure other
scenes (quality/flat_art.py).

    python -m gif2video_training.flat_pool --count 600 --out cache/flat
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .color_pool import RUN, SIDE, PoolWriter
from .makers import GIFFrame, padded

OVERSAMPLE = 3
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789    .,:;()[]{}+-=/"))


class Scene:
    """Flat things in front of each other, each with a color, a place and a speed of whole pixels a frame."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng
        self.smooth = rng.random() < 0.7
        self.edge_levels = int(rng.integers(2, 9))
        count = int(rng.integers(3, 14))
        self.colors = rng.integers(0, 256, (count, 3))
        if rng.random() < 0.5:
            # Shades of few hues, as interfaces have them.
            base = rng.integers(0, 256, (2, 3))
            self.colors = np.clip(base[rng.integers(2, size=count)] + rng.integers(-60, 61, (count, 1)), 0, 255)
        if rng.random() < 0.6:
            self.colors[:2] = [[255, 255, 255], [0, 0, 0]]
        self.background = self.color()
        self.things = [self._draw_thing() for _ in range(int(rng.integers(4, 22)))]

    def color(self) -> np.ndarray:
        return self.colors[int(self.rng.integers(len(self.colors)))]

    def _draw_thing(self) -> dict:
        rng = self.rng
        kind = str(
            rng.choice(
                ["rectangle", "ellipse", "polygon", "line", "text", "sprite"], p=[0.25, 0.15, 0.1, 0.1, 0.3, 0.1]
            )
        )
        size = np.exp(rng.uniform(np.log(6), np.log(180), 2))
        thing = {"kind": kind, "at": rng.uniform(-20, SIDE - 10, 2), "size": size, "color": self.color()}
        thing["speed"] = rng.integers(-5, 6, 2) if rng.random() < 0.3 else np.zeros(2, int)
        if kind == "polygon":
            thing["points"] = rng.random((int(rng.integers(3, 7)), 2))
        elif kind == "line":
            thing["width"] = float(rng.uniform(1, 6))
        elif kind == "text":
            lines = ["".join(rng.choice(LETTERS, int(rng.integers(3, 40)))) for _ in range(int(rng.integers(1, 6)))]
            thing |= {"text": "\n".join(lines), "points": int(rng.integers(9, 30))}
        elif kind == "sprite":
            cells = rng.integers(0, 2, (int(rng.integers(4, 17)), int(rng.integers(4, 9))))
            thing |= {"cells": np.concatenate([cells, cells[:, ::-1]], 1), "zoom": int(rng.integers(1, 7))}
        return thing

    def _mask(self, thing: dict, left: float, top: float) -> Image.Image:
        """Coverage of a thing at (left, top), SIDE x SIDE."""
        scale = OVERSAMPLE if self.smooth and thing["kind"] not in ("text", "sprite") else 1
        mask = Image.new("L", (SIDE * scale, SIDE * scale))
        draw = ImageDraw.Draw(mask)
        width, height = thing["size"]
        box = [round(v * scale) for v in (left, top, left + width, top + height)]
        match thing["kind"]:
            case "rectangle":
                draw.rounded_rectangle(box, radius=(min(width, height) // 4) * scale if width > 60 else 0, fill=255)
            case "ellipse":
                draw.ellipse(box, fill=255)
            case "polygon":
                draw.polygon([(round((left + x * width) * scale), round((top + y * height) * scale))
                              for x, y in thing["points"]], fill=255)  # fmt: skip
            case "line":
                draw.line(box, fill=255, width=max(1, round(thing["width"] * scale)))
            case "text":
                font = ImageFont.load_default(thing["points"]) if self.smooth else ImageFont.load_default_imagefont()
                draw.multiline_text((round(left), round(top)), thing["text"], fill=255, font=font)
            case "sprite":
                cells = Image.fromarray((thing["cells"] * 255).astype(np.uint8))
                zoomed = cells.resize([n * thing["zoom"] for n in cells.size], Image.Resampling.NEAREST)
                mask.paste(zoomed, (round(left), round(top)))
        return mask.resize((SIDE, SIDE), Image.Resampling.BOX) if scale > 1 else mask

    def frame(self, t: int) -> np.ndarray:
        """uint8 [SIDE, SIDE, 3]"""
        pixels = np.full((SIDE, SIDE, 3), self.background, np.float64)
        levels = self.edge_levels if self.smooth else 1
        for thing in self.things:
            left, top = np.round(thing["at"] + t * thing["speed"])
            cover = np.round(np.asarray(self._mask(thing, left, top), np.float64) / 255 * levels)[:, :, None] / levels
            pixels = np.round(pixels * (1 - cover) + thing["color"] * cover)
        return pixels.astype(np.uint8)


def without_loss(frames: list[np.ndarray]) -> list[GIFFrame] | None:
    """The frames as a GIF with one palette, or None where they have more than 256 colors."""
    stacked = np.stack(frames)
    colors, index = np.unique(stacked.reshape(-1, 3), axis=0, return_inverse=True)
    if len(colors) > 256:
        return None
    index = index.reshape(stacked.shape[:3]).astype(np.uint8)
    return [GIFFrame(picture, padded(colors.astype(np.uint8), 0)) for picture in index]


def colors_of(gifs: list[GIFFrame]) -> int:
    """How many colors frames with one palette use."""
    return len(np.unique(np.concatenate([gif.index.ravel() for gif in gifs])))


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a color pool of flat art.")
    parser.add_argument("--out", type=Path, required=True, help="the pool's folder")
    parser.add_argument("--count", type=int, default=600, help="samples")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    pool = PoolWriter(options.out, options.count)
    slot = 0
    while slot < options.count:
        scene = Scene(rng)
        gifs = without_loss([scene.frame(t) for t in range(RUN)])
        if gifs is not None:
            facts = (f"scene {slot}", "illustration", "flat", False, colors_of(gifs))
            pool.put(slot, np.stack([gif.rgb for gif in gifs]), gifs, *facts)
            slot += 1
    pool.close()


if __name__ == "__main__":
    main()
