"""Writing real GIF files from index maps and color tables, each frame whole and with its own table."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from .makers import GIFFrame


def skip_sub_blocks(data: bytes, at: int) -> int:
    """The end of the chain of sub-blocks that begins at `at`."""
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _image_block(frame: GIFFrame) -> bytes:
    """One image descriptor with a local color table and its LZW data, taken from Pillow's encoder."""
    image = Image.fromarray(frame.index)
    image.putpalette(frame.palette.tobytes())
    stream = io.BytesIO()
    image.save(stream, "GIF", optimize=False)
    data = stream.getvalue()
    table_size = 3 * 2 ** ((data[10] & 7) + 1)
    table, at = data[13 : 13 + table_size], 13 + table_size
    # Pillow writes no table of two entries, but one of four.
    if len(table) != max(frame.palette.size, 12) or not table.startswith(frame.palette.tobytes()):
        raise ValueError("Pillow changed the color table")
    while data[at] == 0x21:
        at = skip_sub_blocks(data, at + 2)
    descriptor = bytearray(data[at : at + 10])
    descriptor[9] = (descriptor[9] & 0x40) | 0x80 | (data[10] & 7)
    end = skip_sub_blocks(data, at + 11)
    return bytes(descriptor) + table + data[at + 10 : end]


def gif_bytes(frames: list[GIFFrame], delay: int) -> bytes:
    """A GIF that loops for ever. delay: hundredths of a second."""
    height, width = frames[0].index.shape
    parts = [b"GIF89a", np.array([width, height], "<u2").tobytes(), b"\x70\x00\x00"]
    parts.append(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
    for frame in frames:
        parts += [b"\x21\xf9\x04\x04", np.array([delay], "<u2").tobytes(), b"\x00\x00", _image_block(frame)]
    return b"".join(parts) + b"\x3b"
