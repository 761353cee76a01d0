"""Where a symmetry breaks: the error of every layer, in the order in which they are computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ArgumentError
from ..measure.layerwise import LayerwiseReport
from ..measure.local import LocalReport
from .style import COLOURS, axes, colour_and_marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_layerwise"]


def plot_layerwise(
    reports: Mapping[str, LayerwiseReport] | Mapping[str, LocalReport],
    *,
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """E by layer on a logarithmic axis, one line for each label; its first broken layer has a ring around it.

    Layers without an error leave a gap. Errors under 1e-17 are drawn there. All reports are of one architecture.

    Raises:
        ArgumentError: no reports, or reports of different layers.
    """
    names = {tuple(layer.name for layer in report.layers) for report in reports.values()}
    if len(names) != 1:
        raise ArgumentError("reports", f"{len(names)} lists of layers", "reports on the same layers, at least one")
    (layers,) = names
    local = isinstance(next(iter(reports.values())), LocalReport)
    ax = axes(ax, width=5 + 0.35 * len(layers), height=4.6)
    for i, (label, report) in enumerate(reports.items()):
        errors = np.array([np.nan if layer.error is None else max(layer.error, 1e-17) for layer in report.layers])
        style = {**colour_and_marker(i), "markersize": 5}
        ax.plot(errors, label=label, **style)
        if isinstance(report, LayerwiseReport):
            _mark(ax, report, errors, COLOURS[i % len(COLOURS)])
    ax.set(yscale="log", ylabel="local error E per unit of t" if local else "normalised error E")
    ax.set_xlim(-0.5, len(layers) - 0.5)
    ax.set_xticks(range(len(layers)), layers, rotation=40, ha="right", fontsize="small")
    if title:
        ax.set_title(title, loc="left")
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    return ax


def _mark(ax: Axes, report: LayerwiseReport, errors: np.ndarray, colour: str) -> None:
    tolerance = f"tolerance {report.tolerance:.0e}"
    if tolerance not in ax.get_legend_handles_labels()[1]:
        ax.axhline(report.tolerance, color="0.5", linestyle=":", linewidth=1, label=tolerance)
    if (first := report.first_broken) is not None:
        places = (first.layer, *(first.between or ()))
        at = next(i for i, layer in enumerate(report.layers) if layer.layer in places)
        style = {"marker": "o", "markersize": 13, "markerfacecolor": "none", "markeredgecolor": colour}
        ax.plot(at, errors[at], linestyle="", label=f"first broken: {first.name}", **style)
