"""One GIF: the numbers of the GIF itself, of the baselines, and of what the program makes of it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ..baselines import baselines
from ..catalogue import Maker
from ..gif_tools import DELAY
from ..metrics import chroma_error, chroma_kept, motion, psnr, ssim, temporal_error
from ..perceptual import sharpness, vmaf
from ..program import Program
from .plan import PAPER_MAKERS, Clip
from .store import Store


def shown(gif: bytes) -> tuple[np.ndarray, list[int]]:
    """The pictures of a GIF file as Pillow composes them, and for how many DELAYs each is shown."""
    image = Image.open(io.BytesIO(gif))
    pictures, times = [], []
    for number in range(image.n_frames):
        image.seek(number)
        pictures.append(np.asarray(image.convert("RGB")))
        times.append(max(1, round(image.info["duration"] / (10 * DELAY))))
    return np.stack(pictures), times


def on_time(pictures: np.ndarray, times: list[int], count: int) -> np.ndarray:
    """A picture for each of `count` frames of the film: tools join frames that are alike."""
    if len(pictures) != len(times) or sum(times) != count:
        raise ValueError(f"{len(pictures)} pictures, shown {times} times, for {count} frames")
    return np.repeat(pictures, times, axis=0)


def scores(film: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """psnr: mean over the frames. ssim, chroma (kept by the most colorful pixels), chroma error: of the middle frame.
    motion and temporal: of films."""
    middle = len(film) // 2
    result = {
        "psnr": float(np.mean([psnr(picture, original) for picture, original in zip(film, truth, strict=True)])),
        "ssim": ssim(film[middle], truth[middle]), "chroma": chroma_kept(film[middle], truth[middle]),
        "chroma error": chroma_error(film[middle], truth[middle]),
    }  # fmt: skip
    if len(film) > 1:
        result |= {"motion": motion(film), "temporal": temporal_error(film, truth)}
    return result


def looks(film: np.ndarray, truth: np.ndarray, maker: Maker) -> dict[str, float]:
    """Sharpness; of the paper's makers VMAF, which takes long, where it can be measured: means over the frames."""
    judged = vmaf(film, truth) if maker.name in PAPER_MAKERS else None
    return {"sharpness": sharpness(film, truth)} | ({"vmaf": float(np.mean(judged))} if judged else {})


def gif_of(clip: Clip, maker: Maker, size: int, store: Store) -> bytes:
    return store.data(f"{maker.name}-{size}/{clip.name}.gif", lambda: maker.file(clip.frames, size))


def base_scores(clip: Clip, maker: Maker, size: int, store: Store) -> dict:
    """Scores that do not depend on the networks: "gif", the baselines, "truth" (its motion)."""

    def measure() -> dict:
        gif, times = shown(gif_of(clip, maker, size, store))
        film = on_time(gif, times, len(clip.frames))
        pictures = {"gif": film} | baselines(film)
        made = {name: scores(pictures[name], clip.frames) for name in pictures}
        made["gif"] |= looks(film, clip.frames, maker)
        return made | {
            "truth": {"motion": motion(clip.frames) if len(clip.frames) > 1 else 0.0},
            "kind": clip.kind, "times": times,
        }  # fmt: skip

    return store.value(f"{maker.name}-{size}/{clip.name}", measure)


def restored_scores(
    clip: Clip, maker: Maker, size: int, times: list[int], program: Program, base: Store, store: Store
) -> dict:
    """The program on the GIF, which decides the dither itself: scores, its verdict and, if wrong, the cost.

    "told": the PSNR with the dither told, where the verdict is wrong.
    """

    def measure() -> dict:
        gif, shape = gif_of(clip, maker, size, base), clip.frames.shape[1:3]
        verdict = program.verdict(gif)
        film = on_time(program.restored(gif, shape), times, len(clip.frames))
        result = scores(film, clip.frames) | looks(film, clip.frames, maker)
        result |= {"dithered": verdict.dithered, "logit": verdict.logit}
        if verdict.dithered != maker.dithered:
            told = program.restored(gif, shape, "dithered" if maker.dithered else "none")
            result["told"] = scores(on_time(told, times, len(clip.frames)), clip.frames)["psnr"]
        return result

    return store.value(f"{maker.name}-{size}/{clip.name}", measure)
