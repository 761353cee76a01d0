"""Functions of single entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ..actions import Action, Reals
from ..registry import Step, rule
from ..values import Constant, Moving, Refusal
from .fixed import fixed_constant

__all__ = ["CITES", "factors_of", "kept", "without_signs"]

_SIGNED = (torch.float64, torch.float32, torch.float16, torch.bfloat16)

Homogeneity = Callable[[dict[str, Any]], str]
CITES = ("G6", "activation", "activation.odd")


def kept(input: Moving, what: str, op: str) -> Moving:
    """The motion that an entrywise function leaves: `what` is odd, even, homogeneous (for factors > 0) or none."""
    action = input.settled()
    if not action.signed:
        return Moving(action, input.batch)
    factors = factors_of(action)
    positive, sizes = bool((factors > 0).all()), bool((np.abs(factors) != 1).any())
    if what == "linear" or (what == "homogeneous" and positive) or (what == "odd" and not sizes):
        return Moving(action, input.batch)
    if what == "even" and not sizes:
        return Moving(without_signs(action), input.batch)
    raise Refusal(f"{op} of a tensor that changes sign or size: f(−x) is neither f(x) nor −f(x)")


def factors_of(action: Action) -> Reals:
    if action.block and action.block.scale is not None and (dense := action.dense()[1]) is not None:
        return dense
    parts = [s for s in action.scales if s is not None]
    if all((s > 0).all() for s in parts):
        return np.array([x for s in parts for x in np.unique(s)])
    return np.array([x for s in parts for x in np.unique(s)] + [-1.0])


def without_signs(action: Action) -> Action:
    from .fixed import unsigned

    return unsigned(action)


_LINEAR = ("aten.neg.default",)
_ODD = (
    "aten.tanh.default", "aten.sin.default", "aten.sign.default", "aten.erf.default", "aten.atan.default",
    "aten.asinh.default", "aten.sinh.default", "aten.tan.default", "aten.asin.default", "aten.atanh.default",
    "aten.reciprocal.default", "aten.trunc.default",
)  # fmt: skip
_EVEN = ("aten.cos.default", "aten.cosh.default", "aten.square.default", "aten.isfinite.default", "aten.isnan.default")
_HOMOGENEOUS = ("aten.relu.default",)
_NEITHER = (
    "aten.exp.default", "aten.exp2.default", "aten.expm1.default", "aten.log.default", "aten.log1p.default",
    "aten.log2.default", "aten.sigmoid.default", "aten.silu.default", "aten.mish.default",
    "aten.hardswish.default", "aten.hardsigmoid.default", "aten.relu6.default", "aten.log_sigmoid.default",
    "aten.selu.default", "aten.sqrt.default", "aten.rsqrt.default", "aten.floor.default", "aten.ceil.default",
    "aten.round.default", "aten.logical_not.default", "aten.acos.default", "aten.erfc.default",
)  # fmt: skip


def _plain(ops: tuple[str, ...], what: str) -> None:
    @rule(*ops, cites=CITES)
    def pointwise(step: Step, input: Any) -> Any:
        """An entrywise function keeps the motion; a sign passes where the function is odd, goes where it is even."""
        return kept(input, what, step.op)


for _ops, _what in (
    (_LINEAR, "linear"),
    (_ODD, "odd"),
    (_EVEN, "even"),
    (_HOMOGENEOUS, "homogeneous"),
    (_NEITHER, "none"),
):
    _plain(_ops, _what)


@rule("aten.abs.default", cites=CITES)
def abs_(step: Step, input: Any) -> Any:
    """Even, and homogeneous for factors > 0."""
    action = input.settled()
    if action.block and action.block.scale is not None:
        return kept(input, "even", step.op)
    made = without_signs(action)
    for a, factors in enumerate(action.scales):
        if factors is not None:
            made = made.scaled(a, np.abs(factors))
    return Moving(made, input.batch)


@rule("aten.gelu.default", cites=CITES)
def gelu(step: Step, input: Any, approximate: str) -> Any:
    """Entrywise, neither odd nor even."""
    return kept(input, "none", step.op)


@rule("aten.leaky_relu.default", cites=CITES)
def leaky_relu(step: Step, input: Any, negative_slope: Any) -> Any:
    """Entrywise, homogeneous for factors > 0."""
    return kept(input, "homogeneous", step.op)


@rule("aten.elu.default", cites=CITES)
def elu(step: Step, input: Any, alpha: Any, scale: Any, input_scale: Any) -> Any:
    """Entrywise, neither odd nor even."""
    return kept(input, "none", step.op)


@rule("aten.celu.default", cites=CITES)
def celu(step: Step, input: Any, alpha: Any) -> Any:
    """Entrywise, neither odd nor even."""
    return kept(input, "none", step.op)


@rule("aten.softplus.default", cites=CITES)
def softplus(step: Step, input: Any, beta: Any, threshold: Any) -> Any:
    """Entrywise, neither odd nor even."""
    return kept(input, "none", step.op)


@rule("aten.hardtanh.default", cites=CITES)
def hardtanh(step: Step, input: Any, min_val: Any, max_val: Any) -> Any:
    """Entrywise; odd where the bounds are opposite."""
    return kept(input, "odd" if _opposite(min_val, max_val) else "none", step.op)


def _opposite(low: Any, high: Any) -> bool:
    """Where the lower bound is above the upper one everything becomes the upper one, which is not odd."""
    return low is not None and high is not None and low == -high and high >= 0


@rule("aten.clamp.default", cites=CITES)
def clamp(step: Step, input: Any, min: Any, max: Any) -> Any:
    """Entrywise; odd where the bounds are opposite, homogeneous where one is 0 and the other is not there."""
    what = "none"
    if _opposite(min, max):
        what = "odd"
    elif (min == 0 and max is None) or (max == 0 and min is None):
        what = "homogeneous"
    return kept(input, what, step.op)


@rule("aten.clamp_min.default", cites=CITES)
def clamp_min(step: Step, input: Any, min: Any) -> Any:
    """Entrywise; homogeneous for the bound 0."""
    return kept(input, "homogeneous" if min == 0 else "none", step.op)


@rule("aten.threshold.default", cites=CITES)
def threshold(step: Step, input: Any, threshold: Any, value: Any) -> Any:
    """Entrywise; homogeneous where both numbers are 0."""
    return kept(input, "homogeneous" if threshold == value == 0 else "none", step.op)


@rule("aten.pow.Tensor_Scalar", cites=CITES)
def power(step: Step, input: Any, exponent: Any) -> Any:
    """Entrywise; odd for odd, even for even whole exponents."""
    whole = abs(exponent) < 2**53 and float(exponent).is_integer()  # larger ones are rounded to even ones
    return kept(input, ("even" if int(exponent) % 2 == 0 else "odd") if whole else "none", step.op)


@rule("aten._to_copy.default", cites=CITES)
def to_copy(
    step: Step, input: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any, non_blocking: Any, memory_format: Any
) -> Any:
    """Rounding to another type is entrywise, and odd for types of 16 bits and more that have a sign."""
    return kept(input, "odd" if dtype is None or dtype in _SIGNED else "none", step.op)


@rule("aten.dropout.default", cites=CITES)
def dropout(step: Step, input: Any, p: float, train: bool) -> Any:
    """Nothing, in eval mode; refused where the call itself says that it trains."""
    if train and p:
        raise Refusal("dropout that is on in eval mode: a random network has no proof")
    return input


@rule("aten.add.Scalar", "aten.sub.Scalar", "aten.rsub.Scalar", cites=CITES)
def add_scalar(step: Step, input: Any, other: Any, alpha: Any) -> Any:
    """A number is added: entrywise, neither odd nor even."""
    return kept(input, "none", step.op)


@rule("aten.mul.Scalar", "aten.div.Scalar", cites=CITES)
def mul_scalar(step: Step, input: Any, other: Any) -> Any:
    """Times a number: linear."""
    return kept(input, "linear", step.op)


@rule(
    "aten.eq.Scalar",
    "aten.ne.Scalar",
    "aten.lt.Scalar",
    "aten.le.Scalar",
    "aten.gt.Scalar",
    "aten.ge.Scalar",
    cites=CITES,
)
def compared_scalar(step: Step, input: Any, other: Any) -> Any:
    """Entrywise."""
    return kept(input, "none", step.op)


@rule("aten.prelu.default", cites=CITES)
def prelu(step: Step, input: Any, weight: Any) -> Any:
    """Homogeneous for factors > 0; the slopes must stay along the channels."""
    if not isinstance(weight, Constant):
        raise Refusal("a slope that depends on the input")
    shape = (-1,) + (1,) * (len(input.shape) - 2) if weight.values.size > 1 else (1,)
    fixed_constant(
        weight.reshaped(np.empty(weight.values.size).reshape(shape).shape), without_signs(input.settled()), "the slope"
    )
    return kept(input, "homogeneous", step.op)


@rule("aten.hardshrink.default", "aten.softshrink.default", cites=CITES)
def shrink(step: Step, input: Any, lambd: Any) -> Any:
    """Entrywise, odd."""
    return kept(input, "odd", step.op)
