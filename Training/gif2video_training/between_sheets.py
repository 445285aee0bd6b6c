"""Sheets of drawn scenes in which our in-between is nearest to the truth and farthest from it, beside RIFE's: for the eye.

    python -m gif2video_training.between_sheets --out cache/between-sheets

A row is the middle between two frames of a GIF that the program restored: the frame before, the truth, our in-between, RIFE's
(of the same restored frames), and the frame after, around what changes most. Rows are ranked by how much nearer to the truth
ours is than RIFE's. There is a sheet for each kind, and overview.webp, which docs/images/in-betweens.webp is a copy of, has the best
and the worst row of every kind. All is drawn: no film has a say, so that the sheets are free to be shown.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw

from .blind import window
from .catalogue import MAKERS
from .metrics import psnr
from .program import TRAINING, Program
from .rife import Rife
from .scenes import KINDS, Films, make_scene

MAKER, COLORS = "ffmpeg-sierra2_4a", 256
SIDE, SHOWN, SCALE = 256, 128, 2
"""Pixels of a scene, and of the part that a sheet shows, so many times as large."""
LABEL = 16
"""Height of the words above a row."""
SEED = 700_000
"""Of the first scene of a kind; no training draws it."""


@dataclass(frozen=True)
class Row:
    """The middle of a gap. lead: our PSNR over RIFE's in dB, where the picture changes."""

    name: str
    lead: float
    pictures: dict[str, np.ndarray]

    def image(self) -> np.ndarray:
        """The pictures side by side, uint8 [LABEL + SHOWN SCALE, W, 3]."""
        place = window(self.pictures["frame before"], self.pictures["frame after"], SHOWN)
        side = SHOWN * SCALE
        tiles = [cv2.resize(picture[place], (side, side), interpolation=cv2.INTER_NEAREST)
                 for picture in self.pictures.values()]  # fmt: skip
        words = Image.new("RGB", (side * len(tiles), LABEL), "white")
        draw = ImageDraw.Draw(words)
        for number, name in enumerate(self.pictures):
            more = f": {self.name}" if number == 0 else f" {self.lead:+.1f} dB" if name == "ours" else ""
            draw.text((number * side + 2, 1), name + more, fill="black")
        return np.concatenate([np.asarray(words), np.concatenate(tiles, 1)])


def row_of(kind: str, number: int, program: Program, rife: Rife) -> Row | None:
    """The gap of a scene in which most changes; None where nothing does, or where no middle is known."""
    scene = make_scene(kind, SEED + number, (SIDE, SIDE), Films([]))
    if scene.grid % 2:
        return None
    truth = scene.film(2)
    frames = [frame for frame in truth[::2]]
    ours = program.restored(MAKERS[MAKER].file(np.stack(frames), COLORS), (SIDE, SIDE), rate=2)
    changes = [np.abs(a.astype(np.int16) - b).mean() for a, b in zip(frames, frames[1:])]
    at = int(np.argmax(changes))
    if changes[at] < 0.1:
        return None
    before, middle, after = ours[2 * at], ours[2 * at + 1], ours[2 * at + 2]
    theirs = rife.pictures(np.stack([before, after]), 2)[1]
    place = window(before, after, SHOWN)
    lead = psnr(middle[place], truth[2 * at + 1][place]) - psnr(theirs[place], truth[2 * at + 1][place])
    return Row(f"{kind} {number}", lead, {
        "frame before": before, "truth": truth[2 * at + 1], "ours": middle, "RIFE": theirs, "frame after": after,
    })  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the sheets")
    parser.add_argument("--binary", type=Path, default=TRAINING / "../.build/release/gif2video")
    parser.add_argument("--models", type=Path, default=TRAINING / "../Models/quality", help="a profile's folder")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--scenes", type=int, default=20, help="scenes of each kind")
    parser.add_argument("--count", type=int, default=5, help="rows of a sheet")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    program, rife = Program(options.binary.resolve(), options.models.resolve()), Rife()
    overview = []
    for kind in options.kinds:
        found = [row_of(kind, number, program, rife) for number in range(options.scenes)]
        rows = sorted((row for row in found if row), key=lambda row: -row.lead)
        ahead = sum(row.lead > 0 for row in rows)
        print(f"{kind}: ours nearer in {ahead} of {len(rows)}, {np.mean([row.lead for row in rows]):+.2f} dB", flush=True)
        for which, chosen in (("best", rows[: options.count]), ("worst", rows[::-1][: options.count])):
            if chosen:
                sheet = np.concatenate([row.image() for row in chosen])
                Image.fromarray(sheet).save(options.out / f"{kind}-{which}.png")
                overview.append(chosen[0].image())
    if overview:
        Image.fromarray(np.concatenate(overview)).save(options.out / "overview.webp", quality=80)


if __name__ == "__main__":
    main()
