"""Makes the package of training data that travels to the GPU (package.py).

Clips are re-encoded, images scaled down and compressed again; validation clips become center crops of higher quality.
Files that do not fit are left out: first images that show no face, then clips without a face that hardly move.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from ..color_pool import SIDE
from ..data import Source, center_crop, find_sources, load_frames
from .film_store import FilmStore
from .package import Entry, write_package
from .wild import TOOLS, tools_here, wild_bytes, wild_runs

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "Training/cache/gpu/package.tar"
PACKAGE_LIMIT, TRAVEL_LIMIT = 40 << 20, 64 << 20
"""Bytes of the package, and of it and the repository together."""
SHORT_SIDE, FRAMES = 320, 48
WILD_RUNS = 256
TRAIN_CRF, VALIDATION_CRF, IMAGE_QUALITY = 22, 12, 84


def encoded(frames: np.ndarray, crf: int) -> bytes:
    """uint8 [T, H, W, 3] as H.264 in MP4; an odd last row or column is left out. The same bytes at every call."""
    frames = np.ascontiguousarray(frames[:, : frames.shape[1] // 2 * 2, : frames.shape[2] // 2 * 2])
    _, height, width, _ = frames.shape
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{width}x{height}", "-r", "25", "-i", "-", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
    command += ["-vf", "scale=flags=accurate_rnd+full_chroma_int:out_color_matrix=bt601:out_range=tv"]
    command += ["-pix_fmt", "yuv420p", "-colorspace", "smpte170m", "-color_range", "tv", "-c:v", "libx264"]
    command += ["-preset", "slow", "-crf", str(crf), "-threads", "1", "-map_metadata", "-1"]
    # MP4 wants to seek; fragments do not.
    command += ["-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "-"]
    return subprocess.run(command, input=frames.tobytes(), capture_output=True, check=True).stdout


def compressed(image: np.ndarray) -> bytes:
    """uint8 [H, W, 3] as WebP."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "WEBP", quality=IMAGE_QUALITY, method=6)
    return stream.getvalue()


def packed(source: Source, folder: str) -> tuple[Entry, bytes]:
    """A source's entry below `folder` and its bytes."""
    frames = load_frames(source, short_side=SHORT_SIDE)[:FRAMES]
    if folder == "val":
        data = encoded(center_crop(frames, SIDE), VALIDATION_CRF)
    else:
        data = encoded(frames, TRAIN_CRF) if source.is_clip else compressed(frames[0])
    name = f"{folder}/{source.name[:80]}.{'mp4' if source.is_clip else 'webp'}"
    return Entry(name, source.kind, source.is_clip, round(source.fps, 3), round(source.motion, 3), len(frames)), data


def importance(entry: Entry) -> tuple:
    """The order in which entries are kept: validation, clips of faces, others by motion, images of faces, the rest."""
    by_chance = hashlib.sha256(entry.name.encode()).digest()
    return entry.is_for_validation, entry.is_clip, entry.kind == "face", entry.motion, by_chance


def with_wild(files: list[tuple[Entry, bytes]], count: int, threads: int) -> bytes:
    """GIFs of the packed clips by tools that are not on the GPU's machine."""
    clips = [(entry, data) for entry, data in files if entry.is_clip and not entry.is_for_validation]
    return wild_bytes(FilmStore(clips, threads), tools_here(), count, seed=1)


def fitting(files: list[tuple[Entry, bytes]], limit: int) -> list[tuple[Entry, bytes]]:
    """The most important files that fit, in their order, counting what the tar file and its manifest add to each."""
    kept, room = set(), limit - (64 << 10) - sum(300 for _ in files)
    for entry, data in sorted(files, key=lambda file: importance(file[0]), reverse=True):
        size = 1024 + len(data)
        if size <= room:
            kept.add(entry.name)
            room -= size
    return [file for file in files if file[0].name in kept]


def repository_size() -> int:
    """Bytes of what git does not ignore in the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    paths = {os.path.join(os.fsencode(ROOT), name) for name in names if name}
    return sum(os.lstat(path).st_size for path in paths if os.path.lexists(path))


def table(files: list[tuple[Entry, bytes]], everything: list[tuple[Entry, bytes]]) -> list[str]:
    """The entries that were kept of each kind, a line each."""
    lines = [f"{'':<24}{'kept':>6}{'of':>6}{'frames':>8}{'MiB':>8}"]

    def group(entry: Entry) -> str:
        return f"{entry.name.split('/')[0]} {'clips' if entry.is_clip else 'images'} {entry.kind}"

    for name in sorted({group(entry) for entry, _ in everything}):
        own = [(entry, data) for entry, data in files if group(entry) == name]
        frames, size = sum(entry.frames for entry, _ in own), sum(len(data) for _, data in own) / 2**20
        count = sum(group(entry) == name for entry, _ in everything)
        lines.append(f"{name:<24}{len(own):>6}{count:>6}{frames:>8}{size:>8.2f}")
    return lines


def pack(data: Path, validation: Path, output: Path, limit: int, threads: int, runs: int = WILD_RUNS) -> None:
    """Writes the package and prints what it holds; ends the program where it, or all that travels, is too large."""
    sources = [(source, "train") for source in find_sources(data)]
    sources += [(source, "val") for source in find_sources(validation) if source.is_clip]
    with ThreadPoolExecutor(threads) as pool:
        everything = list(pool.map(lambda pair: packed(*pair), sources))
    names = [entry.name for entry, _ in everything]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SystemExit(f"{data}: these names occur twice, rename one: {', '.join(twice)}")
    wild = with_wild(everything, runs, threads)
    files = fitting(everything, limit - len(wild))
    kept = {entry.name for entry, _ in files}
    if left_out := {entry.name for entry, _ in everything if entry.is_clip} - kept:
        wild = with_wild(files, runs, threads)
        print(f"clips that are left out: {', '.join(sorted(left_out))}")
    write_package(output, files, wild)
    print("\n".join(table(files, everything)))
    tools, made = tools_here(), len(wild_runs(wild))
    print(f"{made} runs by {' and '.join(tools) or 'no other tool'}: {len(wild) / 2**20:.2f} MiB")
    if missing := set(TOOLS) - set(tools):
        print(f"######## NOT INSTALLED HERE: {', '.join(sorted(missing))}; nothing is trained on their GIFs ########")
    size, repository = output.stat().st_size, repository_size()
    print(f"{output}: {size / 2**20:.2f} MiB of at most {limit / 2**20:.0f}")
    print(f"with the repository ({repository / 2**20:.2f} MiB) {(size + repository) / 2**20:.2f} MiB travel")
    if size > limit or size + repository > TRAVEL_LIMIT:
        raise SystemExit(f"at most {TRAVEL_LIMIT >> 20} MiB can travel; --limit MIB makes the package smaller")


def main() -> None:
    parser = argparse.ArgumentParser(prog="pack", description="Pack clips and images for training on a GPU.")
    parser.add_argument("--data", type=Path, required=True, help="folder of clips and images to train on")
    parser.add_argument("--validation", type=Path, help="folder of clips to measure on (default: val beside it)")
    parser.add_argument("--out", type=Path, default=PACKAGE, help=f"default: {PACKAGE.relative_to(ROOT)}")
    parser.add_argument("--limit", type=float, default=PACKAGE_LIMIT / 2**20, metavar="MIB", help="default: 40")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    validation = options.validation or options.data.resolve().parent / "val"
    if not validation.is_dir():
        raise SystemExit(f"{validation}: no such folder; --validation names the clips to measure on")
    pack(options.data, validation, options.out, int(options.limit * 2**20), options.threads)


if __name__ == "__main__":
    main()
