"""The clips, makers and palette sizes that are measured: everything, or a first look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..catalogue import MAKERS, Maker
from ..data import Source, center_crop, find_sources, load_frames

SIDE = 256
SIZES = (16, 32, 64, 128, 256)
KINDS = ("face", "people", "animation", "rest")
MAIN_MAKERS = (
    "pillow-none", "pillow-floyd_steinberg",
    "ffmpeg-none", "ffmpeg-sierra2_4a", "ffmpeg-bayer", "ffmpeg-single-sierra2_4a",
    "gifsicle-none", "gifsicle-none-lossy80", "gifsicle-floyd-steinberg",
    "imagemagick-none", "imagemagick-floyd_steinberg", "imagequant-single-diffusion",
)  # fmt: skip
"""The makers that people use most; measured with every palette size on every film."""
PAPER_MAKERS = ("pillow-none", "pillow-floyd_steinberg")
"""The paper's protocol; also on the second clips of films that were cut in two."""
LEAST_FPS = 20.0
"""Slower films are no measure of in-betweens."""
BETWEEN_FRAMES = 33
"""Film frames that in-betweens are measured on: at an eighth of the rate five GIF frames."""
QUICK_MAKERS = ("pillow-none", "pillow-floyd_steinberg", "ffmpeg-sierra2_4a", "gifsicle-none-lossy80")


def clips_folder(data: Path) -> Path:
    """The clips to measure on: in val/, or in the folder itself."""
    return data / "val" if (data / "val").is_dir() else data


@dataclass(frozen=True)
class Clip:
    """frames: uint8 [T, H, W, 3].

    is_of_few: all makers are measured on it. is_second: the second clip of a film that was cut in two.
    """

    name: str
    kind: str
    frames: np.ndarray
    is_of_few: bool = False
    is_second: bool = False


@dataclass(frozen=True)
class Plan:
    """frames: consecutive ones from the middle of each clip, every `step`-th film frame.

    between_step: in-betweens are measured on every so many-th film.
    """

    quick: bool
    frames: int
    step: int
    between_step: int = 1

    @property
    def sizes(self) -> tuple[int, ...]:
        return (32, 256) if self.quick else SIZES

    def makers(self) -> list[Maker]:
        return [MAKERS[name] for name in QUICK_MAKERS] if self.quick else list(MAKERS.values())

    def is_measured(self, maker: Maker, size: int, clip: Clip) -> bool:
        """The main makers with all sizes on all films, the others with 32 and their most on a few."""
        if size > maker.most_colors:
            return False
        if self.quick or maker.name in PAPER_MAKERS:
            return True
        if maker.name in MAIN_MAKERS:
            return not clip.is_second
        return clip.is_of_few and size in (32, max(s for s in SIZES if s <= maker.most_colors))


def kind_of(source: Source) -> str:
    return source.kind if source.kind in KINDS else "rest"


def _few(sources: list[Source], each: int) -> set[str]:
    """Names of at most `each` sources of every kind, evenly spread, so that films cut in two give one."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        kinds[kind_of(source)].append(source.name)
    chosen = set()
    for names in kinds.values():
        chosen.update(names[:: -(-len(names) // each)])
    return chosen


def clips_of(data: Path) -> list[Source]:
    return [source for source in find_sources(data) if source.is_clip]


@lru_cache(maxsize=1)
def _center(source: Source, frames: int, step: int) -> np.ndarray:
    film = center_crop(load_frames(source), SIDE)
    span = min(len(film), (frames - 1) * step + 1)
    start = (len(film) - span) // 2
    return np.ascontiguousarray(film[start : start + span : step])


def load_clip(source: Source, plan: Plan, sources: list[Source], few: set[str]) -> Clip:
    is_second = source.name.endswith("_b") and any(other.name == source.name[:-1] + "a" for other in sources)
    frames = _center(source, plan.frames, plan.step)
    return Clip(source.name, kind_of(source), frames, source.name in few, is_second)


def chosen_sources(data: Path, plan: Plan) -> tuple[list[Source], set[str]]:
    """The clips to measure, and the names of those on which all makers are; these come first."""
    sources = clips_of(data)
    few = _few(sources, 2 if plan.quick else 3)
    chosen = [source for source in sources if source.name in few or not plan.quick]
    return sorted(chosen, key=lambda source: source.name not in few), few


def between_clips(data: Path, step: int = 1) -> Iterator[Clip]:
    """The films that are fast enough for in-betweens, every `step`-th of them."""
    sources = [source for source in clips_of(data) if source.fps >= LEAST_FPS]
    for source in sources[::step]:
        yield Clip(source.name, kind_of(source), _center(source, BETWEEN_FRAMES, 1))


def images_of(data: Path, plan: Plan) -> Iterator[Clip]:
    """Every 8th still image, as a clip of one frame (of a quick run, none)."""
    images = [] if plan.quick else [source for source in find_sources(data) if not source.is_clip][::8]
    for source in images:
        yield Clip(source.name, kind_of(source), np.ascontiguousarray(center_crop(load_frames(source), SIDE)))
