"""Certified accuracy against displacement, beside the accuracy under the worst warps found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .style import axes, colour_and_marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_certified"]


def plot_certified(found: Mapping[str, Any], *, ax: Axes | None = None, title: str | None = None) -> Axes:
    """The part of the images that is right and certified, at every displacement in pixels, as steps; markers are the
    accuracies under the worst warps found: filled on moved meshes, hollow on resampled pixels.

    `found` is `Certificates.to_dict()`.
    """
    ax = axes(ax, width=7.0)
    radii = np.array([np.inf if radius is None else radius for radius in found["radii"]])
    right = np.array(found["right"], dtype=bool)
    reach = 1.15 * max(found["displacements"])
    steps = np.linspace(0, reach, 400)
    certified = [100 * float((right & (radii >= d)).mean()) for d in steps]
    ax.fill_between(steps, 0, certified, color="C0", alpha=0.2, linewidth=0)
    ax.plot(steps, certified, color="C0", label="certified, every diffeomorphism")
    ax.axhline(100 * found["accuracy"], color="0.4", linestyle="--", linewidth=1, label="not moved")
    for i, (name, row) in enumerate(found["attacked"].items(), start=1):
        style = {**colour_and_marker(i), "linestyle": "", "markersize": 6}
        ax.plot(found["displacements"], 100 * np.array(row), label=f"worst {name} found", **style)
        if name in found["resampled"]:
            hollow = {**style, "markerfacecolor": "none", "label": f"{name}, resampled pixels"}
            ax.plot(found["displacements"], 100 * np.array(found["resampled"][name]), **hollow)
    ax.set(xlabel="displacement, pixels", ylabel="accuracy, %", xlim=(0, reach), ylim=(0, 100))
    if title:
        ax.set_title(title, loc="left")
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small", loc="upper right", frameon=False)
    return ax
