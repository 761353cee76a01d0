"""Accuracy lost under warps against the invariance error of the features that the classifier reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ArgumentError
from ..measure import InvarianceCurve
from .style import axes, colour_and_marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_accuracy_loss"]


def plot_accuracy_loss(
    curves: Mapping[str, InvarianceCurve],
    accuracy: Mapping[str, Sequence[float]],
    *,
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """A line for each network through its scales: E across, what is lost of the accuracy at the first scale upwards.

    Args:
        accuracy: in [0, 1], by network, at the scales of its curve.

    Raises:
        ArgumentError: no networks, or accuracies of other networks or scales than the curves.
    """
    if not curves or set(curves) != set(accuracy):
        raise ArgumentError("accuracy", sorted(accuracy), f"the networks of the curves, at least one: {sorted(curves)}")
    ax = axes(ax, width=6.5)
    for i, (label, curve) in enumerate(curves.items()):
        values = np.asarray(accuracy[label])
        if len(values) != len(curve.scales):
            raise ArgumentError("accuracy", len(values), f"{len(curve.scales)} values for {label}, one for each scale")
        style = {**colour_and_marker(i), "markersize": 5}
        ax.plot(curve.error.numpy(), 100 * (values[0] - values), label=label, **style)
    ax.set(xlabel="normalised error E of the features", ylabel="accuracy lost, percentage points")
    if title:
        ax.set_title(title, loc="left")
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    return ax
