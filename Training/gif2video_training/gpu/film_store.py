"""The package's clips and images, decoded with OpenCV and Pillow, uint8 in memory."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ..data import Source
from .package import Entry


def decoded_clip(path: Path) -> np.ndarray:
    """All frames, uint8 [T, H, W, 3]."""
    capture, frames = cv2.VideoCapture(str(path)), []
    while (read := capture.read())[0]:
        frames.append(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
    capture.release()
    return np.stack(frames) if frames else np.zeros((0, 0, 0, 3), np.uint8)


def _decoded(entry: Entry, data: bytes, folder: Path) -> np.ndarray:
    if not entry.is_clip:
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))[None]
    path = folder / entry.name.replace("/", "-")
    path.write_bytes(data)
    frames = decoded_clip(path)
    path.unlink()
    if len(frames) != entry.frames:
        raise SystemExit(f"{entry.name}: {len(frames)} frames instead of {entry.frames}; does OpenCV here read H.264?")
    return frames


class FilmStore:
    """Every clip and image by its source. Filled once; then any thread may read."""

    def __init__(self, files: Iterable[tuple[Entry, bytes]], threads: int):
        cv2.setNumThreads(1)
        self.sources: list[Source] = []
        self.validation: list[Source] = []
        self._frames: dict[Path, np.ndarray] = {}
        with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(threads) as pool:
            folder = Path(name)
            jobs = [(entry, pool.submit(_decoded, entry, data, folder)) for entry, data in files]
            for entry, job in jobs:
                source = Source(Path(entry.name), entry.kind, entry.is_clip, entry.fps, entry.motion)
                (self.validation if entry.is_for_validation else self.sources).append(source)
                self._frames[source.path] = job.result()
        if not self.sources:
            raise SystemExit("the package holds nothing to train on")

    def frames(self, source: Source) -> np.ndarray:
        """uint8 [T, H, W, 3]"""
        return self._frames[source.path]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(frames.nbytes for frames in self._frames.values())
