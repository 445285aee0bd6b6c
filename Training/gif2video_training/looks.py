"""In-betweens as people see them, in PyTorch, between two trainings: PSNR, SSIM, VMAF, sharpness and pulse.

    python -m gif2video_training.looks --data ../shared/data/val runs/new/checkpoint.pt rife

Films are 33 frames of the validation clips, scenes are those of scenes/ over the same clips. The GIFs (sierra2_4a, 256
colors) are restored once, by `--models`, so that networks differ in their in-betweens alone. `rife` and `blend` may be
given for a network. gif2video_training.quality measures the networks that ship.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .catalogue import MAKERS
from .data import find_sources
from .export import load_checkpoint, load_model
from .metrics import psnr, ssim, to_picture
from .motion_pool import restore
from .perceptual import pulse, sharpness, vmaf
from .quality.plan import between_clips
from .rife import Rife
from .scenes import KINDS, Films, make_scene
from .scenes.measures import off_standing, torn

MAKER, COLORS = "ffmpeg-sierra2_4a", 256
SIDE = 256
SCENE_SEED = 900_000
"""Of the scenes that are measured; no training draws them."""
PAN_SPEEDS = (2.0, 4.0, 8.0, 16.0, 32.0)

Between = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, float], torch.Tensor]
"""g0, g1, i0, i1 and t to the frame at t."""


@dataclass(frozen=True)
class Sample:
    """A film at 1 / rate. overlay, switching: of every gap what stands over something that moves, and what changes at
    once, bool [T - 1, H, W]; None of films."""

    name: str
    kind: str
    rate: int
    truth: np.ndarray
    gif: np.ndarray
    restored: np.ndarray
    overlay: np.ndarray | None = None
    switching: np.ndarray | None = None


def tensor(frame: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(frame.copy()).movedim(-1, 0)[None].float() / 127.5 - 1


def as_sample(
    name: str, kind: str, rate: int, truth: np.ndarray, network: torch.nn.Module, cache: Path, *masks: np.ndarray
) -> Sample:
    """The GIF made and restored, or what became of it before."""
    file = cache / f"{name}-{rate}.npz"
    if not file.exists():
        frames = MAKERS[MAKER].frames(np.ascontiguousarray(truth[::rate]), COLORS)
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, gif=np.stack([frame.rgb for frame in frames]), restored=np.stack(restore(network, frames)))
    made = np.load(file)
    return Sample(name, kind, rate, truth, made["gif"], made["restored"], *masks)


def samples(data: Path, models: Path, cache: Path, rates: list[int], step: int, scenes: int, which: str):
    """Every film at every rate, then the scenes (at the largest rate that their films allow)."""
    network = load_model(models / "ccdnet-dithered.safetensors")[0]
    cache = cache / models.resolve().name
    for clip in between_clips(data, step) if which != "scenes" else []:
        for rate in rates:
            truth = clip.frames[: (len(clip.frames) - 1) // rate * rate + 1]
            yield as_sample(clip.name, f"1/{rate}", rate, truth, network, cache)
    films = Films(find_sources(data), Path("cache/frames"))
    for kind in KINDS if which != "films" and scenes else []:
        for k in range(scenes):
            speed = PAN_SPEEDS[k % len(PAN_SPEEDS)] if kind == "caption" and k % 2 == 0 else None
            scene = make_scene(kind, SCENE_SEED + k, (SIDE, SIDE), films, speed)
            rate = min(4, scene.grid)
            gaps = [(at, at + 1) for at in range(scene.frames - 1)]
            masks = [np.stack([find(*gap) for gap in gaps]) for find in (scene.overlay, scene.switching)]
            yield as_sample(f"scene-{kind}-{k}", kind, rate, scene.film(rate), network, cache, *masks)


def loaded(name: str) -> Between:
    """A network by its file (a model's or a checkpoint), `rife`, or `blend`."""
    if name == "blend":
        return lambda g0, g1, i0, i1, t: i0 * (1 - t) + i1 * t
    if name == "rife":
        rife = Rife()
        return lambda g0, g1, i0, i1, t: rife(i0, i1, t).frame
    file = Path(name)
    if file.suffix == ".safetensors":
        network = load_model(file)[0]
    else:
        network = load_checkpoint(file)
    known: dict[int, tuple] = {}

    def between(g0, g1, i0, i1, t):
        if known.get("of") is not g0:
            known.clear()
            known.update({"of": g0, "flows": network.flows(g0, g1)})
        return network.interpolate(i0, i1, *known["flows"], t)["frame"]

    return between


@torch.no_grad()
def film_of(sample: Sample, between: Between) -> np.ndarray:
    """uint8 [(T - 1) rate + 1, H, W, 3]"""
    result = np.empty_like(sample.truth)
    result[:: sample.rate] = sample.restored
    for at in range(len(sample.gif) - 1):
        inputs = [tensor(x) for x in (*sample.gif[at : at + 2], *sample.restored[at : at + 2])]
        for k in range(1, sample.rate):
            result[at * sample.rate + k] = to_picture(between(*inputs, k / sample.rate))
    return result


def scores(sample: Sample, film: np.ndarray, judged: bool) -> dict[str, float]:
    """PSNR and SSIM of the in-betweens, VMAF, sharpness and pulse; of scenes what became of what stands."""
    inside = [k for k in range(len(film)) if k % sample.rate]
    result = {
        "PSNR": float(np.mean([psnr(film[k], sample.truth[k]) for k in inside])),
        "SSIM": float(np.mean([ssim(film[k], sample.truth[k]) for k in inside])),
        "sharpness": sharpness(film[inside], sample.truth[inside]),
        "pulse": pulse(film, sample.rate),
    }
    if judged and (values := vmaf(film, sample.truth)):
        result["VMAF"] = float(np.mean(values))
    if sample.overlay is not None:
        off, parts = [], []
        for k in inside:
            at = k // sample.rate
            ends = sample.restored[at : at + 2]
            off.append(off_standing(film[k], ends, sample.overlay[at]))
            parts += torn(film[k], ends, sample.switching[at])
        if len(values := np.concatenate(off)):
            result["overlay off"] = float(values.mean())
        if parts:
            result["torn"] = float(np.mean(parts))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="+", help="model files, checkpoints, `rife`, `blend`")
    parser.add_argument("--data", type=Path, required=True, help="folder of validation clips")
    parser.add_argument("--models", type=Path, default=Path("../Models/live"), help="the profile that restores")
    parser.add_argument("--cache", type=Path, default=Path("cache/looks"))
    parser.add_argument("--rates", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--step", type=int, default=1, help="take every n-th film")
    parser.add_argument("--scenes", type=int, default=6, help="scenes of every kind")
    parser.add_argument("--which", choices=["films", "scenes", "all"], default="all")
    parser.add_argument("--no-vmaf", action="store_true")
    parser.add_argument("--json", type=Path, help="also write every number there")
    parser.add_argument("--pictures", type=Path, help="folder for the films, .npy")
    options = parser.parse_args()
    torch.set_num_threads(1)
    networks = {name: loaded(name) for name in options.networks}
    rows: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    written = []
    chosen = (options.data, options.models, options.cache, options.rates, options.step, options.scenes, options.which)
    for sample in samples(*chosen):
        for name, between in networks.items():
            film = film_of(sample, between)
            values = scores(sample, film, not options.no_vmaf)
            written.append({"network": name, "sample": sample.name, "kind": sample.kind} | values)
            for key, value in values.items():
                rows[sample.kind, name][key].append(value)
            if options.pictures:
                options.pictures.mkdir(parents=True, exist_ok=True)
                np.save(options.pictures / f"{sample.name}-{sample.rate}-{Path(name).parent.name or name}.npy", film)
    columns = ["PSNR", "SSIM", "VMAF", "sharpness", "pulse", "overlay off", "torn"]
    print("| kind | samples | network | " + " | ".join(columns) + " |\n|" + "---|" * (len(columns) + 3))
    for (kind, name), values in rows.items():
        digits = {"PSNR": 2, "SSIM": 4, "VMAF": 2, "overlay off": 2}
        cells = [f"{np.mean(values[key]):.{digits.get(key, 3)}f}" if values[key] else "" for key in columns]
        print(f"| {kind} | {len(values['PSNR'])} | {name} | " + " | ".join(cells) + " |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
