"""In-betweens of generated scenes, whose truth is known at any time: captions, slides, interfaces, charts, cartoons."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ..baselines import blended, minterpolated
from ..catalogue import MAKERS
from ..data import find_sources
from ..metrics import psnr, ssim
from ..program import Program
from ..rife import Rife
from ..scenes import KINDS, Films, Scene, make_scene
from ..scenes.measures import off_standing, torn
from .betweens import JUDGED, PEER, looks_of, measured_with
from .plan import MAIN_MAKERS, SIDE
from .store import Store

SEED = 900_000
"""No training draws these scenes."""
RATE = 4
SIZES = (256, 64)
PAN_SPEEDS = (2.0, 4.0, 8.0, 16.0, 32.0)
PANS = 4
"""Scenes of captions at each of these speeds."""


class Scenes:
    """The scenes that are measured, by kind and number, over the clips of a folder."""

    def __init__(self, clips: Path, cache: Path, each: int):
        self.films, self.each = Films(find_sources(clips), cache), each

    def scene(self, kind: str, number: int, speed: float | None = None) -> Scene:
        return make_scene(kind, SEED + number, (SIDE, SIDE), self.films, speed)

    @staticmethod
    def maker(number: int) -> tuple[str, int]:
        """Every main maker in turn, with many colors and with few."""
        name, size = MAIN_MAKERS[number % len(MAIN_MAKERS)], SIZES[number % len(SIZES)]
        return name, min(size, MAKERS[name].most_colors)


def films_of(scene: Scene, maker: str, size: int, program: Program, peer: Rife | None):
    """Rate, the scene's film, and what every method of JUDGED shows; None where the maker joined frames that are
    alike."""
    rate = min(RATE, scene.grid)
    truth = scene.film(rate)
    data = MAKERS[maker].file(np.ascontiguousarray(truth[::rate]), size)
    pictures = program.restored(data, truth.shape[1:3], rate=rate)
    if len(pictures) != scene.frames * rate:
        return None
    pictures = pictures[: len(truth)]
    kept = pictures[::rate]
    films = {"blended": blended(kept, rate), "minterpolate": minterpolated(kept, rate), "ours": pictures}
    return rate, truth, films | ({PEER: peer.pictures(kept, rate)} if peer else {})


def measure(scene: Scene, maker: str, size: int, program: Program, peer: Rife | None) -> dict:
    """Scores of the in-betweens of one scene, by method; empty where the maker joined frames."""
    found = films_of(scene, maker, size, program, peer)
    if found is None:
        return {}
    rate, truth, films = found
    looks, _ = looks_of(films, truth, rate)
    kept, result = films["ours"][::rate], {}
    masks = [(scene.overlay(at, at + 1), scene.switching(at, at + 1)) for at in range(scene.frames - 1)]
    for name, film in films.items():
        inside = [at for at in range(len(truth)) if at % rate]
        off, parts = [], []
        for at in inside:
            ends, (overlay, switching) = kept[at // rate : at // rate + 2], masks[at // rate]
            off.append(off_standing(film[at], ends, overlay))
            parts += torn(film[at], ends, switching)
        off = np.concatenate(off)
        result[name] = looks[name] | {
            "psnr": float(np.mean([psnr(film[at], truth[at]) for at in inside])),
            "ssim": float(np.mean([ssim(film[at], truth[at]) for at in inside])),
            "off": float(off.mean()) if len(off) else None, "torn": float(np.mean(parts)) if parts else None,
        }  # fmt: skip
    return result


def numbers(
    scenes: Scenes, kind: str, number: int, speed: float | None, program: Program, store: Store, peer: Rife | None
) -> dict:
    """`measure`, or what it said before."""
    name = f"{kind}{measured_with(peer)}/{number}" + (f"-{speed:g}" if speed else "")
    maker = scenes.maker(number)
    return store.value(name, lambda: measure(scenes.scene(kind, number, speed), *maker, program, peer))


def _mean(values: list[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else float("nan")


def _line(made: list[dict]) -> dict:
    row = {"scenes": len(made)}
    for name in (name for name in JUDGED if name in made[0]):
        values = {key: _mean([one[name].get(key) for one in made]) for key in ("psnr", "ssim", "vmaf", "pulse")}
        row[name] = f"{values['psnr']:.2f} / {values['ssim']:.3f} / {values['vmaf']:.1f} / {values['pulse']:.3f}"
    for key, title in (("off", "standing off"), ("torn", "torn")):
        parts = [f"{_mean([one[name][key] for one in made]):.2f}" for name in (PEER, "ours") if name in made[0]]
        row[title] = " / ".join(parts).replace("nan", "–")
    return row


def rows(scenes: Scenes, program: Program, store: Store, peer: Rife | None) -> list[dict]:
    """Per kind: PSNR / SSIM / VMAF / pulse of every method; what became of what stands and of what switches."""
    result = []
    for kind in KINDS:
        made = [numbers(scenes, kind, k, None, program, store, peer) for k in range(scenes.each)]
        if known := [one for one in made if one]:
            result.append({"kind": kind} | _line(known))
    return result


def caption_rows(scenes: Scenes, program: Program, store: Store, peer: Rife | None) -> list[dict]:
    """Captions over pictures that are panned, by their speed: by how many levels in-betweens leave what both frames
    show on the caption."""
    result = []
    for speed in PAN_SPEEDS:
        made = [numbers(scenes, "caption", k, speed, program, store, peer) for k in range(PANS)]
        if known := [one for one in made if one]:
            names = [name for name in JUDGED if name in known[0]]
            result.append(
                {"pixels a frame": f"{speed:g}", "scenes": len(known)}
                | {name: _mean([one[name]["off"] for one in known]) for name in names}
            )
    return result


def sheet(scenes: Scenes, program: Program, peer: Rife | None, kind: str) -> Image.Image:
    """A line for each scene: two neighboring frames as restored, what lies in the middle, and what every method
    makes of it (ours, then RIFE)."""
    lines = []
    for number in range(scenes.each):
        found = films_of(scenes.scene(kind, number), *scenes.maker(number), program, peer)
        if found is None:
            continue
        rate, truth, films = found
        # The gap in which most changes.
        steps = [np.abs(a.astype(np.int16) - b).mean() for a, b in zip(truth[::rate], truth[rate::rate])]
        at = int(np.argmax(steps)) * rate
        middle, ours = at + max(1, rate // 2), films["ours"]
        shown = [ours[at], ours[at + rate], truth[middle], ours[middle]]
        lines.append(np.concatenate([*shown, *([films[PEER][middle]] if peer else [])], 1))
    whole = np.concatenate(lines) if lines else np.zeros((8, 8, 3), np.uint8)
    return Image.fromarray(cv2.resize(whole, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA))
