"""What every figure of the report comes to: a picture, a sentence, and plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from ..measure import InvarianceCurve, invariance_curve
from ..plots import figure_of, plot_invariance
from .networks import seeded

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
    nets: dict[str, nn.Module], images: Any, *, warp: Any, scales: tuple[float, ...], **options: Any
) -> list[InvarianceCurve]:
    return [
        invariance_curve(net, images, warp=warp, scales=scales, generator=seeded(), label=name, **options)
        for name, net in nets.items()
    ]


def logspace(first: float, last: float, count: int) -> tuple[float, ...]:
    return tuple((first * (last / first) ** (i / (count - 1))) for i in range(count))


def errors(measured: list[InvarianceCurve]) -> str:
    """Smallest and largest E of each curve, in words."""
    return "; ".join(f"{c.label}: {float(c.error.min()):.1e} to {float(c.error.max()):.1e}" for c in measured)


def curve_result(name: str, title: str, text: str, measured: list[InvarianceCurve], **options: Any) -> Result:
    figure = figure_of(plot_invariance(measured, title=title, **options))
    fitted = {c.label: c.slope(generator=seeded()) for c in measured if _has_order(c)}
    exponents = "; ".join(
        f"{name}: {slope:.2f} [{low:.2f}, {high:.2f}]" for name, (slope, (low, high)) in fitted.items()
    )
    left_out = max(float(c.undefined.sum() / (c.defined + c.undefined).sum()) for c in measured)
    said = f"{text} Measured E — {errors(measured)}. Exponents of σ where 10⁻⁹ < E < 0.3 — {exponents}."
    if left_out:
        said += f" Degenerate entries, left out: at most {left_out:.1%}."
    return Result(name, title, said, figure, {"curves": [c.to_dict() for c in measured], "slopes": fitted})


def _has_order(curve: InvarianceCurve) -> bool:
    """Enough errors above rounding and below saturation to fit an exponent to."""
    return int(((curve.error > 1e-9) & (curve.error < 0.3)).sum()) > 1
