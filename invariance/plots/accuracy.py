"""Accuracy against the displacement of a warp, measured ones with intervals, claimed ones as hollow markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..errors import ArgumentError
from ..measure.accuracy import AccuracyCurve
from .style import axes, colour_and_marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_accuracy"]


def plot_accuracy(
    curves: Sequence[AccuracyCurve],
    *,
    clean: Mapping[str, float] | None = None,
    claimed: Mapping[str, Mapping[float | None, float]] | None = None,
    ax: Axes | None = None,
    chance: float | None = None,
    legend: bool = True,
    title: str | None = None,
) -> Axes:
    """Accuracy in % against mean displacement in pixels: a line and a 95 % band for each curve, 0 on a linear stretch.

    Of a network that was trained from several seeds, each run is a dot, to the right of the marker of their mean.

    Args:
        clean: accuracies on images that were not warped, by label: short lines at the left.
        claimed: accuracies from elsewhere by label and scale (None: clean), hollow markers in the colour of the label's
            curve, or in one of their own. They are drawn at the displacement that the scale has here.
        chance: accuracy of guessing, a dotted line.

    Raises:
        ArgumentError: no curves, or curves of different scales.
    """
    if not curves or len({(curve.scales, curve.displacement) for curve in curves}) > 1:
        raise ArgumentError("curves", [curve.scales for curve in curves], "curves of the same warps, at least one")
    ax = axes(ax, width=8.0)
    moved = np.array(curves[0].displacement)
    smallest = min((x for x in moved if x > 0), default=1.0)
    # Half of the smallest displacement is where the axis turns linear, so that 0 has a place left of it.
    ax.set_xscale("symlog", linthresh=smallest / 2, linscale=0.4)
    labels = [*(curve.label for curve in curves), *(claimed or {})]
    order = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    for i, curve in enumerate(curves):
        broad = 1 - i / max(len(curves) - 1, 1)  # from broad to narrow: a line on another one leaves its rim to be seen
        style: dict[str, Any] = colour_and_marker(i)
        low, high = 100 * curve.interval(generator=torch.Generator().manual_seed(0)).numpy()
        ax.fill_between(moved, low, high, color=style["color"], alpha=0.2, linewidth=0)
        values = 100 * curve.accuracy.numpy()
        ax.plot(moved, values, **style, markersize=4 + 4 * broad, linewidth=1.2 + 2.8 * broad, label=curve.label)
        _draw_runs(ax, curve, moved, place=i, color=style["color"])
        if clean and curve.label in clean:
            ax.plot(
                [-0.35 * smallest, -0.1 * smallest],
                [100 * clean[curve.label]] * 2,
                color=style["color"],
                linewidth=1.6 + 2.8 * broad,
            )
    places: dict[float | None, float] = dict(zip(curves[0].scales, moved.tolist(), strict=True))
    if clean:
        places[None] = -0.225 * smallest
    _draw_claims(ax, claimed or {}, places, order)
    if chance is not None:
        ax.axhline(100 * chance, color="0.5", linestyle=":", linewidth=1, label="chance")
    _ticks(ax, curves[0].scales, moved, smallest, clean=bool(clean))
    ax.set(xlabel="mean displacement, pixels; below it σ", ylabel="accuracy, %", ylim=(0, 100))
    if title:
        ax.set_title(title, loc="left")
    ax.grid(alpha=0.3)
    if any(len(curve.by_run) > 1 for curve in curves):
        ax.plot([], [], linestyle="none", marker=".", markersize=4, color="0.4", label="each run of several")
    if legend:
        ax.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    return ax


def _draw_runs(ax: Axes, curve: AccuracyCurve, moved: np.ndarray, *, place: int, color: object) -> None:
    """A dot for each of several runs; `place` counts the networks, whose dots stand in columns of their own."""
    from matplotlib.transforms import ScaledTranslation

    if len(curve.by_run) < 2:
        return
    points = (7 + 3 * place) / 72
    beside = ax.transData + ScaledTranslation(points, 0, ax.figure.dpi_scale_trans)
    for run in 100 * curve.by_run.numpy():
        ax.plot(moved, run, linestyle="none", marker=".", markersize=4, color=color, transform=beside)


def _draw_claims(
    ax: Axes,
    claimed: Mapping[str, Mapping[float | None, float]],
    places: Mapping[float | None, float],
    order: Mapping[str, int],
) -> None:
    for label, values in claimed.items():
        scales = [scale for scale in values if scale in places]
        x, y = [places[scale] for scale in scales], [100 * values[scale] for scale in scales]
        style: dict[str, Any] = {**colour_and_marker(order[label]), "markersize": 7, "markerfacecolor": "none"}
        ax.plot(x, y, linestyle="", label=f"{label}, claimed", **style)


def _ticks(ax: Axes, scales: Sequence[float], moved: np.ndarray, smallest: float, *, clean: bool) -> None:
    """A tick at each measured displacement, with the σ that has it."""
    at, names = list(moved), [f"{x:.2g}\n{scale:g}" for scale, x in zip(scales, moved, strict=True)]
    left = -0.2 * smallest
    if clean:
        at, names, left = [-0.225 * smallest, *at], ["clean\n", *names], -0.45 * smallest
    ax.set_xticks(at, names, fontsize="small")
    ax.minorticks_off()
    ax.set_xlim(left, 2 * max(moved.max(), smallest))  # room for the dots of ten networks, right of the last marker
