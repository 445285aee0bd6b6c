"""Scenes of layers whose every moment is known: captions over film, moving text, slides, interfaces, charts, cartoons.

fonts.py    the fonts of this machine
layers.py   what a scene is made of, and how it moves
kinds.py    scenes drawn at random, by kind and seed
pool.py     a motion pool of them
__main__.py sheets to look at

Time is counted in frames of the GIF: frame k of it shows the scene at t = k, and the in-betweens should show the scene
at the times between. Things that change at once (a slide, a digit, a typed letter) change at the time of a frame of the
GIF: until then its viewer saw the old state. No GIF tells when such a thing changed in the world, so one rule holds for
every method: it stands until the frame that shows it changed.
"""

from .kinds import KINDS, Films, make_scene
from .layers import Scene

__all__ = ["KINDS", "Films", "Scene", "make_scene"]
