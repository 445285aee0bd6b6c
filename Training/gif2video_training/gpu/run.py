"""Trains the jobs of a list on a GPU, one after the other, from a package (see Training/gpu/README.md).

Everything that is made ahead is made by threads: clips are decoded, compiled code is warmed up, flat art is drawn (by
processes of its own) while the rest starts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch

from ..color_pool import ColorPool
from .film_store import FilmStore
from .jobs import JOBS, TRAINING, JobList, read_jobs
from .pack import PACKAGE
from .package import Package
from .recipes import RECIPES, prepared
from .results import Results
from .session import Session, Size, restoring_networks
from .validation import ValidationPools
from .wild import wild_pools

SCENES = 320
"""Scenes of flat art, in the share that one of ten samples has."""
FULL, TINY = Size(4096, 384, max(1, (os.cpu_count() or 1) - 2)), Size(24, 6, 1)
TINY_SCENES, TINY_CLIPS = 4, 1


def start_flat_art(folder: Path, scenes: int, processes: int) -> list[tuple[subprocess.Popen, Path]]:
    """Processes that each draw a pool of flat art."""
    started = []
    for number in range(processes):
        pool = folder / f"flat-{number}"
        command = [sys.executable, "-m", "gif2video_training.flat_pool", "--count", str(scenes // processes)]
        command += ["--seed", str(number + 1), "--out", str(pool)]
        started.append((subprocess.Popen(command, cwd=TRAINING), pool))
    return started


def finished_flat_art(started: list[tuple[subprocess.Popen, Path]]) -> list[ColorPool]:
    for process, pool in started:
        if process.wait():
            raise SystemExit(f"drawing flat art into {pool} failed; its message is above")
    return [ColorPool(pool) for _, pool in started]


def warm_up() -> None:
    """Compiles what the makers need, before several threads want it."""
    film = np.random.default_rng(1).integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
    for recipe in RECIPES.values():
        prepared(film, recipe, 8)


def chosen_device(name: str | None) -> torch.device:
    if name is None and not torch.cuda.is_available():
        raise SystemExit("PyTorch sees no GPU here; --device cpu trains all the same, slowly")
    device = torch.device(name or "cuda")
    # One thread each for what the makers' threads compute.
    torch.set_num_threads(1)
    # Those threads give way to the one that trains soon.
    sys.setswitchinterval(0.0005)
    return device


def train_all(
    listed: JobList, package: Package, device: torch.device, tiny: bool, clips: int | None, results: Results
) -> None:
    """Runs every job; one that fails is noted and the next begins. clips: to measure on, None: all."""
    size = TINY if tiny else FULL
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        flat = start_flat_art(folder, TINY_SCENES if tiny else SCENES, 1 if tiny else 8)
        with ThreadPoolExecutor(1) as pool:
            warm = pool.submit(warm_up)
            store = FilmStore(package.files(), size.threads)
            results.say(
                f"{len(store.sources)} clips and images to train on, {len(store.validation)} clips to measure on, "
                f"{store.size / 2**30:.2f} GiB decoded"
            )
            pools = ValidationPools(store, folder, clips)
            warm.result()
            wild = {
                name: wild_pools(folder / f"wild-{name}", store, package.wild, name == "dithered")
                for name in ("none", "dithered")
            }
        counts = [f"{sum(len(pool) for pool in own)} {name}" for name, own in wild.items()]
        results.say(f"makers compiled, runs by other tools: {', '.join(counts)}")
        drawn = finished_flat_art(flat)
        results.say(f"{sum(len(each) for each in drawn)} scenes of flat art drawn")
        restorers = restoring_networks(listed.restorers, device)
        session = Session(store, drawn, wild, pools, restorers, device, size, results)
        for job in listed.jobs:
            try:
                session.run(job.tiny() if tiny else job, results.began + listed.limit)
            except (Exception, SystemExit) as error:
                results.say(f"{job.name} FAILED: {traceback.format_exc()}")
                results.note(job.name, failed=f"{type(error).__name__}: {error}")
            if device.type == "cuda":
                torch.cuda.empty_cache()


def main() -> None:
    began = time.monotonic()
    parser = argparse.ArgumentParser(prog="run", description="Train the jobs of a list on a GPU, from a package.")
    parser.add_argument("--package", type=Path, default=PACKAGE)
    parser.add_argument("--jobs", type=Path, default=JOBS)
    parser.add_argument("--out", type=Path, default=os.environ.get("OUT"), help="default: what OUT names")
    parser.add_argument("--device", help="default: cuda")
    parser.add_argument("--tiny", action="store_true", help="steps as a CPU can do them, two for each job: a rehearsal")
    parser.add_argument(
        "--clips", type=int, metavar="N", help="measure on the first N clips only (default: all; tiny: 1)"
    )
    options = parser.parse_args()
    if not options.out:
        raise SystemExit("where to? OUT names no folder; --out does as well")
    device = chosen_device(options.device)
    listed = read_jobs(options.jobs)
    results = Results(Path(options.out), began)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    results.note(None, device=name, torch=torch.__version__)
    results.say(f"{name}, PyTorch {torch.__version__}, {os.cpu_count()} cores")
    clips = options.clips or (TINY_CLIPS if options.tiny else None)
    train_all(listed, Package(options.package), device, options.tiny, clips, results)
    failed = [name for name, job in results.record["jobs"].items() if "done" not in job]
    results.note(None, seconds=round(results.seconds, 1))
    results.say(f"done; failed: {', '.join(failed) or 'none'}")
    results.close()
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
