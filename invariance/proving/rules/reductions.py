"""Reductions over any axes, softmax, and indices of extremes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..actions import Action
from ..registry import Step, rule
from ..values import Moving, Refusal
from .fibres import behind, fibred, one_sign
from .pointwise import without_signs

CITES = ("reduction",)


def reduced(step: Step, input: Moving, dim: Any, keep: bool, parity: str) -> Moving:
    """`parity` of the reduction in its argument: odd (linear), even, or none."""
    action = input.settled()
    axes = _axes(input, dim)
    made = fibred(action, axes)
    if action.signed:
        made = fibred(_without_common(action, axes, parity, step.op), axes)
    return behind(input, made, axes, keep=keep)


def _without_common(action: Action, axes: list[int], parity: str, op: str) -> Action:
    if not one_sign(action, axes):
        raise Refusal(f"{op} of entries that change signs differently")
    kept = [a for a in range(action.rank) if a not in axes]
    constant = float(np.prod([s[0] for s in (action.scales[a] for a in axes) if s is not None]))
    plain = without_signs(action)
    if parity == "even":
        if any((np.abs(s) != 1).any() for s in action.scales if s is not None):
            raise Refusal(f"{op} of entries that change size")
        return plain
    if parity == "none":
        raise Refusal(f"{op} of entries that change sign or size")
    for a in kept:
        if action.scales[a] is not None:
            plain = plain.scaled(a, action.scale(a))
    if constant != 1:
        if not kept:
            raise Refusal("a sign on a number without axes")
        plain = plain.scaled(kept[0], np.full(action.shape[kept[0]], constant))
    return plain


def _axes(input: Moving, dim: Any) -> list[int]:
    rank = len(input.shape)
    if dim is None or dim == []:
        return list(range(rank))
    return sorted({d % rank for d in ([dim] if isinstance(dim, int) else dim)})


@rule("aten.mean.dim", "aten.sum.dim_IntList", cites=CITES)
def mean(step: Step, input: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """Fibres go to fibres; one sign a fibre goes on, but not into whole numbers."""
    return reduced(step, input, dim, keepdim, "odd" if step.dtype and step.dtype.is_floating_point else "none")


@rule("aten.amax.default", "aten.amin.default", cites=CITES)
def amax(step: Step, input: Any, dim: Any, keepdim: bool) -> Any:
    """Fibres go to fibres, without changes of sign."""
    return reduced(step, input, dim, keepdim, "none")


@rule("aten.var.correction", "aten.std.correction", cites=CITES)
def var(step: Step, input: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    """Fibres go to fibres; even."""
    return reduced(step, input, dim, keepdim, "even")


@rule("aten.var.dim", "aten.std.dim", cites=CITES)
def var_dim(step: Step, input: Any, dim: Any, unbiased: bool, keepdim: bool) -> Any:
    """Fibres go to fibres; even."""
    return reduced(step, input, dim, keepdim, "even")


@rule("aten.var_mean.correction", cites=CITES)
def var_mean(step: Step, input: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    """Fibres go to fibres; the variance is even, the mean odd."""
    return reduced(step, input, dim, keepdim, "even"), reduced(step, input, dim, keepdim, "odd")


@rule("aten.var_mean.dim", cites=CITES)
def var_mean_dim(step: Step, input: Any, dim: Any, unbiased: bool, keepdim: bool) -> Any:
    """Fibres go to fibres; the variance is even, the mean odd."""
    return var_mean(step, input, dim, None, keepdim)


@rule("aten.logsumexp.default", cites=CITES)
def logsumexp(step: Step, input: Any, dim: Any, keepdim: bool) -> Any:
    """Fibres go to fibres, without changes of sign."""
    return reduced(step, input, dim, keepdim, "none")


@rule("aten.linalg_vector_norm.default", cites=CITES)
def vector_norm(step: Step, input: Any, ord: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """Fibres go to fibres; even."""
    return reduced(step, input, dim, keepdim, "even")


@rule("aten.norm.ScalarOpt_dim", cites=CITES)
def norm(step: Step, input: Any, p: Any, dim: Any, keepdim: bool) -> Any:
    """Fibres go to fibres; even."""
    return reduced(step, input, dim, keepdim, "even")


@rule("aten.max.dim", "aten.min.dim", cites=CITES)
def max_dim(step: Step, input: Any, dim: int, keepdim: bool) -> Any:
    """Fibres go to fibres, without changes of sign; the index is known only where the axis stays as it is."""
    values = reduced(step, input, dim, keepdim, "none")
    return values, _index(input, dim, values)


@rule("aten.argmax.default", "aten.argmin.default", cites=CITES)
def argmax(step: Step, input: Any, dim: Any, keepdim: bool) -> Any:
    """Only along an axis that stays as it is: ties are broken by position."""
    if dim is None:
        raise Refusal("the index of an extreme of the whole tensor: samples meet each other")
    return _indexed(input, dim, reduced(step, input, dim, keepdim, "none"))


def _index(input: Moving, dim: int, values: Moving) -> Moving:
    try:
        return _indexed(input, dim, values)
    except Refusal as refusal:
        return Moving(None, values.batch, None, refusal.reason, values.shape)


def _indexed(input: Moving, dim: int, values: Moving) -> Moving:
    if not input.settled().keeps([dim % len(input.shape)]):
        raise Refusal(
            "indices along an axis whose entries change places: the values move, and ties are broken by position"
        )
    return values


@rule("aten.softmax.int", "aten.log_softmax.int", cites=CITES)
def softmax(step: Step, input: Any, dim: int, dtype: Any) -> Any:
    """Fibres go to fibres, without changes of sign."""
    return _softmaxed(step, input, dim)


@rule("aten._softmax.default", "aten._log_softmax.default", cites=CITES)
def softmax_inner(step: Step, input: Any, dim: int, half_to_float: bool) -> Any:
    """Fibres go to fibres, without changes of sign."""
    return _softmaxed(step, input, dim)


def _softmaxed(step: Step, input: Moving, dim: int) -> Moving:
    action = input.settled()
    axes = _axes(input, dim)
    if input.batch is None or input.batch.axis in axes:
        raise Refusal("a softmax over the batch: samples meet each other")
    if action.signed:
        raise Refusal("a softmax of entries that change sign or size")
    fibred(action, axes)
    return Moving(action, input.batch)
