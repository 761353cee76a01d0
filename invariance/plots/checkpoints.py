"""Error, consistency and accuracy over checkpoints, at one size of the warp: a panel for each, on one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ..measure.comparison import Comparison, Measure
from .comparison import NAMES
from .style import colour_and_marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_checkpoints"]

_MOST = 12  # names that have room below the axis


def plot_checkpoints(comparison: Comparison, *, level: float = 0.95) -> Figure:
    """A panel for each measure over the networks in their order, at the last scale, with intervals over images.

    E has an axis of its own, as it has no largest value; shares of images end at 1.

    Raises:
        UndefinedError: a network that does not tell the images apart.
    """
    from matplotlib.figure import Figure

    measures, labels, about = comparison.measures, comparison.labels, comparison.about
    figure = Figure(figsize=(7, 1 + 2.2 * len(measures)), layout="constrained")
    panels = figure.subplots(len(measures), 1, sharex=True, squeeze=False)[:, 0]
    for i, (ax, measure) in enumerate(zip(panels, measures, strict=True)):
        _panel(ax, comparison, measure, i, level)
    if len(labels) <= _MOST:
        panels[-1].set_xticks(range(len(labels)), labels, rotation=20, ha="right")
    else:
        panels[-1].set_xlabel("checkpoint, in the order given")
    title = f"{about['warp']} {comparison.scales[-1]:g} ({about['unit']}), {about['claim']}"
    figure.suptitle(title, x=0.01, ha="left", fontsize="medium")
    return figure


def _panel(ax: Axes, comparison: Comparison, measure: Measure, number: int, level: float) -> None:
    shown = [(x, label) for x, label in enumerate(comparison.labels) if comparison.has(label, measure)]
    values = [float(comparison.value(label, measure)[-1]) for _, label in shown]
    ends = [
        comparison.interval(label, measure, generator=torch.Generator().manual_seed(0), level=level)[:, -1]
        for _, label in shown
    ]
    low, high = torch.stack(ends, 1).numpy()
    places, style = [x for x, _ in shown], colour_and_marker(number)
    ax.fill_between(places, low, high, color=style["color"], alpha=0.2, linewidth=0)
    ax.plot(places, values, **style)
    ax.set_ylabel(NAMES[measure])
    ax.set_ylim(0, None if measure == "error" else 1.02)
    ax.grid(alpha=0.3)
