"""Sheets of scenes to look at: of each a line with GIF frames and what lies between them.

python -m gif2video_training.scenes --data ../shared/data/train --out cache/sheets --count 8
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from ..data import find_sources
from .kinds import KINDS, Films, make_scene


def line(scene, first: int = 1) -> np.ndarray:
    """GIF frames `first` and the next one, with three moments between, and what stands, uint8 [H, 6 W, 3]."""
    times = sorted({first + round(k * scene.grid / 4) / scene.grid for k in range(5)})
    pictures = [scene.picture(t) for t in times]
    pictures += [pictures[-1]] * (5 - len(pictures))
    stands = np.repeat((scene.standing(first, first + 1) * 128)[..., None], 3, -1).astype(np.uint8)
    stands[scene.overlay(first, first + 1)] = (255, 220, 0)
    return np.concatenate([*pictures, stands], 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of clips and images for the backgrounds")
    parser.add_argument("--cache", type=Path, default=Path("cache/frames"), help="decoded clips")
    parser.add_argument("--out", type=Path, required=True, help="folder for a PNG of each kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--count", type=int, default=8, help="scenes of each kind")
    parser.add_argument("--seed", type=int, default=1, help="of the first scene; the others follow")
    parser.add_argument("--side", type=int, default=192, help="pixels")
    options = parser.parse_args()
    films = Films(find_sources(options.data), options.cache)
    options.out.mkdir(parents=True, exist_ok=True)
    for kind in options.kinds:
        seeds = range(options.seed, options.seed + options.count)
        scenes = [make_scene(kind, seed, (options.side, options.side), films) for seed in seeds]
        file = options.out / f"{kind}.png"
        Image.fromarray(np.concatenate([line(scene) for scene in scenes])).save(file)
        print(file)


if __name__ == "__main__":
    main()
