"""Error, consistency and accuracy over checkpoints, at one size of the warp: a panel for each, on one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import UndefinedError
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

    A network that does not tell the images apart has no E, and leaves a gap.
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
    low, value, high = np.array([_at_last(comparison, label, measure, level) for label in comparison.labels]).T
    places, style = np.arange(len(value)), colour_and_marker(number)
    ax.fill_between(places, low, high, color=style["color"], alpha=0.2, linewidth=0)
    ax.plot(places, value, **style)
    ax.set_ylabel(NAMES[measure])
    ax.set_ylim(0, None if measure == "error" else 1.04)  # room for the marker of a share of 1
    ax.grid(alpha=0.3)


def _at_last(comparison: Comparison, label: str, measure: Measure, level: float) -> tuple[float, float, float]:
    """Lower end, value and upper end at the last scale; nan, which is not drawn, where there is none."""
    generator = torch.Generator().manual_seed(0)
    try:
        value = float(comparison.value(label, measure)[-1]) if comparison.has(label, measure) else np.nan
    except UndefinedError:
        value = np.nan
    if np.isnan(value):
        return value, value, value
    low, high = comparison.interval(label, measure, generator=generator, level=level)[:, -1].tolist()
    return low, value, high
