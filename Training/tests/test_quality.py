"""The quality tables: metrics against loops, the flat art, what is measured, resuming, and the document."""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
from PIL import Image

from gif2video_training import blind, perceptual
from gif2video_training.baselines import baselines, blended, minterpolated
from gif2video_training.catalogue import MAKERS
from gif2video_training.metrics import chroma_error, chroma_kept, lab_chroma, motion, psnr, ssim, temporal_error
from gif2video_training.program import verdict_of
from gif2video_training.quality import betweens, classifier, cuts, document, drawn, generated
from gif2video_training.quality.color import on_time, scores, shown
from gif2video_training.quality.flat import EXACT, changes
from gif2video_training.quality.flat_art import SCENES, film
from gif2video_training.quality.plan import SIZES, Clip, Plan
from gif2video_training.quality.rows import Record, csv_lines, rows_of
from gif2video_training.quality.store import Store

from .test_palette import picture


def record(maker: str, clip: str, kind: str, gif: float, restored: float, dithered: bool = False) -> Record:
    numbers = {"psnr": gif, "ssim": 0.5, "chroma": 0.8, "chroma error": 4.0, "motion": 3.0, "temporal": 1.0}
    base = {name: numbers for name in ("gif", "gradfun", "deband", "blur")} | {"truth": {"motion": 2.0}}
    return Record(
        maker, 32, clip, kind, base, numbers | {"psnr": restored, "motion": 2.2, "dithered": dithered, "logit": -2.0}
    )


class Pan:
    """A picture that moves to the right by 4 pixels a frame."""

    def __init__(self, frames: int):
        y, x = np.mgrid[0:96, 0 : 96 + 4 * frames]
        waves = np.stack([np.sin(x / 7 + y / 9) + np.cos(x / 13 - y / 5 + k) for k in range(3)], -1)
        wide = (128 + 60 * waves).astype(np.uint8)
        self.frames = np.stack([wide[:, 4 * (frames - k) : 4 * (frames - k) + 96] for k in range(frames)])


class EchoProgram:
    """Decodes a GIF and repeats every frame, as a program does that restores nothing."""

    def restored(self, gif: bytes, shape, rate: int = 1) -> np.ndarray:
        return np.repeat(shown(gif)[0], rate, axis=0)


class ChromaTests(unittest.TestCase):
    def test_lab_chroma_of_known_colors(self):
        # Of CIELAB (D65): sRGB red has a* 80.11, b* 67.22; blue a* 79.19, b* -107.86; grays have none.
        colors = np.array([[255, 0, 0], [0, 0, 255], [128, 128, 128]], np.uint8)
        expected = np.array([[80.11, 67.22], [79.19, -107.86], [0, 0]])
        self.assertLess(np.abs(lab_chroma(colors) - expected).max(), 0.15)

    def test_chroma_kept_tells_of_the_most_colorful_pixels_alone(self):
        truth = np.full((40, 40, 3), 120, np.uint8)
        truth[:8, :10] = (200, 40, 40)
        gray = truth.copy()
        gray[:8, :10] = 120
        self.assertEqual(chroma_kept(truth, truth), 1)
        self.assertLess(chroma_kept(gray, truth), 0.01)
        self.assertEqual(chroma_error(truth, truth), 0)
        self.assertGreater(chroma_error(gray, truth), 1)


class DrawnTests(unittest.TestCase):
    def test_a_ramp_that_nothing_restores_gains_nothing(self):
        with tempfile.TemporaryDirectory() as name:
            store = Store(Path(name))
            made = drawn.numbers("slope", lambda: drawn.ramp("slope", 0), "pillow-none", 64, EchoProgram(), store)
            flat = drawn.numbers("flat", lambda: drawn.ramp("sky", 0)[:, :16], "pillow-none", 256, EchoProgram(), store)
        self.assertEqual(made["restored"], made["gif"])
        self.assertGreater(made["gradfun"], made["gif"] + 0.5)
        self.assertEqual(flat, {})


class BetweenTests(unittest.TestCase):
    def test_blending_and_minterpolate_keep_the_frames_in_place(self):
        film = Pan(9).frames
        for rate in (2, 4):
            kept = film[::rate]
            mixed, moved = blended(kept, rate), minterpolated(kept, rate)
            self.assertEqual((len(mixed), len(moved)), (9, 9))
            self.assertTrue((mixed[::rate] == kept).all())
            self.assertLess(np.abs(moved[::rate].astype(int) - kept).mean(), 1.5)
            middle = rate // 2
            self.assertTrue((np.abs(mixed[middle] - (kept[0].astype(float) + kept[1]) / 2) <= 0.5).all())

    def test_flow_lengths_of_a_pan(self):
        film = Pan(3).frames
        self.assertAlmostEqual(float(np.median(betweens.flow_lengths(film[0], film[2]))), 8, delta=0.5)
        self.assertLess(betweens.flow_lengths(film[0], film[0]).max(), 0.1)

    def test_a_program_that_repeats_scores_as_repeating(self):
        clip = Clip("pan", "face", Pan(9).frames)
        with tempfile.TemporaryDirectory() as name:
            store = Store(Path(name))
            films = [betweens.film(clip, "pillow-none", 256, rate, EchoProgram(), store) for rate in (2, 4)]
            again = betweens.film(clip, "pillow-none", 256, 4, None, store)
        self.assertEqual(again, films[1])
        self.assertEqual([gap.first for gap in films[1].gaps], [0, 4])
        self.assertEqual([len(gap.psnr["ours"]) for gap in films[1].gaps], [3, 3])
        self.assertEqual(films[1].all_frames("ours"), films[1].all_frames("repeated"))
        rows = betweens.all_frames_rows(films)
        said = [(row["rate"], row["clips"], row["gain"]) for row in rows]
        self.assertEqual(said, [(rate, f"1 {kind}", "+0.00") for rate in ("1/2", "1/4") for kind in ("face", "all")])
        self.assertTrue(all(row["over the best"].startswith("-") for row in betweens.between_rows(films)))
        motions = [(row["rate"], row["motion"], row["gaps"]) for row in betweens.motion_rows(films)]
        self.assertEqual(motions, [("1/2", "large: 4 to 12", 4), ("1/4", "larger: 12 and more", 2)])
        worst = betweens.worst_gaps(films, 10)
        self.assertEqual([gap.clip for gap in worst], ["pan"])
        self.assertEqual(betweens.sheet(worst, {"pan": clip}, EchoProgram()).size, (7 * 96, 100))


class HoldingPeer:
    """Stands for RIFE: repeats the earlier frame."""

    def pictures(self, frames: np.ndarray, rate: int) -> np.ndarray:
        return np.concatenate([np.repeat(frames[:-1], rate, axis=0), frames[-1:]])


class LookTests(unittest.TestCase):
    def test_a_film_says_how_its_in_betweens_look_beside_the_peers(self):
        clip = Clip("pan", "face", Pan(9).frames)
        with tempfile.TemporaryDirectory() as name:
            films = [betweens.film(clip, "pillow-none", 256, 4, EchoProgram(), Store(Path(name)), HoldingPeer())]
        looks = films[0].looks
        self.assertEqual(list(looks), ["blended", "minterpolate", "RIFE", "ours"])
        self.assertEqual(looks["ours"], looks["RIFE"])
        self.assertAlmostEqual(looks["ours"]["pulse"], 1, delta=0.02)
        self.assertLess(looks["blended"]["pulse"], 0.95)
        row = betweens.looks_rows(films)[0]
        self.assertEqual((row["rate"], row["films"]), ("1/4", "1 face"))
        self.assertIn("RIFE", betweens.between_rows(films)[0])
        if perceptual.vmaf_program():
            self.assertEqual(row["VMAF over RIFE"], "+0.00")
            self.assertEqual([row["gaps"] for row in betweens.looks_by_motion_rows(films)], [2])
        sheet = betweens.sheet(betweens.worst_gaps(films, 1), {"pan": clip}, EchoProgram(), HoldingPeer())
        self.assertEqual(sheet.size, (8 * 96, 100))

    def test_generated_scenes_are_measured_by_kind(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            Image.fromarray(Pan(60).frames[0].repeat(5, 0).repeat(5, 1)).save(folder / "photo_waves.png")
            scenes, store = generated.Scenes(folder, folder / "cache", 2), Store(folder / "store")
            made = generated.numbers(scenes, "caption", 0, 8.0, EchoProgram(), store, HoldingPeer())
            self.assertEqual(made, generated.numbers(scenes, "caption", 0, 8.0, None, store, HoldingPeer()))
            self.assertEqual(list(made), ["blended", "minterpolate", "ours", "RIFE"])
            self.assertEqual(made["ours"]["off"], 0, "a program that repeats leaves what stands")
            slides = generated.numbers(scenes, "slides", 1, None, EchoProgram(), store, None)
            self.assertEqual(slides["ours"]["torn"], 0)
            self.assertGreater(slides["blended"]["torn"], 0.2)
            line = generated._line([slides])
            self.assertEqual((line["scenes"], line["torn"]), (1, "0.00"))

    def test_what_was_measured_without_the_peer_is_measured_again_with_it(self):
        self.assertNotEqual(betweens.measured_with(None), betweens.measured_with(HoldingPeer()))


class BlindTests(unittest.TestCase):
    def test_rows_are_of_the_gap_in_which_most_moves_and_not_of_a_cut(self):
        film = np.repeat(Pan(3).frames, blind.RATE, axis=0)
        cut = np.concatenate([film, 255 - film[-blind.RATE :]])
        still = np.concatenate([cut[: blind.RATE], cut])
        self.assertEqual(sorted(blind.gaps_by_motion(still[:: blind.RATE])), [1, 2])
        ours, theirs = blind.rows_of(still, list(range(5)), HoldingPeer(), 0)
        self.assertEqual(ours.shape, (96, 5 * 96, 3))
        np.testing.assert_array_equal(ours, theirs)
        self.assertIsNone(blind.rows_of(still, list(range(5)), HoldingPeer(), 2))

    def test_a_gap_lies_between_frames_that_differ_and_not_between_repetitions(self):
        levels = np.linspace(0, 40, 5 * blind.RATE).astype(np.uint8)
        pictures = np.broadcast_to(levels[:, None, None, None], (len(levels), 8, 8, 3))
        gif = pictures[:: blind.RATE][[0, 0, 2, 2, 4]]
        self.assertEqual(blind.distinct(gif), [0, 2, 4])
        ours, _ = blind.rows_of(pictures, [0, 2], HoldingPeer(), 0)
        np.testing.assert_array_equal(ours[0, ::8, 0], levels[: 2 * blind.RATE + 1 : 2])


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

    def test_a_frame_without_neighbors_has_no_flicker(self):
        one = picture(1)[None]
        self.assertEqual(set(scores(one, one)), {"psnr", "ssim", "chroma", "chroma error"})


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


class CutTests(unittest.TestCase):
    def test_held_where_the_frame_stays_until_another_one_comes(self):
        film = np.arange(8, dtype=np.uint8)[:, None, None, None].repeat(3, -1)
        # Frames 0, 2, 4, 4 with what lies behind each: an in-between, the frame itself, itself before the same frame.
        self.assertEqual(cuts.held(film[[0, 1, 2, 2, 4, 4, 4, 4]]), [2])


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
        self.assertEqual(len(document.color_rows(rows)), 1)
        self.assertEqual(document.worse_rows(rows)[0]["its gain"], "-0.50")
        self.assertEqual(document.aim_rows(rows, "live")[0]["gain"], "+1.50")
        self.assertIn("| face |", document.table(document.kind_rows(rows)))

    def test_verdicts(self):
        said = classifier.verdicts_of_clips(self.records)
        self.assertEqual([verdict.is_right for verdict in said], [True, True, False])
        self.assertEqual(classifier.classifier_rows(said)[0]["32"], "66.7")
        said = verdict_of({"dither": {"is_dithered": False, "confidence": 0.95, "frames": 2}})
        self.assertAlmostEqual(said.logit, -np.log(19))

    def test_a_table_without_rows_says_so(self):
        self.assertEqual(document.table([]), "Nothing was measured.")

    def test_sections_are_headings_by_depth(self):
        page = document.Section("A", ["x"], [document.Section("B", ["y"])])
        self.assertEqual(page.markdown(), "# A\n\nx\n\n## B\n\ny")


if __name__ == "__main__":
    unittest.main()
