"""The contenders that take turns in `make bench`, our networks in the Swift half and ONNX Runtime's, and how they are timed.

Times are pairs: seconds on the wall, and of the threads that worked.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

try:
    import onnx  # noqa: F401
    import onnxruntime
except ImportError:
    onnxruntime = None

ROOT = Path(__file__).resolve().parent.parent


class Swift:
    """The Swift half: one process for all of our contenders."""

    def __init__(self) -> None:
        program = ROOT / ".build/release/Benchmarks"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, command: str, **arguments) -> dict:
        self.process.stdin.write(json.dumps({"command": command} | arguments) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("Benchmarks ended")
        return json.loads(line)

    def run(self, key: str) -> list[float]:
        """The time of one run of what was loaded as `key`."""
        answer = self("run", id=key)
        return [answer["seconds"][0], answer["processor"][0]]


def timed(function) -> list[float]:
    """The time of a call in this process."""
    wall, processor = time.perf_counter(), time.process_time()
    function()
    return [time.perf_counter() - wall, time.process_time() - processor]


def least(a: list[float], b: list[float]) -> list[float]:
    return [min(pair) for pair in zip(a, b)]


def operations(function) -> float:
    """Of all convolutions that a call computes, computed directly: a multiplication and an addition are two."""
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        function()
    return counter.get_total_flops()


def onnx_session(module: torch.nn.Module, inputs: dict[str, torch.Tensor], threads: int, folder: Path):
    """ONNX Runtime's session of a module that takes `inputs` in their order, of these sizes."""
    path = folder / "network.onnx"
    torch.onnx.export(module, tuple(inputs.values()), path, input_names=list(inputs), dynamo=False, opset_version=17)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Its threads would otherwise wait for more work while the other contenders run.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
