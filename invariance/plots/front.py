"""Accuracy against invariance: what a network gains is to be read beside what it gives up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .style import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_front"]


def plot_front(rows: Sequence[Mapping[str, Any]], *, ax: Axes | None = None, title: str | None = None) -> Axes:
    """Clean accuracy against E of the logits, a line over the families of warps for each classifier.

    A row has a `name`, the accuracy `clean`, `errors` of images that are resampled (filled), `carried` of images on
    meshes that are moved (hollow; may be empty), and `joined`: whether the dotted line of the front goes through it.
    """
    ax = axes(ax, width=6.0, height=4.4)
    above, below = float("inf"), 0
    for row in sorted(rows, key=lambda row: -row["clean"]):
        colour = "#D55E00" if row["joined"] else "0.35"
        level = 100 * row["clean"]
        for errors, face in ((row["errors"], colour), (row["carried"], "none")):
            style = {"color": colour, "marker": "o", "markerfacecolor": face, "markersize": 4, "linewidth": 1}
            ax.plot(errors, [level] * len(errors), **style)
        below = below + 1 if above - level < 1.5 else 0  # names of crowded rows go down like stairs
        above = level
        place = {"xytext": (6, -8 * below), "textcoords": "offset points", "va": "center"}
        ax.annotate(row["name"], (max(row["errors"]), level), color=colour, fontsize="x-small", **place)
    joined = sorted((row["clean"], sum(row["errors"]) / len(row["errors"])) for row in rows if row["joined"])
    ax.plot([e for _, e in joined], [100 * clean for clean, _ in joined], color="#D55E00", linestyle=":", linewidth=0.8)
    ax.set(xlabel="E of the logits under warps", ylabel="clean accuracy, %")
    ax.set_xlim(-0.02, 1.75 * max(error for row in rows for error in row["errors"]))
    if title:
        ax.set_title(title, loc="left", fontsize="medium")
    ax.grid(alpha=0.3)
    return ax
