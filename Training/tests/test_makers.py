"""The makers: which are exact, and that files and frames of the real tools say the same."""

import io
import unittest

import numpy as np
from PIL import Image

from gif2video_training.catalogue import MAKERS
from gif2video_training.gif_file import gif_bytes
from gif2video_training.gif_reader import read_gif
from gif2video_training.gif_tools import DELAY, gifsicle, timed
from gif2video_training.makers import pillow_median_cut

from .test_palette import picture


def film(count: int = 3) -> np.ndarray:
    """A picture that moves to the right over one that stays, uint8 [count, 64, 56, 3]."""
    still, moving = picture(1, 64, 56), picture(2, 32, 112)
    frames = np.repeat(still[None], count, 0)
    for number in range(count):
        frames[number, 16:48] = moving[:, 8 * number : 8 * number + 56]
    return frames


def exact_share(frame: np.ndarray, rgb: np.ndarray) -> float:
    """Of a GIF's picture, the pixels that have the nearest to the frame's color of all colors in the picture."""
    used = np.unique(rgb.reshape(-1, 3), axis=0).astype(int)
    distance = ((frame[:, :, None].astype(int) - used) ** 2).sum(-1)
    return float((((frame.astype(int) - rgb) ** 2).sum(-1) == distance.min(-1)).mean())


def pillow_rgb(data: bytes) -> list[np.ndarray]:
    """The frames as Pillow composes them, each as often as its delay says."""
    image = Image.open(io.BytesIO(data))
    frames = []
    for number in range(image.n_frames):
        image.seek(number)
        frames += [np.asarray(image.convert("RGB"))] * max(1, round(image.info["duration"] / (10 * DELAY)))
    return frames


class MakerTests(unittest.TestCase):
    def test_every_maker_is_what_the_catalogue_says_and_its_file_shows_its_frames(self):
        frames = film()
        for maker in MAKERS.values():
            with self.subTest(maker.name):
                made, shown = maker.frames(frames, 32), pillow_rgb(maker.file(frames, 32))
                share = np.mean([exact_share(frame, gif.rgb) for frame, gif in zip(frames, made, strict=True)])
                self.assertEqual(share > 0.999, maker.exact, share)
                for gif, picture_of_file in zip(made, shown, strict=True):
                    np.testing.assert_array_equal(picture_of_file, gif.rgb)
                    self.assertLessEqual(len(np.unique(gif.index)), 32)
                    self.assertIn(len(gif.palette), (16, 32, 64))

    def test_from_255_colors_on_gifsicle_leaves_all_as_it_is(self):
        frames = film()
        plain = [gif.rgb for gif in MAKERS["ffmpeg-none"].frames(frames, 256)]
        for dither in ("none", "floyd-steinberg", "o8"):
            for made, source in zip(gifsicle(frames, 256, dither), plain, strict=True):
                np.testing.assert_array_equal(made.rgb, source)

    def test_lossy_changes_pixels_and_more_with_more(self):
        frames = film()
        plain = MAKERS["gifsicle-none"].frames(frames, 64)
        changed = [
            np.mean([(a.rgb != b.rgb).any(-1).mean() for a, b in zip(plain, gifsicle(frames, 64, "none", lossy))])
            for lossy in (20, 80, 200)
        ]
        self.assertTrue(0 < changed[0] < changed[1] < changed[2], changed)


class ReaderTests(unittest.TestCase):
    def test_it_reads_what_was_written(self):
        frames = [pillow_median_cut(picture(seed), colors) for seed, colors in ((5, 32), (6, 200), (7, 3))]
        for (read, delay), frame in zip(read_gif(gif_bytes(frames, 7)), frames, strict=True):
            np.testing.assert_array_equal(read.index, frame.index)
            np.testing.assert_array_equal(read.palette, frame.palette)
            self.assertEqual(delay, 7)

    def test_pixels_of_several_tables_in_one_frame_are_refused(self):
        data = gif_bytes([pillow_median_cut(picture(seed), 16) for seed in (5, 6)], 4)
        second = data.rindex(b"\x21\xf9\x04\x04")
        data = data[:second] + b"\x21\xf9\x04\x05" + data[second + 4 :]  # entry 0 is transparent there
        with self.assertRaisesRegex(ValueError, "color tables"):
            read_gif(data)

    def test_joined_frames_are_shown_as_often_as_before(self):
        still = np.repeat(film(1), 4, 0)
        joined = read_gif(MAKERS["gifsicle-none"].file(still, 32))
        self.assertEqual(len(timed(joined, 4)), 4)
        with self.assertRaises(ValueError):
            timed(joined, 5)


if __name__ == "__main__":
    unittest.main()
