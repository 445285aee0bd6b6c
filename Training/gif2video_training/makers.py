"""Making GIF frames the ways real tools make them.

Each maker returns the frame as indices into a color table, and the table as the GIF *file* would
hold it: padded to a power of two the way the tool pads (Pillow with black; ffmpeg with white, after
its transparent lime entry). The networks train on frames as a decoder reads them from a file.

"Exact" means that every pixel has the palette's nearest color (fC(I) = G, section 4.1).
Pillow's `quantize(n, MEDIANCUT)` and ffmpeg's `paletteuse=dither=none` are; Pillow's
`quantize(palette=..., dither=NONE)` is not, and exists in the wild.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

import imagequant
import numpy as np
from PIL import Image

RADIUS_LIMIT = 1.0
FFMPEG_DITHERS = ("none", "floyd_steinberg", "sierra2_4a", "bayer")
LIME = (0, 255, 0)


@dataclass(frozen=True)
class GIFFrame:
    """index: uint8 [H, W]; palette: uint8 [K, 3], the color table of the file, K a power of two."""

    index: np.ndarray
    palette: np.ndarray

    @property
    def rgb(self) -> np.ndarray:
        """uint8 [H, W, 3]"""
        return self.palette[self.index]


def padded(palette: np.ndarray, fill: int) -> np.ndarray:
    """The color table as a file stores it: at least two entries, their number a power of two."""
    size = 2
    while size < len(palette):
        size *= 2
    table = np.full((size, 3), fill, np.uint8)
    table[: len(palette)] = palette
    return table


def radius_table(palette: np.ndarray) -> np.ndarray:
    """The palette radius of every entry, float32 [K]: half the distance to the nearest *other* color.

    In units of the [-1, 1] color range, at most RADIUS_LIMIT; duplicates of a color do not count.
    """
    colors = palette.astype(np.float32) / 127.5
    square = ((colors[:, None] - colors[None]) ** 2).sum(-1)
    square[square == 0] = np.inf
    return np.minimum(np.sqrt(square.min(1)) / 2, RADIUS_LIMIT).astype(np.float32)


def cell_table(palette: np.ndarray) -> np.ndarray:
    """How far the Voronoi cell of every entry reaches along +R, -R, +G, -G, +B, -B, float32 [K, 6].

    In units of the [-1, 1] color range, at most RADIUS_LIMIT and not beyond the range; duplicates of a color do
    not count.
    """
    colors = palette.astype(np.int32)
    offset = colors[None] - colors[:, None]
    square = (offset**2).sum(-1).astype(np.float32)
    result = np.empty((len(colors), 6), np.float32)
    for channel in range(3):
        for side, sign in enumerate((1, -1)):
            along = sign * offset[..., channel]
            reach = np.where(along > 0, square / (255 * np.maximum(along, 1)), np.float32(RADIUS_LIMIT)).min(1)
            room = (255 - colors[:, channel] if sign > 0 else colors[:, channel]) / np.float32(127.5)
            result[:, 2 * channel + side] = np.minimum(np.minimum(reach, room), RADIUS_LIMIT)
    return result


def _from_pillow(image: Image.Image) -> GIFFrame:
    palette = np.array(image.getpalette(), np.uint8).reshape(-1, 3)
    index = np.array(image)
    return GIFFrame(index, padded(palette[: max(len(palette), int(index.max()) + 1)], 0))


def pillow_median_cut(frame: np.ndarray, colors: int) -> GIFFrame:
    """Pillow `quantize(n, MEDIANCUT)`: exact, the paper's protocol. frame: uint8 [H, W, 3]."""
    return _from_pillow(Image.fromarray(frame).quantize(colors, Image.Quantize.MEDIANCUT))


def _mapped(frame: np.ndarray, palette: Image.Image, dithered: bool) -> GIFFrame:
    dither = Image.Dither.FLOYDSTEINBERG if dithered else Image.Dither.NONE
    return _from_pillow(Image.fromarray(frame).quantize(palette=palette, dither=dither))


def pillow_with_palette(
    frame: np.ndarray, colors: int, dithered: bool, palette_of: np.ndarray | None = None
) -> GIFFrame:
    """Pillow `quantize(palette=...)` with the median-cut palette of `palette_of` (default: the frame).

    dithered: Floyd-Steinberg, else the inexact mapping.
    """
    palette = Image.fromarray(frame if palette_of is None else palette_of).quantize(colors, Image.Quantize.MEDIANCUT)
    return _mapped(frame, palette, dithered)


def pillow_one_palette(frames: np.ndarray, colors: int, dithered: bool) -> list[GIFFrame]:
    """The same with one palette: the median cut of all frames."""
    every = Image.fromarray(frames.reshape(-1, *frames.shape[2:]))
    palette = every.quantize(colors, Image.Quantize.MEDIANCUT)
    return [_mapped(frame, palette, dithered) for frame in frames]


def imagequant_frame(frame: np.ndarray, colors: int, dithered: bool) -> GIFFrame:
    """libimagequant, which pngquant and gifski map their frames with: a palette that k-means refines.

    dithered: its error diffusion, which spares edges and places without noise. Exact in neither case: colors are compared
    with their gamma.
    """
    height, width, _ = frame.shape
    alpha = np.full((height, width, 1), 255, np.uint8)
    data, palette = imagequant.quantize_raw_rgba_bytes(
        np.concatenate([frame, alpha], -1).tobytes(), width, height, 1.0 if dithered else 0.0, colors
    )
    index = np.frombuffer(data, np.uint8).reshape(height, width)
    # Entries behind the last color that is there are black.
    table = np.array(palette, np.uint8).reshape(-1, 4)[: int(index.max()) + 1, :3]
    return GIFFrame(index, padded(table, 0))


def ffmpeg_palette_graph(colors: int, dither: str, per_frame: bool, bayer_scale: int) -> str:
    """The filters that give a film a palette: of each frame's own (stats_mode=single, new=1), or one for all."""
    mode = "single" if per_frame else "full"
    use = f"paletteuse=dither={dither}" + (f":bayer_scale={bayer_scale}" if dither == "bayer" else "")
    new = ":new=1" if per_frame else ""
    return f"split[a][b];[a]palettegen=max_colors={colors}:stats_mode={mode}[p];[b][p]{use}{new}"


def ffmpeg_palette(
    frames: np.ndarray, colors: int, dither: str, per_frame: bool = False, bayer_scale: int = 2
) -> list[GIFFrame]:
    """ffmpeg palettegen and paletteuse over frames uint8 [T, H, W, 3].

    per_frame: a palette of each frame's own (stats_mode=single, new=1), else one for all.
    """
    count, height, width, _ = frames.shape
    graph = ffmpeg_palette_graph(colors, dither, per_frame, bayer_scale)
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-filter_complex_threads", "1"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "10", "-i", "-"]
    command += ["-filter_complex", graph, "-f", "rawvideo", "-pix_fmt", "pal8", "-"]
    raw = subprocess.run(command, input=frames.tobytes(), capture_output=True, check=True).stdout
    # A pal8 picture is its indices and then 256 entries of B, G, R, A.
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, height * width + 1024)
    results = []
    for picture in pictures[:count]:
        index = picture[: height * width].reshape(height, width)
        table = picture[height * width :].reshape(256, 4)[:, 2::-1]
        used, renumbered = np.unique(index, return_inverse=True)
        palette = np.concatenate([table[used], np.array([LIME], np.uint8)])[:256]
        results.append(GIFFrame(renumbered.reshape(height, width).astype(np.uint8), padded(palette, 255)))
    return results
