"""Does a tensor inside a model move by an action of the symmetry? Its value for x beside that for gx."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from ..errors import DegenerateError, UndefinedError
from .error import equivariance_error
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
    error: the normalised error E under it; None where nothing could be compared.
    reason: why there is no error, or why it does not count.
    """

    status: Status
    action: str = ""
    error: float | None = None
    reason: str = ""


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
    if not (plain.ndim or element.single) or not plain.numel():
        return Fit("silent", reason="one number for all images")
    if not element.single and plain.shape == moved.shape and torch.equal(plain, moved) and _alike(plain):
        return Fit("moves", reason="the same for all images")
    error_of = _error(element, plain, moved)
    best = Fit("broken")
    reason = _OTHER_SHAPE
    same = plain.shape == moved.shape
    for action, expected in element.candidates(plain, moved, tolerance, thorough):
        if expected.shape != moved.shape:
            continue
        try:
            error = error_of(expected)
        except UndefinedError:
            reason = "the same for all images"
            if same and _equal(plain, moved):
                return Fit("moves", reason=reason)
        except DegenerateError:
            reason = "no pixel left to compare"
        else:
            if error <= tolerance:
                return Fit("moves", action, error)
            if best.error is None or error < best.error:
                best = Fit("broken", action, error)
    if entries and same and element.exact and keeps_entries(moved, plain, tolerance * _contrast(element, plain)):
        return replace(best, status="rearranged", reason="its entries are the same, in another order")
    if best.error is None:
        lost = same and element.exact and reason == _OTHER_SHAPE
        return Fit("broken" if lost else "silent", reason=reason)
    return best


def _equal(plain: Tensor, moved: Tensor) -> bool:
    return bool((plain - moved).abs().max() <= 1e-6 * plain.abs().max())


def _alike(values: Tensor) -> bool:
    return torch.equal(values[1:], values[:-1])


def _contrast(element: Element, plain: Tensor) -> float:
    """How much the images differ, relative to their size, up to 1: E is relative to the difference."""
    if element.single:
        return 1.0
    known = plain.nan_to_num().double()
    size = float(known.norm())
    return min(1.0, float((known - known.roll(1, 0)).norm()) / size) if size > 0 else 1.0


def _error(element: Element, plain: Tensor, moved: Tensor) -> Callable[[Tensor], float]:
    """E as `equivariance_error` has it, in two passes over the numbers where all of them count."""
    if plain.ndim == 1:
        plain, moved = plain[:, None], moved[:, None]
    apart = plain if element.single else plain - plain.roll(1, 0)
    norms = (torch.linalg.vector_norm(values, dtype=torch.float64) for values in (apart, moved))
    spread, size = map(float, norms)
    if element.region is None and math.isfinite(spread) and math.isfinite(size) and plain.shape == moved.shape:

        def direct(expected: Tensor) -> float:
            if spread == 0:
                raise UndefinedError("error", "x/0", "the same for all samples")
            return float(torch.linalg.vector_norm(moved - expected.view_as(moved), dtype=torch.float64)) / spread

        return direct
    region = on_planes(element.region, plain.ndim)

    def in_part(expected: Tensor) -> float:
        def action(_: Tensor) -> Tensor:
            return expected.view_as(moved)

        return equivariance_error(lambda values: values, plain, moved, output_action=action, region=region).normalised

    return in_part
