#!/usr/bin/env python3
"""Writes the tensors that the Swift tests compare with PyTorch, from networks.py. Run: make_fixtures.py

Tests/InferenceTests/Fixtures
  layers.safetensors   one case a layer: <case>.input, .weight, .bias, .output; the cases' list is the config.
  unets.safetensors    one case a small U-Net: <case>.input, .output and its parameters <case>.<name>, BatchNorm folded
                       from statistics that are not trivial.
  large.safetensors    U-Nets of full size: <case>.output only. Parameters and input come from `formula`, which
                       Tests/TestSupport/Formula.swift repeats; the config lists their names and shapes.

Tests/RestorationTests/Fixtures: for each whole network a model file as export.py writes it, <name>.safetensors, and
<name>-case.safetensors with its inputs and expected outputs, none with a batch dimension:
  ccdnet-*      gif [3, H, W]; radius [1, H, W]; palettes [P, K, 3] in 0 ... 255, of which count [P] are valid;
                ids [H, W]: the palette of each pixel; output [3, H, W]; estimate0 ...: every I;
                where the network sees neighbors: before, after [3, H, W], and alone: the output without them;
                where it sees the past: past [3, H, W].
  superslomo-*  g0, g1, i0, i1 [3, H, W]; f01, f10 [2, H, W]; frame25, frame50 [3, H, W]: in-betweens at 1/4, 1/2.
  dither-classifier*  gif, estimate [3, H, W]; radius [1, H, W]; logit [1].
and pixels.safetensors, inputs and outputs of backwarp, fC and the projection.
Everything follows from the seeds below.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parent))
from gif2video_training import makers, networks  # noqa: E402

TESTS = Path(__file__).resolve().parent.parent / "Tests"
THRESHOLDS = {
    "ccdnet": {
        "flat_art_frame_from": 0.2, "flat_art_frame_to": 0.35, "flat_art_block_from": 0.08,
        "flat_art_block_to": 0.16, "filter_strength": 0.8, "filter_scale_least": 1.4, "filter_scale_most": 1.4,
        "filter_scale_of_noise": 5, "filter_most_noise": 0.8,
    },
    "superslomo": {
        "hold_lost_text": 1000, "hold_lost": 1000, "hold_softened": 0.95, "hold_scene_change": 0.55,
        "large_motion_from": 4, "large_motion_to": 8, "large_motion_share": 0.01, "view_error": 0.02, "view_reach": 3,
        "projection_error": 0.3,
    },
    "dither-classifier": {"dithered_logit": 0},
}  # fmt: skip
"""Of all fixtures, whose weights are at random; those of ccdnet-dithered filter as dithered GIFs are. No part is
held: flows at random find nothing."""
DITHERED = {"filter_scale_least": 0.75, "filter_scale_most": 1.35}


def save(path: Path, tensors: dict, architecture: str, config: object, **more: str) -> None:
    metadata = {
        "format": "gif2video-model", "version": "1", "architecture": architecture, "name": path.stem,
        "config": json.dumps(config), **more,
    }  # fmt: skip
    if thresholds := THRESHOLDS.get(architecture):
        own = DITHERED if more.get("dither") == "dithered" else {}
        entries = {name: {"value": value, "unit": "test"} for name, value in (thresholds | own).items()}
        metadata["thresholds"] = json.dumps(entries)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().float().contiguous().clone() for name, value in tensors.items()}, path, metadata)
    print(f"{path.relative_to(TESTS)}: {path.stat().st_size} bytes")


def formula(name: str, shape: tuple, bound: float) -> torch.Tensor:
    """Uniform values in [-bound, bound): splitmix64 of the index, seeded with FNV-1a of the name."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    with np.errstate(over="ignore"):
        x = np.uint64(seed) + np.arange(1, math.prod(shape) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    unit = (x >> np.uint64(40)).astype(np.float64) / 2**24
    return torch.from_numpy(((2 * unit - 1) * bound).astype(np.float32)).reshape(shape)


def formula_bound(name: str, shape: tuple) -> float:
    """He's for weights (less for the last layer, to end in about [-1, 1]), 0.1 for biases."""
    if len(shape) == 1:
        return 0.1
    return math.sqrt(6 / math.prod(shape[1:])) * (0.1 if "outc" in name else 1)


def randomize(module: nn.Module, last: float = 0.3) -> nn.Module:
    """Weights and BatchNorm statistics as after training; the last layer scaled by `last`."""
    for name, child in module.named_modules():
        if isinstance(child, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.kaiming_uniform_(child.weight, nonlinearity="relu")
            nn.init.uniform_(child.bias, -0.1, 0.1)
            if name.endswith("outc"):
                child.weight.data *= last
        elif isinstance(child, nn.BatchNorm2d):
            nn.init.uniform_(child.weight, 0.6, 1.4)
            nn.init.uniform_(child.bias, -0.2, 0.2)
            nn.init.uniform_(child.running_mean, -0.3, 0.3)
            nn.init.uniform_(child.running_var, 0.4, 1.8)
    return module.eval()


def image(channels: int, height: int, width: int, seed: int) -> torch.Tensor:
    """Smooth, in about [-0.9, 0.9]."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, channels, max(2, height // 6), max(2, width // 6), generator=generator) * 1.8 - 0.9
    return F.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=True)


def layers() -> None:
    tensors, cases = {}, []

    def case(name, x, y, kind, weight=None, bias=None, **options):
        cases.append({"name": name, "kind": kind, **options})
        tensors.update({f"{name}.input": x[0], f"{name}.output": y[0]})
        if weight is not None:
            tensors.update({f"{name}.weight": weight, f"{name}.bias": bias})

    for size, stride, inputs, outputs, height, width, slope in [
        (1, 1, 5, 7, 9, 13, 1.0), (1, 1, 1, 1, 1, 1, 0.1), (1, 2, 3, 4, 7, 6, 0.2),
        (3, 1, 3, 5, 23, 37, 0.1), (3, 1, 4, 6, 1, 17, 0.0), (3, 1, 2, 3, 17, 1, 0.1), (3, 1, 2, 3, 1, 1, 0.1),
        (3, 2, 4, 5, 13, 10, 0.2), (3, 2, 3, 4, 1, 8, 0.2), (3, 3, 2, 3, 11, 16, 0.2), (3, 1, 20, 130, 7, 9, 0.1),
        (5, 1, 3, 4, 11, 14, 0.1), (5, 2, 3, 4, 9, 12, 0.1), (5, 1, 2, 3, 2, 3, 0.1),
        (7, 1, 3, 4, 12, 9, 0.1), (7, 1, 2, 2, 2, 5, 0.1), (7, 2, 2, 3, 10, 15, 0.0),
    ]:  # fmt: skip
        x = torch.rand(1, inputs, height, width) * 2 - 1
        weight = (torch.rand(outputs, inputs, size, size) * 2 - 1) / (inputs * size * size) ** 0.5
        bias = torch.rand(outputs) * 0.4 - 0.2
        y = F.leaky_relu(F.conv2d(x, weight, bias, stride=stride, padding=size // 2), slope)
        case(f"conv{size}s{stride}_{inputs}_{outputs}_{height}x{width}", x, y, "convolution", weight, bias,
             size=size, stride=stride, slope=slope)  # fmt: skip
    for inputs, outputs, height, width in [(3, 4, 5, 7), (1, 1, 1, 1), (6, 6, 1, 9), (4, 5, 20, 33)]:
        x = torch.rand(1, inputs, height, width) * 2 - 1
        weight, bias = torch.rand(inputs, outputs, 2, 2) - 0.5, torch.rand(outputs) * 0.4 - 0.2
        case(f"transposed_{inputs}_{outputs}_{height}x{width}", x, F.conv_transpose2d(x, weight, bias, stride=2),
             "transposed", weight, bias)  # fmt: skip
    for height, width in [(2, 2), (7, 9), (12, 5), (3, 2)]:
        x = torch.rand(1, 3, height, width) * 2 - 1
        case(f"pool_{height}x{width}", x, F.avg_pool2d(x, 2), "averagePool")
    for height, width in [(1, 1), (1, 6), (5, 1), (7, 10), (23, 37)]:
        x = torch.rand(1, 2, height, width) * 2 - 1
        bilinear = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        case(f"bilinear_{height}x{width}", x, bilinear, "bilinear")
        case(f"nearest_{height}x{width}", x, F.interpolate(x, scale_factor=2, mode="nearest"), "nearest")
    for height, width in [(2, 2), (6, 10), (1, 1), (5, 8), (7, 3)]:
        x = torch.rand(1, 2, height, width) * 2 - 1
        padded = F.pad(x, (0, width % 2, 0, height % 2), mode="replicate")
        case(f"unshuffle_{height}x{width}", x, F.pixel_unshuffle(padded, 2), "unshuffle")
        x = torch.rand(1, 8, (height + 1) // 2, (width + 1) // 2) * 2 - 1
        case(f"shuffle_{height}x{width}", x, F.pixel_shuffle(x, 2)[..., :height, :width], "shuffle")
    save(TESTS / "InferenceTests/Fixtures/layers.safetensors", tensors, "test-cases", cases)


def forward(net: nn.Module, x: torch.Tensor, least: int) -> torch.Tensor:
    """As the Swift engine does it: a picture too small for the poolings is continued by its edge and cropped."""
    height, width = x.shape[-2:]
    padded = F.pad(x, (0, max(0, least - width), 0, max(0, least - height)), mode="replicate")
    return net(padded)[..., :height, :width]


LEAST = {"simple": 16, "flow": 32, "shuffle": 1}


def unets() -> None:
    tensors, cases = {}, []
    for name, config, height, width in [
        ("simple", {"unet": "simple", "in": 3, "out": 3, "channels": 3, "slope": 0.0}, 37, 23),
        ("simple-12", {"unet": "simple", "in": 12, "out": 3, "channels": 2, "slope": 0.1}, 16, 50),
        ("simple-small", {"unet": "simple", "in": 3, "out": 3, "channels": 2, "slope": 0.0}, 5, 19),
        ("flow", {"unet": "flow", "in": 6, "out": 2, "channels": 1, "slope": 0.1}, 47, 37),
        ("flow-16", {"unet": "flow", "in": 16, "out": 5, "channels": 1, "slope": 0.1}, 32, 63),
        ("flow-small", {"unet": "flow", "in": 6, "out": 4, "channels": 1, "slope": 0.1}, 1, 1),
        ("shuffle", {"unet": "shuffle", "in": 4, "out": 3, "widths": [8, 12, 14, 20], "slope": 0.1}, 37, 23),
        ("shuffle-even", {"unet": "shuffle", "in": 3, "out": 3, "widths": [5, 7], "slope": 0.2}, 24, 40),
        ("shuffle-pixel", {"unet": "shuffle", "in": 4, "out": 3, "widths": [6, 8, 10], "slope": 0.1}, 1, 1),
        ("shuffle-row", {"unet": "shuffle", "in": 6, "out": 4, "widths": [6, 8], "slope": 0.1}, 1, 29),
        ("shuffle-one", {"unet": "shuffle", "in": 3, "out": 1, "widths": [6], "slope": 0.1}, 13, 9),
    ]:  # fmt: skip
        net = randomize(networks.make_unet(config))
        x = image(config["in"], height, width, len(cases))
        cases.append({"name": name, "unet": config})
        tensors.update({f"{name}.{key}": value for key, value in networks.folded_state(net).items()})
        tensors.update({f"{name}.input": x[0], f"{name}.output": forward(net, x, LEAST[config["unet"]])[0]})
    save(TESTS / "InferenceTests/Fixtures/unets.safetensors", tensors, "test-cases", cases)


def large() -> None:
    tensors, cases = {}, []
    for name, config, height, width in [
        ("ccdnet", {"unet": "simple", "in": 12, "out": 3, "channels": 64, "slope": 0.0}, 40, 52),
        ("slomo", {"unet": "flow", "in": 6, "out": 2, "channels": 32, "slope": 0.1}, 40, 52),
        ("live", {"unet": "shuffle", "in": 4, "out": 3, "widths": [32, 48, 64, 96], "slope": 0.1}, 61, 90),
    ]:
        net = networks.make_unet(config)
        for parent in list(net.modules()):
            for key, child in list(parent.named_children()):
                if isinstance(child, nn.BatchNorm2d):
                    setattr(parent, key, nn.Identity())
        shapes = {key: list(value.shape) for key, value in net.state_dict().items()}
        net.load_state_dict({key: formula(key, shape, formula_bound(key, shape)) for key, shape in shapes.items()})
        x = formula("input", (config["in"], height, width), 1)[None]
        y = forward(net.eval(), x, LEAST[config["unet"]])
        print(f"  {name}: output in {y.min():.2f} ... {y.max():.2f}")
        cases.append({"name": name, "unet": config, "height": height, "width": width, "shapes": shapes})
        tensors[f"{name}.output"] = y[0]
    save(TESTS / "InferenceTests/Fixtures/large.safetensors", tensors, "test-cases", cases)


def mixed(function):
    """A function of networks.py that knows one palette a picture, applied by each pixel's own: palette [P, K, 3]."""

    def by_pixel(*arguments):
        *pictures, palette, (count, ids) = arguments
        result = torch.zeros_like(pictures[0])
        for index in range(len(palette)):
            one = function(*pictures, palette[index : index + 1], count[index : index + 1])
            result = torch.where(ids == index, one, result)
        return result

    return by_pixel


def palettes_case(height: int, width: int, counts: list[int], seed: int):
    """A GIF frame: palettes in 0 ... 255 (with a color that stands there twice), ids, and the picture itself."""
    generator = torch.Generator().manual_seed(seed)
    palettes = torch.randint(0, 256, (len(counts), max(counts), 3), generator=generator).float()
    for palette, count in zip(palettes, counts):
        if count > 4:
            palette[count - 1] = palette[0]
    blocks = torch.randint(0, len(counts), (1, 1, height // 4 + 1, width // 5 + 1), generator=generator).float()
    ids = F.interpolate(blocks, scale_factor=(4, 5), mode="nearest")[0, 0, :height, :width].long()
    index = (torch.rand(height, width, generator=generator) * torch.tensor(counts)[ids]).long()
    gif = (palettes[ids, index] / 127.5 - 1).permute(2, 0, 1)
    return palettes, torch.tensor(counts), ids, gif


def radius_of(gif, palettes, counts, ids) -> torch.Tensor:
    """Half the distance from each pixel's color to the nearest other color of its palette."""
    radius = torch.full(ids.shape, networks.RADIUS_LIMIT)
    for index, count in enumerate(counts.tolist()):
        colors = palettes[index, :count] / 127.5 - 1
        distance = (gif.permute(1, 2, 0)[:, :, None, :] - colors).square().sum(-1).sqrt()
        distance[distance < 1e-6] = float("inf")
        radius = torch.where(ids == index, (distance.amin(-1) / 2).clamp(max=networks.RADIUS_LIMIT), radius)
    return radius[None]


def cell_of(gif, palettes, counts, ids) -> torch.Tensor:
    """How far the cell of each pixel's color reaches, [6, H, W]."""
    cell = torch.zeros(*ids.shape, 6)
    levels = ((gif.permute(1, 2, 0) + 1) * 127.5).round()
    for index, count in enumerate(counts.tolist()):
        colors = palettes[index, :count]
        place = (levels[:, :, None, :] - colors).abs().sum(-1).argmin(-1)
        reach = torch.from_numpy(makers.cell_table(colors.numpy().astype(np.uint8)))
        cell = torch.where((ids == index)[..., None], reach[place], cell)
    return cell.permute(2, 0, 1)


def pixels() -> None:
    tensors = {}
    for name, height, width in [("warp", 23, 37), ("warp-row", 1, 9), ("warp-pixel", 1, 1)]:
        source, flow = image(3, height, width, 1), torch.rand(1, 2, height, width) * 2 - 1
        tensors.update({f"{name}.input": source[0], f"{name}.flow": flow[0]})
        tensors[f"{name}.output"] = networks.backwarp(source, flow * 7.5)[0]
        tensors[f"{name}.cubic"] = networks.backwarp(source, flow * 7.5, cubic=True)[0]
    palettes, counts, ids, gif = palettes_case(19, 33, [32, 1, 256, 5], 2)
    estimate = (gif[None] + torch.randn(1, 3, 19, 33) * 0.4).clamp(-1, 1)
    colors = (palettes / 127.5 - 1, (counts, ids))
    tensors.update({"fc.palettes": palettes, "fc.count": counts, "fc.ids": ids, "fc.gif": gif, "fc.input": estimate[0]})
    tensors["fc.nearest"] = mixed(networks.nearest_color)(estimate, *colors)[0]
    save(TESTS / "RestorationTests/Fixtures/pixels.safetensors", tensors, "test-cases", [])


FIRST = {"unet": "shuffle", "in": 4, "out": 3, "widths": [8, 12, 16], "slope": 0.1}


def ccdnets() -> None:
    original = networks.nearest_color_from
    exact = mixed(networks.nearest_color)
    networks.nearest_color_from = lambda image, gif, radius, *palettes: exact(image, *palettes)
    with_palette = ["estimate", "gif", "nearest", "error"]
    for name, config, size in [
        ("ccdnet-live", {"first": FIRST, "inputs": ["gif", "radius"], "step": {**FIRST, "in": 13},
                         "step_inputs": [*with_palette, "radius"], "steps": 2, "residual": True}, (37, 46)),
        ("ccdnet-paper", {"first": {"unet": "simple", "in": 3, "out": 3, "channels": 2, "slope": 0.0},
                          "inputs": ["gif"], "step_inputs": with_palette,
                          "step": {"unet": "simple", "in": 12, "out": 3, "channels": 2, "slope": 0.0}, "steps": 2,
                          "residual": False}, (36, 29)),
        ("ccdnet-dithered", {"first": {**FIRST, "in": 3}, "inputs": ["gif"], "step": {**FIRST, "in": 6},
                             "step_inputs": ["estimate", "gif"], "steps": 2, "residual": True}, (21, 34)),
        ("ccdnet-first", {"first": FIRST, "inputs": ["gif", "radius"], "step": None, "steps": 1, "residual": True},
         (20, 31)),
        ("ccdnet-neighbors", {"first": {**FIRST, "in": 10}, "inputs": ["gif", "radius", "before", "after"],
                              "step": {**FIRST, "in": 13}, "step_inputs": [*with_palette, "radius"], "steps": 2,
                              "residual": True}, (22, 33)),
        # Without fC, and seeing little of the past: random weights that feed on themselves magnify every rounding.
        ("ccdnet-past", {"first": {**FIRST, "in": 19}, "step": {**FIRST, "in": 7}, "steps": 2, "residual": True,
                         "inputs": ["gif", "radius", "before", "after", "past", "cell"],
                         "step_inputs": ["estimate", "gif", "radius"]}, (22, 33)),
    ]:  # fmt: skip
        net = randomize(networks.CCDNet(config), 0.2)
        if "past" in config["inputs"]:
            net.first.stem[0].weight.data[:, 40:52] *= 0.25
        palettes, counts, ids, gif = palettes_case(*size, [32, 7, 1, 64], 3)
        radius = radius_of(gif, palettes, counts, ids)
        arguments = gif[None], radius[None], palettes / 127.5 - 1, (counts, ids)
        case = {"gif": gif, "radius": radius, "palettes": palettes, "count": counts, "ids": ids}
        others = {"cell": cell_of(gif, palettes, counts, ids)[None]}
        if "before" in config["inputs"]:
            case["alone"] = net(*arguments, **others)[0]
            case |= {"before": gif.roll(1, 1), "after": gif.roll(-2, 2)}
        if "past" in config["inputs"]:
            case["past"] = (gif + 0.1 * gif.roll(1, 2)).clamp(-1, 1)
        others |= {key: case[key][None] for key in ("before", "after", "past") if key in case}
        case.update({f"estimate{k}": value[0] for k, value in enumerate(net.estimates(*arguments, **others))})
        case["output"] = net(*arguments, **others)[0]
        folder = TESTS / "RestorationTests/Fixtures"
        save(folder / f"{name}.safetensors", networks.folded_state(net), "ccdnet", config, profile="test",
             dither="dithered" if name.endswith("dithered") else "none", palette_range="2-256", training="none",
             quality="none")  # fmt: skip
        save(folder / f"{name}-case.safetensors", case, "test-cases", {})
    networks.nearest_color_from = original


def slomos() -> None:
    shuffle = {"unet": "shuffle", "widths": [8, 10], "slope": 0.1}
    flow = {"unet": "flow", "channels": 1, "slope": 0.1}
    for name, config, size in [
        ("superslomo-live", {"flow": {**shuffle, "in": 6, "out": 4}, "refine": {**shuffle, "in": 16, "out": 5},
                             "max_flow": 12, "residual": True}, (37, 46)),
        ("superslomo-paper", {"flow": {**flow, "in": 6, "out": 2}, "refine": {**flow, "in": 16, "out": 5},
                              "max_flow": 30, "residual": False}, (33, 40)),
        # Random weights answer with large motion for some pixels and not for others.
        ("superslomo-coarse", {"flow": {**shuffle, "in": 6, "out": 4}, "refine": {**shuffle, "in": 16, "out": 5},
                               "max_flow": 12, "residual": True, "coarse": True}, (45, 62)),
        ("superslomo-search", {"flow": {**shuffle, "in": 6, "out": 4}, "refine": {**shuffle, "in": 16, "out": 5},
                               "max_flow": 12, "residual": True, "coarse": True, "coarse_search": True}, (45, 62)),
        ("superslomo-views", {"flow": {**shuffle, "in": 6, "out": 4}, "refine": {**shuffle, "in": 16, "out": 5},
                              "max_flow": 12, "residual": True, "views": True}, (37, 46)),
        ("superslomo-cubic", {"flow": {**shuffle, "in": 6, "out": 4}, "refine": {**shuffle, "in": 16, "out": 5},
                              "max_flow": 12, "residual": True, "cubic": True}, (37, 46)),
        ("superslomo-projected", {"flow": {**shuffle, "in": 6, "out": 4}, "refine": {**shuffle, "in": 16, "out": 5},
                                  "max_flow": 12, "residual": True, "projected": True}, (37, 47)),
    ]:  # fmt: skip
        net = randomize(networks.SuperSlomo(config, THRESHOLDS["superslomo"]), 0.2)
        g0, g1, i0, i1 = (image(3, *size, seed) for seed in (4, 5, 6, 7))
        if "coarse_search" in config:
            # A search finds anything between frames that have nothing in common, by how they round.
            film = image(3, size[0] + 10, size[1] + 10, 4)
            g0, g1 = film[..., 6:-4, 1:-9], film[..., 1:-9, 8:-2]
        f01, f10 = net.flows(g0, g1)
        case = {"g0": g0, "g1": g1, "i0": i0, "i1": i1, "f01": f01, "f10": f10}
        case["frame25"] = net.interpolate(i0, i1, f01, f10, 0.25)["frame"]
        case["frame50"] = net(g0, g1, i0, i1, 0.5)
        folder = TESTS / "RestorationTests/Fixtures"
        save(folder / f"{name}.safetensors", networks.folded_state(net), "superslomo", config, profile="test",
             training="none", quality="none")  # fmt: skip
        save(folder / f"{name}-case.safetensors", {key: value[0] for key, value in case.items()}, "test-cases", {})


def classifiers() -> None:
    plain = {"widths": [6, 8, 10, 12], "strides": [2, 2, 1, 2], "slope": 0.2}
    palettes, counts, ids, gif = palettes_case(41, 54, [16], 8)
    radius = radius_of(gif, palettes, counts, ids)
    folder = TESTS / "RestorationTests/Fixtures"
    for name, config in [("dither-classifier", plain),
                         ("dither-classifier-weighted", {**plain, "radius": True, "weighted": True}),
                         ("dither-classifier-estimate", {**plain, "radius": True, "estimate": True, "weighted": True}),
                         ]:  # fmt: skip
        net = randomize(networks.DitherClassifier(config), 1)
        save(folder / f"{name}.safetensors", networks.folded_state(net), "dither-classifier", config,
             profile="test", training="none", quality="none")  # fmt: skip
        case = {"gif": gif, "radius": radius, "estimate": image(3, 41, 54, 9)[0]}
        case["logit"] = net(*(value[None] for value in case.values()))
        save(folder / f"{name}-case.safetensors", case, "test-cases", {})


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.no_grad():
        for seed, make in enumerate([layers, unets, large, pixels, ccdnets, slomos, classifiers]):
            torch.manual_seed(100 + seed)
            make()
