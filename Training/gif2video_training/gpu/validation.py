"""The validation pools, made from the package's crops with Pillow, and what networks gain on them."""

from __future__ import annotations

import threading
from pathlib import Path

import torch

from ..color_pool import write_validation_pool as write_color_pool
from ..motion_pool import write_validation_pool as write_motion_pool
from ..tasks import TASKS
from .film_store import FilmStore

SIZES, EVERY, WINDOW = [32, 256], 24, 256


class ValidationPools:
    """Pools below a folder, by "none", "dithered" and "motion", made by a thread while training has begun."""

    def __init__(self, store: FilmStore, folder: Path, clips: int | None):
        """clips: how many are measured, None: all."""
        self._store, self._folder, self._clips = store, folder, store.validation[:clips]
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._make, daemon=True)
        self._thread.start()

    def _make(self) -> None:
        try:
            write_motion_pool(self._folder / "motion", self._clips, WINDOW, self._store.frames)
            for dither in ("none", "dithered"):
                write_color_pool(self._folder / dither, self._clips, dither, SIZES, EVERY, self._store.frames)
        except BaseException as error:
            self._error = error

    def measure(self, network: torch.nn.Module, config: dict, device: torch.device) -> dict[str, float]:
        """The figures of a network in evaluation mode, as train.py prints them."""
        self._thread.join()
        if self._error:
            raise RuntimeError("the making of the validation pools failed") from self._error
        name = "motion" if config["architecture"] == "superslomo" else config["dither"]
        return TASKS[config["architecture"]](config, [], self._folder / name, device).validate(network)
