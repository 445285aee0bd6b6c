"""Losses on pictures in [-1, 1], NCHW, computed in float32 (section 4.1, equations 6 and 7)."""

from __future__ import annotations

import torch
import torch.nn.functional as F


def gradient_l1(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """L1 between the x and y differences of two pictures."""
    difference = a - b
    dx = difference[..., :, 1:] - difference[..., :, :-1]
    dy = difference[..., 1:, :] - difference[..., :-1, :]
    return dx.abs().mean() + dy.abs().mean()


def picture_loss(estimate: torch.Tensor, truth: torch.Tensor, gradient: float) -> torch.Tensor:
    """L1 on colours + `gradient` times L1 on gradients."""
    return F.l1_loss(estimate, truth) + gradient * gradient_l1(estimate, truth)


RELATIVE_FLOOR = 1e-4
"""Squared error, in the [-1, 1] range, below which a patch counts no more (46 dB)."""


def squared_errors(estimate: torch.Tensor, truth: torch.Tensor, gradient: float) -> torch.Tensor:
    """Of each patch the mean squared error + `gradient` times that of the gradients, [N]."""
    difference = estimate - truth
    error = difference.square().mean((1, 2, 3))
    if gradient:
        error = error + gradient * (difference[..., :, 1:] - difference[..., :, :-1]).square().mean((1, 2, 3))
        error = error + gradient * (difference[..., 1:, :] - difference[..., :-1, :]).square().mean((1, 2, 3))
    return error


SQUARED_FLOOR = 1e-5
"""Squared error below which a patch counts as ever less: pictures that are right already (56 dB)."""


def relative_loss(estimate: torch.Tensor, truth: torch.Tensor, gradient: float) -> torch.Tensor:
    """The mean over the patches of half the logarithm of (squared error + `gradient` times that of the gradients).

    A patch weighs by how much better it got, not by how bad it was: many colours count as much as few. Without
    `gradient` it is PSNR but for sign and scale (one unit is 8.7 dB).
    """
    return 0.5 * torch.log(squared_errors(estimate, truth, gradient) + RELATIVE_FLOOR).mean()


def squared_loss(estimate: torch.Tensor, truth: torch.Tensor, gradient: float) -> torch.Tensor:
    """The mean over the patches of the root of (squared error + `gradient` times that of the gradients).

    Within a patch what PSNR counts; between patches errors weigh as in L1.
    """
    return torch.sqrt(squared_errors(estimate, truth, gradient) + SQUARED_FLOOR).mean()


PICTURE_LOSSES = {"relative": relative_loss, "absolute": picture_loss, "squared": squared_loss}


def smoothness(flow: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of neighbouring flow vectors."""
    return (flow[..., :, 1:] - flow[..., :, :-1]).abs().mean() + (flow[..., 1:, :] - flow[..., :-1, :]).abs().mean()


def psnr(estimate: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """PSNR in dB of each picture, float64 [N], over 8-bit values (both in [-1, 1], rounded to 255 levels)."""
    a, b = (((x.double().clamp(-1, 1) + 1) * 127.5).round() for x in (estimate, truth))
    return 10 * torch.log10(255.0**2 / (a - b).square().mean((1, 2, 3)).clamp_min(1e-9))
