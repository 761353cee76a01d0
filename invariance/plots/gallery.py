"""Rows of pictures: images under warps, and what a network makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_gallery"]


def plot_gallery(
    rows: Sequence[Sequence[Float[Tensor, "_ _ _"]]],
    *,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    size: float = 1.3,
    shared: Literal["columns", "rows"] = "columns",
    title: str | None = None,
) -> Figure:
    """A grid of pictures: three channels are colours in [0, 1], one is a field shown with its own symmetric range.

    Fields of one column, or of one row, share their range, so that they can be compared along it.

    Raises:
        ArgumentError: rows of different lengths, or labels that do not match them.
    """
    from matplotlib.figure import Figure

    columns = len(column_labels)
    if len(rows) != len(row_labels) or any(len(row) != columns for row in rows):
        raise ArgumentError("rows", [len(row) for row in rows], f"{len(row_labels)} rows of {columns} pictures")
    figure = Figure(figsize=(size * columns + 1, size * len(rows) + 0.6), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    lines = rows if shared == "rows" else list(zip(*rows, strict=True))
    ranges = [max((_reach(picture) for picture in line if len(picture) == 1), default=1.0) for line in lines]
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            ax = grid[i, j]
            if len(picture) == 3:
                ax.imshow(picture.movedim(0, -1).clamp(0, 1).numpy())
            else:
                reach = ranges[i if shared == "rows" else j]
                ax.imshow(picture[0].numpy(), cmap="PuOr", vmin=-reach, vmax=reach)
            ax.set_xticks([])
            ax.set_yticks([])
            if i == 0:
                ax.set_title(column_labels[j], fontsize="small")
            if j == 0:
                ax.set_ylabel(row_labels[i], fontsize="small", rotation=0, ha="right", va="center")
    if title:
        figure.suptitle(title, fontsize="medium")
    return figure


def _reach(field: Tensor) -> float:
    """The 98 % quantile of |field|: a few pixels near the logarithm's poles would leave the rest pale."""
    return float(field.abs().flatten().quantile(0.98))
