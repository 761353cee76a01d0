"""The refinement ladder: error against the number of pixels, the fit, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from ..errors import ArgumentError
from ..measure import Ladder
from .style import COLOURS, axes, colour_and_marker, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_ladder"]


def plot_ladder(
    ladders: Ladder | Mapping[str, Ladder],
    *,
    verdicts: Mapping[str, str] | None = None,
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Log-log points of E(N), the fitted $E_\\infty + C N^{-p}$ through them, and each verdict in the legend.

    Args:
        verdicts: by label, of whoever knows more than the ladder, such as what resampling does; by default its own.

    Raises:
        ArgumentError: no ladders.
        ArgumentTypeError: what is none.
    """
    ladders = {"model": ladders} if isinstance(ladders, Ladder) else ladders
    wanted = "what refinement_ladder returns, or such by label: {'mine': ladder}"
    require("ladders", ladders.values() if isinstance(ladders, Mapping) else [ladders], Ladder, wanted)
    if not ladders:
        raise ArgumentError("ladders", ladders, "at least one ladder")
    ax = axes(ax, width=8.5)
    for i, (label, ladder) in enumerate(ladders.items()):
        colour = COLOURS[i % len(COLOURS)]
        low, high = ladder.limit_interval
        verdict = (verdicts or {}).get(label, ladder.verdict)
        found = f"{label}: {verdict}\n$E_\\infty$ in [{low:.1g}, {high:.1g}]"
        if verdict == "consistent":
            found += f", $p$ = {ladder.order:.2g}"
        style = {**colour_and_marker(i), "linestyle": "", "markersize": 5}
        ax.plot(ladder.sizes, ladder.error.numpy(), label=found, **style)
        fine = ladder.sizes[0] * (ladder.sizes[-1] / ladder.sizes[0]) ** torch.linspace(0, 1, 60, dtype=torch.float64)
        if ladder.order < torch.inf:
            ax.plot(fine.numpy(), ladder.fitted(fine).numpy(), color=colour, linewidth=1)
    sizes = next(iter(ladders.values())).sizes
    ax.set(xscale="log", yscale="log", xlabel="grid size N (pixels along a side)", ylabel="normalised error E")
    ax.set_xticks(sizes, [str(size) for size in sizes], fontsize="small")
    ax.xaxis.minorticks_off()
    if title:
        ax.set_title(title, loc="left")
    ax.grid(alpha=0.3)
    ax.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)
    return ax
