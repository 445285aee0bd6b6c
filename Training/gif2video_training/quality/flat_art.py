"""Screens, cartoons and pixel art of our own making, in so few colors that a GIF holds them without loss.

Every scene is the same film on every machine: drawn with Pillow and the fonts inside it, nothing
random, no gradients. Smooth edges come from coverage in EDGE_LEVELS steps, so that the mixtures of
two colors stay few.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE = 256
EDGE_LEVELS = 6
OVERSAMPLE = 4

Color = tuple[int, int, int]
INK, PAPER, GRAY, BLUE = (32, 33, 36), (255, 255, 255), (218, 220, 224), (26, 115, 232)
SKY, GRASS, SUN, RED, SKIN = (135, 206, 235), (96, 168, 72), (255, 204, 51), (214, 48, 49), (244, 194, 161)
LINES = (
    "def restore(frame):", "    estimate = net(frame)", "    for step in steps:", "        estimate = step(estimate)",
    "    return estimate", "# 32 colors, no dither", "print(restore(gif[0]))", "The quick brown fox jumps",
)  # fmt: skip


class Canvas:
    """A picture on which everything is painted in one flat color at a time."""

    def __init__(self, background: Color, smooth: bool = True):
        self.pixels = np.full((SIDE, SIDE, 3), background, np.uint8)
        self.smooth = smooth

    def _paint(self, mask: Image.Image, color: Color) -> None:
        levels = EDGE_LEVELS if self.smooth else 1
        cover = np.round(np.asarray(mask, np.float32) / 255 * levels)[:, :, None] / levels
        self.pixels = np.round(self.pixels * (1 - cover) + np.array(color) * cover).astype(np.uint8)

    def shape(self, kind: str, where: list[float] | list[tuple[float, float]], color: Color, **options) -> None:
        """One of ImageDraw's shapes (ellipse, rectangle, polygon, line ...), in pixels."""
        scale = OVERSAMPLE if self.smooth else 1
        mask = Image.new("L", (SIDE * scale, SIDE * scale))
        places = np.round(np.asarray(where) * scale).astype(int).ravel().tolist()
        options = {name: round(value * scale) for name, value in options.items()}
        getattr(ImageDraw.Draw(mask), kind)(places, fill=255, **options)
        self._paint(mask.resize((SIDE, SIDE), Image.Resampling.BOX), color)

    def text(self, at: tuple[int, int], text: str, color: Color, size: int = 13) -> None:
        """Smooth text in Pillow's outline font; else its bitmap font."""
        mask = Image.new("L", (SIDE, SIDE))
        font = ImageFont.load_default(size) if self.smooth else ImageFont.load_default_imagefont()
        ImageDraw.Draw(mask).text(at, text, fill=255, font=font)
        self._paint(mask, color)


def window(t: int) -> np.ndarray:
    """A window with title bar, buttons and smooth text; a pointer moves over it."""
    canvas = Canvas((96, 125, 139))
    canvas.shape("rounded_rectangle", [20, 16, 236, 240], PAPER, radius=8)
    canvas.shape("rounded_rectangle", [20, 16, 236, 44], GRAY, radius=8)
    for number, color in enumerate(((237, 106, 94), (245, 191, 79), (98, 197, 84))):
        canvas.shape("ellipse", [30 + 16 * number, 25, 40 + 16 * number, 35], color)
    canvas.text((104, 22), "Settings", INK, 14)
    for number, line in enumerate(LINES[5:]):
        canvas.text((34, 56 + 22 * number), line, INK)
    for number, label in enumerate(("Cancel", "OK")):
        pressed = number == 1 and t % 8 >= 4
        left = 90 + 70 * number
        canvas.shape("rounded_rectangle", [left, 200, left + 60, 226], (23, 78, 166) if pressed else BLUE, radius=6)
        canvas.text((left + 12, 205), label, PAPER, 14)
    canvas.shape("rectangle", [34, 150, 34 + 12 * t, 160], BLUE)
    x, y = 60 + 9 * t, 180 + 3 * t
    canvas.shape("polygon", [(x, y), (x, y + 18), (x + 5, y + 14), (x + 13, y + 13)], INK)
    return canvas.pixels


def terminal(t: int) -> np.ndarray:
    """Hard bitmap text in seven colors that scrolls up a line a frame."""
    canvas = Canvas((12, 12, 12), smooth=False)
    colors = ((204, 204, 204), (22, 198, 12), (231, 72, 86), (249, 241, 165), (59, 120, 255), (97, 214, 214))
    for row in range(21):
        line = row + t
        canvas.text((4, 4 + 12 * row), f"{line:03} $ {LINES[line % len(LINES)]}", colors[line * 5 % 6])
    return canvas.pixels


def cartoon(t: int) -> np.ndarray:
    """A figure with black outlines that walks and waves, all edges smooth."""
    canvas = Canvas(SKY)
    canvas.shape("ellipse", [180, 20, 228, 68], SUN)
    canvas.shape("ellipse", [-80, 170, 360, 400], GRASS)
    x, bob = 60 + 8 * t, 3 * (t % 2)
    for side in (-1, 1):
        foot = x + side * (10 + 4 * (t % 3))
        canvas.shape("line", [(x + side * 8, 168), (foot, 206)], INK, width=7)
    canvas.shape("ellipse", [x - 25, 108 - bob, x + 25, 176 - bob], INK)
    canvas.shape("ellipse", [x - 22, 111 - bob, x + 22, 173 - bob], RED)
    canvas.shape("ellipse", [x - 27, 56 - bob, x + 27, 112 - bob], INK)
    canvas.shape("ellipse", [x - 24, 59 - bob, x + 24, 109 - bob], SKIN)
    for side in (-1, 1):
        canvas.shape("ellipse", [x + 9 * side - 5, 74 - bob, x + 9 * side + 5, 86 - bob], PAPER)
        canvas.shape("ellipse", [x + 9 * side - 2, 78 - bob, x + 9 * side + 2, 84 - bob], INK)
    canvas.shape("line", [(x + 20, 130 - bob), (x + 44, 118 - 6 * (t % 4))], INK, width=6)
    return canvas.pixels


def hard_shapes(t: int) -> np.ndarray:
    """Discs, bars and triangles in plain colors with hard edges, moving."""
    canvas = Canvas((250, 240, 230), smooth=False)
    colors = ((230, 57, 70), (241, 250, 238), (168, 218, 220), (69, 123, 157), (29, 53, 87), (255, 183, 3))
    for number, color in enumerate(colors):
        x, y = (37 * number + 6 * t * (1 + number % 3)) % 216, (61 * number + 4 * t) % 206
        if number % 3 == 0:
            canvas.shape("ellipse", [x, y, x + 60, y + 60], color)
        elif number % 3 == 1:
            canvas.shape("rectangle", [x, y, x + 44, y + 70], color)
        else:
            canvas.shape("polygon", [(x, y + 60), (x + 30, y), (x + 60, y + 60)], color)
    return canvas.pixels


def pixel_art(t: int) -> np.ndarray:
    """Sprites of 16 x 16 over a tiled ground, every pixel four of ours."""
    y, x = np.mgrid[0:64, 0:64]
    tiles = np.where((x // 4 + y // 4) % 2, 0, 1) + 2 * ((x * 7 + y * 13) % 11 == 0)
    colors = [(34, 32, 52), (69, 40, 60), (102, 57, 49), (143, 86, 59), (106, 190, 48), (55, 148, 110)]
    colors += [(223, 113, 38), (251, 242, 54), (99, 155, 255), (203, 219, 252)]
    picture = np.where(y > 44, tiles, np.where(y > 40, 4 + (x % 3 == 0), 8 + ((x + t) // 9 % 5 == 0) * (y % 17 < 4)))
    for number in range(3):
        left, top = 4 + 20 * number + t % 12, 26 - 2 * ((t + number) % 3)
        inside_y, inside_x = np.mgrid[0:14, 0:12]
        body = (np.abs(inside_x - 5.5) < 3 + (inside_y % 5 > 1)) & (inside_y > 1)
        sprite = np.where((inside_y < 6) & (inside_x % 4 == 1), 7, 6 - (inside_y > 9) * 3)
        part = picture[top : top + 14, left : left + 12]
        part[body] = sprite[body]
    return np.array(colors, np.uint8)[picture].repeat(4, 0).repeat(4, 1)


def document(t: int) -> np.ndarray:
    """A page of small smooth text, black on white, that scrolls."""
    canvas = Canvas(PAPER)
    for row in range(-1, 17):
        line = row + t // 4
        at = 8 + 16 * row - 4 * (t % 4)
        canvas.text((12, at), LINES[line % len(LINES)] + " " + LINES[(line + 3) % len(LINES)][:10], INK, 12)
    return canvas.pixels


def chart(t: int) -> np.ndarray:
    """Axes, thin lines, bars and labels; the bars grow."""
    canvas = Canvas((252, 252, 252))
    for number in range(6):
        canvas.shape("line", [(36, 40 + 34 * number), (244, 40 + 34 * number)], GRAY, width=1)
        canvas.text((10, 33 + 34 * number), str(100 - 20 * number), (95, 99, 104), 11)
    for number, color in enumerate(((66, 133, 244), (234, 67, 53), (251, 188, 4), (52, 168, 83))):
        height = 20 + (number * 47 + 11 * t) % 140
        canvas.shape("rectangle", [50 + 48 * number, 210 - height, 80 + 48 * number, 210], color)
    heights = [(40 + 20 * k, 120 + 50 * np.sin(0.7 * k + 0.3 * t)) for k in range(11)]
    canvas.shape("line", heights, INK, width=2)
    canvas.text((70, 10), "Colors kept, in percent", INK, 14)
    return canvas.pixels


SCENES: dict[str, Callable[[int], np.ndarray]] = {
    scene.__name__: scene for scene in (window, terminal, cartoon, hard_shapes, pixel_art, document, chart)
}


def film(name: str, frames: int) -> np.ndarray:
    """The scene as a film, uint8 [frames, SIDE, SIDE, 3]."""
    return np.stack([SCENES[name](t) for t in range(frames)])
