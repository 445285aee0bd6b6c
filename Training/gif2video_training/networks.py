"""The networks, as PyTorch modules: the definition that the Swift engine is tested against.

Every module takes its whole shape from a plain dictionary (`config`), the one that `export.py`
writes into the header of a model file, so that a file says what it is and the Swift engine
(Sources/Inference, Sources/Restoration) can rebuild it. Tensors are NCHW, colors lie in [-1, 1]
(x / 127.5 - 1). Sections and equations are those of the paper.

Names of parameters (`state_dict` keys) are the names of the tensors in a model file, with one
exception: BatchNorm is folded into the convolution before it on export (`folded_state`), so a
model file holds only `weight` and `bias` of convolutions.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from .inverse_search import search_flow

RADIUS_LIMIT = 1.0
"""Upper bound of the palette radius channel, in units of the [-1, 1] color range."""
SMALLEST_RADIUS = 1 / 255
"""The radius of two colors that differ by one level: what the classifier divides by at the least."""


def _double_conv(cin: int, cout: int, kernel: int, slope: float, norm: bool) -> nn.Sequential:
    """[conv, (BatchNorm), LeakyReLU] x 2, 'same' zero padding."""
    layers: list[nn.Module] = []
    for source in (cin, cout):
        layers.append(nn.Conv2d(source, cout, kernel, padding=kernel // 2))
        if norm:
            layers.append(nn.BatchNorm2d(cout))
        layers.append(nn.LeakyReLU(slope))
    return nn.Sequential(*layers)


def _pad_to(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Zero-pads `x` to the size of `like`: floor of the difference left and top, the rest right and bottom."""
    dy, dx = like.shape[-2] - x.shape[-2], like.shape[-1] - x.shape[-1]
    return F.pad(x, (dx // 2, dx - dx // 2, dy // 2, dy - dy // 2))


class UNetSimple(nn.Module):
    """The U-Net of the paper's CCDNet ("UNet_simple", 64 channels in the paper).

    config: {"unet": "simple", "in": int, "out": int, "channels": int, "slope": float}
    """

    def __init__(self, config: dict):
        super().__init__()
        ch, slope = config["channels"], config.get("slope", 0.0)
        widths = [ch, 2 * ch, 4 * ch, 8 * ch, 8 * ch]
        self.inc = _double_conv(config["in"], ch, 3, slope, True)
        self.down = nn.ModuleList(_double_conv(a, b, 3, slope, True) for a, b in zip(widths, widths[1:]))
        self.up = nn.ModuleList()
        self.fuse = nn.ModuleList()
        current = widths[-1]
        for skip, out in zip(reversed(widths[:-1]), [4 * ch, 2 * ch, ch, ch]):
            self.up.append(nn.ConvTranspose2d(current, current, 2, stride=2))
            self.fuse.append(_double_conv(skip + current, out, 3, slope, True))
            current = out
        self.outc = nn.Conv2d(current, config["out"], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = [self.inc(x)]
        for down in self.down:
            skips.append(down(F.avg_pool2d(skips[-1], 2)))
        x = skips.pop()
        for up, fuse in zip(self.up, self.fuse):
            skip = skips.pop()
            x = fuse(torch.cat([skip, _pad_to(up(x), skip)], 1))
        return self.outc(x)


class UNetFlow(nn.Module):
    """The U-Net of SuperSlomo ("UNet_flow", 32 channels in the paper): 7x7, 5x5, then 3x3; no BatchNorm.

    config: {"unet": "flow", "in": int, "out": int, "channels": int, "slope": float}
    """

    def __init__(self, config: dict):
        super().__init__()
        ch, slope = config["channels"], config.get("slope", 0.1)
        widths = [ch, 2 * ch, 4 * ch, 8 * ch, 16 * ch, 16 * ch]
        kernels = [5, 3, 3, 3, 3]
        self.inc = _double_conv(config["in"], ch, 7, slope, False)
        self.down = nn.ModuleList(_double_conv(a, b, k, slope, False) for a, b, k in zip(widths, widths[1:], kernels))
        self.fuse = nn.ModuleList()
        current = widths[-1]
        for skip, out in zip(reversed(widths[:-1]), [16 * ch, 8 * ch, 4 * ch, 2 * ch, ch]):
            self.fuse.append(_double_conv(skip + current, out, 3, slope, False))
            current = out
        self.outc = nn.Conv2d(current, config["out"], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = [self.inc(x)]
        for down in self.down:
            skips.append(down(F.avg_pool2d(skips[-1], 2)))
        x = skips.pop()
        for fuse in self.fuse:
            skip = skips.pop()
            up = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
            x = fuse(torch.cat([skip, _pad_to(up, skip)], 1))
        return self.outc(x)


class UNetShuffle(nn.Module):
    """A small U-Net at half resolution behind a pixel-unshuffle of 2: the `live` networks.

    stem: unshuffle 2, conv3x3 to widths[0], conv3x3; per further width: avgpool 2, conv3x3, conv3x3;
    up: conv1x1, nearest x2, add the skip, conv3x3; out: conv3x3 to 4 * out, pixel-shuffle 2.
    LeakyReLU(slope) follows every 3x3 convolution but the last; the 1x1 has none.
    The input is padded right and bottom, repeating its edge, to a multiple of 2 ** len(widths),
    and the output is cropped.

    config: {"unet": "shuffle", "in": int, "out": int, "widths": [int], "slope": float}
    """

    def __init__(self, config: dict):
        super().__init__()
        widths, self.slope = config["widths"], config.get("slope", 0.1)
        self.multiple = 2 ** len(widths)
        self.stem = nn.ModuleList(
            [nn.Conv2d(4 * config["in"], widths[0], 3, padding=1), nn.Conv2d(widths[0], widths[0], 3, padding=1)]
        )
        self.down = nn.ModuleList(
            nn.ModuleList([nn.Conv2d(a, b, 3, padding=1), nn.Conv2d(b, b, 3, padding=1)])
            for a, b in zip(widths, widths[1:])
        )
        self.lateral = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in reversed(list(zip(widths, widths[1:]))))
        self.up = nn.ModuleList(nn.Conv2d(a, a, 3, padding=1) for a in reversed(widths[:-1]))
        self.outc = nn.Conv2d(widths[0], 4 * config["out"], 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[-2:]
        dy, dx = -height % self.multiple, -width % self.multiple
        if dy or dx:
            x = F.pad(x, (0, dx, 0, dy), mode="replicate")

        def act(value: torch.Tensor) -> torch.Tensor:
            return F.leaky_relu(value, self.slope)

        x = F.pixel_unshuffle(x, 2)
        for conv in self.stem:
            x = act(conv(x))
        skips = [x]
        for pair in self.down:
            x = F.avg_pool2d(x, 2)
            for conv in pair:
                x = act(conv(x))
            skips.append(x)
        x = skips.pop()
        for lateral, up in zip(self.lateral, self.up):
            x = F.interpolate(lateral(x), scale_factor=2, mode="nearest")
            x = act(up(x + skips.pop()))
        return F.pixel_shuffle(self.outc(x), 2)[..., :height, :width]


def make_unet(config: dict) -> nn.Module:
    return {"simple": UNetSimple, "flow": UNetFlow, "shuffle": UNetShuffle}[config["unet"]](config)


def nearest_color(image: torch.Tensor, palette: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """fC (section 4.1): the nearest palette color of every pixel, in RGB, L2; the lower index wins a tie.

    image: [N, 3, H, W]; palette: [N, K, 3]; count: [N], how many of the K colors are valid.
    Returns [N, 3, H, W]. No gradient passes.
    """
    with torch.no_grad():
        n, _, h, w = image.shape
        pixels = image.detach().float().permute(0, 2, 3, 1).reshape(n, h * w, 3)
        palette = palette.float()
        # |p - c|^2 without |p|^2, which is the same for every color. In bfloat16 near colors would be one.
        with torch.autocast(image.device.type, enabled=False):
            score = torch.baddbmm(palette.square().sum(-1)[:, None, :], pixels, palette.transpose(1, 2), alpha=-2)
        invalid = torch.arange(palette.shape[1], device=image.device)[None, :] >= count[:, None]
        score.masked_fill_(invalid[:, None, :], float("inf"))
        nearest = score.argmin(-1)
        colors = torch.gather(palette, 1, nearest[..., None].expand(-1, -1, 3))
        return colors.reshape(n, h, w, 3).permute(0, 3, 1, 2).to(image.dtype)


def nearest_color_from(
    image: torch.Tensor, gif: torch.Tensor, radius: torch.Tensor, palette: torch.Tensor, count: torch.Tensor
) -> torch.Tensor:
    """`nearest_color`, searching only where the answer is not known beforehand.

    A pixel nearer to its GIF color than the palette radius (half the distance from that color to its
    nearest other color) keeps it: no other color can be nearer. radius: [N, 1, H, W]. A GPU searches everywhere:
    that is done before it could tell where it has to.
    """
    if image.is_cuda:
        return nearest_color(image, palette, count)
    with torch.no_grad():
        result = gif.float().clone(memory_format=torch.contiguous_format)
        far = (image.float() - result).square().sum(1) >= (0.999 * radius[:, 0]).square()
        for n in range(len(image)):
            pixels = image[n][:, far[n]].float()[None, :, :, None]
            result[n][:, far[n]] = nearest_color(pixels, palette[n : n + 1], count[n : n + 1])[0, :, :, 0]
        return result.to(image.dtype)


class CCDNet(nn.Module):
    """CCDNet-1 or -2 (section 4.1, figure 2, equation 5): a first net, and maybe a step that corrects its estimate.

    config: {
      "first": unet config, whose "in" is the channels of its inputs,
      "inputs": what the first net is given, names in the order of its channels:
        "gif": G, 3 channels,
        "radius": half the distance from a pixel's palette color to the nearest other color of its palette, at most
                  RADIUS_LIMIT, 1 channel. Not in the paper,
        "before", "after": how the GIF frames before and after differ from this one (before - G, after - G; zero where
                  there is none). Still parts carry a quantization error of their own in every frame. Not in the paper,
        "past":   how the restored frame before differs from this GIF frame (past - G; zero where there is none): what
                  it knows of all frames before. Not in the paper,
        "cell":   how far the Voronoi cell of a pixel's palette color reaches along both directions of each color axis
                  (makers.cell_table), 6 channels: where the true color of an exact GIF lies. Not in the paper,
      "step": unet config or null,
      "step_inputs": what the step is given; "gif" and "radius" as above, and
        "estimate": I,
        "nearest", "error": fC(I) and G - fC(I); not for dithered GIFs,
      "steps": k, 1 or 2: 2 with the step,
      "residual": bool, true: I = clamp(G + net(G)), I <- clamp(I + step); false: the paper's tanh,
    }
    """

    CHANNELS = {"radius": 1, "cell": 6}

    def __init__(self, config: dict):
        super().__init__()
        self.config = config
        for unet, inputs in (("first", "inputs"), ("step", "step_inputs"))[: config["steps"]]:
            channels = sum(self.CHANNELS.get(name, 3) for name in config[inputs])
            if config[unet]["in"] != channels:
                raise SystemExit(f"{unet}: {config[unet]['in']} inputs, but {inputs} have {channels} channels")
        self.first = make_unet(config["first"])
        if config["steps"] > 1:
            self.step = make_unet(config["step"])

    def _squash(self, x: torch.Tensor) -> torch.Tensor:
        return x.clamp(-1, 1) if self.config["residual"] else torch.tanh(x)

    def estimates(
        self, gif, radius, palette, count, before=None, after=None, past=None, cell=None, steps=None
    ) -> list[torch.Tensor]:
        """Both estimates, or the first `steps` of them, each [N, 3, H, W]; radius [N, 1, H, W].

        before, after: the GIF's neighboring frames like `gif`; past: the restored frame before; None where there
        is none. cell: [N, 6, H, W], of a network that sees it.
        """
        config = self.config
        given = {"gif": gif, "radius": radius, "cell": cell}
        for name, other in (("before", before), ("after", after), ("past", past)):
            if name in config["inputs"]:
                given[name] = torch.zeros_like(gif) if other is None else other - gif
        out = self.first(torch.cat([given[name] for name in config["inputs"]], 1)).float()
        current = self._squash(gif + out if config["residual"] else out)
        if min(steps or 2, config["steps"]) == 1:
            return [current]
        given["estimate"] = current
        if "nearest" in config["step_inputs"]:
            given["nearest"] = nearest_color_from(current, gif, radius, palette, count)
            given["error"] = gif - given["nearest"]
        out = self.step(torch.cat([given[name] for name in config["step_inputs"]], 1)).float()
        return [current, self._squash(current + out)]

    def forward(self, gif, radius, palette, count, before=None, after=None, past=None, cell=None) -> torch.Tensor:
        return self.estimates(gif, radius, palette, count, before, after, past, cell)[-1]


def backwarp(image: torch.Tensor, flow: torch.Tensor, cubic: bool = False) -> torch.Tensor:
    """Samples `image` at (x + flow_x, y + flow_y), clamped to the border. flow [N, 2, H, W] in pixels.

    Bilinear, or cubic (Keys, a = -0.75) within the range of colors.
    """
    n, _, h, w = image.shape
    ys, xs = torch.meshgrid(
        torch.arange(h, device=image.device, dtype=flow.dtype),
        torch.arange(w, device=image.device, dtype=flow.dtype),
        indexing="ij",
    )
    x = (xs + flow[:, 0]) * (2 / max(w - 1, 1)) - 1
    y = (ys + flow[:, 1]) * (2 / max(h - 1, 1)) - 1
    mode = "bicubic" if cubic else "bilinear"
    sampled = F.grid_sample(image, torch.stack([x, y], -1), mode=mode, padding_mode="border", align_corners=True)
    return sampled.clamp(-1, 1) if cubic else sampled


SPLAT_FLOOR = 1e-3
"""The weight of the paper's flow beside the ones that arrive at a pixel (`projected_flow`)."""


def pooled(maps: torch.Tensor, factor: int) -> torch.Tensor:
    """Means of factor x factor pixels; the last row and column are repeated where some are missing."""
    padding = (0, -maps.shape[-1] % factor, 0, -maps.shape[-2] % factor)
    return F.avg_pool2d(F.pad(maps, padding, mode="replicate"), factor)


@torch.no_grad()
def splat_error(a: torch.Tensor, b: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    """The rest of the difference of a to b where flow, in pixels, takes it: the mean of 3 x 3 of a map of half the size.

    a, b: [N, 3, H, W]; flow: [N, 2, H, W]. Returns [N, 1, (H + 1) / 2, (W + 1) / 2].
    """
    left = pooled((a - backwarp(b, flow)).abs().mean(1, keepdim=True), 2)
    return F.avg_pool2d(F.pad(left, (1, 1, 1, 1), mode="replicate"), 3, 1)


def splat(values: torch.Tensor, weight: torch.Tensor, flow: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Moves pixels by flow, each into the 2 x 2 pixels around where it arrives; what leaves the picture is lost.

    values: [N, C, h, w]; weight: [N, 1, h, w]; flow: [N, 2, h, w] in pixels. Returns the sums of weighted values and of weights.
    """
    count, channels, height, width = values.shape
    x = torch.arange(width, device=values.device) + flow[:, :1]
    y = torch.arange(height, device=values.device)[:, None] + flow[:, 1:]
    data = torch.cat([values * weight, weight], 1).flatten(2)
    sums = data.new_zeros(count, channels + 1, height * width)
    for across in (x.floor(), x.floor() + 1):
        for down in (y.floor(), y.floor() + 1):
            share = (1 - (x - across).abs()) * (1 - (y - down).abs())
            share = share * ((across >= 0) & (across < width) & (down >= 0) & (down < height))
            place = (down.clamp(0, height - 1) * width + across.clamp(0, width - 1)).long().flatten(2)
            sums = sums.scatter_add(2, place.expand(-1, channels + 1, -1), data * share.flatten(2))
    sums = sums.unflatten(2, (height, width))
    return sums[:, :channels], sums[:, channels:]


class SuperSlomo(nn.Module):
    """The adapted SuperSlomo (section 4.2, figure 4): flow from the GIF frames, refinement on restored ones.

    config: {
      "flow": unet config; in 6, out 2 (run twice, once per direction) or out 4 (both at once),
      "refine": unet config; in 16, out 5,
      "max_flow": pixels that a flow of 1 stands for,
      "residual": bool, true: refined flow = clamp(F + net), false: the paper's tanh(net),
      "coarse": bool, optional; large motion is found on frames of a quarter of the size first (`coarse_flows`), and
                network B then finds what is left of it. Not in the paper; trained without first,
      "coarse_search": bool, optional; in place of network B a dense inverse search finds it, on luma of half the size
                (inverse_search.py),
      "views": bool, optional; network B sees the frames mirrored and in reversed time as well, and what it answers is
                fused (`fused_flows`). Not in the paper; for finished weights: training pays four times for it,
      "projected": bool, optional; Ft0 and Ft1 follow the pixels that pass at time t (`projected_flow`) in place of the
                paper's sum of the flows of both frames at the same place, which belong to something else where motion
                is large,
      "cubic": bool, optional; what is shown is sampled cubically: halfway between two pixels a bilinear sample is
                their mean, and the in-between softer than the frames beside it. Not in the paper,
    }
    Flows are in units of max_flow inside the networks.
    """

    COARSE = 4
    """By how much smaller the frames are on which large motion is found."""
    VIEWS = ((True, True, True), (True, False, False), (False, True, True))
    """Beside the frames as they are: mirrored left to right, upside down; in reversed time."""

    def __init__(self, config: dict, thresholds: dict[str, float] | None = None):
        """thresholds: of the weights, by name (cards.py).

        With "coarse": coarse flows up to `large_motion_from` pixels do not count, from `large_motion_to` on they count in
        full, if `large_motion_share` of the picture moves so far. With "views": a view counts by exp(-error /
        `view_error`), its error being what its flow leaves of the difference of the frames, and may move a flow by
        `view_reach` pixels, in x and in y: beyond that it has found something else. With "projected": a pixel of a frame
        counts by exp(-error / `projection_error`), its error being what its flow leaves.
        """
        super().__init__()
        self.config, self.thresholds = config, dict(thresholds or {})
        self.flow = make_unet(config["flow"])
        self.refine = make_unet(config["refine"])

    def flows(self, g0: torch.Tensor, g1: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """F01 and F10, [N, 2, H, W] each, in units of max_flow (network B)."""
        found = self.view_flows(g0, g1)
        return self.fused_flows(g0, g1, *found) if self.config.get("views") else found

    def fused_flows(self, g0, g1, f01, f10) -> tuple[torch.Tensor, torch.Tensor]:
        """Flows nearer to the truth than f01 and f10: with network B's of mirrored frames and reversed time."""
        ends, flows = ((g0, g1), (g1, g0)), (f01, f10)

        def error(k: int, flow: torch.Tensor) -> torch.Tensor:
            left = (ends[k][0] - backwarp(ends[k][1], flow * self.config["max_flow"])).abs().mean(1, keepdim=True)
            return F.avg_pool2d(F.pad(left, (2, 2, 2, 2), mode="replicate"), 5, 1)

        errors = [error(k, flow) for k, flow in enumerate(flows)]
        sums, weights = [torch.zeros_like(flow) for flow in flows], [torch.ones_like(error) for error in errors]
        for horizontal, vertical, backwards in self.VIEWS:
            axes = [axis for axis, mirrored in ((-1, horizontal), (-2, vertical)) if mirrored]
            signs = torch.tensor([-1.0 if mirrored else 1.0 for mirrored in (horizontal, vertical)], device=g0.device)
            a, b = g0.flip(axes), g1.flip(axes)
            found = self.view_flows(b, a)[::-1] if backwards else self.view_flows(a, b)
            for k, flow in enumerate(found):
                flow = flow.flip(axes) * signs[None, :, None, None]
                weight = ((errors[k] - error(k, flow)) / self.thresholds["view_error"]).clamp_max(30).exp()
                sums[k] += weight * (flow - flows[k])
                weights[k] += weight
        reach = self.thresholds["view_reach"] / self.config["max_flow"]
        fused = [flow + (sums[k] / weights[k]).clamp(-reach, reach) for k, flow in enumerate(flows)]
        return fused[0], fused[1]

    def view_flows(self, g0: torch.Tensor, g1: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Both flows from the frames as they are given; each pair's own motion says how they are found."""
        if not self.config.get("coarse"):
            return self.direct_flows(g0, g1)
        f01, f10, is_large = self.coarse_flows(g0, g1)
        if not bool(is_large.any()):
            return self.direct_flows(g0, g1)
        if bool(is_large.all()):
            return self.corrected_flows(g0, g1, f01, f10)
        is_small, flows = ~is_large, (torch.empty_like(f01), torch.empty_like(f10))
        corrected = self.corrected_flows(*(x[is_large] for x in (g0, g1, f01, f10)))
        direct = self.direct_flows(g0[is_small], g1[is_small])
        for flow, large, small in zip(flows, corrected, direct):
            flow[is_large], flow[is_small] = large, small
        return flows

    def coarse_flows(self, g0: torch.Tensor, g1: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """F01 and F10 as far as they are large, from frames of a quarter of the size; bool [N]: whether enough is."""
        height, width = g0.shape[-2:]
        least, full = self.thresholds["large_motion_from"], self.thresholds["large_motion_to"]
        flows, shares = [], []
        for flow in self.small_flows(g0, g1):
            length = (flow * self.config["max_flow"]).norm(dim=1, keepdim=True)
            mean = F.avg_pool2d(F.pad(length, (2, 2, 2, 2), mode="replicate"), 5, 1)
            weight = ((mean - least) / (full - least)).clamp(0, 1)
            shares.append((weight > 0.5).float().mean((1, 2, 3)))
            large = F.interpolate(flow * weight, scale_factor=self.COARSE, mode="bilinear", align_corners=False)
            flows.append(large[..., :height, :width])
        return flows[0], flows[1], torch.maximum(*shares) >= self.thresholds["large_motion_share"]

    def small_flows(self, g0: torch.Tensor, g1: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """F01 and F10 at a quarter of the size, in units of max_flow pixels of whole frames: by a search, through which no
        gradient passes, or by network B."""
        if not self.config.get("coarse_search"):
            f01, f10 = self.direct_flows(pooled(g0, self.COARSE), pooled(g1, self.COARSE))
            return f01 * self.COARSE, f10 * self.COARSE
        with torch.no_grad():
            weights = torch.tensor([0.299, 0.587, 0.114], device=g0.device)[:, None, None]
            lumas = [((pooled(g, 2) * weights).sum(1) + 1).mul(127.5).float().cpu().numpy() for g in (g0, g1)]
            flows = [
                torch.from_numpy(np.stack([search_flow(a, b) for a, b in zip(*pair)])).to(g0.device)
                for pair in (lumas, lumas[::-1])
            ]
            f01, f10 = (pooled(flow, 2) * (2 / self.config["max_flow"]) for flow in flows)
        return f01, f10

    def corrected_flows(self, g0, g1, f01, f10) -> tuple[torch.Tensor, torch.Tensor]:
        """Flows nearer to the truth than f01 and f10: with those between each frame and the other, warped to it."""
        scale = self.config["max_flow"]
        left01 = self.direct_flows(g0, backwarp(g1, f01 * scale))[0]
        left10 = self.direct_flows(backwarp(g0, f10 * scale), g1)[1]
        return left01 + backwarp(f01, left01 * scale), left10 + backwarp(f10, left10 * scale)

    def direct_flows(self, g0: torch.Tensor, g1: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Both flows by network B alone."""
        if self.config["flow"]["out"] == 4:
            both = torch.tanh(self.flow(torch.cat([g0, g1], 1)).float())
            return both[:, :2], both[:, 2:]
        return (
            torch.tanh(self.flow(torch.cat([g0, g1], 1)).float()),
            torch.tanh(self.flow(torch.cat([g1, g0], 1)).float()),
        )

    def interpolate(self, i0, i1, f01, f10, t) -> dict[str, torch.Tensor]:
        """The frame at time t in (0, 1) (network C). t: float or [N, 1, 1, 1]."""
        scale = self.config["max_flow"]
        if self.config.get("projected"):
            flow = self.projected_flow(i0, i1, f01, f10, t)
            ft0, ft1 = -t * flow, (1 - t) * flow
        else:
            ft1 = (1 - t) * (1 - t) * f01 - t * (1 - t) * f10
            ft0 = -(1 - t) * t * f01 + t * t * f10
        warped0, warped1 = backwarp(i0, ft0 * scale), backwarp(i1, ft1 * scale)
        out = self.refine(torch.cat([i0, i1, warped0, warped1, ft0, ft1], 1)).float()
        if self.config["residual"]:
            ft0, ft1 = (ft0 + out[:, 0:2]).clamp(-1, 1), (ft1 + out[:, 2:4]).clamp(-1, 1)
        else:
            ft0, ft1 = torch.tanh(out[:, 0:2]), torch.tanh(out[:, 2:4])
        visible = (torch.tanh(out[:, 4:5]) + 1) / 2
        w0, w1 = (1 - t) * visible, t * (1 - visible)
        cubic = self.config.get("cubic", False)
        refined0, refined1 = backwarp(i0, ft0 * scale, cubic), backwarp(i1, ft1 * scale, cubic)
        frame = (w0 * refined0 + w1 * refined1) / (w0 + w1 + 1e-8)
        share = w0 / (w0 + w1 + 1e-8)
        return {"frame": frame, "warped0": refined0, "warped1": refined1, "ft0": ft0, "ft1": ft1, "share": share}

    def projected_flow(self, i0, i1, f01, f10, t) -> torch.Tensor:
        """The flow from the first frame to the second of what is at each pixel at time t, [N, 2, H, W].

        Flow projection (Bao et al. 2019, "Depth-aware video frame interpolation") by weighted splatting (Niklaus and Liu
        2020, "Softmax splatting"): of frames of half the size, every pixel of both is moved to where it is at time t, and
        counts there by how well its flow finds it in the other frame. A pixel at which none arrives has the paper's.
        """
        scale, error = self.config["max_flow"], self.thresholds["projection_error"]
        first, second = splat_error(i0, i1, f01 * scale), splat_error(i1, i0, f10 * scale)
        small01, small10, reach = pooled(f01, 2), pooled(f10, 2), scale / 2
        sum0, weight0 = splat(small01, (-first / error).exp() * (1 - t), small01 * reach * t)
        sum1, weight1 = splat(-small10, (-second / error).exp() * t, small10 * reach * (1 - t))
        here = (1 - t) * small01 - t * small10
        flow = (sum0 + sum1 + SPLAT_FLOOR * here) / (weight0 + weight1 + SPLAT_FLOOR)
        height, width = f01.shape[-2:]
        return F.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=False)[..., :height, :width]

    def forward(self, g0, g1, i0, i1, t) -> torch.Tensor:
        f01, f10 = self.flows(g0, g1)
        return self.interpolate(i0, i1, f01, f10, t)["frame"]


def differences(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of neighbors across and down, as large as x: zero in the last column or row."""
    return F.pad(x[..., :, 1:] - x[..., :, :-1], (0, 1, 0, 0)), F.pad(x[..., 1:, :] - x[..., :-1, :], (0, 0, 0, 1))


class DitherClassifier(nn.Module):
    """Dithered or not (section 5, separate networks): five convolutions and an average over the frame.

    Input: the GIF frame [N, 3, H, W]; its x and y gradient maps (`differences`) are appended, 9 channels in all. Output: one logit, positive for dithered.

    config: {"widths": [64, 128, 256, 512] in the paper, "strides": [int], "slope": 0.2,
             "radius": bool, optional; gradient maps are then clamp(gradient / (4 radius), -1, 1), so that one
             step of the palette counts alike among few colors and among many, and the palette radius
             (times 4, at most 1) is a tenth channel,
             "estimate": bool, optional (with radius); three more channels: how the first estimate of the network
             for dithered GIFs differs from the frame, clamp((I0 - G) / (4 radius), -1, 1). Without dither the
             palette's nearest color to the truth is the pixel's own, so the difference stays within the radius,
             "weighted": bool, optional; the last convolution has a second channel whose sigmoid weighs the
             logits in the average: flat parts say nothing about dither}
    Convolutions are 3x3 with zero padding 1; the last has stride 1.
    """

    def __init__(self, config: dict):
        super().__init__()
        self.config = config
        widths = [9 + config.get("radius", False) + 3 * config.get("estimate", False)] + config["widths"]
        self.body = nn.Sequential()
        for a, b, stride in zip(widths, widths[1:], config["strides"]):
            self.body.append(nn.Conv2d(a, b, 3, stride=stride, padding=1))
            self.body.append(nn.BatchNorm2d(b))
            self.body.append(nn.LeakyReLU(config.get("slope", 0.2)))
        self.outc = nn.Conv2d(widths[-1], 2 if config.get("weighted") else 1, 3, padding=1)
        with torch.no_grad():
            # Dither shows in the gradients; the colors themselves would drown them at the start.
            self.body[0].weight[:, :3] *= 0.05

    def forward(self, gif: torch.Tensor, radius: torch.Tensor, estimate: torch.Tensor | None = None) -> torch.Tensor:
        """gif, estimate: [N, 3, H, W]; radius: [N, 1, H, W]. Returns [N]."""
        dx, dy = differences(gif)
        inputs = [gif, dx, dy]
        if self.config.get("radius"):
            step = 4 * radius.clamp_min(SMALLEST_RADIUS)
            inputs = [gif, (dx / step).clamp(-1, 1), (dy / step).clamp(-1, 1), step.clamp_max(1)]
            if self.config.get("estimate"):
                inputs.append(((estimate - gif) / step).clamp(-1, 1))
        out = self.outc(self.body(torch.cat(inputs, 1)))
        if not self.config.get("weighted"):
            return out.mean((1, 2, 3))
        weight = torch.sigmoid(out[:, 1].float())
        return (out[:, 0].float() * weight).sum((1, 2)) / (weight.sum((1, 2)) + 1e-6)


ARCHITECTURES = {"ccdnet": CCDNet, "superslomo": SuperSlomo, "dither-classifier": DitherClassifier}


def make_network(architecture: str, config: dict, thresholds: dict[str, float] | None = None) -> nn.Module:
    """A network with weights at random. thresholds: by name (cards.py); only `SuperSlomo` computes with them."""
    network = ARCHITECTURES[architecture](config)
    network.thresholds = dict(thresholds or {})
    return network


def folded_state(module: nn.Module) -> dict[str, torch.Tensor]:
    """The module's parameters with every BatchNorm folded into the convolution before it (evaluation mode)."""
    state = {}
    for name, child in module.named_modules():
        if isinstance(child, (nn.Conv2d, nn.ConvTranspose2d)):
            state[f"{name}.weight"] = child.weight.detach().float().clone()
            state[f"{name}.bias"] = child.bias.detach().float().clone()
    for parent_name, parent in module.named_modules():
        if not isinstance(parent, nn.Sequential):
            continue
        layers = list(parent.named_children())
        for (conv_name, conv), (_, norm) in zip(layers, layers[1:]):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                key = f"{parent_name}.{conv_name}" if parent_name else conv_name
                gain = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
                state[f"{key}.weight"] *= gain[:, None, None, None].float()
                bias = state[f"{key}.bias"]
                state[f"{key}.bias"] = ((bias - norm.running_mean) * gain + norm.bias.detach()).float()
    return state
