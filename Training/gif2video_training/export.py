"""Model files: safetensors whose header says what they are.

    python -m gif2video_training.export runs/none/checkpoint.pt ../Models/live/ccdnet-none.safetensors --half \
        --card cards/ccdnet-live-none.json
    python -m gif2video_training.export FILE FILE --card CARD        # another header for the same weights
    python -m gif2video_training.export CHECKPOINT FILE --blend START 0.3    # three tenths of what the training began with

The tensors are those of `networks.folded_state` (convolutions only, BatchNorm folded in), float32 or
float16. The header's `__metadata__`, all strings:

    format "gif2video-model", version "1", architecture, name, profile,
    dither ("none" | "dithered" | "any"), palette_range ("16-256"),
    config      the network's configuration (networks.py), JSON on one line
    training    what made it: the last training's configuration, JSON on one line
    thresholds, history, quality    see cards.py

Thresholds come from the card, else from what the training started from, else from the card of the network's name.
History and quality come from the card if that tells of these very weights; else the history is what the checkpoint
knows, and the quality what its training measured last.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save

from .cards import Card, card_of_checkpoint, card_of_file, missing_thresholds, read_card
from .model_header import FORMAT, VERSION, ModelBytes, read_model
from .networks import folded_state, make_network


def packed(network: torch.nn.Module, half: bool) -> ModelBytes:
    """The tensors of `network` with BatchNorm folded, without metadata."""
    dtype = torch.float16 if half else torch.float32
    tensors = {name: tensor.to(dtype).contiguous() for name, tensor in folded_state(network).items()}
    return ModelBytes.parse(save(tensors))


def described(model: ModelBytes, metadata: dict[str, str], known: Card, card: Card | None) -> ModelBytes:
    """A model with its metadata. known: what is known of the weights without the card."""
    told = known
    if card:
        told = card if card.weights == model.weights else replace(known, thresholds=card.thresholds)
        if told is not card:
            print(f"the card tells of other weights than these, {model.weights}: its thresholds are taken over alone")
    if missing := missing_thresholds(metadata["architecture"], told):
        raise SystemExit(f"no thresholds {', '.join(missing)}: --card FILE has them (Training/cards)")
    return model.with_metadata({"format": FORMAT, "version": VERSION} | metadata | told.header())


def remove_norms(module: torch.nn.Module) -> None:
    """Replaces every BatchNorm by the identity, so that folded weights fit."""
    for name, child in module.named_children():
        if isinstance(child, torch.nn.BatchNorm2d):
            setattr(module, name, torch.nn.Identity())
        else:
            remove_norms(child)


def load_model(path: Path, device: torch.device | str = "cpu") -> tuple[torch.nn.Module, dict[str, str]]:
    """A network from a model file, float32, in evaluation mode, and the file's metadata."""
    metadata = read_model(path).metadata
    numbers = card_of_file(metadata).numbers
    network = make_network(metadata["architecture"], json.loads(metadata["config"]), numbers)
    remove_norms(network)
    network.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()})
    return network.eval().to(device, memory_format=torch.channels_last), metadata


def load_checkpoint(path: Path) -> torch.nn.Module:
    """The averaged network of a training, float32, in evaluation mode."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    config = state["config"]
    network = make_network(config["architecture"], config["model"], card_of_checkpoint(state).numbers)
    network.load_state_dict(state["average"])
    return network.eval().to(memory_format=torch.channels_last)


def blended(average: dict[str, torch.Tensor], file: Path, share: float) -> dict[str, torch.Tensor]:
    """Averaged weights of which a share is another model file's of the same network: where a training began, say.

    Between a fine-tuned network and its start lies one that keeps most of what both are good at (Wortsman et al. 2022,
    "Robust fine-tuning of zero-shot models").
    """
    other = {name: tensor.float() for name, tensor in load_file(file).items()}
    if {name: tensor.shape for name, tensor in other.items()} != {name: t.shape for name, t in average.items()}:
        raise SystemExit(f"{file}: not a file of this network")
    return {name: torch.lerp(tensor.float(), other[name], share) for name, tensor in average.items()}


def one_line(value) -> str:
    return json.dumps(value, separators=(",", ":"))


def trained(
    config: dict, average: dict[str, torch.Tensor], changes: dict, record: dict, known: Card, half: bool,
    card: Card | None = None,
) -> ModelBytes:  # fmt: skip
    """The averaged weights of a training as a model file.

    config: a configuration file's; changes: to the network's part of it; record: what is to be said of the training
    beside the configuration; known: what the run knows of its weights; card: see above.
    """
    model = config["model"] | changes
    network = make_network(config["architecture"], model)
    network.load_state_dict(average)
    metadata = {key: config[key] for key in ("architecture", "name", "profile", "dither", "palette_range")}
    metadata |= {"config": one_line(model), "training": one_line(config["training"] | record)}
    return described(packed(network, half), metadata, known, card)


def reconfigured(model: ModelBytes, changes: dict, profile: str | None = None, card: Card | None = None) -> ModelBytes:
    """A model file with the same weights and another header.

    changes: to the network's configuration, after which the quality that was measured is not known any more; profile:
    that it is then of, if another.
    """
    metadata, known = model.metadata, card_of_file(model.metadata)
    if changes:
        known = replace(known, quality=[])
    if profile:
        metadata = metadata | {"profile": profile}
        metadata["name"] = metadata["name"].removesuffix(model.metadata["profile"]) + profile
    metadata = metadata | {"config": one_line(json.loads(metadata["config"]) | changes)}
    return described(model, metadata, known, card)


def exported(options: argparse.Namespace) -> ModelBytes:
    card = read_card(options.card) if options.card else None
    if options.checkpoint.suffix == ".safetensors":
        return reconfigured(read_model(options.checkpoint), options.set, options.profile, card)
    state = torch.load(options.checkpoint, map_location="cpu", weights_only=True)
    record = {"steps": state["step"], "minutes": round(state["seconds"] / 60, 1)} | options.training
    known, average = card_of_checkpoint(state), state["average"]
    if options.blend:
        file, share = Path(options.blend[0]), float(options.blend[1])
        average = blended(average, file, share)
        record |= {"blended": share}
    return trained(state["config"], average, options.set, record, known, options.half, card)


def main() -> None:
    parser = argparse.ArgumentParser(description="Export the averaged weights of a checkpoint as a model file.")
    parser.add_argument("checkpoint", type=Path, help="or a model file, which gets another header")
    parser.add_argument("output", type=Path)
    parser.add_argument("--half", action="store_true", help="store float16")
    parser.add_argument("--card", type=Path, help="JSON file with thresholds, history and quality (cards/)")
    parser.add_argument("--training", type=json.loads, default={}, metavar="JSON", help="added to the training record")
    parser.add_argument(
        "--set", type=json.loads, default={}, metavar="JSON", help="changes to the network's configuration"
    )
    parser.add_argument(
        "--blend", nargs=2, metavar=("FILE", "SHARE"), help="mix the checkpoint's weights with this share of a model file's"
    )
    parser.add_argument("--profile", help="of a model file that is changed, where it becomes another profile's")
    options = parser.parse_args()
    exported(options).write(options.output)


if __name__ == "__main__":
    main()
