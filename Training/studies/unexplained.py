"""Whether what the two warped frames leave of each other's difference tells where an in-between is worse than a hold.

    PYTHONPATH=. python studies/unexplained.py ../shared/data/val ../Models/live/superslomo.safetensors

Blocks of 16 x 16 of middle frames, of generated scenes and of films, where the restored frames differ by more than 4
levels. Of each: D, the mean difference of the two refined warps, over B, that of the two frames; E, the gradient of
the in-between in 3 x 3 blocks over the mean of the two frames. A rule holds the earlier frame where D / B is above a
bound, or E below one: edges that neither motion carries on; S, the part of the 5 x 5 blocks around where the restored
frames are within 6 levels of each other. NOTES.md has the numbers.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from gif2video_training.export import load_checkpoint, load_model
from gif2video_training.looks import samples, tensor
from gif2video_training.networks import backwarp

BLOCK = 16


def network_of(file: Path) -> torch.nn.Module:
    return load_model(file)[0] if file.suffix == ".safetensors" else load_checkpoint(file)


def edges(x: torch.Tensor) -> np.ndarray:
    """Mean gradient of 3 x 3 blocks around each."""
    gray = x.mean(1, keepdim=True) * 127.5
    slopes = F.pad((gray[..., 1:] - gray[..., :-1]).abs(), (0, 1)) + F.pad(
        (gray[..., 1:, :] - gray[..., :-1, :]).abs(), (0, 0, 0, 1)
    )
    around = F.pad(F.avg_pool2d(slopes, BLOCK), (1, 1, 1, 1), mode="replicate")
    return F.avg_pool2d(around, 3, 1)[0, 0].numpy()


def blocks(x: torch.Tensor) -> np.ndarray:
    return F.avg_pool2d(x.abs().mean(1, keepdim=True) * 127.5, BLOCK)[0, 0].numpy()


@torch.no_grad()
def main() -> None:
    torch.set_num_threads(1)
    network = network_of(Path(sys.argv[2]))
    scale = network.config["max_flow"]
    columns: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples(Path(sys.argv[1]), Path("../Models/live"), Path("cache/looks"), [4], 2, 6, "all"):
        for at in range(0, len(sample.gif) - 1, 1 if sample.kind != "1/4" else 2):
            middle = at * sample.rate + sample.rate // 2
            if sample.rate < 2:
                continue
            g0, g1, i0, i1 = (tensor(x) for x in (*sample.gif[at : at + 2], *sample.restored[at : at + 2]))
            truth = tensor(sample.truth[middle])
            f01, f10 = network.flows(g0, g1)
            made = network.interpolate(i0, i1, f01, f10, (sample.rate // 2) / sample.rate)
            there = f01 * scale
            back = (there + backwarp(f10 * scale, there)).norm(dim=1, keepdim=True)
            kind = "films" if sample.kind == "1/4" else sample.kind
            switching = np.zeros((BLOCK, BLOCK), bool) if sample.switching is None else sample.switching[at]
            values = {
                "apart": blocks(i0 - i1), "left": blocks(made["warped0"] - made["warped1"]),
                "back": F.avg_pool2d(back, BLOCK)[0, 0].numpy(), "made": blocks(made["frame"] - truth),
                "held": blocks(i0 - truth), "mixed": blocks((i0 + i1) / 2 - truth),
            }  # fmt: skip
            values["edges"] = edges(made["frame"]) / (edges(i0) / 2 + edges(i1) / 2 + 0.5)
            near = ((i0 - i1).abs().amax(1, keepdim=True) * 127.5 <= 6).float()
            around = F.pad(F.avg_pool2d(near, BLOCK), (2, 2, 2, 2), mode="replicate")
            values["still"] = F.avg_pool2d(around, 5, 1)[0, 0].numpy()
            changed = values["apart"] > 4
            if sample.switching is None:
                values["switching"] = np.zeros(changed.shape)
            else:
                height, width = (side // BLOCK * BLOCK for side in switching.shape)
                tiles = switching[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
                values["switching"] = tiles.mean((1, 3))
            for name, value in values.items():
                columns[kind][name].append(value[changed])
    rules = {
        "D / B > 0.8": lambda v: v["left"] > 0.8 * v["apart"],
        "E < 0.8": lambda v: v["edges"] < 0.8,
    }
    for still in (0.5, 0.7, 0.85):
        rules |= {
            f"E < 0.8, S > {still}": lambda v, s=still: (v["edges"] < 0.8) & (v["still"] > s),
            f"E < 0.8 or D / B > 0.5, S > {still}": lambda v, s=still: (
                ((v["edges"] < 0.8) | (v["left"] > 0.5 * v["apart"])) & (v["still"] > s)
            ),
        }
    names = ["scenes", "blocks", "switch", "mean error: made", "mixed", "held", "best of made and held", *rules]
    print("| " + " | ".join(names) + " |")
    print("|" + "---|" * (7 + len(rules)))
    for kind, lists in columns.items():
        v = {name: np.concatenate(parts) for name, parts in lists.items()}
        if not len(v["made"]):
            continue
        cells = []
        switches = v["switching"] > 0.1
        for rule in rules.values():
            said = rule(v)
            error = np.where(said, v["held"], v["made"]).mean()
            found = f", {100 * said[switches].mean():.0f} % of switching" if switches.any() else ""
            cells.append(f"{error:.2f} ({100 * said.mean():.0f} %{found})")
        best = np.minimum(v["made"], v["held"]).mean()
        means = [f"{x:.2f}" for x in (v["made"].mean(), v["mixed"].mean(), v["held"].mean(), best)]
        print(f"| {kind} | {len(said)} | {100 * switches.mean():.0f} % | " + " | ".join([*means, *cells]) + " |")


if __name__ == "__main__":
    main()
