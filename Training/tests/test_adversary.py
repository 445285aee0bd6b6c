"""The discriminator beside a color network, and trainings with one."""

import copy
import tempfile
import unittest
from pathlib import Path

import torch

from gif2video_training.adversary import EARLIER, Adversary
from gif2video_training.losses import squared_loss
from gif2video_training.networks import differences
from gif2video_training.tasks import ColorTask
from gif2video_training.train import Trainer, run
from tests.test_training import CONFIG, make_pool, trained_twice

DEVICE = torch.device("cpu")
SETTINGS = {"weight": 0.01, "width": 8, "rate": 4e-3}


def pictures(count: int, noise: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Frames of a GIF, and pictures that lie as far from them as `noise` says, [count, 3, 32, 32]."""
    gif = torch.rand(count, 3, 1, 1).expand(-1, -1, 32, 32) * 2 - 1
    return gif.contiguous(), (gif + noise * torch.randn(count, 3, 32, 32)).clamp(-1, 1)


class AdversaryTests(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)

    def test_differences_are_those_of_neighbors(self):
        x = torch.tensor([[0.0, 1.0, 3.0], [5.0, 5.0, 4.0]])[None, None]
        expected = [[[1, 2, 0], [0, -1, 0]], [[5, 4, 1], [0, 0, 0]]]
        self.assertTrue(torch.equal(torch.cat(differences(x), 1)[0], torch.tensor(expected, dtype=torch.float32)))

    def test_it_learns_to_tell_restored_pictures_from_originals(self):
        adversary = Adversary(SETTINGS, DEVICE)
        for _ in range(200):
            gif, original = pictures(6, 0.3)
            loss = adversary.learn(gif, gif, original)
        self.assertLess(loss, 0.2)
        gif, original = pictures(6, 0.3)
        self.assertGreater(adversary.logits(gif, original).mean(), adversary.logits(gif, gif).mean() + 1)

    def test_its_loss_pulls_the_pictures_as_hard_as_the_squared_loss_and_leaves_the_discriminator(self):
        adversary = Adversary(SETTINGS, DEVICE)
        gif, picture = pictures(2, 0.1)
        truth = gif + 0.05
        picture.requires_grad_(True)
        adversary.generator_loss(gif, picture, truth).backward()
        pull, picture.grad = picture.grad, None
        squared_loss(picture, truth, 0).backward()
        self.assertAlmostEqual(float(pull.norm()), float(picture.grad.norm()), places=6)
        self.assertGreater(float(pull.norm()), 0)
        self.assertTrue(all(weight.grad is None for weight in adversary.discriminator.parameters()))

    def test_its_loss_makes_pictures_pass_for_originals(self):
        adversary = Adversary(SETTINGS, DEVICE)
        for _ in range(150):
            gif, original = pictures(6, 0.3)
            adversary.learn(gif, gif, original)
        gif, original = pictures(2, 0.3)
        picture = gif.clone().requires_grad_(True)
        before = float(adversary.logits(gif, picture).mean())
        for _ in range(40):
            (pull,) = torch.autograd.grad(adversary.generator_loss(gif, picture, original), picture)
            picture = (picture - 20 * pull).detach().requires_grad_(True)
        self.assertGreater(float(adversary.logits(gif, picture).mean()), before + 0.5)

    def test_it_keeps_a_limited_number_of_earlier_pictures(self):
        adversary = Adversary(SETTINGS, DEVICE)
        for _ in range(EARLIER // 6 + 3):
            gif, original = pictures(6, 0.3)
            adversary.learn(gif, gif, original)
        self.assertEqual(len(adversary.earlier), EARLIER)


class AdversarialTrainingTests(unittest.TestCase):
    CONFIG = copy.deepcopy(CONFIG)
    CONFIG["training"]["adversarial"] = SETTINGS

    def test_a_resumed_run_is_the_uninterrupted_one(self):
        whole, second = trained_twice(self.CONFIG, 8, 3)
        networks = (whole.network, second.network), (whole.adversary.discriminator, second.adversary.discriminator)
        for one, other in networks:
            for key, value in one.state_dict().items():
                self.assertTrue(torch.equal(value, other.state_dict()[key]), key)

    def test_a_run_without_a_discriminator_goes_on_with_one(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            pool = make_pool(folder)
            run(Trainer(CONFIG, ColorTask(CONFIG, [pool], None, DEVICE), 3, DEVICE), folder / "plain", 2, None, 1e9)
            trainer = Trainer(self.CONFIG, ColorTask(self.CONFIG, [pool], None, DEVICE), 3, DEVICE)
            trainer.start_from(folder / "plain/checkpoint.pt")
            before = copy.deepcopy(trainer.adversary.discriminator.state_dict())
            trainer.advance(0)
            after = trainer.adversary.discriminator.state_dict()
            self.assertTrue(any(not torch.equal(value, after[key]) for key, value in before.items()))


if __name__ == "__main__":
    unittest.main()
