"""Pictures with what networks take them for: right ones and wrong ones told by a mark and by colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError
from .style import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_predictions"]


def plot_predictions(
    pictures: Sequence[Sequence[Float[Tensor, "_ _ _"] | None]],
    answers: Sequence[Sequence[Mapping[str, str]]],
    *,
    truth: str,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    size: float = 1.5,
    title: str | None = None,
) -> Figure:
    """A grid of pictures, under each the class that every network sees in it; None leaves a place empty.

    Row labels are at the first column without an empty place.

    Raises:
        ArgumentError: rows of different lengths, or labels or answers that do not match them.
    """
    from matplotlib.figure import Figure

    shape = [len(column_labels)] * len(row_labels)
    if [len(row) for row in pictures] != shape or [len(row) for row in answers] != shape:
        found = [len(row) for row in pictures], [len(row) for row in answers]
        raise ArgumentError("pictures, answers", found, f"{len(row_labels)} rows of {len(column_labels)}")
    full = next((j for j in range(len(column_labels)) if all(row[j] is not None for row in pictures)), 0)
    lines = max(len(seen) for row in answers for seen in row)
    height = (size + 0.19 * lines) * len(row_labels) + 0.7
    figure = Figure(figsize=(1.3 * size * len(column_labels) + 0.6, height), layout="constrained")
    grid = figure.subplots(len(row_labels), len(column_labels), squeeze=False)
    for i, (row, heard) in enumerate(zip(pictures, answers, strict=True)):
        for j, (picture, seen) in enumerate(zip(row, heard, strict=True)):
            ax = grid[i, j]
            ax.set_xticks([])
            ax.set_yticks([])
            if i == 0:
                ax.set_title(column_labels[j], fontsize="medium")
            if picture is None:
                ax.set_axis_off()
                continue
            if j == full:
                ax.set_ylabel(row_labels[i], fontsize="medium")
            shown = picture.movedim(0, -1).clamp(0, 1).numpy()
            ax.imshow(shown if shown.shape[2] == 3 else shown[..., 0], cmap="gray", vmin=0, vmax=1)
            for k, (network, answer) in enumerate(seen.items()):
                right = answer == truth
                text = f"{network}: {answer} {'✓' if right else '✗'}"
                at = (0.5, -0.03 - 0.125 * k)
                style = {"color": COLOURS[0] if right else COLOURS[1], "fontsize": "x-small"}
                ax.text(*at, text, transform=ax.transAxes, ha="center", va="top", **style)
    if title:
        figure.suptitle(title, fontsize="medium")
    return figure
