"""Models named by a string: `file.py:name`, `package.module:name`, a saved program; one reader for every command."""

from .program import load_program
from .target import load_target

__all__ = ["load_program", "load_target"]
