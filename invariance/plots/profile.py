"""The symmetries of a network at a glance: a cell for each group and claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from .style import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_profile"]

_COLOURS = {
    "exact": "#009E73",
    "to rounding": "#7FCEB9",
    "approximately": "#F0E442",
    "broken": "#D55E00",
    "undefined": "#DDDDDD",
}


def plot_profile(
    groups: Mapping[str, str],
    claims: Sequence[str],
    cells: Mapping[tuple[str, str], tuple[str, float | None]],
    *,
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """A row for each group, called as `groups` says, a column for each claim; a cell has its status as colour and word.

    Raises:
        ArgumentError: nothing to draw.
    """
    from matplotlib.patches import Rectangle

    if not groups or not claims:
        raise ArgumentError("groups", groups, "at least one group and claim")
    ax = axes(ax, width=2.2 + 2.4 * len(claims), height=0.9 + 0.32 * len(groups))
    for y, group in enumerate(groups):
        for x, claim in enumerate(claims):
            status, error = cells.get((group, claim), ("undefined", None))
            ax.add_patch(Rectangle((x, y), 1, 1, facecolor=_COLOURS[status], edgecolor="white", linewidth=2))
            shown = status in ("approximately", "broken") and error is not None
            told = f"{status}, E = {error:.1e}" if shown else status
            ax.text(x + 0.5, y + 0.5, told, ha="center", va="center", fontsize=8)
    ax.set_xlim(0, len(claims))
    ax.set_ylim(len(groups), 0)
    ax.set_xticks([x + 0.5 for x in range(len(claims))], claims)
    ax.set_yticks([y + 0.5 for y in range(len(groups))], list(groups.values()))
    ax.tick_params(length=0)
    ax.xaxis.tick_top()
    ax.spines[:].set_visible(False)
    if title:
        ax.set_title(title, fontsize=10)
    return ax
