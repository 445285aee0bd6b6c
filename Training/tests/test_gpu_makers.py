"""The GIFs made on the device beside those of the real tools: the same where the steps are the same, else as good."""

import unittest

import numpy as np
import torch

from gif2video_training.catalogue import MAKERS
from gif2video_training.color_pool import MAKER_WEIGHTS
from gif2video_training.gpu import diffusion
from gif2video_training.gpu.device_makers import cell_tables, made, mapped, nearest_index, radius_tables
from gif2video_training.gpu.recipes import RECIPES
from gif2video_training.gpu.synthetic import film
from gif2video_training.makers import (
    cell_table,
    ffmpeg_palette,
    padded,
    pillow_median_cut,
    pillow_with_palette,
    radius_table,
)
from gif2video_training.metrics import psnr

CPU = torch.device("cpu")
SIZES = (16, 32, 100, 256)
TOLERANCE = 0.2
"""dB"""


def tensors(gif, colors: int | None = None):
    """The palette of a GIF frame as the device's functions take it: uint8 [1, 256, 3] and its count [1]."""
    used = len(gif.palette) if colors is None else colors
    palette = np.zeros((1, 256, 3), np.uint8)
    palette[0, :used] = gif.palette[:used]
    return torch.from_numpy(palette), torch.tensor([used])


def nearest_choices(frame: np.ndarray, gif, taps: tuple, divisor: int) -> float:
    """The share of pixels whose color in the GIF is a nearest one, after the errors of the GIF's own choices."""
    work, rgb = frame.astype(int), gif.rgb.astype(int)
    palette = gif.palette[np.unique(gif.index)].astype(int)
    height, width, _ = frame.shape
    right = 0
    for y in range(height):
        for x in range(width):
            distances = ((palette - work[y, x]) ** 2).sum(1)
            error = work[y, x] - rgb[y, x]
            right += (error**2).sum() == distances.min()
            for dy, dx, share in taps:
                if 0 <= x + dx < width and y + dy < height:
                    part = np.trunc(error * share / divisor).astype(int)
                    work[y + dy, x + dx] = np.clip(work[y + dy, x + dx] + part, 0, 255)
    return right / (height * width)


class SameStepsTests(unittest.TestCase):
    """Given the tool's own palette, the pixels are the tool's."""

    def setUp(self):
        self.frame = film(1, 40, 56, seed=3)[0]

    def test_nearest_is_pillows_direct_mapping(self):
        for colors in SIZES:
            gif = pillow_median_cut(self.frame, colors)
            index = nearest_index(torch.from_numpy(self.frame)[None], *tensors(gif, colors))[0].numpy()
            own = ((self.frame.astype(int) - gif.palette[index]) ** 2).sum(-1)
            np.testing.assert_array_equal(own, ((self.frame.astype(int) - gif.rgb) ** 2).sum(-1))

    def test_coarse_is_pillows_mapping_to_a_palette(self):
        for colors in SIZES:
            gif = pillow_with_palette(self.frame, colors, False)
            index = mapped(torch.from_numpy(self.frame)[None], *tensors(gif, colors), ["coarse"])[0].numpy()
            np.testing.assert_array_equal(gif.palette[index], gif.rgb)

    def test_pillows_floyd_steinberg(self):
        for colors in SIZES:
            gif = pillow_with_palette(self.frame, colors, True)
            index = diffusion.pillow_floyd_steinberg(self.frame, gif.palette[:colors])
            np.testing.assert_array_equal(gif.palette[index], gif.rgb)

    def test_ffmpegs_bayer(self):
        for colors in SIZES:
            gif = ffmpeg_palette(self.frame[None], colors, "bayer")[0]
            used = int(gif.index.max()) + 1
            index = mapped(torch.from_numpy(self.frame)[None], *tensors(gif, used), ["bayer"])[0].numpy()
            # Of colors equally near ffmpeg's tree finds any.
            self.assertGreater((gif.palette[index] == gif.rgb).all(-1).mean(), 0.97)
            self.assertAlmostEqual(psnr(gif.palette[index], self.frame), psnr(gif.rgb, self.frame), delta=0.02)

    def test_ffmpegs_diffusions_are_those_that_are_compiled_here(self):
        dithers = {
            "floyd_steinberg": (((0, 1, 7), (1, -1, 3), (1, 0, 5), (1, 1, 1)), 16),
            "sierra2_4a": (((0, 1, 2), (1, -1, 1), (1, 0, 1)), 4),
        }
        for dither, (taps, divisor) in dithers.items():
            compiled = getattr(diffusion, f"ffmpeg_{dither}")
            for colors in (16, 256):
                gif = ffmpeg_palette(self.frame[None], colors, dither)[0]
                self.assertEqual(nearest_choices(self.frame, gif, taps, divisor), 1, (dither, colors))
                used = gif.palette[: int(gif.index.max()) + 1]
                ours = type(gif)(compiled(self.frame, used), used)
                self.assertEqual(nearest_choices(self.frame, ours, taps, divisor), 1, (dither, colors))


class DistributionTests(unittest.TestCase):
    def test_every_maker_makes_gifs_as_good_as_the_tools(self):
        films = [film(3, 144, 160, seed) for seed in range(3)]
        self.assertEqual(set(RECIPES), {name for name in MAKER_WEIGHTS if MAKERS[name].tool in ("pillow", "ffmpeg")})
        for name in RECIPES:
            for colors in SIZES:
                with self.subTest(maker=name, colors=colors):
                    differences = []
                    for frames in films:
                        ours, theirs = made(name, frames, colors, CPU), MAKERS[name].frames(frames, colors)
                        for a, b, truth in zip(ours, theirs, frames, strict=True):
                            differences.append(psnr(a.rgb, truth) - psnr(b.rgb, truth))
                            self.assertLessEqual(len(np.unique(a.index)), colors)
                            self.assertEqual(len(a.palette), len(b.palette))
                    self.assertLess(abs(np.mean(differences)), TOLERANCE)


class TableTests(unittest.TestCase):
    def test_radius_and_cells_are_the_plain_ones(self):
        rng = np.random.default_rng(5)
        sizes = (2, 16, 64, 256)
        tables = np.zeros((len(sizes), 256, 3), np.uint8)
        for k, size in enumerate(sizes):
            # Some entries twice, and padding.
            tables[k, :size] = padded(rng.integers(0, 256, (max(2, size - 3), 3)).astype(np.uint8), 255)[:size]
        device = torch.from_numpy(tables), torch.tensor(sizes)
        radius, cell = radius_tables(*device).numpy(), cell_tables(*device).numpy()
        for k, size in enumerate(sizes):
            np.testing.assert_allclose(radius[k, :size], radius_table(tables[k, :size]), rtol=1e-6)
            np.testing.assert_allclose(cell[k, :size], cell_table(tables[k, :size]), rtol=1e-6)

    def test_ffmpegs_tables_hold_what_is_used_then_lime_then_white(self):
        frames = film(3, 64, 80, seed=8)
        for ours in made("ffmpeg-none", frames, 32, CPU):
            used = int(ours.index.max()) + 1
            self.assertEqual(len(np.unique(ours.index)), used)
            np.testing.assert_array_equal(ours.palette[used], [0, 255, 0])
            self.assertTrue((ours.palette[used + 1 :] == 255).all())


if __name__ == "__main__":
    unittest.main()
