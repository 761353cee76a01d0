"""A symmetry named by a string, FILE.py:NAME: for what a command line cannot spell."""

from __future__ import annotations

from ..errors import ArgumentError, ArgumentTypeError
from ..symmetry import Symmetry
from .python import made_in_python

__all__ = ["load_symmetry"]


def load_symmetry(source: str) -> Symmetry:
    """The `Symmetry` of this name, or what a function of this name returns; its code is run.

    Raises:
        ArgumentError: no such file, module or name; a function that has to be given something.
        ArgumentTypeError: what is there is no symmetry.
    """
    where, colon, name = source.rpartition(":")
    if not (where and colon and name):
        raise ArgumentError("--symmetry", source, "FILE.py:NAME or package.module:NAME, where a Symmetry is")
    made = made_in_python("--symmetry", where, name)
    if not isinstance(made, Symmetry):
        raise ArgumentTypeError(
            "--symmetry", f"{source}, {type(made).__name__}", "a Symmetry, or a function that makes one"
        )
    return made.at(source)
