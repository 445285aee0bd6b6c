"""Color pools: ready-made pairs of a true frame and a GIF frame, in memory-mapped arrays.

Making GIFs costs as much as training on them, so it is done once, ahead; a training step then only
cuts patches out of a pool. A pool is a folder that holds, per sample of at most SIDE x SIDE pixels:

    truth.npy    uint8 [N, RUN - 1, SIDE, SIDE, 3]  the film's frames; the last one's truth is not kept
    index.npy    uint8 [N, RUN, SIDE, SIDE]         the GIF's frames, as indices
    palette.npy  uint8 [N, RUN, 256, 3]             their color tables
    radius.npy   float32 [N, RUN, 256]              the palette radius of every entry (makers.radius_table)
    samples.json                                    per sample: source, kind, maker, colors, tables, size

Runs of frames, as the color networks see their own last picture: a run's first frame has no past, its last one is only
what comes after.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .catalogue import MAKERS, Maker
from .data import Source, center_crop, find_sources, load_frames
from .makers import GIFFrame, cell_table, radius_table

SIDE = 256
RUN = 4
"""Consecutive frames of a GIF in a sample."""
FILM = 2 * RUN
"""Frames of a clip that are made into one GIF, for tools that take a film; two samples."""
SMALLEST = 112
SPACINGS, SPACING_WEIGHTS = (1, 2, 3, 4), (0.4, 0.3, 0.15, 0.15)
"""How many frames of the film lie between two of the GIF's, plus one."""
MAKER_WEIGHTS = {
    "pillow-none": 50, "pillow-inexact": 5, "pillow-one-inexact": 3, "ffmpeg-none": 16, "ffmpeg-single-none": 9,
    "gifsicle-none": 5, "gifsicle-none-lossy20": 2, "gifsicle-none-lossy80": 3, "gifsicle-none-lossy200": 1,
    "imagemagick-none": 4, "imagemagick-one-none": 2, "imagequant-single-none": 2,
    "pillow-floyd_steinberg": 40, "pillow-one-floyd_steinberg": 12,
    "ffmpeg-sierra2_4a": 10, "ffmpeg-floyd_steinberg": 6, "ffmpeg-bayer": 8,
    "ffmpeg-single-sierra2_4a": 5, "ffmpeg-single-floyd_steinberg": 3, "ffmpeg-single-bayer": 4,
    "gifsicle-floyd-steinberg": 3, "gifsicle-floyd-steinberg-lossy80": 2, "gifsicle-ro64": 1, "gifsicle-o3": 1,
    "gifsicle-o4": 1, "gifsicle-o8": 1, "gifsicle-halftone": 1, "gifsicle-squarehalftone": 1, "gifsicle-diagonal": 1,
    "imagemagick-floyd_steinberg": 2, "imagemagick-riemersma": 2, "imagemagick-o8x8": 1,
    "imagemagick-one-floyd_steinberg": 1, "imagequant-single-diffusion": 8,
}  # fmt: skip
"""How often each maker of the catalogue is drawn, among those of its kind (dithered or not)."""


@dataclass(frozen=True)
class Sample:
    """Facts about one sample of a color pool. `tables`: entries of the file's color table, by frame."""

    source: str
    kind: str
    maker: str
    dithered: bool
    colors: int
    tables: list[int]
    height: int
    width: int


TOOLS = sorted({MAKERS[name].tool for name in MAKER_WEIGHTS})


class ColorPool:
    """A pool on disk, opened read-only."""

    def __init__(self, folder: Path):
        self.truth = np.load(folder / "truth.npy", mmap_mode="r")
        self.index = np.load(folder / "index.npy", mmap_mode="r")
        self.palette = np.load(folder / "palette.npy")
        self.radius = np.load(folder / "radius.npy")
        self.samples = [Sample(**row) for row in json.loads((folder / "samples.json").read_text())]
        self.cells: dict[tuple[int, int], np.ndarray] = {}

    def cell(self, slot: int, k: int) -> np.ndarray:
        """How far the cells of frame `k`'s colors reach (makers.cell_table), float32 [256, 6]; computed once."""
        known = self.cells.get((slot, k))
        if known is None:
            known = np.zeros((256, 6), np.float32)
            count = self.samples[slot].tables[k]
            known[:count] = cell_table(self.palette[slot, k, :count])
            self.cells[slot, k] = known
        return known

    def __len__(self) -> int:
        return len(self.samples)

    def frames(self, slot: int) -> list[np.ndarray]:
        """The GIF frames of a sample, uint8 [H, W, 3] each."""
        sample = self.samples[slot]
        return [self.palette[slot, k][self.index[slot, k, : sample.height, : sample.width]] for k in range(RUN)]

    def radius_map(self, slot: int, k: int) -> torch.Tensor:
        """The palette radius of each pixel of frame `k`, float32 [H, W]."""
        sample = self.samples[slot]
        return torch.from_numpy(self.radius[slot, k][self.index[slot, k, : sample.height, : sample.width]])


def random_colors(rng: np.random.Generator, low: int, high: int) -> int:
    """A palette size: often 32 (the paper's) and the largest (most real GIFs), else log-uniform."""
    draw = rng.random()
    if draw < 0.25 and low <= 32 <= high:
        return 32
    if draw < 0.55:
        return high
    return int(round(np.exp(rng.uniform(np.log(low), np.log(high)))))


def random_window(
    rng: np.random.Generator, frames: np.ndarray, side: int, scales: tuple[float, float] | None = None
) -> tuple[slice, slice, float]:
    """A random crop of at most `side` pixels after scaling by a number of `scales`: rows, columns and the scale.

    Without `scales` every second one is not scaled, the others by 0.5 to 1.
    """
    height, width = frames.shape[1:3]
    if scales:
        scale = rng.uniform(*scales)
    else:
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


def film_run(
    rng: np.random.Generator, frames: np.ndarray, side: int, length: int, scales: tuple[float, float] | None = None
) -> np.ndarray:
    """`length` neighboring frames of a clip (less of a short one) through one random window, or a still in motion.

    frames: uint8 [T, H, W, 3]; a still image (T = 1) stands or moves evenly through the window.
    """
    rows, columns, scale = random_window(rng, frames, side, scales)
    if len(frames) > 1:
        spacing = min(int(rng.choice(SPACINGS, p=SPACING_WEIGHTS)), max(1, (len(frames) - 1) // (length - 1)))
        first = int(rng.integers(max(1, len(frames) - spacing * (length - 1))))
        return cut(frames[first::spacing][:length], (rows, columns, scale), side)
    height, width = frames.shape[1:3]
    speed = rng.uniform(-4, 4, 2) if rng.random() < 0.7 else np.zeros(2)
    # Room to move.
    rows = slice(rows.start, min(rows.stop, rows.start + max(SMALLEST, height - 4 * length)))
    columns = slice(columns.start, min(columns.stop, columns.start + max(SMALLEST, width - 4 * length)))
    pictures = []
    for k in range(length):
        top, left = (
            min(max(line.start + round(k * v), 0), limit - (line.stop - line.start))
            for line, v, limit in zip((rows, columns), speed, (height, width))
        )
        moved = slice(top, top + rows.stop - rows.start), slice(left, left + columns.stop - columns.start), scale
        pictures.append(cut(frames, moved, side)[0])
    return np.stack(pictures)


def draw_maker(rng: np.random.Generator, dithered: bool, makers: list[str]) -> Maker:
    """One of some makers that dither or do not, by its weight."""
    weights = {name: MAKER_WEIGHTS[name] for name in makers if MAKERS[name].dithered == dithered}
    names = list(weights)
    shares = np.array([weights[name] for name in names])
    return MAKERS[str(rng.choice(names, p=shares / shares.sum()))]


def source_shares(sources: list[Source], even: bool) -> np.ndarray:
    """The part of the samples that each source gives. Clips weigh 3, images 1, faces twice; or all alike."""
    weights = np.array(
        [1.0 if even else (3.0 if s.is_clip else 1.0) * (2.0 if s.kind == "face" else 1.0) for s in sources]
    )
    return weights / weights.sum()


def write_color_pool(
    out: Path,
    sources: list[Source],
    cache: Path,
    count: int,
    dither: str,
    makers: list[str],
    colors: tuple[int, int],
    even: bool,
    scales: tuple[float, float] | None,
    seed: int,
) -> None:
    """Makes a color pool. dither: "none", "dithered" or "any" (half of each)."""
    rng = np.random.default_rng(seed)
    pool = PoolWriter(out, count)
    slots = list(rng.permutation(count))
    for source, wanted in zip(sources, rng.multinomial(count, source_shares(sources, even))):
        frames = load_frames(source, cache) if wanted else None
        while wanted > 0:
            dithered = dither == "dithered" or (dither == "any" and rng.random() < 0.5)
            maker = draw_maker(rng, dithered, makers)
            crops = film_run(rng, frames, SIDE, RUN if maker.tool == "pillow" else FILM, scales)
            number = min(random_colors(rng, *colors), maker.most_colors)
            made = maker.frames(crops, number)
            for first in range(0, max(1, len(made) - RUN + 1), RUN):
                if wanted == 0:
                    break
                # A short clip's last frame stands.
                run = [min(first + k, len(made) - 1) for k in range(RUN)]
                facts = (source.name, source.kind, maker.name, dithered, number)
                pool.put(int(slots.pop()), crops[run], [made[k] for k in run], *facts)
                wanted -= 1
    pool.close()


class PoolWriter:
    """Fills a color pool of a known size, slot by slot."""

    def __init__(self, out: Path, count: int):
        out.mkdir(parents=True, exist_ok=True)
        self.out = out
        shapes = {"truth": (count, RUN - 1, SIDE, SIDE, 3), "index": (count, RUN, SIDE, SIDE)}
        self.arrays = {
            name: np.lib.format.open_memmap(out / f"{name}.npy", "w+", np.uint8, shape)
            for name, shape in shapes.items()
        }
        self.palettes = np.zeros((count, RUN, 256, 3), np.uint8)
        self.radii = np.zeros((count, RUN, 256), np.float32)
        self.samples: list[Sample | None] = [None] * count

    def put(self, slot: int, truth: np.ndarray, gifs: list[GIFFrame], source, kind, maker, dithered, colors) -> None:
        """truth: uint8 [RUN, H, W, 3]; gifs: the GIF's frames."""
        height, width = truth.shape[1:3]
        self.arrays["truth"][slot, :, :height, :width] = truth[: RUN - 1]
        for k, gif in enumerate(gifs):
            self.arrays["index"][slot, k, :height, :width] = gif.index
            self.palettes[slot, k, : len(gif.palette)] = gif.palette
            self.radii[slot, k, : len(gif.palette)] = radius_table(gif.palette)
        tables = [len(gif.palette) for gif in gifs]
        self.samples[slot] = Sample(source, kind, maker, dithered, colors, tables, height, width)

    def close(self) -> None:
        np.save(self.out / "palette.npy", self.palettes)
        np.save(self.out / "radius.npy", self.radii)
        (self.out / "samples.json").write_text(json.dumps([asdict(sample) for sample in self.samples]))


def write_validation_pool(
    out: Path,
    sources: list[Source],
    dither: str,
    sizes: list[int],
    every: int,
    load: Callable[[Source], np.ndarray] = load_frames,
) -> None:
    """A color pool of center crops of clips at full rate, Pillow's median cut (none) or its Floyd-Steinberg."""
    maker = MAKERS["pillow-floyd_steinberg" if dither == "dithered" else "pillow-none"]
    rows = []
    for source in sources:
        film = center_crop(load(source), SIDE) if source.is_clip else []
        for at in range(every // 2, len(film), every):
            crops = np.ascontiguousarray(film[[min(max(at + k - RUN + 2, 0), len(film) - 1) for k in range(RUN)]])
            for number in sizes:
                facts = (source.name, source.kind, maker.name, maker.dithered, number)
                rows.append((crops, maker.frames(crops, number), *facts))
    pool = PoolWriter(out, len(rows))
    for slot, row in enumerate(rows):
        pool.put(slot, *row)
    pool.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a color pool from a folder of clips and images.")
    parser.add_argument("--data", type=Path, required=True, help="folder of clips and images")
    parser.add_argument("--out", type=Path, required=True, help="the pool's folder")
    parser.add_argument("--cache", type=Path, default=Path("cache/frames"), help="decoded clips")
    parser.add_argument("--dither", choices=["none", "dithered", "any"], required=True)
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=TOOLS, help="who makes the GIFs (default: all)")
    parser.add_argument("--makers", nargs="+", choices=MAKER_WEIGHTS, help="these only (default: all of the tools)")
    parser.add_argument("--count", type=int, default=6000, help="samples")
    parser.add_argument("--colors", type=int, nargs=2, default=(16, 256), metavar=("LOW", "HIGH"))
    parser.add_argument("--even", action="store_true", help="every source weighs the same (for the classifier)")
    parser.add_argument(
        "--scales",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="all windows are scaled: small ones are full of detail",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--validation", action="store_true", help="center crops of clips, Pillow only, 32 and 256 colors"
    )
    parser.add_argument("--every", type=int, default=24, help="with --validation: every n-th frame")
    options = parser.parse_args()
    makers = options.makers or [name for name in MAKER_WEIGHTS if MAKERS[name].tool in options.tools]
    for is_wanted, dithered in ((options.dither != "none", True), (options.dither != "dithered", False)):
        if is_wanted and not any(MAKERS[name].dithered == dithered for name in makers):
            parser.error(f"--dither {options.dither}: none of these makers {'dithers' if dithered else 'leaves it'}")
    sources = find_sources(options.data)
    if options.validation:
        write_validation_pool(options.out, sources, options.dither, [32, 256], options.every)
    else:
        write_color_pool(
            options.out,
            sources,
            options.cache,
            options.count,
            options.dither,
            makers,
            tuple(options.colors),
            options.even,
            tuple(options.scales) if options.scales else None,
            options.seed,
        )


if __name__ == "__main__":
    main()
