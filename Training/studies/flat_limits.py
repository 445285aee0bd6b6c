"""How far a color network moves what a GIF holds without loss, and what it does not hold, in palette radii.

    PYTHONPATH=. python studies/flat_limits.py ../Models/live/ccdnet-none.safetensors cache/val-art-none cache/flat

The limits of the flat-art guard (`flat_art_...` of a network's thresholds) lie between the two. Of the second frame of
every sample of color pools, by kind and for samples without loss apart: the mean over the frame, and over blocks of
16 x 16 pixels. Of blocks also the mean gain in dB where the network moves them by less, and by more, than some limits.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from gif2video_training.color_pool import ColorPool
from gif2video_training.export import load_checkpoint, load_model
from gif2video_training.networks import SMALLEST_RADIUS, CCDNet
from gif2video_training.tasks import to_unit

BLOCK = 16
MOST = 60
"""Samples of a pool."""
LIMITS = (0.02, 0.04, 0.08, 0.12, 0.16, 0.2, 0.3)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


def blocks(x: torch.Tensor) -> np.ndarray:
    """Means over blocks of [1, 1, H, W]."""
    return F.avg_pool2d(x, BLOCK, ceil_mode=True)[0, 0].numpy().ravel()


@torch.no_grad()
def moved(network: CCDNet, pool: ColorPool, slot: int, k: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of a frame's blocks: how far they are moved in palette radii, the squared error before and after."""
    sample = pool.samples[slot]
    index = pool.index[slot, k, : sample.height, : sample.width]
    before, gif, after = (to_unit(frame)[None] for frame in pool.frames(slot)[k - 1 : k + 2])
    radius = pool.radius_map(slot, k)[None, None]
    palette = torch.from_numpy(pool.palette[slot, k]).float()[None] / 127.5 - 1
    cell = torch.from_numpy(pool.cell(slot, k)[index]).movedim(-1, -3)[None]
    made = network(gif, radius, palette, torch.tensor([sample.tables[k]]), before, after, None, cell)
    truth = to_unit(pool.truth[slot, k, : sample.height, : sample.width])[None]
    change = (made - gif).square().sum(1, keepdim=True).sqrt() / radius.clamp_min(SMALLEST_RADIUS)
    errors = (blocks((x - truth).square().mean(1, keepdim=True)) for x in (gif, made))
    return blocks(change), *errors


def line(values: np.ndarray) -> str:
    return " ".join(f"{value:6.3f}" for value in np.quantile(values, QUANTILES))


def main() -> None:
    torch.set_num_threads(1)
    file = Path(sys.argv[1])
    network = load_model(file)[0] if file.suffix == ".safetensors" else load_checkpoint(file)
    frames, parts = defaultdict(list), defaultdict(list)
    for pool in (ColorPool(Path(folder)) for folder in sys.argv[2:]):
        for slot in range(min(len(pool), MOST)):
            found = moved(network, pool, slot)
            sample = pool.samples[slot]
            kind = "without loss" if sample.maker == "flat" else sample.source.split()[0]
            kind = kind if sample.kind == "illustration" else "film"
            frames[kind].append(found[0].mean())
            parts[kind].append(found)
    print("quantiles " + " ".join(f"{quantile:6.2f}" for quantile in QUANTILES))
    for kind, found in parts.items():
        change, before, after = (np.concatenate(column) for column in zip(*found))
        print(f"{kind}, {len(found)} frames {line(np.array(frames[kind]))}")
        print(f"{kind}, {len(change)} blocks {line(change)}")
        for low, high in zip((0, *LIMITS), (*LIMITS, np.inf)):
            inside = (change >= low) & (change < high)
            if inside.any():
                errors = (x[inside].mean() * 127.5**2 for x in (before, after))
                print("    moved by {:.2f} to {:.2f}: {:5.1f} % of the blocks, squared error {:.2f} -> {:.2f}".format(
                    low, high, 100 * inside.mean(), *errors))  # fmt: skip


if __name__ == "__main__":
    main()
