"""SuperSlomo on pairs of frames whose GIFs are made and restored while it trains."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from ..catalogue import MAKERS
from ..data import Source
from ..motion_pool import draw_maker, draw_three, motion_shares
from ..tasks import Batch, MotionTask
from .device_makers import DeviceGIFs, cell_tables, finished, radius_tables
from .film_store import FilmStore
from .recipes import RECIPES, Prepared, prepared
from .stream import Stream, Streamed
from .windows import MotionWindows, to_unit

TAKEN = 8
"""Pairs that a step takes over at the most: restoring them costs the device a little."""
LEAST_FPS = 20
GAP_WEIGHTS, MOTION_POWER = (0.3, 0.35, 0.35), 1.0
"""Of the pool that the committed weights were trained on last."""


@dataclass(frozen=True)
class PreparedPair:
    """three: uint8 [3, window, window, 3], two frames and the one between them, at `time`; gifs: of the two, prepared,
    by a maker that dithers or not; None: the pair stays clean."""

    three: np.ndarray
    time: float
    gifs: Prepared | None
    dithered: bool


@dataclass(frozen=True)
class MotionSource:
    """Draws pairs and prepares their GIFs, as motion_pool.write_motion_pool does. For any thread."""

    store: FilmStore
    window: int

    @cached_property
    def sources(self) -> list[Source]:
        """Clips that are fast and large enough."""
        clips = [source for source in self.store.sources if source.is_clip and source.fps >= LEAST_FPS]
        clips = [source for source in clips if min(self.store.frames(source).shape[1:3]) >= self.window]
        if not clips:
            raise ValueError(f"the package holds no clip of {LEAST_FPS} fps and {self.window} pixels")
        return clips

    @cached_property
    def shares(self) -> np.ndarray:
        return motion_shares(self.sources, MOTION_POWER)

    def __call__(self, rng: np.random.Generator) -> list[PreparedPair]:
        source = self.sources[int(rng.choice(len(self.shares), p=self.shares))]
        drawn = draw_three(rng, self.store.frames(source), source.fps, self.window, GAP_WEIGHTS)
        if drawn is None:
            return []
        three, time = drawn
        maker = draw_maker(rng)
        if maker is None:
            return [PreparedPair(three, time, None, False)]
        name, colors = maker
        return [PreparedPair(three, time, prepared(three[:2], RECIPES[name], colors), MAKERS[name].dithered)]


@torch.no_grad()
def restored(network: torch.nn.Module, gifs: DeviceGIFs) -> torch.Tensor:
    """A color network's estimates of pairs of GIF frames, first and second of each in turn; uint8 [N, 2, H, W, 3]."""
    pictures = to_unit(gifs.rgb)
    flat = gifs.index.flatten(1).long()

    def of_pixels(table: torch.Tensor) -> torch.Tensor:
        """[2 N, 256, C] looked up for every pixel, [2 N, C, H, W]."""
        own = torch.gather(table, 1, flat[..., None].expand(-1, -1, table.shape[2]))
        return own.reshape(*gifs.index.shape, -1).movedim(-1, -3)

    radius = of_pixels(radius_tables(gifs.palette, gifs.tables)[..., None])
    cell, palette = of_pixels(cell_tables(gifs.palette, gifs.tables)), gifs.palette.float() / 127.5 - 1
    first, second = ([x[k::2] for x in (pictures, radius, palette, gifs.tables)] for k in range(2))
    with torch.autocast(pictures.device.type, torch.bfloat16):
        one = network(*first, None, pictures[1::2], None, cell[::2])
        two = network(*second, pictures[::2], None, one.float(), cell[1::2])
    both = torch.stack([one, two], 1).float().clamp(-1, 1)
    return ((both + 1) * 127.5).round().to(torch.uint8).movedim(-3, -1)


class StreamedMotionTask(Streamed, MotionTask):
    """MotionTask whose batches come from windows that a stream of prepared pairs keeps fresh.

    restorers: the color networks, by "none" and "dithered".
    """

    def __init__(
        self,
        config: dict,
        windows: MotionWindows,
        stream: Stream,
        restorers: dict[str, torch.nn.Module],
        validation: Path | None,
        device: torch.device,
    ):
        super().__init__(config, [], validation, device)
        self.windows, self.stream, self.restorers, self.taken = windows, stream, restorers, 0

    def take(self, pairs: list[PreparedPair]) -> None:
        """Finishes and restores pairs and puts them into the windows."""
        for dithered in (None, False, True):
            own = [pair for pair in pairs if (pair.dithered if pair.gifs else None) is dithered]
            if not own:
                continue
            three = torch.from_numpy(np.stack([pair.three for pair in own])).to(self.device, non_blocking=True)
            frames, pictures = three[:, :2], three[:, :2]
            if dithered is not None:
                side = (self.windows.window, self.windows.window)
                _, gifs = finished([pair.gifs for pair in own], side, self.device)
                frames = gifs.rgb.reshape(len(own), 2, *side, 3)
                pictures = restored(self.restorers["dithered" if dithered else "none"], gifs)
            five = torch.cat([frames, pictures, three[:, 2:]], 1)
            self.windows.put(self.windows.places.take(len(own)), five, [pair.time for pair in own])
        self.taken += len(pairs)

    def batch(self, rng: np.random.Generator) -> Batch:
        self.take(self.stream.ready(TAKEN))
        return self.windows.draw(rng, self.training["batch"], self.training["patch"])
