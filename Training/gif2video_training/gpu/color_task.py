"""CCDNet on GIFs that are made while it trains."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from ..color_pool import FILM, RUN, SIDE, draw_maker, film_run, random_colors, source_shares
from ..tasks import Batch, ColorTask
from .device_makers import finished
from .film_store import FilmStore
from .recipes import RECIPES, Prepared, prepared
from .stream import Stream, Streamed
from .windows import ColorWindows

TAKEN = 6
"""Runs that a step takes over at the most: searching their nearest colors costs the device time."""


@dataclass(frozen=True)
class ColorSource:
    """Draws films and prepares their GIFs, as color_pool.write_color_pool does. For any thread.

    dithered: by which makers; colors: fewest and most; smallest: pixels that a window's sides have at the least.
    """

    store: FilmStore
    dithered: bool
    colors: tuple[int, int]
    smallest: int

    @cached_property
    def shares(self) -> np.ndarray:
        return source_shares(self.store.sources, False)

    def __call__(self, rng: np.random.Generator) -> list[Prepared]:
        """Runs of RUN frames."""
        source = self.store.sources[int(rng.choice(len(self.shares), p=self.shares))]
        maker = draw_maker(rng, self.dithered, list(RECIPES))
        film = film_run(rng, self.store.frames(source), SIDE, RUN if maker.tool == "pillow" else FILM)
        if min(film.shape[1:3]) < self.smallest:
            return []
        made = prepared(film, RECIPES[maker.name], random_colors(rng, *self.colors))
        # A short clip's last frame stands.
        firsts = range(0, max(1, len(film) - RUN + 1), RUN)
        return [made.part([min(first + k, len(film) - 1) for k in range(RUN)]) for first in firsts]


class StreamedColorTask(Streamed, ColorTask):
    """ColorTask whose batches come from windows that a stream of prepared runs keeps fresh."""

    def __init__(
        self, config: dict, windows: ColorWindows, stream: Stream, validation: Path | None, device: torch.device
    ):
        super().__init__(config, [], validation, device)
        self.windows, self.stream, self.taken = windows, stream, 0

    def take(self, runs: list[Prepared]) -> None:
        """Finishes GIFs and puts them into the windows."""
        if runs:
            pictures, gifs = finished(runs, (SIDE, SIDE), self.device)
            sizes = [run.pictures.shape[1:3] for run in runs]
            self.windows.put(self.windows.places.take(len(runs)), sizes, pictures, gifs)
            self.taken += len(runs)

    def batch(self, rng: np.random.Generator) -> Batch:
        self.take(self.stream.ready(TAKEN))
        training = self.training
        return self.windows.draw(
            rng, training["batch"], training["patch"], training["alone"], training.get("permuted", 1)
        )
