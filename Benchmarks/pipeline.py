"""The whole program, from a GIF's bytes to pictures: speed, latency, memory, and what they depend on.

Every figure is of `gif2video filter` as users run it, in a process of its own. Times are its wall clock or, with
`--clock processor`, what it took of the processors; the best of some rounds, contenders in turns.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image

from report import Report

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / ".build/release/gif2video"
SIZE = (480, 270)
#: Centiseconds: 12.5 frames a second.
DELAY = 8


def texture(width: int, height: int, seed: int, sharp: bool = False) -> np.ndarray:
    """Soft or sharp shapes with some grain, R, G, B: what a palette of 128 colors cannot hold."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (height // 24 + 2, width // 24 + 2, 3), np.uint8)
    resampling = Image.Resampling.NEAREST if sharp else Image.Resampling.BICUBIC
    picture = np.asarray(Image.fromarray(coarse).resize((width, height), resampling), np.int16)
    return np.clip(picture + random.integers(-6, 7, picture.shape), 0, 255).astype(np.uint8)


def make_gif(path: Path, size: tuple[int, int], frames: int, share: float, sharp: bool) -> Path:
    """A square of this share of the pixels that moves over a still picture; 1: the whole picture moves."""
    width, height = size
    if share >= 1:
        wide = texture(width + 2 * frames % 97 + 200, height, 1, sharp)
        pictures = [wide[:, 2 * index % 200 :][:, :width] for index in range(frames)]
    else:
        ground, top = texture(width, height, 1, sharp), texture(width, height, 2, sharp)
        side = round((share * width * height) ** 0.5)
        pictures = []
        for index in range(frames):
            picture = ground.copy()
            x = (width - side) // 2 + round(min(20, (width - side) // 2) * np.sin(index / 5))
            y = (height - side) // 2
            if side:
                picture[y : y + side, x : x + side] = top[y : y + side, :side]
            pictures.append(picture)
    # One palette for all, so that still pixels are still.
    strip = Image.fromarray(np.concatenate([pictures[0], pictures[frames // 2]]))
    palette = strip.quantize(128, dither=Image.Dither.NONE)
    images = [Image.fromarray(np.ascontiguousarray(p)).quantize(palette=palette, dither=Image.Dither.NONE) for p in pictures]
    # A delay that differs keeps Pillow from joining frames that are the same.
    delays = [10 * DELAY + 10 * (index % 2 if share == 0 else 0) for index in range(frames)]
    images[0].save(path, save_all=True, append_images=images[1:], duration=delays, loop=0, disposal=1)
    return path


def gif_pieces(data: bytes) -> list[bytes]:
    """The header, then each frame with the blocks before it."""
    def color_table(flags: int) -> int:
        return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

    position = 13 + color_table(data[10])
    cuts = [position]
    while data[position] != 0x3B:
        is_image = data[position] == 0x2C
        position += 11 + color_table(data[position + 9]) if is_image else 2
        while data[position]:
            position += data[position] + 1
        position += 1
        if is_image:
            cuts.append(position)
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)])]


class Run:
    """One process to its end: seconds on the wall and of the processors, peak memory in bytes where it is watched."""

    def __init__(
        self, command: list[str], threads: int, stdin: Path | None = None, watches_memory: bool = False
    ) -> None:
        begin = time.perf_counter()
        with open(stdin or os.devnull, "rb") as source:
            process = subprocess.Popen(
                ["taskset", "-c", f"0-{threads - 1}", *command], stdin=source, stdout=subprocess.DEVNULL)
            self.memory = self._peak_memory(process.pid) if watches_memory else 0
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        self.seconds = (time.perf_counter() - begin, usage.ru_utime + usage.ru_stime)

    @staticmethod
    def _peak_memory(process: int) -> int:
        """Waits for the end. Takes time of the processor, so not where that is measured.

        Not the usage's: that of a child begins with what its parent, which may hold PyTorch, has in memory.
        """
        memory = 0
        while True:
            with open(f"/proc/{process}/status") as facts:
                peak = [int(line.split()[1]) * 1024 for line in facts if line.startswith("VmHWM:")]
            if memory and not peak:
                return memory
            memory = peak[0] if peak else memory
            time.sleep(0.002)


def filter_command(rate: str = "2x", *more: str, profile: str = "live") -> list[str]:
    return [str(PROGRAM), "filter", "--profile", profile, "--format", "rgb24", "--rate", rate, *more]


class PipelineBench:
    def __init__(self, folder: Path, arguments: argparse.Namespace, report: Report) -> None:
        self.folder, self.report = folder, report
        self.clock = ["wall", "processor"].index(arguments.clock)
        self.rounds, self.threads, self.long = arguments.rounds, arguments.threads, arguments.long
        self.rows: list[dict] = []

    def gif(self, share: float = 1, size: tuple[int, int] = SIZE, frames: int = 50, sharp: bool = False) -> Path:
        path = self.folder / f"{size[0]}x{size[1]}-{frames}-{share}{'-sharp' if sharp else ''}.gif"
        return path if path.exists() else make_gif(path, size, frames, share, sharp)

    def best(self, runs: dict[str, tuple[list[str], int, Path | None]]) -> dict[str, float]:
        times = {key: float("inf") for key in runs}
        for _ in range(self.rounds):
            for key, arguments in runs.items():
                times[key] = min(times[key], Run(*arguments).seconds[self.clock])
        return times

    def row(self, name: str, **values) -> None:
        self.rows.append({"name": name} | values)
        cells = "  ".join(f"{key} {value:.2f}" if isinstance(value, float) else f"{key} {value}" for key, value in values.items())
        self.report.line(f"{name:44}{cells}")

    def speed(self) -> None:
        gif, frames = self.gif(), 50
        video = frames * DELAY / 100
        runs: dict = {f"ours {threads}": (filter_command(), threads, gif) for threads in self.threads}
        for threads in self.threads:
            chain = f"deband,minterpolate=fps={200 / DELAY}"
            runs[f"ffmpeg {threads}"] = (
                ["ffmpeg", "-v", "error", "-nostdin", "-threads", str(threads), "-i", str(gif), "-vf", chain,
                 "-f", "null", "-"], threads, None)  # fmt: skip
        times = self.best(runs)
        for threads in self.threads:
            ours, ffmpeg = times[f"ours {threads}"], times[f"ffmpeg {threads}"]
            self.row(f"480x270, 12.5 to 25, {threads} threads", seconds=ours, real_time=video / ours,
                     ffmpeg_deband_minterpolate=ffmpeg, ffmpeg_over_ours=ffmpeg / ours)  # fmt: skip
        if {1, 2} <= set(self.threads) and self.clock == 0:
            self.row("two threads against one, live", times_faster=times["ours 1"] / times["ours 2"])

    def scaling(self) -> None:
        """Of the larger networks, which not every kind of GIF has: dithered ones do."""
        gif = self.gif(frames=20)
        command = filter_command("2x", "--dither", "dithered", profile="quality")
        times = self.best({str(threads): (command, threads, gif) for threads in self.threads})
        for threads in self.threads:
            self.row(f"quality, dithered, 20 frames, {threads} threads", seconds=times[str(threads)])
        if {1, 2} <= set(self.threads) and self.clock == 0:
            self.row("two threads against one, quality", times_faster=times["1"] / times["2"])

    def dependence(self) -> None:
        threads = self.threads[-1]

        def compare(title: str, runs: dict, per: dict[str, float] | None = None) -> None:
            times = self.best(runs)
            first = next(iter(times.values()))
            for key, value in times.items():
                extra = {"ns_a_pixel": value / per[key] * 1e9} if per else {}
                self.row(f"{title}: {key}", seconds=value, of_the_first=value / first, **extra)

        sizes = [SIZE, (240, 135), (960, 540)]
        # Of the frame's pixels, frames and in-betweens together.
        compare("pixels", {f"{w}x{h}": (filter_command(), threads, self.gif(size=(w, h), frames=20)) for w, h in sizes},
                {f"{w}x{h}": w * h * 40 for w, h in sizes})  # fmt: skip
        compare("rate", {rate: (filter_command(rate), threads, self.gif()) for rate in ["source", "2x", "4x"]})
        # So many frames that the start counts little.
        compare("changing pixels", {f"{share:.0%}": (filter_command(), threads, self.gif(share, frames=100))
                                    for share in [1, 0.5, 0.25, 0.1, 0.05, 0.01, 0]})  # fmt: skip
        # Edges beside what moves are looked at for overlays (StandingOverlay).
        compare("changing pixels, sharp edges", {f"{share:.0%}": (filter_command(), threads, self.gif(share, frames=100, sharp=True))
                                                 for share in [1, 0.1, 0.01]})  # fmt: skip
        alone = None
        for count in [1, 2, 4]:
            begin = time.perf_counter()
            workers = [threading.Thread(target=Run, args=(filter_command(), threads, self.gif())) for _ in range(count)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            seconds = time.perf_counter() - begin
            alone = alone or seconds
            self.row(f"streams at once: {count}", seconds=seconds, of_one=seconds / alone)

    def latency(self) -> None:
        frames = 100
        pieces = gif_pieces(self.gif(frames=frames).read_bytes())
        count = SIZE[0] * SIZE[1] * 3
        begin = time.perf_counter()
        process = subprocess.Popen(filter_command("source", "--low-latency"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(pieces[0])
        latencies = []
        for piece in pieces[1 : frames + 1]:
            # All but the last byte beforehand: reading them is not what is measured.
            process.stdin.write(piece[:-1])
            process.stdin.flush()
            if latencies:
                time.sleep(0.01)
            sent = time.perf_counter()
            process.stdin.write(piece[-1:])
            process.stdin.flush()
            if len(process.stdout.read(count)) < count:
                raise SystemExit("filter ended early")
            latencies.append(time.perf_counter() - sent)
            if len(latencies) == 1:
                first = time.perf_counter() - begin
        process.stdin.close()
        process.wait()
        rest = sorted(latencies[1:])
        middle, late = rest[len(rest) // 2], rest[int(len(rest) * 0.99)]
        self.row("last byte to picture, ms", p50=middle * 1e3, p99=late * 1e3)
        self.row("start to first picture, ms", all=first * 1e3, beyond_one_frame=(first - middle) * 1e3)

    def memory(self) -> None:
        for frames in sorted({100, self.long}):
            gif = self.gif(frames=min(frames, 400))
            if frames > 400:
                # The frames over and over: Pillow would hold all of them.
                pieces = gif_pieces(gif.read_bytes())
                gif = self.folder / "long.gif"
                with open(gif, "wb") as file:
                    file.write(pieces[0])
                    for index in range(frames):
                        file.write(pieces[1 + index % (len(pieces) - 2)])
                    file.write(b"\x3b")
            run = Run(filter_command(), self.threads[-1], gif, watches_memory=True)
            self.row(f"peak memory, {frames} frames", MB=run.memory / 1e6)

    def run(self, parts: list[str]) -> list[dict]:
        if not PROGRAM.exists():
            raise SystemExit(f"{PROGRAM} is missing: make build")
        clock = "of the processors" if self.clock else "on the wall"
        self.report.section(f"The whole program, live networks; seconds {clock}, best of {self.rounds}")
        for part in parts:
            getattr(self, part)()
        return self.rows


#: Each a method of PipelineBench.
PARTS = ["speed", "scaling", "latency", "memory", "dependence"]


def main(arguments: argparse.Namespace, report: Report) -> list[dict]:
    """The rows of the parts that bench.py's arguments ask for."""
    with tempfile.TemporaryDirectory() as folder:
        return PipelineBench(Path(folder), arguments, report).run(arguments.parts)


if __name__ == "__main__":
    sys.exit("run by Benchmarks/bench.py --only pipeline")
