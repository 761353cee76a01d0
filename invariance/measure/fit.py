"""Does a tensor inside a model move by an action of the symmetry? Its value for x beside that for gx."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from torch import Tensor

from ..errors import DegenerateError, UndefinedError
from .error import ErrorReport, equivariance_error
from .matching import keeps_entries
from .symmetry import Element, on_planes

__all__ = ["Fit", "Status", "fit"]

Status = Literal["moves", "rearranged", "broken", "silent"]
"""It moves by an action; its entries are those for x in an order that is no action's; it does neither; or no one can
tell, because it is constant, of integers, or outside the region."""


_OTHER_SHAPE = "no action: shape differs"


@dataclass(frozen=True, eq=False)
class Fit:
    """Attributes:

    status: see `Status`.
    action: that fits best.
    report: the comparison under it; None where there was none.
    expected: what the tensor should have been, under that action.
    reason: why there is no report.
    """

    status: Status
    action: str = ""
    report: ErrorReport | None = None
    expected: Tensor | None = None
    reason: str = ""

    @property
    def error(self) -> float | None:
        """The normalised error E."""
        return None if self.report is None else self.report.normalised


def fit(
    element: Element, plain: Tensor, moved: Tensor, tolerance: float, *, entries: bool = True, thorough: bool = False
) -> Fit:
    """The first action that fits to `tolerance`, or the one that fits best.

    Args:
        entries: whether tensors whose entries come in another order pass as rearranged.
        thorough: to match channels also where no match can fit, for the least error.
    """
    if not (plain.is_floating_point() and moved.is_floating_point()):
        return Fit("silent", reason="no floating-point tensor")
    if not plain.ndim or not plain.numel():
        return Fit("silent", reason="one number for all images")
    best = Fit("broken")
    reason = _OTHER_SHAPE
    same = plain.shape == moved.shape
    for action, expected in element.candidates(plain, moved, tolerance, thorough):
        if expected.shape != moved.shape:
            continue
        try:
            report = _compared(element, plain, moved, expected)
            error = report.normalised
        except UndefinedError:
            reason = "the same for all images"
            if same and _equal(plain, moved):
                return Fit("moves", reason=reason)
        except DegenerateError:
            reason = "no pixel left to compare"
        else:
            if best.error is None or error < best.error:
                best = Fit("broken", action, report, expected)
            if error <= tolerance:
                return Fit("moves", action, report, expected)
    if entries and same and element.exact and keeps_entries(moved, plain, tolerance):
        return replace(best, status="rearranged", reason="its entries are the same, in another order")
    if best.report is None:
        lost = same and element.exact and reason == _OTHER_SHAPE
        return Fit("broken" if lost else "silent", reason=reason)
    return best


def _equal(plain: Tensor, moved: Tensor) -> bool:
    return bool((plain - moved).abs().max() <= 1e-6 * plain.abs().max())


def _compared(element: Element, plain: Tensor, moved: Tensor, expected: Tensor) -> ErrorReport:
    if plain.ndim == 1:
        plain, moved, expected = plain[:, None], moved[:, None], expected[:, None]
    region = on_planes(element.region, plain.ndim)
    return equivariance_error(lambda values: values, plain, moved, output_action=lambda _: expected, region=region)
