"""Where in a network warps are forgotten: the error of every layer, a line for each scale of the warp."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ArgumentError
from ..measure import InvarianceCurve
from .style import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_layer_curves"]


def plot_layer_curves(
    curves: Mapping[str, InvarianceCurve], *, ax: Axes | None = None, title: str | None = None
) -> Axes:
    """E by layer on a logarithmic axis, a line for each positive scale, darker for larger ones.

    A vertical line parts layers with a plane, which should move with the image, from those without, which should stay.

    Raises:
        ArgumentError: no curves, or curves of different scales.
        UndefinedError: a layer that is the same for all images.
    """
    scales = {curve.scales for curve in curves.values()}
    if len(scales) != 1:
        raise ArgumentError("curves", f"{len(scales)} lists of scales", "curves of the same scales, at least one")
    from matplotlib import colormaps

    used = np.array(scales.pop()) > 0
    ax = axes(ax, width=3 + 0.4 * len(curves), height=4.6)
    errors = np.stack([curve.error.numpy()[used] for curve in curves.values()], axis=1)
    shades = colormaps["cividis_r"](np.linspace(0.15, 1, len(errors)))
    positive = np.array(next(iter(curves.values())).scales)[used]
    for scale, row, shade in zip(positive, errors, shades, strict=True):
        ax.plot(np.maximum(row, 1e-17), color=shade, marker="o", markersize=4, label=f"σ = {scale:g}")
    planes = sum(curve.claim == "equivariant" for curve in curves.values())
    if 0 < planes < len(curves):
        ax.axvline(planes - 0.5, color="0.5", linewidth=1, linestyle=":")
    ax.set(yscale="log", ylabel="normalised error E")
    ax.set_xticks(range(len(curves)), list(curves), rotation=50, ha="right", fontsize="small")
    if title:
        ax.set_title(title, loc="left")
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    return ax
