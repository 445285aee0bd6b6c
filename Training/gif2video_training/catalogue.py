"""Every maker of GIFs by name: what training draws from and what the tables measure.

A maker's name is the tool, then "single" (a palette for each frame) or "one" (one for all) where the
tool is used both ways, then the dither, then the lossiness. `exact` and `dithered` are what the
networks have to know; which makers are exact was measured (tests/test_makers.py):

- Pillow's median cut used directly and ffmpeg's paletteuse are exact: every pixel has the palette's
  nearest color. Pillow's mapping to a given palette is not.
- gifsicle is not: it compares colors in linear light (--gamma 2.2), and its film has been through
  ffmpeg's 256 colors before. --lossy moves further pixels. With 255 colors and more it leaves them
  all as they are, dither or not; its dithers show up to some 192 (`most_colors`).
- libimagequant is not. Its files are as gifski's, a palette for each frame, without what gifski leaves to the frame before.
- ImageMagick is not: it takes the leaf of its color tree, whether with `-colors` or with `-remap`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from . import gif_tools
from .gif_file import gif_bytes
from .makers import (
    FFMPEG_DITHERS,
    GIFFrame,
    ffmpeg_palette,
    imagequant_frame,
    pillow_median_cut,
    pillow_one_palette,
    pillow_with_palette,
)


@dataclass(frozen=True)
class Maker:
    """One way of making a GIF of frames uint8 [T, H, W, 3] with a number of colors.

    most_colors: with more the dither does not show, and the GIF is none of this maker's.
    frames: index maps and tables, one per frame. file: a real GIF file, each frame shown for
    gif_tools.DELAY, in which a tool may have joined equal frames and left out what did not change.
    """

    name: str
    dithered: bool
    lossy: bool
    exact: bool
    frames: Callable[[np.ndarray, int], list[GIFFrame]]
    file: Callable[[np.ndarray, int], bytes]
    most_colors: int = 256

    @property
    def tool(self) -> str:
        return self.name.split("-")[0]

    @property
    def is_noisy(self) -> bool:
        """Whether the network for dithered GIFs is the right one: lossy ones hold wrong colors as well."""
        return self.dithered or self.lossy


def _of_frames(name: str, dithered: bool, exact: bool, frames: Callable[[np.ndarray, int], list[GIFFrame]]) -> Maker:
    """A library that maps frames, which we write as a file."""

    def file(film: np.ndarray, colors: int) -> bytes:
        return gif_bytes(frames(film, colors), gif_tools.DELAY)

    return Maker(name, dithered, False, exact, frames, file)


def _pillow(name: str, exact: bool, frames: Callable[[np.ndarray, int], list[GIFFrame]]) -> Maker:
    return _of_frames(f"pillow-{name}", name.endswith("floyd_steinberg"), exact, frames)


def _imagequant(dither: str) -> Maker:
    dithered = dither != "none"
    return _of_frames(f"imagequant-single-{dither}", dithered, False, _each(partial(imagequant_frame, dithered=dithered)))


def _each(frame_maker: Callable[[np.ndarray, int], GIFFrame]) -> Callable[[np.ndarray, int], list[GIFFrame]]:
    return lambda film, colors: [frame_maker(frame, colors) for frame in film]


def _ffmpeg(dither: str, per_frame: bool) -> Maker:
    options = {"dither": dither, "per_frame": per_frame}
    name = f"ffmpeg-{'single-' if per_frame else ''}{dither}"
    make, file = partial(ffmpeg_palette, **options), partial(gif_tools.ffmpeg_file, **options)
    return Maker(name, dither != "none", False, dither == "none", make, file)


def _gifsicle(dither: str, lossy: int) -> Maker:
    options = {"dither": dither, "lossy": lossy}
    name = f"gifsicle-{dither}" + (f"-lossy{lossy}" if lossy else "")
    make, file = partial(gif_tools.gifsicle, **options), partial(gif_tools.gifsicle_file, **options)
    return Maker(name, dither != "none", lossy > 0, False, make, file, 256 if dither == "none" else 192)


def _imagemagick(dither: str, one_palette: bool) -> Maker:
    options = {"dither": dither, "one_palette": one_palette}
    name = f"imagemagick-{'one-' if one_palette else ''}{dither}"
    make, file = partial(gif_tools.imagemagick, **options), partial(gif_tools.imagemagick_file, **options)
    return Maker(name, dither != "none", False, False, make, file)


def _all() -> list[Maker]:
    makers = [
        _pillow("none", True, _each(pillow_median_cut)),
        _pillow("inexact", False, _each(partial(pillow_with_palette, dithered=False))),
        _pillow("floyd_steinberg", False, _each(partial(pillow_with_palette, dithered=True))),
        _pillow("one-inexact", False, partial(pillow_one_palette, dithered=False)),
        _pillow("one-floyd_steinberg", False, partial(pillow_one_palette, dithered=True)),
    ]
    makers += [_ffmpeg(dither, per_frame) for per_frame in (False, True) for dither in FFMPEG_DITHERS]
    makers += [_imagequant(dither) for dither in ("none", "diffusion")]
    makers += [_gifsicle(dither, 0) for dither in gif_tools.GIFSICLE_DITHERS]
    makers += [_gifsicle("none", lossy) for lossy in (20, 80, 200)] + [_gifsicle("floyd-steinberg", 80)]
    makers += [_imagemagick(dither, False) for dither in gif_tools.IMAGEMAGICK_DITHERS]
    makers += [_imagemagick(dither, True) for dither in gif_tools.IMAGEMAGICK_DITHERS[:-1]]
    return makers


MAKERS: dict[str, Maker] = {maker.name: maker for maker in _all()}
