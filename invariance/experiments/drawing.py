"""Figures from what is kept: a table, its layers, its pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ResultError
from ..reading import read_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_kept", "is_kept"]


def is_kept(file: Path) -> bool:
    """Whether it is a file of `invariance table`."""
    return _kind(file) in ("table", "layers", "pictures")


def draw_kept(file: Path) -> Figure:
    """The figure that `invariance table` drew of the same file.

    Raises:
        ResultError: no such file; a table of images that were not warped, which has no figure.
    """
    from .layers import draw_analyses, load_analyses
    from .table.figure import draw_predictions, draw_representation, draw_table
    from .table.pictures import load_pictures
    from .table.result import load_table

    kind = _kind(file)
    if kind == "layers":
        return draw_analyses(load_analyses(file))
    if kind == "pictures":
        pictures = load_pictures(file)
        return draw_representation(pictures) if pictures.fields else draw_predictions(pictures)
    table = load_table(file)
    if not table.protocol.families:
        raise ResultError("FILE", file, "a table of warped images: this one has no warps to draw against")
    return draw_table(table)


def _kind(file: Path) -> str:
    """The second word of "invariance table 1"."""
    content = read_json("FILE", file, error=ResultError)
    words = str(content.get("format") if isinstance(content, dict) else "").split()
    return words[1] if len(words) == 3 and words[0] == "invariance" else ""
