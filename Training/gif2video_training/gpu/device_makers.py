"""The parts of making GIFs that the device does, for many frames at once: mapping and color tables.

All functions work on any device and give what the plain ones in makers.py give (tests/test_gpu_makers.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..makers import LIME, RADIUS_LIMIT, GIFFrame
from .recipes import RECIPES, Prepared, prepared

BAYER_SCALE = 2
SMALL = 64
"""Colors of a palette that is searched apart from the large ones, in a quarter of the time."""
SCORES = {"cuda": 1 << 28, "cpu": 1 << 22}
"""Distances that are held at a time, of 4 bytes."""


@dataclass(frozen=True)
class DeviceGIFs:
    """Frames of GIFs: index uint8 [N, H, W]; palette uint8 [N, 256, 3]; tables int64 [N], entries in the file."""

    index: torch.Tensor
    palette: torch.Tensor
    tables: torch.Tensor

    @property
    def rgb(self) -> torch.Tensor:
        """uint8 [N, H, W, 3]"""
        n, height, width = self.index.shape
        flat = self.index.reshape(n, -1, 1).long().expand(-1, -1, 3)
        return torch.gather(self.palette, 1, flat).reshape(n, height, width, 3)


def on_device(values, device: torch.device) -> torch.Tensor:
    """A copy of numbers that does not wait for what the device still has to do, as torch.tensor would."""
    return torch.from_numpy(np.asarray(values)).to(device, non_blocking=True)


def nearest_index(pictures: torch.Tensor, palette: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """The nearest palette color of every pixel; the lower index wins a tie.

    pictures: uint8 [N, H, W, 3]; palette: uint8 [N, K, 3]; count: [N], colors that count. Returns uint8 [N, H, W].
    """
    n, height, width, _ = pictures.shape
    entries = torch.arange(palette.shape[1], device=pictures.device)
    colors = palette.float()
    square = colors.square().sum(-1)
    square = torch.where(entries[None] < count[:, None], square, 2.0**21)
    result = torch.empty((n, height * width), dtype=torch.uint8, device=pictures.device)
    pixels = pictures.reshape(n, height * width, 3)
    step = max(1, SCORES[pictures.device.type] // (len(entries) * n))
    with torch.autocast(pictures.device.type, enabled=False):
        for first in range(0, height * width, step):
            part = pixels[:, first : first + step].float()
            # Whole numbers below 2^24: exact in float32, and the factors in TF32.
            score = torch.baddbmm(square[:, None], part, colors.transpose(1, 2), alpha=-2)
            ranked = score.int() * 256 + entries.int()
            result[:, first : first + step] = (ranked.amin(-1) & 255).to(torch.uint8)
    return result.reshape(n, height, width)


def bayer_offsets(height: int, width: int, device: torch.device) -> torch.Tensor:
    """The offsets that ffmpeg's `bayer` adds to pixels before it takes the nearest color, int16 [H, W]."""
    y, x = (torch.arange(length, device=device) & 7 for length in (height, width))
    p = (y[:, None] << 3) | x[None]
    q = p ^ (p >> 3)
    value = (p & 4) >> 2 | (q & 4) >> 1 | (p & 2) << 1 | (q & 2) << 2 | (p & 1) << 4 | (q & 1) << 5
    return ((value >> BAYER_SCALE) - (1 << (5 - BAYER_SCALE))).short()


def mapped(pictures: torch.Tensor, palette: torch.Tensor, count: torch.Tensor, mappings: list[str]) -> torch.Tensor:
    """The index of every pixel, uint8 [N, H, W]; mappings: each picture's, of those that do not diffuse errors."""
    device = pictures.device
    is_coarse, is_bayer = (on_device([m == name for m in mappings], device) for name in ("coarse", "bayer"))
    mask = torch.where(is_coarse, 252, 255).to(torch.uint8)[:, None, None, None]
    offsets = bayer_offsets(*pictures.shape[1:3], device)[None, :, :, None] * is_bayer[:, None, None, None]
    looked_up = ((pictures & mask).short() + offsets).clamp(0, 255).to(torch.uint8)
    return nearest_index(looked_up, palette, count)


def table_sizes(entries: torch.Tensor) -> torch.Tensor:
    """The power of two, at least 2, that holds so many entries."""
    powers = 2 ** torch.arange(1, 9, device=entries.device)
    return powers[torch.searchsorted(powers, entries.clamp_min(2))]


def pillow_tables(index: torch.Tensor, palette: torch.Tensor, count: torch.Tensor) -> DeviceGIFs:
    """As makers.padded has it: black up to a power of two."""
    return DeviceGIFs(index, palette, table_sizes(count))


def ffmpeg_tables(index: torch.Tensor, palette: torch.Tensor, shown: torch.Tensor) -> DeviceGIFs:
    """As makers.ffmpeg_palette has it: colors that are used, ffmpeg's transparent lime, white up to a power of two.

    shown: bool [N, H, W], pixels that are there.
    """
    uses = torch.zeros((len(index), 256), device=index.device)
    flat = index.flatten(1).long()
    uses.scatter_add_(1, flat, shown.flatten(1).float())
    order = torch.argsort((uses == 0).to(torch.uint8), dim=1, stable=True)
    ranks = torch.argsort(order, dim=1)
    used = (uses > 0).sum(1)
    tables = table_sizes((used + 1).clamp_max(256))
    place = torch.arange(256, device=index.device)[None, :, None]
    colors = torch.gather(palette, 1, order[:, :, None].expand(-1, -1, 3))
    lime = on_device(np.array(LIME, np.uint8), index.device)
    table = torch.where(place < used[:, None, None], colors, torch.where(place == used[:, None, None], lime, 255))
    table = torch.where(place < tables[:, None, None], table, 0).to(torch.uint8)
    renumbered = torch.gather(ranks, 1, flat).reshape(index.shape).to(torch.uint8)
    return DeviceGIFs(renumbered, table, tables)


def _joined(arrays: list[np.ndarray], side: tuple[int, int], device: torch.device) -> torch.Tensor:
    """Arrays [T, <= side, ...] one after the other on the device, at the left and the top of zeros."""
    room = np.zeros((sum(len(array) for array in arrays), *side, *arrays[0].shape[3:]), arrays[0].dtype)
    first = 0
    for array in arrays:
        room[first : first + len(array), : array.shape[1], : array.shape[2]] = array
        first += len(array)
    return on_device(room, device)


def finished(films: list[Prepared], side: tuple[int, int], device: torch.device) -> tuple[torch.Tensor, DeviceGIFs]:
    """The frames of some films one after the other, uint8 [N, *side, 3], and their GIFs.

    side: height and width of the result. Smaller pictures lie at the left and the top, before black and index 0.
    """
    pictures = _joined([film.pictures for film in films], side, device)
    palette = on_device(np.concatenate([film.palette for film in films]), device)
    count = on_device(np.concatenate([film.count for film in films]), device)
    recipes = [film.recipe for film in films for _ in film.pictures]
    is_there = _joined([np.ones(film.pictures.shape[:3], bool) for film in films], side, device)
    index = torch.zeros(pictures.shape[:3], dtype=torch.uint8, device=device)
    diffused = [film.index for film in films if film.index is not None]
    if diffused:
        rows = [n for n, recipe in enumerate(recipes) if recipe.is_diffused]
        index[on_device(rows, device)] = _joined(diffused, side, device)
    counts = np.concatenate([film.count for film in films])
    for fewest, most in ((0, SMALL), (SMALL, 256)):
        rows = [n for n, recipe in enumerate(recipes) if not recipe.is_diffused and fewest < counts[n] <= most]
        if rows:
            chosen = on_device(rows, device)
            mappings = [recipes[n].mapping for n in rows]
            index[chosen] = mapped(pictures[chosen], palette[chosen, :most], count[chosen], mappings)
    index *= is_there
    pillow, ffmpeg = pillow_tables(index, palette, count), ffmpeg_tables(index, palette, is_there)
    is_pillow = on_device([recipe.tool == "pillow" for recipe in recipes], device)
    chosen = DeviceGIFs(
        torch.where(is_pillow[:, None, None], pillow.index, ffmpeg.index * is_there),
        torch.where(is_pillow[:, None, None], pillow.palette, ffmpeg.palette),
        torch.where(is_pillow, pillow.tables, ffmpeg.tables),
    )
    return pictures, chosen


def _pairs(palette: torch.Tensor, tables: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """For every entry the offsets to all others, [N, 256, 256, 3], and which of those are entries."""
    colors = palette.int()
    offset = colors[:, None] - colors[:, :, None]
    there = torch.arange(256, device=palette.device)[None, None] < tables[:, None, None]
    return offset, there


def radius_tables(palette: torch.Tensor, tables: torch.Tensor) -> torch.Tensor:
    """makers.radius_table of many color tables, float32 [N, 256]."""
    offset, there = _pairs(palette, tables)
    square = offset.square().sum(-1).float()
    square = torch.where(there & (square > 0), square, torch.inf)
    return (square.amin(2).sqrt() / 255).clamp_max(RADIUS_LIMIT)


def cell_tables(palette: torch.Tensor, tables: torch.Tensor) -> torch.Tensor:
    """makers.cell_table of many color tables, float32 [N, 256, 6]; what lies beyond a table means nothing."""
    offset, there = _pairs(palette, tables)
    square = offset.square().sum(-1).float()
    columns = []
    for channel in range(3):
        for sign in (1, -1):
            along = sign * offset[..., channel]
            reach = torch.where(there & (along > 0), square / (255 * along.clamp_min(1)), RADIUS_LIMIT).amin(2)
            room = (255 - palette[..., channel].int() if sign > 0 else palette[..., channel].int()) / 127.5
            columns.append(torch.minimum(reach, room.float()).clamp_max(RADIUS_LIMIT))
    return torch.stack(columns, -1)


def made(maker: str, film: np.ndarray, colors: int, device: torch.device) -> list[GIFFrame]:
    """The GIF frames that the catalogue's maker of this name makes of frames uint8 [T, H, W, 3]."""
    _, gifs = finished([prepared(film, RECIPES[maker], colors)], film.shape[1:3], device)
    index, palette, tables = (x.cpu().numpy() for x in (gifs.index, gifs.palette, gifs.tables))
    return [GIFFrame(index[t], palette[t, : tables[t]]) for t in range(len(film))]
