"""Methods without networks.

For colors ffmpeg's gradfun and deband and a slight blur; for in-betweens blending and ffmpeg's minterpolate.
"""

from __future__ import annotations

import subprocess

import numpy as np

BASELINES = ("gradfun", "deband", "blur")
BLUR_SIGMA = 0.5
RATE = 25


def _blurred(frames: np.ndarray) -> np.ndarray:
    """Gaussian of BLUR_SIGMA, borders repeated."""
    weights = np.exp(-(np.arange(-2, 3) ** 2) / (2 * BLUR_SIGMA**2)).astype(np.float32)
    weights /= weights.sum()
    padded = np.pad(frames.astype(np.float32), ((0, 0), (2, 2), (2, 2), (0, 0)), "edge")
    height, width = frames.shape[1:3]
    rows = sum(weight * padded[:, at : at + height] for at, weight in enumerate(weights))
    both = sum(weight * rows[:, :, at : at + width] for at, weight in enumerate(weights))
    return both.round().astype(np.uint8)


def _ffmpeg(frames: np.ndarray, *graph: str) -> np.ndarray:
    """The output of ffmpeg's filters for frames uint8 [T, H, W, 3], 25 a second: uint8 [N, H, W, 3]."""
    height, width = frames.shape[1:3]
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-filter_complex_threads", "1"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{RATE}", "-i", "-"]
    command += [*graph, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, input=frames.tobytes(), capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def baselines(frames: np.ndarray) -> dict[str, np.ndarray]:
    """Every baseline's pictures of GIF frames uint8 [T, H, W, 3]; ffmpeg's with their default settings, in RGB."""
    graph = "format=gbrp,split[a][b];[a]gradfun[x];[b]deband[y];[x][y]vstack,format=rgb24"
    both = _ffmpeg(frames, "-filter_complex", graph).reshape(len(frames), 2, *frames.shape[1:])
    return {"gradfun": both[:, 0], "deband": both[:, 1], "blur": _blurred(frames)}


def strong_gradfun(frames: np.ndarray) -> np.ndarray:
    """The same frames without bands, as ffmpeg's gradfun does it best on drawn gradients."""
    return _ffmpeg(frames, "-vf", "format=gbrp,gradfun=20:16,format=rgb24")


def blended(frames: np.ndarray, rate: int) -> np.ndarray:
    """`rate` pictures for every frame but the last, mixed with the next one by time; then the last."""
    times = np.arange((len(frames) - 1) * rate + 1)
    before, t = times // rate, (times % rate / rate)[:, None, None, None].astype(np.float32)
    after = np.minimum(before + 1, len(frames) - 1)
    return (frames[before] * (1 - t) + frames[after] * t).round().astype(np.uint8)


def minterpolated(frames: np.ndarray, rate: int) -> np.ndarray:
    """The same by ffmpeg's motion-compensated interpolation, at its best settings, no scene cuts, in YUV 4:4:4."""
    # It ends a frame early.
    more = np.concatenate([frames, frames[-1:]])
    settings = "mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1:scd=none"
    graph = f"format=yuv444p,minterpolate=fps={RATE * rate}:{settings},format=rgb24"
    pictures = _ffmpeg(more, "-vf", graph)
    count = (len(frames) - 1) * rate + 1
    if len(pictures) < count:
        raise ValueError(f"minterpolate made {len(pictures)} pictures of {len(frames)} frames, not {count}")
    return pictures[:count]
