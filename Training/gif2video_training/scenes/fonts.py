"""The fonts of this machine, and text drawn with them.

The same seed draws the same text where the same fonts are installed. Debian's packages that the README names give some
hundred faces.
"""

from __future__ import annotations

import subprocess
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WORDS = (
    "the of and to in is you that it he was for on are as with his they at be this have from or one had by word but "
    "not what all were we when your can said there use an each which she do how their if will up other about out many "
    "then them these so some her would make like him into time has look two more write go see number no way could "
    "people my than first water been call who oil its now find long down day did get come made may part over new "
    "sound take only little work know place year live me back give most very after thing our just name good sentence "
    "man think say great where help through much before line right too mean old any same tell boy follow came want "
    "show also around form three small set put end does another well large must big even such because turn here why "
    "ask went men read need land different home us move try kind hand picture again change off play spell air away "
    "animal house point page letter mother answer found study still learn should world"
).split()
OTHER_WORDS = "мир время город работа жизнь день рука слово место вопрос χρόνος πόλη ζωή άνθρωπος ημέρα λόγος".split()
LEFT_OUT = ("symbol", "emoji", "math", "bitmap", "title", "dingbat", "signwriting", "music")


@cache
def faces() -> tuple[tuple[str, ...], ...]:
    """Files of the installed scalable fonts that hold Latin letters, by families, in a fixed order."""
    listed = subprocess.run(
        ["fc-list", ":lang=en:scalable=true", "file", "family"], capture_output=True, text=True, check=True
    ).stdout
    families: dict[str, list[str]] = {}
    for line in listed.splitlines():
        file, _, family = line.partition(":")
        name = family.strip().split(",")[0]
        if not file.lower().endswith((".ttf", ".otf")) or any(word in name.lower() for word in LEFT_OUT):
            continue
        # A package with a face for each script counts as one or two families.
        families.setdefault(" ".join(name.split()[:2]), []).append(file)
    if not families:
        raise SystemExit("no fonts here: install some, such as Debian's fonts-dejavu and fonts-liberation")
    return tuple(tuple(sorted(files)) for _, files in sorted(families.items()))


def draw_font(rng: np.random.Generator, points: float) -> ImageFont.FreeTypeFont:
    """A font at random, every family as likely as any other."""
    families = faces()
    files = families[int(rng.integers(len(families)))]
    return ImageFont.truetype(files[int(rng.integers(len(files)))], points)


def draw_words(rng: np.random.Generator, count: int) -> str:
    """So many words; now and then capitals, numbers, another script."""
    words = [str(rng.choice(OTHER_WORDS if rng.random() < 0.04 else WORDS)) for _ in range(count)]
    words = [str(rng.integers(10000)) if rng.random() < 0.06 else word for word in words]
    style = rng.random()
    if style < 0.25:
        return " ".join(words).upper()
    if style < 0.4:
        return " ".join(word.capitalize() for word in words)
    return " ".join(words).capitalize()


def draw_lines(rng: np.random.Generator, lines: int, most: int = 6) -> list[str]:
    return [draw_words(rng, int(rng.integers(1, most + 1))) for _ in range(lines)]


def text_image(
    text: str,
    font: ImageFont.FreeTypeFont,
    color: tuple[int, int, int],
    outline: tuple[int, tuple[int, int, int]] | None = None,
    smooth: bool = True,
    spacing: int = 4,
    align: str = "left",
) -> Image.Image:
    """Lines of text on nothing, RGBA, cut to what they cover. outline: its width and color. smooth: anti-aliased."""
    width = outline[0] if outline else 0
    options = {"font": font, "spacing": spacing, "stroke_width": width, "align": align}
    scratch = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, top, right, bottom = scratch.multiline_textbbox((0, 0), text, **options)
    size = max(1, int(np.ceil(right - left)) + 2), max(1, int(np.ceil(bottom - top)) + 2)
    # The color under half-covered pixels is that of the edge: Pillow mixes color and cover alike.
    image = Image.new("RGBA", size, (*(outline[1] if outline else color), 0))
    draw = ImageDraw.Draw(image)
    draw.fontmode = "L" if smooth else "1"
    at = (1 - int(np.floor(left)), 1 - int(np.floor(top)))
    draw.multiline_text(at, text, fill=color, stroke_fill=outline[1] if outline else None, **options)
    return image
