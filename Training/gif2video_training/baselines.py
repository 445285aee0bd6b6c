"""What there is without networks: ffmpeg's gradfun and deband, and a slight blur, on the frames of a GIF."""

from __future__ import annotations

import subprocess

import numpy as np

BASELINES = ("gradfun", "deband", "blur")
BLUR_SIGMA = 0.5


def _blurred(frames: np.ndarray) -> np.ndarray:
    """Gaussian of BLUR_SIGMA, borders repeated."""
    weights = np.exp(-(np.arange(-2, 3) ** 2) / (2 * BLUR_SIGMA**2)).astype(np.float32)
    weights /= weights.sum()
    padded = np.pad(frames.astype(np.float32), ((0, 0), (2, 2), (2, 2), (0, 0)), "edge")
    height, width = frames.shape[1:3]
    rows = sum(weight * padded[:, at : at + height] for at, weight in enumerate(weights))
    both = sum(weight * rows[:, :, at : at + width] for at, weight in enumerate(weights))
    return both.round().astype(np.uint8)


def baselines(frames: np.ndarray) -> dict[str, np.ndarray]:
    """Every baseline's pictures of GIF frames uint8 [T, H, W, 3]; ffmpeg's with their default settings, in RGB."""
    count, height, width, _ = frames.shape
    graph = "format=gbrp,split[a][b];[a]gradfun[x];[b]deband[y];[x][y]vstack,format=rgb24"
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-filter_complex_threads", "1"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "25", "-i", "-"]
    command += ["-filter_complex", graph, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, input=frames.tobytes(), capture_output=True, check=True).stdout
    both = np.frombuffer(raw, np.uint8).reshape(count, 2, height, width, 3)
    return {"gradfun": both[:, 0], "deband": both[:, 1], "blur": _blurred(frames)}
