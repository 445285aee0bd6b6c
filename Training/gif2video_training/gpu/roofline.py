"""Estimates how many training steps a second a GPU makes, from what the networks compute and move.

Every convolution takes the longer of two times: its arithmetic at half of the datasheet's rate, or its tensors at the
memory's rate; backwards twice that. The operations between the convolutions (activation, sum, pooling, forwards and
backwards) read and write every output five times more. A step is no faster than its kernels are started. This is an
estimate: nothing here has been measured on a GPU.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch

from ..color_pool import RUN
from ..networks import ARCHITECTURES
from .jobs import Job, read_jobs
from .rates import compiling_seconds, loader_rates

USABLE = 0.5
"""The part of the datasheet's arithmetic that convolutions are taken to reach."""
BETWEEN = 5
LAUNCH, LAUNCHES, OPTIMIZER_LAUNCHES = 8e-6, 20, 40
"""Seconds in which PyTorch starts a kernel; kernels of a convolution and what follows it, forwards and backwards; of a
weight's update."""
RATE_SECONDS = 10.0


@dataclass(frozen=True)
class Machine:
    """Dense bfloat16 multiply-adds and bytes of memory a second, as the vendor's datasheet has them."""

    name: str
    multiply_adds: float
    bytes: float


MACHINES = (Machine("H200", 989e12 / 2, 4.8e12), Machine("H100", 989e12 / 2, 3.35e12))


@dataclass(frozen=True)
class Layer:
    """A convolution in one pass: multiply-adds and bytes (bfloat16), and those of its output."""

    multiply_adds: int
    bytes: int
    output: int


def layers(config: dict, patch: int, batch: int) -> list[Layer]:
    """The convolutions of one training pass forwards: a run of color frames, or a pair with its in-between."""
    found: list[Layer] = []

    def note(module: torch.nn.Module, inputs: tuple, output: torch.Tensor) -> None:
        size = inputs[0].shape[-2:].numel() if isinstance(module, torch.nn.ConvTranspose2d) else output[0, 0].numel()
        work = module.weight.numel() * size * batch
        moved = 2 * (batch * (inputs[0][0].numel() + output[0].numel()) + module.weight.numel())
        found.append(Layer(work, moved, 2 * batch * output[0].numel()))

    with torch.device("meta"):
        network = ARCHITECTURES[config["architecture"]](config["model"] | {"coarse": False, "views": False})
        for module in network.modules():
            if isinstance(module, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)):
                module.register_forward_hook(note)
        picture = torch.zeros(1, 3, patch, patch)
        if config["architecture"] == "superslomo":
            network(picture, picture, picture, picture, 0.5)
            if config["model"].get("coarse"):
                # Large motion: once on small frames, and both corrections.
                small = picture[..., ::4, ::4]
                for g in (small, picture, picture):
                    network.direct_flows(g, g)
        else:
            parts = ["first"] + ["step"] * (config["model"]["steps"] - 1)
            for part in parts * (RUN - 1):
                network.get_submodule(part)(torch.zeros(1, config["model"][part]["in"], patch, patch))
    return found


def multiply_adds_per_pixel(config: dict, side: int = 256) -> float:
    """The cost of a restored picture (ccdnet) or of an in-between with its flows (superslomo)."""
    model = config["model"] | {"coarse": False}
    total = sum(layer.multiply_adds for layer in layers(config | {"model": model}, side, 1)) / side**2
    return total if config["architecture"] == "superslomo" else total / (RUN - 1)


def computing_seconds(config: dict, machine: Machine) -> float:
    """The GPU's time for a step."""
    total = 0.0
    for layer in layers(config, config["training"]["patch"], config["training"]["batch"]):
        work = layer.multiply_adds / (USABLE * machine.multiply_adds)
        total += 3 * max(work, layer.bytes / machine.bytes) + BETWEEN * layer.output / machine.bytes
    return total


def starting_seconds(config: dict) -> float:
    """The processor's time to start a step's kernels."""
    convolutions = len(layers(config, config["training"]["patch"], 1))
    weights = sum(1 for shape in kernel_shapes(config) if len(shape) == 4)
    return LAUNCH * (LAUNCHES * convolutions + OPTIMIZER_LAUNCHES * weights)


def kernel_shapes(config: dict) -> list[torch.Size]:
    with torch.device("meta"):
        return [tensor.shape for tensor in ARCHITECTURES[config["architecture"]](config["model"]).parameters()]


def describe(job: Job) -> str:
    """A line of the table: the job, what a step takes on each machine, and how many its share holds."""
    config = job.configuration()
    parameters = sum(shape.numel() for shape in kernel_shapes(config))
    training = config["training"]
    cells = [job.name, f"{parameters:,}", f"{multiply_adds_per_pixel(config) / 1000:.1f}"]
    cells.append(f"{training['batch']} x {training['patch']} x {training['patch']}")
    starting = starting_seconds(config)
    cells.append(f"{1000 * starting:.1f}")
    for machine in MACHINES:
        computing = computing_seconds(config, machine)
        cells += [f"{1000 * computing:.1f}", f"{job.training_seconds / max(computing, starting):.0f}"]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="estimate", description="Estimate what the jobs reach on a GPU.")
    parser.add_argument("--jobs", type=Path, default=None, help="default: jobs.toml beside this")
    parser.add_argument("--package", type=Path, help="also measure here what one core makes of a package")
    parser.add_argument("--compile", action="store_true", help="also measure here what torch.compile takes")
    options = parser.parse_args()
    jobs = read_jobs(options.jobs).jobs
    names = ["job", "parameters", "kMAC a pixel", "batch", "ms to start"]
    for machine in MACHINES:
        names += [f"{machine.name}: ms to compute", "steps"]
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    for job in jobs:
        print(describe(job))
    if options.package:
        print("\nOne core of this machine:", *loader_rates(options.package, jobs, RATE_SECONDS), sep="\n")
    if options.compile:
        print(f"\ntorch.compile of {jobs[0].name}'s first U-Net on this processor: {compiling_seconds(jobs[0]):.0f} s")


if __name__ == "__main__":
    main()
