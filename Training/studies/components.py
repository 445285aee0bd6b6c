"""Measures that tell which changed parts of a picture an in-between shows worse than a hold, and rules over them.

    PYTHONPATH=. python studies/components.py collect ../shared/data/val ../Models/live/superslomo.safetensors parts.npz
    PYTHONPATH=. python studies/components.py rules parts.npz

A part is a connected component of pixels where the restored frames differ by more than 4 levels, after a dilation by 8
pixels. Its measures: R, what the flows do not find of each frame in the other one, over the frames' difference; E, the
gradient of the in-between in the middle over the mean of the two frames'; S, the share of the pixels within 32 pixels of
it that stay; fill, the share of its own pixels that change; B, by how many levels they do; flat, the
share of its pixels with no gradient in either frame. NOTES.md has the numbers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from gif2video_training.export import load_model
from gif2video_training.looks import samples, tensor
from gif2video_training.networks import backwarp

GROW, AROUND = 8, 32
LEAST = 64
"""Changed pixels that a part has."""
FLAT = 1
"""Levels of a gradient of which a flat pixel has less."""
COLUMNS = ["area", "R", "E", "S", "fill", "B", "flat", "made", "held"]


def gradient(x: np.ndarray) -> np.ndarray:
    gray = x.mean(2)
    result = np.zeros(gray.shape, np.float32)
    result[:, :-1] += np.abs(np.diff(gray, axis=1))
    result[:-1] += np.abs(np.diff(gray, axis=0))
    return result


def square(radius: int) -> np.ndarray:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)


def levels(x: torch.Tensor) -> np.ndarray:
    return ((x[0].permute(1, 2, 0).numpy() + 1) * 127.5).clip(0, 255)


@torch.no_grad()
def measure(network: torch.nn.Module, frames: list[np.ndarray], truth: np.ndarray, t: float) -> list[list[float]]:
    """COLUMNS of every part. frames: GIF frames g0 g1, restored frames i0 i1, uint8 [H, W, 3]."""
    g0, g1, i0, i1 = map(tensor, frames)
    f01, f10 = network.flows(g0, g1)
    made = levels(network.interpolate(i0, i1, f01, f10, t)["frame"])
    scale = network.config["max_flow"]
    r0, r1 = (x.astype(np.float32) for x in frames[2:])
    lost = np.abs(levels(backwarp(i1, f01 * scale)) - r0) + np.abs(levels(backwarp(i0, f10 * scale)) - r1)
    difference = np.abs(r0 - r1)
    changed = difference.max(2) > 4
    count, labels = cv2.connectedComponents(cv2.dilate(changed.astype(np.uint8), square(GROW)), connectivity=8)
    of_made, of_both = gradient(made), gradient(r0) + gradient(r1)
    flat = (gradient(r0) < FLAT) & (gradient(r1) < FLAT)
    errors = np.abs(made - truth).mean(2), np.abs(r0 - truth).mean(2)
    rows = []
    for label in range(1, count):
        whole = labels == label
        inside = whole & changed
        if inside.sum() < LEAST:
            continue
        ring = cv2.dilate(whole.astype(np.uint8), square(AROUND)).astype(bool)
        rows.append([
            whole.sum(), lost[inside].sum() / (2 * difference[inside].sum()),
            of_made[whole].sum() / (0.5 * of_both[whole].sum() + 1), 1 - changed[ring].mean(), inside.sum() / whole.sum(),
            difference[inside].mean(), flat[whole].mean(), *(x[whole].sum() for x in errors),
        ])  # fmt: skip
    return rows


def collect(data: Path, model: Path, out: Path) -> None:
    torch.set_num_threads(1)
    network = load_model(model)[0]
    rows, kinds = [], []
    for sample in samples(data, Path("../Models/live"), Path("cache/looks"), [2, 4, 8], 3, 16, "all"):
        half = sample.rate // 2
        for at in range(len(sample.gif) - 1 if half else 0):
            frames = [*sample.gif[at : at + 2], *sample.restored[at : at + 2]]
            found = measure(network, frames, sample.truth[at * sample.rate + half], half / sample.rate)
            rows += found
            kinds += [sample.kind] * len(found)
    np.savez(out, rows=np.array(rows), kinds=np.array(kinds))


def rules(file: Path) -> None:
    """Prints the mean error in levels if a rule holds the earlier frame, and the share of the parts' area that it holds."""
    data = np.load(file)
    v, kinds = dict(zip(COLUMNS, data["rows"].T)), data["kinds"]
    still = v["S"] > 0.5
    text = still & (v["fill"] < 0.3) & (v["B"] > 45)
    tried = {"none": ~still & still, "always": still | ~still, "the better of both": v["held"] < v["made"]}
    for bound in (0.35, 0.4, 0.45, 0.5):
        tried[f"text, R > {bound}"] = text & (v["R"] > bound)
    for bound in (0.45, 0.5, 0.55, 0.6):
        tried[f"R > {bound}, E < 0.95"] = still & (v["R"] > bound) & (v["E"] < 0.95)
    tried["text, R > 0.4; R > 0.5, E < 0.95"] = tried["text, R > 0.4"] | tried["R > 0.5, E < 0.95"]
    drawn = ((v["flat"] > 0.12) & (v["B"] > 12)) | (v["B"] > 45)
    bold = still & (v["fill"] < 0.4) & (v["B"] > 120) & (v["R"] > 0.4)
    tried["HeldParts"] = (tried["text, R > 0.4; R > 0.5, E < 0.95"] | bold) & drawn
    tried["the same, or R > 0.5, flat > 0.3"] = tried["HeldParts"] | (still & (v["R"] > 0.5) & (v["flat"] > 0.3) & drawn)
    names = sorted(set(kinds))
    print("| rule | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1))
    for rule, said in tried.items():
        cells = []
        for kind in names:
            of = kinds == kind
            error = np.where(said, v["held"], v["made"])[of].sum() / v["area"][of].sum()
            cells.append(f"{error:.2f} ({100 * v['area'][of & said].sum() / v['area'][of].sum():.0f} %)")
        print(f"| {rule} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    if sys.argv[1] == "collect":
        collect(*map(Path, sys.argv[2:]))
    else:
        rules(Path(sys.argv[2]))
