"""Motion pools: ready-made samples for SuperSlomo, in memory-mapped arrays.

A pool is a folder that holds, per sample of WINDOW x WINDOW pixels:

    frames.npy   uint8 [N, 5, WINDOW, WINDOW, 3]   GIF frames g0 g1, restored frames i0 i1, the true in-between
    time.npy     float32 [N]                       its time t in (0, 1)
    ordered.npy  bool [N], optional                whether it is another sample in reversed time (scenes)
    teacher.npy  float16 [N, 6, WINDOW / 2, WINDOW / 2], optional   a teacher's answer (teacher.py)

The frames lie 2, 4 or 8 frames of the film apart. Some samples are clean (g = i = film); in the
others the GIF frames are made like a color pool's and restored by the color networks given, so that
the in-betweens train on what they will be fed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from .catalogue import MAKERS
from .color_pool import cut, random_colors
from .data import Source, center_crop, find_sources, load_frames
from .export import load_model
from .makers import GIFFrame, cell_table, radius_table
from .metrics import to_picture

GAPS, GAP_WEIGHTS = (2, 4, 8), (0.5, 0.3, 0.2)
MOTION_POWER = 0.5
CUT_DIFFERENCE = 45.0
"""Mean absolute difference (of 255) of two frames above which they are taken for two scenes."""


class MotionPool:
    """A pool on disk, opened read-only."""

    def __init__(self, folder: Path):
        self.frames = np.load(folder / "frames.npy", mmap_mode="r")
        self.time = np.load(folder / "time.npy")
        ordered, teacher = folder / "ordered.npy", folder / "teacher.npy"
        self.ordered = np.load(ordered) if ordered.exists() else np.zeros(len(self.time), bool)
        self.teacher = np.load(teacher, mmap_mode="r") if teacher.exists() else None

    def __len__(self) -> int:
        return len(self.time)


class PoolWriter:
    """A pool that is being made."""

    def __init__(self, folder: Path, count: int, window: int):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.frames = np.lib.format.open_memmap(folder / "frames.npy", "w+", np.uint8, (count, 5, window, window, 3))
        self.time, self.ordered = np.zeros(count, np.float32), np.zeros(count, bool)

    def put(self, slot: int, five: list[np.ndarray], time: float, ordered: bool = False) -> None:
        """five: GIF frames g0 g1, restored frames i0 i1, the in-between at `time`; uint8 [WINDOW, WINDOW, 3] each."""
        self.frames[slot] = np.stack(five)
        self.time[slot], self.ordered[slot] = time, ordered

    def copy(self, slot: int, other: int) -> None:
        self.put(slot, list(self.frames[other]), float(self.time[other]), bool(self.ordered[other]))

    def close(self) -> None:
        self.frames.flush()
        np.save(self.folder / "time.npy", self.time)
        np.save(self.folder / "ordered.npy", self.ordered)


@torch.no_grad()
def restore(network: torch.nn.Module, gifs: list[GIFFrame]) -> list[np.ndarray]:
    """A color network's estimates of a GIF's frames, uint8 [H, W, 3] each."""
    pictures = [torch.from_numpy(gif.rgb).permute(2, 0, 1)[None].float() / 127.5 - 1 for gif in gifs]
    results, estimate = [], None
    for gif, picture, before, after in zip(gifs, pictures, [None, *pictures], [*pictures[1:], None]):
        palette = torch.from_numpy(gif.palette).float()[None] / 127.5 - 1
        radius = torch.from_numpy(radius_table(gif.palette)[gif.index])[None, None]
        count = torch.tensor([len(gif.palette)])
        cell = torch.from_numpy(cell_table(gif.palette)[gif.index]).permute(2, 0, 1)[None]
        estimate = network(picture, radius, palette, count, before, after, estimate, cell)
        results.append(to_picture(estimate))
    return results


def draw_maker(rng: np.random.Generator) -> tuple[str, int] | None:
    """The maker of a pair's GIF, by name in the catalogue, and the number of colors; None: the pair stays clean."""
    draw = rng.random()
    if draw < 0.3:
        return None
    colors = random_colors(rng, 32, 256)
    for limit, name in ((0.55, "pillow-none"), (0.7, "ffmpeg-none"), (0.9, "pillow-floyd_steinberg")):
        if draw < limit:
            return name, colors
    return f"ffmpeg-{rng.choice(['sierra2_4a', 'bayer'])}", colors


def degrade(
    pair: np.ndarray, networks: dict[str, torch.nn.Module], drawn: tuple[str, int] | None
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """GIF frames and restored frames of two film frames [2, H, W, 3]. drawn: who makes the GIF, see `draw_maker`."""
    if drawn is None:
        return list(pair), list(pair)
    maker = MAKERS[drawn[0]]
    gifs = maker.frames(pair, drawn[1])
    return [gif.rgb for gif in gifs], restore(networks["dithered" if maker.is_noisy else "none"], gifs)


def motion_shares(sources: list[Source], motion_power: float) -> np.ndarray:
    """The part of the samples that each clip gives: by a power of its motion, faces half as much again."""
    weights = np.array(
        [min(max(s.motion, 0.5), 16) ** motion_power * (1.5 if s.kind == "face" else 1.0) for s in sources]
    )
    return weights / weights.sum()


def draw_three(
    rng: np.random.Generator, frames: np.ndarray, fps: float, window: int, gap_weights: tuple[float, ...]
) -> tuple[np.ndarray, float] | None:
    """Two frames of a clip [T, H, W, 3] and one between them through a random window, uint8 [3, window, window, 3], and
    the time of that one; None where they show two scenes or, mostly, where nothing moves."""
    gap = int(rng.choice(GAPS, p=gap_weights))
    if fps < 23:
        gap = 2
    gap = min(gap, len(frames) - 1)
    first = int(rng.integers(len(frames) - gap))
    middle = int(rng.integers(1, gap))
    scale_low = window / min(frames.shape[1:3])
    scale = 1.0 if rng.random() < 0.6 else rng.uniform(max(scale_low, 0.6), 1.0)
    side = round(window / scale)
    top, left = (int(rng.integers(length - side + 1)) for length in frames.shape[1:3])
    place = (slice(top, top + side), slice(left, left + side), scale)
    three = cut(frames[[first, first + gap, first + middle]], place, window)
    difference = np.abs(three[0].astype(np.int16) - three[1]).mean()
    if difference > CUT_DIFFERENCE or (difference < 0.7 and rng.random() < 0.8):
        return None
    return three, middle / gap


def write_motion_pool(
    out: Path,
    sources: list[Source],
    cache: Path,
    count: int,
    window: int,
    networks: dict[str, torch.nn.Module],
    seed: int,
    gap_weights: tuple[float, ...] = GAP_WEIGHTS,
    motion_power: float = MOTION_POWER,
) -> None:
    """Makes a pool; each clip's part is that of `motion_shares`."""
    rng = np.random.default_rng(seed)
    pool = PoolWriter(out, count, window)
    slots = list(rng.permutation(count))
    for source, wanted in zip(sources, rng.multinomial(count, motion_shares(sources, motion_power))):
        frames = load_frames(source, cache)
        failures = 0
        while wanted > 0 and failures < 50:
            drawn = draw_three(rng, frames, source.fps, window, gap_weights)
            if drawn is None:
                failures += 1
                continue
            three, time = drawn
            slot = int(slots.pop())
            gifs, restored = degrade(three[:2], networks, draw_maker(rng))
            pool.put(slot, [*gifs, *restored, three[2]], time)
            wanted -= 1
    filled = np.setdiff1d(np.arange(count), slots)
    for slot in slots:
        pool.copy(slot, int(rng.choice(filled)))
    pool.close()


def write_validation_pool(
    out: Path, sources: list[Source], side: int, load: Callable[[Source], np.ndarray] = load_frames
) -> None:
    """Clean center crops two frames apart, three per clip of 24 fps and more."""
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for source in sources:
        frames = center_crop(load(source), side)
        if source.fps < 24 or min(frames.shape[1:3]) < side:
            continue
        for first in (4, 16, 28):
            if first + 2 < len(frames):
                rows.append(frames[[first, first + 2, first, first + 2, first + 1]])
    np.save(out / "frames.npy", np.stack(rows))
    np.save(out / "time.npy", np.full(len(rows), 0.5, np.float32))


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a motion pool from a folder of clips.")
    parser.add_argument("--data", type=Path, required=True, help="folder of clips")
    parser.add_argument("--out", type=Path, required=True, help="the pool's folder")
    parser.add_argument("--cache", type=Path, default=Path("cache/frames"), help="decoded clips")
    parser.add_argument(
        "--models", type=Path, help="folder with ccdnet-none and ccdnet-dithered (not for --validation)"
    )
    parser.add_argument("--count", type=int, default=6000, help="samples")
    parser.add_argument("--window", type=int, default=192, help="side of a sample, pixels")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--gap-weights",
        type=float,
        nargs=len(GAPS),
        default=GAP_WEIGHTS,
        metavar="SHARE",
        help=f"shares of pairs {', '.join(map(str, GAPS))} film frames apart (sum 1)",
    )
    parser.add_argument(
        "--motion-power", type=float, default=MOTION_POWER, help="a clip weighs by its motion to this power"
    )
    parser.add_argument("--validation", action="store_true", help="clean center crops")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sources = [source for source in find_sources(options.data) if source.is_clip and source.fps >= 20]
    if options.validation:
        write_validation_pool(options.out, sources, options.window)
        return
    networks = {name: load_model(options.models / f"ccdnet-{name}.safetensors")[0] for name in ("none", "dithered")}
    write_motion_pool(
        options.out,
        sources,
        options.cache,
        options.count,
        options.window,
        networks,
        options.seed,
        tuple(options.gap_weights),
        options.motion_power,
    )


if __name__ == "__main__":
    main()
