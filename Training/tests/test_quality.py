"""The quality tables: metrics against loops, the flat art, what is measured, resuming, and the document."""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

from gif2video_training.baselines import baselines
from gif2video_training.catalogue import MAKERS
from gif2video_training.metrics import motion, psnr, ssim, temporal_error
from gif2video_training.program import verdict_of
from gif2video_training.quality import classifier, document
from gif2video_training.quality.colour import on_time, scores, shown
from gif2video_training.quality.flat import EXACT, changes
from gif2video_training.quality.flat_art import SCENES, film
from gif2video_training.quality.plan import SIZES, Clip, Plan
from gif2video_training.quality.rows import Record, csv_lines, rows_of
from gif2video_training.quality.store import Store

from .test_palette import picture


def record(maker: str, clip: str, kind: str, gif: float, restored: float, dithered: bool = False) -> Record:
    numbers = {"psnr": gif, "ssim": 0.5, "motion": 3.0, "temporal": 1.0}
    base = {name: numbers for name in ("gif", "gradfun", "deband", "blur")} | {"truth": {"motion": 2.0}}
    return Record(
        maker, 32, clip, kind, base, numbers | {"psnr": restored, "motion": 2.2, "dithered": dithered, "logit": -2.0}
    )


class MetricTests(unittest.TestCase):
    def test_ssim_is_that_of_windows_one_by_one(self):
        a, b = picture(1, 24, 20), picture(2, 24, 20)
        line = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
        window = np.outer(line, line)[:, :, None] / line.sum() ** 2
        found = []
        for y in range(14):
            for x in range(10):
                p, q = (image[y : y + 11, x : x + 11].astype(float) for image in (a, b))
                mean_p, mean_q = ((window * part).sum((0, 1)) for part in (p, q))
                var_p, var_q = ((window * part**2).sum((0, 1)) for part in (p, q))
                both = (window * p * q).sum((0, 1)) - mean_p * mean_q
                top = (2 * mean_p * mean_q + 6.5025) * (2 * both + 58.5225)
                found.append(
                    top / ((mean_p**2 + mean_q**2 + 6.5025) * (var_p - mean_p**2 + var_q - mean_q**2 + 58.5225))
                )
        self.assertAlmostEqual(ssim(a, b), float(np.mean(found)), places=5)
        self.assertAlmostEqual(ssim(a, a), 1, places=6)

    def test_psnr_of_a_known_error(self):
        black = np.zeros((4, 4, 3), np.uint8)
        self.assertAlmostEqual(psnr(black + 255, black), 0, places=6)
        self.assertAlmostEqual(psnr(black + 1, black), 20 * np.log10(255), places=4)

    def test_flicker_of_a_still_film_and_of_one_that_blinks(self):
        still = np.full((3, 4, 4, 3), 100, np.uint8)
        blinking = still.copy()
        blinking[1] += 6
        self.assertEqual((motion(still), motion(blinking)), (0, 6))
        self.assertEqual((temporal_error(blinking, still), temporal_error(blinking, blinking)), (6, 0))

    def test_a_frame_without_neighbours_has_no_flicker(self):
        one = picture(1)[None]
        self.assertEqual(set(scores(one, one)), {"psnr", "ssim"})


class BaselineTests(unittest.TestCase):
    def test_all_keep_a_flat_picture_and_its_size(self):
        flat = np.full((2, 40, 48, 3), (10, 200, 90), np.uint8)
        for name, made in baselines(flat).items():
            with self.subTest(name):
                np.testing.assert_array_equal(made, flat)

    def test_the_blur_blurs(self):
        frames = picture(1)[None]
        self.assertLess(baselines(frames)["blur"].astype(float).std(), frames.astype(float).std())


class FlatArtTests(unittest.TestCase):
    def test_the_makers_called_exact_hold_every_scene(self):
        for scene in SCENES:
            truth = film(scene, 3)
            for maker, size in EXACT:
                with self.subTest(scene, maker=maker):
                    np.testing.assert_array_equal(on_time(*shown(MAKERS[maker].file(truth, size)), 3), truth)

    def test_scenes_move_and_are_the_same_every_time(self):
        for scene in SCENES:
            frames = film(scene, 3)
            self.assertGreater(motion(frames), 0, scene)
            np.testing.assert_array_equal(frames, film(scene, 3))

    def test_changes_are_counted_by_the_largest_channel(self):
        before = np.zeros((1, 2, 2, 3), np.uint8)
        after = before.copy()
        after[0, 0, 0], after[0, 1, 1] = (0, 3, 1), (1, 0, 0)
        expected = {"changed": 0.5, "over2": 0.25, "over8": 0, "mean": 5 / 12, "max": 3}
        self.assertEqual(changes(before, after), expected)


class PlanTests(unittest.TestCase):
    def test_paper_protocol_everywhere_main_makers_on_films_the_rest_on_a_few(self):
        plan, frames = Plan(False, 5, 1), np.zeros((5, 8, 8, 3), np.uint8)
        second, film_clip, one_of_few = (
            Clip("b", "face", frames, False, True), Clip("a", "face", frames), Clip("c", "face", frames, True),
        )  # fmt: skip

        def sizes(maker: str, clip: Clip) -> list[int]:
            return [size for size in SIZES if plan.is_measured(MAKERS[maker], size, clip)]

        self.assertEqual(sizes("pillow-none", second), list(SIZES))
        self.assertEqual(sizes("ffmpeg-sierra2_4a", second), [])
        self.assertEqual(sizes("ffmpeg-sierra2_4a", film_clip), list(SIZES))
        self.assertEqual(sizes("gifsicle-floyd-steinberg", film_clip), [16, 32, 64, 128])
        self.assertEqual(sizes("gifsicle-o8", film_clip), [])
        self.assertEqual(sizes("gifsicle-o8", one_of_few), [32, 128])


class StoreTests(unittest.TestCase):
    def test_what_is_there_is_not_made_again(self):
        with tempfile.TemporaryDirectory() as folder:
            calls = []

            def make() -> dict:
                calls.append(1)
                return {"a": 1.5}

            for _ in range(2):
                self.assertEqual(Store(Path(folder)).value("x/y", make), {"a": 1.5})
            self.assertEqual(len(calls), 1)
            self.assertEqual(json.loads((Path(folder) / "x/y.json").read_text()), {"a": 1.5})
            self.assertEqual(Store(Path(folder)).data("z.gif", lambda: b"GIF"), b"GIF")
            self.assertEqual(Store(Path(folder)).data("z.gif", lambda: b"other"), b"GIF")


class RowTests(unittest.TestCase):
    records = [
        record("pillow-none", "a", "face", 30, 32),
        record("pillow-none", "b", "face", 30, 31),
        record("pillow-none", "c", "sports", 30, 29.5, dithered=True),
    ]

    def test_clips_are_averaged_and_the_worse_are_counted(self):
        face, everything = (row for row in rows_of(self.records) if row.kind in ("face", "all"))
        self.assertEqual((face.clips, face.gain, face.worse), (2, 1.5, 0))
        self.assertEqual((everything.worse, everything.worst, everything.worst_gain), (1, "c", -0.5))
        self.assertAlmostEqual(everything.flicker["gif"], 1.5)
        self.assertAlmostEqual(everything.flicker["restored"], 1.1)

    def test_tables_have_a_line_for_every_row(self):
        rows = rows_of(self.records)
        self.assertEqual(len(csv_lines(rows)), 1 + len(rows))
        self.assertEqual(len(document.colour_rows(rows)), 1)
        self.assertEqual(document.worse_rows(rows)[0]["its gain"], "-0.50")
        self.assertEqual(document.aim_rows(rows, "live")[0]["gain"], "+1.50")
        self.assertIn("| face |", document.table(document.kind_rows(rows)))

    def test_verdicts(self):
        said = classifier.verdicts_of_clips(self.records)
        self.assertEqual([verdict.is_right for verdict in said], [True, True, False])
        self.assertEqual(classifier.classifier_rows(said)[0]["32"], "66.7")
        said = verdict_of({"dither": {"is_dithered": False, "confidence": 0.95, "frames": 2}})
        self.assertAlmostEqual(said.logit, -np.log(19))

    def test_sections_are_headings_by_depth(self):
        page = document.Section("A", ["x"], [document.Section("B", ["y"])])
        self.assertEqual(page.markdown(), "# A\n\nx\n\n## B\n\ny")


if __name__ == "__main__":
    unittest.main()
