"""Scenes drawn at random: `make_scene(kind, seed, size, films)` is the same scene every time."""

from __future__ import annotations

import argparse
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as FilePath

import cv2
import numpy as np
from PIL import Image, ImageDraw

from ..data import Source, load_frames
from .fonts import draw_font, draw_lines, draw_words, text_image
from .gradients import Grainy, smooth_field
from .layers import OVERSAMPLE, Drawn, Film, Layer, Panned, Path, Scene, Sprite, Stamp, Switched, premultiplied

FRAMES = 5
"""GIF frames of a scene."""
GRID = 8
"""Moments from one GIF frame to the next, of scenes without film."""
GAPS, GAP_SHARES = (2, 4, 8), (0.4, 0.3, 0.3)
LEAST_FPS = 20
CUT = 45.0
"""Mean absolute difference of two frames of a film above which they are taken for two scenes."""

Color = tuple[int, int, int]
Box = tuple[int, int, int, int]


class Films:
    """Clips and still pictures of a folder of data, to be looked at through windows."""

    def __init__(self, sources: list[Source], cache: FilePath | None = None):
        self.clips = [source for source in sources if source.is_clip and source.fps >= LEAST_FPS]
        self.pictures = [source for source in sources if not source.is_clip]
        self._frames = lru_cache(maxsize=12)(lambda source: load_frames(source, cache))

    def film(self, rng: np.random.Generator, size: tuple[int, int], span: int, gap: int) -> np.ndarray | None:
        """span * gap + 1 neighboring frames of a clip through a window, uint8 [T, H, W, 3]; None where none was found
        that is long and large enough and shows one scene."""
        for _ in range(8 if self.clips else 0):
            source = self.clips[int(rng.integers(len(self.clips)))]
            frames, count = self._frames(source), span * gap + 1
            first = int(rng.integers(max(1, len(frames) - count + 1)))
            width, height = size
            room = min(frames.shape[1] / height, frames.shape[2] / width)
            if len(frames) < count or room < 1:
                continue
            step = min(room, float(rng.choice([1.0, 1.0, 1.25, 1.5])))
            high, wide = int(height * step), int(width * step)
            top, left = (int(rng.integers(length - side + 1)) for length, side in
                         zip(frames.shape[1:3], (high, wide)))  # fmt: skip
            seen = np.ascontiguousarray(frames[first : first + count, top : top + high, left : left + wide])
            if max(np.abs(a.astype(np.int16) - b).mean() for a, b in zip(seen[::gap], seen[gap::gap])) > CUT:
                continue
            if step > 1:
                seen = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in seen])
            return seen
        return None

    def picture(self, rng: np.random.Generator) -> np.ndarray:
        """A still picture or a frame of a clip, uint8 [H, W, 3]; of an empty folder, noise in bands."""
        chosen = self.pictures if self.pictures and (rng.random() < 0.7 or not self.clips) else self.clips
        if not chosen:
            small = rng.integers(0, 256, (24, 32, 3)).astype(np.uint8)
            return cv2.resize(small, (960, 720), interpolation=cv2.INTER_CUBIC)
        frames = self._frames(chosen[int(rng.integers(len(chosen)))])
        return np.ascontiguousarray(frames[int(rng.integers(len(frames)))])


@dataclass
class Maker:
    """Draws one scene. speed: pixels from a GIF frame to the next, of what moves most; None: at random."""

    rng: np.random.Generator
    size: tuple[int, int]
    films: Films
    speed: float | None
    grid: int = GRID

    @property
    def unit(self) -> float:
        """A hundredth of the short side: what sizes are counted in."""
        return min(self.size) / 100

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def between(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def among(self, low: float, high: float) -> float:
        """Between two numbers, as likely to be twice as large as half."""
        return float(np.exp(self.rng.uniform(math.log(low), math.log(high))))

    def one_of(self, *choices):
        return choices[int(self.rng.integers(len(choices)))]

    def color(self, low: int = 0, high: int = 255) -> Color:
        red, green, blue = (int(value) for value in self.rng.integers(low, high + 1, 3))
        return red, green, blue

    def pair(self) -> tuple[Color, Color]:
        """A ground and what can be read on it."""
        dark, light = self.color(0, 70), self.color(190, 255)
        if self.chance(0.35):
            dark, light = (0, 0, 0), (255, 255, 255)
        return (dark, light) if self.chance(0.5) else (light, dark)

    def velocity(self, low: float = 0.3, high: float = 24.0) -> tuple[float, float]:
        speed = self.speed if self.speed is not None else self.among(low, high)
        angle = self.one_of(0, math.pi / 2, math.pi, 3 * math.pi / 2, self.between(0, 2 * math.pi))
        return speed * math.cos(angle), speed * math.sin(angle)

    def points(self, low: float = 5.0, high: float = 14.0) -> float:
        return self.among(low, high) * self.unit

    def flat(self, color: Color, box: Box | None = None, opacity: float = 1.0) -> Stamp:
        """A still rectangle, of the whole canvas by default."""
        left, top, right, bottom = box or (0, 0, *self.size)
        patch = np.full((max(0, bottom - top), max(0, right - left), 3), color, np.uint8)
        return Stamp(premultiplied(patch, opacity), Path((left, top)))

    def gradient(self) -> Stamp:
        """A still, smooth ground."""
        corners = np.array([self.color() for _ in range(4)], np.float32).reshape(2, 2, 3)
        if self.chance(0.5):
            corners[:, 1] = corners[:, 0]
        width, height = self.size
        picture = cv2.resize(corners, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR)
        return Stamp(premultiplied(picture[height // 2 :, width // 2 :][:height, :width]), Path((0, 0)))

    def panned(self, picture: np.ndarray, velocity: tuple[float, float] | None = None) -> Panned:
        """A still picture with a moving window; large enough for its way, or mirrored at its end."""
        width, height = self.size
        short = min(picture.shape[0] / height, picture.shape[1] / width)
        zoom = 1 / max(0.6, min(2.0, short * self.between(0.4, 0.8)))
        vx, vy = velocity or self.velocity(0.5, 30)
        at, span = [], FRAMES - 1
        for length, side, v in ((picture.shape[1], width, vx), (picture.shape[0], height, vy)):
            half, way = side / zoom / 2, v / zoom * span
            low, high = half - min(0, way), length - half - max(0, way)
            at.append(self.between(low, high) if high > low else (low + high) / 2)
        growth = self.between(-0.08, 0.08) if velocity is None and self.chance(0.3) else 0.0
        spin = self.between(-0.05, 0.05) if velocity is None and self.chance(0.2) else 0.0
        return Panned(picture, Path((at[0], at[1]), (vx / zoom, vy / zoom), zoom=zoom, growth=growth, spin=spin))

    def moving_ground(self) -> Layer:
        """A film, or a picture that is panned."""
        if self.speed is None and self.chance(0.65):
            gap = int(self.rng.choice(GAPS, p=GAP_SHARES))
            if (frames := self.films.film(self.rng, self.size, FRAMES - 1, gap)) is not None:
                self.grid = gap
                return Film(frames, gap)
        return self.panned(self.films.picture(self.rng))

    def ground(self) -> Layer:
        """The background of a scene that is drawn."""
        draw = self.rng.random()
        if draw < 0.35:
            return self.flat(self.color())
        if draw < 0.7:
            return self.gradient()
        return self.panned(self.films.picture(self.rng), (0.0, 0.0)) if draw < 0.8 else self.moving_ground()

    def fitted(self, image: Image.Image, limit: tuple[float, float] = (0.94, 0.6)) -> Image.Image:
        """An image cut to a part of the canvas."""
        most = [max(1, int(length * share)) for length, share in zip(self.size, limit)]
        return image.crop((0, 0, min(image.width, most[0]), min(image.height, most[1])))

    def text(self, lines: list[str], low: float = 5.0, high: float = 14.0, color: Color | None = None) -> Image.Image:
        """Text in one of the ways that captions are drawn; never wider than the canvas."""
        points, smooth = self.points(low, high), not self.chance(0.08)
        outline = None
        if color is None:
            edge, color = self.pair()
            if self.chance(0.6):
                outline = (max(1, round(points * self.between(0.04, 0.14))), edge)
        font = draw_font(self.rng, max(7, points))
        align = self.one_of("left", "center")
        spacing = round(points * self.between(0.1, 0.6))
        image = text_image("\n".join(lines), font, color, outline, smooth, spacing, align)
        if image.width > 0.95 * self.size[0]:
            smaller = max(7, points * 0.95 * self.size[0] / image.width)
            image = text_image(
                "\n".join(lines), font.font_variant(size=smaller), color, outline, smooth, spacing, align
            )
        return image

    def boxed(self, image: Image.Image) -> Image.Image:
        """Text on a plate of its own."""
        margin = round(self.between(1, 4) * self.unit)
        plate = Image.new("RGBA", (image.width + 2 * margin, image.height + 2 * margin))
        ground = (*self.pair()[0], int(self.between(110, 255)))
        radius = int(self.one_of(0, 0, margin))
        ImageDraw.Draw(plate).rounded_rectangle((0, 0, plate.width - 1, plate.height - 1), radius, fill=ground)
        plate.alpha_composite(image, (margin, margin))
        return plate

    def placed(self, image: Image.Image, where: str | None = None) -> Path:
        """A path that stands: the upper left corner of an image at the top, bottom, in a corner, anywhere."""
        width, height = self.size
        where = where or self.one_of("top", "bottom", "bottom", "corner", "anywhere")
        edge = round(self.between(1, 6) * self.unit)
        across, down = width - image.width, height - image.height
        match where:
            case "top":
                return Path((across // 2, edge))
            case "bottom":
                return Path((across // 2, down - edge))
            case "corner":
                return Path((self.one_of(edge, across - edge), self.one_of(edge, down - edge)))
        return Path((round(self.between(0, max(1, across))), round(self.between(0, max(1, down)))))

    def logo(self) -> Image.Image:
        """A mark: a shape or two, perhaps a letter; opaque or see-through."""
        side = max(8, round(self.among(10, 26) * self.unit))
        image = Image.new("RGBA", (side * 3, side * 3))
        draw = ImageDraw.Draw(image)
        first, second = self.pair()
        match self.one_of("ring", "plate", "star"):
            case "ring":
                draw.ellipse((2, 2, 3 * side - 3, 3 * side - 3), fill=first, outline=second, width=side // 3)
            case "plate":
                draw.rounded_rectangle((2, 2, 3 * side - 3, 3 * side - 3), side // 2, fill=first)
            case "star":
                turn = [(0.5 + 0.48 * (0.4 if k % 2 else 1) * np.array([math.sin(k * 0.628), -math.cos(k * 0.628)]))
                        * side * 3 for k in range(10)]  # fmt: skip
                draw.polygon([tuple(point) for point in turn], fill=second)
        if self.chance(0.6):
            letter = text_image(draw_words(self.rng, 1)[:2], draw_font(self.rng, side * 1.4), second)
            image.alpha_composite(letter, ((3 * side - letter.width) // 2, max(0, (3 * side - letter.height) // 2)))
        image = image.resize((side, side), Image.Resampling.BOX)
        if self.chance(0.4):
            share = self.between(0.25, 0.7)
            image.putalpha(image.getchannel("A").point(lambda value: int(value * share)))
        return image

    def counter(self) -> Switched:
        """A number or clock that counts on with every frame of the GIF, or with some."""
        edge, color = self.pair()
        points, begin, step = self.points(6, 12), int(self.rng.integers(1000)), int(self.one_of(1, 1, 2, 7))
        font, clock = draw_font(self.rng, points), self.chance(0.4)
        outline = (1, edge) if self.chance(0.5) else None

        def shown(number: int) -> str:
            return f"{number // 60 % 60:02}:{number % 60:02}" if clock else str(number)

        path, every = None, self.one_of(1, 1, 2)
        states = []
        for k in range(0, FRAMES, every):
            image = text_image(shown(begin + k * step), font, color, outline)
            path = path or self.placed(image, "corner")
            states.append((float(k), Stamp(premultiplied(image), path)))
        return Switched(tuple(states))

    def stamped(self, image: Image.Image, path: Path, opacity: float = 1.0) -> Stamp:
        return Stamp(premultiplied(image, opacity), path)


def _caption(make: Maker) -> list[Layer]:
    """Captions, logos, counters, frames and bars over film or a panned picture."""
    layers: list[Layer] = [make.moving_ground()]
    if make.chance(0.15):
        layers.append(_thing(make))
    width, height = make.size
    if make.chance(0.2):
        bar, color = round(make.between(5, 16) * make.unit), make.one_of((0, 0, 0), (255, 255, 255), make.color())
        layers += [make.flat(color, (0, 0, width, bar)), make.flat(color, (0, height - bar, width, height))]
    if make.chance(0.1):
        edge, color = round(make.between(1, 5) * make.unit), make.color()
        for box in ((0, 0, width, edge), (0, height - edge, width, height), (0, 0, edge, height),
                    (width - edge, 0, width, height)):  # fmt: skip
            layers.append(make.flat(color, box))
    where = make.rng.permutation(["top", "bottom", "bottom", "corner", "anywhere"])
    for k in range(int(make.rng.integers(1, 3))):
        image = make.text(draw_lines(make.rng, int(make.rng.integers(1, 4)), 5))
        image = make.fitted(make.boxed(image) if make.chance(0.3) else image)
        opacity = 1.0 if make.chance(0.85) else make.between(0.35, 0.8)
        stamp = make.stamped(image, make.placed(image, str(where[k])), opacity)
        if make.chance(0.15):
            other = make.fitted(make.text(draw_lines(make.rng, 1, 5)))
            begins = float(make.rng.integers(1, FRAMES))
            layers.append(Switched(((0.0, stamp), (begins, make.stamped(other, make.placed(other, "bottom"))))))
        else:
            layers.append(stamp)
    if make.chance(0.45):
        image = make.logo()
        layers.append(make.stamped(image, make.placed(image, "corner")))
    if make.chance(0.25):
        layers.append(make.counter())
    return layers


def _scroll(make: Maker) -> list[Layer]:
    """Credits, pages and tickers: text that moves as a whole, perhaps below a header that stands."""
    ground, ink = make.pair()
    over = make.chance(0.4)
    layers: list[Layer] = [make.ground() if over else make.flat(ground)]
    width, height = make.size
    snap = make.chance(0.4)
    if make.chance(0.3):
        # A ticker: one line along a plate.
        line = text_image(draw_words(make.rng, 24), draw_font(make.rng, make.points(7, 14)), ink)
        speed = make.speed if make.speed is not None else make.among(1, 30)
        bar = line.height + 2 * round(2 * make.unit)
        top = make.one_of(0, height - bar, round(make.between(0, height - bar)))
        layers.append(make.flat(ground, (0, top, width, top + bar)))
        path = Path((float(width - line.width // 2), top + bar / 2), (make.one_of(-1, 1) * speed, 0), snap=snap)
        layers.append(_moved(make, line, path))
        if not over:
            page = make.fitted(make.text(draw_lines(make.rng, 5), 5, 9, ink))
            layers.append(make.stamped(page, make.placed(page, "anywhere")))
        return layers
    color = ink if not over else None
    page = make.text(draw_lines(make.rng, int(make.rng.integers(8, 24)), 7), 4, 10, color)
    speed = make.speed if make.speed is not None else make.among(0.5, 40)
    x = float(make.one_of(width / 2, page.width / 2 + 4 * make.unit))
    start = (round(x), round(make.between(0.2, 0.8) * height))
    layers.append(_moved(make, page, Path(start, (0, make.one_of(-1, -1, 1) * speed), snap=snap)))
    if make.chance(0.35):
        head = round(make.between(8, 20) * make.unit)
        layers.append(make.flat(make.pair()[0], (0, 0, width, head)))
        title = make.fitted(make.text(draw_lines(make.rng, 1, 3), 5, 8), (0.9, 0.15))
        layers.append(make.stamped(title, Path((round(2 * make.unit), max(0, (head - title.height) // 2)))))
    if make.chance(0.25):
        right, length = width - round(2 * make.unit), height / 5
        bar = Image.new("RGBA", (max(2, round(2 * make.unit)) * OVERSAMPLE, round(length) * OVERSAMPLE), (*ink, 255))
        layers.append(Sprite(premultiplied(bar), Path((right, length), (0, speed * 0.2))))
    return layers


def _moved(make: Maker, image: Image.Image, path: Path) -> Layer:
    """An image on its way, middle on the path: at whole pixels as it is, else drawn larger and brought down."""
    if path.snap:
        start = (path.start[0] - image.width // 2, path.start[1] - image.height // 2)
        return Stamp(premultiplied(image), Path(start, path.velocity, snap=True))
    larger = image.resize((image.width * OVERSAMPLE, image.height * OVERSAMPLE), Image.Resampling.BICUBIC)
    return Sprite(premultiplied(larger), path)


def _slides(make: Maker) -> list[Layer]:
    """Cards of text that switch, lists that grow, letters that are typed; perhaps a bar that moves above them."""
    ground, ink = make.pair()
    width, height = make.size
    layers: list[Layer] = [make.gradient() if make.chance(0.25) else make.flat(ground)]
    color = None if isinstance(layers[0], Stamp) and make.chance(0.2) else ink
    begins = int(make.rng.integers(1, FRAMES))
    match make.one_of("cards", "cards", "list", "typed", "page"):
        case "cards":
            states: list[tuple[float, Layer | None]] = []
            for k in range(0, FRAMES, int(make.one_of(1, 2, begins))):
                card = make.fitted(make.text(draw_lines(make.rng, int(make.rng.integers(1, 6))), 6, 18, color), (1, 1))
                states.append((float(k), make.stamped(card, make.placed(card, make.one_of("anywhere", "top")))))
            layers.append(Switched(tuple(states)))
        case "list":
            top, font = round(4 * make.unit), draw_font(make.rng, make.points(6, 11))
            for k in range(FRAMES):
                line = make.fitted(text_image("• " + draw_words(make.rng, 4), font, ink))
                stamp = make.stamped(line, Path((round(5 * make.unit), top)))
                layers.append(Switched(((0.0, None), (float(k), stamp))) if k else stamp)
                top += round(line.height * 1.5) + 2
        case "typed":
            whole, at, font = "\n".join(draw_lines(make.rng, 5, 5)), 0, draw_font(make.rng, make.points(6, 11))
            at = int(make.rng.integers(4, max(5, len(whole) // 2)))
            step, states = int(make.rng.integers(1, 6)), []
            for k in range(FRAMES):
                canvas = Image.new("RGBA", make.size)
                text = text_image(whole[: at + k * step] + make.one_of("", "_"), font, ink)
                canvas.alpha_composite(text, (round(4 * make.unit), round(5 * make.unit)))
                states.append((float(k), make.stamped(canvas, Path((0, 0)))))
            layers.append(Switched(tuple(states)))
        case "page":
            # A slide that is there already, with a picture that comes up on it.
            page = make.fitted(make.text(draw_lines(make.rng, 6, 6), 5, 9, ink), (0.95, 0.9))
            layers.append(make.stamped(page, make.placed(page)))
            picture = cv2.resize(make.films.picture(make.rng), (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            path = Path((width // 4 + round(make.between(-20, 20)), round(height * 0.45)))
            layers.append(Switched(((0.0, None), (float(begins), Stamp(premultiplied(picture), path)))))
    if make.chance(0.35):
        layers.append(_progress(make))
    return layers


def _progress(make: Maker) -> Drawn:
    """A bar that grows at the top or the bottom."""
    width, height = make.size
    high, color = max(2, round(make.between(1.5, 5) * make.unit)), make.color()
    ground, begin = make.color(), make.between(0, 0.3)
    step = make.speed / width if make.speed is not None else make.between(0.02, 0.16)

    def draw(t: float) -> Image.Image:
        image = Image.new("RGBA", (width * OVERSAMPLE, high * OVERSAMPLE), (*ground, 255))
        end = (begin + step * t) * width * OVERSAMPLE
        ImageDraw.Draw(image).rectangle((0, 0, round(end), high * OVERSAMPLE), fill=(*color, 255))
        return image

    return Drawn(draw, (0, make.one_of(0, height - high)))


ARROW = ((0, 0), (0, 16), (4, 12.5), (6.5, 18.5), (9, 17.5), (6.5, 11.5), (11.5, 11.5))


def _cursor(make: Maker) -> Layer:
    """An arrow with an outline that crosses the canvas, at whole pixels or between them."""
    size = make.one_of(1.0, 1.0, 1.5)
    image = Image.new("RGBA", (26 * 4, 40 * 4))
    points = [((x + 1) * size * 4, (y + 1) * size * 4) for x, y in ARROW]
    draw = ImageDraw.Draw(image)
    dark = make.chance(0.6)
    draw.polygon(points, fill=(0, 0, 0, 255) if dark else (255, 255, 255, 255))
    draw.line([*points, points[0], points[1]], fill=(255, 255, 255, 255) if dark else (0, 0, 0, 255), width=5)
    start = (make.between(0.1, 0.9) * make.size[0], make.between(0.1, 0.9) * make.size[1])
    velocity, snap = make.velocity(1, 40), make.chance(0.5)
    if snap:
        small = image.resize((26, 40), Image.Resampling.BOX)
        return Stamp(premultiplied(small), Path(start, velocity, snap=True))
    larger = image.resize((26 * OVERSAMPLE, 40 * OVERSAMPLE), Image.Resampling.BOX)
    return Sprite(premultiplied(larger), Path(start, velocity))


def _window(make: Maker, wide: int, high: int) -> Image.Image:
    """A window with a title, buttons, lists, fields, perhaps a picture."""
    ground, ink = ((245, 245, 245), (30, 30, 30)) if make.chance(0.6) else make.pair()
    image = Image.new("RGBA", (wide, high), (*ground, 255))
    draw = ImageDraw.Draw(image)
    bar, accent = max(9, round(7 * make.unit)), make.color(40, 220)
    draw.rectangle((0, 0, wide - 1, bar), fill=(*accent, 255))
    font = draw_font(make.rng, max(7, bar * 0.6))
    title = text_image(draw_words(make.rng, 2), font, (255, 255, 255))
    image.paste(title, (4, max(0, (bar - title.height) // 2)), title)
    draw.line((wide - bar + 3, 3, wide - 4, bar - 3), fill=(255, 255, 255, 255))
    draw.line((wide - bar + 3, bar - 3, wide - 4, 3), fill=(255, 255, 255, 255))
    top, small = bar + 4, draw_font(make.rng, max(7, 4.5 * make.unit))
    while top < high - 10:
        match make.one_of("line", "line", "button", "field", "rule", "icons", "picture"):
            case "line":
                line = text_image(draw_words(make.rng, int(make.rng.integers(1, 7))), small, ink)
                image.paste(line, (6, top), line)
                top += line.height + 4
            case "button":
                label = text_image(draw_words(make.rng, 1), small, ink)
                box = (6, top, min(wide - 6, 18 + label.width), top + label.height + 6)
                draw.rounded_rectangle(box, 3, fill=(*accent, 90), outline=(*ink, 255))
                image.paste(label, (12, top + 3), label)
                top += label.height + 12
            case "field":
                draw.rectangle((6, top, wide - 8, top + 11), fill=(255, 255, 255, 255), outline=(120, 120, 120, 255))
                top += 17
            case "rule":
                draw.line((4, top, wide - 5, top), fill=(*ink, 120))
                top += 5
            case "icons":
                for x in range(6, wide - 16, 18):
                    draw.ellipse((x, top, x + 12, top + 12), fill=(*make.color(), 255))
                top += 18
            case "picture":
                side = min(wide - 12, high - top - 4, round(25 * make.unit))
                if side > 8:
                    picture = cv2.resize(make.films.picture(make.rng), (side, side), interpolation=cv2.INTER_AREA)
                    image.paste(Image.fromarray(picture), (6, top))
                top += max(6, side + 4)
    draw.rectangle((0, 0, wide - 1, high - 1), outline=(*ink, 255))
    return image


def _interface(make: Maker) -> list[Layer]:
    """A desktop: windows, one of which may be dragged, a list that scrolls in one, menus that open, a cursor."""
    width, height = make.size
    layers: list[Layer] = [make.flat(make.color()) if make.chance(0.5) else make.gradient()]
    if make.chance(0.25):
        layers = [make.panned(make.films.picture(make.rng), (0.0, 0.0))]
    for k in range(int(make.rng.integers(1, 4))):
        wide, high = (int(make.between(0.4, 0.9) * length) for length in make.size)
        x, y = (int(make.between(-0.1, 0.5) * length) for length in make.size)
        drags = k > 0 and make.chance(0.35)
        velocity = make.velocity(1, 24) if drags else (0.0, 0.0)
        layers.append(Stamp(premultiplied(_window(make, wide, high)), Path((x, y), velocity, snap=True)))
    if make.chance(0.35):
        # A film in a window: the rest stands.
        side = (round(0.5 * width), round(0.4 * height))
        gap = int(make.rng.choice(GAPS, p=GAP_SHARES))
        frames = make.films.film(make.rng, side, FRAMES - 1, gap)
        if frames is not None:
            make.grid = gap
            at = (round(make.between(0, width - side[0])), round(make.between(0, height - side[1])))
            shown = [(k / gap, Stamp(premultiplied(frame), Path(at))) for k, frame in enumerate(frames)]
            layers.append(_FilmInWindow(tuple(shown)))
    if make.chance(0.4):
        begins = float(make.rng.integers(1, FRAMES))
        menu = _window(make, round(0.35 * width), round(0.4 * height))
        path = Path((round(make.between(0, 0.6) * width), round(make.between(0, 0.6) * height)))
        layers.append(Switched(((0.0, None), (begins, Stamp(premultiplied(menu), path)))))
    if make.chance(0.8):
        layers.append(_cursor(make))
    return layers


@dataclass(frozen=True)
class _FilmInWindow:
    """A film that plays in a part of the canvas: stamps with their times."""

    shown: tuple[tuple[float, Stamp], ...]

    def patch(self, t: float, size: tuple[int, int]):
        return min(self.shown, key=lambda each: abs(each[0] - t))[1].patch(t, size)

    def stands(self, first: float, last: float) -> bool:
        return False


def _chart(make: Maker) -> list[Layer]:
    """Axes, a legend and lines, bars or points that grow."""
    width, height = make.size
    ground, ink = ((255, 255, 255), (40, 40, 40)) if make.chance(0.6) else make.pair()
    layers: list[Layer] = [make.flat(ground)]
    left, bottom, top = round(0.12 * width), round(0.86 * height), round(0.14 * height)
    base = Image.new("RGBA", make.size)
    draw = ImageDraw.Draw(base)
    small = draw_font(make.rng, max(7, 5 * make.unit))
    for k in range(5):
        y = round(bottom - k * (bottom - top) / 4)
        if make.chance(0.8):
            draw.line((left, y, width - 6, y), fill=(*ink, 60))
        number = text_image(str(k * int(make.one_of(5, 10, 25))), small, ink)
        base.alpha_composite(number, (max(0, left - number.width - 3), max(0, y - number.height // 2)))
    draw.line((left, top, left, bottom, width - 6, bottom), fill=(*ink, 255))
    title = text_image(draw_words(make.rng, 3), draw_font(make.rng, 7 * make.unit), ink)
    base.alpha_composite(title.crop((0, 0, min(title.width, width - left), title.height)), (left, round(2 * make.unit)))
    layers.append(Stamp(premultiplied(base), Path((0, 0))))
    count, what = int(make.rng.integers(2, 6)), make.one_of("lines", "bars", "points")
    colors = [make.color(20, 230) for _ in range(count)]
    area = (width - 6 - left, bottom - top)
    values = np.cumsum(make.rng.normal(0, 0.12, (count, 60)), 1) * 0.5 + make.rng.uniform(0.2, 0.8, (count, 1))
    begin, step = make.between(0.1, 0.5), make.between(0.01, 0.12)
    speeds, radius = make.rng.uniform(-0.12, 0.16, count), make.between(1, 4) * make.unit
    thick = max(1, round(make.between(0.6, 2.2) * make.unit)) * OVERSAMPLE

    def draw_values(t: float) -> Image.Image:
        image = Image.new("RGBA", (area[0] * OVERSAMPLE, area[1] * OVERSAMPLE))
        pen, (wide, high) = ImageDraw.Draw(image), image.size
        for k, color in enumerate(colors):
            fill = (*color, 255)
            match what:
                case "lines":
                    end = min(1.0, begin + step * t)
                    xs = np.append(np.linspace(0, 1, 60)[: int(end * 59) + 1], end)
                    ys = np.interp(xs, np.linspace(0, 1, 60), values[k])
                    pen.line([(x * wide, (1 - y) * high) for x, y in zip(xs, ys)], fill=fill, width=thick)
                case "bars":
                    tall = min(1.0, max(0.02, values[k, 0] + speeds[k] * t)) * high
                    x = (k + 0.2) / count * wide
                    pen.rectangle((x, high - tall, x + 0.6 / count * wide, high), fill=fill)
                case "points":
                    for j in range(8):
                        x = (values[k, 7 * j] + speeds[k] * t * (1 + j % 3) / 2) % 1.1 * wide
                        y, r = (1 - values[k, 7 * j + 3]) * high, radius * OVERSAMPLE * (1 + j % 3) / 2
                        pen.ellipse((x - r, y - r, x + r, y + r), fill=fill)
        return image

    layers.append(Drawn(draw_values, (left + 1, top)))
    if make.chance(0.5):
        names = make.fitted(make.boxed(make.text(draw_lines(make.rng, count, 1), 4, 5, ink)), (0.4, 0.4))
        layers.append(make.stamped(names, Path((width - names.width - 8, top + 2))))
    if make.chance(0.3):
        layers.append(make.counter())
    if make.chance(0.2):
        layers.append(_cursor(make))
    return layers


def _blob(make: Maker, side: int) -> np.ndarray:
    """A random outline, cover in 0 ... 255, [side, side]."""
    angles = np.linspace(0, 2 * math.pi, 80, endpoint=False)
    radii = np.full(80, 0.38) + sum(
        make.between(-0.09, 0.09) * np.sin(k * angles + make.between(0, 7)) for k in range(2, 6)
    )
    points = (0.5 + np.stack([np.cos(angles), np.sin(angles)], 1) * radii[:, None]) * side
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return mask


def _thing(make: Maker, textured: bool = True) -> Sprite:
    """Something in front: a piece of a picture or a drawn shape with an outline, on a path of its own."""
    side = max(16, round(make.among(14, 60) * make.unit))
    wide = side * OVERSAMPLE
    if textured:
        mask, picture = _blob(make, wide), make.films.picture(make.rng)
        step = max(1.0, min(2.0, min(picture.shape[:2]) / wide))
        cut = min(int(wide * step), *picture.shape[:2])
        top, left = (int(make.rng.integers(length - cut + 1)) for length in picture.shape[:2])
        colors = cv2.resize(picture[top : top + cut, left : left + cut], (wide, wide), interpolation=cv2.INTER_AREA)
        image = Image.fromarray(np.dstack([colors, mask]))
    else:
        image = _drawn_shape(make, wide)
    x, y = (make.between(0.1, 0.9) * length for length in make.size)
    vx, vy = make.velocity(0.5, 40)
    path = Path(
        (x - 2 * vx, y - 2 * vy), (vx, vy),
        acceleration=(make.between(-3, 3), make.between(-3, 3)) if make.chance(0.3) else (0.0, 0.0),
        sway=(make.between(0, 8), make.between(0, 8)) if make.chance(0.25) else (0.0, 0.0),
        beat=make.between(0.3, 1.5), phase=make.between(0, 6),
        angle=make.between(0, 6) if textured else 0.0,
        spin=make.between(-0.3, 0.3) if make.chance(0.4) else 0.0,
        growth=make.between(-0.1, 0.1) if make.chance(0.3) else 0.0,
    )  # fmt: skip
    return Sprite(premultiplied(image), path)


def _drawn_shape(make: Maker, side: int) -> Image.Image:
    """A piece of a cartoon: a flat or shaded shape with an outline, a face, a pixel sprite, a word."""
    image = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(image)
    color, edge = make.color(), make.one_of((0, 0, 0), (0, 0, 0), make.color(0, 90))
    width = round(make.between(0, 0.06) * side)
    match make.one_of("blob", "blob", "face", "polygon", "cells", "word"):
        case "blob":
            mask = _blob(make, side)
            inner = cv2.erode(mask, np.ones((2 * width + 1, 2 * width + 1), np.uint8))
            shade = np.linspace(make.between(0.6, 1), 1, side)[:, None, None]
            body = np.where(inner[..., None] > 127, np.array(color) * shade, edge)
            image = Image.fromarray(np.dstack([body.astype(np.uint8), mask]))
        case "face":
            draw.ellipse((2, 2, side - 3, side - 3), fill=(*color, 255), outline=(*edge, 255), width=max(1, width))
            for x in (0.33, 0.62):
                draw.ellipse((x * side, 0.3 * side, (x + 0.08) * side, 0.45 * side), fill=(*edge, 255))
            draw.arc((0.25 * side, 0.35 * side, 0.75 * side, 0.8 * side), 20, 160, fill=(*edge, 255), width=width + 1)
        case "polygon":
            points = [(make.between(0, 1) * side, make.between(0, 1) * side) for _ in range(int(make.one_of(3, 4, 5)))]
            draw.polygon(points, fill=(*color, 255), outline=(*edge, 255), width=max(1, width))
        case "cells":
            half = make.rng.integers(0, 4, (8, 4))
            colors = np.array([(0, 0, 0, 0), (*color, 255), (*edge, 255), (*make.color(), 255)], np.uint8)
            cells = Image.fromarray(colors[np.concatenate([half, half[:, ::-1]], 1)])
            image = cells.resize((side // 8 * 8, side // 8 * 8), Image.Resampling.NEAREST)
        case "word":
            image = text_image(draw_words(make.rng, 1), draw_font(make.rng, side / 3), color, (max(1, width), edge))
    return image


def _animation(make: Maker) -> list[Layer]:
    """Drawn animation: shapes with outlines that move, turn and grow over a ground that may be panned below them."""
    layers: list[Layer] = [make.gradient() if make.chance(0.5) else make.flat(make.color())]
    if make.chance(0.45):
        # A drawn scenery, twice as wide as what is seen of it.
        wide, high = make.size[0] * 4, make.size[1] * 3
        scenery = Image.new("RGB", (wide, high), make.color())
        draw = ImageDraw.Draw(scenery)
        for _ in range(int(make.rng.integers(10, 50))):
            x, y, side = make.between(-0.1, 1) * wide, make.between(-0.1, 1) * high, make.among(0.05, 0.5) * high
            box = (x, y, x + side * make.between(0.3, 1.5), y + side)
            outline = (0, 0, 0) if make.chance(0.5) else None
            (draw.ellipse if make.chance(0.4) else draw.rectangle)(box, fill=make.color(), outline=outline, width=5)
        layers = [make.panned(np.asarray(scenery))]
    for _ in range(int(make.rng.integers(1, 7))):
        layers.append(_thing(make, textured=False))
    if make.chance(0.2):
        image = make.fitted(make.text(draw_lines(make.rng, 2, 4)))
        layers.append(make.stamped(image, make.placed(image)))
    return layers


def _layers(make: Maker) -> list[Layer]:
    """Pieces of pictures that pass in front of a film or a panned picture: large motion, and what it covers."""
    layers: list[Layer] = [make.moving_ground()]
    return layers + [_thing(make) for _ in range(int(make.rng.integers(1, 5)))]


def _gradient(make: Maker) -> list[Layer]:
    """Smooth grounds with things on them: plates and buttons that are shaded themselves, flat shapes with hard edges,
    text."""
    width, height = make.size
    sigma = make.one_of(0.0, 0.0, 0.0, make.between(0.5, 3))
    field = smooth_field(make.rng, make.size, make.films.picture(make.rng))
    layers: list[Layer] = [Grainy(field, sigma, int(make.rng.integers(1 << 30)))]
    if make.chance(0.15):
        scenery = smooth_field(make.rng, (2 * width, 2 * height), make.films.picture(make.rng))
        layers = [make.panned(scenery.round().astype(np.uint8))]
    for _ in range(int(make.rng.integers(0, 4))):
        wide, high = (max(8, int(make.between(0.1, 0.6) * length)) for length in make.size)
        shade = smooth_field(make.rng, (wide, high), make.films.picture(make.rng))
        image = Image.fromarray(shade.round().astype(np.uint8)).convert("RGBA")
        if make.chance(0.35):
            image.paste(make.color(), (0, 0, wide, high))
        mask = Image.new("L", image.size)
        pen = ImageDraw.Draw(mask)
        box = (0, 0, wide - 1, high - 1)
        pen.ellipse(box, fill=255) if make.chance(0.5) else pen.rounded_rectangle(box, make.one_of(0, 0, 6), fill=255)
        image.putalpha(mask)
        start = tuple(int(make.between(-0.1, 0.9) * length) for length in make.size)
        velocity = make.velocity(1, 12) if make.chance(0.5) else (0.0, 0.0)
        layers.append(Stamp(premultiplied(image), Path(start, velocity, snap=True)))
    if make.chance(0.3):
        layers.append(_thing(make, textured=False))
    if make.chance(0.4):
        image = make.fitted(make.text(draw_lines(make.rng, int(make.rng.integers(1, 4)), 4)))
        layers.append(make.stamped(image, make.placed(image)))
    return layers


KINDS: dict[str, Callable[[Maker], list[Layer]]] = {
    "caption": _caption,
    "scroll": _scroll,
    "slides": _slides,
    "interface": _interface,
    "chart": _chart,
    "animation": _animation,
    "layers": _layers,
    "gradient": _gradient,
}


def draw_scene(
    rng: np.random.Generator, shares: dict[str, float], number: int, size: tuple[int, int], films: Films
) -> Scene:
    """Scene `number` of a kind drawn by its share."""
    parts = np.array(list(shares.values()))
    return make_scene(str(rng.choice(list(shares), p=parts / parts.sum())), number, size, films)


def make_scene(kind: str, seed: int, size: tuple[int, int], films: Films, speed: float | None = None) -> Scene:
    """The scene of a kind and a seed. size: width and height; films: what backgrounds are cut from; speed: see Maker.

    Raises ValueError for an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"no kind {kind!r} of scenes; there are {', '.join(KINDS)}")
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    make = Maker(rng, size, films, speed)
    layers = KINDS[kind](make)
    return Scene(kind, size, tuple(layers), FRAMES, make.grid)


def pool_parser(description: str) -> argparse.ArgumentParser:
    """A parser with the options of all that makes a pool of scenes: data, out, cache."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=FilePath, required=True, help="folder of clips and images for the backgrounds")
    parser.add_argument("--out", type=FilePath, required=True, help="the pool's folder")
    parser.add_argument("--cache", type=FilePath, default=FilePath("cache/frames"), help="decoded clips")
    return parser
