"""What each architecture trains on: batches, losses and a quick validation.

A task is made from a configuration and its pools, and offers

    batch(rng)             -> dict of tensors, one training batch, drawn with a NumPy generator
    loss(network, batch)   -> the scalar to minimize
    validate(network)      -> figures to print, by name
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .catalogue import MAKERS
from .colour_pool import ColourPool, Sample
from .export import load_model
from .losses import picture_loss, psnr, relative_loss, smoothness
from .motion_pool import MotionPool
from .networks import CCDNet, DitherClassifier, SuperSlomo, backwarp

Batch = dict[str, torch.Tensor]


def to_unit(pixels: np.ndarray) -> torch.Tensor:
    """uint8 [N, H, W, 3] to float32 [N, 3, H, W] in [-1, 1], channels last in memory."""
    return torch.from_numpy(np.array(pixels, order="C")).permute(0, 3, 1, 2).float() / 127.5 - 1


def draw_symmetry(rng: np.random.Generator):
    """A random element of the square's symmetry group, as a function of [H, W, ...] arrays."""
    transpose, vertical, horizontal = rng.random(3) < 0.5

    def apply(array: np.ndarray) -> np.ndarray:
        if transpose:
            array = array.swapaxes(0, 1)
        return array[:: -1 if vertical else 1, :: -1 if horizontal else 1]

    return apply


class ColourTask:
    """CCDNet on patches of a colour pool. training keys: patch, batch, loss, gradient_weight, supervision, alone.

    loss: "relative" or "absolute" (losses.relative_loss, losses.picture_loss).
    alone: how often a frame is shown without the one before and without the one after it: the first and last of
    a GIF have none, and the one after costs time.
    """

    def __init__(self, config: dict, pools: list[Path], validation: Path | None, device: torch.device):
        self.training, self.device = config["training"], device
        self.pools = [ColourPool(folder) for folder in pools]
        self.validation = ColourPool(validation) if validation else None
        self.picture_loss = {"relative": relative_loss, "absolute": picture_loss}[self.training["loss"]]
        self.uses_palette = config["model"]["palette"] and config["model"]["steps"] > 1
        self.uses_neighbours = any(config["model"].get(key) for key in ("neighbours", "step_neighbours"))

    def batch(self, rng: np.random.Generator) -> Batch:
        patch, size = self.training["patch"], self.training["batch"]
        gifs, truths, radii, palettes, counts = [], [], [], [], []
        neighbours: dict[str, list[np.ndarray]] = {"before": [], "after": []}
        for _ in range(size):
            pool = self.pools[int(rng.integers(len(self.pools)))]
            slot = int(rng.integers(len(pool)))
            sample = pool.samples[slot]
            top, left = int(rng.integers(sample.height - patch + 1)), int(rng.integers(sample.width - patch + 1))
            symmetry, channels = draw_symmetry(rng), rng.permutation(3)
            indices = pool.index[slot, :, top : top + patch, left : left + patch]
            truth = symmetry(pool.truth[slot, top : top + patch, left : left + patch])
            index, palette = symmetry(indices[1]), pool.palette[slot, 1][:, channels]
            gifs.append(palette[index])
            if self.uses_neighbours:
                for name, at, alone in zip(("before", "after"), (0, 2), self.training["alone"]):
                    at = 1 if rng.random() < alone else at
                    neighbours[name].append(pool.palette[slot, at][:, channels][symmetry(indices[at])])
            truths.append(truth[..., channels])
            radii.append(pool.radius[slot][index])
            palettes.append(palette)
            counts.append(sample.table)
        batch = {
            "gif": to_unit(np.stack(gifs)),
            "truth": to_unit(np.stack(truths)),
            "radius": torch.from_numpy(np.stack(radii))[:, None],
        }
        if self.uses_neighbours:
            batch |= {name: to_unit(np.stack(frames)) for name, frames in neighbours.items()}
        if self.uses_palette:
            batch["palette"] = torch.from_numpy(np.stack(palettes)[:, : max(counts)]).float() / 127.5 - 1
            batch["count"] = torch.tensor(counts)
        return {name: tensor.to(self.device) for name, tensor in batch.items()}

    def loss(self, network: CCDNet, batch: Batch) -> torch.Tensor:
        rest = [batch.get(name) for name in ("palette", "count", "before", "after")]
        estimates = network.estimates(batch["gif"], batch["radius"], *rest)
        weights = [self.training["supervision"]] * (len(estimates) - 1) + [1.0]
        total = torch.zeros((), device=self.device)
        for weight, estimate in zip(weights, estimates):
            total = total + weight * self.picture_loss(
                estimate.float(), batch["truth"], self.training["gradient_weight"]
            )
        return total

    @torch.no_grad()
    def validate(self, network: CCDNet) -> dict[str, float]:
        """Mean PSNR gain in dB by palette size and kind (face / other), over the validation pool."""
        gains: dict[str, list[float]] = {}
        pool = self.validation
        for slot in range(len(pool) if pool else 0):
            sample = pool.samples[slot]
            before, gif, after = (to_unit(frame[None]) for frame in pool.frames(slot))
            truth = to_unit(pool.truth[slot, : sample.height, : sample.width][None])
            radius = pool.radius_map(slot)
            palette = torch.from_numpy(pool.palette[slot, 1, : sample.table]).float() / 127.5 - 1
            inputs = (gif, radius[None, None], palette[None], torch.tensor([sample.table]), before, after)
            estimates = network.estimates(*(x.to(self.device) for x in inputs))
            for step, estimate in enumerate(estimates):
                gain = float(psnr(estimate.cpu(), truth) - psnr(gif, truth))
                kind = "face" if sample.kind == "face" else "other"
                gains.setdefault(f"{sample.colours} {kind}" + (f" I{step}" if len(estimates) > 1 else ""), []).append(
                    gain
                )
        return {name: float(np.mean(values)) for name, values in sorted(gains.items())}


class MotionTask:
    """SuperSlomo on a motion pool. training keys: patch, batch, gradient_weight, warping_weight, smoothness_weight."""

    def __init__(self, config: dict, pools: list[Path], validation: Path | None, device: torch.device):
        self.training, self.device = config["training"], device
        self.pools = [MotionPool(folder) for folder in pools]
        self.validation = MotionPool(validation) if validation else None

    def batch(self, rng: np.random.Generator) -> Batch:
        patch, size = self.training["patch"], self.training["batch"]
        pictures, times = [], []
        for _ in range(size):
            pool = self.pools[int(rng.integers(len(self.pools)))]
            slot = int(rng.integers(len(pool)))
            room = pool.frames.shape[2] - patch
            top, left = (int(value) for value in rng.integers(room + 1, size=2))
            symmetry, channels, backwards = draw_symmetry(rng), rng.permutation(3), rng.random() < 0.5
            frames = pool.frames[slot, :, top : top + patch, left : left + patch]
            frames = frames[[1, 0, 3, 2, 4]] if backwards else frames
            pictures.append(np.stack([symmetry(frame)[..., channels] for frame in frames]))
            times.append(1 - pool.time[slot] if backwards else pool.time[slot])
        stacked = np.stack(pictures)
        batch = {name: to_unit(stacked[:, k]) for k, name in enumerate(["g0", "g1", "i0", "i1", "truth"])}
        batch["time"] = torch.tensor(np.array(times, np.float32))[:, None, None, None]
        return {name: tensor.to(self.device) for name, tensor in batch.items()}

    def loss(self, network: SuperSlomo, batch: Batch) -> torch.Tensor:
        training, truth, scale = self.training, batch["truth"], network.config["max_flow"]
        f01, f10 = (flow.float() for flow in network.flows(batch["g0"], batch["g1"]))
        result = network.interpolate(batch["i0"], batch["i1"], f01, f10, batch["time"])
        total = picture_loss(result["frame"].float(), truth, training["gradient_weight"])
        warped = [result["warped0"], result["warped1"]]
        warping = sum(F.l1_loss(picture.float(), truth) for picture in warped)
        warping = warping + F.l1_loss(backwarp(batch["i1"], f01 * scale), batch["i0"])
        warping = warping + F.l1_loss(backwarp(batch["i0"], f10 * scale), batch["i1"])
        total = total + training["warping_weight"] * warping
        return total + training["smoothness_weight"] * (smoothness(f01) + smoothness(f10))

    @torch.no_grad()
    def validate(self, network: SuperSlomo) -> dict[str, float]:
        """Mean PSNR in dB of the in-between, of blending, and of repeating the nearer frame."""
        figures: dict[str, list[float]] = {"network": [], "blend": [], "repeat": []}
        pool = self.validation
        for slot in range(len(pool.time) if pool else 0):
            g0, g1, i0, i1, truth = (to_unit(np.ascontiguousarray(pool.frames[slot, k : k + 1])) for k in range(5))
            t = float(pool.time[slot])
            made = network(*(x.to(self.device) for x in (g0, g1, i0, i1)), t).float().cpu()
            figures["network"].append(float(psnr(made, truth)))
            figures["blend"].append(float(psnr(i0 * (1 - t) + i1 * t, truth)))
            figures["repeat"].append(float(psnr(i0 if t <= 0.5 else i1, truth)))
        return {name: float(np.mean(values)) for name, values in figures.items() if values}


def is_noisy(sample: Sample) -> bool:
    """Maker.is_noisy, also of flat art, which no maker of the catalogue made."""
    return MAKERS[sample.maker].is_noisy if sample.maker in MAKERS else sample.dithered


class DitherTask:
    """The dither classifier on patches of colour pools that hold both kinds. training keys: patch, batch, estimator.

    estimator: model file of the colour network whose estimate the classifier sees.
    """

    def __init__(self, config: dict, pools: list[Path], validation: Path | None, device: torch.device):
        self.training, self.device = config["training"], device
        self.pools = [ColourPool(folder) for folder in pools]
        self.validation = ColourPool(validation) if validation else None
        self.estimator = None
        if config["model"].get("estimate"):
            self.estimator = load_model(Path(self.training["estimator"]), device)[0]

    @torch.no_grad()
    def estimate(self, gif: torch.Tensor, radius: torch.Tensor) -> torch.Tensor | None:
        """The estimator's first estimate of frames alone."""
        return self.estimator.estimates(gif, radius, None, None, steps=1)[0] if self.estimator else None

    def batch(self, rng: np.random.Generator) -> Batch:
        patch, size = self.training["patch"], self.training["batch"]
        gifs, radii, dithered = [], [], []
        while len(gifs) < size:
            pool = self.pools[int(rng.integers(len(self.pools)))]
            slot = int(rng.integers(len(pool)))
            sample = pool.samples[slot]
            if min(sample.height, sample.width) < patch:
                continue
            top, left = int(rng.integers(sample.height - patch + 1)), int(rng.integers(sample.width - patch + 1))
            index = draw_symmetry(rng)(pool.index[slot, 1, top : top + patch, left : left + patch])
            gifs.append(pool.palette[slot, 1][:, rng.permutation(3)][index])
            radii.append(pool.radius[slot][index])
            dithered.append(float(is_noisy(sample)))
        batch = {"gif": to_unit(np.stack(gifs)), "dithered": torch.tensor(dithered)}
        batch["radius"] = torch.from_numpy(np.stack(radii))[:, None]
        return {name: tensor.to(self.device) for name, tensor in batch.items()}

    def loss(self, network: DitherClassifier, batch: Batch) -> torch.Tensor:
        frames = batch["gif"], batch["radius"]
        return F.binary_cross_entropy_with_logits(network(*frames, self.estimate(*frames)).float(), batch["dithered"])

    @torch.no_grad()
    def validate(self, network: DitherClassifier) -> dict[str, float]:
        """Share of right verdicts on whole samples, by maker and colours."""
        right: dict[str, list[float]] = {}
        pool = self.validation
        for slot in range(len(pool) if pool else 0):
            sample = pool.samples[slot]
            gif, radius = to_unit(pool.frames(slot)[1][None]), pool.radius_map(slot)[None, None]
            frames = gif.to(self.device), radius.to(self.device)
            verdict = float(network(*frames, self.estimate(*frames))) > 0
            right.setdefault(f"{sample.maker} {sample.colours}", []).append(float(verdict == is_noisy(sample)))
        return {name: float(np.mean(values)) for name, values in sorted(right.items())}


TASKS = {"ccdnet": ColourTask, "superslomo": MotionTask, "dither-classifier": DitherTask}
