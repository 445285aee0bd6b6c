"""Drawn art that a GIF holds with loss: gradients in bands, cartoons, interfaces, charts, slides.

Beside it ffmpeg's best answer to bands. Two ramps with a moving disc (`ramp`) are what a user tries first; the rest is
generated (`scenes/`), and no training saw it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
from PIL import Image, ImageDraw

from ..baselines import strong_gradfun
from ..catalogue import MAKERS
from ..metrics import psnr
from ..program import Program
from .color import on_time, shown
from .generated import Scenes
from .store import Store

FRAMES = 4
MAKERS_OF_ALL = ("pillow-none", "pillow-floyd_steinberg", "ffmpeg-none", "ffmpeg-sierra2_4a", "gifsicle-none")
SIZES = (16, 32, 64, 128, 256)
KINDS = ("gradient", "animation", "interface", "slides", "chart")
RAMPS = ("sky", "slope")
GRAINS = (0, 1, 3)
NEAR = 0.1
"""Losses in dB that nobody sees."""


def ramp(name: str, grain: float) -> np.ndarray:
    """A smooth ground with a disc that moves, uint8 [FRAMES, 180, 240, 3]. grain: sigma of its noise, in levels."""
    y, x = np.mgrid[0:180, 0:240].astype(np.float64)
    grounds = {
        "sky": (60 + 0.7 * y, 110 + 0.55 * y, 200 + 0.2 * y),
        "slope": (60 + 0.6 * x, 80 + 0.6 * y, 140 - 0.3 * x + 0.2 * y),
    }
    ground, rng, frames = np.stack(grounds[name], -1), np.random.default_rng(0), []
    for k in range(FRAMES):
        noisy = ground + rng.normal(0, grain, ground.shape)
        image = Image.fromarray(noisy.clip(0, 255).round().astype(np.uint8))
        ImageDraw.Draw(image).ellipse((20 + 8 * k, 100, 60 + 8 * k, 140), fill=(230, 200, 60))
        frames.append(np.asarray(image))
    return np.stack(frames)


def scene_film(scenes: Scenes, kind: str, number: int) -> np.ndarray:
    """The GIF's frames of a scene, uint8 [FRAMES, SIDE, SIDE, 3]."""
    scene = scenes.scene(kind, number)
    return np.stack([scene.picture(t) for t in range(FRAMES)])


def numbers(name: str, film: Callable[[], np.ndarray], maker: str, size: int, program: Program, store: Store) -> dict:
    """PSNR in dB of a GIF, of what the program and gradfun make of it; empty where the GIF holds the film without loss.
    film: makes the frames."""

    def measure() -> dict:
        truth = film()
        gif = MAKERS[maker].file(truth, size)
        pictures, times = shown(gif)
        before = on_time(pictures, times, len(truth))
        if (before == truth).all():
            return {}
        after = on_time(program.restored(gif, truth.shape[1:3]), times, len(truth))
        return {
            "gif": psnr(before, truth), "restored": psnr(after, truth), "gradfun": psnr(strong_gradfun(before), truth),
        }  # fmt: skip

    return store.value(f"{name}/{maker}-{size}", measure)


def _line(made: dict[str, dict]) -> dict:
    known = {name: one for name, one in made.items() if one}
    if not known:
        return {"GIFs": 0, "GIF": "", "gain": "", "gradfun": "", "worse": "", "worst": ""}
    gains = {name: one["restored"] - one["gif"] for name, one in known.items()}
    worst = min(gains, key=gains.get)
    return {
        "GIFs": len(known), "GIF": float(np.mean([one["gif"] for one in known.values()])),
        "gain": f"{np.mean(list(gains.values())):+.2f}",
        "gradfun": f"{np.mean([one['gradfun'] - one['gif'] for one in known.values()]):+.2f}",
        "worse": sum(gain < -NEAR for gain in gains.values()), "worst": f"{worst} {gains[worst]:+.2f}",
    }  # fmt: skip


def ramp_rows(quick: bool, program: Program, store: Store) -> list[dict]:
    """Per number of colors and grain, by the makers that do not dither."""
    result = []
    for size, grain in product(SIZES[1:3] if quick else SIZES, GRAINS):
        made = {}
        for name, maker in product(RAMPS, ("pillow-none", "ffmpeg-none")):
            place = f"ramps/{name}-{grain}"
            made[f"{name} {maker}"] = numbers(place, partial(ramp, name, grain), maker, size, program, store)
        result.append({"colors": size, "grain": grain} | _line(made))
    return result


def scene_rows(scenes: Scenes, program: Program, store: Store) -> list[dict]:
    """Per kind, maker and number of colors."""
    result = []
    for kind, maker, size in product(KINDS, MAKERS_OF_ALL, (32, 64)):
        made = {}
        for k in range(scenes.each):
            film = partial(scene_film, scenes, kind, k)
            made[f"{kind} {k}"] = numbers(f"{kind}/{k}", film, maker, size, program, store)
        result.append({"kind": kind, "maker": maker, "colors": size} | _line(made))
    return result
