"""Resuming, exporting and the motion model's arithmetic."""

import copy
import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

from gif2video_training.cards import THRESHOLDS, Card
from gif2video_training.color_pool import MAKER_WEIGHTS, RUN, ColorPool, write_color_pool
from gif2video_training.data import find_sources
from gif2video_training.export import blended, described, load_model, packed, reconfigured
from gif2video_training.losses import SQUARED_FLOOR
from gif2video_training.model_header import read_model
from gif2video_training.networks import CCDNet, DitherClassifier, SuperSlomo, backwarp
from gif2video_training.tasks import ColorTask, MotionTask, draw_channels
from gif2video_training.train import Muon, Trainer, make_optimizers, run

UNET = {"unet": "shuffle", "in": 4, "out": 3, "widths": [4, 6], "slope": 0.1}
CONFIGS = Path(__file__).resolve().parents[1] / "configs"
CONFIG = {
    "architecture": "ccdnet",
    "model": {
        "first": UNET, "inputs": ["gif", "radius"],
        "step": UNET | {"in": 13, "widths": [4]}, "step_inputs": ["estimate", "gif", "nearest", "error", "radius"],
        "steps": 2, "residual": True,
    },
    "training": {
        "patch": 32, "batch": 2, "rate": 1e-3, "warmup": 2, "weight_decay": 1e-4, "ema": 0.9, "clip": 1.0,
        "float32_share": 0.2, "loss": "relative", "gradient_weight": 0.5, "supervision": 0.5, "zero": ["first", "step"],
        "alone": 0.2,
    },
}  # fmt: skip


def make_pool(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:160, 0:200]
    for number in range(2):
        waves = np.stack([np.sin(x / 19 + y / 17 + k + number) for k in range(3)], -1)
        pixels = (128 + 90 * waves + rng.normal(0, 4, waves.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"photo_{number}.png")
    sources, makers = find_sources(folder), list(MAKER_WEIGHTS)
    write_color_pool(folder / "pool", sources, folder / "cache", 6, "any", makers, (16, 64), True, None, 1)
    return folder / "pool"


def first_frames(batch: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """A network's inputs of the runs' first frames alone."""
    return [batch[name][:, 0] for name in ("gif", "radius", "palette", "count")]


class NeighborTests(unittest.TestCase):
    INPUTS = ["gif", "radius", "before", "after", "past", "cell"]
    CONFIG = {**CONFIG, "model": {**CONFIG["model"], "first": UNET | {"in": 19}, "inputs": INPUTS}}
    CONFIG["training"] = CONFIG["training"] | {"batch": 4}

    def test_new_inputs_start_at_zero(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            pool = make_pool(folder)
            device = torch.device("cpu")
            plain = Trainer(CONFIG, ColorTask(CONFIG, [pool], None, device), 3, device)
            run(plain, folder / "plain", 3, None, 1e9)
            task = ColorTask(self.CONFIG, [pool], pool, device)
            wide = Trainer(self.CONFIG, task, 4, device)
            wide.start_from(folder / "plain/checkpoint.pt")
            plain.network.load_state_dict(plain.average.state)
            batch = task.batch(np.random.default_rng(5))
            inputs = first_frames(batch)
            after, past, cell = batch["gif"][:, 1], batch["truth"][:, 0], batch["cell"][:, 0]
            self.assertGreater(cell.min(), 0)
            self.assertGreater((after - batch["gif"][:, 0]).abs().max(), 0)
            with torch.no_grad():
                seen = wide.network(*inputs, None, after, past, cell)
                self.assertTrue(torch.allclose(plain.network(*inputs), seen, atol=1e-6))
            run(wide, folder / "wide", 3, None, 1e9)
            with torch.no_grad():
                alone = wide.network(*inputs, None, None, None, cell)
                for others in ((None, after, None, cell), (None, None, past, cell), (None, None, None, 0 * cell)):
                    self.assertFalse(torch.allclose(alone, wide.network(*inputs, *others), atol=1e-6))

    def test_a_run_hands_on_what_became_of_its_frames(self):
        with tempfile.TemporaryDirectory() as name:
            task = ColorTask(self.CONFIG, [make_pool(Path(name))], None, torch.device("cpu"))
            trainer = Trainer(self.CONFIG, task, 3, torch.device("cpu"))
            run(trainer, Path(name) / "run", 3, None, 1e9)
            batch = task.batch(np.random.default_rng(5)) | {"after": torch.tensor([True, False, True, False])}
            gif = batch["gif"]
            with torch.no_grad():
                made = [estimates[-1] for estimates in task.restored(trainer.network, batch)]
                self.assertEqual(len(made), RUN - 1)
                told = [batch[name][:, 1] for name in ("gif", "radius", "palette", "count")]
                after = torch.stack([gif[0, 2], gif[1, 1], gif[2, 2], gif[3, 1]])
                alone = trainer.network(*told, gif[:, 0], after, made[0], batch["cell"][:, 1])
            torch.testing.assert_close(made[1], alone, atol=1e-6, rtol=0)

    def test_errors_that_stay_do_not_flicker(self):
        config = copy.deepcopy(self.CONFIG)
        config["training"] |= {"loss": "absolute", "gradient_weight": 0, "temporal_weight": 0.5}
        with tempfile.TemporaryDirectory() as name:
            task = ColorTask(config, [make_pool(Path(name))], None, torch.device("cpu"))
            batch = task.batch(np.random.default_rng(5))

        class Told:
            """Says the truth but for an error in each frame."""

            def __init__(self, errors: list[float]):
                self.left = [batch["truth"][:, k] + error for k, error in enumerate(errors)]

            def estimates(self, *_) -> list[torch.Tensor]:
                return [self.left.pop(0)]

        frames = RUN - 1
        part = 0.5 * (frames - 1) / frames
        still = part * SQUARED_FLOOR**0.5
        self.assertAlmostEqual(float(task.loss(Told([0.1] * frames), batch)), 0.1 + still, places=5)
        blinking = [0.1 * (-1) ** k for k in range(frames)]
        moved = part * (0.2**2 + SQUARED_FLOOR) ** 0.5
        self.assertAlmostEqual(float(task.loss(Told(blinking), batch)), 0.1 + moved, places=5)

    def test_channels_change_places_as_often_as_the_configuration_says(self):
        for share, count in ((0, 1), (1, 6)):
            orders = {
                tuple(draw_channels(np.random.default_rng(seed), {"permuted": share})) for seed in range(40)
            }
            self.assertEqual(len(orders), count)
            self.assertIn((0, 1, 2), orders)

    def test_a_wider_network_starts_as_the_same_function(self):
        wider = copy.deepcopy(self.CONFIG)
        wider["model"]["first"]["widths"], wider["model"]["step"]["widths"] = [9, 14], [8]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            task = ColorTask(self.CONFIG, [make_pool(folder)], None, torch.device("cpu"))
            small, large = (Trainer(config, task, 4, torch.device("cpu")) for config in (self.CONFIG, wider))
            run(small, folder / "small", 3, None, 1e9)
            large.start_from(folder / "small/checkpoint.pt")
            small.network.load_state_dict(small.average.state)
            batch = task.batch(np.random.default_rng(5))
            inputs = [*first_frames(batch), None, None, None, batch["cell"][:, 0]]
            with torch.no_grad():
                self.assertGreater((small.network(*inputs) - inputs[0]).abs().max(), 1e-4)
                self.assertTrue(torch.allclose(small.network(*inputs), large.network(*inputs), atol=1e-5))
            run(large, folder / "large", 1, None, 1e9)
            weight = large.network.first.stem[1].weight
            self.assertGreater((weight[:4] - weight[4:8]).abs().max(), 1e-3)

    def test_a_model_file_is_a_start(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            task = ColorTask(self.CONFIG, [make_pool(folder)], None, torch.device("cpu"))
            first, second = (Trainer(self.CONFIG, task, seed, torch.device("cpu")) for seed in (3, 4))
            run(first, folder / "first", 2, None, 1e9)
            metadata = {"architecture": "ccdnet", "name": "first"}
            thresholds = {name: {"value": 0.25, "unit": "test"} for name in THRESHOLDS["ccdnet"]}
            known = Card(thresholds, [{"steps": 2, "start": "random weights"}])
            described(packed(first.network, False), metadata, known, None).write(folder / "model.safetensors")
            second.start_from(folder / "model.safetensors")
            for key, value in first.network.state_dict().items():
                self.assertTrue(torch.equal(value, second.network.state_dict()[key]), key)

    def test_a_pools_frames_are_those_of_its_film(self):
        with tempfile.TemporaryDirectory() as name:
            pool = ColorPool(make_pool(Path(name)))
            for slot, sample in enumerate(pool.samples):
                frames = pool.frames(slot)
                self.assertEqual([frame.shape for frame in frames], [(sample.height, sample.width, 3)] * RUN)
                truths = pool.truth[slot, :, : sample.height, : sample.width].astype(int)
                for k, truth in enumerate(truths):
                    errors = [abs(frame - truth).mean() for frame in frames]
                    self.assertLess(errors[k], min(errors) + 1)


class MuonTests(unittest.TestCase):
    def test_updates_are_orthogonal(self):
        torch.manual_seed(1)
        for shape in ((8, 20), (20, 8), (8, 8)):
            values = torch.linalg.svdvals(Muon.orthogonal(torch.randn(shape) * 1e-3))
            self.assertGreater(float(values.min()), 0.3)
            self.assertLess(float(values.max()), 1.3)

    def test_every_weight_has_one_optimizer(self):
        network = CCDNet(CONFIG["model"])
        optimizers = make_optimizers(network, CONFIG["training"] | {"optimizer": "muon"})
        seen = [id(tensor) for each in optimizers for group in each.param_groups for tensor in group["params"]]
        self.assertEqual(sorted(seen), sorted(id(tensor) for tensor in network.parameters()))
        names = {id(tensor): name for name, tensor in network.named_parameters()}
        kernels = [names[id(tensor)] for tensor in optimizers[1].param_groups[0]["params"]]
        self.assertTrue(kernels)
        self.assertTrue(all(name.endswith("weight") for name in kernels))


def trained_twice(config: dict, steps: int, first_steps: int) -> tuple[Trainer, Trainer]:
    """Two trainings of a color network: an uninterrupted one, and one that was resumed after its first steps."""
    with tempfile.TemporaryDirectory() as name:
        folder, device = Path(name), torch.device("cpu")
        pool = make_pool(folder)

        def trainer() -> Trainer:
            return Trainer(config, ColorTask(config, [pool], None, device), 3, device)

        whole = trainer()
        run(whole, folder / "whole", steps, None, 1e9)
        first = trainer()
        for step in range(first_steps):
            first.advance(step / steps)
        first.save(folder / "checkpoint.pt")
        second = trainer()
        second.load(folder / "checkpoint.pt")
        run(second, folder / "second", steps, None, 1e9)
        return whole, second


class ResumeTests(unittest.TestCase):
    def test_a_resumed_run_is_the_uninterrupted_one(self):
        whole, second = trained_twice(CONFIG, 10, 4)
        for key, value in whole.network.state_dict().items():
            self.assertTrue(torch.equal(value, second.network.state_dict()[key]), key)
            self.assertTrue(torch.equal(whole.average.state[key], second.average.state[key]), key)


class ExportTests(unittest.TestCase):
    def test_a_model_file_computes_what_was_trained(self):
        torch.manual_seed(1)
        config = {"widths": [4, 6], "strides": [2, 1], "slope": 0.2}
        network = DitherClassifier(config)
        picture, radius = torch.rand(3, 3, 20, 21) * 2 - 1, torch.rand(3, 1, 20, 21)
        network.train()
        network(picture, radius)
        network.eval()
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "model.safetensors"
            metadata = {
                "architecture": "dither-classifier",
                "config": '{"widths": [4, 6], "strides": [2, 1], "slope": 0.2}',
                "name": "small-live", "profile": "live",
            }  # fmt: skip
            known = Card({"dithered_logit": {"value": 1.5, "unit": "logit"}})
            described(packed(network, half=False), metadata, known, None).write(path)
            loaded, _ = load_model(path)
            torch.testing.assert_close(loaded(picture, radius), network(picture, radius), atol=1e-5, rtol=1e-5)
            reconfigured(read_model(path), {"weighted": False}).write(path)
            again, _ = load_model(path)
            self.assertEqual(again.config, config | {"weighted": False})
            torch.testing.assert_close(again(picture, radius), loaded(picture, radius))
            changed = reconfigured(read_model(path), {}, "quality").metadata
            self.assertEqual([changed[key] for key in ("name", "profile")], ["small-quality", "quality"])

    def test_blended_weights_lie_between_those_of_the_training_and_of_its_start(self):
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "start.safetensors"
            torch.manual_seed(1)
            start = {"a": torch.randn(3, 4), "b": torch.randn(5)}
            average = {"a": torch.randn(3, 4), "b": torch.randn(5)}
            save_file(start, file)
            mixed = blended(average, file, 0.25)
            for key in start:
                torch.testing.assert_close(mixed[key], 0.75 * average[key] + 0.25 * start[key])
            with self.assertRaisesRegex(SystemExit, "not a file of this network"):
                blended(average | {"c": torch.ones(1)}, file, 0.25)


LARGE = {"large_motion_from": 4, "large_motion_to": 8, "large_motion_share": 0.01}


class MotionTests(unittest.TestCase):
    def test_backwarp_shifts_by_whole_pixels(self):
        picture = torch.rand(1, 3, 8, 9)
        flow = torch.zeros(1, 2, 8, 9)
        flow[:, 0] = 2
        moved = backwarp(picture, flow)
        torch.testing.assert_close(moved[..., :-2], picture[..., 2:], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(moved[..., -1], picture[..., -1], atol=1e-5, rtol=1e-5)

    def test_views_correct_flows_and_go_no_further_than_they_may(self):
        unet = {"unet": "shuffle", "in": 6, "out": 4, "widths": [8, 12], "slope": 0.1}
        config = {"flow": unet, "refine": unet | {"in": 16, "out": 5}, "max_flow": 8, "residual": True, "views": True}
        network = SuperSlomo(config, {"view_error": 0.02, "view_reach": 3})
        picture = F.interpolate(torch.rand(1, 3, 8, 9) * 2 - 1, size=(40, 45), mode="bilinear")
        a, b = picture[..., 2:, 3:], picture[..., :-2, :-3]
        truth = (torch.tensor([3.0, 2.0]) / 8)[None, :, None, None].expand(1, 2, *a.shape[-2:])
        # Seen as it is 2 pixels too far to the right; right wherever else it is looked at, which is the more often.
        wrong = truth + torch.tensor([0.25, 0.0])[None, :, None, None]
        answers = []

        def view_flows(g0, g1):
            horizontal, vertical, backwards = network.VIEWS[len(answers) - 1] if answers else (False, False, False)
            sign = torch.tensor([-1.0 if horizontal else 1.0, -1.0 if vertical else 1.0])[None, :, None, None]
            f01 = (truth if answers else wrong) * sign * (-1 if backwards else 1)
            answers.append(torch.equal(g0 if not backwards else g1, a.flip([-1] * horizontal + [-2] * vertical)))
            return f01, -f01

        network.view_flows = view_flows
        f01, f10 = network.flows(a, b)
        self.assertEqual(answers, [True] * 4)
        inner = (..., slice(6, -6), slice(6, -6))
        for flow, sign in ((f01, 1), (f10, -1)):
            self.assertLess(float((flow - sign * truth)[inner].abs().mean()), 0.5 * 0.25 / 2)
        network.thresholds["view_reach"] = 0.5
        answers.clear()
        self.assertLessEqual(float((network.flows(a, b)[0] - wrong).abs().max()), 0.5 / 8 + 1e-6)

    def test_coarse_flows_find_what_is_large_and_nothing_else(self):
        unet = {"unet": "shuffle", "in": 6, "out": 4, "widths": [4, 4], "slope": 0.1}
        config = {"flow": unet, "refine": unet | {"in": 16, "out": 5}, "max_flow": 8, "residual": True, "coarse": True}
        network = SuperSlomo(config, LARGE)
        torch.nn.init.zeros_(network.flow.outc.weight)
        a, b = torch.rand(1, 3, 21, 30), torch.rand(1, 3, 21, 30)
        for pixels, is_large in ((0.5, False), (3, True)):
            # The network sees such a motion everywhere, on whole frames and on small ones.
            torch.nn.init.constant_(network.flow.outc.bias, np.arctanh(pixels / 8))
            found = network.coarse_flows(a, b)
            self.assertEqual(found[2].tolist(), [is_large])
            if is_large:
                torch.testing.assert_close(found[0], torch.full((1, 2, 21, 30), 4 * pixels / 8))
            expected = (5 if is_large else 1) * pixels / 8
            torch.testing.assert_close(network.flows(a, b)[1], torch.full((1, 2, 21, 30), expected))

    def test_a_projected_flow_is_that_of_what_passes_at_its_time(self):
        unet = {"unet": "shuffle", "in": 6, "out": 4, "widths": [4, 4], "slope": 0.1}
        config = {"flow": unet, "refine": unet | {"in": 16, "out": 5}, "max_flow": 80, "residual": True, "projected": True}
        network = SuperSlomo(config, {"projection_error": 0.05})
        # A white square moves by 40 pixels; the flows know it, and know nothing of the ground that is covered.
        first, second = torch.zeros(1, 3, 48, 96), torch.zeros(1, 3, 48, 96)
        first[..., 16:32, 8:24] = second[..., 16:32, 48:64] = 1
        f01, f10 = torch.zeros(1, 2, 48, 96), torch.zeros(1, 2, 48, 96)
        f01[:, 0, 16:32, 8:24], f10[:, 0, 16:32, 48:64] = 0.5, -0.5
        for t in (0.25, 0.5):
            flow = network.projected_flow(first, second, f01, f10, t) * 80
            left = 8 + int(40 * t)
            self.assertGreater(float(flow[0, 0, 20:28, left + 4 : left + 12].min()), 19.9)
            self.assertEqual(float(flow[..., 34:, :].abs().max()), 0)
        lost = network.projected_flow(first, 1 - second, f01, f10, 0.5) * 80
        self.assertLess(float(lost[0, 0, 20:28, 32:40].abs().max()), 1)

    def test_a_batch_finds_large_motion_pair_by_pair(self):
        config = json.loads((CONFIGS / "superslomo-live-coarse.json").read_text())
        config["model"]["flow"]["widths"] = config["model"]["refine"]["widths"] = [4, 4]
        torch.manual_seed(3)
        network = SuperSlomo(config["model"], LARGE)
        task = MotionTask(config, [], None, torch.device("cpu"))
        # Noise, in which the network finds what it likes, and nothing at all.
        g0, g1 = torch.rand(2, 3, 48, 40), torch.rand(2, 3, 48, 40)
        g0[1], g1[1] = 0, 0
        with torch.no_grad():
            network.flow.outc.weight.mul_(20)
            for bias in (tensor for tensor in network.flow.parameters() if tensor.dim() == 1):
                bias.zero_()
            f01, f10 = network.flows(g0, g1)
            found = [bool(network.coarse_flows(*pair)[2]) for pair in zip(g0.split(1), g1.split(1))]
            for n in range(2):
                a, b = network.flows(g0[n : n + 1], g1[n : n + 1])
                torch.testing.assert_close((f01[n], f10[n]), (a[0], b[0]), atol=1e-3, rtol=0)
        self.assertEqual(found, [True, False])
        batch = {name: torch.rand(2, 3, 48, 40) for name in ("g0", "g1", "i0", "i1", "truth")}
        batch["time"] = torch.tensor([0.25, 0.5])[:, None, None, None]
        task.loss(network, batch).backward()
        self.assertTrue(all(parameter.grad.isfinite().all() for parameter in network.parameters()))

    def test_zero_networks_blend(self):
        unet = {"unet": "shuffle", "in": 6, "out": 4, "widths": [4, 4], "slope": 0.1}
        network = SuperSlomo({"flow": unet, "refine": unet | {"in": 16, "out": 5}, "max_flow": 8, "residual": True})
        for net in (network.flow, network.refine):
            torch.nn.init.zeros_(net.outc.weight)
            torch.nn.init.zeros_(net.outc.bias)
        a, b = torch.rand(1, 3, 10, 12), torch.rand(1, 3, 10, 12)
        torch.testing.assert_close(network(a, b, a, b, 0.25), 0.75 * a + 0.25 * b, atol=1e-5, rtol=1e-5)


if __name__ == "__main__":
    unittest.main()
