"""How rules find what stands still in front of something that moves, on generated scenes. NOTES.md has the numbers.

    PYTHONPATH=. python studies/standing.py ../shared/data/val

A rule sees two neighboring GIF frames and the restored ones, as the program does, and says which pixels stand. Those
of captions are known from the scenes; a pixel of the film is frozen wrongly where the truth at t = 1/2 differs by more
than 8 levels from the restored frame that would be shown instead, and from the truth at t = 0.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import torch

from gif2video_training.catalogue import MAKERS
from gif2video_training.data import find_sources
from gif2video_training.export import load_model
from gif2video_training.motion_pool import restore
from gif2video_training.quality.generated import PAN_SPEEDS
from gif2video_training.quality.plan import MAIN_MAKERS
from gif2video_training.scenes import Films, make_scene

SEED, SIDE = 950_000, 256


def share(mask: np.ndarray, side: int) -> np.ndarray:
    return cv2.blur(mask.astype(np.float32), (side, side), borderType=cv2.BORDER_REPLICATE)


def contrast(frame: np.ndarray, side: int = 3) -> np.ndarray:
    """Largest less smallest gray value around every pixel."""
    gray, kernel = frame.mean(-1).astype(np.float32), np.ones((side, side), np.uint8)
    return cv2.dilate(gray, kernel) - cv2.erode(gray, kernel)


def components(mask: np.ndarray, seeds: np.ndarray, least: int) -> np.ndarray:
    """The components of a mask (8 neighbors) that hold at least so many seeds."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    kept = np.bincount(labels[seeds & mask], minlength=count) >= least
    kept[0] = False
    return kept[labels]


def rules(g0: np.ndarray, g1: np.ndarray, i0: np.ndarray, i1: np.ndarray) -> dict[str, np.ndarray]:
    equal = (g0 == g1).all(-1)
    apart = np.abs(i0.astype(np.int16) - i1).max(-1)
    near = cv2.blur(apart.astype(np.float32), (3, 3)) <= 4
    both = np.minimum(contrast(i0), contrast(i1))
    edge = (both > 40) & (share(equal, 3) > 0.85)
    soft = equal | ((apart <= 6) & (share(equal, 5) > 0.3))
    soft_edge = (both > 40) & (share(soft, 3) > 0.95)
    moving = share(apart > 16, 31) > 0.05
    structure = components(soft & (share(soft, 3) > 0.5), soft_edge, 8)
    # Palettes of each frame's own leave no equal pixels: what the restored frames say, against their contrast.
    mean = cv2.blur(apart.astype(np.float32), (3, 3))
    known = equal | (apart <= 6) | ((mean <= 8) & (apart <= 0.15 * both))
    known_edge = (both > 40) & (share(known, 3) > 0.95)
    wide = components(known & (share(known, 3) > 0.5), known_edge, 8)
    return {
        "equal in the GIF": equal,
        "restored within 4 (3 x 3 mean)": near,
        "equal, 6 of 9 around": equal & (share(equal, 3) > 0.6),
        "equal, component with 8 standing edges": components(equal, edge, 8),
        "equal or near, component with 8 standing edges": structure,
        "... and something moves near it": structure & moving,
        "equal, or near against the contrast, component with 8 standing edges": wide,
    }


def main() -> None:
    torch.set_num_threads(1)
    sources = find_sources(Path(sys.argv[1]))
    films = Films(sources, Path("cache/frames"))
    networks = {name: load_model(Path(f"../Models/live/ccdnet-{name}.safetensors"))[0] for name in ("none", "dithered")}
    makers: dict[str, list[list[float]]] = defaultdict(list)
    tallies: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for kind, count in (("caption", 44), ("layers", 22), ("interface", 11), ("animation", 11)):
        for k in range(count):
            speed = PAN_SPEEDS[k // 2 % len(PAN_SPEEDS)] if kind == "caption" and k % 2 else None
            scene = make_scene(kind, SEED + k, (SIDE, SIDE), films, speed)
            maker = MAKERS[MAIN_MAKERS[k % len(MAIN_MAKERS)]]
            truth = [scene.picture(t) for t in (0, 0.5, 1)]
            gifs = maker.frames(np.stack(truth[::2]), min((256, 64)[k % 2], maker.most_colors))
            i0, i1 = restore(networks["dithered" if maker.is_noisy else "none"], gifs)
            overlay, stands = scene.overlay(0, 1), scene.standing(0, 1)
            halfway = np.abs(truth[1].astype(np.int16) - i0).max(-1) > 8
            halfway &= np.abs(truth[1].astype(np.int16) - truth[0]).max(-1) > 8
            for name, found in rules(gifs[0].rgb, gifs[1].rgb, i0, i1).items():
                tally = tallies[kind, name]
                if overlay.sum() > 50:
                    tally["found"].append(float(found[overlay].mean()))
                    # The in-between there is the mean of both frames: it differs from either by at most 2 levels.
                    steady = np.abs(i0.astype(np.int16) - i1).max(-1) <= 4
                    tally["kept"].append(float((found & steady)[overlay].mean()))
                    if kind == "caption":
                        makers[maker.name].append([tally["found"][-1], tally["kept"][-1]])
                film = ~stands
                if film.sum() > 50:
                    tally["frozen"].append(float(found[film].mean()))
                    tally["wrong"].append(float((found & halfway)[film].mean()))
    print("| scenes | rule | standing found | found and within 2 levels | moving frozen | frozen wrongly |")
    print("|---|---|---|---|---|---|")
    for (kind, name), tally in tallies.items():
        cells = [f"{100 * np.mean(tally[key]):.1f} %" if tally[key] else "" for key in
                 ("found", "kept", "frozen", "wrong")]  # fmt: skip
        print(f"| {kind} | {name} | " + " | ".join(cells) + " |", flush=True)
    names = list(rules(*[np.zeros((8, 8, 3), np.uint8)] * 4))
    print("\nCaptions, found, by maker and rule (in the order above)\n")
    for name, values in makers.items():
        means = np.array(values).reshape(-1, len(names), 2).mean(0)
        print(f"| {name} | " + " | ".join(f"{100 * found:.1f}" for found, _ in means) + " |")


if __name__ == "__main__":
    main()
