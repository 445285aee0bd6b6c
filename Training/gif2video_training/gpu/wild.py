"""GIFs by tools that the GPU's machine does not have (gifsicle, ImageMagick), made when the package is.

A run's truth is not stored: it is a part of the package's own clip, as decoded there and here alike.
"""

from __future__ import annotations

import json
import lzma
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..catalogue import MAKERS
from ..color_pool import FILM, MAKER_WEIGHTS, RUN, ColorPool, PoolWriter, draw_maker, random_colors, source_shares
from ..makers import GIFFrame
from .film_store import FilmStore

TOOLS = {"gifsicle": (["gifsicle", "--version"], b"Gifsicle"), "imagemagick": (["convert", "-version"], b"ImageMagick")}
"""How each tool says that it is there."""
SIDE = 128
"""A run's pictures are SIDE x SIDE: they are stored as index maps, and no clip is smaller."""
COLORS = (16, 256)


@dataclass(frozen=True)
class WildRun:
    """A run of RUN frames: its place in an entry of the package, and the maker of its GIF.

    first, spacing: frames of the clip; tables: entries of the color tables.
    """

    source: str
    first: int
    spacing: int
    top: int
    left: int
    maker: str
    colors: int
    tables: list[int]

    def truth(self, frames: np.ndarray) -> np.ndarray:
        """Its part of the clip's frames, uint8 [RUN, SIDE, SIDE, 3]."""
        chosen = frames[self.first :: self.spacing][:RUN]
        return chosen[:, self.top : self.top + SIDE, self.left : self.left + SIDE]

    @property
    def is_noisy(self) -> bool:
        return MAKERS[self.maker].is_noisy

    @property
    def is_dithered(self) -> bool:
        return MAKERS[self.maker].dithered


def tools_here() -> list[str]:
    """Those of TOOLS that are installed."""
    found = []
    for tool, (command, name) in TOOLS.items():
        if shutil.which(command[0]) and name in subprocess.run(command, capture_output=True).stdout:
            found.append(tool)
    return found


def _film(
    rng: np.random.Generator, store: FilmStore, shares: np.ndarray, makers: list[str]
) -> tuple[WildRun, np.ndarray] | None:
    """A film of FILM frames as the first of its runs, whose GIF is still to be made."""
    source = store.sources[int(rng.choice(len(shares), p=shares))]
    frames = store.frames(source)
    spacing = int(rng.integers(1, 4))
    if len(frames) <= (FILM - 1) * spacing or min(frames.shape[1:3]) < SIDE:
        return None
    first = int(rng.integers(len(frames) - (FILM - 1) * spacing))
    top, left = (int(rng.integers(length - SIDE + 1)) for length in frames.shape[1:3])
    maker = draw_maker(rng, rng.random() < 0.5, makers)
    colors = min(random_colors(rng, *COLORS), maker.most_colors)
    run = WildRun(str(source.path), first, spacing, top, left, maker.name, colors, [])
    film = frames[first::spacing][:FILM, top : top + SIDE, left : left + SIDE]
    return run, np.ascontiguousarray(film)


def wild_bytes(store: FilmStore, tools: list[str], count: int, seed: int) -> bytes:
    """`count` runs of the store's clips by some tools, none without tools; compressed. The same every time."""
    rng, rows, index, palette = np.random.default_rng(seed), [], [], []
    shares = source_shares(store.sources, False) * [source.is_clip for source in store.sources]
    shares /= shares.sum()
    makers = [name for name in MAKER_WEIGHTS if MAKERS[name].tool in tools]
    while makers and len(rows) < count:
        drawn = _film(rng, store, shares, makers)
        if drawn is None:
            continue
        run, film = drawn
        gifs = MAKERS[run.maker].frames(film, run.colors)
        for begin in range(0, FILM, RUN):
            own = gifs[begin : begin + RUN]
            rows.append(
                asdict(run) | {"first": run.first + begin * run.spacing, "tables": [len(g.palette) for g in own]}
            )
            index += [gif.index.tobytes() for gif in own]
            palette += [gif.palette.tobytes() for gif in own]
    header = json.dumps(rows).encode()
    parts = [len(header).to_bytes(4, "little"), header, *index, *palette]
    return lzma.compress(b"".join(parts), preset=9 | lzma.PRESET_EXTREME)


def wild_runs(data: bytes) -> list[tuple[WildRun, list[GIFFrame]]]:
    """The runs with their GIFs."""
    data = lzma.decompress(data)
    at = 4 + int.from_bytes(data[:4], "little")
    rows = [WildRun(**row) for row in json.loads(data[4:at])]
    size = RUN * SIDE * SIDE
    index = np.frombuffer(data, np.uint8, len(rows) * size, at).reshape(len(rows), RUN, SIDE, SIDE)
    at += index.size
    runs = []
    for row, pictures in zip(rows, index, strict=True):
        gifs = []
        for picture, entries in zip(pictures, row.tables, strict=True):
            palette = np.frombuffer(data, np.uint8, 3 * entries, at).reshape(-1, 3)
            gifs.append(GIFFrame(picture, palette))
            at += palette.size
        runs.append((row, gifs))
    return runs


def wild_pools(out: Path, store: FilmStore, data: bytes, for_dithered: bool) -> list[ColorPool]:
    """A color pool of the runs that the network for dithered GIFs, or the other one, is to see; none without runs."""
    runs = [(row, gifs) for row, gifs in wild_runs(data) if (row.is_noisy if for_dithered else not row.is_dithered)]
    if not runs:
        return []
    by_name = {str(source.path): source for source in store.sources}
    pool = PoolWriter(out, len(runs))
    for slot, (row, gifs) in enumerate(runs):
        source = by_name[row.source]
        truth = row.truth(store.frames(source))
        pool.put(slot, truth, gifs, source.name, source.kind, row.maker, row.is_dithered, row.colors)
    pool.close()
    return [ColorPool(out)]
