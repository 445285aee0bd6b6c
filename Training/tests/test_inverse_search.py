"""The search for large motion."""

import unittest

import numpy as np

from gif2video_training.inverse_search import halved, search_flow


def texture(height: int, width: int, dy: float = 0, dx: float = 0) -> np.ndarray:
    """Waves that lie between no pixels, moved."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    y, x = y - dy, x - dx
    waves = [np.sin(x / 3.1 + y / 7.3), np.sin(x / 11.7 - y / 5.9), np.cos(x / 23.0 + y / 17.0), np.sin(y / 2.9)]
    return (128 + 30 * sum(waves)).astype(np.float32)


class InverseSearchTests(unittest.TestCase):
    def test_a_frame_that_moves_farther_than_a_patch_is_followed(self):
        for height, width, dy, dx in ((96, 128, -7, 14), (75, 101, 9, -12), (64, 64, 3, 0)):
            flow = search_flow(texture(height, width), texture(height, width, dy, dx))
            self.assertEqual(flow.shape, (2, height, width))
            inner = flow[:, 24:-24, 24:-24]
            off = np.abs(inner - np.array([dx, dy])[:, None, None]).max(0)
            self.assertGreater((off < 0.5).mean(), 0.9, f"{height} x {width}")

    def test_plain_frames_and_those_smaller_than_a_patch_stand_still(self):
        plain = np.full((40, 40), 90, np.float32)
        self.assertFalse(search_flow(plain, plain + 60).any())
        self.assertFalse(search_flow(texture(7, 30), texture(7, 30, 0, 2)).any())

    def test_halved_maps_repeat_the_edge(self):
        self.assertEqual(halved(np.array([[0, 2, 8], [4, 6, 12], [20, 40, 60]], np.float32)).tolist(), [[3, 10], [30, 60]])


if __name__ == "__main__":
    unittest.main()
