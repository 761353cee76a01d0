"""Aliasing: the local error of each layer against the bandwidth of the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from ..measure.diagnosis import BandwidthProfile
from .style import axes, colour_and_marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_bandwidth"]


def plot_bandwidth(
    profile: BandwidthProfile,
    *,
    layers: Sequence[str] | None = None,
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """One line for each layer, on a logarithmic axis, and the Nyquist frequencies of strides 1, 2 and 4.

    Args:
        layers: names out of `profile.layers`; by default all that have a plane.

    Raises:
        ArgumentError: a name that is not among them.
    """
    chosen = [name for name in profile.layers if profile.error(name).isfinite().all()] if layers is None else layers
    if unknown := [name for name in chosen if name not in profile.layers]:
        raise ArgumentError("layers", unknown, f"names out of {profile.layers}")
    ax = axes(ax, width=8.5)
    for i, name in enumerate(chosen):
        style = {**colour_and_marker(i), "markersize": 4}
        ax.plot(profile.bandwidths, profile.error(name).clamp(min=1e-17).numpy(), label=name, **style)
    for stride in (1, 2, 4):
        nyquist = profile.size / (2 * stride)
        if nyquist >= profile.bandwidths[0]:
            ax.axvline(nyquist, color="0.5", linestyle=":", linewidth=1)
            ax.text(nyquist, 1.01, f"N/{2 * stride}", transform=ax.get_xaxis_transform(), fontsize="small", ha="center")
    ax.set(yscale="log", xlabel="bandwidth of the image (half-periods per unit of the domain)")
    ax.set_ylabel(f"relative local error along {profile.reports[0].along}")
    if title:
        ax.set_title(title, loc="left", pad=16)
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    return ax
