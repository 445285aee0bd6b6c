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
    """L1 on colors + `gradient` times L1 on gradients."""
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

    A patch weighs by how much better it got, not by how bad it was: many colors count as much as few. Without
    `gradient` it is PSNR but for sign and scale (one unit is 8.7 dB).
    """
    return 0.5 * torch.log(squared_errors(estimate, truth, gradient) + RELATIVE_FLOOR).mean()


def squared_loss(estimate: torch.Tensor, truth: torch.Tensor, gradient: float) -> torch.Tensor:
    """The mean over the patches of the root of (squared error + `gradient` times that of the gradients).

    Within a patch what PSNR counts; between patches errors weigh as in L1.
    """
    return torch.sqrt(squared_errors(estimate, truth, gradient) + SQUARED_FLOOR).mean()


PICTURE_LOSSES = {"relative": relative_loss, "absolute": picture_loss, "squared": squared_loss}

LAPLACIAN_WEIGHTS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Of the bands from the finest to what is left after four halvings."""


def _blurred(x: torch.Tensor) -> torch.Tensor:
    """By 1 4 6 4 1 across and down, edges repeated."""
    x = F.pad(x, (2, 2, 2, 2), mode="replicate")
    x = (x[..., :-4] + x[..., 4:] + 4 * (x[..., 1:-3] + x[..., 3:-1]) + 6 * x[..., 2:-2]) / 16
    return (x[..., :-4, :] + x[..., 4:, :] + 4 * (x[..., 1:-3, :] + x[..., 3:-1, :]) + 6 * x[..., 2:-2, :]) / 16


def laplacian_loss(estimate: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """L1 on the bands of a Laplacian pyramid, weighed by LAPLACIAN_WEIGHTS. Sides of 32 pixels and more.

    A displaced edge costs in all bands, and no less if it is blurred, so that the network keeps it.
    """
    band, total = estimate - truth, torch.zeros((), device=estimate.device)
    for weight in LAPLACIAN_WEIGHTS[:-1]:
        low = _blurred(band)[..., ::2, ::2]
        up = F.interpolate(low, size=band.shape[-2:], mode="bilinear", align_corners=False)
        total = total + weight * (band - up).abs().mean()
        band = low
    return total + LAPLACIAN_WEIGHTS[-1] * band.abs().mean()


CENSUS_REACH = 3


def _signs(gray: torch.Tensor) -> torch.Tensor:
    """Soft signs of how each pixel's neighbors differ from it, [N, 48, H, W]. gray: [N, 1, H, W] in 8-bit levels."""
    height, width = gray.shape[-2:]
    padded = F.pad(gray, (CENSUS_REACH,) * 4, mode="replicate")
    side = 2 * CENSUS_REACH + 1
    places = [(y, x) for y in range(side) for x in range(side) if (y, x) != (CENSUS_REACH, CENSUS_REACH)]
    difference = torch.cat([padded[..., y : y + height, x : x + width] for y, x in places], 1) - gray
    return difference * torch.rsqrt(0.81 + difference.square())


def census_loss(estimate: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """How the soft census transforms of 7 x 7 pixels differ (Meister et al. 2018): structure, whatever the contrast."""
    a, b = (_signs(x.mean(1, keepdim=True) * 127.5) for x in (estimate, truth))
    square = (a - b).square()
    return (square / (0.1 + square)).mean()


TEXTURE_SIDE = 7


def texture_loss(estimate: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """L1 between mean absolute differences of neighbors in windows of 7 x 7: how strong a texture is, not where."""

    def strength(x: torch.Tensor) -> list[torch.Tensor]:
        slopes = (x[..., :, 1:] - x[..., :, :-1], x[..., 1:, :] - x[..., :-1, :])
        return [F.avg_pool2d(slope.abs(), TEXTURE_SIDE, 2) for slope in slopes]

    return sum(F.l1_loss(a, b) for a, b in zip(strength(estimate), strength(truth)))


OKLAB_LMS = torch.tensor(
    [[0.4122214708, 0.5363325363, 0.0514459929],
     [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
OKLAB_AB = torch.tensor([[1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]])
DARKEST = 1e-3
"""Added to the cone responses, whose cube root has no slope at black."""
VIVID_CHROMA, MOST_WEIGHT = 0.08, 9.0
"""The chroma that weighs twice as much as gray, and the most that any color weighs."""
CHROMA_FLOOR = 1e-6
"""Squared chroma error below which a patch counts as ever less."""


def oklab_chroma(x: torch.Tensor) -> torch.Tensor:
    """a and b of OKLab (Ottosson 2020), [N, 2, H, W], of sRGB colors in [-1, 1]."""
    value = ((x + 1) / 2).clamp(0, 1)
    linear = torch.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    cones = torch.einsum("ij,njhw->nihw", OKLAB_LMS.to(x.device), linear)
    return torch.einsum("ij,njhw->nihw", OKLAB_AB.to(x.device), (cones + DARKEST) ** (1 / 3))


def vivid_weight(chroma: torch.Tensor) -> torch.Tensor:
    """How much colors count, by the square of their chroma in OKLab."""
    return (1 + chroma / VIVID_CHROMA**2).clamp(max=MOST_WEIGHT)


def chroma_loss(estimate: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """The mean over the patches of the root of the mean squared error in OKLab's a and b, vivid colors weighing more.

    The colors that a palette has no entry for are few and vivid: lips, eyes, small bright things. They hardly move a
    squared loss.
    """
    wanted = oklab_chroma(truth)
    error = (oklab_chroma(estimate) - wanted).square().sum(1)
    weight = vivid_weight(wanted.square().sum(1))
    return torch.sqrt((weight * error).mean((1, 2)) + CHROMA_FLOOR).mean()


GRAYER = 9.0
"""How much more a color counts that is too gray than one that is too vivid by as much."""


def saturation_loss(estimate: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """How colorful, not which color: the mean over the patches of the root of the mean squared error in the lengths of OKLab's
    a and b. Vivid colors weigh more, and too gray ones GRAYER times as much as too vivid ones.

    The mean of several colors that one palette entry may stand for is grayer than each, and a loss on the color asks for
    the mean. This one asks for an expectile above it (Newey and Powell 1987).
    """
    found, wanted = (torch.sqrt(oklab_chroma(x).square().sum(1) + CHROMA_FLOOR) for x in (estimate, truth))
    weight = vivid_weight(wanted.square()) * torch.where(found < wanted, GRAYER, 1.0)
    return torch.sqrt((weight * (found - wanted).square()).mean((1, 2)) + CHROMA_FLOOR).mean()


TERMS = {
    "laplacian": laplacian_loss, "census": census_loss, "texture": texture_loss, "chroma": chroma_loss,
    "saturation": saturation_loss,
}  # fmt: skip


def picture_loss_of(named: str | dict[str, float]):
    """The loss that a configuration names, a function of estimate, truth and the weight of gradients, in float32.

    named: one of PICTURE_LOSSES, or weights of those and of TERMS, by name. The weight of gradients is for the former.
    Raises ValueError for a name that is none.
    """
    weights = {named: 1.0} if isinstance(named, str) else named
    if unknown := sorted(set(weights) - set(PICTURE_LOSSES) - set(TERMS)):
        raise ValueError(f"no loss {', '.join(unknown)}; there are {', '.join([*PICTURE_LOSSES, *TERMS])}")

    def loss(estimate: torch.Tensor, truth: torch.Tensor, gradient: float) -> torch.Tensor:
        estimate, total = estimate.float(), torch.zeros((), device=estimate.device)
        with torch.autocast(estimate.device.type, enabled=False):
            for name, weight in weights.items():
                if name in TERMS:
                    total = total + weight * TERMS[name](estimate, truth)
                else:
                    total = total + weight * PICTURE_LOSSES[name](estimate, truth, gradient)
        return total

    return loss


def teacher_loss(
    ft0: torch.Tensor, ft1: torch.Tensor, share: torch.Tensor, error: torch.Tensor, teacher: torch.Tensor
) -> torch.Tensor:
    """How far flows and mixture are from a teacher's, where the teacher's picture is nearer to the truth.

    ft0, ft1: [N, 2, H, W] in pixels; share: of the first frame, [N, 1, H, W]; error: the picture's mean absolute error
    per pixel, in [-1, 1] units, [N, 1, H, W]; teacher: [N, 6, H / 2, W / 2] as teacher.py writes it, NaN where there is
    none.
    """
    known = torch.isfinite(teacher).all(1, keepdim=True)
    teacher = torch.nan_to_num(teacher)
    own = F.avg_pool2d(torch.cat([ft0, ft1, share], 1), 2)
    error = F.avg_pool2d(error.detach(), 2)
    better = (known & (error > teacher[:, 5:6] + 2 / 255)).float()
    part = teacher[:, 4:5]
    # Far off is not much worse than off: a wild vector of the teacher must not rule.
    flows = sum(
        weight * torch.log1p((own[:, k : k + 2] - teacher[:, k : k + 2]).square().sum(1, keepdim=True).add(1e-4).sqrt())
        for k, weight in ((0, part), (2, 1 - part))
    )
    return (better * (flows + (own[:, 4:5] - part).abs())).mean()


def smoothness(flow: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of neighboring flow vectors."""
    return (flow[..., :, 1:] - flow[..., :, :-1]).abs().mean() + (flow[..., 1:, :] - flow[..., :-1, :]).abs().mean()


def psnr(estimate: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """PSNR in dB of each picture, float64 [N], over 8-bit values (both in [-1, 1], rounded to 255 levels)."""
    a, b = (((x.double().clamp(-1, 1) + 1) * 127.5).round() for x in (estimate, truth))
    return 10 * torch.log10(255.0**2 / (a - b).square().mean((1, 2, 3)).clamp_min(1e-9))
