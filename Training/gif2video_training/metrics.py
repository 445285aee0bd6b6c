"""How far 8-bit pictures are from the truth: PSNR, SSIM, chroma of uint8 [H, W, 3]; flicker of films [T, ...]."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch


def to_picture(tensor: torch.Tensor) -> np.ndarray:
    """The first of [N, 3, H, W] in [-1, 1] as uint8 [H, W, 3]."""
    return ((tensor[0].movedim(0, -1).clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).numpy()


def psnr(picture: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels."""
    error = np.square(picture.astype(np.float32) - truth).mean(dtype=np.float64)
    return float(10 * np.log10(255.0**2 / max(error, 1e-9)))


@cache
def _blur_matrix(length: int) -> torch.Tensor:
    """[length - 10, length]: the Gaussian window (11, sigma 1.5) along one side, without borders."""
    line = torch.exp(-(torch.arange(11, dtype=torch.float64) - 5).square() / (2 * 1.5**2))
    matrix = torch.zeros(length - 10, length)
    for row in range(length - 10):
        matrix[row, row : row + 11] = line / line.sum()
    return matrix


def ssim(picture: np.ndarray, truth: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004): Gaussian window 11, sigma 1.5, without borders, mean of R, G, B."""
    down, across = (_blur_matrix(length) for length in truth.shape[:2])

    def blur(x: torch.Tensor) -> torch.Tensor:
        return down @ x @ across.T

    # Around gray, so that the variances, differences of squares, keep their digits in float32.
    a, b = (torch.from_numpy(x.astype(np.float32)).permute(2, 0, 1) - 128 for x in (picture, truth))
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    mean_a, mean_b = mean_a + 128, mean_b + 128
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    score = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float((score / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def lab_chroma(picture: np.ndarray) -> np.ndarray:
    """a* and b* of CIELAB (D65), float32 [..., 2], of sRGB uint8 [..., 3]."""
    value = np.arange(256) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)
    xyz = linear[picture] @ (XYZ / XYZ.sum(1, keepdims=True)).T.astype(np.float32)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
VIVID = 0.05
"""The most colorful part of a picture, of which `chroma_kept` tells."""


def chroma_kept(picture: np.ndarray, truth: np.ndarray) -> float:
    """Mean chroma C* of the 5 % of the pixels that are most colorful in the truth, over the truth's."""
    wanted = np.hypot(*np.moveaxis(lab_chroma(truth), -1, 0))
    vivid = wanted >= np.quantile(wanted, 1 - VIVID)
    found = np.hypot(*np.moveaxis(lab_chroma(picture[vivid]), -1, 0))
    return float(found.mean() / max(wanted[vivid].mean(), 1e-6))


def chroma_error(picture: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance in a* and b*."""
    return float(np.hypot(*np.moveaxis(lab_chroma(picture) - lab_chroma(truth), -1, 0)).mean())


def motion(film: np.ndarray) -> float:
    """Mean |R(t+1) - R(t)| over pixels, channels and pairs of neighboring frames, in 8-bit levels."""
    return float(np.abs(np.diff(film.astype(np.int16), axis=0)).mean())


def temporal_error(film: np.ndarray, truth: np.ndarray) -> float:
    """Mean |(R(t+1) - R(t)) - (O(t+1) - O(t))|: the change from frame to frame that the original does not have."""
    return float(np.abs(np.diff(film.astype(np.int16) - truth, axis=0)).mean())
