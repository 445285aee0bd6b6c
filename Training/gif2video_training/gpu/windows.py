"""Windows of films and of their GIFs, uint8 on the device: what batches are cut from.

The newest take the places of the oldest, so that a training never waits for new ones. Some keep their places: what is
made only once.
"""

from __future__ import annotations

import numpy as np
import torch

from ..color_pool import RUN, SIDE, ColorPool
from ..tasks import Batch
from .device_makers import DeviceGIFs, cell_tables, on_device, radius_tables


class Places:
    """Tells which slots of a store are filled, and which comes next. The first ones are fixed, in groups: they are not
    overwritten, and each group has a share of what is drawn.

    groups: sizes and shares.
    """

    def __init__(self, capacity: int, groups: list[tuple[int, float]]):
        self.capacity, self.groups = capacity, groups
        self.fixed = sum(size for size, _ in groups)
        self.filled = self.next = self.fixed

    def take(self, count: int) -> list[int]:
        """`count` slots to fill, the oldest ones when all are full."""
        slots = []
        for _ in range(count):
            slots.append(self.next)
            self.filled = max(self.filled, self.next + 1)
            self.next = self.next + 1 if self.next + 1 < self.capacity else self.fixed
        return slots

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Random filled slots."""
        slots, chance = rng.integers(self.fixed, self.filled, count), rng.random(count)
        begin = reached = 0
        for size, share in self.groups:
            chosen = (chance >= reached) & (chance < reached + share)
            slots = np.where(chosen, rng.integers(begin, begin + size, count), slots)
            begin, reached = begin + size, reached + share
        return slots


def to_unit(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 [..., H, W, 3] to float32 [..., 3, H, W] in [-1, 1], channels last in memory."""
    return pixels.movedim(-1, -3).float() / 127.5 - 1


def patch_places(rng: np.random.Generator, sizes: np.ndarray, patch: int, stride: int) -> np.ndarray:
    """For every pixel of one random patch in each window, in a random element of the square's symmetry group, where it
    lies in the window's memory: int64 [N, patch, patch].

    sizes: the windows' heights and widths, [N, 2]; stride: pixels in a row of memory.
    """
    count = len(sizes)
    corner = (rng.random((count, 2)) * (sizes - patch + 1)).astype(np.int64)
    line = np.arange(patch)
    mirrored = rng.random((count, 2)) < 0.5
    lines = np.where(mirrored[:, :, None], line[::-1], line) + corner[:, :, None]
    places = lines[:, 0, :, None] * stride + lines[:, 1, None, :]
    transposed = rng.random(count) < 0.5
    places[transposed] = places[transposed].swapaxes(1, 2)
    return places


def channel_orders(rng: np.random.Generator, count: int, permuted: float = 1) -> np.ndarray:
    """Orders of the color channels, int64 [N, 3]: a share of them random, the rest as they are."""
    orders = np.tile(np.arange(3), (count, 1))
    return np.where(rng.random((count, 1)) < permuted, rng.permuted(orders, axis=1), orders)


class ColorWindows:
    """Runs of GIF frames with their films, as a color pool holds them (color_pool.py)."""

    def __init__(self, capacity: int, device: torch.device, fixed: list[tuple[list[ColorPool], float]]):
        """capacity: of windows beside the fixed ones; fixed: groups of pools, and the share of each group."""
        self.device = device
        groups = [(sum(len(pool) for pool in pools), share) for pools, share in fixed]
        groups = [(size, share) for size, share in groups if size]
        capacity += sum(size for size, _ in groups)
        self.places = Places(capacity, groups)
        self.sizes = np.full((capacity, 2), SIDE)

        def room(*shape: int, dtype: torch.dtype = torch.uint8) -> torch.Tensor:
            return torch.zeros((capacity, *shape), dtype=dtype, device=device)

        self.truth = room(RUN - 1, SIDE * SIDE, 3)
        self.index = room(RUN, SIDE * SIDE)
        self.palette = room(RUN, 256, 3)
        self.tables = room(RUN, dtype=torch.int64)
        self.radius = room(RUN, 256, dtype=torch.float32)
        self.cell = room(RUN, 256, 6, dtype=torch.float32)
        slot = 0
        for pool in (pool for pools, _ in fixed for pool in pools):
            for number, sample in enumerate(pool.samples):
                arrays = (pool.index[number], pool.palette[number], sample.tables, pool.truth[number])
                index, palette, tables, truth = (torch.from_numpy(np.array(x)).to(device) for x in arrays)
                self.put([slot], [(sample.height, sample.width)], truth, DeviceGIFs(index, palette, tables))
                slot += 1

    def put(self, slots: list[int], sizes: list[tuple[int, int]], pictures: torch.Tensor, gifs: DeviceGIFs) -> None:
        """Fills slots with films and their GIFs, of whose SIDE x SIDE pixels `sizes` are there.

        pictures: uint8 [n, SIDE, SIDE, 3], of each film equally many, at least RUN - 1; gifs: RUN frames of each.
        """
        where = on_device(slots, self.device)
        self.index[where] = gifs.index.reshape(len(slots), RUN, -1)
        self.palette[where] = gifs.palette.reshape(len(slots), RUN, 256, 3)
        self.tables[where] = gifs.tables.reshape(len(slots), RUN)
        self.radius[where] = radius_tables(gifs.palette, gifs.tables).reshape(len(slots), RUN, 256)
        self.cell[where] = cell_tables(gifs.palette, gifs.tables).reshape(len(slots), RUN, 256, 6)
        self.truth[where] = pictures.reshape(len(slots), -1, SIDE * SIDE, 3)[:, : RUN - 1]
        self.sizes[slots] = sizes

    def draw(self, rng: np.random.Generator, size: int, patch: int, alone: float, permuted: float = 1) -> Batch:
        """A batch as tasks.ColorTask makes them, with all that any network sees."""
        slots = self.places.draw(rng, size)
        places = patch_places(rng, self.sizes[slots], patch, SIDE).reshape(size, 1, -1)
        orders, after = channel_orders(rng, size, permuted), rng.random(size) >= alone
        # One copy to the device for all numbers.
        numbers = torch.from_numpy(np.concatenate([slots[:, None], orders, after[:, None], places[:, 0]], 1))
        numbers = numbers.to(self.device, non_blocking=True)
        where, order, seen, places = numbers[:, 0, None, None], numbers[:, 1:4], numbers[:, 4], numbers[:, None, 5:]
        frames = torch.arange(RUN, device=self.device)[None, :, None]
        index = self.index[where, frames, places].long()
        palette = self.palette[where[..., 0], frames[..., 0]]
        palette = torch.gather(palette, 3, order[:, None, None].expand(-1, RUN, 256, -1))
        truth = self.truth[where, frames[:, :-1], places]
        truth = torch.gather(truth, 3, order[:, None, None].expand(-1, RUN - 1, patch * patch, -1))
        sides = torch.stack([2 * order, 2 * order + 1], 2).reshape(size, 6)
        cell = self.cell[where[..., 0], frames[:, :-1, 0]]
        cell = torch.gather(cell, 3, sides[:, None, None].expand(-1, RUN - 1, 256, -1))

        def of_pixels(table: torch.Tensor) -> torch.Tensor:
            """A table [N, k, 256, C] looked up for every pixel, [N, k, patch, patch, C]."""
            own = index[:, : table.shape[1], :, None].expand(-1, -1, -1, table.shape[3])
            return torch.gather(table, 2, own).reshape(size, table.shape[1], patch, patch, table.shape[3])

        return {
            "gif": to_unit(of_pixels(palette)),
            "truth": to_unit(truth.reshape(size, RUN - 1, patch, patch, 3)),
            "radius": of_pixels(self.radius[where[..., 0], frames[:, :-1, 0]][..., None]).movedim(-1, -3),
            "cell": of_pixels(cell).movedim(-1, -3),
            "palette": palette[:, :-1].float() / 127.5 - 1,
            "count": self.tables[where[..., 0], frames[:, :-1, 0]],
            "after": seen > 0,
        }


class MotionWindows:
    """Pairs of GIF frames, what they were restored to, and a frame between them, as a motion pool holds them."""

    def __init__(self, capacity: int, window: int, device: torch.device):
        self.device, self.window = device, window
        self.places = Places(capacity, [])
        self.frames = torch.zeros((capacity, 5, window * window, 3), dtype=torch.uint8, device=device)
        self.times = np.zeros(capacity, np.float32)

    def put(self, slots: list[int], frames: torch.Tensor, times: list[float]) -> None:
        """frames: uint8 [N, 5, window, window, 3], in the order of motion_pool.py."""
        self.frames[on_device(slots, self.device)] = frames.reshape(len(slots), 5, -1, 3)
        self.times[slots] = times

    def draw(self, rng: np.random.Generator, size: int, patch: int) -> Batch:
        """A batch as tasks.MotionTask makes them."""
        slots = self.places.draw(rng, size)
        places = patch_places(rng, np.full((size, 2), self.window), patch, self.window).reshape(size, -1)
        backwards = rng.random(size) < 0.5
        sequence = np.where(backwards[:, None], [1, 0, 3, 2, 4], np.arange(5))
        numbers = np.concatenate([slots[:, None], channel_orders(rng, size), sequence, places], 1)
        numbers = torch.from_numpy(numbers).to(self.device, non_blocking=True)
        pictures = self.frames[numbers[:, 0, None, None], numbers[:, 4:9, None], numbers[:, None, 9:]]
        order = numbers[:, None, None, 1:4].expand(-1, 5, patch * patch, -1)
        pictures = to_unit(torch.gather(pictures, 3, order).reshape(size, 5, patch, patch, 3))
        batch = {name: pictures[:, k] for k, name in enumerate(["g0", "g1", "i0", "i1", "truth"])}
        times = np.where(backwards, 1 - self.times[slots], self.times[slots])
        batch["time"] = on_device(times, self.device)[:, None, None, None]
        return batch
