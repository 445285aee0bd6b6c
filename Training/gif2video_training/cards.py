"""Cards: what a model file says of its weights beside their values. Needs no PyTorch.

A card is a JSON file, `Training/cards/NAME.json` for the network of that name:

    weights     the hash (`ModelBytes.weights`) of the weights that history and quality tell of
    thresholds  {name: {"value": number, "unit": text}}: limits that were set by what these weights do
    history     [{"steps": number, "start": text, ...}]: every training that led to them, the first one first
    quality     [{"command": text, "data": text, "figures": {text: number}}]: what was measured, and how

A model file's header has the last three under the same names, JSON on one line each.
docs/restoration.md tells what each threshold does.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

CARDS = Path(__file__).resolve().parents[1] / "cards"
PARTS = ("thresholds", "history", "quality")
COLOR = (
    "flat_art_frame_from", "flat_art_frame_to", "flat_art_block_from", "flat_art_block_to", "filter_strength",
    "filter_scale_least", "filter_scale_most", "filter_scale_of_noise", "filter_most_noise",
)  # fmt: skip
MOTION = (
    "hold_lost_text", "hold_lost", "hold_softened", "hold_scene_change", "large_motion_from", "large_motion_to", "large_motion_share",
    "view_error", "view_reach",
)  # fmt: skip
THRESHOLDS = {"ccdnet": COLOR, "superslomo": MOTION, "dither-classifier": ("dithered_logit",)}
"""By architecture, the thresholds without which the program does not load a file."""
OPTIONAL = {"ccdnet": ("cell_size",), "superslomo": ("projection_error",)}
"""Those that a file may have: networks for GIFs without dither keep pixels in the cells of their colors, networks for in-betweens
project their flows."""


@dataclass(frozen=True)
class Card:
    """See above. A file's header makes one without `weights`."""

    thresholds: dict[str, dict] = field(default_factory=dict)
    history: list[dict] = field(default_factory=list)
    quality: list[dict] = field(default_factory=list)
    weights: str = ""

    @classmethod
    def of_header(cls, metadata: dict[str, str]) -> Card:
        """A header as a card; a part that it lacks is empty."""
        return cls(**{part: json.loads(metadata[part]) for part in PARTS if metadata.get(part)})

    def header(self) -> dict[str, str]:
        """The three parts as metadata."""
        values = asdict(self)
        return {part: json.dumps(values[part], separators=(",", ":")) for part in PARTS}

    @property
    def numbers(self) -> dict[str, float]:
        return {name: entry["value"] for name, entry in self.thresholds.items()}


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_card(path: Path) -> Card:
    """A card's file; ends the program where it is none."""
    try:
        card = Card(**json.loads(path.read_text()))
        wrong = [name for name, value in card.numbers.items() if not is_number(value)]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise SystemExit(f"{path}: not a card: {error}") from error
    if wrong:
        raise SystemExit(f"{path}: not a card: no number for {', '.join(wrong)}")
    return card


def default_card(config: dict) -> Card:
    """The card whose thresholds a training with a configuration begins with.

    It is the one that the configuration names (`card`), or the one with the network's name; an empty one where there is
    none.
    """
    file = CARDS / f"{config.get('card', config.get('name'))}.json"
    return read_card(file) if file.exists() else Card()


def card_of_file(metadata: dict[str, str]) -> Card:
    """A model file as a card. One that is older than thresholds in headers has the default card's."""
    card = Card.of_header(metadata)
    return card if card.thresholds else replace(card, thresholds=default_card(metadata).thresholds)


def missing_thresholds(architecture: str, card: Card) -> list[str]:
    """The thresholds that the program would miss in a file with such a header."""
    return [name for name in THRESHOLDS[architecture] if name not in card.numbers]


def mistakes(architecture: str, card: Card) -> list[str]:
    """Says what a header lacks, or has in another form, for weights that ship."""
    found = [f"no threshold {name}" for name in THRESHOLDS.get(architecture, ()) if name not in card.thresholds]
    for name, entry in card.thresholds.items():
        if not is_number(entry.get("value")) or not entry.get("unit"):
            found.append(f"threshold {name}: a number `value` and its `unit` were expected")
    found += [f"no {part}" for part in ("history", "quality") if not getattr(card, part)]
    for number, stage in enumerate(card.history, 1):
        if not is_number(stage.get("steps")) or not stage.get("start"):
            found.append(f"history, training {number}: `steps` and `start` were expected")
    for number, measured in enumerate(card.quality, 1):
        figures = measured.get("figures") or {"": None}
        if not (measured.get("command") and measured.get("data") and all(map(is_number, figures.values()))):
            found.append(f"quality, entry {number}: `command`, `data` and numbers in `figures` were expected")
    return found


@dataclass
class Provenance:
    """A training run's knowledge of the model file that comes of it; part of its checkpoint.

    thresholds: of the start, or of the default card; history: of the start; stage: this run's start and pools;
    validation: the name of the pool it measures on; figures: what it measured last.
    """

    thresholds: dict[str, dict]
    history: list[dict] = field(default_factory=list)
    stage: dict = field(default_factory=lambda: {"start": "random weights"})
    validation: str = ""
    figures: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of_checkpoint(cls, state: dict) -> Provenance:
        """The part of a checkpoint. One that is older than this class has the default card's thresholds."""
        known = state.get("provenance")
        return cls(**known) if known else cls(default_card(state["config"]).thresholds, stage={"start": "not recorded"})

    def begin(self, start: Card, name: str) -> None:
        """Takes over what is known of the weights that the run starts from; name: what they are called."""
        self.thresholds = self.thresholds | start.thresholds
        self.history, self.stage = start.history, self.stage | {"start": name}

    def card(self, stage: dict) -> Card:
        """The card of the weights as they are. stage: how they were trained in this run."""
        quality = []
        if self.figures:
            command = "python -m gif2video_training.train"
            quality.append({"command": command, "data": self.validation, "figures": self.figures})
        return Card(self.thresholds, [*self.history, stage | self.stage], quality)


def card_of_checkpoint(state: dict) -> Card:
    """The card of a checkpoint's averaged weights."""
    stage = {"steps": state["step"], "rate": state["config"]["training"]["rate"]}
    return Provenance.of_checkpoint(state).card(stage)
