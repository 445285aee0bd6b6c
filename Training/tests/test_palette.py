"""fC, the palette radius and the makers against loops that do the obvious thing."""

import unittest

import numpy as np
import torch

from gif2video_training.gif_file import gif_bytes
from gif2video_training.makers import (
    cell_table,
    ffmpeg_palette,
    padded,
    pillow_median_cut,
    pillow_with_palette,
    radius_table,
)
from gif2video_training.networks import nearest_color, nearest_color_from


def picture(seed: int, height: int = 48, width: int = 40) -> np.ndarray:
    """A smooth gradient with some noise, uint8 [H, W, 3]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = np.stack([np.sin(x / 9 + y / 7 + k) for k in range(3)], -1)
    return (128 + 90 * waves + rng.normal(0, 6, (height, width, 3))).clip(0, 255).astype(np.uint8)


def signed(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array.astype(np.float32)) / 127.5 - 1


class PaletteTests(unittest.TestCase):
    def test_nearest_color_is_the_brute_force_one(self):
        rng = np.random.default_rng(1)
        palette, image = rng.uniform(-1, 1, (2, 16, 3)), rng.uniform(-1, 1, (2, 3, 5, 7))
        count = [16, 5]
        found = nearest_color(torch.tensor(image).float(), torch.tensor(palette).float(), torch.tensor(count)).numpy()
        for n in range(2):
            for y in range(5):
                for x in range(7):
                    distance = ((palette[n, : count[n]] - image[n, :, y, x]) ** 2).sum(1)
                    np.testing.assert_allclose(found[n, :, y, x], palette[n, distance.argmin()], rtol=1e-6)

    def test_the_search_from_the_gif_color_finds_the_same(self):
        for colors in (2, 32, 200):
            gif = pillow_median_cut(picture(2), colors)
            g = signed(gif.rgb).permute(2, 0, 1)[None]
            palette, count = signed(gif.palette)[None], torch.tensor([len(gif.palette)])
            radius = torch.from_numpy(radius_table(gif.palette)[gif.index])[None, None]
            image = (g + 0.1 * torch.randn(g.shape, generator=torch.Generator().manual_seed(1))).clamp(-1, 1)
            direct = nearest_color(image, palette, count)
            self.assertTrue(torch.equal(direct, nearest_color_from(image, g, radius, palette, count)))

    def test_nearest_color_is_as_sharp_while_networks_compute_in_bfloat16(self):
        palette = torch.linspace(-1, 1, 256)[None, :, None].expand(1, 256, 3)
        image = palette.transpose(1, 2)[..., None]
        with torch.autocast("cpu", torch.bfloat16):
            self.assertTrue(torch.equal(nearest_color(image, palette, torch.tensor([256])), image))

    def test_radius_ignores_duplicates_and_is_limited(self):
        table = np.array([[0, 0, 0], [0, 0, 0], [51, 0, 0], [255, 255, 255]], np.uint8)
        np.testing.assert_allclose(radius_table(table), [0.2, 0.2, 0.2, 1.0], rtol=1e-6)
        np.testing.assert_allclose(radius_table(table[:2]), [1.0, 1.0])

    def test_cells_reach_to_the_nearest_border(self):
        table = pillow_median_cut(picture(5), 32).palette
        reach = cell_table(table)
        colors = table.astype(float)
        for k, color in enumerate(colors):
            for at, axis in enumerate(np.concatenate([[row, -row] for row in np.eye(3)])):
                steps = np.linspace(0, 127.5, 1276)
                points = color + steps[:, None] * axis
                own = ((points - color) ** 2).sum(1)
                others = ((points[:, None] - colors[None]) ** 2).sum(2)
                others[:, (colors == color).all(1)] = np.inf
                inside = (own <= others.min(1)) & (points >= 0).all(1) & (points <= 255).all(1)
                self.assertAlmostEqual(reach[k, at] * 127.5, steps[inside].max(), delta=0.11)


class MakerTests(unittest.TestCase):
    def test_exact_makers_map_to_the_nearest_color(self):
        frame = picture(4)
        for gif in (pillow_median_cut(frame, 32), *ffmpeg_palette(frame[None], 32, "none")):
            used = gif.palette[np.unique(gif.index)].astype(int)
            distance = ((frame[:, :, None].astype(int) - used) ** 2).sum(-1)
            own = ((frame.astype(int) - gif.rgb) ** 2).sum(-1)
            self.assertGreaterEqual((own == distance.min(-1)).mean(), 0.999)

    def test_dithered_makers_do_not(self):
        frame = picture(4)
        for gif in (pillow_with_palette(frame, 32, True), *ffmpeg_palette(frame[None], 32, "bayer")):
            distance = ((frame[:, :, None].astype(int) - gif.palette.astype(int)) ** 2).sum(-1)
            own = ((frame.astype(int) - gif.rgb) ** 2).sum(-1)
            self.assertLess((own == distance.min(-1)).mean(), 0.9)

    def test_padding_is_to_a_power_of_two(self):
        self.assertEqual([len(padded(np.zeros((n, 3), np.uint8), 0)) for n in (1, 2, 3, 20, 256)], [2, 2, 4, 32, 256])

    def test_a_gif_file_reads_back(self):
        import io

        from PIL import Image

        frames = [pillow_median_cut(picture(seed), colors) for seed, colors in ((5, 32), (6, 200), (7, 5))]
        image = Image.open(io.BytesIO(gif_bytes(frames, 4)))
        self.assertEqual(image.n_frames, 3)
        for number, frame in enumerate(frames):
            image.seek(number)
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), frame.rgb)


if __name__ == "__main__":
    unittest.main()
