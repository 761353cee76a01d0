"""Which errors vanish on finer grids, and which do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..images import AnalyticImage
from ..measure import Ladder, dropped_term, refinement_ladder, warp_error
from ..plots import figure_of, plot_bound, plot_ladder
from ..plots.style import legend_below
from ..warps import WARP_FAMILIES
from .networks import networks, seeded
from .result import Result, logspace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["dropped_terms", "in_words", "ladder_data", "narrow_ladder", "refinement"]


def refinement(photos: Tensor) -> Result:
    """T2.h: which errors vanish on finer grids, and which do not."""
    generator = seeded()
    images = AnalyticImage.random(8, generator=generator, cutoff=2, window=0.35)
    warp = WARP_FAMILIES["smooth"](8, 0.2, generator=generator)
    sizes = (32, 48, 64, 96, 128, 192)

    def climb(name: str, *, fixed: bool) -> Ladder:
        def measure(size: int) -> Any:
            net = networks(dilation=size // 16 if fixed else 1)[name]
            return warp_error(net, images, warp, size=size)

        return refinement_ladder(measure, sizes=sizes, generator=seeded())

    ladders = {
        "DiffCNN, K = 1": climb("DiffCNN, K = 1", fixed=False),
        "DiffCNN, K = 3, taps one pixel apart": climb("DiffCNN, K = 3, stride 1", fixed=False),
        "DiffCNN, K = 3, taps 1/8 apart": climb("DiffCNN, K = 3, stride 1", fixed=True),
        "plain CNN, taps 1/8 apart": climb("plain CNN, 3×3", fixed=True),
    }
    title = "Equivariance under grid refinement"
    said = "; ".join(f"{label}: {in_words(ladder)}" for label, ladder in ladders.items())
    text = (
        "One image and one warp on finer and finer grids. Look at where the curves go. K = 1 falls towards 0: its "
        "error is the grid's, to first order in the pixel, since log det has poles. K = 3 falls only while its taps "
        "close in with the pixels, and more slowly. With taps that stay an eighth of the image's half-width apart, "
        f"the error levels off: no grid mends that. Limits E∞ and orders p: {said}."
    )
    return Result("refinement", title, text, narrow_ladder(ladders), ladder_data(ladders))


def ladder_data(ladders: dict[str, Ladder]) -> dict[str, Any]:
    """What was measured and fitted, as plain data."""
    return {
        label: {
            "sizes": ladder.sizes,
            "error": ladder.error.tolist(),
            "limit": ladder.limit,
            "limit_interval": ladder.limit_interval,
            "order": ladder.order,
            "order_interval": ladder.order_interval,
            "verdict": ladder.verdict,
        }
        for label, ladder in ladders.items()
    }


def narrow_ladder(ladders: dict[str, Ladder]) -> Figure:
    """The ladders with their legend below, for a narrow screen."""
    from matplotlib.figure import Figure

    ax = plot_ladder(ladders, ax=Figure(figsize=(4.4, 4.8), layout="constrained").subplots())
    legend_below(ax)
    return figure_of(ax)


def in_words(ladder: Ladder) -> str:
    low, high = ladder.limit_interval
    words = f"{ladder.verdict}, E∞ in [{low:.1e}, {high:.1e}]"
    if ladder.verdict == "consistent":
        slow, fast = ladder.order_interval
        words += f", p = {ladder.order:.2f} [{slow:.2f}, {fast:.2f}]"
    return words


def dropped_terms(photos: Tensor) -> Result:
    """T2.g: the term that the proof of Theorem 2 drops, under its bound."""
    from matplotlib.figure import Figure

    images = AnalyticImage.random(8, generator=seeded(), window=0.3)
    scales = torch.tensor(logspace(0.003, 0.3, 7), dtype=torch.float64)
    rows = [
        dropped_term(images, WARP_FAMILIES["smooth"](8, float(scale), generator=seeded()), size=64) for scale in scales
    ]
    measured, bound = (torch.stack(column) for column in zip(*rows, strict=True))
    title = "The term the proof drops: |J(φ(x))dφ − J(x)dφ|"
    ax = plot_bound(
        scales,
        measured,
        bound,
        quantity="measured",
        formula="bound: Lip(J) · |φ(x) − x| · ‖dφ‖",
        xlabel="RMS gradient of the warp, σ",
        ax=Figure(figsize=(4.4, 3.4), layout="constrained").subplots(),
    )
    largest = float((measured / bound).max())
    text = (
        "The proof of Theorem 2 drops a term. Look at the slope: it is of first order in σ, as large as what is kept, "
        f"and never above its bound; the largest ratio of the two is {largest:.2f}."
    )
    data = {"scales": scales.tolist(), "measured": measured.tolist(), "bound": bound.tolist()}
    return Result("dropped_term", title, text, figure_of(ax), data)
