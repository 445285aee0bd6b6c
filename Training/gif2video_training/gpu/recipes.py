"""How the makers of the catalogue make a GIF, step by step, for those whose steps this machine can take by itself.

A maker is a recipe: whose palette, of each frame or of all, and how pixels are mapped to it. Threads in `prepared` do
the steps that only a processor does well (palettes, error diffusion); the device does the rest, many frames at once, in
`device_makers.finished`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import diffusion, palettes

DIFFUSIONS = {
    "pillow-diffusion": diffusion.pillow_floyd_steinberg,
    "floyd_steinberg": diffusion.ffmpeg_floyd_steinberg,
    "sierra2_4a": diffusion.ffmpeg_sierra2_4a,
}


@dataclass(frozen=True)
class Recipe:
    """tool: "pillow" or "ffmpeg"; mapping: "nearest", "coarse" (Pillow's to a given palette), "bayer", a diffusion."""

    tool: str
    one_palette: bool
    mapping: str

    @property
    def is_diffused(self) -> bool:
        return self.mapping in DIFFUSIONS


def _recipes() -> dict[str, Recipe]:
    recipes = {
        "pillow-none": Recipe("pillow", False, "nearest"),
        "pillow-inexact": Recipe("pillow", False, "coarse"),
        "pillow-one-inexact": Recipe("pillow", True, "coarse"),
        "pillow-floyd_steinberg": Recipe("pillow", False, "pillow-diffusion"),
        "pillow-one-floyd_steinberg": Recipe("pillow", True, "pillow-diffusion"),
    }
    for dither in ("none", "floyd_steinberg", "sierra2_4a", "bayer"):
        mapping = "nearest" if dither == "none" else dither
        recipes[f"ffmpeg-{dither}"] = Recipe("ffmpeg", True, mapping)
        recipes[f"ffmpeg-single-{dither}"] = Recipe("ffmpeg", False, mapping)
    return recipes


RECIPES = _recipes()
"""By the names of the catalogue."""


@dataclass(frozen=True)
class Prepared:
    """A film on its way to a GIF.

    pictures: uint8 [T, H, W, 3]; palette: uint8 [T, 256, 3], of which the first count[t] are colors; index: uint8
    [T, H, W] where the error has been diffused already.
    """

    recipe: Recipe
    pictures: np.ndarray
    palette: np.ndarray
    count: np.ndarray
    index: np.ndarray | None

    def part(self, frames: list[int]) -> Prepared:
        """Some of its frames."""
        index = None if self.index is None else self.index[frames]
        return Prepared(self.recipe, self.pictures[frames], self.palette[frames], self.count[frames], index)


def prepared(film: np.ndarray, recipe: Recipe, colors: int) -> Prepared:
    """Chooses the palettes of a film uint8 [T, H, W, 3] and diffuses its errors. Any thread; one at a time in each."""
    film = np.ascontiguousarray(film)
    choose = palettes.pillow_palette if recipe.tool == "pillow" else palettes.ffmpeg_palette
    chosen = [choose(film, colors)] * len(film) if recipe.one_palette else [choose(frame, colors) for frame in film]
    palette = np.zeros((len(film), 256, 3), np.uint8)
    for t, own in enumerate(chosen):
        palette[t, : len(own)] = own
    index = None
    if diffuse := DIFFUSIONS.get(recipe.mapping):
        index = np.stack([diffuse(frame, own) for frame, own in zip(film, chosen)])
    return Prepared(recipe, film, palette, np.array([len(own) for own in chosen]), index)
