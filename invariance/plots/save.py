"""Figures as files, whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["picture_of", "save_figure"]


def save_figure(figure: Figure, path: str | Path, *, dpi: int = 150, **options: Any) -> None:
    """As PNG, SVG or PDF, whichever the name ends in; the same bytes for the same figure.

    Raises:
        OutputError: the file cannot be written; what was there before is kept.
    """
    path = Path(path)
    write(path, picture_of(figure, path.suffix.lower().removeprefix("."), dpi=dpi, **options))


def picture_of(figure: Figure, kind: str, *, dpi: int = 150, **options: Any) -> bytes:
    """What `save_figure` writes; `kind` is png, svg or pdf."""
    from matplotlib import rc_context

    # SVG and PDF have the date in them, and an SVG names that are random unless they are salted.
    about = {"svg": {"Date": None, "Creator": "invariance"}, "pdf": {"CreationDate": None, "Creator": "invariance"}}
    content = io.BytesIO()
    with rc_context({"svg.hashsalt": "invariance"}):
        figure.savefig(content, format=kind, dpi=dpi, metadata=about.get(kind, {"Software": "invariance"}), **options)
    return content.getvalue()
