"""Judgements: each measures, compares with what is allowed, and returns the report when it passes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..measure import ErrorReport, Ladder, equivariance_error
from ..measure.error import Model, Region
from .record import Measurement, record

__all__ = ["TOLERANCES", "assert_consistent", "assert_equivariant", "assert_invariant"]

TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-4, torch.bfloat16: 0.3, torch.float16: 0.04}
"""Largest relative error that is taken for rounding, by the dtype of the inputs."""


def assert_equivariant(
    model: Model,
    inputs: Tensor,
    transformed: Tensor,
    *,
    output_action: Callable[[Tensor], Tensor],
    region: Region | None = None,
    tolerance: float | None = None,
) -> ErrorReport:
    """Fail unless F(gx) is ρ(g)F(x) up to `tolerance`, relative; by default what the inputs' dtype rounds.

    Raises:
        AssertionError: it is not; the message has the error, the worst entry and the number of undefined entries.
        UndefinedError: F vanishes on all samples, so that there is nothing to be equivariant.
    """
    __tracebackhide__ = True
    report = equivariance_error(model, inputs, transformed, output_action=output_action, region=region)
    _judge(report, inputs.dtype, tolerance, "equivariant")
    return report


def assert_invariant(
    model: Model, inputs: Tensor, transformed: Tensor, *, region: Region | None = None, tolerance: float | None = None
) -> ErrorReport:
    """`assert_equivariant` with the trivial action on the output: fail unless F(gx) is F(x)."""
    __tracebackhide__ = True
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
