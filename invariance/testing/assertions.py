"""Judgements: each measures, compares with what is allowed, and returns the report when it passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

import torch
from torch import Tensor

from ..checking import Action, CheckReport
from ..errors import ArgumentTypeError
from ..measure import ErrorReport, Ladder, equivariance_error
from ..measure.error import Model, Region
from ..symmetry import Symmetry
from .record import Measurement, record
from .symmetric import assert_symmetric

__all__ = ["TOLERANCES", "assert_consistent", "assert_equivariant", "assert_invariant"]

TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-4, torch.bfloat16: 0.3, torch.float16: 0.04}
"""Largest relative error that is taken for rounding, by the dtype of the inputs."""

_WANTED = "two tensors and how the output moves, or a group and an input_shape, or a symmetry"


@overload
def assert_equivariant(
    model: Model,
    inputs: Tensor,
    transformed: Tensor,
    *,
    output_action: Callable[[Tensor], Tensor],
    region: Region | None = None,
    tolerance: float | None = None,
) -> ErrorReport: ...


@overload
def assert_equivariant(
    model: Model, *, group: str, input_shape: Sequence[int], action: Action | None = None, **options: Any
) -> CheckReport: ...


@overload
def assert_equivariant(model: Model, *, symmetry: Symmetry, **options: Any) -> CheckReport: ...


def assert_equivariant(
    model: Model,
    inputs: Tensor | None = None,
    transformed: Tensor | None = None,
    *,
    output_action: Callable[[Tensor], Tensor] | None = None,
    region: Region | None = None,
    tolerance: float | None = None,
    **question: Any,
) -> ErrorReport | CheckReport:
    """Fail unless F(gx) is ρ(g)F(x), for tensors of one's own or for a whole group.

    With `inputs`, x, and `transformed`, gx: up to `tolerance`, relative; by default what the inputs' dtype rounds. With
    a `group`: `assert_symmetric` with the claim *equivariant*.

    Raises:
        AssertionError: it is not; the message has the error, the worst entry and the number of undefined entries, or
            what `assert_symmetric` says.
        UndefinedError: F vanishes on all samples, so that there is nothing to be equivariant.
        ArgumentTypeError: neither tensors with an `output_action`, nor a group.

    >>> assert_equivariant(torch.relu, group="p4m", input_shape=(3, 9, 9)).verdict
    'consistent'
    """
    __tracebackhide__ = True
    if question:
        asked = _only(question, inputs, transformed, output_action, region, tolerance)
        return assert_symmetric(model, claim="equivariant", **asked)
    if inputs is None or transformed is None or output_action is None:
        raise ArgumentTypeError("inputs, transformed, output_action", None, _WANTED)
    report = equivariance_error(model, inputs, transformed, output_action=output_action, region=region)
    _judge(report, inputs.dtype, tolerance, "equivariant")
    return report


@overload
def assert_invariant(
    model: Model, inputs: Tensor, transformed: Tensor, *, region: Region | None = None, tolerance: float | None = None
) -> ErrorReport: ...


@overload
def assert_invariant(model: Model, *, group: str, input_shape: Sequence[int], **options: Any) -> CheckReport: ...


@overload
def assert_invariant(model: Model, *, symmetry: Symmetry, **options: Any) -> CheckReport: ...


def assert_invariant(
    model: Model,
    inputs: Tensor | None = None,
    transformed: Tensor | None = None,
    *,
    region: Region | None = None,
    tolerance: float | None = None,
    **question: Any,
) -> ErrorReport | CheckReport:
    """`assert_equivariant` with the trivial action on the output: fail unless F(gx) is F(x)."""
    __tracebackhide__ = True
    if question:
        return assert_symmetric(model, claim="invariant", **_only(question, inputs, transformed, region, tolerance))
    if inputs is None or transformed is None:
        raise ArgumentTypeError("inputs, transformed", None, _WANTED)
    report = equivariance_error(model, inputs, transformed, output_action=lambda output: output, region=region)
    _judge(report, inputs.dtype, tolerance, "invariant")
    return report


def assert_consistent(ladder: Ladder) -> Ladder:
    """Fail unless the refinement ladder's verdict is *consistent*."""
    __tracebackhide__ = True
    record(Measurement("refinement ladder", float(ladder.error[-1]), None, ladder.verdict))
    if ladder.verdict != "consistent":
        low, high = ladder.limit_interval
        errors = ", ".join(f"{size}: {error:.1e}" for size, error in zip(ladder.sizes, ladder.error, strict=True))
        fit = f"E∞ = {ladder.limit:.2e} in [{low:.2e}, {high:.2e}], p = {ladder.order:.2f}"
        raise AssertionError(f"{ladder.verdict}: {fit}; E(N) = {errors}")
    return ladder


def _judge(report: ErrorReport, dtype: torch.dtype, tolerance: float | None, claim: str) -> None:
    __tracebackhide__ = True
    allowed = TOLERANCES[dtype] if tolerance is None else tolerance
    error = report.relative
    failed = not error <= allowed
    record(Measurement(claim, error, allowed, "violated" if failed else "consistent"))
    if failed:
        worst = int(report.difference.argmax())
        raise AssertionError(
            f"not {claim}: relative error {error:.2e} > {allowed:.1e}, worst entry off by {report.worst:.2e}, "
            f"{int(report.undefined.sum())} entries undefined, sample {worst} of {len(report.difference)} is the worst"
        )


def _only(question: dict[str, Any], *of_tensors: object) -> dict[str, Any]:
    """The options of a check, where nothing of the other form is given."""
    if any(value is not None for value in of_tensors):
        raise ArgumentTypeError(next(iter(question)), "given beside tensors", _WANTED)
    return question
