"""A motion pool of scenes, beside those that motion_pool.py makes of films.

    python -m gif2video_training.scenes.pool --data ../shared/data/train --models ../Models/live --count 1500 \
        --out cache/scenes

Its GIF frames are made by every maker of the catalogue; some stay clean, and what a GIF holds without loss mostly is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ..catalogue import MAKERS
from ..color_pool import random_colors
from ..data import find_sources
from ..export import load_model
from ..motion_pool import PoolWriter, degrade
from .kinds import Films, draw_scene, pool_parser

SHARES = {
    "caption": 0.3, "scroll": 0.12, "slides": 0.1, "interface": 0.1, "chart": 0.05, "animation": 0.15, "layers": 0.18,
}  # fmt: skip
CLEAN, HELD = 0.25, 0.7
"""The part of the pairs that stay clean; of those that a GIF holds without loss the part that it does."""


def draw_any_maker(rng: np.random.Generator, pair: np.ndarray) -> tuple[str, int] | None:
    """The maker of a pair's GIF, and the number of colors; None: it stays as it is. pair: uint8 [2, H, W, 3]."""
    if rng.random() < CLEAN:
        return None
    packed = pair.astype(np.uint32) @ np.array([1, 256, 65536], np.uint32)
    if len(np.unique(packed)) <= 256 and rng.random() < HELD:
        return None
    colors = random_colors(rng, 16, 256)
    makers = [maker.name for maker in MAKERS.values() if colors <= maker.most_colors]
    # Pillow and ffmpeg as often as the rest together.
    weights = np.array([1.0 if name.startswith(("pillow", "ffmpeg")) else 0.6 for name in makers])
    return str(rng.choice(makers, p=weights / weights.sum())), colors


def write_scene_pool(
    out: Path, films: Films, count: int, window: int, networks: dict[str, torch.nn.Module], seed: int
) -> None:
    """Makes a pool of `count` samples. Sample n is scene `seed` + n; each is kept or, where nothing moves in it, drawn
    again with another gap between two frames of its GIF."""
    rng = np.random.default_rng(seed)
    pool = PoolWriter(out, count, window)
    for n in range(count):
        scene = draw_scene(rng, SHARES, seed * 1_000_000 + n, (window, window), films)
        for _ in range(4):
            first, part = int(rng.integers(scene.frames - 1)), int(rng.integers(1, scene.grid))
            pair = np.stack([scene.picture(first), scene.picture(first + 1)])
            if not np.array_equal(*pair):
                break
        time = part / scene.grid
        gifs, restored = degrade(pair, networks, draw_any_maker(rng, pair))
        pool.put(n, [*gifs, *restored, scene.picture(first + time)], time, scene.ordered)
    pool.close()


def main() -> None:
    parser = pool_parser(__doc__)
    parser.add_argument("--models", type=Path, required=True, help="folder with ccdnet-none and ccdnet-dithered")
    parser.add_argument("--count", type=int, default=2000, help="samples")
    parser.add_argument("--window", type=int, default=192, help="side of a sample, pixels")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    networks = {name: load_model(options.models / f"ccdnet-{name}.safetensors")[0] for name in ("none", "dithered")}
    films = Films(find_sources(options.data), options.cache)
    write_scene_pool(options.out, films, options.count, options.window, networks, options.seed)


if __name__ == "__main__":
    main()
