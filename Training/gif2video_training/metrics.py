"""PSNR and SSIM of 8-bit pictures, uint8 [H, W, 3]."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F


def psnr(picture: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels."""
    error = np.square(picture.astype(np.float64) - truth).mean()
    return float(10 * np.log10(255.0**2 / max(error, 1e-9)))


def _gaussian() -> torch.Tensor:
    line = torch.exp(-(torch.arange(11, dtype=torch.float64) - 5).square() / (2 * 1.5**2))
    return line / line.sum()


def ssim(picture: np.ndarray, truth: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004): Gaussian window 11, sigma 1.5, without borders, mean of R, G, B."""
    line = _gaussian()

    def blur(x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(F.conv2d(x, line.view(1, 1, 1, -1)), line.view(1, 1, -1, 1))

    a, b = (torch.from_numpy(x.astype(np.float64)).permute(2, 0, 1)[:, None] for x in (picture, truth))
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    score = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float((score / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())
