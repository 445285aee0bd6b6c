"""Clips and images: finding them in any folder, and decoding them once into a cache.

A source is a film clip or a still image. Its kind (face, people, photo ...) comes from a
MANIFEST.csv beside or above the folder if there is one (columns file, kind, fps, motion), else
from the file name up to the first underscore when that is a known kind, else it is "other".
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

CLIP_SUFFIXES = {".mp4", ".webm", ".mkv", ".mov", ".avi", ".mpg"}
IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}
KINDS = {
    "animals", "animation", "face", "illustration", "movie", "nature", "objects", "painting",
    "people", "photo", "screen", "sports", "street", "urban",
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One clip or image. `fps` is 0 for an image; `motion` is the manifest's measure, 0 if unknown."""

    path: Path
    kind: str
    is_clip: bool
    fps: float
    motion: float

    @property
    def name(self) -> str:
        return self.path.stem


def _manifest(folder: Path) -> dict[str, dict[str, str]]:
    """Rows of the nearest MANIFEST.csv at or above `folder`, by path relative to `folder`."""
    for parent in [folder, *folder.parents]:
        file = parent / "MANIFEST.csv"
        if file.is_file():
            with file.open(newline="") as stream:
                rows = {parent / row["file"]: row for row in csv.DictReader(stream)}
            return {str(path.relative_to(folder)): row for path, row in rows.items() if path.is_relative_to(folder)}
    return {}


def _probe(path: Path) -> dict:
    """ffprobe's record of the first video stream."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_streams", "-of", "json", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["streams"][0]


def _frames_per_second(path: Path) -> float:
    top, bottom = _probe(path)["avg_frame_rate"].split("/")
    return float(top) / float(bottom) if float(bottom) else 0.0


def find_sources(folder: Path) -> list[Source]:
    """Every clip and image below `folder`, in the order of their paths."""
    folder = folder.resolve()
    manifest = _manifest(folder)
    sources = []
    for path in sorted(folder.rglob("*")):
        is_clip = path.suffix.lower() in CLIP_SUFFIXES
        if not is_clip and path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        row = manifest.get(str(path.relative_to(folder)), {})
        prefix = path.stem.split("_")[0].lower()
        kind = row.get("kind") or (prefix if prefix in KINDS else "other")
        fps = 0.0
        if is_clip:
            fps = float(row["fps"]) if row.get("fps") else _frames_per_second(path)
        sources.append(Source(path, kind, is_clip, fps, float(row.get("motion") or 0)))
    if not sources:
        raise SystemExit(f"{folder}: no clips or images here")
    return sources


def load_frames(source: Source, cache: Path | None = None, short_side: int = 480) -> np.ndarray:
    """All frames of a source, uint8 [T, H, W, 3]; larger ones are scaled down to `short_side`.

    With `cache`, a clip is decoded once into a memory-mapped file there.
    """
    if not source.is_clip:
        image = Image.open(source.path).convert("RGB")
        scale = short_side / min(image.size)
        if scale < 1:
            image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
        return np.asarray(image)[None]
    key = f"{source.path}:{source.path.stat().st_mtime_ns}:{short_side}"
    file = cache / f"{source.name[:60]}-{hashlib.sha1(key.encode()).hexdigest()[:12]}.npy" if cache else None
    if file is not None and file.exists():
        return np.load(file, mmap_mode="r")
    stream = _probe(source.path)
    width, height = stream["width"], stream["height"]
    scale = min(1.0, short_side / min(width, height))
    width, height = round(width * scale), round(height * scale)
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-threads",
        "1",
        "-i",
        str(source.path),
        "-vf",
        f"scale={width}:{height}:flags=lanczos",
    ]
    command += ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    frames = np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{file.stem}.{os.getpid()}.partial.npy")
        np.save(partial, frames)
        partial.rename(file)
    return frames


def center_crop(frames: np.ndarray, size: int) -> np.ndarray:
    """The middle `size` x `size` of [T, H, W, 3] (less where the picture is smaller)."""
    height, width = frames.shape[1:3]
    h, w = min(size, height), min(size, width)
    top, left = (height - h) // 2, (width - w) // 2
    return frames[:, top : top + h, left : left + w]
