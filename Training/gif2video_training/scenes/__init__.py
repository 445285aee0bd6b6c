"""Scenes of layers whose every moment is known: captions over film, moving text, slides, interfaces, charts, cartoons.

fonts.py    the fonts of this machine
layers.py   what a scene is made of, and how it moves
kinds.py    scenes drawn at random, by kind and seed
pool.py     a motion pool of them
__main__.py sheets to look at

Time is counted in frames of the GIF: frame k of it shows the scene at t = k, and what the in-betweens should show is
the scene at the times between. What changes at once (a slide, a digit, a typed letter) changes at the time of a frame
of the GIF: until then its viewer saw the old state. Nothing here knows how such a scene came about in the world, so
whatever restores it is held to one rule: it stands until the frame that shows it changed.
"""

from .kinds import KINDS, Films, make_scene
from .layers import Scene

__all__ = ["KINDS", "Films", "Scene", "make_scene"]
