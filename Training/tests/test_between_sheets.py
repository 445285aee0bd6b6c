"""Sheets of in-betweens: rows of scenes, ranked by whose middle is nearer to the truth."""

import unittest

import numpy as np

from gif2video_training.between_sheets import LABEL, SCALE, SEED, SHOWN, SIDE, row_of
from gif2video_training.scenes import Films, make_scene


class Right:
    """Restores every frame, and the moment between two, as the scene has them."""

    def restored(self, gif, shape, rate):
        return make_scene("layers", SEED + 1, (SIDE, SIDE), Films([])).film(rate)


class Still:
    """In-betweens that are the frame before."""

    def pictures(self, frames, rate):
        return np.repeat(frames[:-1], rate, 0)


class BetweenSheetTests(unittest.TestCase):
    def test_a_row_shows_five_pictures_and_says_who_is_nearer_to_the_truth(self):
        row = row_of("layers", 1, Right(), Still())
        self.assertEqual(list(row.pictures), ["frame before", "truth", "ours", "RIFE", "frame after"])
        np.testing.assert_array_equal(row.pictures["ours"], row.pictures["truth"])
        np.testing.assert_array_equal(row.pictures["RIFE"], row.pictures["frame before"])
        self.assertGreater(row.lead, 3)
        self.assertEqual(row.image().shape, (LABEL + SHOWN * SCALE, 5 * SHOWN * SCALE, 3))


if __name__ == "__main__":
    unittest.main()
