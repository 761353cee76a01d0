"""Error, consistency and accuracy of networks against the size of a warp: a panel for each measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import ArgumentError, UndefinedError
from ..measure.comparison import Comparison, Measure
from .style import colour_and_marker, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["NAMES", "plot_comparison"]

NAMES: dict[str, str] = {
    "error": "normalised error E",
    "consistency": "images whose class stays",
    "accuracy": "accuracy",
}
_AXES: dict[str, str] = {
    "rotation": "angle (degrees)",
    "scale": "scale factor",
    "shear": "shear (slope)",
    "translation": "shift (pixels)",
}


def plot_comparison(
    comparison: Comparison,
    *,
    measures: Sequence[Measure] | None = None,
    level: float = 0.95,
    title: str | None = None,
) -> Figure:
    """A panel for each measure, side by side; in each a line for each network, with its interval as a band.

    Motions have the axis of their unit, factors of scale a logarithmic one; random families are drawn log-log. A
    network that does not tell the images apart has no E, and the legend says so.

    Args:
        measures: error, consistency, accuracy; all that there are by default.

    Raises:
        ArgumentError: a measure that no network has.
        ArgumentTypeError: what is no comparison.
    """
    from matplotlib.figure import Figure

    require("comparison", [comparison], Comparison, "what compare returns; plot_invariance draws curves")
    chosen = list(measures or comparison.measures)
    for measure in chosen:
        if measure not in comparison.measures:
            raise ArgumentError("measure", measure, f"{', '.join(comparison.measures)}: all that was measured")
    figure = Figure(figsize=(4.4 * len(chosen) + 2.2, 4.0), layout="constrained")
    panels = figure.subplots(1, len(chosen), squeeze=False)[0]
    names = {label: _name(comparison, label, chosen) for label in comparison.labels}
    for ax, measure in zip(panels, chosen, strict=True):
        _panel(ax, comparison, measure, level, names)
    warp, claim = comparison.about["warp"], comparison.about["claim"]
    said = f"{warp}: " + ("F(I∘φ) = F(I)" if claim == "invariant" else "F(I∘φ) = F(I)∘φ")
    figure.suptitle(title or said, x=0.01, ha="left", fontsize="medium")
    handles, names = panels[0].get_legend_handles_labels()
    for ax in panels[1:]:
        more = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
        handles, names = (
            [*handles, *(h for n, h in more.items() if n not in names)],
            [*names, *(n for n in more if n not in names)],
        )
    figure.legend(handles, names, fontsize="small", loc="outside right upper", frameon=False)
    return figure


def _name(comparison: Comparison, label: str, measures: Sequence[Measure]) -> str:
    """Of a network in the legend, the same in all panels."""
    runs = len(comparison.runs(label))
    try:
        comparison.value(label)
    except UndefinedError:
        told = "constant" if runs == 1 else "a run is constant"
        return f"{label}: {told}, so that E is undefined" if "error" in measures else label
    return label + (f" ({runs} runs)" if runs > 1 else "")


def _panel(ax: Axes, comparison: Comparison, measure: Measure, level: float, names: dict[str, str]) -> None:
    scales = np.array(comparison.scales)
    motion = comparison.about["warp"] in _AXES
    used = np.ones(len(scales), bool) if motion else scales > 0
    lowest = 1.0
    for i, label in enumerate(comparison.labels):
        if not comparison.has(label, measure):
            continue
        style, generator = colour_and_marker(i), torch.Generator().manual_seed(0)
        try:
            value = comparison.value(label, measure).numpy()[used]
        except UndefinedError:
            ax.plot([], [], label=names[label], markersize=4, **style)
            continue
        low, high = comparison.interval(label, measure, generator=generator, level=level).numpy()[:, used]
        ax.fill_between(scales[used], low, high, color=style["color"], alpha=0.2, linewidth=0)
        ax.plot(scales[used], value, label=names[label], markersize=4, **style)
        lowest = min(lowest, float(low.min(initial=1.0)))
    if measure == "error" and comparison.floor is not None:
        _floor(ax, comparison, used, motion)
    ax.set(xlabel=_AXES.get(comparison.about["warp"], "scale σ"), ylabel=NAMES[measure])
    ax.grid(alpha=0.3)
    if not motion:
        ax.set_xscale("log")
        if measure == "error" and any(np.any(np.asarray(line.get_ydata()) > 0) for line in ax.get_lines()):
            ax.set_yscale("log")  # which matplotlib refuses to draw without a number above 0
    elif measure == "error":
        ax.set_ylim(bottom=0)
    if measure != "error":
        bottom = max(0.0, min(0.95, lowest - 0.05))
        ax.set_ylim(bottom, 1 + 0.04 * (1 - bottom))
        ax.set_yticks([tick for tick in ax.get_yticks() if bottom <= tick < 1.001])  # no share is above 1
    _ticks(ax, comparison.about["warp"], scales)


def _floor(ax: Axes, comparison: Comparison, used: np.ndarray, motion: bool) -> None:
    assert comparison.floor is not None
    high = comparison.floor.interval(generator=torch.Generator().manual_seed(0))[1].numpy()[used]
    bottom = 0.0 if motion else 0.5 * float(high[high > 0].min(initial=1.0))
    scales = np.array(comparison.scales)[used]
    ax.fill_between(scales, bottom, high, color="0.85", zorder=0, label=f"{comparison.floor.label} floor")


def _ticks(ax: Axes, warp: str, scales: np.ndarray) -> None:
    if warp == "rotation" and np.ptp(scales) >= 90:
        step = 90 if np.ptp(scales) > 180 else 45
        ax.set_xticks(np.arange(step * np.ceil(scales.min() / step), scales.max() + 1, step))
    elif warp == "scale":
        ax.set_xscale("log", base=2)
        low, high = np.floor(np.log2(scales.min())), np.ceil(np.log2(scales.max()))
        ticks = 2.0 ** np.arange(low, high + 1e-9, 1 if high - low > 2 else 0.5)
        ax.set_xticks(ticks, [f"{tick:.2g}" for tick in ticks])
        ax.minorticks_off()
