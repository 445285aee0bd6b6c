"""Losses and measures of what people see: each punishes what it is there for."""

import unittest

import numpy as np
import torch
import torch.nn.functional as F

from gif2video_training import perceptual
from gif2video_training.losses import (
    GRAYER,
    census_loss,
    chroma_loss,
    laplacian_loss,
    oklab_chroma,
    picture_loss_of,
    saturation_loss,
    squared_loss,
    teacher_loss,
    texture_loss,
)
from gif2video_training.networks import backwarp
from gif2video_training.tasks import Symmetry


def noise(seed: int = 1, side: int = 64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((2, 3, side, side), generator=generator) * 1.2 - 0.6


def blurred(x: torch.Tensor) -> torch.Tensor:
    return F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)


class LossTests(unittest.TestCase):
    def test_the_truth_costs_nothing_and_every_loss_has_a_slope(self):
        truth = noise()
        for loss in (laplacian_loss, census_loss, texture_loss):
            self.assertAlmostEqual(float(loss(truth, truth)), 0, places=6)
            estimate = (truth + 0.05 * noise(2)).requires_grad_()
            loss(estimate, truth).backward()
            self.assertTrue(torch.isfinite(estimate.grad).all())
            self.assertGreater(estimate.grad.abs().max(), 0)

    def test_a_constant_error_is_in_the_last_band_alone(self):
        truth = noise()
        self.assertAlmostEqual(float(laplacian_loss(truth + 0.1, truth)), 16 * 0.1, places=4)

    def test_census_looks_at_structure_and_not_at_light(self):
        truth = noise()
        self.assertLess(float(census_loss(truth + 0.1, truth)), 1e-6)
        self.assertGreater(float(census_loss(blurred(truth), truth)), 0.05)

    def test_texture_punishes_blur_and_not_another_grain(self):
        other, truth = noise(2), noise(1)
        self.assertLess(float(texture_loss(other, truth)), 0.3 * float(texture_loss(blurred(truth), truth)))
        self.assertLess(
            float(squared_loss(blurred(truth), truth, 0)), float(squared_loss(other, truth, 0)), "what taught to blur"
        )

    def test_oklab_chroma_of_known_colors(self):
        # Of OKLab: sRGB red has a 0.2249, b 0.1258; blue a -0.0325, b -0.3115; grays have none.
        colors = torch.tensor([[1.0, -1, -1], [-1, -1, 1], [0, 0, 0]]).T.reshape(1, 3, 1, 3)
        expected = torch.tensor([[0.2249, -0.0325, 0], [0.1258, -0.3115, 0]])
        self.assertLess(float((oklab_chroma(colors)[0, :, 0] - expected).abs().max()), 5e-3)

    def test_chroma_loss_punishes_gray_lips_and_not_light(self):
        truth = torch.full((1, 3, 32, 32), -0.1)
        truth[:, 0, :8, :8] = 0.6
        gray, lighter = truth.clone(), truth + 0.1
        gray[:, :, :8, :8] = truth[:, :, :8, :8].mean(1, keepdim=True)
        self.assertAlmostEqual(float(chroma_loss(truth, truth)), 1e-3, places=6)
        self.assertGreater(float(chroma_loss(gray, truth)), 5 * float(chroma_loss(lighter, truth)))
        black = torch.full((1, 3, 32, 32), -1.0, requires_grad=True)
        chroma_loss(black, truth).backward()
        self.assertTrue(torch.isfinite(black.grad).all())

    def test_a_configuration_weighs_losses_by_name(self):
        truth, estimate = noise(), blurred(noise())
        loss = picture_loss_of({"laplacian": 0.25, "squared": 2.0})
        with torch.autocast("cpu", torch.bfloat16):
            made = loss(estimate, truth, 0.5)
        self.assertAlmostEqual(
            float(made),
            float(0.25 * laplacian_loss(estimate, truth) + 2 * squared_loss(estimate, truth, 0.5)),
            places=5,
        )
        self.assertAlmostEqual(
            float(picture_loss_of("squared")(estimate, truth, 0.5)), float(squared_loss(estimate, truth, 0.5)), places=6
        )
        with self.assertRaisesRegex(ValueError, "laplacian"):
            picture_loss_of({"laplace": 1.0})

    def test_a_teacher_counts_where_it_is_right(self):
        flow, share = torch.zeros(1, 2, 8, 8), torch.full((1, 1, 8, 8), 0.5)
        said = torch.zeros(1, 6, 4, 4)
        said[:, 0], said[:, 4] = 3.0, 0.5
        error = torch.full((1, 1, 8, 8), 0.2)
        self.assertGreater(float(teacher_loss(flow, flow, share, error, said)), 0.5)
        wrong = said.clone()
        wrong[:, 5] = 0.3
        self.assertEqual(float(teacher_loss(flow, flow, share, error, wrong)), 0)
        self.assertEqual(float(teacher_loss(flow, flow, share, error, said * torch.nan)), 0)
        told = flow.clone()
        told[:, 0] = 3.0
        self.assertLess(float(teacher_loss(told, flow, share, error, said)), 0.02)


class SymmetryTests(unittest.TestCase):
    def test_vectors_turn_with_the_picture(self):
        rng = np.random.default_rng(1)
        image = rng.random((12, 12))
        flow = np.zeros((12, 12, 2))
        flow[..., 0], flow[..., 1] = 2, -1
        moved = np.roll(image, (1, -2), (0, 1))  # moved(p) = image(p + flow)
        for k in range(8):
            turn = Symmetry(bool(k & 1), bool(k & 2), bool(k & 4))
            a, b, turned = turn(image), turn(moved), turn.vectors(flow)
            dx, dy = (int(v) for v in turned[5, 5])
            self.assertEqual(b[5, 5], a[5 + dy, 5 + dx])


class SaturationTests(unittest.TestCase):
    def test_another_hue_costs_nothing_and_a_grayer_color_does(self):
        red = torch.tensor([0.6, -0.4, -0.4])[None, :, None, None].expand(1, 3, 8, 8)
        chroma = oklab_chroma(red).square().sum(1).sqrt().mean()
        # A green that is as colorful.
        shares = torch.linspace(0, 1, 201)
        greens = [torch.tensor([-0.4, -0.4 + float(x), -0.4])[None, :, None, None].expand(1, 3, 8, 8) for x in shares]
        green = min(greens, key=lambda x: float((oklab_chroma(x).square().sum(1).sqrt().mean() - chroma).abs()))
        gray = 0.7 * red + 0.3 * red.mean(1, keepdim=True)
        self.assertLess(float(saturation_loss(green, red)), 0.05 * float(saturation_loss(gray, red)))
        self.assertGreater(float(chroma_loss(green, red)), float(chroma_loss(gray, red)))

    def test_vivid_colors_weigh_more(self):
        def lost(saturation: float) -> float:
            color = saturation * torch.tensor([0.6, -0.3, -0.3])[None, :, None, None].expand(1, 3, 8, 8)
            gray = color.mean(1, keepdim=True).expand(1, 3, 8, 8)
            return float(saturation_loss(gray, color) / oklab_chroma(color).square().sum(1).sqrt().mean())

        self.assertGreater(lost(1), 2 * lost(0.1))

    def test_a_color_that_is_too_gray_costs_more_than_one_that_is_too_vivid(self):
        color = torch.tensor([0.5, -0.2, -0.2])[None, :, None, None].expand(1, 3, 8, 8)
        wanted = oklab_chroma(color).square().sum(1).sqrt()
        gray = color.mean(1, keepdim=True)

        def error(share: float) -> tuple[float, float]:
            other = gray + share * (color - gray)
            distance = (oklab_chroma(other).square().sum(1).sqrt() - wanted).abs().mean()
            return float(saturation_loss(other, color)), float(distance)

        (grayer, below), (stronger, above) = error(0.7), error(1.3)
        self.assertAlmostEqual(grayer / below / (stronger / above), GRAYER**0.5, delta=0.05)


class CubicTests(unittest.TestCase):
    def test_cubic_samples_keep_a_frame_sharper_between_pixels(self):
        y, x = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")

        def waves(shift: float) -> torch.Tensor:
            return torch.sin((x + shift) * 1.4)[None, None].expand(1, 3, -1, -1) * torch.cos(y / 3) * 0.8

        flow = torch.zeros(1, 2, 48, 48)
        torch.testing.assert_close(backwarp(waves(0), flow, cubic=True), waves(0), atol=1e-5, rtol=0)
        flow[:, 0] = 0.5
        inner = (slice(None), slice(None), slice(4, -4), slice(4, -4))
        errors = [(backwarp(waves(0), flow, cubic) - waves(0.5))[inner].abs().mean() for cubic in (False, True)]
        self.assertLess(float(errors[1]), 0.6 * float(errors[0]))
        loud = torch.sign(waves(0))
        self.assertLessEqual(float(backwarp(loud, flow, cubic=True).abs().max()), 1.0, "no color beyond the range")


class LookTests(unittest.TestCase):
    def test_soft_in_betweens_pulse(self):
        frames = ((noise(1, 48)[0] + 1) * 127.5).movedim(0, -1).to(torch.uint8).numpy()
        soft = ((blurred(noise(1, 48))[0] + 1) * 127.5).movedim(0, -1).to(torch.uint8).numpy()
        film = np.stack([frames, soft, frames, soft, frames])
        self.assertLess(perceptual.pulse(film, 2), 0.6)
        self.assertAlmostEqual(perceptual.pulse(np.stack([frames] * 5), 2), 1, places=5)
        self.assertLess(perceptual.sharpness(film, np.stack([frames] * 5)), 0.9)

    def test_vmaf_tells_a_soft_film_from_a_sharp_one(self):
        if perceptual.vmaf_program() is None:
            self.skipTest("no ffmpeg with libvmaf")
        y, x = np.mgrid[0:64, 0:64]
        film = np.stack([((np.sin((x + 2 * k) / 3) * np.sin(y / 4) + 1) * 120) for k in range(4)])
        film = np.repeat(film[..., None], 3, -1).astype(np.uint8)
        tensor = torch.from_numpy(film.copy()).movedim(-1, 1).float()
        soft = F.avg_pool2d(F.pad(tensor, (3, 3, 3, 3), mode="replicate"), 7, 1).movedim(1, -1).to(torch.uint8).numpy()
        same, worse = perceptual.vmaf(film, film), perceptual.vmaf(soft, film)
        self.assertEqual(len(same), 4)
        self.assertGreater(np.mean(same), np.mean(worse) + 20)


if __name__ == "__main__":
    unittest.main()
