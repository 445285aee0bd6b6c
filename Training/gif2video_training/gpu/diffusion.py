"""Error diffusion as Pillow and ffmpeg do it, compiled, without Python's lock. Given the palette, the same pixels.

Pictures are uint8 [H, W, 3], palettes uint8 [K, 3]; the result is the index of each pixel's color, uint8 [H, W].
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _nearest(palette, r, g, b):
    """The nearest color; the lower index wins a tie. palette: int32 [K, 3]."""
    best, found = 1 << 30, 0
    for k in range(len(palette)):
        dr, dg, db = palette[k, 0] - r, palette[k, 1] - g, palette[k, 2] - b
        square = dr * dr + dg * dg + db * db
        if square < best:
            best, found = square, k
    return found


@njit(nogil=True, cache=True)
def _toward_zero(value, divisor):
    return value // divisor if value >= 0 else -(-value // divisor)


@njit(nogil=True, cache=True)
def _pillow(picture, palette):
    height, width, _ = picture.shape
    index = np.empty((height, width), np.uint8)
    cache = np.full(64 * 64 * 64, -1, np.int16)
    errors = np.zeros((2, width + 2, 3), np.int32)
    value = np.empty(3, np.int32)
    for y in range(height):
        now, below = errors[y % 2], errors[1 - y % 2]
        below[:] = 0
        for x in range(width):
            for c in range(3):
                wanted = picture[y, x, c] + _toward_zero(now[x + 1, c], 16)
                value[c] = min(max(wanted, 0), 255)
            # Pillow looks up the corner of a cell of 4 x 4 x 4 colors.
            key = (value[0] >> 2) << 12 | (value[1] >> 2) << 6 | value[2] >> 2
            if cache[key] < 0:
                cache[key] = _nearest(palette, value[0] & 252, value[1] & 252, value[2] & 252)
            found = cache[key]
            index[y, x] = found
            for c in range(3):
                error = value[c] - palette[found, c]
                now[x + 2, c] += 7 * error
                below[x, c] += 3 * error
                below[x + 1, c] += 5 * error
                below[x + 2, c] += error
        # Below a row's last pixel Pillow writes what it holds of blue, for all three channels.
        last = value[2] - palette[index[y, width - 1], 2]
        below[width, 0], below[width, 1], below[width, 2] = below[width, 2], last, last
    return index


@njit(nogil=True, cache=True)
def _add(work, y, x, error, share, divisor):
    if 0 <= x < work.shape[1] and y < work.shape[0]:
        for c in range(3):
            work[y, x, c] = min(max(work[y, x, c] + _toward_zero(error[c] * share, divisor), 0), 255)


@njit(nogil=True, cache=True)
def _ffmpeg(picture, palette, floyd_steinberg):
    work = picture.astype(np.int32)
    height, width, _ = work.shape
    index = np.empty((height, width), np.uint8)
    error = np.empty(3, np.int32)
    # The last color that was looked up of all those with the same low bits.
    keys, known = np.full(1 << 15, -1, np.int32), np.empty(1 << 15, np.uint8)
    for y in range(height):
        for x in range(width):
            r, g, b = work[y, x]
            key, place = r << 16 | g << 8 | b, (r & 31) << 10 | (g & 31) << 5 | b & 31
            if keys[place] != key:
                keys[place], known[place] = key, _nearest(palette, r, g, b)
            found = known[place]
            index[y, x] = found
            for c in range(3):
                error[c] = work[y, x, c] - palette[found, c]
            if floyd_steinberg:
                _add(work, y, x + 1, error, 7, 16)
                _add(work, y + 1, x - 1, error, 3, 16)
                _add(work, y + 1, x, error, 5, 16)
                _add(work, y + 1, x + 1, error, 1, 16)
            else:
                _add(work, y, x + 1, error, 2, 4)
                _add(work, y + 1, x - 1, error, 1, 4)
                _add(work, y + 1, x, error, 1, 4)
    return index


def pillow_floyd_steinberg(picture: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Pillow's `quantize(palette=..., dither=FLOYDSTEINBERG)`."""
    return _pillow(picture, palette.astype(np.int32))


def ffmpeg_floyd_steinberg(picture: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """ffmpeg's `paletteuse=dither=floyd_steinberg`: what a pixel gets is rounded and clipped share by share."""
    return _ffmpeg(picture, palette.astype(np.int32), True)


def ffmpeg_sierra2_4a(picture: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """ffmpeg's `paletteuse=dither=sierra2_4a`, its default."""
    return _ffmpeg(picture, palette.astype(np.int32), False)
