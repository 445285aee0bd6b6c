"""The training tasks of the architectures: batches, losses and a quick validation.

A task is made from a configuration and its pools, and offers

    batch(rng)             -> dict of tensors, one training batch, drawn with a NumPy generator
    loss(network, batch)   -> the scalar to minimize
    validate(network)      -> figures to print, by name

A task with an `adversary` also offers after_step(), called after each step of the network's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .adversary import Adversary
from .catalogue import MAKERS
from .color_pool import RUN, ColorPool, Sample
from .export import load_model
from .losses import picture_loss_of, psnr, smoothness, squared_loss, teacher_loss
from .metrics import chroma_kept, to_picture
from .motion_pool import MotionPool
from .networks import CCDNet, DitherClassifier, SuperSlomo, backwarp
from .perceptual import sharpness

Batch = dict[str, torch.Tensor]


def to_unit(pixels: np.ndarray) -> torch.Tensor:
    """uint8 [..., H, W, 3] to float32 [..., 3, H, W] in [-1, 1], channels last in memory."""
    return torch.from_numpy(np.array(pixels, order="C")).movedim(-1, -3).float() / 127.5 - 1


@dataclass(frozen=True)
class Symmetry:
    """An element of the square's symmetry group, as a function of [H, W, ...] arrays."""

    transpose: bool
    vertical: bool
    horizontal: bool

    def __call__(self, array: np.ndarray) -> np.ndarray:
        if self.transpose:
            array = array.swapaxes(0, 1)
        return array[:: -1 if self.vertical else 1, :: -1 if self.horizontal else 1]

    def vectors(self, flow: np.ndarray) -> np.ndarray:
        """The same of a field of vectors [H, W, 2], x and y, which turn with it."""
        if self.transpose:
            flow = flow[..., ::-1]
        signs = np.array([-1 if self.horizontal else 1, -1 if self.vertical else 1], flow.dtype)
        return self(flow) * signs


def draw_symmetry(rng: np.random.Generator) -> Symmetry:
    return Symmetry(*(bool(value) for value in rng.random(3) < 0.5))


def turned(cells: np.ndarray, channels: np.ndarray) -> np.ndarray:
    """`cells` [K, 6] of a palette whose color channels are permuted."""
    return cells[:, np.stack([2 * channels, 2 * channels + 1], 1).ravel()]


def draw_channels(rng: np.random.Generator, training: dict) -> np.ndarray:
    """The order of a patch's color channels. training: its `permuted` says how often they change places, 1 by default."""
    return rng.permutation(3) if rng.random() < training.get("permuted", 1) else np.arange(3)


class ColorTask:
    """CCDNet on runs of patches of a color pool.

    training keys: patch, batch, loss, gradient_weight, temporal_weight, supervision, alone, permuted.

    A run is restored frame by frame as the program does it: each sees the GIF's frames beside it and what became of
    the one before. No gradient passes from frame to frame.

    batch: runs in a step, each of RUN - 1 frames.
    loss: a name, or weights by name (losses.py), of the picture.
    temporal_weight: of the squared loss of how it differs from the one before (default 0): errors that stay where they
        are do not flicker.
    alone: how often a run's frames are shown without the one after: it costs time, and the last of a GIF has none.
    adversarial: optional; settings of a discriminator (adversary.py) that judges one frame of each run.
    permuted: how often a patch's color channels change places (default 1). It makes more of few clips, but the network
        can't learn then that lips are red and skies blue.
    """

    def __init__(self, config: dict, pools: list[Path], validation: Path | None, device: torch.device):
        self.training, self.device = config["training"], device
        self.pools = [ColorPool(folder) for folder in pools]
        self.validation = ColorPool(validation) if validation else None
        self.picture_loss = picture_loss_of(self.training["loss"])
        adversarial = self.training.get("adversarial")
        self.adversary = Adversary(adversarial, device) if adversarial else None
        self._judged: tuple[torch.Tensor, ...] = ()
        self.uses_palette = "nearest" in config["model"].get("step_inputs", [])
        self.uses_cell = "cell" in config["model"]["inputs"]

    def batch(self, rng: np.random.Generator) -> Batch:
        """gif [N, RUN, 3, H, W], truth [N, RUN - 1, 3, H, W], radius [N, RUN - 1, 1, H, W], after [N]: seen or not.

        For fC: palette [N, RUN - 1, K, 3], count [N, RUN - 1]; where the network sees them: cell [N, RUN - 1, 6, H, W].
        """
        patch, size = self.training["patch"], self.training["batch"]
        parts: dict[str, list[np.ndarray]] = {
            name: [] for name in ("gif", "truth", "radius", "palette", "count", "cell")
        }
        for _ in range(size):
            pool = self.pools[int(rng.integers(len(self.pools)))]
            slot = int(rng.integers(len(pool)))
            sample = pool.samples[slot]
            top, left = int(rng.integers(sample.height - patch + 1)), int(rng.integers(sample.width - patch + 1))
            rows, columns = slice(top, top + patch), slice(left, left + patch)
            symmetry, channels = draw_symmetry(rng), draw_channels(rng, self.training)
            palettes = pool.palette[slot][..., channels]
            indices = [symmetry(frame) for frame in pool.index[slot, :, rows, columns]]
            parts["gif"].append(np.stack([palette[index] for palette, index in zip(palettes, indices)]))
            truths = [symmetry(frame)[..., channels] for frame in pool.truth[slot, :, rows, columns]]
            parts["truth"].append(np.stack(truths))
            parts["radius"].append(np.stack([table[index] for table, index in zip(pool.radius[slot], indices[:-1])]))
            if self.uses_cell:
                cells = [turned(pool.cell(slot, k), channels)[index] for k, index in enumerate(indices[:-1])]
                parts["cell"].append(np.stack(cells))
            parts["palette"].append(palettes[:-1])
            parts["count"].append(np.array(sample.tables[:-1]))
        batch = {name: to_unit(np.stack(parts[name])) for name in ("gif", "truth")}
        batch["radius"] = torch.from_numpy(np.stack(parts["radius"]))[:, :, None]
        if self.uses_cell:
            batch["cell"] = torch.from_numpy(np.stack(parts["cell"])).movedim(-1, -3)
        batch["after"] = torch.from_numpy(rng.random(size) >= self.training["alone"])
        if self.uses_palette:
            counts = np.stack(parts["count"])
            batch["palette"] = torch.from_numpy(np.stack(parts["palette"])[:, :, : counts.max()]).float() / 127.5 - 1
            batch["count"] = torch.from_numpy(counts)
        return {name: tensor.to(self.device) for name, tensor in batch.items()}

    def restored(self, network: CCDNet, batch: Batch) -> Iterator[list[torch.Tensor]]:
        """The estimates of each frame of a run but the last one."""
        gif, seen = batch["gif"], batch["after"][:, None, None, None]
        past = None
        for k in range(gif.shape[1] - 1):
            palette, count = (batch[name][:, k] if name in batch else None for name in ("palette", "count"))
            before, after = gif[:, k - 1] if k else None, torch.where(seen, gif[:, k + 1], gif[:, k])
            cell = batch["cell"][:, k] if "cell" in batch else None
            estimates = network.estimates(gif[:, k], batch["radius"][:, k], palette, count, before, after, past, cell)
            past = estimates[-1].detach().float()
            yield estimates

    def loss(self, network: CCDNet, batch: Batch) -> torch.Tensor:
        total = torch.zeros((), device=self.device)
        truth, frames = batch["truth"], batch["truth"].shape[1]
        temporal, past = self.training.get("temporal_weight", 0), None
        judged = int(torch.randint(frames, ())) if self.adversary else -1
        for k, estimates in enumerate(self.restored(network, batch)):
            weights = [self.training["supervision"]] * (len(estimates) - 1) + [1.0]
            for weight, estimate in zip(weights, estimates):
                error = self.picture_loss(estimate.float(), truth[:, k], self.training["gradient_weight"])
                total = total + weight / frames * error
            last = estimates[-1].float()
            if past is not None and temporal:
                error = squared_loss(last - past, truth[:, k] - truth[:, k - 1], 0)
                total = total + temporal / frames * error
            past = last.detach()
            if k == judged:
                gif = batch["gif"][:, k]
                total = total + self.adversary.weight * self.adversary.generator_loss(gif, last, truth[:, k])
                self._judged = (gif, past, truth[:, k])
        return total

    def after_step(self) -> None:
        """Takes the discriminator's step on the pictures of the network's, where there is one."""
        self.adversary.learn(*self._judged)

    @torch.no_grad()
    def validate(self, network: CCDNet) -> dict[str, float]:
        """Mean PSNR gain in dB by palette size and kind (face / other), chroma kept and sharpness, over the validation pool.

        Of the last frame of every run; "first": of the first ones, which have no past.
        """
        gains: dict[str, list[float]] = {}
        pool = self.validation
        for slot in range(len(pool) if pool else 0):
            sample = pool.samples[slot]
            count = len(pool.frames(slot)) - 1
            batch = {
                "gif": to_unit(np.stack(pool.frames(slot)))[None],
                "radius": torch.stack([pool.radius_map(slot, k)[None] for k in range(count)])[None],
                "palette": torch.from_numpy(pool.palette[slot, :count]).float()[None] / 127.5 - 1,
                "count": torch.tensor(sample.tables[:count])[None],
                "after": torch.tensor([True]),
            }
            if self.uses_cell:
                indices = pool.index[slot, :count, : sample.height, : sample.width]
                cells = np.stack([pool.cell(slot, k)[index] for k, index in enumerate(indices)])
                batch["cell"] = torch.from_numpy(cells).movedim(-1, -3)[None]
            batch = {name: tensor.to(self.device) for name, tensor in batch.items()}
            truths = to_unit(pool.truth[slot, :, : sample.height, : sample.width])
            name = f"{sample.colors} {'face' if sample.kind == 'face' else 'other'}"
            for k, estimates in enumerate(self.restored(network, batch)):
                gif, truth = batch["gif"][:, k].cpu(), truths[k : k + 1]
                if 0 < k < count - 1:
                    continue
                for step, estimate in enumerate(estimates):
                    gain = float(psnr(estimate.cpu(), truth) - psnr(gif, truth))
                    which = (" first" if k == 0 else "") + (f" I{step}" if len(estimates) > 1 else "")
                    gains.setdefault(name + which, []).append(gain)
                made, wanted = to_picture(estimates[-1].cpu()), to_picture(truth)
                gains.setdefault(f"{sample.colors} chroma kept", []).append(chroma_kept(made, wanted))
                gains.setdefault(f"{sample.colors} sharpness", []).append(sharpness(made[None], wanted[None]))
        return {name: float(np.mean(values)) for name, values in sorted(gains.items())}


class MotionTask:
    """SuperSlomo on a motion pool.

    training keys: patch, batch, loss, gradient_weight, warping_weight, smoothness_weight, teacher_weight, permuted.

    loss: of the in-between; a name, or weights by name (losses.picture_loss_of).
    teacher_weight: optional; of what a teacher said, in pools that hold it (teacher.py).
    """

    def __init__(self, config: dict, pools: list[Path], validation: Path | None, device: torch.device):
        self.training, self.device = config["training"], device
        self.pools = [MotionPool(folder) for folder in pools]
        self.validation = MotionPool(validation) if validation else None
        self.picture_loss = picture_loss_of(self.training["loss"])
        self.teacher_weight = self.training.get("teacher_weight", 0)

    def batch(self, rng: np.random.Generator) -> Batch:
        patch, size = self.training["patch"], self.training["batch"]
        pictures, times, answers = [], [], []
        for _ in range(size):
            pool = self.pools[int(rng.integers(len(self.pools)))]
            slot = int(rng.integers(len(pool)))
            room = pool.frames.shape[2] - patch
            # A teacher's answer is of half the size.
            top, left = (int(value) // 2 * 2 for value in rng.integers(room + 1, size=2))
            symmetry, channels, backwards = draw_symmetry(rng), draw_channels(rng, self.training), rng.random() < 0.5
            backwards = backwards and not pool.ordered[slot]
            frames = pool.frames[slot, :, top : top + patch, left : left + patch]
            frames = frames[[1, 0, 3, 2, 4]] if backwards else frames
            pictures.append(np.stack([symmetry(frame)[..., channels] for frame in frames]))
            times.append(1 - pool.time[slot] if backwards else pool.time[slot])
            if self.teacher_weight:
                answers.append(self._answer(pool, slot, (top // 2, left // 2), patch // 2, symmetry, backwards))
        stacked = np.stack(pictures)
        batch = {name: to_unit(stacked[:, k]) for k, name in enumerate(["g0", "g1", "i0", "i1", "truth"])}
        batch["time"] = torch.tensor(np.array(times, np.float32))[:, None, None, None]
        if self.teacher_weight:
            batch["teacher"] = torch.from_numpy(np.stack(answers))
        return {name: tensor.to(self.device) for name, tensor in batch.items()}

    @staticmethod
    def _answer(
        pool: MotionPool, slot: int, corner: tuple[int, int], side: int, symmetry: Symmetry, backwards: bool
    ) -> np.ndarray:
        """A teacher's answer as the patch is turned, float32 [6, side, side]; NaN where the pool has none."""
        if pool.teacher is None:
            return np.full((6, side, side), np.nan, np.float32)
        top, left = corner
        answer = pool.teacher[slot, :, top : top + side, left : left + side].astype(np.float32)
        if backwards:
            answer = answer[[2, 3, 0, 1, 4, 5]]
            answer[4] = 1 - answer[4]
        flows = [symmetry.vectors(answer[k : k + 2].transpose(1, 2, 0)).transpose(2, 0, 1) for k in (0, 2)]
        return np.concatenate([*flows, np.stack([symmetry(plane) for plane in answer[4:]])])

    def loss(self, network: SuperSlomo, batch: Batch) -> torch.Tensor:
        training, truth, scale = self.training, batch["truth"], network.config["max_flow"]
        f01, f10 = (flow.float() for flow in network.flows(batch["g0"], batch["g1"]))
        result = network.interpolate(batch["i0"], batch["i1"], f01, f10, batch["time"])
        frame = result["frame"].float()
        total = self.picture_loss(frame, truth, training["gradient_weight"])
        warped = [result["warped0"], result["warped1"]]
        warping = sum(F.l1_loss(picture.float(), truth) for picture in warped)
        warping = warping + F.l1_loss(backwarp(batch["i1"], f01 * scale), batch["i0"])
        warping = warping + F.l1_loss(backwarp(batch["i0"], f10 * scale), batch["i1"])
        total = total + training["warping_weight"] * warping
        if self.teacher_weight:
            error = (frame - truth).abs().mean(1, keepdim=True)
            flows = (result["ft0"] * scale, result["ft1"] * scale)
            total = total + self.teacher_weight * teacher_loss(*flows, result["share"], error, batch["teacher"])
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
    """The dither classifier on patches of color pools that hold both kinds. training keys: patch, batch, estimator.

    estimator: model file of the color network whose estimate the classifier sees.

    Patches of dithered or lossy GIFs that hold the original without loss are left out: nothing tells them from others.
    """

    SHOWS = 0.01
    """The least share of the pixels of a patch in which dither or loss show."""

    def __init__(self, config: dict, pools: list[Path], validation: Path | None, device: torch.device):
        self.training, self.device = config["training"], device
        self.pools = [ColorPool(folder) for folder in pools]
        self.validation = ColorPool(validation) if validation else None
        self.estimator = None
        if config["model"].get("estimate"):
            self.estimator = load_model(Path(self.training["estimator"]), device)[0]

    @torch.no_grad()
    def inputs(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """The classifier's inputs: frames, radii and, of frames alone, the estimator's first estimate."""
        gif, radius = batch["gif"], batch["radius"]
        estimate = None
        if self.estimator:
            estimate = self.estimator.estimates(gif, radius, None, None, cell=batch["cell"], steps=1)[0]
        return gif, radius, estimate

    def batch(self, rng: np.random.Generator) -> Batch:
        patch, size = self.training["patch"], self.training["batch"]
        gifs, radii, cells, dithered = [], [], [], []
        while len(gifs) < size:
            pool = self.pools[int(rng.integers(len(self.pools)))]
            slot = int(rng.integers(len(pool)))
            sample = pool.samples[slot]
            if min(sample.height, sample.width) < patch:
                continue
            top, left = int(rng.integers(sample.height - patch + 1)), int(rng.integers(sample.width - patch + 1))
            k = int(rng.integers(RUN - 1))
            place = (slice(top, top + patch), slice(left, left + patch))
            index = pool.index[slot, k][place]
            noisy = is_noisy(sample)
            if noisy:
                differs = (pool.palette[slot, k][index] != pool.truth[slot, k][place]).any(-1)
                if differs.mean() < self.SHOWS:
                    continue
            index = draw_symmetry(rng)(index)
            channels = rng.permutation(3)
            gifs.append(pool.palette[slot, k][:, channels][index])
            radii.append(pool.radius[slot, k][index])
            cells.append(turned(pool.cell(slot, k), channels)[index])
            dithered.append(float(noisy))
        batch = {"gif": to_unit(np.stack(gifs)), "dithered": torch.tensor(dithered)}
        batch["radius"] = torch.from_numpy(np.stack(radii))[:, None]
        batch["cell"] = torch.from_numpy(np.stack(cells)).movedim(-1, -3)
        return {name: tensor.to(self.device) for name, tensor in batch.items()}

    def loss(self, network: DitherClassifier, batch: Batch) -> torch.Tensor:
        return F.binary_cross_entropy_with_logits(network(*self.inputs(batch)).float(), batch["dithered"])

    @torch.no_grad()
    def validate(self, network: DitherClassifier) -> dict[str, float]:
        """Share of right verdicts on whole samples, by maker and colors."""
        right: dict[str, list[float]] = {}
        pool = self.validation
        for slot in range(len(pool) if pool else 0):
            sample = pool.samples[slot]
            cell = pool.cell(slot, 1)[pool.index[slot, 1, : sample.height, : sample.width]]
            batch = {
                "gif": to_unit(pool.frames(slot)[1][None]),
                "radius": pool.radius_map(slot, 1)[None, None],
                "cell": torch.from_numpy(cell).movedim(-1, -3)[None],
            }
            batch = {name: tensor.to(self.device) for name, tensor in batch.items()}
            verdict = float(network(*self.inputs(batch))) > 0
            right.setdefault(f"{sample.maker} {sample.colors}", []).append(float(verdict == is_noisy(sample)))
        return {name: float(np.mean(values)) for name, values in sorted(right.items())}


TASKS = {"ccdnet": ColorTask, "superslomo": MotionTask, "dither-classifier": DitherTask}
