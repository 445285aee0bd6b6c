"""Palettes as Pillow and ffmpeg choose them, compiled, without Python's lock: many threads make them side by side.

Both tools cut the box of all colors in two until there are enough boxes, and take the mean color of each. They
differ in which box they cut next, along which axis and where:

- Pillow's median cut: the box with the most pixels; along the longest axis, red, green and blue weighed like luminance;
  in the middle, between two values along it. Its colors are Pillow's but for boxes of equally many pixels.
- ffmpeg's palettegen (version 5): the box with the largest sum of squared distances to its mean; along the longest
  axis; in the middle. Its colors are nearly ffmpeg's.
"""

from __future__ import annotations

import numpy as np
from numba import njit

PILLOW_COLORS = 65536
"""With more different colors than this Pillow drops low bits until they are fewer."""


def counted_colors(pixels: np.ndarray, shift: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different colors of uint8 [..., 3] without their lowest `shift` bits, int64 [M, 3], sorted; how often each
    occurs, int64 [M]; the sum of the pixels it stands for, int64 [M, 3]."""
    p = pixels.reshape(-1, 3).astype(np.int32)
    high = p >> shift << shift
    keys, inverse, counts = np.unique(
        high[:, 0] << 16 | high[:, 1] << 8 | high[:, 2], return_inverse=True, return_counts=True
    )
    colors = np.stack([keys >> 16, keys >> 8 & 255, keys & 255], 1).astype(np.int64)
    if not shift:
        return colors, counts, colors * counts[:, None]
    sums = [np.bincount(inverse, p[:, c]) for c in range(3)]
    return colors, counts, np.stack(sums, 1).astype(np.int64)


@njit(nogil=True, cache=True)
def _longest_axis(colors, order, start, end, weights):
    """The axis along which a box is longest; green before red before blue where that is equal."""
    best, axis = -1, 1
    for c in (1, 0, 2):
        low, high = 255, 0
        for i in range(start, end):
            value = colors[order[i], c]
            low, high = min(low, value), max(high, value)
        if (high - low) * weights[c] > best:
            best, axis = (high - low) * weights[c], c
    return axis


@njit(nogil=True, cache=True)
def _sort_along(colors, order, start, end, axis, flip, scratch):
    """Stable counting sort of a box's colors along an axis; flip: 255 for the brightest first, else 0."""
    places = np.zeros(257, np.int64)
    for i in range(start, end):
        places[(colors[order[i], axis] ^ flip) + 1] += 1
    for value in range(256):
        places[value + 1] += places[value]
    for i in range(start, end):
        value = colors[order[i], axis] ^ flip
        scratch[places[value]] = order[i]
        places[value] += 1
    order[start:end] = scratch[: end - start]


@njit(nogil=True, cache=True)
def _middle(counts, order, start, end, limit):
    """The cut of a sorted box: behind the color with which it passes so many pixels; never at its end."""
    reached, at = 0, start
    while reached <= limit and at < end:
        reached += counts[order[at]]
        at += 1
    return min(at, end - 1)


@njit(nogil=True, cache=True)
def _between_values(colors, order, start, end, axis, at):
    """The next place where the value along the axis changes, else the last one before: equal values stay together."""
    while at < end and colors[order[at], axis] == colors[order[at - 1], axis]:
        at += 1
    if at == end:
        at -= 1
        while at > start and colors[order[at], axis] == colors[order[at - 1], axis]:
            at -= 1
    return at


@njit(nogil=True, cache=True)
def _mean(counts, sums, order, start, end, rounded):
    """A box's mean color, rounded or cut off, and how many pixels it holds."""
    mean, total = np.zeros(3, np.int64), 0
    for i in range(start, end):
        total += counts[order[i]]
        for c in range(3):
            mean[c] += sums[order[i], c]
    return (mean + rounded * (total // 2)) // total, total


@njit(nogil=True, cache=True)
def _spread(colors, counts, order, start, end, mean):
    total = 0
    for i in range(start, end):
        square = 0
        for c in range(3):
            square += (colors[order[i], c] - mean[c]) ** 2
        total += square * counts[order[i]]
    return total


@njit(nogil=True, cache=True)
def _cut_boxes(colors, counts, sums, wanted, is_pillow, weights):
    """The mean colors of the boxes, int64 [K, 3] with K <= wanted."""
    order, scratch = np.arange(len(colors)), np.empty(len(colors), np.int64)
    starts, ends = np.zeros(wanted, np.int64), np.zeros(wanted, np.int64)
    weight, priority = np.zeros(wanted, np.int64), np.zeros(wanted, np.int64)
    means = np.zeros((wanted, 3), np.int64)
    ends[0] = len(colors)
    means[0], weight[0] = _mean(counts, sums, order, 0, len(colors), is_pillow)
    number = 1
    while number < wanted:
        box = -1
        for k in range(number):
            if ends[k] - starts[k] > 1 and (box < 0 or priority[k] > priority[box]):
                box = k
        if box < 0:
            break
        start, end = starts[box], ends[box]
        axis = _longest_axis(colors, order, start, end, weights)
        _sort_along(colors, order, start, end, axis, 255 if is_pillow else 0, scratch)
        if is_pillow:
            at = _middle(counts, order, start, end, (weight[box] - 1) // 2)
            at = _between_values(colors, order, start, end, axis, at)
        else:
            at = _middle(counts, order, start, end, (weight[box] + 1) // 2)
        starts[number], ends[number], ends[box] = at, end, at
        for k in (box, number):
            means[k], weight[k] = _mean(counts, sums, order, starts[k], ends[k], is_pillow)
            priority[k] = weight[k]
            if not is_pillow:
                priority[k] = _spread(colors, counts, order, starts[k], ends[k], means[k])
        number += 1
    return means[:number]


PILLOW_WEIGHTS, FFMPEG_WEIGHTS = np.array([77, 150, 29]), np.array([1, 1, 1])


def pillow_palette(pixels: np.ndarray, colors: int) -> np.ndarray:
    """The colors of Pillow's `quantize(colors, MEDIANCUT)`, uint8 [K, 3], K <= colors. pixels: uint8 [..., 3]."""
    shift, found = 0, counted_colors(pixels)
    while len(found[0]) > PILLOW_COLORS:
        shift += 1
        found = counted_colors(pixels, shift)
    return _cut_boxes(*found, colors, True, PILLOW_WEIGHTS).astype(np.uint8)


def ffmpeg_palette(pixels: np.ndarray, colors: int) -> np.ndarray:
    """The colors of ffmpeg's palettegen, uint8 [K, 3], K < colors: it keeps one entry for transparency."""
    return _cut_boxes(*counted_colors(pixels), colors - 1, False, FFMPEG_WEIGHTS).astype(np.uint8)
