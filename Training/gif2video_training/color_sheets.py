"""Sheets of the GIFs whose colors gained most and least, beside waifu2x: for the eye.

    python -m gif2video_training.color_sheets --data ../shared/data --out cache/color-sheets

Of each kind of GIF (film or drawn art, by makers that people use) one PNG of those that gained most in PSNR and one of those
that gained least, by the first profile. A row is one GIF: the original, the GIF, waifu2x where it is installed, and the
program's profiles, at twice the size, around the place where the GIF is farthest from the original.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from .blind import window
from .catalogue import MAKERS
from .metrics import psnr
from .program import TRAINING, Program, measuring_parser
from .quality.color import on_time, shown
from .quality.drawn import KINDS, scene_film
from .quality.generated import Scenes
from .quality.plan import Plan, chosen_sources, clips_folder, load_clip
from .waifu2x import Waifu2x, weights_folder

GIFS = (("pillow-none", 32), ("pillow-floyd_steinberg", 32), ("gifsicle-none-lossy80", 64), ("ffmpeg-sierra2_4a", 256))
SIDE = 144
"""Pixels of a picture that a sheet shows."""
SCALE = 2
LABEL = 16
"""Height of the words above a row."""
LEVEL = 1
"""Of noise, as waifu2x counts it."""
FRAMES = 3


@dataclass(frozen=True)
class Row:
    """One GIF: pictures of its middle frame by the name of who made them, and what each gained over the GIF in dB."""

    name: str
    pictures: dict[str, np.ndarray]
    gains: dict[str, float]

    def image(self) -> np.ndarray:
        """The pictures side by side, uint8 [LABEL + SIDE SCALE, W, 3]."""
        place = window(self.pictures["GIF"], self.pictures["original"], SIDE)
        tiles = [picture[place] for picture in self.pictures.values()]
        size = (SIDE * SCALE, SIDE * SCALE)
        shown_large = np.concatenate([cv2.resize(tile, size, interpolation=cv2.INTER_NEAREST) for tile in tiles], 1)
        words = Image.new("RGB", (shown_large.shape[1], LABEL), "white")
        draw = ImageDraw.Draw(words)
        for number, name in enumerate(self.pictures):
            gain = f" {self.gains[name]:+.2f} dB" if name in self.gains else f" {self.name}" if number == 0 else ""
            draw.text((number * SIDE * SCALE + 2, 1), name + gain, fill="black")
        return np.concatenate([np.asarray(words), shown_large])


def row_of(name: str, film: np.ndarray, maker: str, size: int, programs: list[Program], peer: Waifu2x | None) -> Row:
    """film: uint8 [T, H, W, 3]."""
    data = MAKERS[maker].file(film, size)
    gif, times = shown(data)
    films = {"original": film, "GIF": on_time(gif, times, len(film))}
    if peer:
        films["waifu2x"] = on_time(peer.pictures(gif), times, len(film))
    for program in programs:
        films[program.profile] = on_time(program.restored(data, film.shape[1:3]), times, len(film))
    middle = len(film) // 2
    pictures = {name: pictures[middle] for name, pictures in films.items()}
    scores = {name: psnr(picture, film[middle]) for name, picture in pictures.items() if name != "original"}
    return Row(name, pictures, {name: score - scores["GIF"] for name, score in scores.items() if name != "GIF"})


def write(rows: list[Row], by: str, count: int, out: Path, title: str) -> None:
    """Two sheets: the `count` rows that gained most and least in the column `by`."""
    ranked = sorted(rows, key=lambda row: -row.gains[by])
    for which, chosen in (("best", ranked[:count]), ("worst", ranked[::-1][:count])):
        file = out / f"{title}-{which}.png"
        Image.fromarray(np.concatenate([row.image() for row in chosen])).save(file)
        print(file, flush=True)


def main() -> None:
    parser = measuring_parser("color_sheets", __doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the sheets")
    parser.add_argument("--profiles", nargs="+", default=["quality", "live", "vivid"], help="the first ranks")
    parser.add_argument("--count", type=int, default=10, help="rows of a sheet")
    parser.add_argument("--scenes", type=int, default=4, help="generated scenes of each kind")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    programs = [Program(options.binary.resolve(), (options.models / name).resolve()) for name in options.profiles]
    peer = Waifu2x(LEVEL) if weights_folder() else None
    clips, plan = clips_folder(options.data), Plan(False, FRAMES, 1)
    sources, few = chosen_sources(clips, plan)
    scenes = Scenes(clips, TRAINING / "cache/quality/frames", options.scenes)
    films = [(source.name, load_clip(source, plan, sources, few).frames) for source in sources]
    drawn = [(f"{kind}-{k}", scene_film(scenes, kind, k)) for kind in KINDS for k in range(options.scenes)]
    for maker, size in GIFS:
        for title, content in (("film", films), ("drawn", drawn)):
            rows = [row_of(name, film, maker, size, programs, peer) for name, film in content]
            # A GIF without loss has nothing to gain.
            rows = [row for row in rows if (row.pictures["GIF"] != row.pictures["original"]).any()]
            write(rows, options.profiles[0], options.count, options.out, f"{title}-{maker}-{size}")


if __name__ == "__main__":
    main()
