"""The dense inverse search of the program (Sources/Restoration/Motion/DenseInverseSearch.swift), which finds large motion.

Kroeger et al. 2016, "Fast optical flow using dense inverse search", without variational refinement. Patches are visited in
the same order and sums added up alike, so that both find the same flows but for rounding.
"""

from __future__ import annotations

import numba
import numpy as np

PATCH, STEP, STEPS, LEAST_DETERMINANT = 8, 4, 12, np.float32(1)
LEAST_SIDE, PASSES, MARGIN = 24, 2, 9
AREA = np.float32(PATCH * PATCH)
BESIDE = np.array([[0, 0], [0, -1], [0, 1], [-1, 0], [1, 0]])


@numba.njit(cache=True)
def _total(columns):
    low = (columns[0] + columns[1]) + (columns[2] + columns[3])
    return low + ((columns[4] + columns[5]) + (columns[6] + columns[7]))


@numba.njit(cache=True)
def _sample(second, height, width, y, x, u, v, values):
    """The patch at (y, x), moved by (u, v), into values [PATCH, PATCH]. second: with MARGIN pixels on each side."""
    across = min(max(np.float32(x) + u, np.float32(-PATCH)), np.float32(width))
    down = min(max(np.float32(y) + v, np.float32(-PATCH)), np.float32(height))
    left, top = np.floor(across), np.floor(down)
    fx, fy, one = across - left, down - top, np.float32(1)
    weights = ((one - fx) * (one - fy), fx * (one - fy), (one - fx) * fy, fx * fy)
    row, column = int(top) + MARGIN, int(left) + MARGIN
    for r in range(PATCH):
        for k in range(PATCH):
            a, b = second[row + r, column + k], second[row + r, column + k + 1]
            c, d = second[row + r + 1, column + k], second[row + r + 1, column + k + 1]
            values[r, k] = (weights[0] * a + weights[1] * b) + (weights[2] * c + weights[3] * d)


@numba.njit(cache=True)
def _left(values, patch, gx, gy, sum_x, sum_y):
    """The rest of a patch: the sum of squares about the mean, and its products with both gradients."""
    sums = np.zeros((4, PATCH), np.float32)
    for r in range(PATCH):
        for k in range(PATCH):
            apart = values[r, k] - patch[r, k]
            sums[0, k] += apart
            sums[1, k] += apart * apart
            sums[2, k] += apart * gx[r, k]
            sums[3, k] += apart * gy[r, k]
    mean = _total(sums[0]) / AREA
    return _total(sums[1]) - mean * mean * AREA, _total(sums[2]) - mean * sum_x, _total(sums[3]) - mean * sum_y


@numba.njit(cache=True)
def _products(a, b):
    sums = np.zeros(PATCH, np.float32)
    for r in range(PATCH):
        for k in range(PATCH):
            sums[k] += a[r, k] * b[r, k]
    return _total(sums)


@numba.njit(cache=True)
def _search(first, second, height, width, start, found):
    """One pass: flows of the patches [2, rows, columns], from `start` into `found`."""
    rows, columns = start.shape[1:]
    ones, values = np.ones((PATCH, PATCH), np.float32), np.empty((PATCH, PATCH), np.float32)
    gx, gy = np.empty((PATCH, PATCH), np.float32), np.empty((PATCH, PATCH), np.float32)
    for row in range(rows):
        for column in range(columns):
            y, x = min(row * STEP, height - PATCH), min(column * STEP, width - PATCH)
            top, left = y + MARGIN, x + MARGIN
            patch = first[top : top + PATCH, left : left + PATCH]
            for r in range(PATCH):
                for k in range(PATCH):
                    gx[r, k] = np.float32(0.5) * (first[top + r, left + k + 1] - first[top + r, left + k - 1])
                    gy[r, k] = np.float32(0.5) * (first[top + r + 1, left + k] - first[top + r - 1, left + k])
            sum_x, sum_y = _products(gx, ones), _products(gy, ones)
            xx = _products(gx, gx) - sum_x * sum_x / AREA
            xy = _products(gx, gy) - sum_x * sum_y / AREA
            yy = _products(gy, gy) - sum_y * sum_y / AREA
            u = v = np.float32(0)
            best = (np.float32(0), np.float32(0), np.float32(0))
            for k in range(5):
                r, c = row + BESIDE[k, 0], column + BESIDE[k, 1]
                if 0 <= r < rows and 0 <= c < columns:
                    _sample(second, height, width, y, x, start[0, r, c], start[1, r, c], values)
                    left_here = _left(values, patch, gx, gy, sum_x, sum_y)
                    if k == 0 or left_here[0] < best[0]:
                        best, u, v = left_here, start[0, r, c], start[1, r, c]
            from_u, from_v = u, v
            determinant = xx * yy - xy * xy
            if determinant > LEAST_DETERMINANT:
                for _ in range(STEPS):
                    next_u = u - (yy * best[1] - xy * best[2]) / determinant
                    next_v = v - (xx * best[2] - xy * best[1]) / determinant
                    du, dv = next_u - from_u, next_v - from_v
                    if not du * du + dv * dv <= AREA:
                        break
                    _sample(second, height, width, y, x, next_u, next_v, values)
                    left_here = _left(values, patch, gx, gy, sum_x, sum_y)
                    if not left_here[0] < best[0]:
                        break
                    best, u, v = left_here, next_u, next_v
            found[0, row, column], found[1, row, column] = u, v


@numba.njit(cache=True)
def _spread(first, second, height, width, patches):
    """The flow of each pixel [2, H, W]: the mean of those of its patches, by how little they leave there."""
    rows, columns = patches.shape[1:]
    sums, values = np.zeros((3, height, width), np.float32), np.empty((PATCH, PATCH), np.float32)
    for row in range(rows):
        for column in range(columns):
            y, x = min(row * STEP, height - PATCH), min(column * STEP, width - PATCH)
            u, v = patches[0, row, column], patches[1, row, column]
            _sample(second, height, width, y, x, u, v, values)
            for r in range(PATCH):
                for k in range(PATCH):
                    apart = abs(values[r, k] - first[y + r + MARGIN, x + k + MARGIN])
                    weight = np.float32(1) / max(apart, np.float32(1))
                    sums[0, y + r, x + k] += weight * u
                    sums[1, y + r, x + k] += weight * v
                    sums[2, y + r, x + k] += weight
    return sums[:2] / sums[2]


def halved(luma: np.ndarray) -> np.ndarray:
    """[H, W] of half the size, the edge repeated."""
    even = np.pad(luma, ((0, luma.shape[0] % 2), (0, luma.shape[1] % 2)), mode="edge")
    return ((even[::2, ::2] + even[::2, 1::2]) + (even[1::2, ::2] + even[1::2, 1::2])) / np.float32(4)


def search_flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The flow from one frame to the other, float32 [2, H, W] in pixels; 0 of frames that are too small for a patch. first,
    second: luma in levels, float32 [H, W]."""
    if min(first.shape) < PATCH:
        return np.zeros((2, *first.shape), np.float32)
    levels = [(first, second)]
    while min(levels[-1][0].shape) >= LEAST_SIDE:
        levels.append((halved(levels[-1][0]), halved(levels[-1][1])))
    flow = None
    for own, other in reversed(levels):
        height, width = own.shape
        rows, columns = (-(-(length - PATCH) // STEP) + 1 for length in (height, width))
        start = np.zeros((2, rows, columns), np.float32)
        if flow is not None:
            middles = [
                np.minimum((np.minimum(np.arange(count) * STEP, length - PATCH) + PATCH // 2) // 2, flow.shape[1 + axis] - 1)
                for axis, (count, length) in enumerate(((rows, height), (columns, width)))
            ]
            start = 2 * flow[:, middles[0]][:, :, middles[1]]
        padded = [np.pad(luma, MARGIN, mode="edge") for luma in (own, other)]
        for _ in range(PASSES):
            found = np.zeros_like(start)
            _search(*padded, height, width, np.ascontiguousarray(start), found)
            start = found
        flow = _spread(*padded, height, width, start)
    return flow
