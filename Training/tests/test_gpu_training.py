"""Training on a GPU, as far as a CPU can test it: the package, the loader, the jobs, a rehearsal from end to end."""

import contextlib
import io
import json
import os
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import numpy as np
import torch

from gif2video_training.catalogue import MAKERS
from gif2video_training.color_pool import RUN, SIDE, ColorPool, PoolWriter
from gif2video_training.data import Source, center_crop, load_frames
from gif2video_training.export import load_model
from gif2video_training.flat_pool import Scene, without_loss
from gif2video_training.gpu import jobs, pack, rehearse
from gif2video_training.gpu.color_task import ColorSource, StreamedColorTask
from gif2video_training.gpu.device_makers import finished
from gif2video_training.gpu.film_store import FilmStore, decoded_clip
from gif2video_training.gpu.jobs import JOBS, read_jobs
from gif2video_training.gpu.motion_task import MotionSource, StreamedMotionTask
from gif2video_training.gpu.package import Entry, Package, write_package
from gif2video_training.gpu.recipes import RECIPES, prepared
from gif2video_training.gpu.results import FILES, LARGEST, Results
from gif2video_training.gpu.roofline import multiply_adds_per_pixel
from gif2video_training.gpu.session import restoring_networks
from gif2video_training.gpu.stream import Stream
from gif2video_training.gpu.synthetic import film
from gif2video_training.gpu.wild import tools_here, wild_bytes, wild_pools, wild_runs
from gif2video_training.gpu.windows import ColorWindows, MotionWindows, Places, channel_orders
from gif2video_training.makers import GIFFrame, cell_table, radius_table
from gif2video_training.metrics import psnr
from gif2video_training.motion_pool import restore
from gif2video_training.train import Trainer

CPU = torch.device("cpu")
MODELS = jobs.TRAINING.parent / "Models/quality"


def pixels(tensor: torch.Tensor) -> np.ndarray:
    """[..., 3, H, W] in [-1, 1] as uint8 [..., H, W, 3]."""
    return ((tensor.movedim(-3, -1) + 1) * 127.5).round().to(torch.uint8).numpy()


def packed(folder: Path, limit: int = pack.PACKAGE_LIMIT) -> Path:
    """A package of drawn data below `folder`."""
    with contextlib.redirect_stdout(io.StringIO()):
        data = rehearse.draw_data(folder / "data")
        pack.pack(data, folder / "data/val", folder / "package.tar", limit, 1, runs=16)
    return folder / "package.tar"


class PackageTests(unittest.TestCase):
    def test_the_same_sources_make_the_same_bytes_and_their_frames_come_back(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            first = packed(folder / "one").read_bytes()
            self.assertEqual(first, packed(folder / "two").read_bytes())
            store = FilmStore(Package(folder / "one/package.tar").files(), 2)
            self.assertEqual([source.name for source in store.sources], ["face_one", "photo_four", "sports_two"])
            self.assertEqual([source.name for source in store.validation], ["face_three"])
            self.assertEqual([source.kind for source in store.sources], ["face", "photo", "sports"])
            self.assertEqual([source.fps for source in store.sources], [25, 0, 25])
            for source, seed, least in ((store.sources[0], 0, 30), (store.validation[0], 2, 33)):
                truth = film(20, 256, 272, seed)
                truth = center_crop(truth, SIDE) if source in store.validation else truth
                self.assertEqual(store.frames(source).shape[0], 20)
                self.assertGreater(psnr(store.frames(source), truth), least)
            self.assertEqual(store.frames(store.sources[1]).shape, (1, 300, 260, 3))

    def test_opencv_decodes_the_clips_as_ffmpeg_does(self):
        with tempfile.TemporaryDirectory() as name:
            files = {entry.name: data for entry, data in Package(packed(Path(name))).files()}
            for clip in ("train/face_one.mp4", "val/face_three.mp4"):
                path = Path(name) / "clip.mp4"
                path.write_bytes(files[clip])
                theirs = load_frames(Source(path, "face", True, 25, 0))
                self.assertGreater(psnr(decoded_clip(path), theirs), 42)

    def test_what_does_not_fit_is_left_out_the_least_important_first(self):
        def entry(name: str, kind: str, is_clip: bool, motion: float) -> Entry:
            return Entry(name, kind, is_clip, 25.0 if is_clip else 0.0, motion, 8 if is_clip else 1)

        entries = [
            entry("train/a", "photo", False, 0), entry("train/b", "face", False, 0),
            entry("train/c", "sports", True, 9), entry("train/d", "street", True, 1),
            entry("train/e", "face", True, 2), entry("val/f", "people", True, 0),
        ]  # fmt: skip
        files = [(each, bytes(100_000)) for each in entries]
        kept = []
        for count in range(1, 7):
            with tempfile.TemporaryDirectory() as name:
                limit = (64 << 10) + 6 * 300 + count * 101_024
                fitting = pack.fitting(files, limit)
                write_package(Path(name) / "package.tar", fitting, b"")
                self.assertLessEqual((Path(name) / "package.tar").stat().st_size, limit)
            kept.append("".join(each.name[-1] for each, _ in fitting))
        self.assertEqual(kept, ["f", "ef", "cef", "cdef", "bcdef", "abcdef"])

    def test_package_and_repository_together_can_travel(self):
        self.assertLess(pack.repository_size() + pack.PACKAGE_LIMIT, pack.TRAVEL_LIMIT)
        with tempfile.TemporaryDirectory() as name, self.assertRaisesRegex(SystemExit, "--limit"):
            room = pack.TRAVEL_LIMIT
            try:
                pack.TRAVEL_LIMIT = pack.repository_size()
                packed(Path(name))
            finally:
                pack.TRAVEL_LIMIT = room

    def test_what_is_no_package_is_named(self):
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "package.tar"
            with self.assertRaisesRegex(SystemExit, "gpu/pack"):
                list(Package(path).files())
            path.write_bytes(b"nothing")
            with self.assertRaisesRegex(SystemExit, "not a package"):
                list(Package(path).files())


class StreamTests(unittest.TestCase):
    def test_it_makes_no_more_than_its_capacity_ahead_and_ends(self):
        made, enough = [], threading.Event()

        def make(rng):
            made.append(rng.random())
            if len(made) == 6:
                enough.set()
            return [made[-1]]

        stream = Stream(make, 1, 5, seed=1)
        self.assertTrue(enough.wait(60))  # five in the queue, one in its maker's hand
        self.assertEqual(stream.wait(2), made[:2])
        stream.close()
        self.assertLessEqual(len(made), 5 + 1 + 2)

    def test_what_a_maker_fails_with_is_raised(self):
        def make(rng):
            raise ValueError("no clips")

        stream = Stream(make, 2, 4, seed=1)
        with self.assertRaises(RuntimeError) as caught:
            stream.wait(1)
        self.assertIn("no clips", str(caught.exception.__cause__))
        stream.close()


class WindowTests(unittest.TestCase):
    def test_a_patch_is_the_same_part_of_the_film_its_gif_and_its_tables(self):
        """Flat art, whose GIF is its film, of many sizes of palettes."""
        with tempfile.TemporaryDirectory() as name:
            writer, rng, films = PoolWriter(Path(name), 6), np.random.default_rng(2), []
            while len(films) < 6:
                gifs = without_loss([frame for scene in [Scene(rng)] for frame in map(scene.frame, range(RUN))])
                if gifs:
                    films.append(np.stack([gif.rgb for gif in gifs]))
                    writer.put(len(films) - 1, films[-1], gifs, "flat", "illustration", "flat", False, 64)
            writer.close()
            windows = ColorWindows(1, CPU, [([ColorPool(Path(name))], 1.0)])
        windows.places.filled = 7
        batch = windows.draw(np.random.default_rng(4), 12, 48, alone=0.5)
        gif, truth, palette = pixels(batch["gif"]), pixels(batch["truth"]), batch["palette"]
        np.testing.assert_array_equal(gif[:, : RUN - 1], truth)
        self.assertGreater(len(np.unique(truth)), 20)
        self.assertTrue(0 < int(batch["after"].sum()) < 12)
        for n in range(12):
            # The patch is somewhere in its film, turned, mirrored, with its channels in another order.
            sums = np.sort(truth[n].reshape(-1, 3).astype(int), axis=1)
            self.assertTrue(any(set(map(tuple, sums)) <= set(map(tuple, np.sort(f.reshape(-1, 3), axis=1).tolist()))
                                for f in films))  # fmt: skip
            for k in range(RUN - 1):
                count = int(batch["count"][n, k])
                table = ((palette[n, k, :count] + 1) * 127.5).round().to(torch.uint8).numpy()
                colors, where = np.unique(gif[n, k].reshape(-1, 3), axis=0, return_inverse=True)
                first = [int(np.flatnonzero((table == color).all(1))[0]) for color in colors]
                own = np.array(first)[where.ravel()]
                np.testing.assert_allclose(
                    batch["radius"][n, k, 0].numpy().ravel(), radius_table(table)[own], rtol=1e-5
                )
                cell = batch["cell"][n, k].movedim(0, -1).reshape(-1, 6).numpy()
                np.testing.assert_allclose(cell, cell_table(table)[own], rtol=1e-5)

    def test_channels_change_places_as_often_as_asked(self):
        for share in (0, 0.1, 1):
            orders = channel_orders(np.random.default_rng(1), 6000, share)
            np.testing.assert_array_equal(np.sort(orders, axis=1), np.tile(np.arange(3), (6000, 1)))
            # A sixth of all orders is the natural one.
            moved = (orders != np.arange(3)).any(1).mean()
            self.assertAlmostEqual(moved, share * 5 / 6, delta=0.02)

    def test_the_newest_take_the_places_of_the_oldest_and_small_films_stay_inside(self):
        windows = ColorWindows(3, CPU, [])
        recipe = RECIPES["ffmpeg-single-none"]
        runs = [prepared(film(RUN, 120, 140, seed), recipe, 16) for seed in range(5)]
        task = StreamedColorTask(COLOR, windows, Stream(lambda rng: runs, 1, 8, seed=1), None, CPU)
        task.fill(5)
        task.stream.close()
        self.assertEqual((windows.places.filled, task.taken, windows.sizes.tolist()), (3, 5, [[120, 140]] * 3))
        for slot, run in ((0, runs[3]), (1, runs[4]), (2, runs[2])):
            stored = windows.truth[slot].view(RUN - 1, SIDE, SIDE, 3)[:, :120, :140]
            np.testing.assert_array_equal(stored.numpy(), run.pictures[: RUN - 1])
        batch = windows.draw(np.random.default_rng(1), 32, 112, alone=0)
        self.assertLess(float((batch["gif"][:, : RUN - 1] - batch["truth"]).abs().mean()), 0.1)
        self.assertTrue((pixels(batch["truth"]).reshape(32, -1).std(1) > 5).all())

    def test_groups_of_fixed_windows_have_their_shares(self):
        places = Places(100, [(10, 0.2), (5, 0.1)])
        self.assertEqual(places.take(88), [*range(15, 100), 15, 16, 17])
        drawn = places.draw(np.random.default_rng(1), 10000)
        for low, high, share in ((0, 10, 0.2), (10, 15, 0.1), (15, 100, 0.7)):
            self.assertAlmostEqual(((drawn >= low) & (drawn < high)).mean(), share, delta=0.02)
            self.assertEqual(len(np.unique(drawn[(drawn >= low) & (drawn < high)])), high - low)

    def test_motion_batches_turn_time_as_well(self):
        windows = MotionWindows(1, 40, CPU)
        five = torch.from_numpy(film(5, 40, 40))[None]
        windows.places.take(1)
        windows.put([0], five, [0.25])
        batch = windows.draw(np.random.default_rng(3), 16, 40)
        seen = set()
        for n in range(16):
            g0, truth = pixels(batch["g0"][n]), pixels(batch["truth"][n])
            self.assertEqual(np.sort(truth, axis=None).tolist(), np.sort(five[0, 4].numpy(), axis=None).tolist())
            backwards = np.sort(g0, axis=None).tolist() == np.sort(five[0, 1].numpy(), axis=None).tolist()
            self.assertEqual(float(batch["time"][n]), 0.75 if backwards else 0.25)
            seen.add(backwards)
        self.assertEqual(seen, {True, False})


COLOR = json.loads((jobs.TRAINING / "configs/ccdnet-quality-none.json").read_text())


class TaskTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.package = Package(packed(Path(cls.folder.name)))
        cls.store = FilmStore(cls.package.files(), 1)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_runs_are_those_of_the_clips_with_as_many_colors_as_asked_for(self):
        for dithered in (False, True):
            source = ColorSource(self.store, dithered, (16, 32), 96)
            runs = [run for seed in range(6) for run in source(np.random.default_rng(seed))]
            self.assertTrue(runs)
            for run in runs:
                self.assertEqual((len(run.pictures), len(run.palette)), (RUN, RUN))
                self.assertEqual(run.index is not None, run.recipe.is_diffused)
                self.assertTrue(dithered or not run.recipe.is_diffused)
                self.assertTrue((run.count <= 32).all())

    def test_what_ships_restores_what_the_streams_bring(self):
        """Batches show networks what they were trained to see: they gain on them as they do on pools."""
        networks = restoring_networks(MODELS, CPU)
        for name, least in (("none", 0.7), ("dithered", 2.5)):
            config = COLOR | {"training": COLOR["training"] | {"alone": 0.5}}
            stream = Stream(ColorSource(self.store, name == "dithered", (16, 128), 96), 1, 8, seed=1)
            task = StreamedColorTask(config, ColorWindows(12, CPU, []), stream, None, CPU)
            task.fill(12)
            stream.close()
            batch = task.windows.draw(np.random.default_rng(1), 12, 96, alone=0.5)
            with torch.no_grad():
                made = torch.stack([estimates[-1] for estimates in task.restored(networks[name], batch)], 1)
            truth = batch["truth"]
            gains = [psnr(pixels(made[n]), pixels(truth[n])) - psnr(pixels(batch["gif"][n, :-1]), pixels(truth[n]))
                     for n in range(12)]  # fmt: skip
            self.assertGreater(np.mean(gains), least, name)
        stream = Stream(MotionSource(self.store, 224), 1, 8, seed=2)
        task = StreamedMotionTask(MOTION, MotionWindows(8, 224, CPU), stream, networks, None, CPU)
        task.fill(8)
        stream.close()
        batch = task.windows.draw(np.random.default_rng(1), 8, 192)
        network, _ = load_model(MODELS / "superslomo.safetensors")
        network.config["views"] = False
        time, truth = batch["time"], pixels(batch["truth"])
        with torch.no_grad():
            made = pixels(network(batch["g0"], batch["g1"], batch["i0"], batch["i1"], time).clamp(-1, 1))
        blended = pixels(batch["i0"] * (1 - time) + batch["i1"] * time)
        gains = [psnr(a, c) - psnr(b, c) for a, b, c in zip(made, blended, truth)]
        self.assertGreater(np.mean(gains), 1)

    def test_runs_by_other_tools_fit_their_clips(self):
        data = self.package.wild
        runs = wild_runs(data)
        if not tools_here():
            self.skipTest("neither gifsicle nor ImageMagick is here")
        self.assertEqual(len(runs), 16)
        for row, gifs in runs:
            source = next(source for source in self.store.sources if str(source.path) == row.source)
            truth = row.truth(self.store.frames(source))
            errors = np.array([[psnr(gif.rgb, picture) for picture in truth] for gif in gifs])
            self.assertEqual(errors.argmax(1).tolist(), list(range(RUN)), row)
            self.assertGreater(errors.diagonal().min(), 18)
        with tempfile.TemporaryDirectory() as name:
            pools = [
                wild_pools(Path(name) / str(dithered), self.store, data, dithered)[0] for dithered in (False, True)
            ]
            self.assertEqual(wild_pools(Path(name) / "none", self.store, wild_bytes(self.store, [], 16, 1), True), [])
        self.assertTrue(all(not sample.dithered for sample in pools[0].samples))
        self.assertTrue(all(MAKERS[sample.maker].is_noisy for sample in pools[1].samples))
        self.assertGreaterEqual(len(pools[0]) + len(pools[1]), 16)

    def test_pairs_are_restored_as_the_motion_pool_does(self):
        networks = restoring_networks(MODELS, CPU)
        source = MotionSource(self.store, 224)
        pairs = [pair for seed in range(12) for pair in source(np.random.default_rng(seed))]
        pairs = [next(p for p in pairs if p.gifs is None), next(p for p in pairs if p.gifs is not None)]
        windows = MotionWindows(2, 224, CPU)
        task = StreamedMotionTask(MOTION, windows, Stream(lambda rng: pairs, 1, 2, seed=1), networks, None, CPU)
        task.take(pairs)
        task.stream.close()
        stored = windows.frames.reshape(2, 5, 224, 224, 3).numpy()
        clean, made = pairs
        np.testing.assert_array_equal(stored[0], clean.three[[0, 1, 0, 1, 2]])
        np.testing.assert_array_equal(stored[1][4], made.three[2])
        for k in range(2):
            self.assertGreater(psnr(stored[1][2 + k], made.three[k]), psnr(stored[1][k], made.three[k]))
        _, gifs = finished([made.gifs], (224, 224), CPU)
        frames = [GIFFrame(gifs.index[k].numpy(), gifs.palette[k, : int(gifs.tables[k])].numpy()) for k in range(2)]
        plain = restore(networks["dithered" if made.dithered else "none"], frames)
        for k in range(2):
            # In bfloat16 here.
            self.assertGreater(psnr(stored[1][2 + k], plain[k]), 45)


MOTION = json.loads((jobs.TRAINING / "configs/superslomo-wide.json").read_text())


class JobTests(unittest.TestCase):
    def test_networks_begin_as_what_ships(self):
        torch.manual_seed(4)
        for job in read_jobs().jobs:
            if not job.start:
                continue
            with self.subTest(job.name):
                config = job.configuration()
                trainer = Trainer(config, None, 1, CPU)
                trainer.start_from(job.start_file)
                shipped, _ = load_model(job.start_file)
                size, before = (sum(p.numel() for p in each.parameters()) for each in (trainer.network, shipped))
                # Those of vivid are trained on, the others widened.
                self.assertTrue(size == before if "vivid" in job.name else size > 2 * before)
                g = torch.rand(4, 1, 3, 64, 64) * 2 - 1
                if config["architecture"] == "superslomo":
                    inputs = (g[0], (g[0] + 0.2 * g[1]).clamp(-1, 1), g[0], g[1], 0.5)
                    shipped.config |= {"views": False, "cubic": config["model"].get("cubic", False)}
                else:
                    palette, count = torch.rand(1, 64, 3) * 2 - 1, torch.tensor([64])
                    radius, cell = torch.rand(1, 1, 64, 64), torch.rand(1, 6, 64, 64)
                    inputs = (g[0], radius, palette, count, g[1], g[2], g[3], cell)
                with torch.no_grad():
                    torch.testing.assert_close(trainer.network(*inputs), shipped(*inputs), atol=2e-4, rtol=0)

    def test_the_list_keeps_to_its_limits(self):
        listed = read_jobs()
        self.assertLess(sum(job.seconds for job in listed.jobs), 540)
        self.assertLess(listed.limit, 600)
        names = [job.name for job in listed.jobs]
        self.assertEqual(names, [
            "ccdnet-none", "ccdnet-dithered", "ccdnet-vivid-none", "ccdnet-vivid-dithered", "superslomo",
            "paper-ccdnet-none",
        ])  # fmt: skip
        for job in listed.jobs[:2]:
            self.assertTrue(150_000 <= multiply_adds_per_pixel(job.configuration()) <= 250_000, job.name)
        # log.txt, results.json and the weights, of two bytes a number.
        exported = [job for job in listed.jobs if job.export]
        self.assertLessEqual(len(exported) + 2, FILES)
        for job in exported:
            network = Trainer(job.configuration(), None, 1, CPU).network
            self.assertLess(2 * sum(tensor.numel() for tensor in network.parameters()), LARGEST - 100_000)

    def test_mistakes_in_the_list_are_named(self):
        good = JOBS.read_text()
        for old, new, message in (
            ("seconds = 130", "seconds = 400", "shares"),
            ("seconds = 90", "seconds = 10", "measuring"),
            ("ccdnet-wide-none", "nothing", "no file"),
            ("measure = 15", "", "measure"),
            ("export = false", "exports = false", "exports"),
            ('name = "superslomo"', 'name = "ccdnet-none"', "same name"),
        ):
            with tempfile.NamedTemporaryFile("w", suffix=".toml") as file, self.subTest(message):
                file.write(good.replace(old, new))
                file.flush()
                with self.assertRaisesRegex(SystemExit, message):
                    read_jobs(Path(file.name))

    def test_files_that_could_not_come_back_are_not_left(self):
        with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
            results = Results(Path(name), time.monotonic())
            large = Path(name) / "large"
            large.write_bytes(bytes(LARGEST + 1))
            with self.assertRaisesRegex(ValueError, "large"):
                results.accept(large)
            self.assertFalse(large.exists())
            results.close()
            for number in range(FILES):
                (Path(name) / f"{number}").touch()
            with self.assertRaisesRegex(ValueError, "files"):
                results.accept(Path(name) / "0")


class RunTests(unittest.TestCase):
    def test_a_job_that_fails_leaves_the_others_alone(self):
        table = """
            limit = 1000
            measure = 1
            restorers = "../Models/quality"
            [[job]]
            name = "wrong"
            config = "configs/ccdnet-wide-none.json"
            start = "../Models/quality/superslomo.safetensors"
            seconds = 10
            [[job]]
            name = "right"
            config = "configs/ccdnet-live-dithered.json"
            start = "../Models/live/ccdnet-dithered.safetensors"
            seconds = 10
        """
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "jobs.toml").write_text(table)
            command = [rehearse.GPU / "run", "--tiny", "--device", "cpu", "--package", packed(folder)]
            run = subprocess.run(
                [*command, "--jobs", folder / "jobs.toml"],
                env=os.environ | {"OUT": str(folder / "out")}, capture_output=True, text=True,
            )  # fmt: skip
            self.assertEqual(run.returncode, 1, run.stderr)
            self.assertIn("failed: wrong", run.stdout)
            record = json.loads((folder / "out/results.json").read_text())["jobs"]
            self.assertIn("not a start", record["wrong"]["failed"])
            self.assertTrue(record["right"]["done"])
            self.assertTrue((folder / "out/right.safetensors").exists())

    def test_without_a_gpu_or_a_folder_it_says_what_helps(self):
        if torch.cuda.is_available():
            self.skipTest("there is a GPU")
        for options, environment, message in (([], {"OUT": "/nowhere"}, "--device cpu"), ([], {}, "--out")):
            bare = {key: value for key, value in os.environ.items() if key != "OUT"}
            run = subprocess.run(
                [rehearse.GPU / "run", *options], env=bare | environment, capture_output=True, text=True
            )
            self.assertNotEqual(run.returncode, 0)
            self.assertIn(message, run.stderr)

    def test_a_rehearsal_goes_from_the_package_to_a_restored_gif(self):
        run = subprocess.run([rehearse.GPU / "rehearse"], capture_output=True, text=True)
        if run.returncode == rehearse.SKIPPED:
            self.skipTest(run.stdout.splitlines()[-1])
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("rehearsed", run.stdout.splitlines()[-1])


if __name__ == "__main__":
    unittest.main()
