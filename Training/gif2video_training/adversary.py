"""A discriminator beside a color network, with its optimizer (section 4.1 of the paper, "adversarial loss"); NOTES.md has
what it brought.

    adversary = Adversary({"weight": 0.5, "width": 16, "rate": 5e-4}, device)
    loss = loss + adversary.weight * adversary.generator_loss(gif, estimate, truth)
    ...                                   # the network's own step
    adversary.learn(gif, estimate.detach(), truth)

It sees a GIF's frame, a picture, and the picture's differences, and says of each part of a picture whether it is an original's
(pix2pix' PatchGAN, Isola et al. 2017, with the authors' cross-entropy and their pool of earlier pictures).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .losses import squared_loss
from .networks import differences

EARLIER = 48
"""Restored pictures that are kept: every other one shown to the discriminator is of an earlier step."""
GAIN = 8.0
"""Of differences, which are small beside colors: with it the discriminator learns within a hundred steps."""


class Discriminator(nn.Sequential):
    """Logits of overlapping parts of 29 x 29 pixels, [N, 1, H / 4, W / 4]: above 0 an original's.

    Input: [N, 15, H, W], see `Adversary.shown`. It has no normalization: with BatchNorm, InstanceNorm or spectral
    normalization it learned nothing in 160 steps.
    """

    def __init__(self, width: int):
        layers: list[nn.Module] = []
        inputs = 15
        for outputs, stride in ((width, 1), (width, 2), (2 * width, 1), (2 * width, 2), (4 * width, 1)):
            layers += [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.LeakyReLU(0.2)]
            inputs = outputs
        super().__init__(*layers, nn.Conv2d(inputs, 1, 3, 1, 1))


class Adversary:
    """A discriminator that learns beside the network it judges.

    settings: weight (of its loss in the network's), width (channels of its first layer), rate (of Adam).
    """

    def __init__(self, settings: dict, device: torch.device):
        self.weight: float = settings["weight"]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)  # The same start in every run, whatever was drawn before.
            discriminator = Discriminator(settings["width"])
        self.discriminator = discriminator.to(device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.discriminator.parameters(), settings["rate"], betas=(0.5, 0.999))
        self.earlier: list[torch.Tensor] = []

    @staticmethod
    def shown(gif: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
        """The discriminator's input: both, the picture's differences, and how it differs from the GIF."""
        small = (*differences(picture), picture - gif)
        return torch.cat([gif, picture, *(GAIN * part for part in small)], 1)

    def logits(self, gif: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
        with torch.autocast(gif.device.type, enabled=False):
            return self.discriminator(self.shown(gif, picture))

    def generator_loss(self, gif: torch.Tensor, picture: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        """Asks the pictures [N, 3, H, W] to pass for originals. Its value is 0; its gradient reaches the pictures alone.

        The gradient is as long as that of the squared loss, however sure the discriminator is (as Esser et al. 2021 weigh
        theirs): so neither outgrows the other.
        """
        with torch.enable_grad():
            leaf = picture.detach().requires_grad_(True)
            (wanted,) = torch.autograd.grad(F.softplus(-self.logits(gif, leaf)).mean(), leaf)
            (exact,) = torch.autograd.grad(squared_loss(leaf, truth, 0), leaf)
        pull = wanted * (exact.norm() / (wanted.norm() + 1e-12))
        return (pull * (picture - picture.detach())).sum()

    def learn(self, gif: torch.Tensor, picture: torch.Tensor, truth: torch.Tensor) -> float:
        """One step on restored pictures, now and earlier ones, and originals. Returns its loss (ln 2: it can't tell)."""
        pairs = torch.cat([gif, picture], 1).detach()
        for k in range(len(pairs)):
            if len(self.earlier) < EARLIER:
                self.earlier.append(pairs[k].clone())
            elif torch.rand(()) < 0.5:
                place = int(torch.randint(EARLIER, ()))
                now = pairs[k].clone()
                pairs[k] = self.earlier[place]
                self.earlier[place] = now
        restored, original = self.logits(pairs[:, :3], pairs[:, 3:]), self.logits(gif, truth)
        loss = 0.5 * (F.softplus(restored).mean() + F.softplus(-original).mean())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def state_dict(self) -> dict:
        """All that a continued run needs."""
        return {
            "discriminator": self.discriminator.state_dict(), "optimizer": self.optimizer.state_dict(),
            "earlier": self.earlier,
        }  # fmt: skip

    def load_state_dict(self, state: dict) -> None:
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.earlier = state["earlier"]
