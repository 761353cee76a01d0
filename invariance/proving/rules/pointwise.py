"""Functions of single entries, and sums, products, quotients of tensors entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..actions import Action, Reals
from ..movement import moved
from ..registry import Step, rule
from ..trace import Symbol
from ..values import Batch, Constant, Moving, Refusal
from .fixed import fixed_constant, fixed_up_to_sign, merged

__all__ = ["kept", "same_batch"]

Homogeneity = Callable[[dict[str, Any]], str]
CITES = ("G6", "activation")


def kept(input: Moving, what: str, op: str) -> Moving:
    """The motion that an entrywise function leaves: `what` is odd, even, homogeneous (for factors > 0) or none."""
    action = input.settled()
    if not action.signed:
        return Moving(action, input.batch)
    factors = _factors(action)
    positive, sizes = bool((factors > 0).all()), bool((np.abs(factors) != 1).any())
    if what == "linear" or (what == "homogeneous" and positive) or (what == "odd" and not sizes):
        return Moving(action, input.batch)
    if what == "even" and not sizes:
        return Moving(without_signs(action), input.batch)
    raise Refusal(f"{op} of a tensor that changes sign or size: f(−x) is neither f(x) nor −f(x)")


def _factors(action: Action) -> Reals:
    if action.block and action.block.scale is not None:
        return action.dense()[1]  # type: ignore[return-value]
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


@rule("aten.glu.default", cites=("gate",))
def glu(step: Step, input: Any, dim: int) -> Any:
    """One half of an axis times the sigmoid of the other: both must move alike."""
    axis = dim % len(input.shape)
    half = input.shape[axis] // 2
    if input.batch is None or input.batch.axis == axis:
        raise Refusal("the batch is cut in halves: samples meet each other")
    first, second = (_part(input, axis, np.arange(half) + start) for start in (0, half))
    return multiplied(step, first, kept(second, "none", step.op))


def _part(input: Moving, axis: int, table: np.ndarray) -> Moving:
    tables = [table if a == axis else None for a in range(len(input.shape))]
    return moved(input, input.batch, origin=range(len(input.shape)), tables=tables)


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


@rule("aten.pow.Tensor_Scalar", cites=CITES)
def power(step: Step, input: Any, exponent: Any) -> Any:
    """Entrywise; odd for odd, even for even whole exponents."""
    whole = isinstance(exponent, int) or float(exponent).is_integer()
    return kept(input, ("even" if int(exponent) % 2 == 0 else "odd") if whole else "none", step.op)


@rule("aten._to_copy.default", cites=CITES)
def to_copy(
    step: Step, input: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any, non_blocking: Any, memory_format: Any
) -> Any:
    """Rounding to another type is entrywise, and odd."""
    return kept(input, "odd" if dtype is None or dtype.is_floating_point else "none", step.op)


@rule("aten.dropout.default", cites=CITES)
def dropout(step: Step, input: Any, p: float, train: bool) -> Any:
    """Nothing, in eval mode; refused where the call itself says that it trains."""
    if train and p:
        raise Refusal("dropout that is on in eval mode: a random network has no proof")
    return input


@rule("aten.add.Tensor", cites=("sum", "positions"))
def add(step: Step, input: Any, other: Any, alpha: Any) -> Any:
    """Both must move alike; a constant must stay, entry by entry."""
    return summed(step, input, other)


@rule("aten.sub.Tensor", cites=("sum", "positions"))
def sub(step: Step, input: Any, other: Any, alpha: Any) -> Any:
    """As a sum."""
    return summed(step, input, other)


@rule("aten.add.Scalar", "aten.sub.Scalar", "aten.rsub.Scalar", cites=CITES)
def add_scalar(step: Step, input: Any, other: Any, alpha: Any) -> Any:
    """A number is added: entrywise, neither odd nor even."""
    return kept(input, "none", step.op)


@rule("aten.maximum.default", "aten.minimum.default", cites=CITES)
def extremum(step: Step, input: Any, other: Any) -> Any:
    """Both must move alike, without changes of sign."""
    return _plainly(step, input, other)


@rule("aten.mul.Tensor", cites=("gate",))
def mul(step: Step, input: Any, other: Any) -> Any:
    """Both must move alike; signs multiply; a constant must stay up to signs."""
    return multiplied(step, input, other)


@rule("aten.div.Tensor", cites=("gate",))
def div(step: Step, input: Any, other: Any) -> Any:
    """As a product: the sign of a quotient is the product of signs; factors other than signs are refused."""
    for part in (input, other):
        if isinstance(part, Moving) and part.settled().signed and (np.abs(_factors(part.settled())) != 1).any():
            raise Refusal("a quotient of tensors that change size")
    _no_zeros(other, "a table that is divided by")
    return multiplied(step, input, other)


@rule("aten.mul.Scalar", "aten.div.Scalar", cites=CITES)
def mul_scalar(step: Step, input: Any, other: Any) -> Any:
    """Times a number: linear."""
    return kept(input, "linear", step.op)


@rule(
    "aten.eq.Tensor",
    "aten.ne.Tensor",
    "aten.lt.Tensor",
    "aten.le.Tensor",
    "aten.gt.Tensor",
    "aten.ge.Tensor",
    cites=CITES,
)
def compared(step: Step, input: Any, other: Any) -> Any:
    """Both must move alike, without changes of sign."""
    return _plainly(step, input, other)


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


@rule("aten.atan2.default", cites=CITES)
def atan2(step: Step, input: Any, other: Any) -> Any:
    """Both must move alike, without changes of sign; a table has no zeros."""
    _no_zeros(input, "a table in atan2")
    _no_zeros(other, "a table in atan2")
    return _plainly(step, input, other)


def _no_zeros(part: Any, what: str) -> None:
    """0 and −0 are one real number, and 1/0 and 1/−0, atan2(0, −1) and atan2(−0, −1) are not alike."""
    if isinstance(part, Constant) and (part.values == 0).any():
        raise Refusal(f"{what} has zeros: what follows depends on their signs")


@rule("aten.logical_and.default", "aten.logical_or.default", cites=CITES)
def together(step: Step, input: Any, other: Any) -> Any:
    """Both must move alike, without changes of sign."""
    return _plainly(step, input, other)


@rule("aten.pow.Tensor_Tensor", cites=CITES)
def power_of(step: Step, input: Any, exponent: Any) -> Any:
    """Both must move alike; a table of exponents must stay, entry by entry."""
    return _plainly(step, input, exponent)


@rule("aten.clamp.Tensor", cites=CITES)
def clamp_tensor(step: Step, input: Any, min: Any, max: Any) -> Any:
    """Tables of bounds must stay, entry by entry."""
    return _plainly(step, input, *(bound for bound in (min, max) if bound is not None))


@rule("aten.where.self", cites=CITES)
def where(step: Step, condition: Any, input: Any, other: Any) -> Any:
    """All three must move alike; constants must stay, entry by entry."""
    return _plainly(step, condition, input, other)


@rule("aten.masked_fill.Scalar", cites=CITES)
def masked_fill(step: Step, input: Any, mask: Any, value: Any) -> Any:
    """A constant mask must stay, entry by entry."""
    return _plainly(step, input, mask)


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


@rule("aten.lerp.Scalar", cites=("sum",))
def lerp(step: Step, input: Any, end: Any, weight: Any) -> Any:
    """Both must move alike."""
    return summed(step, input, end)


@rule("aten.zeros_like.default", "aten.ones_like.default", cites=CITES)
def like(step: Step, input: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any, memory_format: Any) -> Any:
    """A constant of the same shape."""
    fill = 0.0 if "zeros" in step.op else 1.0
    return Constant.of(np.full(step.shape, fill), step.batch)


@rule("aten.full_like.default", cites=CITES)
def full_like(
    step: Step, input: Any, fill_value: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any, memory_format: Any
) -> Any:
    """A constant of the same shape."""
    if isinstance(fill_value, Symbol):
        raise Refusal("a constant that depends on the batch size: samples are treated differently")
    return Constant.of(np.full(step.shape, float(fill_value)), step.batch)


def same_batch(step: Step, parts: list[Moving]) -> Batch | None:
    """Where the batch of a broadcast result is; all parts must have it on that axis."""
    found = set()
    for part in parts:
        if part.batch is None:
            raise Refusal("a part without the batch")
        found.add((part.batch.axis + len(step.shape) - len(part.shape), part.batch.before))
    if len(found) != 1:
        raise Refusal("the batch is on different axes: samples meet each other")
    axis, before = found.pop()
    return Batch(axis, before)


def _split(step: Step, *parts: Any) -> tuple[list[Moving], list[Constant]]:
    """Numbers are constants; a multiple of the batch size is one number, whichever."""
    movings = [p for p in parts if isinstance(p, Moving)]
    numbers = [p.at_one if isinstance(p, Symbol) else p for p in parts if isinstance(p, int | float | Symbol)]
    constants = [p for p in parts if isinstance(p, Constant)]
    constants += [Constant.of(np.asarray(float(number))) for number in numbers]
    if len(movings) + len(constants) != len(parts):
        raise Refusal(f"{step.op} of something that is no tensor and no number")
    batch = same_batch(step, movings)
    for c in constants:
        if c.batch is not None and c.batch.axis + len(step.shape) - len(c.shape) != (batch and batch.axis):
            raise Refusal("the batch is on different axes: samples meet each other")
    return movings, constants


def summed(step: Step, *parts: Any) -> Moving:
    movings, constants = _split(step, *parts)
    if any(isinstance(p, int | float) and p != 0 for p in parts) and any(m.settled().signed for m in movings):
        raise Refusal(
            f"{step.op} of a number and a tensor that changes sign or size: the number does not change with it"
        )
    whole, actions = merged(movings, step.shape)
    signed = [a for a in actions if a.signed]
    if signed:
        factors = _scales_of(signed[0], step.shape)
        for action in actions:
            if any(not np.array_equal(f, g) for f, g in zip(_scales_of(action, step.shape), factors, strict=True)):
                raise Refusal("the two tensors change signs differently")
        whole = _scaled(whole, factors)
    for c in constants:
        fixed_constant(c, whole, "the constant that is added")
    return Moving(whole, same_batch(step, movings))


def multiplied(step: Step, *parts: Any) -> Moving:
    movings, constants = _split(step, *parts)
    whole, actions = merged(movings, step.shape)
    result = whole
    for action in actions:
        if action.signed:
            result = _scaled(result, _scales_of(action, step.shape))
    for c in constants:
        signs = fixed_up_to_sign(c, whole, "the constant that multiplies")
        if signs is not None:
            wide = [a for a, n in enumerate(signs.shape) if n > 1]
            if len(wide) > 1:
                raise Refusal("the constant that multiplies changes sign along several axes at once")
            result = (
                result.scaled(wide[0], signs.ravel())
                if wide
                else result.scaled(0, np.full(result.shape[0], float(signs.ravel()[0])))
            )
    return Moving(result, same_batch(step, movings))


def _plainly(step: Step, *parts: Any) -> Moving:
    movings, constants = _split(step, *parts)
    if any(m.settled().signed for m in movings):
        raise Refusal(f"{step.op} of a tensor that changes sign or size")
    whole, _ = merged(movings, step.shape)
    for c in constants:
        fixed_constant(c, whole)
    return Moving(whole, same_batch(step, movings))


def _scales_of(action: Action, shape: tuple[int, ...]) -> list[Reals]:
    """Factors by axis, broadcast; a block's own factors are refused."""
    if action.block and action.block.scale is not None:
        raise Refusal("signs that are tied to several axes at once")
    return [np.broadcast_to(action.scale(a), (n,)) for a, n in enumerate(shape)]


def _scaled(action: Action, factors: list[Reals]) -> Action:
    for a, f in enumerate(factors):
        if not (f == 1).all():
            action = action.scaled(a, f)
    return action


@rule("aten.hardshrink.default", "aten.softshrink.default", cites=CITES)
def shrink(step: Step, input: Any, lambd: Any) -> Any:
    """Entrywise, odd."""
    return kept(input, "odd", step.op)
