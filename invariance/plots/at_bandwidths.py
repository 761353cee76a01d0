"""Errors at one size against the transformation, a line for each bandwidth of the images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from .style import COLOURS, axes, colour_and_marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_at_bandwidths"]

_SMALLEST = 1e-6  # a turn of 90° is exact up to rounding, which would take up most of the axis

Measured = tuple[float, tuple[float, float], float]


def plot_at_bandwidths(
    lines: Mapping[str, Mapping[str, Measured]], *, ax: Axes | None = None, title: str | None = None
) -> Axes:
    """E with its interval, and dotted in the same colour the floor: what interpolating the output makes by itself.

    Args:
        lines: (E, its interval, its floor) by bandwidth, then by transformation; what is below 1e-6 is drawn there.

    Raises:
        ArgumentError: nothing to draw.
    """
    if not lines:
        raise ArgumentError("lines", dict(lines), "at least one bandwidth")
    names = list(dict.fromkeys(name for line in lines.values() for name in line))
    ax = axes(ax, width=8.5)
    for i, (bandwidth, line) in enumerate(lines.items()):
        where = [names.index(name) for name in line]
        errors, intervals, floors = zip(*line.values(), strict=True)
        low, high = ([max(end, _SMALLEST) for end in ends] for ends in zip(*intervals, strict=True))
        colour = COLOURS[i % len(COLOURS)]
        ax.fill_between(where, low, high, color=colour, alpha=0.2, linewidth=0)
        style = {**colour_and_marker(i), "markersize": 4}
        ax.plot(where, [max(error, _SMALLEST) for error in errors], label=f"up to {bandwidth}", **style)
        ax.plot(where, [max(floor, _SMALLEST) for floor in floors], color=colour, linestyle=":", linewidth=1)
    ax.plot([], [], color="0.5", linestyle=":", linewidth=1, label="floor: interpolating the output")
    ax.set(yscale="log", ylabel="normalised error E")
    ax.set_xticks(range(len(names)), names)
    if title:
        ax.set_title(title, loc="left", fontsize="medium")
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    return ax
