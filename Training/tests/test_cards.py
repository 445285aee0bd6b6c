"""Headers of model files: which card's parts they get, and what the check of the shipped files says."""

import argparse
import contextlib
import io
import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import torch

from gif2video_training.cards import OPTIONAL, CARDS, THRESHOLDS, Card, Provenance, card_of_checkpoint, mistakes, read_card
from gif2video_training.export import exported
from gif2video_training.model_header import ModelBytes, read_model
from gif2video_training.networks import make_network
from gif2video_training.train import Trainer

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "Models/live/dither-classifier.safetensors"
CHECK = ROOT / "scripts/check-models"
CONFIG = {
    "name": "small", "architecture": "dither-classifier", "profile": "live", "dither": "any", "palette_range": "2-256",
    "model": {"widths": [4, 6], "strides": [2, 1], "slope": 0.2}, "training": {"rate": 0.5},
}  # fmt: skip


def options(checkpoint: Path, card: Path | None = None, **more) -> argparse.Namespace:
    given = {"checkpoint": checkpoint, "card": card, "set": {}, "profile": None, "training": {}, "half": False, "blend": None}
    return argparse.Namespace(**given | more)


def quiet(arguments: argparse.Namespace) -> ModelBytes:
    with contextlib.redirect_stdout(io.StringIO()):
        return exported(arguments)


class HeaderTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def card(self, weights: str, value: float = 7) -> Path:
        path = self.folder / "card.json"
        thresholds = {"dithered_logit": {"value": value, "unit": "logit"}}
        history = [{"steps": 9, "start": "random weights"}]
        quality = [{"command": "true", "data": "none", "figures": {"right, %": 50}}]
        card = {"weights": weights, "thresholds": thresholds, "history": history, "quality": quality}
        path.write_text(json.dumps(card))
        return path

    def checkpoint(self, **provenance) -> Path:
        network = make_network(CONFIG["architecture"], CONFIG["model"])
        state = {"config": CONFIG, "average": network.state_dict(), "step": 3, "seconds": 60.0}
        path = self.folder / "checkpoint.pt"
        torch.save(state | ({"provenance": provenance} if provenance else {}), path)
        return path

    def test_a_header_is_written_for_the_same_weights(self):
        before = read_model(SHIPPED)
        after = quiet(options(SHIPPED, self.card(before.weights)))
        after.write(self.folder / "a.safetensors")
        again = read_model(self.folder / "a.safetensors")
        self.assertEqual((again.data, again.tensors), (before.data, before.tensors))
        self.assertEqual(Card.of_header(again.metadata).numbers, {"dithered_logit": 7})
        self.assertEqual(Card.of_header(again.metadata).history, [{"steps": 9, "start": "random weights"}])
        self.assertEqual(again.metadata["config"], before.metadata["config"])
        self.assertNotEqual(again.identity, before.identity)

    def test_what_a_card_tells_of_other_weights_is_not_said_of_these(self):
        before = Card.of_header(read_model(SHIPPED).metadata)
        after = Card.of_header(quiet(options(SHIPPED, self.card("0123"))).metadata)
        self.assertEqual(after.numbers, {"dithered_logit": 7})
        self.assertEqual((after.history, after.quality), (before.history, before.quality))

    def test_another_configuration_has_no_measured_quality(self):
        after = Card.of_header(quiet(options(SHIPPED, set={"weighted": False})).metadata)
        self.assertEqual(after.quality, [])
        self.assertEqual(after.numbers, read_card(CARDS / "dither-classifier-live.json").numbers)

    def test_a_checkpoint_says_where_its_weights_come_from(self):
        thresholds = {"dithered_logit": {"value": 0.5, "unit": "logit"}}
        history = [{"steps": 1, "start": "random weights"}]
        stage = {"start": "another 0123", "pools": ["mine"]}
        checkpoint = self.checkpoint(
            thresholds=thresholds, history=history, stage=stage, validation="val", figures={"right": 0.75}
        )
        found = Card.of_header(quiet(options(checkpoint)).metadata)
        self.assertEqual(found.thresholds, thresholds)
        self.assertEqual(found.history, [*history, {"steps": 3, "rate": 0.5} | stage])
        self.assertEqual([(entry["data"], entry["figures"]) for entry in found.quality], [("val", {"right": 0.75})])
        self.assertEqual(mistakes("dither-classifier", found), [])

    def test_a_card_comes_before_what_the_checkpoint_knows(self):
        checkpoint = self.checkpoint(thresholds={"dithered_logit": {"value": 0.5, "unit": "logit"}})
        weights = quiet(options(checkpoint)).weights
        found = Card.of_header(quiet(options(checkpoint, self.card(weights))).metadata)
        self.assertEqual(found.numbers, {"dithered_logit": 7})
        self.assertEqual(found.history, [{"steps": 9, "start": "random weights"}])

    def test_missing_thresholds_are_named(self):
        with self.assertRaisesRegex(SystemExit, "no thresholds dithered_logit: --card"):
            quiet(options(self.checkpoint()))
        self.assertEqual(quiet(options(self.checkpoint(), self.card("0123"))).metadata["name"], "small")

    def test_an_older_checkpoint_has_the_thresholds_of_its_name(self):
        state = {"config": CONFIG | {"name": "superslomo-live", "architecture": "superslomo"}, "step": 1}
        shipped, known = read_card(CARDS / "superslomo-live.json"), card_of_checkpoint(state)
        self.assertEqual(known.thresholds, shipped.thresholds)
        self.assertEqual(known.history, [{"steps": 1, "rate": 0.5, "start": "not recorded"}])

    def test_an_older_file_has_the_thresholds_of_its_name(self):
        model = read_model(SHIPPED)
        bare = {key: value for key, value in model.metadata.items() if key != "thresholds"}
        model.with_metadata(bare).write(self.folder / "old.safetensors")
        found = quiet(options(self.folder / "old.safetensors"))
        self.assertEqual(found.metadata["thresholds"], model.metadata["thresholds"])

    def test_thresholds_of_the_start_come_before_the_default_ones(self):
        run = Provenance({"a": {"value": 1, "unit": "x"}, "b": {"value": 1, "unit": "x"}})
        run.begin(Card({"b": {"value": 2, "unit": "x"}}, [{"steps": 4, "start": "random weights"}]), "first")
        card = run.card({"steps": 5})
        self.assertEqual(card.numbers, {"a": 1, "b": 2})
        self.assertEqual([stage["start"] for stage in card.history], ["random weights", "first"])

    def test_a_network_of_every_configuration_has_the_thresholds_of_a_card(self):
        for file in sorted((ROOT / "Training/configs").glob("*.json")):
            config = json.loads(file.read_text())
            with self.subTest(file.name), torch.device("meta"):
                trainer = Trainer(config, None, 1, torch.device("meta"))
                known = set(trainer.network.thresholds) - set(OPTIONAL.get(config["architecture"], ()))
                self.assertEqual(known, set(THRESHOLDS[config["architecture"]]))

    def test_what_is_no_card_is_named(self):
        for text in ('{"limits": {}}', "[]", "{", '{"thresholds": {"a": 1}}', '{"thresholds": {"a": {"value": "1"}}}'):
            (self.folder / "card.json").write_text(text)
            with self.subTest(text), self.assertRaisesRegex(SystemExit, "card.json: not a card"):
                read_card(self.folder / "card.json")


class CheckTests(unittest.TestCase):
    def check(self, change=None) -> subprocess.CompletedProcess:
        """Checks the classifier alone, with changed metadata."""
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "live/a.safetensors"
            file.parent.mkdir()
            shutil.copy(SHIPPED, file)
            if change:
                model = read_model(file)
                model.with_metadata(model.metadata | change(model.metadata)).write(file)
            return subprocess.run([CHECK, name], capture_output=True, text=True)

    def test_the_shipped_files_are_right(self):
        done = subprocess.run([CHECK], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("9 model files", done.stdout)
        self.assertEqual(self.check().returncode, 0)

    def test_what_a_header_lacks_is_named(self):
        for part in ("thresholds", "history", "quality"):
            with self.subTest(part):
                done = self.check(lambda metadata, part=part: {part: "{}" if part == "thresholds" else "[]"})
                self.assertEqual(done.returncode, 1)
                self.assertIn("no threshold dithered_logit" if part == "thresholds" else f"no {part}", done.stderr)

    def test_a_header_that_is_not_its_cards_is_named(self):
        done = self.check(lambda metadata: {"thresholds": metadata["thresholds"].replace("1.55", "1.5")})
        self.assertEqual(done.returncode, 1)
        self.assertIn("thresholds are not those of the card", done.stderr)

    def test_a_card_of_other_weights_is_named(self):
        other = {"name": "ccdnet-live-none", "architecture": "dither-classifier"}
        told = read_card(CARDS / "ccdnet-live-none.json").weights
        self.assertIn(f"the card tells of the weights {told}", self.check(lambda _: other).stderr)
        self.assertIn("no card", self.check(lambda _: {"name": "nobody"}).stderr)

    def test_a_folder_without_models_is_no_success(self):
        with tempfile.TemporaryDirectory() as name:
            self.assertEqual(subprocess.run([CHECK, name], capture_output=True).returncode, 1)

    def test_entries_of_another_form_are_named(self):
        thresholds = {name: {"value": 1, "unit": "x"} for name in THRESHOLDS["dither-classifier"]}
        stage = {"steps": 1, "start": "random weights"}
        measured = {"command": "true", "data": "none", "figures": {"gain": 1}}
        self.assertEqual(mistakes("dither-classifier", Card(thresholds, [stage], [measured])), [])
        wrong = [
            Card({"dithered_logit": {"value": "1", "unit": "x"}}, [stage], [measured]),
            Card({"dithered_logit": {"value": 1}}, [stage], [measured]),
            Card(thresholds, [{"steps": 1}], [measured]),
            Card(thresholds, [{"start": "random weights"}], [measured]),
            Card(thresholds, [stage], [measured | {"figures": {}}]),
            Card(thresholds, [stage], [measured | {"figures": {"gain": "much"}}]),
            Card(thresholds, [stage], [measured | {"command": ""}]),
        ]
        for card in wrong:
            self.assertEqual(len(mistakes("dither-classifier", card)), 1, card)


if __name__ == "__main__":
    unittest.main()
