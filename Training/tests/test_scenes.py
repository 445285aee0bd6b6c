"""Scenes whose every moment is known: the same by seed, exact in time, and fit to train on."""

import tempfile
import unittest
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from gif2video_training.color_pool import ColorPool
from gif2video_training.data import Source
from gif2video_training.motion_pool import MotionPool, PoolWriter
from gif2video_training.networks import backwarp
from gif2video_training.scenes import KINDS, Films, make_scene
from gif2video_training.scenes.color_pool import write_scene_color_pool
from gif2video_training.scenes.layers import (
    OVERSAMPLE,
    Film,
    Panned,
    Scene,
    Sprite,
    Stamp,
    Switched,
    premultiplied,
)
from gif2video_training.scenes.layers import (
    Path as Way,
)
from gif2video_training.scenes.pool import draw_any_maker, write_scene_pool
from gif2video_training.tasks import MotionTask

SIZE = (96, 80)


def plate(width: int, height: int, color: tuple[int, int, int], opacity: float = 1.0) -> np.ndarray:
    return premultiplied(np.full((height, width, 3), color, np.uint8), opacity)


def waves(side: int = 240) -> np.ndarray:
    y, x = np.mgrid[0:side, 0:side]
    return np.stack([128 + 90 * np.sin(x / 9 + y / 7 + k) for k in range(3)], -1).astype(np.uint8)


def ground(color: tuple[int, int, int] = (10, 20, 30)) -> Stamp:
    return Stamp(plate(*SIZE, color), Way((0, 0)))


class LayerTests(unittest.TestCase):
    def test_a_thing_is_where_its_path_says_between_the_frames_too(self):
        bar = Sprite(plate(8 * OVERSAMPLE, 8 * OVERSAMPLE, (255, 255, 255)), Way((20.0, 30.0), (10.0, 4.0)))
        scene = Scene("test", SIZE, (ground((0, 0, 0)), bar), 3, 8)
        y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
        for t in (0.0, 0.3, 1.0, 1.77):
            light = scene.picture(t)[..., 0].astype(float)
            middle = (light * x).sum() / light.sum(), (light * y).sum() / light.sum()
            self.assertAlmostEqual(middle[0], 20 + 10 * t, delta=0.05)
            self.assertAlmostEqual(middle[1], 30 + 4 * t, delta=0.05)

    def test_motion_by_parts_of_a_pixel_keeps_a_picture_as_sharp(self):
        scene = Scene("test", SIZE, (Panned(waves(), Way((100.0, 100.0), (3.3, 0.0))),), 5, 8)
        strengths = [np.abs(np.diff(scene.picture(k / 8).astype(float), axis=1)).mean() for k in range(9)]
        self.assertLess(max(strengths) / min(strengths), 1.03)

    def test_a_snapped_path_stays_on_whole_pixels(self):
        drawn = plate(5, 5, (200, 0, 0))
        scene = Scene("test", SIZE, (ground(), Stamp(drawn, Way((3, 4), (2.5, 0), snap=True))), 3, 8)
        for t in (0.1, 0.5, 0.9):
            self.assertEqual(set(np.unique(scene.picture(t)[..., 0])), {10, 200})

    def test_what_changes_at_once_changes_with_the_frame_that_shows_it(self):
        states = tuple((float(k), Stamp(plate(9, 9, (50 * k + 50, 0, 0)), Way((0, 0)))) for k in range(3))
        scene = Scene("test", SIZE, (ground(), Switched(states)), 3, 8)
        seen = [int(scene.picture(t)[4, 4, 0]) for t in (0, 0.5, 0.99, 1, 1.9, 2)]
        self.assertEqual(seen, [50, 50, 50, 100, 100, 150])
        self.assertTrue(scene.ordered)
        self.assertFalse(scene.standing(0, 1)[4, 4])
        self.assertTrue(scene.standing(0, 0.9)[4, 4])

    def test_a_film_has_no_moments_but_its_frames(self):
        frames = np.stack([np.full((*SIZE[::-1], 3), 10 * k, np.uint8) for k in range(9)])
        scene = Scene("test", SIZE, (Film(frames, 4),), 3, 4)
        self.assertEqual(int(scene.picture(1.25)[0, 0, 0]), 50)
        with self.assertRaises(ValueError):
            scene.picture(0.1)

    def test_what_stands_over_something_that_moves_is_told_apart(self):
        frames = np.stack([np.full((*SIZE[::-1], 3), 10 * k, np.uint8) for k in range(9)])
        caption = Stamp(plate(20, 10, (255, 255, 255)), Way((5, 5)))
        glass = Stamp(plate(20, 10, (255, 255, 255), 0.5), Way((40, 5)))
        mover = Sprite(plate(12, 12, (0, 99, 0)), Way((10.0, 10.0), (4.0, 0.0)))
        scene = Scene("test", SIZE, (Film(frames, 4), caption, glass, mover), 3, 4)
        stands = scene.standing(0, 1)
        np.testing.assert_array_equal(stands, scene.overlay(0, 1))
        self.assertTrue(stands[5, 24])
        self.assertFalse(stands[10, 10], "the mover passes in front of it")
        self.assertFalse(stands[8, 50], "the film shows through")
        self.assertFalse(stands[60, 60])
        still = Scene("test", SIZE, (ground(), caption), 3, 4)
        self.assertTrue(still.standing(0, 1).all())
        self.assertFalse(still.overlay(0, 1).any())


class SceneTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        Image.fromarray(waves(400)).save(self.folder / "waves.png")
        self.films = Films([Source(self.folder / "waves.png", "photo", False, 0, 0)])

    def test_every_kind_is_the_same_by_seed_and_moves(self):
        for kind in KINDS:
            with self.subTest(kind):
                films = [make_scene(kind, seed, SIZE, self.films).film(2) for seed in (1, 1, 2)]
                self.assertEqual(films[0].shape, (9, SIZE[1], SIZE[0], 3))
                np.testing.assert_array_equal(films[0], films[1])
                self.assertFalse(np.array_equal(films[0], films[2]))
                moving = [make_scene(kind, seed, SIZE, self.films) for seed in range(6)]
                self.assertTrue(any(not np.array_equal(scene.picture(0), scene.picture(3)) for scene in moving))

    def test_scenes_need_no_data(self):
        for kind in KINDS:
            self.assertGreater(make_scene(kind, 3, SIZE, Films([])).picture(0.5).std(), 0, kind)

    def test_the_speed_that_is_asked_for_is_that_of_the_ground(self):
        scene = make_scene("caption", 4, SIZE, self.films, speed=8.0)
        way = scene.layers[0].path
        shown = np.hypot(*way.velocity) * way.scale(0)
        self.assertAlmostEqual(shown, 8.0, places=5)

    def test_an_unknown_kind_is_refused_with_those_that_there_are(self):
        with self.assertRaisesRegex(ValueError, "caption"):
            make_scene("opera", 1, SIZE, self.films)

    def test_a_pool_holds_what_the_scenes_show(self):
        # No networks: every sample stays clean, as a GIF of few colors does.
        class Nothing(dict):
            def __getitem__(self, name):
                return lambda gif, *_: gif

        write_scene_pool(self.folder / "pool", self.films, 6, 64, Nothing(), 3)
        pool = MotionPool(self.folder / "pool")
        self.assertEqual(pool.frames.shape, (6, 5, 64, 64, 3))
        self.assertTrue(((pool.time > 0) & (pool.time < 1)).all())
        self.assertEqual(pool.ordered.dtype, bool)
        self.assertTrue(any(not np.array_equal(five[0], five[1]) for five in pool.frames))

    def test_a_color_pool_holds_scenes_with_few_colors_and_art_without_loss(self):
        with tempfile.TemporaryDirectory() as name:
            write_scene_color_pool(Path(name), Films([]), 12, "none", (16, 32), seed=5)
            pool = ColorPool(Path(name))
            kinds = {sample.source.split()[0] for sample in pool.samples}
            for slot, sample in enumerate(pool.samples):
                same = (pool.frames(slot)[1] == pool.truth[slot, 1]).all()
                self.assertEqual(bool(same), sample.maker == "flat", sample)
                self.assertFalse(sample.dithered)
        self.assertIn("gradient", kinds)
        self.assertTrue(any(sample.maker == "flat" for sample in pool.samples))

    def test_a_batch_turns_a_teacher_with_its_sample_and_keeps_the_order_of_what_has_one(self):
        folder, side = self.folder / "pool", 64
        writer = PoolWriter(folder, 2, side)
        rng = np.random.default_rng(1)
        wide = cv2.GaussianBlur(rng.integers(0, 256, (side, side + 40, 3)).astype(np.uint8), (0, 0), 2)
        # A picture that moves to the left by 8 pixels; i0 is seen 2 to the right of t = 1/4, i1 6 to the left.
        frames = {k: wide[:, 16 + k : 16 + k + side] for k in (0, 2, 8)}
        for slot, ordered in ((0, True), (1, False)):
            writer.put(slot, [frames[k] for k in (0, 8, 0, 8, 2)], 0.25, ordered)
        writer.close()
        answer = np.zeros((2, 6, side // 2, side // 2), np.float16)
        answer[:, 0], answer[:, 2], answer[:, 4] = 2, -6, 0.9
        np.save(folder / "teacher.npy", answer)
        training = {"patch": 48, "batch": 1, "loss": "squared", "gradient_weight": 0, "teacher_weight": 1.0}
        task = MotionTask({"training": training}, [folder], None, torch.device("cpu"))
        orders, rng = {0: set(), 1: set()}, np.random.default_rng(2)
        draw = task.pools[0].ordered
        for _ in range(60):
            batch = task.batch(rng)
            time = float(batch["time"])
            orders[0 if time == 0.25 else 1].add(time)
            teacher = torch.nn.functional.interpolate(batch["teacher"], scale_factor=2.0, mode="nearest")
            self.assertAlmostEqual(float(teacher[:, 4].mean()), 0.9 if time == 0.25 else 0.1, places=3)
            for name, at in (("i0", 0), ("i1", 2)):
                moved = backwarp(batch[name], teacher[:, at : at + 2])
                inner = (slice(None), slice(None), slice(8, -8), slice(8, -8))
                self.assertLess(float((moved - batch["truth"])[inner].abs().max()), 0.02)
        self.assertTrue(orders[0] and orders[1], "what has no order is seen in both")
        draw[:] = True
        self.assertEqual({float(task.batch(rng)["time"]) for _ in range(30)}, {0.25})

    def test_few_colors_mostly_stay_as_they_are(self):
        rng = np.random.default_rng(1)
        pair = np.zeros((2, 32, 32, 3), np.uint8)
        kept = np.mean([draw_any_maker(rng, pair) is None for _ in range(400)])
        rich = rng.integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
        self.assertGreater(kept, 0.65)
        drawn = [draw_any_maker(rng, rich) for _ in range(400)]
        self.assertLess(np.mean([each is None for each in drawn]), 0.35)
        tools = {each[0].split("-")[0] for each in drawn if each}
        self.assertEqual(tools, {"pillow", "ffmpeg", "gifsicle", "imagemagick", "imagequant"})


if __name__ == "__main__":
    unittest.main()
