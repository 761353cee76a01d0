"""Which errors vanish on finer grids, and which do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..images import AnalyticImage
from ..measure import InvarianceCurve, Ladder, dropped_term, lipschitz_constant
from ..measure.ladder import fitted_ladder
from ..plots import figure_of, plot_bound, plot_ladder
from ..plots.style import legend_below
from ..warps import WARP_FAMILIES
from .networks import networks, seeded
from .result import Result, logspace, measured_curves

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["dropped_terms", "in_words", "ladder_data", "narrow_ladder", "refinement"]


_PIXELS = 2**16
"""Of the images in a network at once: what it computes of them is then less than the 32 MB from which on malloc asks
the system for every tensor anew, which takes longer than to fill it."""


def refinement(photos: Tensor) -> Result:
    """T2.h: which errors vanish on finer grids, and which do not."""
    generator = seeded()
    images = AnalyticImage.random(8, generator=generator, cutoff=2, window=0.35)
    warp = WARP_FAMILIES["smooth"](8, 0.2, generator=generator)
    sizes = (32, 48, 64, 96, 128, 192)

    def measured(size: int) -> list[InvarianceCurve]:
        near, far = networks(), networks(dilation=size // 16)
        nets = {
            "DiffCNN, K = 1": near["DiffCNN, K = 1"],
            "DiffCNN, K = 3, taps one pixel apart": near["DiffCNN, K = 3, stride 1"],
            "DiffCNN, K = 3, taps 1/8 apart": far["DiffCNN, K = 3, stride 1"],
            "plain CNN, taps 1/8 apart": far["plain CNN, 3×3"],
        }
        at_once = max(1, _PIXELS // size**2)
        return measured_curves(
            nets, images, warp=lambda *_, **__: warp, scales=(0.2,), draws=1, claim="equivariant", size=size,
            batch=at_once,
        )  # fmt: skip

    rungs = zip(*map(measured, sizes), strict=True)
    ladders = {
        curves[0].label: fitted_ladder(
            sizes,
            torch.cat([curve.difference[:, 0] for curve in curves]),
            torch.stack([curve.spread for curve in curves]),
            generator=seeded(),
        )
        for curves in rungs
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
    constant = lipschitz_constant(images)
    warps = [WARP_FAMILIES["smooth"](8, float(scale), generator=seeded()) for scale in scales]
    rows = [dropped_term(images, warp, size=64, lipschitz=constant) for warp in warps]
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
