"""Sums, products, quotients, comparisons of several tensors, entry by entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..actions import Action, Reals
from ..movement import moved
from ..registry import Step, rule
from ..trace import Symbol
from ..values import Batch, Constant, Moving, Refusal
from .fixed import fixed_constant, fixed_up_to_sign, merged
from .pointwise import CITES, factors_of, kept

__all__ = ["same_batch"]


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


@rule("aten.add.Tensor", cites=("sum", "positions"))
def add(step: Step, input: Any, other: Any, alpha: Any) -> Any:
    """Both must move alike; a constant must stay, entry by entry."""
    return summed(step, input, other)


@rule("aten.sub.Tensor", cites=("sum", "positions"))
def sub(step: Step, input: Any, other: Any, alpha: Any) -> Any:
    """As a sum."""
    return summed(step, input, other)


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
        if isinstance(part, Moving) and part.settled().signed and (np.abs(factors_of(part.settled())) != 1).any():
            raise Refusal("a quotient of tensors that change size")
    _no_zeros(other, "a table that is divided by")
    return multiplied(step, input, other)


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


@rule("aten.atan2.default", cites=CITES)
def atan2(step: Step, input: Any, other: Any) -> Any:
    """Both must move alike, without changes of sign; a table has no zeros."""
    _no_zeros(input, "a table in atan2")
    _no_zeros(other, "a table in atan2")
    return _plainly(step, input, other)


def _no_zeros(part: Any, what: str) -> None:
    """0 and −0 are one real number, and 1/0 and 1/−0, atan2(0, −1) and atan2(−0, −1) are not alike."""
    if isinstance(part, Constant) and (part.numbers == 0).any():
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


@rule("aten.where.ScalarSelf", "aten.where.ScalarOther", cites=CITES)
def where_number(step: Step, condition: Any, input: Any, other: Any) -> Any:
    """As above; a number stays everywhere."""
    return _plainly(step, condition, input, other)


@rule("aten.masked_fill.Scalar", cites=CITES)
def masked_fill(step: Step, input: Any, mask: Any, value: Any) -> Any:
    """A constant mask must stay, entry by entry."""
    return _plainly(step, input, mask)


@rule("aten.lerp.Scalar", cites=("sum",))
def lerp(step: Step, input: Any, end: Any, weight: Any) -> Any:
    """Both must move alike."""
    return summed(step, input, end)


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
        if c.batch is not None and Batch(c.batch.axis + len(step.shape) - len(c.shape), c.batch.before) != batch:
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
