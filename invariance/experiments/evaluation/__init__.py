"""Accuracy under warps: a protocol says how images are warped, `evaluate` shows them to classifiers."""

from .corruptions import CORRUPTIONS, Setting, corruption
from .draws import Column, Displacement, Draws, draw, draw_all
from .evaluate import Answers, evaluate
from .protocol import FAMILIES, SCALES, Cell, Protocol
from .warping import warped

__all__ = [
    "CORRUPTIONS",
    "FAMILIES",
    "SCALES",
    "Answers",
    "Cell",
    "Column",
    "Displacement",
    "Draws",
    "Protocol",
    "Setting",
    "corruption",
    "draw",
    "draw_all",
    "evaluate",
    "warped",
]
