"""Colour pools: ready-made pairs of a true frame and a GIF frame, in memory-mapped arrays.

Making GIFs costs as much as training on them, so it is done once, ahead; a training step then only
cuts patches out of a pool. A pool is a folder that holds, per sample of at most SIDE x SIDE pixels:

    truth.npy    uint8 [N, SIDE, SIDE, 3]   the frame the GIF was made from
    index.npy    uint8 [N, SIDE, SIDE]      its pixels as indices
    palette.npy  uint8 [N, 256, 3]          the colour table of the GIF file
    radius.npy   float32 [N, 256]           the palette radius of every entry (makers.radius_table)
    samples.json                            per sample: source, kind, maker, colours, table, size
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from .data import Source, centre_crop, find_sources, load_frames
from .makers import GIFFrame, ffmpeg_palette, pillow_median_cut, pillow_with_palette, radius_table

SIDE = 256
BATCH_OF_FFMPEG = 6
SMALLEST = 112


@dataclass(frozen=True)
class Sample:
    """What is known of one sample of a colour pool. `table`: entries of the file's colour table."""

    source: str
    kind: str
    maker: str
    dithered: bool
    colours: int
    table: int
    height: int
    width: int


class ColourPool:
    """A pool on disk, opened read-only."""

    def __init__(self, folder: Path):
        self.truth = np.load(folder / "truth.npy", mmap_mode="r")
        self.index = np.load(folder / "index.npy", mmap_mode="r")
        self.palette = np.load(folder / "palette.npy")
        self.radius = np.load(folder / "radius.npy")
        self.samples = [Sample(**row) for row in json.loads((folder / "samples.json").read_text())]

    def __len__(self) -> int:
        return len(self.samples)


def random_colours(rng: np.random.Generator, low: int, high: int) -> int:
    """A palette size: often 32 (the paper's) and the largest (most real GIFs), else log-uniform."""
    draw = rng.random()
    if draw < 0.25 and low <= 32 <= high:
        return 32
    if draw < 0.55:
        return high
    return int(round(np.exp(rng.uniform(np.log(low), np.log(high)))))


def random_window(rng: np.random.Generator, frames: np.ndarray, side: int) -> tuple[slice, slice, float]:
    """A random crop of at most `side` pixels after scaling by 0.5 to 1: rows, columns and the scale."""
    height, width = frames.shape[1:3]
    scale = 1.0 if rng.random() < 0.5 else rng.uniform(0.5, 1.0)
    scale = min(1.0, max(scale, SMALLEST / min(height, width)))
    h, w = min(height, round(side / scale)), min(width, round(side / scale))
    top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
    return slice(top, top + h), slice(left, left + w), scale


def cut(frames: np.ndarray, window: tuple[slice, slice, float], side: int) -> np.ndarray:
    """`window` of frames [T, H, W, 3], scaled: uint8 [T, <= side, <= side, 3]."""
    rows, columns, scale = window
    crops = frames[:, rows, columns]
    if scale == 1:
        return np.ascontiguousarray(crops[:, :side, :side])
    size = tuple(min(side, round(length * scale)) for length in (crops.shape[2], crops.shape[1]))
    return np.stack([np.asarray(Image.fromarray(crop).resize(size, Image.Resampling.LANCZOS)) for crop in crops])


def make_gif(
    rng: np.random.Generator, frames: np.ndarray, dithered: bool, colours: int
) -> tuple[str, list[tuple[int, GIFFrame]]]:
    """One maker drawn by its weight, applied to frames [T, H, W, 3].

    Returns the maker's name and (frame number, GIF frame) pairs; Pillow's makers treat one frame, ffmpeg's all.
    """
    name = str(
        rng.choice(
            ["pillow-fs", "ffmpeg-sierra2_4a", "ffmpeg-bayer", "ffmpeg-floyd_steinberg"], p=[0.6, 0.15, 0.13, 0.12]
        )
        if dithered
        else rng.choice(["pillow-mediancut", "pillow-inexact", "ffmpeg-none"], p=[0.68, 0.10, 0.22])
    )
    if name.startswith("ffmpeg"):
        per_frame = bool(rng.random() < 0.4)
        made = ffmpeg_palette(frames, colours, name.split("-")[1], per_frame, int(rng.integers(6)))
        return name + ("-single" if per_frame else ""), list(enumerate(made))
    at, other = (int(value) for value in rng.integers(len(frames), size=2))
    if name == "pillow-mediancut":
        return name, [(at, pillow_median_cut(frames[at], colours))]
    own_palette = rng.random() < 0.6
    made = pillow_with_palette(frames[at], colours, dithered, None if own_palette else frames[other])
    return name, [(at, made)]


def share(rng: np.random.Generator, sources: list[Source], count: int, even: bool) -> np.ndarray:
    """How many of `count` samples each source gives. Clips weigh 3, images 1, faces twice; or all alike."""
    weights = np.array(
        [1.0 if even else (3.0 if s.is_clip else 1.0) * (2.0 if s.kind == "face" else 1.0) for s in sources]
    )
    return rng.multinomial(count, weights / weights.sum())


def write_colour_pool(
    out: Path,
    sources: list[Source],
    cache: Path,
    count: int,
    dither: str,
    colours: tuple[int, int],
    even: bool,
    seed: int,
) -> None:
    """Makes a colour pool. dither: "none", "dithered" or "any" (half of each)."""
    rng = np.random.default_rng(seed)
    out.mkdir(parents=True, exist_ok=True)
    arrays = {
        "truth": np.lib.format.open_memmap(out / "truth.npy", "w+", np.uint8, (count, SIDE, SIDE, 3)),
        "index": np.lib.format.open_memmap(out / "index.npy", "w+", np.uint8, (count, SIDE, SIDE)),
    }
    palettes = np.zeros((count, 256, 3), np.uint8)
    radii = np.zeros((count, 256), np.float32)
    samples: list[Sample | None] = [None] * count
    slots = list(rng.permutation(count))
    for source, wanted in zip(sources, share(rng, sources, count, even)):
        frames = load_frames(source, cache) if wanted else None
        while wanted > 0:
            dithered = dither == "dithered" or (dither == "any" and rng.random() < 0.5)
            window = random_window(rng, frames, SIDE)
            step = max(1, len(frames) // BATCH_OF_FFMPEG)
            crops = cut(frames[int(rng.integers(step)) :: step][:BATCH_OF_FFMPEG], window, SIDE)
            number = random_colours(rng, *colours)
            maker, made = make_gif(rng, crops, dithered, number)
            for at, gif in made[:wanted]:
                slot = int(slots.pop())
                h, w = gif.index.shape
                arrays["truth"][slot, :h, :w] = crops[at]
                arrays["index"][slot, :h, :w] = gif.index
                palettes[slot, : len(gif.palette)] = gif.palette
                radii[slot, : len(gif.palette)] = radius_table(gif.palette)
                samples[slot] = Sample(source.name, source.kind, maker, dithered, number, len(gif.palette), h, w)
                wanted -= 1
    np.save(out / "palette.npy", palettes)
    np.save(out / "radius.npy", radii)
    (out / "samples.json").write_text(json.dumps([asdict(sample) for sample in samples]))


def write_validation_pool(out: Path, sources: list[Source], dither: str, sizes: list[int], every: int) -> None:
    """A colour pool of centre crops of clips only, Pillow's median cut (none) or its Floyd-Steinberg."""
    out.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[np.ndarray, GIFFrame, Sample]] = []
    for source in sources:
        if not source.is_clip:
            continue
        for frame in centre_crop(load_frames(source), SIDE)[every // 2 :: every]:
            frame = np.ascontiguousarray(frame)
            for number in sizes:
                dithered = dither == "dithered"
                gif = pillow_with_palette(frame, number, True) if dithered else pillow_median_cut(frame, number)
                maker = "pillow-fs" if dithered else "pillow-mediancut"
                sample = Sample(source.name, source.kind, maker, dithered, number, len(gif.palette), *gif.index.shape)
                rows.append((frame, gif, sample))
    truth = np.zeros((len(rows), SIDE, SIDE, 3), np.uint8)
    index = np.zeros((len(rows), SIDE, SIDE), np.uint8)
    palette = np.zeros((len(rows), 256, 3), np.uint8)
    radius = np.zeros((len(rows), 256), np.float32)
    for row, (frame, gif, sample) in enumerate(rows):
        truth[row, : sample.height, : sample.width] = frame
        index[row, : sample.height, : sample.width] = gif.index
        palette[row, : sample.table] = gif.palette
        radius[row, : sample.table] = radius_table(gif.palette)
    for name, array in {"truth": truth, "index": index, "palette": palette, "radius": radius}.items():
        np.save(out / f"{name}.npy", array)
    (out / "samples.json").write_text(json.dumps([asdict(sample) for _, _, sample in rows]))


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a colour pool from a folder of clips and images.")
    parser.add_argument("--data", type=Path, required=True, help="folder of clips and images")
    parser.add_argument("--out", type=Path, required=True, help="the pool's folder")
    parser.add_argument("--cache", type=Path, default=Path("cache/frames"), help="decoded clips")
    parser.add_argument("--dither", choices=["none", "dithered", "any"], required=True)
    parser.add_argument("--count", type=int, default=6000, help="samples")
    parser.add_argument("--colours", type=int, nargs=2, default=(16, 256), metavar=("LOW", "HIGH"))
    parser.add_argument("--even", action="store_true", help="every source weighs the same (for the classifier)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--validation", action="store_true", help="centre crops of clips, Pillow only, 32 and 256 colours"
    )
    parser.add_argument("--every", type=int, default=24, help="with --validation: every n-th frame")
    options = parser.parse_args()
    sources = find_sources(options.data)
    if options.validation:
        write_validation_pool(options.out, sources, options.dither, [32, 256], options.every)
    else:
        write_colour_pool(
            options.out,
            sources,
            options.cache,
            options.count,
            options.dither,
            tuple(options.colours),
            options.even,
            options.seed,
        )


if __name__ == "__main__":
    main()
