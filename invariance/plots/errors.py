"""Errors of named things, each with its interval and its floor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from .style import COLOURS, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_errors"]

_SMALLEST = 1e-18


def plot_errors(
    labels: Sequence[str],
    errors: Sequence[float | None],
    *,
    intervals: Sequence[tuple[float, float] | None],
    floors: Sequence[float],
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """One line for each label: E with its interval on a logarithmic axis, the floor as a grey bar; 0 is drawn at 1e-18.

    An error of None is said to be undefined.

    Raises:
        ArgumentError: nothing to draw.
    """
    if not labels:
        raise ArgumentError("labels", labels, "at least one measured error")
    ax = axes(ax, width=7.0, height=1.2 + 0.28 * len(labels))
    rows = range(len(labels))
    ax.barh(rows, floors, left=_SMALLEST, height=0.8, color="0.85", label="floor: what rounding may do")
    for row, error, floor, interval in zip(rows, errors, floors, intervals, strict=True):
        if error is None or interval is None:
            ax.text(2 * _SMALLEST, row, "undefined", va="center")
            continue
        above = error > floor
        ends = [max(end, _SMALLEST) for end in interval]
        ax.plot(ends, [row, row], color=COLOURS[above], linewidth=2)
        label = "E above the floor" if above else "E within the floor"
        style = {"marker": "s" if above else "o", "color": COLOURS[above], "markersize": 5, "linestyle": ""}
        ax.plot(
            max(error, _SMALLEST), row, label=label if label not in ax.get_legend_handles_labels()[1] else None, **style
        )
    ax.set(
        xscale="log",
        xlabel="normalised error E",
        xlim=(_SMALLEST / 2, 3 * max(1.0, *(error or 0.0 for error in errors))),
    )
    ax.set_yticks(rows, labels)
    ax.invert_yaxis()
    if title:
        ax.set_title(title, loc="left", fontsize="medium")
    ax.grid(alpha=0.3, axis="x")
    ax.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    return ax
