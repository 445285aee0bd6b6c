"""The gif2video program as the tables see it: a GIF file in, pictures or a verdict out."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .model_header import read_model


TRAINING = Path(__file__).resolve().parents[1]


def measuring_parser(module: str, description: str) -> argparse.ArgumentParser:
    """A parser with the options of all that measures the program: data, binary, models."""
    parser = argparse.ArgumentParser(
        prog=f"python -m gif2video_training.{module}", description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--binary", type=Path, default=TRAINING / "../.build/release/gif2video")
    parser.add_argument("--models", type=Path, default=TRAINING / "../Models", help="folder of the profiles")
    return parser


@dataclass(frozen=True)
class Verdict:
    """The program's verdict on a GIF's dither. logit: the mean over the frames it looked at."""

    dithered: bool
    logit: float
    frames: int


@dataclass(frozen=True)
class Program:
    """A gif2video binary with the networks of one profile, a folder named like it."""

    binary: Path
    models: Path

    @property
    def profile(self) -> str:
        return self.models.name

    def key(self, motion: bool = False) -> str:
        """Changes with the program or a network that has a say in colors; motion: or with that of the in-betweens."""
        digest = hashlib.sha256(self.binary.read_bytes())
        # Those that stand in for networks that the profile lacks are among them.
        stand_ins = ("live", "quality") if self.profile == "vivid" else ("live",)
        shared = (file for name in stand_ins for file in self.models.parent.glob(f"{name}/*.safetensors"))
        for file in sorted([*self.models.glob("*.safetensors"), *shared]):
            if motion or not file.name.startswith("superslomo"):
                digest.update(file.name.encode() + read_model(file).identity)
        return digest.hexdigest()[:16]

    def _options(self) -> list[str]:
        return ["--profile", self.profile, "--models", str(self.models.parent)]

    def _filter(self, *more: str, rate: int = 1) -> list[str]:
        command = [str(self.binary), "filter", "--format", "rgb24", "--rate", f"{rate}x" if rate > 1 else "source"]
        return [*command, *self._options(), *more]

    def restored(
        self, gif: bytes, shape: tuple[int, int], dither: str = "auto", rate: int = 1, loop: bool = False
    ) -> np.ndarray:
        """uint8 [rate T, H, W, 3], `rate` pictures for every frame of the file: the frame, then in-betweens.

        loop: those after the last frame lead to the first.
        """
        command = self._filter("--dither", dither, *(["--loop"] if loop else []), rate=rate)
        run = subprocess.run(command, input=gif, capture_output=True)
        if run.returncode:
            raise SystemExit(f"{' '.join(command)}: {run.stderr.decode(errors='replace')}")
        return np.frombuffer(run.stdout, np.uint8).reshape(-1, *shape, 3)

    def first_pictures(
        self, file: Path, shape: tuple[int, int], count: int, restore: bool, rate: int = 1
    ) -> np.ndarray:
        """The first `count` pictures of a GIF that may be long, uint8 [<= count, H, W, 3]; the program is stopped then.

        restore: else the frames as decoded, on the same background.
        """
        size = shape[0] * shape[1] * 3
        command = self._filter(*(() if restore else ("--profile", "none")), rate=rate)
        with file.open("rb") as stream:
            process = subprocess.Popen(command, stdin=stream, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            data = process.stdout.read(count * size)
            process.kill()
            process.communicate()
        return np.frombuffer(data[: len(data) // size * size], np.uint8).reshape(-1, *shape, 3)

    def probe(self, file: Path) -> dict:
        """The output of `probe --json` for a file."""
        command = [str(self.binary), "probe", "--json", *self._options(), str(file)]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    def _probed(self, gif: bytes) -> dict:
        with tempfile.NamedTemporaryFile(suffix=".gif") as file:
            file.write(gif)
            file.flush()
            return self.probe(Path(file.name))

    def verdict(self, gif: bytes) -> Verdict:
        return verdict_of(self._probed(gif))

    def cuts(self, gif: bytes) -> list[int]:
        """The frames that show another scene than the one before."""
        return self._probed(gif)["cuts"]


def verdict_of(report: dict) -> Verdict:
    """The verdict in a report of `probe`."""
    said = report["dither"]
    confidence = min(said["confidence"], 1 - 1e-7)  # printed in float32
    logit = math.log(confidence / (1 - confidence))
    return Verdict(said["is_dithered"], logit if said["is_dithered"] else -logit, said["frames"])
