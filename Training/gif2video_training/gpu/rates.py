"""Measures how fast one core of this machine makes samples for a training on a GPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch

from ..networks import ARCHITECTURES
from .color_task import ColorSource
from .film_store import FilmStore
from .jobs import Job
from .motion_task import MotionSource
from .package import Package
from .session import MOTION_WINDOW


def per_second(make: Callable[[np.random.Generator], Iterable], seconds: float) -> float:
    """Samples that one thread makes."""
    rng, count = np.random.default_rng(1), 0
    list(make(rng))
    began = time.monotonic()
    while (spent := time.monotonic() - began) < seconds:
        count += len(list(make(rng)))
    return count / spent


def loader_rates(package: Path, jobs: list[Job], seconds: float) -> list[str]:
    """Lines that say what decoding takes and what each job's stream makes a second, on one core."""
    torch.set_num_threads(1)
    began = time.monotonic()
    store = FilmStore(Package(package).files(), 1)
    lines = [f"decoding: {time.monotonic() - began:.0f} s for {store.size / 2**30:.2f} GiB"]
    for job in jobs:
        config = job.configuration()
        if config["architecture"] == "superslomo":
            source = MotionSource(store, MOTION_WINDOW)
        else:
            source = ColorSource(store, config["dither"] == "dithered", job.colors, config["training"]["patch"])
        lines.append(f"{job.name}: {per_second(source, seconds):.0f} samples a second")
    return lines


def compiling_seconds(job: Job) -> float:
    """The time of torch.compile for a job's first U-Net, forwards and backwards, on this machine's processor."""
    config = job.configuration()
    network = ARCHITECTURES[config["architecture"]](config["model"])
    unet = next(iter(network.children()))
    unet.compile()
    channels = next(iter(unet.parameters())).shape[1] // 4
    began = time.monotonic()
    with torch.autocast("cpu", torch.bfloat16):
        unet(torch.zeros(1, channels, 32, 32)).float().mean().backward()
    return time.monotonic() - began
