"""Results that were measured already, a JSON file each, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
GIFS = ("makers.py", "gif_file.py", "gif_reader.py", "gif_tools.py", "catalogue.py")
COLOR = (*GIFS, "metrics.py", "perceptual.py", "baselines.py", "data.py", "quality/color.py")
FLAT = (*GIFS, "metrics.py", "program.py", "quality/color.py", "quality/flat.py", "quality/flat_art.py")
BETWEENS = (*GIFS, "metrics.py", "baselines.py", "data.py", "perceptual.py", "rife.py", "quality/betweens.py")
SCENES = tuple(f"scenes/{name}.py" for name in ("fonts", "gradients", "layers", "kinds", "measures"))
GENERATED = (*BETWEENS, *SCENES, "program.py", "quality/generated.py")
DRAWN = (*GIFS, *SCENES, "metrics.py", "baselines.py", "data.py", "program.py", "quality/color.py", "quality/drawn.py")
STEADY = (*FLAT, "data.py", "quality/steady.py")
CUTS = (*GIFS, "data.py", "program.py", "quality/cuts.py")
"""The sources that numbers depend on."""


def sources_key(names: tuple[str, ...], data: Path | None = None) -> str:
    """Changes with these sources, the tools that they call and the files of a data folder."""
    digest = hashlib.sha256()
    for name in names:
        digest.update((PACKAGE / name).read_bytes())
    for command in (["ffmpeg", "-version"], ["gifsicle", "--version"], ["convert", "-version"]):
        digest.update(subprocess.run(command, capture_output=True, check=True).stdout.split(b"\n")[0])
    for file in sorted(data.rglob("*")) if data else []:
        if file.is_file():
            digest.update(f"{file.relative_to(data)} {file.stat().st_size}".encode())
    return digest.hexdigest()[:12]


class Store:
    """JSON values and files under a folder whose name says what they depend on."""

    def __init__(self, folder: Path):
        self.folder = folder

    def value(self, name: str, make: Callable[[], dict]) -> dict:
        """The JSON value `name`, made if it is not there."""
        file = self.folder / f"{name}.json"
        if file.exists():
            return json.loads(file.read_text())
        result = make()
        self._write(file, json.dumps(result).encode())
        return result

    def data(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The file `name`, made if it is not there."""
        file = self.folder / name
        if file.exists():
            return file.read_bytes()
        result = make()
        self._write(file, result)
        return result

    @staticmethod
    def _write(file: Path, data: bytes) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
        partial.write_bytes(data)
        partial.rename(file)
