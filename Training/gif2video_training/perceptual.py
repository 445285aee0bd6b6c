"""How films look where PSNR is blind: VMAF, sharpness and the pulse of in-betweens.

VMAF needs an ffmpeg with libvmaf: Debian's has none, that of the PyPI wheel imageio-ffmpeg has (requirements.txt).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

SCALE = 3
"""Films are enlarged by this for VMAF, so that a crop of 256 pixels is judged like a picture on a screen."""


@cache
def vmaf_program() -> str | None:
    """An ffmpeg with libvmaf; None, and a word about it on standard error, where there is none."""
    found = [shutil.which("ffmpeg")]
    try:
        import imageio_ffmpeg

        found.append(imageio_ffmpeg.get_ffmpeg_exe())
    except ImportError:
        pass
    for program in filter(None, found):
        filters = subprocess.run([program, "-v", "error", "-filters"], capture_output=True, text=True).stdout
        if " libvmaf " in filters:
            return program
    print("VMAF is NOT measured: no ffmpeg with libvmaf here (pip install imageio-ffmpeg brings one)", file=sys.stderr)
    return None


def vmaf(made: np.ndarray, truth: np.ndarray) -> list[float] | None:
    """VMAF of every frame of a film, uint8 [T, H, W, 3] both; None where it can't be measured."""
    program = vmaf_program()
    if program is None:
        return None
    height, width = truth.shape[1:3]
    scale = f"scale={SCALE * width}:{SCALE * height}:flags=bicubic,format=yuv420p"
    with tempfile.TemporaryDirectory() as folder:
        inputs = []
        for name, film in (("made", made), ("truth", truth)):
            file = Path(folder) / name
            file.write_bytes(np.ascontiguousarray(film).tobytes())
            inputs += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "25", "-i", str(file)]
        log = Path(folder) / "log.json"
        graph = f"[0:v]{scale}[a];[1:v]{scale}[b];[a][b]libvmaf=log_fmt=json:log_path={log}:n_threads=1"
        command = [program, "-v", "error", "-threads", "1", "-filter_complex_threads", "1", *inputs]
        subprocess.run([*command, "-lavfi", graph, "-f", "null", "-"], check=True)
        frames = json.loads(log.read_text())["frames"]
    return [frame["metrics"]["vmaf"] for frame in frames]


def gradient(frame: np.ndarray) -> float:
    """Mean absolute difference of neighboring gray values, across and down."""
    gray = frame.astype(np.float32).mean(-1)
    return float(np.abs(np.diff(gray, axis=1)).mean() + np.abs(np.diff(gray, axis=0)).mean())


def sharpness(made: np.ndarray, truth: np.ndarray) -> float:
    """Mean gradient of a film's frames over that of the original's: 1 is as sharp, less is blurred."""
    return sum(map(gradient, made)) / max(sum(map(gradient, truth)), 1e-6)


def pulse(made: np.ndarray, rate: int) -> float:
    """Mean gradient of the in-betweens over that of the GIF's frames, every `rate`-th: below 1 the film alternates
    between sharp and soft."""
    values = np.array([gradient(frame) for frame in made])
    own = np.arange(len(made)) % rate == 0
    return float(values[~own].mean() / max(values[own].mean(), 1e-6))
