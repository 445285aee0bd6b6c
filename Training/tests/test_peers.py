"""The README's table of peers: its means, its times, what is left out."""

import unittest

import numpy as np

from gif2video_training import peers


class PeerTests(unittest.TestCase):
    def test_numbers_are_means_and_times_are_shares_of_live(self):
        table = peers.Table()
        for value in (30.0, 32.0):
            table.add("colors", "plain", value)
            table.add("colors", "live", value + 3)
        table.add("time of a frame's colors", "live", 0.02)
        table.add("time of a frame's colors", "waifu2x 1", 0.1)
        colors, times = table.rows(["plain", "waifu2x 1", "live"])
        self.assertEqual(colors, {"": "colors (2)", "plain": "31.00", "waifu2x 1": "", "live": "34.00"})
        self.assertEqual(times, {"": "time of a frame's colors (1)", "plain": "", "waifu2x 1": "5.00", "live": "1.00"})

    def test_the_processors_time_counts_child_processes(self):
        made, spent = peers.processor(lambda: peers.baselines(np.zeros((2, 64, 64, 3), np.uint8))["blur"])
        self.assertEqual(made.shape, (2, 64, 64, 3))
        self.assertGreater(spent, 0)

    def test_a_film_there_and_back_changes_from_frame_to_frame_as_the_film_does(self):
        film = np.arange(3)
        self.assertEqual(list(peers.bounced(film, 1)), [0, 1, 2])
        self.assertEqual(list(peers.bounced(film, 4)), [0, 1, 2, 1, 0, 1, 2, 1, 0])


if __name__ == "__main__":
    unittest.main()
