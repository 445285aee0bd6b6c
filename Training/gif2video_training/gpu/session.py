"""One job: a task with its stream, a timed training, export, figures before and after."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..color_pool import ColorPool
from ..export import load_model, trained
from ..networks import make_network
from ..train import Trainer
from .color_task import ColorSource, StreamedColorTask
from .film_store import FilmStore
from .jobs import Job
from .motion_task import MotionSource, StreamedMotionTask
from .results import Results
from .stream import Stream
from .validation import ValidationPools
from .windows import ColorWindows, MotionWindows

FLAT_SHARE = WILD_SHARE = 0.1
"""One sample in ten is flat art, one by tools that are not here."""
QUEUE = 128
"""Samples that are made ahead at the most, beside those on the device."""
SYNCHRONIZED = 10
"""Steps that the device may lag behind at the most."""
MOTION_WINDOW = 224


@dataclass(frozen=True)
class Size:
    """windows: that lie on the device; first: that there are before training begins; threads: that make them."""

    windows: int
    first: int
    threads: int


@dataclass
class Session:
    """The data that all jobs share. wild: pools by tools that are not here, for each kind of color network."""

    store: FilmStore
    flat: list[ColorPool]
    wild: dict[str, list[ColorPool]]
    pools: ValidationPools
    restorers: dict[str, torch.nn.Module]
    device: torch.device
    size: Size
    results: Results

    def stream(self, make) -> Stream:
        return Stream(make, self.size.threads, QUEUE, seed=1)

    def color_task(self, config: dict, colors: tuple[int, int]) -> StreamedColorTask:
        source = ColorSource(self.store, config["dither"] == "dithered", colors, config["training"]["patch"])
        fixed = [(self.flat, FLAT_SHARE), (self.wild[config["dither"]], WILD_SHARE)]
        windows = ColorWindows(self.size.windows, self.device, fixed)
        return StreamedColorTask(config, windows, self.stream(source), None, self.device)

    def motion_task(self, config: dict) -> StreamedMotionTask:
        windows = MotionWindows(self.size.windows, MOTION_WINDOW, self.device)
        stream = self.stream(MotionSource(self.store, MOTION_WINDOW))
        return StreamedMotionTask(config, windows, stream, self.restorers, None, self.device)

    def run(self, job: Job, deadline: float) -> None:
        """Trains until a job's share is over, at the latest until `deadline` (time.monotonic).

        If memory is short, the batch is halved and the training begins anew.
        """
        began = time.monotonic()
        end = min(began + job.seconds, deadline) - job.measure
        config = job.configuration()
        while True:
            try:
                return self._run(job, config, began, end)
            except torch.OutOfMemoryError:
                if config["training"]["batch"] == 1:
                    raise
            torch.cuda.empty_cache()
            config["training"]["batch"] //= 2
            self.results.say(f"{job.name}: out of memory, again with batches of {config['training']['batch']}")

    def _run(self, job: Job, config: dict, began: float, end: float) -> None:
        is_motion = config["architecture"] == "superslomo"
        task = self.motion_task(config) if is_motion else self.color_task(config, job.colors)
        try:
            trainer = Trainer(config, task, 1, self.device)
            if job.start_file:
                trainer.start_from(job.start_file)
            task.fill(self.size.first)
            first = time.monotonic()
            self.results.say(f"{job.name}: first step after {first - began:.1f} s, {end - first:.0f} s to train")
            self._train(job, trainer, task, first, end)
        finally:
            task.stream.close()
        spent = time.monotonic() - first
        samples = trainer.step * config["training"]["batch"]
        facts = {"config": job.config, "start": job.start, "steps": trainer.step, "seconds": round(spent, 1)}
        facts |= {"batch": config["training"]["batch"], "samples": samples, "windows": task.taken}
        self.results.note(job.name, **facts)
        self.results.say(f"{job.name}: {trainer.step} steps in {spent:.1f} s, {samples} of {task.taken} windows")
        if not trainer.step:
            raise ValueError("there was no time left for a step")
        self._finish(job, config, trainer)

    def _train(self, job: Job, trainer: Trainer, task, first: float, end: float) -> None:
        losses, told = [], first
        while (now := time.monotonic()) < end or trainer.step < job.least_steps:
            progress = min((now - first) / max(end - first, 1e-6), 1 - 1e-6)
            losses.append(trainer.advance(progress))
            if trainer.step % SYNCHRONIZED == 0:
                float(losses[-1])
            if time.monotonic() - told > 10:
                told = time.monotonic()
                loss = float(torch.stack(losses).mean())
                if not math.isfinite(loss):
                    raise ValueError(f"the loss is {loss} at step {trainer.step}")
                self.results.say(f"{job.name}: step {trainer.step}, loss {loss:.5f}, {task.taken} windows")
                losses = []
        if losses and not np.isfinite(loss := float(torch.stack(losses).mean())):
            raise ValueError(f"the loss is {loss} at step {trainer.step}")

    def _finish(self, job: Job, config: dict, trainer: Trainer) -> None:
        """Writes the weights, then the figures of the start and of what was written."""
        record = {"steps": trainer.step, "start": job.start, "batch": config["training"]["batch"]}
        if job.export:
            file = self.results.folder / f"{job.name}.safetensors"
            known = trainer.provenance.card({"steps": trainer.step, "rate": config["training"]["rate"]})
            trained(config, trainer.average.state, job.set, record, known, half=True).write(file)
            self.results.accept(file)
            self.results.say(f"{job.name}: {file.name}, {file.stat().st_size / 2**20:.1f} MiB")
            network, _ = load_model(file, self.device)
        else:
            network = make_network(config["architecture"], config["model"], trainer.network.thresholds)
            network.load_state_dict(trainer.average.state)
            network = network.to(self.device, memory_format=torch.channels_last).eval()
        before = {}
        if job.start_file:
            start, metadata = load_model(job.start_file, self.device)
            model = start.config
            before = self.pools.measure(start, config | {"model": model}, self.device)
            self._say_figures(job, "before", before)
        after = self.pools.measure(network, config, self.device)
        self._say_figures(job, "after", after)
        self.results.note(job.name, before=before, after=after, done=True)

    def _say_figures(self, job: Job, when: str, figures: dict[str, float]) -> None:
        self.results.say(f"{job.name} {when}: " + ", ".join(f"{name} {value:+.3f}" for name, value in figures.items()))


def restoring_networks(folder: Path, device: torch.device) -> dict[str, torch.nn.Module]:
    """The color networks of a folder, by "none" and "dithered"."""
    return {name: load_model(folder / f"ccdnet-{name}.safetensors", device)[0] for name in ("none", "dithered")}
