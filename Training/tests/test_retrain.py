"""The commands of "Retrain on your own clips" in README.md, on a tiny clip and for a few steps, and of the recipe."""

import argparse
import importlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

TRAINING = Path(__file__).resolve().parents[1]
PROGRAM = Path(os.environ.get("GIF2VIDEO", TRAINING / "../.build/release/gif2video")).resolve()
MISSING = [name for name in ("torch", "numpy", "PIL", "safetensors") if importlib.util.find_spec(name) is None]
MISSING += [name for name in ("ffmpeg", "ffprobe") if shutil.which(name) is None]
#: Replacements that make the commands short. Each must be in one of them.
SMALLER = {"--count 3000": "--count 4", "--steps 20000": "--steps 3"}


def commands() -> list[str]:
    """The lines of the first code block below the heading, without comments."""
    text = (TRAINING / "README.md").read_text()
    section = text[text.index("## Retrain on your own clips") :]
    block = re.search(r"```sh\n(.*?)```", section, re.DOTALL).group(1).replace("\\\n", " ")
    lines = [line.split("  #")[0].strip() for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def make_clip(file: Path, pattern: str) -> None:
    """A second of a moving test pattern."""
    file.parent.mkdir(parents=True)
    source = f"{pattern}=size=160x128:rate=25"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-t", "1", "-i", source, file], check=True)


def header(file: Path) -> dict:
    """The parts of a model file's header that are JSON."""
    data = file.read_bytes()
    metadata = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    return {key: json.loads(metadata[key]) for key in ("training", "thresholds", "history", "quality")}


class RetrainTests(unittest.TestCase):
    def test_there_are_at_most_six_commands(self):
        self.assertLessEqual(len(commands()), 6)
        self.assertGreaterEqual(len(commands()), 4)

    @unittest.skipIf(MISSING, f"######## SKIPPED: nothing is retrained here without {', '.join(MISSING)} ########")
    def test_the_commands_make_weights_that_the_program_restores_with(self):
        setup, *rest = commands()
        self.assertIn("requirements.txt", setup)
        text = "\n".join(rest)
        for long, short in SMALLER.items():
            self.assertEqual(text.count(long), 1, long)
            text = text.replace(long, short)
        *training, convert = text.splitlines()
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            folder = root / "Training"
            folder.mkdir()
            (folder / "configs").symlink_to(TRAINING / "configs")
            (root / "Models").symlink_to(TRAINING.parent / "Models")
            make_clip(root / "clips/train/other_one.mp4", "testsrc2")
            make_clip(root / "clips/val/other_two.mp4", "mandelbrot")
            bin = root / "bin"
            bin.mkdir()
            (bin / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
            (bin / "python").chmod(0o755)
            environment = os.environ | {
                "HOME": name,
                "PYTHONPATH": str(TRAINING),
                "PATH": f"{bin}:{os.environ['PATH']}",
                "OMP_NUM_THREADS": "1",
            }

            def run(command: str) -> None:
                done = subprocess.run(
                    ["bash", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True
                )
                self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")

            for command in training:
                run(command)
            made = folder / "runs/models/live/ccdnet-dithered.safetensors"
            shipped = TRAINING.parent / "Models/live/ccdnet-dithered.safetensors"
            self.assertNotEqual(made.read_bytes(), shipped.read_bytes())
            known, start = header(made), header(shipped)
            self.assertEqual(known["training"]["steps"], 3)
            # The limits and the past of the weights it started from.
            self.assertEqual(known["thresholds"], start["thresholds"])
            *earlier, last = known["history"]
            self.assertEqual(earlier, start["history"])
            self.assertEqual((last["steps"], last["pools"]), (3, ["mine"]))
            self.assertTrue(last["start"].startswith("ccdnet-live-dithered "))
            self.assertEqual(known["quality"][0]["data"], "mine-val")
            if not PROGRAM.exists():
                self.skipTest(f"######## SKIPPED: no {PROGRAM}, so no GIF was restored with the new weights ########")
            (root / ".build/release").mkdir(parents=True)
            (root / ".build/release/gif2video").symlink_to(PROGRAM)
            shutil.copy(TRAINING.parent / "Examples/example-dithered.gif", folder / "cat.gif")
            run(convert)
            self.assertGreater((folder / "cat.mp4").stat().st_size, 1000)


def recipe() -> str:
    """The commands of the recipe, one a line."""
    command = [TRAINING / "recipe.sh", "--print", "/data"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class RecipeTests(unittest.TestCase):
    @unittest.skipIf(MISSING, f"######## SKIPPED: the recipe is not read here without {', '.join(MISSING)} ########")
    def test_every_command_is_one_that_its_program_takes(self):
        printed = recipe()
        read = argparse.ArgumentParser.parse_args

        class Read(Exception):
            pass

        for line in printed.splitlines():
            module, *arguments = shlex.split(line)

            def parse(parser, arguments=arguments):
                options = read(parser, arguments)
                raise Read(options)

            with self.subTest(line), mock.patch.object(argparse.ArgumentParser, "parse_args", parse):
                with self.assertRaises(Read) as caught:
                    importlib.import_module(f"gif2video_training.{module}").main()
                config = getattr(caught.exception.args[0], "config", None)
                self.assertTrue(config is None or (TRAINING / config).is_file(), config)

    def test_it_makes_every_file_of_the_models(self):
        printed = recipe()
        for file in (TRAINING.parent / "Models").glob("*/*.safetensors"):
            with self.subTest(file.name):
                self.assertRegex(printed, rf"export \S+ ../Models/{file.parent.name}/{file.name}")


if __name__ == "__main__":
    unittest.main()
