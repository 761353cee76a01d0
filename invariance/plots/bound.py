"""A measured quantity under its theoretical bound, sample by sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jaxtyping import Float
from torch import Tensor

from .style import COLOURS, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_bound"]


def plot_bound(
    scales: Float[Tensor, "s"],
    measured: Float[Tensor, "s n"],
    bound: Float[Tensor, "s n"],
    *,
    ax: Axes | None = None,
    quantity: str,
    formula: str,
    xlabel: str = "scale σ",
    title: str | None = None,
) -> Axes:
    """Both clouds and their means over samples, log-log; `quantity` and `formula` name them."""
    ax = axes(ax)
    for values, colour, marker, label in ((measured, COLOURS[0], "o", quantity), (bound, COLOURS[1], "_", formula)):
        x = scales[:, None].expand_as(values)
        ax.plot(x.flatten(), values.flatten(), color=colour, marker=marker, linestyle="", alpha=0.25, markersize=4)
        ax.plot(scales, values.mean(1), color=colour, label=label)
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel="largest norm over the image")
    if title:
        ax.set_title(title)
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small", loc="lower right")
    return ax
