r"""Verdicts on transformations that are exact on pixels: is the difference more than rounding?

No tolerance is chosen: see `Rounding`. The smallest fault that the arithmetic can show is a violation.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..measure import ErrorReport, bootstrap_ratio, quantile_interval
from ..verdicts import CheckVerdict
from .report import Row
from .rounding import Rounding

__all__ = ["CONSTANT", "LEVEL", "error_interval", "judge_exact", "worst_image"]

CONSTANT = "the output is the same for all inputs: constant, not equivariant"
LEVEL = 0.99

_BLUNT = 1e-3  # where rounding alone makes this E, a fault of 1 % may hide
_SINGLE = 1e-5  # the rounding of float32 stays below this E


def judge_exact(
    name: str,
    size: tuple[int, int],
    report: ErrorReport,
    rounding: Rounding,
    *,
    generator: torch.Generator,
    note: str = "",
) -> Row:
    """The row of one element."""
    assert report.spread is not None
    difference, reference, spread = (_root(x) for x in (report.difference, report.reference, report.spread))
    allowed = rounding.allowed(reference)
    if spread == 0 or (spread <= allowed and rounding.probe.dtype == torch.float64):
        return Row(name, size, None, None, 0.0, "undefined", note=CONSTANT)
    verdict: CheckVerdict = "violated" if difference > allowed else "consistent"
    if verdict == "violated" and difference < _SINGLE * spread:
        if difference <= (stored := rounding.stored):
            verdict, allowed, note = "consistent", stored, "up to the precision in which the parameters are stored"
        elif rounding.probe.dtype == torch.float64:
            note = "E is of the size of float32's rounding: is something inside computed in float32?"
    if verdict == "consistent" and allowed > _BLUNT * spread:
        verdict, note = "undecided", f"rounding makes E = {allowed / spread:.0e} by itself: check in float64"
    error, interval = error_interval(report, generator)
    worst, image = worst_image(report)
    return Row(name, size, error, interval, allowed / spread, verdict, worst, image, note=note)


def error_interval(report: ErrorReport, generator: torch.Generator) -> tuple[float, tuple[float, float]]:
    """E and its bootstrap interval over images."""
    assert report.spread is not None
    replicates = bootstrap_ratio(report.difference.cpu(), report.spread.cpu(), generator=generator, resamples=400)
    low, high = quantile_interval(replicates, LEVEL).tolist()
    return report.normalised, (low, high)


def worst_image(report: ErrorReport) -> tuple[float, int]:
    """The largest E of one image, and its number."""
    assert report.spread is not None
    single = (report.difference / report.spread.mean()).sqrt()
    return float(single.max()), int(single.argmax())


def _root(mean_squares: Tensor) -> float:
    return float(mean_squares.mean().sqrt())
