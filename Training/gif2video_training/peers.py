"""The README's table: what people use beside the program, on a few films that no network was trained on.

    python -m gif2video_training.peers --data ../shared/data        # make peers: minutes

Colors: clips of every kind, GIFs by Pillow, each frame's PSNR. In-betweens: GIFs of every second or fourth frame of fast
enough films, 256 colors without dither, the PSNR of the in-betweens alone, and VMAF of all frames, enlarged three times. RIFE and
minterpolate are given the GIF's frames, as people do it, and then the restored ones. Times are of the processor, for 256 x 256
pixels, of one picture; the program's `live` is 1. RIFE and waifu2x are left out where their weights are not installed
(rife.py, waifu2x.py); so is VMAF without libvmaf.
"""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from .baselines import baselines, minterpolated
from .catalogue import MAKERS
from .metrics import psnr
from .perceptual import vmaf
from .program import Program, measuring_parser
from .quality.betweens import filmed, gif_of
from .quality.color import on_time, shown
from .quality.document import table
from .quality.plan import Plan, between_clips, chosen_sources, clips_folder, load_clip
from .rife import Rife, weights_file
from .waifu2x import Waifu2x, weights_folder

GIFS = (("pillow-floyd_steinberg", 32), ("pillow-none", 256))
BETWEEN_GIF = ("pillow-none", 256)
LEVELS = (1, 3)
"""Of noise, as waifu2x counts it."""
FRAMES = 5
PASSES = 6
"""Of a film, there and back, where times are measured: beside so many frames a program's start is short."""


def processor(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """The result of some work, and the processor's seconds that it and its child processes take."""

    def now() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    began = now()
    return work(), now() - began


class Table:
    """Mean numbers by row and column; times by column."""

    def __init__(self) -> None:
        self.numbers: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def add(self, row: str, column: str, value: float) -> None:
        self.numbers[row][column].append(value)

    def rows(self, columns: list[str]) -> list[dict]:
        result = []
        for name, values in self.numbers.items():
            means = {column: float(np.mean(numbers)) for column, numbers in values.items()}
            if name.startswith("time"):
                means = {column: value / means["live"] for column, value in means.items()}
            figures = {column: f"{means[column]:.2f}" if column in means else "" for column in columns}
            result.append({"": f"{name} ({max(map(len, values.values()))})", **figures})
        return result


def measure_colors(clips: Path, programs: list[Program], tables: Table) -> None:
    plan = Plan(True, FRAMES, 1)
    sources, few = chosen_sources(clips, plan)
    networks = {f"waifu2x {level}": Waifu2x(level) for level in LEVELS} if weights_folder() else {}
    for source in sources:
        clip = load_clip(source, plan, sources, few)
        for maker, size in GIFS:
            row = f"colors, {size} of them, {'dithered' if MAKERS[maker].dithered else 'no dither'}"
            data = MAKERS[maker].file(clip.frames, size)
            gif, times = shown(data)
            films = {"plain": gif, **baselines(gif)}
            for name, network in networks.items():
                films[name], spent = processor(lambda n=network: n.pictures(gif))
                tables.add("time of a frame's colors", name, spent / len(gif))
            for program in programs:
                films[program.profile] = program.restored(data, gif.shape[1:3])
            for name, film in films.items():
                film = on_time(film, times, len(clip.frames))
                tables.add(row, name, float(np.mean([psnr(*pair) for pair in zip(film, clip.frames, strict=True)])))
        print(f"{source.name}", flush=True)


def bounced(film: np.ndarray, passes: int) -> np.ndarray:
    """A film [T, ...] there and back, so many times in all: [passes (T - 1) + 1, ...]."""
    back = film[::-1]
    return np.concatenate([film, *((film if k % 2 else back)[1:] for k in range(passes - 1))])


def time_betweens(gif: np.ndarray, rate: int, programs: list[Program], tables: Table) -> None:
    """The time of an in-between of a GIF's frames [T, H, W, 3], and of the colors of a frame."""
    row, long = "time of an in-between", bounced(gif, PASSES)
    data, shape = MAKERS[BETWEEN_GIF[0]].file(long, BETWEEN_GIF[1]), gif.shape[1:3]
    for program in programs:
        kept, alone = processor(lambda p=program: p.restored(data, shape))
        film, spent = processor(lambda p=program: p.restored(data, shape, rate=rate))
        tables.add("time of a frame's colors", program.profile, alone / len(kept))
        tables.add(row, program.profile, (spent - alone) / (len(film) - len(kept)))
    film, spent = processor(lambda: minterpolated(long, rate))
    tables.add(row, "minterpolate", spent / (len(film) - len(long)))


def measure_betweens(clips: Path, step: int, programs: list[Program], tables: Table) -> None:
    peer = Rife() if weights_file() else None
    for clip in between_clips(clips, step):
        for rate in (2, 4):
            truth, data, gif = gif_of(clip, *BETWEEN_GIF, rate)
            time_betweens(gif, rate, programs, tables)
            films = {program.profile: filmed(clip.name, data, truth, rate, program) for program in programs}
            restored = programs[0].restored(data, truth.shape[1:3])
            films["plain"] = np.concatenate([np.repeat(gif[:-1], rate, axis=0), gif[-1:]])
            films["minterpolate"] = minterpolated(gif, rate)
            films["minterpolate on restored"] = minterpolated(restored, rate)
            if peer:
                # It is loaded: one in-between takes as long as the next.
                films["RIFE"], spent = processor(lambda: peer.pictures(gif, rate))
                tables.add("time of an in-between", "RIFE", spent / (len(truth) - len(gif)))
                films["RIFE on restored"] = peer.pictures(restored, rate)
            inside = [at for at in range(len(truth)) if at % rate]
            for name, film in films.items():
                row = f"in-betweens, 1/{rate} of the rate"
                tables.add(row, name, float(np.mean([psnr(film[at], truth[at]) for at in inside])))
                if (values := vmaf(film, truth)) is not None:
                    tables.add(f"VMAF of all frames, 1/{rate} of the rate", name, float(np.mean(values)))
        print(f"{clip.name}", flush=True)


def main() -> None:
    parser = measuring_parser("peers", __doc__)
    parser.add_argument("--between-step", type=int, default=4, help="in-betweens of every n-th film (default 4)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    clips = clips_folder(options.data)
    programs = [Program(options.binary.resolve(), (options.models / name).resolve()) for name in ("live", "quality")]
    colors, betweens = Table(), Table()
    measure_betweens(clips, options.between_step, programs, betweens)
    measure_colors(clips, programs, colors)
    # Colors are timed on whole films, beside which the program's start is short.
    for column, values in betweens.numbers.pop("time of a frame's colors").items():
        colors.numbers["time of a frame's colors"][column] = values
    waifu2x = [f"waifu2x {level}" for level in LEVELS] if weights_folder() else []
    print(table(colors.rows(["plain", "gradfun", "deband", "blur", *waifu2x, "live", "quality"])))
    rife = ["RIFE", "RIFE on restored"] if weights_file() else []
    print(table(betweens.rows(["plain", "minterpolate", "minterpolate on restored", *rife, "live", "quality"])))


if __name__ == "__main__":
    main()
