"""Sheets for a blind look: in-betweens of real GIFs, ours and RIFE's on our restored frames, without names.

    python -m gif2video_training.blind ../shared/data/gif/wild/*.gif --out cache/blind --seed 7

Of every GIF one sheet, two rows, A above B: a frame, three moments between, and the next frame, where most moves. Our
row is drawn at random and stands in key.json alone: judge first (`judged.json`: {"NAME": "A" | "B" | "equal"}),
then `--tally judged.json` counts.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from .program import Program
from .rife import Rife

RATE = 4
SIDE = 320
"""Pixels of a GIF that a sheet shows, around what moves most."""
CUT = 45.0


def gaps_by_motion(kept: np.ndarray) -> list[int]:
    """Gaps of restored frames [T, H, W, 3], those in which most changes first; cuts are left out."""
    steps = np.array([np.abs(a.astype(np.int16) - b).mean() for a, b in zip(kept, kept[1:])])
    return [int(at) for at in np.argsort(-steps) if 0.1 < steps[at] < CUT]


def window(before: np.ndarray, after: np.ndarray, side: int = SIDE) -> tuple[slice, slice]:
    """side x side around what changes most."""
    change = np.abs(before.astype(np.float32) - after).mean(-1)
    sides = [min(side, length) for length in change.shape]
    border = cv2.BORDER_CONSTANT
    sums = cv2.boxFilter(change, -1, (sides[1], sides[0]), normalize=False, anchor=(0, 0), borderType=border)
    room = sums[: change.shape[0] - sides[0] + 1, : change.shape[1] - sides[1] + 1]
    top, left = np.unravel_index(int(room.argmax()), room.shape)
    return slice(top, top + sides[0]), slice(left, left + sides[1])


def distinct(frames: np.ndarray) -> list[int]:
    """The frames of a GIF [T, H, W, 3] that differ from the one before. The program fills the time of repetitions, too."""
    return [at for at in range(len(frames)) if at == 0 or not np.array_equal(frames[at], frames[at - 1])]


def rows_of(pictures: np.ndarray, frames: list[int], rife: Rife, nth: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Our row and RIFE's for the gap that is the nth by motion; None where the GIF has no such gap.

    pictures: the program's at RATE times the GIF's rate, uint8 [N, H, W, 3]; frames: `distinct`.
    """
    kept = pictures[[at * RATE for at in frames]]
    gaps = gaps_by_motion(kept)
    if nth >= len(gaps):
        return None
    first, after = frames[gaps[nth]], frames[gaps[nth] + 1]
    ours = pictures[first * RATE : after * RATE + 1 : after - first]
    place = window(ours[0], ours[-1])
    theirs = rife.pictures(ours[[0, -1]], RATE)
    return tuple(np.concatenate([picture[place] for picture in film], 1) for film in (ours, theirs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gifs", type=Path, nargs="*")
    parser.add_argument("--out", type=Path, required=True, help="folder of sheets and key.json")
    parser.add_argument("--binary", type=Path, default=Path("../.build/release/gif2video"))
    parser.add_argument("--models", type=Path, default=Path("../Models/quality"), help="a profile's folder")
    parser.add_argument("--frames", type=int, default=24, help="GIF frames looked at")
    parser.add_argument("--gap", type=int, default=0, help="the n-th gap by how much changes in it")
    parser.add_argument("--seed", type=int, default=1, help="which row is ours")
    parser.add_argument("--tally", type=Path, help="judgments to count against key.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    key_file = options.out / "key.json"
    if options.tally:
        key, judged = json.loads(key_file.read_text()), json.loads(options.tally.read_text())
        named = {True: "ours", False: "RIFE"}
        said = Counter("equal" if row == "equal" else named[row == key[name]] for name, row in judged.items())
        print(f"{len(judged)} judged: ours {said['ours']}, equal {said['equal']}, RIFE {said['RIFE']}")
        return
    options.out.mkdir(parents=True, exist_ok=True)
    program = Program(options.binary.resolve(), options.models.resolve())
    rife, rng, key = Rife(), np.random.default_rng(options.seed), {}
    for file in options.gifs:
        with Image.open(file) as image:
            shape, count = (image.height, image.width), min(options.frames, image.n_frames)
        pictures = program.first_pictures(file, shape, count * RATE, True, RATE)
        pictures = pictures[: len(pictures) // RATE * RATE]
        frames = distinct(program.first_pictures(file, shape, len(pictures) // RATE, False))
        rows = rows_of(pictures, frames, rife, options.gap)
        ours_first = bool(rng.random() < 0.5)
        if rows is None:
            print(f"{file}: nothing moves between its first {count} frames")
            continue
        key[file.stem] = "A" if ours_first else "B"
        gap = np.full((6, rows[0].shape[1], 3), 255, np.uint8)
        sheet = np.concatenate([rows[0], gap, rows[1]] if ours_first else [rows[1], gap, rows[0]])
        Image.fromarray(sheet).save(options.out / f"{file.stem}.png")
        print(options.out / f"{file.stem}.png", flush=True)
    key_file.write_text(json.dumps(key, indent=1) + "\n")


if __name__ == "__main__":
    main()
