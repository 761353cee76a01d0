"""A proof drawn as a chain: every operation in order, and how its tensor moves; green as far as the proof goes."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from .style import COLOURS, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_proof"]

_MOST = 60


def plot_proof(
    chain: Sequence[tuple[str, str, str, bool]], *, ax: Axes | None = None, title: str | None = None
) -> Axes:
    """Rows of (operation, module, what the tensor does, whether it is proved), joined from top to bottom.

    Of more than 60 rows those in the middle are left out, and how many is said.

    Raises:
        ArgumentError: nothing to draw.
    """
    if not chain:
        raise ArgumentError("chain", chain, "at least one operation")
    rows: list[tuple[str, str, str, bool] | int] = list(chain)
    if len(rows) > _MOST:
        rows = [*chain[: _MOST // 2], len(chain) - _MOST, *chain[-_MOST // 2 :]]
    ax = axes(ax, width=11.0, height=0.8 + 0.26 * len(rows))
    proved, stopped = COLOURS[2], COLOURS[1]
    ax.plot([0, 0], [0, len(rows) - 1], color="0.8", linewidth=2, zorder=0)
    for place, row in enumerate(rows):
        if isinstance(row, int):
            ax.text(0.03, place, f"… {row} operations …", va="center", fontsize="small", color="0.4")
            continue
        op, module, words, ok = row
        style = {"marker": "o" if ok else "X", "color": proved if ok else stopped, "markersize": 8, "linestyle": ""}
        label = "proved" if ok else "not proved"
        known = ax.get_legend_handles_labels()[1]
        ax.plot(0, place, label=None if label in known else label, **style)
        name = op.removeprefix("aten.").partition(".")[0].strip("_").removeprefix("native_")
        name = name.removesuffix("_legit_no_training")  # torch's word for a batch norm in eval mode
        ax.text(0.03, place, shorten(name, 28, placeholder="…"), va="center", fontsize="small")
        ax.text(0.26, place, shorten(module, 30, placeholder="…"), va="center", fontsize="x-small", color="0.4")
        ax.text(0.46, place, shorten(words, 110, placeholder="…"), va="center", fontsize="x-small")
    ax.set(xlim=(-0.03, 1.6), ylim=(len(rows) - 0.5, -0.5))
    ax.axis("off")
    ax.legend(fontsize="small", loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=2)
    if title:
        ax.set_title(title, loc="left", fontsize="medium")
    return ax
