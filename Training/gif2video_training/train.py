"""Trains one network from a configuration file and pools (see pools.py).

    python -m gif2video_training.train --config configs/ccdnet-live-none.json \
        --pool cache/none --validation cache/val-none --out runs/none --minutes 40

The learning rate warms up and follows a cosine to zero over --steps, or over --minutes of
training time. A run writes `checkpoint.pt` every two minutes; `--resume` continues it. With
--steps the continued run is the same to the bit as an uninterrupted one (on the same machine and
number of threads); with --minutes the schedule follows the clock, so only the state is exact.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from .adversary import Adversary
from .cards import Card, Provenance, card_of_checkpoint, card_of_file, default_card
from .model_header import read_model
from .networks import make_network
from .tasks import TASKS

CHECKPOINT_EVERY = 120.0


class Average:
    """Exponential moving average of a network's state, used for validation and export."""

    def __init__(self, network: torch.nn.Module, decay: float):
        self.decay = decay
        self.state = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    def update(self, network: torch.nn.Module, step: int) -> None:
        weight = 1 - min(self.decay, (1 + step) / (10 + step))
        current = network.state_dict()
        floating = [name for name, tensor in self.state.items() if tensor.is_floating_point()]
        torch._foreach_lerp_([self.state[n] for n in floating], [current[n].detach() for n in floating], weight)
        for name, tensor in current.items():
            if not tensor.is_floating_point():
                self.state[name].copy_(tensor)


class Muon(torch.optim.Optimizer):
    """Momentum whose update of every weight matrix is made orthogonal (Jordan et al. 2024), for convolutions.

    A kernel [out, in, k, k] counts as a matrix [out, in k k]. Updates have the size of AdamW's (Liu et al. 2025), so
    that both take the same rate.
    """

    ITERATIONS = ((3.4445, -4.7750, 2.0315),) * 5
    """Newton-Schulz, quintic: brings all singular values near 1."""

    def __init__(self, parameters, lr: float, weight_decay: float, momentum: float = 0.95):
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                update = self.orthogonal(weight.grad.lerp(state["momentum"], group["momentum"]).flatten(1))
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                scale = 0.2 * max(update.shape) ** 0.5
                weight.add_(update.view(weight.shape), alpha=-group["lr"] * scale)

    @classmethod
    def orthogonal(cls, matrix: torch.Tensor) -> torch.Tensor:
        """The matrix with all its singular values near 1."""
        x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
        x = x / (x.norm() + 1e-7)
        for a, b, c in cls.ITERATIONS:
            product = x @ x.T
            x = a * x + (b * product + c * product @ product) @ x
        return x.T if matrix.shape[0] > matrix.shape[1] else x


def make_optimizers(network: torch.nn.Module, training: dict) -> list[torch.optim.Optimizer]:
    """AdamW; with "optimizer": "muon" Muon for the kernels but those of a U-Net's first and last layers."""
    options = {"lr": training["rate"], "weight_decay": training["weight_decay"]}
    named = dict(network.named_parameters())
    inner = set()
    if training.get("optimizer", "adamw") == "muon":
        inner = {name for name, tensor in named.items() if tensor.dim() == 4 and ".stem.0." not in name}
        inner = {name for name in inner if ".outc." not in name}
    rest = [tensor for name, tensor in named.items() if name not in inner]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(rest, **options)]
    return optimizers + ([Muon([named[name] for name in sorted(inner)], **options)] if inner else [])


def widened(weight: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """A weight or bias for a layer with more channels, so that the network computes what it did (Net2Net, Chen 2016).

    A new unit is a copy of an old one; what follows divides the old weight among the copies, at random so that they
    learn different things. weight: [out, in, k, k] or [out]; shape: at least as large.
    """
    if weight.shape == shape:
        return weight
    weight = weight[torch.arange(shape[0]) % weight.shape[0]]
    if weight.dim() == 1:
        return weight
    old, new = weight.shape[1], shape[1]
    copies = torch.arange(new) % old
    parts = 1 + 0.5 * torch.randn(shape[0], new, 1, 1)
    sums = torch.zeros(shape[0], old, 1, 1).index_add_(1, copies, parts)
    counts = torch.bincount(copies, minlength=old)[None, :, None, None]
    # Equal shares and deviations that cancel out: a sum of random parts could be nearly zero.
    parts = (parts - (sums / counts)[:, copies] + 1) / counts[:, copies]
    return weight[:, copies] * parts


class Trainer:
    """A network with its optimizer, average, random state and position in the schedule."""

    def __init__(self, config: dict, task, seed: int, device: torch.device):
        torch.manual_seed(seed)
        self.config, self.task, self.device = config, task, device
        training = config["training"]
        self.provenance = Provenance(default_card(config).thresholds)
        self.network = make_network(config["architecture"], config["model"], self._numbers())
        for unet in training["zero"]:
            last = self.network.get_submodule(unet).outc
            torch.nn.init.zeros_(last.weight)
            torch.nn.init.zeros_(last.bias)
        self.network.to(device, memory_format=torch.channels_last)
        self.optimizers = make_optimizers(self.network, training)
        self.average = Average(self.network, training["ema"])
        self.rng = np.random.default_rng(seed)
        self.step, self.seconds = 0, 0.0

    @property
    def adversary(self) -> Adversary | None:
        return getattr(self.task, "adversary", None)

    def _numbers(self) -> dict[str, float]:
        return Card(self.provenance.thresholds).numbers

    def save(self, path: Path) -> None:
        state = {
            "config": self.config, "provenance": asdict(self.provenance),
            "network": self.network.state_dict(), "average": self.average.state,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "rng": self.rng.bit_generator.state,
            "torch_rng": torch.get_rng_state(), "step": self.step, "seconds": self.seconds,
        }  # fmt: skip
        if self.adversary:
            state["adversary"] = self.adversary.state_dict()
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.rename(path)

    def load(self, path: Path) -> None:
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.state = state["average"]
        for optimizer, known in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(known)
        if self.adversary:
            self.adversary.load_state_dict(state["adversary"])
        self.rng.bit_generator.state = state["rng"]
        torch.set_rng_state(state["torch_rng"].cpu())
        self.step, self.seconds = state["step"], state["seconds"]
        self.provenance = Provenance.of_checkpoint(state)
        self.network.thresholds = self._numbers()

    def start_from(self, path: Path) -> None:
        """Takes the averaged weights of another run's checkpoint, or those of a model file, and their thresholds.

        Parts that it lacks keep their start, input channels that it lacks begin at zero. A wider network (UNetShuffle's
        widths) begins as the same function (`widened`).
        """
        if path.suffix == ".safetensors":
            weights = {name: tensor.float() for name, tensor in load_file(path).items()}
            model = read_model(path)
            start, known = f"{model.metadata['name']} {model.weights}", card_of_file(model.metadata)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
            weights, start, known = state["average"], f"run {path.parent.name}", card_of_checkpoint(state)
        for name, own in self.network.state_dict().items():
            if name not in weights:
                continue
            if own.dim() == 4 and ".stem.0." in name:
                weights[name] = F.pad(weights[name], (0, 0, 0, 0, 0, own.shape[1] - weights[name].shape[1]))
            weights[name] = widened(weights[name], own.shape)
        unknown = self.network.load_state_dict(weights, strict=False).unexpected_keys
        if unknown:
            raise SystemExit(f"{path}: not a start for this network: {', '.join(unknown)}")
        self.average = Average(self.network, self.average.decay)
        self.provenance.begin(known, start)
        self.network.thresholds = self._numbers()

    def advance(self, progress: float) -> torch.Tensor:
        """One step at `progress` in [0, 1) of the schedule. Returns the loss; on a GPU it may not be known yet."""
        training = self.config["training"]
        warm = min(1.0, (self.step + 1) / training["warmup"])
        for group in (group for optimizer in self.optimizers for group in optimizer.param_groups):
            group["lr"] = training["rate"] * warm * 0.5 * (1 + math.cos(math.pi * progress))
        batch = self.task.batch(self.rng)
        reduced = progress < 1 - training["float32_share"]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=reduced):
            loss = self.task.loss(self.network, batch)
        self.network.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), training["clip"])
        for optimizer in self.optimizers:
            optimizer.step()
        if self.adversary:
            self.task.after_step()
        self.step += 1
        self.average.update(self.network, self.step)
        return loss.detach()

    def validate(self) -> dict[str, float]:
        """The task's figures with the averaged weights, in float32."""
        own = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        self.network.load_state_dict(self.average.state)
        self.network.eval()
        figures = self.task.validate(self.network)
        self.network.train()
        self.network.load_state_dict(own)
        return figures


def run(trainer: Trainer, out: Path, steps: int | None, minutes: float | None, validate_every: float) -> None:
    """Trains to the end of the schedule; prints a line every half minute and keeps the checkpoint fresh."""
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.pt"

    def report() -> None:
        found = {name: round(value, 3) for name, value in trainer.validate().items()}
        trainer.provenance.figures = found
        figures = ", ".join(f"{name} {value:+.3f}" for name, value in found.items())
        print(f"step {trainer.step} validation: {figures}", flush=True)

    def progress() -> float:
        return trainer.step / steps if steps else trainer.seconds / (60 * minutes)

    losses: list[float] = []
    told = saved = validated = trainer.seconds
    while progress() < 1:
        began = time.monotonic()
        losses.append(float(trainer.advance(progress())))
        trainer.seconds += time.monotonic() - began
        if trainer.seconds - told > 30:
            rate = trainer.optimizers[0].param_groups[0]["lr"]
            print(
                f"step {trainer.step} at {trainer.seconds:.0f} s: loss {np.mean(losses):.5f}, rate {rate:.2e}",
                flush=True,
            )
            losses, told = [], trainer.seconds
        if trainer.seconds - saved > CHECKPOINT_EVERY:
            trainer.save(checkpoint)
            saved = trainer.seconds
        if trainer.seconds - validated > validate_every:
            report()
            validated = trainer.seconds
    trainer.save(checkpoint)
    report()
    trainer.save(checkpoint)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train one network.")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--pool", type=Path, action="append", required=True, help="training pool; may be given again")
    parser.add_argument("--validation", type=Path, help="validation pool")
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    parser.add_argument(
        "--start", type=Path, help="another run's checkpoint, or a model file, whose weights to start from"
    )
    parser.add_argument("--resume", action="store_true", help="continue OUT/checkpoint.pt if it exists")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=int)
    length.add_argument("--minutes", type=float)
    parser.add_argument("--validate-every", type=float, default=300, metavar="SECONDS")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--rate", type=float, help="peak learning rate, in place of the configuration's")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    config = json.loads(options.config.read_text())
    if options.rate:
        config["training"]["rate"] = options.rate
    task = TASKS[config["architecture"]](config, options.pool, options.validation, device)
    trainer = Trainer(config, task, options.seed, device)
    if options.resume and (options.out / "checkpoint.pt").exists():
        trainer.load(options.out / "checkpoint.pt")
    else:
        trainer.provenance.stage["pools"] = [pool.name for pool in options.pool]
        trainer.provenance.validation = options.validation.name if options.validation else ""
        if options.start:
            trainer.start_from(options.start)
    count = sum(parameter.numel() for parameter in trainer.network.parameters())
    print(f"{config['name']}: {count} parameters on {device}, from step {trainer.step}", flush=True)
    run(trainer, options.out, options.steps, options.minutes, options.validate_every)


if __name__ == "__main__":
    main()
