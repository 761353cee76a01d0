"""What all figures share: colours that colour-blind readers tell apart (Okabe & Ito), and a place to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "MARKERS", "axes", "colour_and_marker", "figure_of"]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def colour_and_marker(i: int) -> dict[str, Any]:
    """Of the i-th line; 49 lines differ in at least one of the two."""
    turns, place = divmod(i, len(COLOURS))
    return {"color": COLOURS[place], "marker": MARKERS[(place + turns) % len(MARKERS)]}


def axes(ax: Axes | None, *, width: float = 6.0, height: float = 4.0) -> Axes:
    """`ax`, or the only axes of a new figure of this many inches, which no window shows."""
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").subplots()


def figure_of(ax: Axes) -> Figure:
    """The figure to save."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure
