"""What all figures share: colours that colour-blind readers tell apart (Okabe & Ito), and a place to draw."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentTypeError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "MARKERS", "axes", "colour_and_marker", "figure_of", "legend_below", "require"]

COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"),
    *("#882255", "#999933", "#44AA99", "#661100", "#6699CC", "#AA4499", "#7A7A7A"),
)
"""Okabe and Ito's seven, then seven of Tol's muted ones that are not near them: fourteen lines without one twice."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h", "p", "*", "d")


def require(argument: str, values: Iterable[object], kind: type, wanted: str) -> None:
    """Raises ArgumentTypeError for a value that is no `kind`, and says what makes one."""
    for value in values:
        if not isinstance(value, kind):
            raise ArgumentTypeError(argument, type(value).__name__, wanted)


def colour_and_marker(i: int) -> dict[str, Any]:
    """Of the i-th line; 14 · 13 lines differ in at least one of the two."""
    return {"color": COLOURS[i % len(COLOURS)], "marker": MARKERS[i % len(MARKERS)]}


def legend_below(ax: Axes, *, columns: int = 1) -> None:
    """The legend under the axes, where a narrow screen has place for it; the same entries in the same order."""
    ax.legend(
        fontsize="small",
        loc="upper center",
        bbox_to_anchor=(0.5, -0.17),
        borderaxespad=0,
        frameon=False,
        ncols=columns,
    )


def axes(ax: Axes | None, *, width: float = 6.0, height: float = 4.0) -> Axes:
    """`ax`, or the only axes of a new figure of this many inches, which no window shows."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").subplots()


def figure_of(ax: Axes) -> Figure:
    """The whole figure that `ax` is a part of, as `save_figure` takes it."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure
