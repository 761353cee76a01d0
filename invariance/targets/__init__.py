"""Models named by a string: one reader for every command; `load_target` lists the kinds of names."""

from .program import exported_program, load_program
from .symmetry import load_symmetry
from .target import load_target, origin

__all__ = ["exported_program", "load_program", "load_symmetry", "load_target", "origin"]
