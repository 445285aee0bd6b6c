"""Rehearses a training on the GPU from beginning to end on a CPU, in two steps for each job.

Data (drawn here, or a package that is there) -> pack -> run --tiny -> exported weights -> the gif2video program, which
loads them and restores a GIF.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from ..gif_file import gif_bytes
from ..makers import pillow_median_cut, pillow_with_palette
from ..metrics import psnr
from ..program import Program
from .jobs import read_jobs
from .pack import ROOT, encoded
from .results import FILES, LARGEST
from .synthetic import film

GPU = ROOT / "Training/gpu"
BINARY = ROOT / ".build/release/gif2video"
SKIPPED = 77
"""The exit status where there is no program to load the weights with."""


def draw_data(folder: Path) -> Path:
    """A few clips and images below `folder`, to train on and to measure on; returns the folder to train on."""
    for number, name in enumerate(("train/face_one.mp4", "train/sports_two.mp4", "val/face_three.mp4")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(film(20, 256, 272, number), 12))
    Image.fromarray(film(1, 300, 260, 7)[0]).save(folder / "train/photo_four.png")
    return folder / "train"


def check_results(out: Path, jobs: Path | None) -> list[str]:
    """Checks the files that `run` left; ends the program if one is missing. Returns the names of the exported files."""
    record = json.loads((out / "results.json").read_text())["jobs"]
    files = sorted(file.name for file in out.iterdir())
    if len(files) > FILES or any((out / name).stat().st_size > LARGEST for name in files):
        raise SystemExit(f"{out}: more than {FILES} files, or one of more than {LARGEST} bytes: {', '.join(files)}")
    exported = []
    for job in read_jobs(jobs).jobs:
        done = record.get(job.name, {})
        if not done.get("done") or done["steps"] < 2 or not done["after"] or bool(done["before"]) != bool(job.start):
            raise SystemExit(f"{out / 'results.json'}: {job.name}: {done}")
        if job.export:
            exported.append(f"{job.name}.safetensors")
    if missing := set(exported) - set(files):
        raise SystemExit(f"{out}: not written: {', '.join(sorted(missing))}")
    return exported


def check_program(binary: Path, out: Path, exported: list[str], folder: Path) -> None:
    """The program restores GIFs with the exported weights in their profiles; each must be nearer to its film."""
    models = folder / "models"
    shutil.copytree(ROOT / "Models", models)
    for name in exported:
        profile = "vivid" if "-vivid" in name else "quality"
        shutil.copy(out / name, models / profile / name.replace("-vivid", ""))
    for profile in ("quality", "vivid"):
        check_profile(Program(binary, models / profile))


def check_profile(program: Program) -> None:
    """Ends the program where a GIF, dithered or not, does not come nearer to its film."""
    truth, binary = film(4, 96, 128, seed=11), program.binary
    for dither in ("none", "dithered"):
        gifs = [pillow_with_palette(f, 32, True) if dither == "dithered" else pillow_median_cut(f, 32) for f in truth]
        shown = np.stack([gif.rgb for gif in gifs])
        pictures = program.restored(gif_bytes(gifs, 8), truth.shape[1:3], dither, rate=2)
        if len(pictures) != 2 * len(truth):
            raise SystemExit(f"{binary}: {len(pictures)} pictures of {len(truth)} frames at twice the rate")
        before, after = psnr(shown, truth), psnr(pictures[::2], truth)
        said = f"{before:.2f} dB as a GIF, {after:.2f} dB restored"
        print(f"{binary.name} with the exported weights of {program.profile}, {dither}: {said}")
        if after <= before:
            raise SystemExit(f"{binary}: the exported weights of {program.profile} make a GIF ({dither}) worse")


def rehearse(package: Path | None, binary: Path, jobs: Path | None, folder: Path) -> int:
    """Returns the exit status."""
    if package is None:
        package = folder / "package.tar"
        subprocess.run([GPU / "pack", "--data", draw_data(folder / "data"), "--out", package], check=True)
    out = folder / "out"
    command = [GPU / "run", "--tiny", "--device", "cpu", "--package", package]
    subprocess.run(command + (["--jobs", jobs] if jobs else []), check=True, env=os.environ | {"OUT": str(out)})
    exported = check_results(out, jobs)
    if not binary.exists():
        print(f"######## SKIPPED: no program at {binary} to load the weights with; `make build` makes it ########")
        return SKIPPED
    check_program(binary, out, exported, folder)
    print("rehearsed")
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="rehearse", description="Rehearse a training on the GPU on a CPU.")
    parser.add_argument("--package", type=Path, help="default: one of clips that are drawn here")
    parser.add_argument("--jobs", type=Path, help="default: jobs.toml beside this")
    parser.add_argument(
        "--binary",
        type=Path,
        default=os.environ.get("GIF2VIDEO", BINARY),
        help="the program that loads the weights (default: what GIF2VIDEO names, else .build/release/gif2video)",
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        raise SystemExit(rehearse(options.package, Path(options.binary), options.jobs, Path(name)))


if __name__ == "__main__":
    main()
