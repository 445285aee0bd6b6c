"""Model files: safetensors whose header says what they are.

The tensors are those of `networks.folded_state` (convolutions only, BatchNorm folded in), float32 or
float16. The header's `__metadata__`, all strings:

    format "gif2video-model", version "1", architecture, name, profile,
    dither ("none" | "dithered" | "any"), palette_range ("16-256"),
    config    the network's configuration (networks.py), JSON on one line
    training  what made it, JSON on one line
    quality   what was measured, JSON on one line
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from .networks import ARCHITECTURES, folded_state

FORMAT, VERSION = "gif2video-model", "1"


def save_model(path: Path, network: torch.nn.Module, metadata: dict[str, str], half: bool) -> None:
    """Writes `network` with BatchNorm folded; `metadata` without format and version."""
    dtype = torch.float16 if half else torch.float32
    tensors = {name: tensor.to(dtype).contiguous() for name, tensor in folded_state(network).items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, {"format": FORMAT, "version": VERSION} | metadata)
    path.chmod(0o644)


def read_metadata(path: Path) -> dict[str, str]:
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if metadata.get("format") != FORMAT or metadata.get("version") != VERSION:
        raise SystemExit(f"{path}: not a {FORMAT} file of version {VERSION}")
    return metadata


def remove_norms(module: torch.nn.Module) -> None:
    """Replaces every BatchNorm by the identity, so that folded weights fit."""
    for name, child in module.named_children():
        if isinstance(child, torch.nn.BatchNorm2d):
            setattr(module, name, torch.nn.Identity())
        else:
            remove_norms(child)


def load_model(path: Path, device: torch.device | str = "cpu") -> tuple[torch.nn.Module, dict[str, str]]:
    """A network from a model file, float32, in evaluation mode, and the file's metadata."""
    metadata = read_metadata(path)
    network = ARCHITECTURES[metadata["architecture"]](json.loads(metadata["config"]))
    remove_norms(network)
    with safe_open(path, "pt") as file:
        network.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})
    return network.eval().to(device, memory_format=torch.channels_last), metadata


def one_line(value) -> str:
    return json.dumps(value, separators=(",", ":"))


def export_trained(
    path: Path, config: dict, average: dict[str, torch.Tensor], changes: dict, record: dict, quality: dict, half: bool
) -> None:
    """Writes the averaged weights of a training as a model file.

    config: a configuration file's; changes: to the network's part of it; record: what is to be said of the training
    beside the configuration; quality: measured figures.
    """
    model = config["model"] | changes
    network = ARCHITECTURES[config["architecture"]](model)
    network.load_state_dict(average)
    metadata = {key: config[key] for key in ("architecture", "name", "profile", "dither", "palette_range")}
    metadata |= {"config": one_line(model), "training": one_line(config["training"] | record)}
    save_model(path, network, metadata | {"quality": one_line(quality)}, half)


def reconfigured(source: Path, output: Path, changes: dict, profile: str | None = None) -> None:
    """A model file with the same weights and another configuration; profile: that it is then of, if another."""
    metadata = read_metadata(source)
    if profile:
        metadata["name"] = metadata["name"].removesuffix(metadata["profile"]) + profile
        metadata["profile"] = profile
    metadata["config"] = one_line(json.loads(metadata["config"]) | changes)
    save_file(load_file(source), output, metadata)
    output.chmod(0o644)


def main() -> None:
    parser = argparse.ArgumentParser(description="Export the averaged weights of a checkpoint as a model file.")
    parser.add_argument("checkpoint", type=Path, help="or a model file, whose configuration --set changes")
    parser.add_argument("output", type=Path)
    parser.add_argument("--half", action="store_true", help="store float16")
    parser.add_argument("--training", type=json.loads, default={}, metavar="JSON", help="added to the training record")
    parser.add_argument("--quality", type=Path, help="JSON file of measured figures (evaluate --json)")
    parser.add_argument(
        "--set", type=json.loads, default={}, metavar="JSON", help="changes to the network's configuration"
    )
    parser.add_argument("--profile", help="of a model file that is changed, where it becomes another profile's")
    options = parser.parse_args()
    if options.checkpoint.suffix == ".safetensors":
        return reconfigured(options.checkpoint, options.output, options.set, options.profile)
    state = torch.load(options.checkpoint, map_location="cpu", weights_only=True)
    record = {"steps": state["step"], "minutes": round(state["seconds"] / 60, 1)} | options.training
    quality = json.loads(options.quality.read_text()) if options.quality else {}
    export_trained(options.output, state["config"], state["average"], options.set, record, quality, options.half)


if __name__ == "__main__":
    main()
