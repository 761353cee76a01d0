"""What every figure of the report comes to: a picture, a sentence, and plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from ..images import ContinuousImage
from ..measure import Claim, Family, InvarianceCurve
from ..measure.curve import curve_of_gathered, draws_by_scale, family_of
from ..measure.sweep import Gathered, Manner, sweep
from ..plots import plot_invariance
from .networks import seeded
from .orders import POLES, Order

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Result", "curve_result", "logspace", "measured_curves"]


@dataclass(frozen=True)
class Result:
    """One figure: its name, title, what it shows in words, the picture, and everything measured as plain data."""

    name: str
    title: str
    text: str
    figure: Figure
    data: Any


def measured_curves(
    nets: dict[str, nn.Module],
    images: ContinuousImage | Tensor,
    *,
    warp: str | Family,
    scales: tuple[float, ...],
    draws: int = 4,
    claim: Claim = "invariant",
    size: int | None = None,
    batch: int | None = None,
) -> list[InvarianceCurve]:
    """`invariance_curve` of each, with the same generator: every image is warped once for all of them."""
    drawn = list(draws_by_scale(family_of(warp), scales, len(images), draws, seeded()))
    gathered = [Gathered() for _ in nets]
    sweep(list(nets.values()), images, drawn, Manner(claim, size), gathered, batch=batch)
    return [curve_of_gathered(found, scales, name, claim) for name, found in zip(nets, gathered, strict=True)]


def logspace(first: float, last: float, count: int) -> tuple[float, ...]:
    return tuple((first * (last / first) ** (i / (count - 1))) for i in range(count))


def errors(measured: list[InvarianceCurve]) -> str:
    """Smallest and largest E of each curve, in words."""
    return "; ".join(f"{c.label}: {float(c.error.min()):.1e} to {float(c.error.max()):.1e}" for c in measured)


_SLACK = 0.1
"""As of `FittedSlope.verdict`: an exponent is a statement about σ → 0."""

_ROUNDING, _SEEN = 1e-9, 0.3
"""Between these errors an exponent is fitted: above rounding, below where E no longer grows."""


def curve_result(
    name: str,
    title: str,
    text: str,
    measured: list[InvarianceCurve],
    *,
    orders: Mapping[str, Order] | None = None,
    floor: InvarianceCurve | None = None,
    xlabel: str = "size σ of the field, log M",
) -> Result:
    """The curves, those that are rounding below the others; the exponent of each beside what theory predicts.

    Args:
        orders: by label, where theory says how E grows.
    """
    fitted = {c.label: c.slope(generator=seeded(), below=_SEEN) for c in measured if _has_order(c)}
    said = {label: _compared(label, fitted[label], orders or {}, measured) for label in fitted}
    figure = _drawn(measured, said, orders or {}, floor, xlabel)
    left_out = max(float(c.undefined.sum() / (c.defined + c.undefined).sum()) for c in measured)
    told = f"{text} Smallest and largest E: {errors(measured)}."
    if left_out:
        told += f" Entries where U is undefined are left out: at most {left_out:.1%}."
    return Result(name, title, told, figure, {"curves": [c.to_dict() for c in measured], "slopes": fitted})


def _compared(
    label: str, fit: tuple[float, tuple[float, float]], orders: Mapping[str, Order], curves: list[InvarianceCurve]
) -> str:
    """The fitted exponent, and whether it is what theory predicts over the scales that were used."""
    slope, (low, high) = fit
    found = rf"measured $\sigma^{{{slope:.2f}}}$, {low:.2f} to {high:.2f}"
    if label not in orders:
        return found
    (curve,) = (c for c in curves if c.label == label)
    used = [s for s, e in zip(curve.scales, curve.error.tolist(), strict=True) if s > 0 and 0 < e < _SEEN]
    ends = [orders[label].exponent(min(sigma, 0.3)) for sigma in (used[0], used[-1])]
    agrees = low - _SLACK <= max(ends) and min(ends) <= high + _SLACK
    return f"{found}; theory ${orders[label].tex}$: {'agrees' if agrees else 'does not agree'}"


def _drawn(
    measured: list[InvarianceCurve],
    said: Mapping[str, str],
    orders: Mapping[str, Order],
    floor: InvarianceCurve | None,
    xlabel: str,
) -> Figure:
    """Two panels where some curves are rounding and others are not: on one axis the others would be a thin strip."""
    from matplotlib.figure import Figure

    exact = [c for c in measured if float(c.error.max()) < _ROUNDING]
    seen = [c for c in measured if c not in exact]
    place = {c.label: i for i, c in enumerate(measured)}
    labelled = {c.label: replace(c, label=f"{c.label}\n{said[c.label]}" if c.label in said else c.label) for c in seen}
    parts = 2 if exact and seen else 1
    height = 3.4 + 1.1 * (parts - 1) + 0.34 * (len(measured) + len(said))
    figure = Figure(figsize=(4.4, height), layout="constrained")
    panels = figure.subplots(parts, 1, sharex=True, squeeze=False, height_ratios=[3, 1][:parts])[:, 0]
    guides = sorted({order.exponent(0.1) for label, order in orders.items() if label in said and order is not POLES})
    shared: dict[str, Any] = {"xlabel": xlabel}
    above, below = ([place[c.label] for c in part] for part in (seen, exact))
    main = plot_invariance(list(labelled.values()), ax=panels[0], floor=floor, slopes=guides, places=above, **shared)
    handles, labels = main.get_legend_handles_labels()
    if parts == 2:
        main.set_xlabel("")
        low = plot_invariance(exact, ax=panels[1], places=below, **shared)
        low.set_ylabel("E, rounding")
        more = low.get_legend_handles_labels()
        handles, labels = handles + more[0], labels + [f"{label}: exact, to rounding" for label in more[1]]
    for ax in panels:
        ax.get_legend().remove()
    figure.legend(handles, labels, loc="outside lower left", fontsize="small", frameon=False)
    return figure


def _has_order(curve: InvarianceCurve) -> bool:
    """Enough errors above rounding and below saturation to fit an exponent to."""
    return int(((curve.error > _ROUNDING) & (curve.error < _SEEN)).sum()) > 1
