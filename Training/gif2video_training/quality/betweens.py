"""In-betweens: GIFs at a half, a quarter and an eighth of a film's rate, and what fills their gaps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from ..baselines import blended, minterpolated
from ..catalogue import MAKERS
from ..metrics import psnr, ssim
from ..perceptual import pulse, sharpness, vmaf, vmaf_program
from ..program import Program
from ..rife import Rife
from .color import on_time, shown
from .plan import Clip
from .store import Store

RATES = (2, 4, 8)
GIFS = (("pillow-none", 32), ("pillow-none", 256), ("pillow-floyd_steinberg", 32), ("pillow-floyd_steinberg", 256))
METHODS = ("repeated", "blended", "minterpolate GIF", "minterpolate", "ours")
"""Repeating the GIF's frames, blending the restored ones, ffmpeg on the GIF's and on the restored, the program."""
PEER = "RIFE"
"""On the restored frames; measured where its weights are at hand and it is asked for."""
JUDGED = ("blended", "minterpolate", PEER, "ours")
"""The methods that are judged as people see them: all of those on the restored frames."""


@dataclass(frozen=True)
class Gap:
    """The in-betweens of two neighboring frames of a GIF made of every `rate`-th frame of a film.

    first: film frame before the gap. flow: mean length in pixels of the film's optical flow from one end to the other;
    fastest: its 90th percentile. psnr: per method, of every film frame of the gap; ssim: of the middle one. vmaf: of
    every one, of the methods of JUDGED; empty where it can't be measured.
    """

    clip: str
    kind: str
    maker: str
    size: int
    rate: int
    first: int
    flow: float
    fastest: float
    psnr: dict[str, list[float]]
    ssim: dict[str, float]
    vmaf: dict[str, list[float]]

    def mean(self, method: str) -> float:
        return float(np.mean(self.psnr[method]))


@dataclass(frozen=True)
class Kept:
    """PSNR of the frames that the GIF kept: the GIF's own, and restored."""

    gif: list[float]
    restored: list[float]


@dataclass(frozen=True)
class Film:
    """One clip at one rate by one maker."""

    clip: str
    kind: str
    maker: str
    size: int
    rate: int
    kept: Kept
    gaps: list[Gap]
    looks: dict[str, dict[str, float]]
    """Per method of JUDGED: sharpness and pulse of the in-betweens and, where it is measured, VMAF of all frames."""

    def all_frames(self, method: str) -> float:
        """Mean PSNR of all film frames, those that the GIF kept included, up to its last."""
        kept = self.kept.gif if method in ("repeated", "minterpolate GIF") else self.kept.restored
        between = [value for gap in self.gaps for value in gap.psnr[method]]
        return float(np.mean([*kept, *between]))


def flow_lengths(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Length in pixels of the optical flow (DIS, Kroeger et al. 2016) between uint8 [H, W, 3], float32 [H, W]."""
    gray = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (a, b)]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*gray, None)
    return np.linalg.norm(flow, axis=-1)


def films_of(
    kept: np.ndarray, gif: np.ndarray, pictures: np.ndarray, rate: int, peer: Rife | None = None
) -> dict[str, np.ndarray]:
    """Every method's pictures, uint8 [(T - 1) rate + 1, H, W, 3]. kept: restored frames; pictures: the program's."""
    films = {
        "repeated": np.concatenate([np.repeat(gif[:-1], rate, axis=0), gif[-1:]]),
        "blended": blended(kept, rate),
        "minterpolate GIF": minterpolated(gif, rate),
        "minterpolate": minterpolated(kept, rate),
        "ours": pictures,
    }
    return films | ({PEER: peer.pictures(kept, rate)} if peer else {})


def looks_of(
    films: dict[str, np.ndarray], truth: np.ndarray, rate: int
) -> tuple[dict[str, dict[str, float]], dict[str, list[float]]]:
    """How the films of JUDGED look, see Film.looks, and the VMAF of their frames."""
    inside = [at for at in range(len(truth)) if at % rate]
    looks, judged = {}, {}
    for name in JUDGED:
        if name not in films:
            continue
        film = films[name]
        looks[name] = {"sharpness": sharpness(film[inside], truth[inside]), "pulse": pulse(film, rate)}
        if (values := vmaf(film, truth)) is not None:
            looks[name]["vmaf"], judged[name] = float(np.mean(values)), values
    return looks, judged


def gif_of(clip: Clip, maker: str, size: int, rate: int) -> tuple[np.ndarray, bytes, np.ndarray]:
    """The film up to the GIF's last frame [(T - 1) rate + 1, H, W, 3], the GIF at 1 / rate, and its frames [T, H, W, 3]."""
    truth = clip.frames[: (len(clip.frames) - 1) // rate * rate + 1]
    kept = np.ascontiguousarray(truth[::rate])
    data = MAKERS[maker].file(kept, size)
    return truth, data, on_time(*shown(data), len(kept))


def filmed(name: str, data: bytes, truth: np.ndarray, rate: int, program: Program) -> np.ndarray:
    """The program's pictures of such a GIF, one for each of the film's. name: the clip's, for errors."""
    count = (len(truth) - 1) // rate + 1
    pictures = program.restored(data, truth.shape[1:3], rate=rate)
    if len(pictures) != count * rate:
        raise ValueError(f"{name}: {len(pictures)} pictures for {count} frames at {rate} times the rate")
    return pictures[: len(truth)]


def made(clip: Clip, maker: str, size: int, rate: int, program: Program) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of `gif_of` the film and the GIF's frames, and the program's pictures."""
    truth, data, gif = gif_of(clip, maker, size, rate)
    return truth, gif, filmed(clip.name, data, truth, rate, program)


def measure(clip: Clip, maker: str, size: int, rate: int, program: Program, peer: Rife | None = None) -> dict:
    """One film as a GIF at 1 / rate. Scores of the kept frames and of every gap, and how much moves there."""
    truth, gif, pictures = made(clip, maker, size, rate, program)
    films = films_of(pictures[::rate], gif, pictures, rate, peer)
    looks, judged = looks_of(films, truth, rate)
    gaps = []
    for first in range(0, len(truth) - 1, rate):
        inside, middle = range(first + 1, first + rate), first + rate // 2
        lengths = flow_lengths(truth[first], truth[first + rate])
        gaps.append({
            "first": first, "flow": float(lengths.mean()), "fastest": float(np.quantile(lengths, 0.9)),
            "psnr": {name: [psnr(film[at], truth[at]) for at in inside] for name, film in films.items()},
            "ssim": {name: ssim(film[middle], truth[middle]) for name, film in films.items()},
            "vmaf": {name: [values[at] for at in inside] for name, values in judged.items()},
        })  # fmt: skip
    return {
        "kept": {
            name: [psnr(frame, original) for frame, original in zip(film, truth[::rate], strict=True)]
            for name, film in (("gif", gif), ("restored", pictures[::rate]))
        },
        "gaps": gaps,
        "looks": looks,
    }


def measured_with(peer: Rife | None) -> str:
    """Marks what is measured of in-betweens on this machine: numbers without VMAF or RIFE are measured again with."""
    return ("-vmaf" if vmaf_program() else "") + ("-rife" if peer else "")


def film(
    clip: Clip, maker: str, size: int, rate: int, program: Program, store: Store, peer: Rife | None = None
) -> Film:
    """`measure`, or what it said before."""
    name = f"{maker}-{size}-{rate}{measured_with(peer)}/{clip.name}"
    said = store.value(name, lambda: measure(clip, maker, size, rate, program, peer))
    facts = (clip.name, clip.kind, maker, size, rate)
    return Film(*facts, Kept(**said["kept"]), [Gap(*facts, **gap) for gap in said["gaps"]], said["looks"])


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _of(films: list[Film], kind: str) -> list[Film]:
    return [film for film in films if kind == "all" or (film.kind == "face") == (kind == "face")]


def _groups(films: list[Film]) -> dict[tuple[int, str, int], list[Film]]:
    groups: dict[tuple[int, str, int], list[Film]] = {}
    for one in films:
        groups.setdefault((one.rate, one.maker, one.size), []).append(one)
    return groups


PAPER_GAINS = {
    ("face", 2): 3.25, ("face", 4): 3.07, ("face", 8): 2.79,
    ("others", 2): 2.87, ("others", 4): 2.22, ("others", 8): 1.66,
}  # fmt: skip
"""Section 6: 32 colors without dither, all frames, over repeating the GIF's frames."""


def all_frames_rows(films: list[Film]) -> list[dict]:
    """All frames of the films: PSNR of repeating the GIF's frames, of the program, the gain and the paper's."""
    rows = []
    for (rate, maker, size), group in _groups(films).items():
        for kind in ("face", "others", "all"):
            if not (chosen := _of(group, kind)):
                continue
            repeated, ours = (_mean([one.all_frames(method) for one in chosen]) for method in ("repeated", "ours"))
            paper = PAPER_GAINS.get((kind, rate)) if (maker, size) == ("pillow-none", 32) else None
            rows.append({
                "rate": f"1/{rate}", "maker": maker, "colors": size, "clips": f"{len(chosen)} {kind}",
                "repeated": repeated, "ours": ours, "gain": f"{ours - repeated:+.2f}",
                "paper": f"{paper:+.2f}" if paper else "",
            })  # fmt: skip
    return rows


def _line(gaps: list[Gap]) -> dict:
    """PSNR / SSIM of every method over gaps, clip by clip."""
    clips: dict[str, list[Gap]] = {}
    for gap in gaps:
        clips.setdefault(gap.clip, []).append(gap)

    def mean(number) -> float:
        return _mean([_mean([number(gap) for gap in group]) for group in clips.values()])

    names = [name for name in (*METHODS[:-1], PEER, "ours") if name in gaps[0].psnr]
    scores = {name: (mean(lambda gap, n=name: gap.mean(n)), mean(lambda gap, n=name: gap.ssim[n])) for name in names}
    line = {name: f"{value:.2f} / {similar:.3f}" for name, (value, similar) in scores.items()}
    best = max(scores[name][0] for name in METHODS[:-1]), max(scores[name][1] for name in METHODS[:-1])
    line["over the best"] = f"{scores['ours'][0] - best[0]:+.2f} / {scores['ours'][1] - best[1]:+.3f}"
    return line


def between_rows(films: list[Film]) -> list[dict]:
    """In-betweens alone, per rate, maker, size and kind."""
    rows = []
    for (rate, maker, size), group in _groups(films).items():
        for kind in ("face", "others"):
            if gaps := [gap for one in _of(group, kind) for gap in one.gaps]:
                facts = {"rate": f"1/{rate}", "maker": maker, "colors": size, "gaps": f"{len(gaps)} {kind}"}
                rows.append(facts | _line(gaps))
    return rows


MOTIONS = (
    ("still: mean flow under 1 pixel", lambda gap: gap.flow < 1),
    ("small: 1 to 4", lambda gap: 1 <= gap.flow < 4),
    ("large: 4 to 12", lambda gap: 4 <= gap.flow < 12),
    ("larger: 12 and more", lambda gap: gap.flow >= 12),
    ("very large: a tenth moves over 30 pixels", lambda gap: gap.fastest >= 30),
)


def motion_rows(films: list[Film]) -> list[dict]:
    """In-betweens alone by how much moves across the gap, all makers together."""
    rows = []
    for rate in RATES:
        gaps = [gap for one in films if one.rate == rate for gap in one.gaps]
        for name, chooses in MOTIONS:
            if chosen := [gap for gap in gaps if chooses(gap)]:
                rows.append({"rate": f"1/{rate}", "motion": name, "gaps": len(chosen)} | _line(chosen))
    return rows


def looks_rows(films: list[Film]) -> list[dict]:
    """Per rate, maker, size and kind: VMAF of all frames / sharpness / pulse of the in-betweens, of every method."""
    rows = []
    for (rate, maker, size), group in _groups(films).items():
        for kind in ("face", "others"):
            if not (chosen := _of(group, kind)):
                continue
            row = {"rate": f"1/{rate}", "maker": maker, "colors": size, "films": f"{len(chosen)} {kind}"}
            vmafs = {}
            for name in (name for name in JUDGED if name in chosen[0].looks):
                values = {key: _mean([one.looks[name][key] for one in chosen]) for key in chosen[0].looks[name]}
                vmafs[name] = values.get("vmaf", float("nan"))
                row[name] = f"{vmafs[name]:.1f} / {values['sharpness']:.3f} / {values['pulse']:.3f}"
            if PEER in vmafs:
                row["VMAF over RIFE"] = f"{vmafs['ours'] - vmafs[PEER]:+.2f}"
            rows.append(row)
    return rows


def looks_by_motion_rows(films: list[Film]) -> list[dict]:
    """VMAF of the in-betweens alone by how much moves across the gap, all makers together; none without VMAF."""
    rows = []
    for rate in RATES:
        gaps = [gap for one in films if one.rate == rate for gap in one.gaps if gap.vmaf]
        for name, chooses in MOTIONS:
            if chosen := [gap for gap in gaps if chooses(gap)]:
                values = {
                    method: _mean([float(np.mean(gap.vmaf[method])) for gap in chosen])
                    for method in JUDGED
                    if method in chosen[0].vmaf
                }
                rows.append({"rate": f"1/{rate}", "motion": name, "gaps": len(chosen)} | values)
    return rows


def worst_gaps(films: list[Film], count: int) -> list[Gap]:
    """Gaps where the program lost most against the best other method, one per clip, the worst first."""

    def lead(gap: Gap) -> float:
        return gap.mean("ours") - max(gap.mean(name) for name in METHODS[:-1])

    worst: dict[str, Gap] = {}
    for gap in sorted((gap for one in films for gap in one.gaps), key=lead, reverse=True):
        worst[gap.clip] = gap
    return sorted(worst.values(), key=lead)[:count]


def sheet(gaps: list[Gap], clips: dict[str, Clip], program: Program, peer: Rife | None = None) -> Image.Image:
    """A line for each gap: the GIF's frame before it, the film's own middle frame, and that of every method (RIFE's
    last)."""
    lines = []
    for gap in gaps:
        truth, gif, pictures = made(clips[gap.clip], gap.maker, gap.size, gap.rate, program)
        films = films_of(pictures[:: gap.rate], gif, pictures, gap.rate, peer)
        middle = gap.first + gap.rate // 2
        shown_beside = [gif[gap.first // gap.rate], truth[middle], *(film[middle] for film in films.values())]
        lines.append(np.concatenate(shown_beside, axis=1))
    width = max(line.shape[1] for line in lines)
    return Image.fromarray(
        np.concatenate([np.pad(line, ((0, 4), (0, width - line.shape[1]), (0, 0))) for line in lines])
    )
