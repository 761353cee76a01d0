"""Rows of pictures: images under warps, and what a network makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

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
    title: str | None = None,
) -> Figure:
    """A grid of pictures: three channels are colours in [0, 1], one is a field shown with its own symmetric range.

    Fields of one column share their range, so that they can be compared down it.

    Raises:
        ArgumentError: rows of different lengths, or labels that do not match them.
    """
    from matplotlib.figure import Figure

    columns = len(column_labels)
    if len(rows) != len(row_labels) or any(len(row) != columns for row in rows):
        raise ArgumentError("rows", [len(row) for row in rows], f"{len(row_labels)} rows of {columns} pictures")
    figure = Figure(figsize=(size * columns + 1, size * len(rows) + 0.6), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    ranges = [max((_reach(row[j]) for row in rows if len(row[j]) == 1), default=1.0) for j in range(columns)]
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            ax = grid[i, j]
            if len(picture) == 3:
                ax.imshow(picture.movedim(0, -1).clamp(0, 1).numpy())
            else:
                ax.imshow(picture[0].numpy(), cmap="PuOr", vmin=-ranges[j], vmax=ranges[j])
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
