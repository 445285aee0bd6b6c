"""GIF files as people make them with ffmpeg, gifsicle and ImageMagick: real files, by the real tools.

Every function takes frames uint8 [T, H, W, 3] and returns a file of T frames or more time-wise equal
ones (`gif_reader.read_gif` and `timed` bring it back to T). DELAY is the delay of a frame.
"""

from __future__ import annotations

import subprocess

import numpy as np

from .gif_reader import read_gif
from .makers import GIFFrame, ffmpeg_palette_graph

DELAY = 4
"""Hundredths of a second; 25 frames a second."""
GIFSICLE_DITHERS = ("none", "floyd-steinberg", "ro64", "o3", "o4", "o8", "halftone", "squarehalftone", "diagonal")
"""The dithers of gifsicle 1.93 ("ordered" is ro64)."""
IMAGEMAGICK_DITHERS = ("none", "floyd_steinberg", "riemersma", "o8x8")


def _run(command: list[str], data: bytes) -> bytes:
    run = subprocess.run(command, input=data, capture_output=True)
    if run.returncode:
        raise SystemExit(f"{' '.join(command)}: {run.stderr.decode(errors='replace')}")
    return run.stdout


def ffmpeg_file(frames: np.ndarray, colors: int, dither: str, per_frame: bool = False, bayer_scale: int = 2) -> bytes:
    """palettegen, paletteuse and ffmpeg's GIF encoder, which leaves out what did not change."""
    _, height, width, _ = frames.shape
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-filter_complex_threads", "1"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(100 // DELAY), "-i", "-"]
    command += ["-filter_complex", ffmpeg_palette_graph(colors, dither, per_frame, bayer_scale), "-f", "gif", "-"]
    return _run(command, frames.tobytes())


def gifsicle_file(frames: np.ndarray, colors: int, dither: str, lossy: int = 0, source: bytes = b"") -> bytes:
    """`gifsicle -O3 --colors N --dither=... --lossy=...` of ffmpeg's GIF with 256 colors for all frames, no dither.

    gifsicle reads GIFs only, so its film has been through a palette before. source: that GIF, if it is at hand.
    """
    command = ["gifsicle", "-O3", "--no-warnings", "--colors", str(colors)]
    if dither != "none":
        command.append(f"--dither={dither}")
    if lossy:
        command.append(f"--lossy={lossy}")
    return _run(command, source or ffmpeg_file(frames, 256, "none"))


def _ordered_levels(colors: int) -> int:
    """Levels a channel, so that all their mixtures are at most `colors`."""
    return max(level for level in range(2, 7) if level**3 <= max(colors, 8))


def imagemagick_file(frames: np.ndarray, colors: int, dither: str, one_palette: bool = False) -> bytes:
    """`convert -colors N` with a palette for each frame, or `-remap` to one palette of all frames.

    o8x8: `-ordered-dither`, whose palette is an even grid of the color cube (for 32 colors 27, for 256 216).
    """
    _, height, width, _ = frames.shape
    command = ["convert", "-limit", "thread", "1", "-size", f"{width}x{height}", "-depth", "8", "-delay", str(DELAY)]
    command.append("rgb:-")
    method = {"none": "None", "floyd_steinberg": "FloydSteinberg", "riemersma": "Riemersma"}.get(dither)
    if method is None:
        command += ["-ordered-dither", f"{dither},{_ordered_levels(colors)}"]
    elif one_palette:
        command += ["(", "-clone", "0--1", "-append", "-dither", "None", "-colors", str(colors), "-unique-colors"]
        command += ["-write", "mpr:palette", "+delete", ")", "-dither", method, "-remap", "mpr:palette"]
    else:
        command += ["-dither", method, "-colors", str(colors)]
    return _run([*command, "-loop", "0", "gif:-"], frames.tobytes())


def timed(frames: list[tuple[GIFFrame, int]], count: int) -> list[GIFFrame]:
    """`count` frames of DELAY each: tools join frames that are alike into one that is shown longer."""
    result = []
    for frame, delay in frames:
        result += [frame] * max(1, round(delay / DELAY))
    if len(result) != count:
        raise ValueError(f"{len(result)} frames instead of {count}")
    return result


def gifsicle(frames: np.ndarray, colors: int, dither: str, lossy: int = 0) -> list[GIFFrame]:
    """The frames of `gifsicle_file`, all with its one palette (one entry may be its transparent color)."""
    return timed(read_gif(gifsicle_file(frames, colors, dither, lossy)), len(frames))


def imagemagick(frames: np.ndarray, colors: int, dither: str, one_palette: bool = False) -> list[GIFFrame]:
    """The frames of `imagemagick_file`, whole and each with its palette."""
    return timed(read_gif(imagemagick_file(frames, colors, dither, one_palette)), len(frames))
