"""A color pool of scenes, beside those that color_pool.py makes of films: gradients, drawn art, screens, captions.

    python -m gif2video_training.scenes.color_pool --data ../shared/data/train --dither none --count 800 --out cache/art

GIFs are made by every maker of the catalogue, by its weight; what a GIF holds without loss mostly is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..color_pool import FILM, MAKER_WEIGHTS, RUN, SIDE, PoolWriter, draw_maker, random_colors
from ..data import find_sources
from ..flat_pool import colors_of, without_loss
from .kinds import Films, draw_scene, pool_parser

SHARES = {
    "gradient": 0.5, "animation": 0.15, "interface": 0.12, "slides": 0.08, "chart": 0.07, "caption": 0.08,
}  # fmt: skip
HELD = 0.7
"""The part of the scenes that a GIF holds without loss which it does hold so."""


def write_scene_color_pool(
    out: Path,
    films: Films,
    count: int,
    dither: str,
    colors: tuple[int, int],
    seed: int,
    shares: dict[str, float] = SHARES,
) -> None:
    """Makes a pool of `count` samples. Sample n is of scene `seed` * 1,000,000 + n.

    dither: "none" or "dithered"; what is held without loss goes into both.
    shares: the part of the samples that each kind of scenes gives (default: SHARES).
    """
    rng = np.random.default_rng(seed)
    pool = PoolWriter(out, count)
    for n in range(count):
        scene = draw_scene(rng, shares, seed * 1_000_000 + n, (SIDE, SIDE), films)
        film = np.stack([scene.picture(t) for t in range(RUN)])
        exact = without_loss(list(film)) if rng.random() < HELD else None
        if exact is not None:
            pool.put(n, film, exact, f"{scene.kind} {n}", "illustration", "flat", False, colors_of(exact))
            continue
        maker = draw_maker(rng, dither == "dithered", list(MAKER_WEIGHTS))
        number = min(random_colors(rng, *colors), maker.most_colors)
        # Tools that take a film get one as long as color_pool.py's.
        made = maker.frames(film if maker.tool == "pillow" else film[np.arange(FILM) % RUN], number)[:RUN]
        pool.put(n, film, made, f"{scene.kind} {n}", "illustration", maker.name, maker.dithered, number)
    pool.close()


def main() -> None:
    parser = pool_parser(__doc__)
    parser.add_argument("--dither", choices=["none", "dithered"], required=True)
    parser.add_argument("--count", type=int, default=800, help="samples")
    parser.add_argument("--colors", type=int, nargs=2, default=(12, 256), metavar=("LOW", "HIGH"))
    parser.add_argument("--kinds", nargs="+", choices=SHARES, help="these alone, alike (default: all, by their shares)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    films = Films(find_sources(options.data), options.cache)
    shares = dict.fromkeys(options.kinds, 1.0) if options.kinds else SHARES
    write_scene_color_pool(
        options.out, films, options.count, options.dither, tuple(options.colors), options.seed, shares
    )


if __name__ == "__main__":
    main()
