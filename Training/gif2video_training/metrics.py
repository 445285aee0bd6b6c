"""How far 8-bit pictures are from the truth: PSNR and SSIM of uint8 [H, W, 3], flicker of films [T, H, W, 3]."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch


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


def motion(film: np.ndarray) -> float:
    """Mean |R(t+1) - R(t)| over pixels, channels and pairs of neighboring frames, in 8-bit levels."""
    return float(np.abs(np.diff(film.astype(np.int16), axis=0)).mean())


def temporal_error(film: np.ndarray, truth: np.ndarray) -> float:
    """Mean |(R(t+1) - R(t)) - (O(t+1) - O(t))|: the change from frame to frame that the original does not have."""
    return float(np.abs(np.diff(film.astype(np.int16) - truth, axis=0)).mean())
