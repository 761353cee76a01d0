"""Error, consistency and accuracy over checkpoints, at one size of the warp."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ..measure.comparison import Comparison
from .style import axes, colour_and_marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_checkpoints"]

_MOST = 12  # names that have room below the axis


def plot_checkpoints(comparison: Comparison, *, ax: Axes | None = None, level: float = 0.95) -> Axes:
    """A line for each measure over the networks in their order, at the last scale, with intervals over images.

    Raises:
        UndefinedError: a network that does not tell the images apart.
    """
    ax = axes(ax, width=7)
    labels = comparison.labels
    for i, measure in enumerate(comparison.measures):
        shown = [(x, label) for x, label in enumerate(labels) if comparison.has(label, measure)]
        values = [float(comparison.value(label, measure)[-1]) for _, label in shown]
        low, high = torch.stack(
            [
                comparison.interval(label, measure, generator=torch.Generator().manual_seed(0), level=level)[:, -1]
                for _, label in shown
            ],
            1,
        ).numpy()
        places, style = [x for x, _ in shown], colour_and_marker(i)
        ax.fill_between(places, low, high, color=style["color"], alpha=0.2, linewidth=0)
        ax.plot(places, values, label="E" if measure == "error" else measure, **style)
    if len(labels) <= _MOST:
        ax.set_xticks(range(len(labels)), labels, rotation=20, ha="right")
    else:
        ax.set_xlabel("checkpoint, in the order given")
    about = comparison.about
    ax.set_ylim(bottom=0)
    ax.set_title(f"{about['warp']} {comparison.scales[-1]:g} ({about['unit']}), {about['claim']}", loc="left")
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    return ax
