"""Reading GIF files that other programs wrote, as index maps with the color table of their pixels.

Pillow unpacks the LZW data of one image at a time; composing the images is done here, because the
networks need every pixel's index and table and Pillow gives composed frames as RGB only. This reads
what the makers write (`gif_tools.py`), not whatever is out there: it is no measure for the decoder.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .gif_file import skip_sub_blocks
from .makers import GIFFrame

LEAVE_IN_PLACE = (0, 1)
"""Disposal methods that leave the canvas as it is."""


@dataclass(frozen=True)
class _Block:
    """One image of a file: its place on the canvas, its pixels and what its control extension says."""

    left: int
    top: int
    index: np.ndarray
    table: bytes
    delay: int
    transparent: int | None
    disposal: int


def _table(data: bytes, at: int, flags: int) -> bytes:
    return data[at : at + 3 * 2 ** ((flags & 7) + 1)] if flags & 0x80 else b""


def _unpacked(data: bytes, at: int, end: int, table: bytes) -> np.ndarray:
    """The indices of the image whose descriptor stands at `at`, whose LZW data ends at `end`."""
    width, height = np.frombuffer(data[at + 5 : at + 9], "<u2")
    pixels = at + 10 + len(_table(data, at + 10, data[at + 9]))
    size = np.array([width, height], "<u2").tobytes()
    descriptor = b"\x2c\0\0\0\0" + size + bytes([data[at + 9] & 0x40])
    bits = (len(table) // 3).bit_length() - 2
    alone = b"GIF89a" + size + bytes([0xF0 | bits, 0, 0]) + table + descriptor + data[pixels:end] + b"\x3b"
    return np.array(Image.open(io.BytesIO(alone)))  # P, or L where the table is the gray ramp: indices both


def _blocks(data: bytes) -> Iterator[_Block]:
    table = _table(data, 13, data[10])
    at = 13 + len(table)
    delay, transparent, disposal = 0, None, 0
    while data[at] != 0x3B:
        if data[at] == 0x21:
            if data[at + 1] == 0xF9:
                flags = data[at + 3]
                delay = int.from_bytes(data[at + 4 : at + 6], "little")
                transparent, disposal = data[at + 6] if flags & 1 else None, flags >> 2 & 7
            at = skip_sub_blocks(data, at + 2)
        elif data[at] == 0x2C:
            left, top = (int(value) for value in np.frombuffer(data[at + 1 : at + 5], "<u2"))
            own = _table(data, at + 10, data[at + 9])
            end = skip_sub_blocks(data, at + 11 + len(own))
            yield _Block(left, top, _unpacked(data, at, end, own or table), own or table, delay, transparent, disposal)
            at, delay, transparent, disposal = end, 0, None, 0
        else:
            raise ValueError(f"byte {data[at]:#x} at {at} begins no block")


def read_gif(data: bytes) -> list[tuple[GIFFrame, int]]:
    """The composed frames of a GIF and their delays in hundredths of a second.

    ValueError where a frame shows pixels of several color tables, or none: a GIFFrame has one table for all.
    """
    width, height = (int(value) for value in np.frombuffer(data[6:10], "<u2"))
    index, owner = np.zeros((height, width), np.uint8), np.full((height, width), -1)
    tables: list[bytes] = []
    frames = []
    for block in _blocks(data):
        if block.disposal not in LEAVE_IN_PLACE:
            raise ValueError(f"disposal {block.disposal}")
        if block.table not in tables:
            tables.append(block.table)
        rows = slice(block.top, block.top + block.index.shape[0])
        columns = slice(block.left, block.left + block.index.shape[1])
        painted = np.ones(block.index.shape, bool) if block.transparent is None else block.index != block.transparent
        index[rows, columns][painted] = block.index[painted]
        owner[rows, columns][painted] = tables.index(block.table)
        if len(used := np.unique(owner)) > 1 or used[0] < 0:
            raise ValueError(f"frame {len(frames)} shows pixels of {len(used)} color tables or of none")
        table = np.frombuffer(tables[used[0]], np.uint8).reshape(-1, 3).copy()
        frames.append((GIFFrame(index.copy(), table), block.delay))
    return frames
