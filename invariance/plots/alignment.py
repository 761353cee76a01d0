"""The best alignment that any affine map can reach, by depth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import ArgumentError
from ..measure.alignment import Alignment
from .style import axes, colour_and_marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_alignment"]


def plot_alignment(
    alignments: Mapping[str, Mapping[int, Alignment]],
    *,
    ax: Axes | None = None,
    xlabel: str = "depth (layers)",
    generator: torch.Generator | None = None,
    title: str | None = None,
) -> Axes:
    """Residual E with its bootstrap interval against depth, one colour for each label, on a logarithmic axis.

    Residuals of rounding size are drawn where they are: there the feature maps were realigned.

    Raises:
        ArgumentError: no alignments.
    """
    if not alignments or not all(alignments.values()):
        raise ArgumentError("alignments", alignments, "at least one alignment for each label")
    generator = generator or torch.Generator().manual_seed(0)
    ax = axes(ax, width=7.5)
    width = 0.5 / len(alignments)
    for i, (label, by_depth) in enumerate(alignments.items()):
        residual = np.array([found.residual for found in by_depth.values()])
        low, high = np.array([found.interval(generator=generator) for found in by_depth.values()]).T
        x = np.array(list(by_depth)) + (i - (len(alignments) - 1) / 2) * width
        bars = np.stack((residual - low, high - residual)).clip(0)
        style = {**colour_and_marker(i), "markersize": 5}
        ax.errorbar(x, residual, yerr=bars, linestyle="", capsize=2, label=label, **style)
    depths = sorted({depth for by_depth in alignments.values() for depth in by_depth})
    ax.set(yscale="log", xlabel=xlabel, ylabel="residual E of the best affine map", xticks=depths)
    bottom, top = min(ax.get_ylim()[0], 1e-17), ax.get_ylim()[1]
    ax.axhspan(bottom, 1e-10, color="0.93", zorder=0, label="rounding: aligned")
    ax.set_ylim(bottom, top)
    ax.grid(alpha=0.3, axis="y")
    if title:
        ax.set_title(title, loc="left")
    band, *points = zip(*ax.get_legend_handles_labels(), strict=True)
    ax.legend(
        *zip(*points, band, strict=True),
        fontsize="small",
        loc="upper left",
        bbox_to_anchor=(1.01, 1),
        borderaxespad=0,
        frameon=False,
    )
    return ax
