"""Measures committed models on clips in PyTorch, for a look between two trainings, and the in-betweens.

gif2video_training.quality measures the networks that ship.

    python -m gif2video_training.evaluate color --data ../shared/data/val --models ../Models/live
    python -m gif2video_training.evaluate motion --data ../shared/data/val --models ../Models/live
    python -m gif2video_training.evaluate flow --data cache/some-motion-pool --models ../Models/live
    python -m gif2video_training.evaluate coarse --data ../shared/data/val --models ../Models/live

--engine torch runs the networks in PyTorch; --engine swift writes real GIF files, feeds them to the
gif2video program and reads its pictures back. Frames are 256 x 256 center crops of the clips. PSNR
(dB) and SSIM are taken per frame, averaged within a clip, then over clips.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .catalogue import MAKERS, Maker
from .data import Source, center_crop, find_sources, load_frames
from .export import load_model
from .gif_file import gif_bytes
from .makers import GIFFrame
from .metrics import psnr, ssim, to_picture
from .motion_pool import CUT_DIFFERENCE, MotionPool, restore
from .program import Program
from .quality.betweens import flow_lengths

SIDE = 256


def to_tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 127.5 - 1


class TorchEngine:
    """Restores GIFs with model files in PyTorch; told, not guessing, whether a GIF is dithered."""

    def __init__(self, models: Path):
        self.color = {}
        for name in ("none", "dithered"):
            if (file := models / f"ccdnet-{name}.safetensors").exists():
                self.color[name] = load_model(file)[0]
        self.motion = load_model(file)[0] if (file := models / "superslomo.safetensors").exists() else None

    @torch.no_grad()
    def __call__(self, gif: list[GIFFrame], dithered: bool, rate: int) -> list[np.ndarray]:
        """`rate` pictures per GIF frame: the restored frame, then in-betweens; repeats after the last."""
        network = self.color["dithered" if dithered else "none"]
        restored = restore(network, gif)
        if rate == 1:
            return restored
        pictures = []
        for a, b, i, j in zip(gif, gif[1:], restored, restored[1:]):
            g0, g1, i0, i1 = (to_tensor(x) for x in (a.rgb, b.rgb, i, j))
            f01, f10 = self.motion.flows(g0, g1)
            pictures.append(i)
            for k in range(1, rate):
                pictures.append(to_picture(self.motion.interpolate(i0, i1, f01, f10, k / rate)["frame"]))
        return pictures + [restored[-1]] * rate


@dataclass(frozen=True)
class SwiftEngine:
    """Restores GIFs with the gif2video program, which decides about dithering by itself unless `forced`."""

    program: Program
    forced: bool

    def __call__(self, gif: list[GIFFrame], dithered: bool, rate: int) -> list[np.ndarray]:
        dither = ("dithered" if dithered else "none") if self.forced else "auto"
        pictures = self.program.restored(gif_bytes(gif, 4 * rate), gif[0].index.shape, dither, rate)
        if len(pictures) != len(gif) * rate:
            raise SystemExit(f"{len(pictures)} pictures for {len(gif)} frames at {rate} times the rate")
        return list(pictures)


Scores = dict[str, list[float]]


def average(clips: list[tuple[str, Scores]], kind: str) -> dict[str, float] | None:
    """Means over the clips of a kind ("face", "others", "all"), each the mean of its frames."""
    chosen = [scores for clip_kind, scores in clips if kind == "all" or (clip_kind == "face") == (kind == "face")]
    if not chosen:
        return None
    return {name: float(np.mean([np.mean(scores[name]) for scores in chosen])) for name in chosen[0]}


def print_table(rows: list[dict]) -> None:
    """Rows of one set of keys as a Markdown table."""
    names = list(rows[0])
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    for row in rows:
        cells = (
            f"{value:.3f}" if "SSIM" in name else f"{value:.2f}" if isinstance(value, float) else str(value)
            for name, value in row.items()
        )
        print("| " + " | ".join(cells) + " |", flush=True)


def color_table(
    engine, sources: list[Source], sizes: list[int], makers: list[Maker], every: int, limit: int
) -> list[dict]:
    results: dict[tuple, list[tuple[str, Scores]]] = defaultdict(list)
    for source in sources:
        crops = np.ascontiguousarray(center_crop(load_frames(source), SIDE)[::every][: limit or None])
        for maker in makers:
            for size in sizes:
                if size > maker.most_colors:
                    continue
                gif = maker.frames(crops, size)
                scores: Scores = defaultdict(list)
                for frame, picture, truth in zip(gif, engine(gif, maker.dithered, 1), crops, strict=True):
                    scores["GIF PSNR"].append(psnr(frame.rgb, truth))
                    scores["PSNR"].append(psnr(picture, truth))
                    scores["GIF SSIM"].append(ssim(frame.rgb, truth))
                    scores["SSIM"].append(ssim(picture, truth))
                results[maker.name, size].append((source.kind, scores))
    rows = []
    for (maker, size), clips in results.items():
        for kind in ("face", "others"):
            if means := average(clips, kind):
                gain = means["PSNR"] - means["GIF PSNR"]
                rows.append({"maker": maker, "colors": size, "kind": kind} | means | {"gain dB": gain})
    return rows


def blended(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    return (a.astype(np.float32) * (1 - t) + b.astype(np.float32) * t).round().astype(np.uint8)


def motion_table(
    engine, sources: list[Source], sizes: list[int], makers: list[Maker], rates: list[int], limit: int
) -> list[dict]:
    """In-betweens only: PSNR at the film's frames that the GIF left out."""
    results: dict[tuple, list[tuple[str, Scores]]] = defaultdict(list)
    for source in sources:
        film = center_crop(load_frames(source), SIDE)
        for rate in rates:
            kept = np.ascontiguousarray(film[::rate][: limit or None])
            for maker in makers:
                for size in sizes:
                    if size > maker.most_colors:
                        continue
                    gif = maker.frames(kept, size)
                    pictures = engine(gif, maker.dithered, rate)
                    scores: Scores = defaultdict(list)
                    for at in range(len(gif) - 1):
                        i0, i1 = pictures[at * rate], pictures[(at + 1) * rate]
                        for k in range(1, rate):
                            truth, t, near = film[at * rate + k], k / rate, 2 * k > rate
                            made = pictures[at * rate + k]
                            scores["GIF repeated"].append(psnr(gif[at].rgb, truth))
                            scores["restored, repeated"].append(psnr(i0, truth))
                            scores["restored, nearest"].append(psnr(i1 if near else i0, truth))
                            scores["restored, blended"].append(psnr(blended(i0, i1, t), truth))
                            scores["in-between"].append(psnr(made, truth))
                            scores["in-between SSIM"].append(ssim(made, truth))
                    results[rate, maker.name, size].append((source.kind, scores))
    rows = []
    for (rate, maker, size), clips in results.items():
        for kind in ("face", "others", "all"):
            if means := average(clips, kind):
                over = means["in-between"] - means["restored, blended"]
                rows.append(
                    {"rate": f"1/{rate}", "maker": maker, "colors": size, "kind": kind}
                    | means
                    | {"over blending dB": over}
                )
    return rows


@torch.no_grad()
def flow_table(models: Path, pool: MotionPool) -> list[dict]:
    """In-betweens of a motion pool's degraded samples with flow from the GIF's frames, and from restored ones."""
    network = load_model(models / "superslomo.safetensors")[0]
    scores: dict[str, list[float]] = defaultdict(list)
    for slot in range(len(pool)):
        g0, g1, i0, i1, truth = pool.frames[slot]
        if np.array_equal(g0, i0):
            continue
        g0, g1, i0, i1 = (to_tensor(frame) for frame in (g0, g1, i0, i1))
        t = float(pool.time[slot])
        for name, frames in (("flow from the GIF", (g0, g1)), ("flow from restored frames", (i0, i1))):
            made = network.interpolate(i0, i1, *network.flows(*frames), t)["frame"]
            scores[name].append(psnr(to_picture(made), truth))
    return [{"samples": len(values), "flow": name, "PSNR": float(np.mean(values))} for name, values in scores.items()]


MOTIONS = (1, 4, 12, 30)
"""Bounds, in pixels, of the mean flow across a gap."""


@torch.no_grad()
def coarse_table(models: Path, sources: list[Source]) -> list[dict]:
    """Middle frames between undegraded frames 2, 4 and 8 apart, by how much moves: without coarse flows, with them, and
    with those of several views."""
    network = load_model(models / "superslomo.safetensors")[0]
    ways = {"direct": (False, False), "coarse": (True, False), "views": (True, True)}
    configurations = {name: network.config | {"coarse": large, "views": views} for name, (large, views) in ways.items()}
    scores: dict[int, Scores] = defaultdict(lambda: defaultdict(list))
    for source in sources:
        film = center_crop(load_frames(source), SIDE)
        for gap in (2, 4, 8):
            for first in range(0, len(film) - gap, 8):
                a, truth, b = film[first], film[first + gap // 2], film[first + gap]
                if np.abs(a.astype(int) - b).mean() > CUT_DIFFERENCE:
                    continue
                moved = int(np.searchsorted(MOTIONS, float(flow_lengths(a, b).mean())))
                scores[moved]["blended"].append(psnr(blended(a, b, 0.5), truth))
                for name, network.config in configurations.items():
                    made = network(*(to_tensor(frame) for frame in (a, b, a, b)), 0.5)
                    scores[moved][name].append(psnr(to_picture(made), truth))
    rows = []
    for moved, values in sorted(scores.items()):
        motion = f"{(0, *MOTIONS)[moved]} to {MOTIONS[moved]}" if moved < len(MOTIONS) else f"{MOTIONS[-1]} and more"
        means = {name: float(np.mean(each)) for name, each in values.items()}
        rows.append({"mean flow, pixels": motion, "pairs": len(values["direct"])} | means)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["color", "motion", "flow", "coarse"])
    parser.add_argument("--data", type=Path, required=True, help="folder of validation clips (flow: a motion pool)")
    parser.add_argument("--models", type=Path, default=Path("../Models/live"), help="a profile's folder")
    parser.add_argument("--engine", choices=["torch", "swift"], default="torch")
    parser.add_argument("--binary", type=Path, default=Path("../.build/release/gif2video"))
    parser.add_argument(
        "--force-dither", action="store_true", help="swift: pass --dither instead of letting the program decide"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=None, help="palette sizes (default 32 256; motion 256)")
    parser.add_argument(
        "--makers",
        nargs="+",
        choices=MAKERS,
        default=None,
        help="see catalogue.py; default: pillow-none pillow-floyd_steinberg (motion: the first)",
    )
    parser.add_argument("--every", type=int, default=1, help="color: every n-th frame of a clip")
    parser.add_argument("--rates", type=int, nargs="+", default=[2, 4], help="motion: keep every n-th frame")
    parser.add_argument(
        "--least-fps", type=float, default=None, help="leave out slower clips (default: color 0, else 24)"
    )
    parser.add_argument(
        "--limit", type=int, help="at most so many GIF frames of a clip, 0: all (default: color 8, motion 0)"
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of PyTorch")
    parser.add_argument("--json", type=Path, help="also write the rows there")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.what == "flow":
        return print_table(flow_table(options.models, MotionPool(options.data)))
    limit = {"color": 8}.get(options.what, 0) if options.limit is None else options.limit
    least = options.least_fps if options.least_fps is not None else (0.0 if options.what == "color" else 24.0)
    sources = [source for source in find_sources(options.data) if source.is_clip and source.fps >= least]
    if options.what == "coarse":
        return print_table(coarse_table(options.models, sources))
    sizes = options.sizes or ([256] if options.what == "motion" else [32, 256])
    if options.engine == "swift":
        engine = SwiftEngine(Program(options.binary, options.models.resolve()), options.force_dither)
    else:
        engine = TorchEngine(options.models)
    default = ["pillow-none", "pillow-floyd_steinberg"][: 1 if options.what == "motion" else None]
    makers = [MAKERS[name] for name in options.makers or default]
    print(f"{len(sources)} sources, {options.engine} engine, {options.models}, ", end="")
    if options.what == "color":
        print(f"every {options.every}th frame", f"(at most {limit})" if limit else "")
        rows = color_table(engine, sources, sizes, makers, options.every, limit)
    else:
        print(
            f"{least:g} fps and more, in-betweens only",
            f"(of the first {limit} frames)" if limit else "",
        )
        rows = motion_table(engine, sources, sizes, makers, options.rates, limit)
    print_table(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
