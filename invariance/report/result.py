"""What every figure of the report comes to: a picture, a sentence, and plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from ..measure import InvarianceCurve, invariance_curve
from ..plots import plot_invariance
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


def errors(curves: list[InvarianceCurve]) -> str:
    """Smallest and largest E of each curve, in words."""
    return "; ".join(f"{c.label}: {float(c.error.min()):.1e} to {float(c.error.max()):.1e}" for c in curves)


def curve_result(name: str, title: str, text: str, curves: list[InvarianceCurve], **options: Any) -> Result:
    figure = plot_invariance(curves, title=title, **options).figure
    slopes = {c.label: c.slope(generator=seeded()) for c in curves}
    fitted = "; ".join(
        f"{label}: {slope:.2f} [{low:.2f}, {high:.2f}]" for label, (slope, (low, high)) in slopes.items()
    )
    undefined = sum(int(c.undefined.sum()) for c in curves)
    said = (
        f"{text} Measured E — {errors(curves)}. Fitted exponents — {fitted}. Undefined entries left out: {undefined}."
    )
    return Result(name, title, said, figure, {"curves": [c.to_dict() for c in curves], "slopes": slopes})
