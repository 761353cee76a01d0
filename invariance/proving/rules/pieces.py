"""Concatenation and stacking: tensors side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..actions import Action
from ..movement import joined, repeated
from ..registry import Step, rule
from ..values import Constant, Moving, Refusal
from .fixed import fixed_constant
from .views import CITES, relabelled


@rule("aten.cat.default", cites=CITES)
def cat(step: Step, tensors: Any, dim: int) -> Any:
    """Pieces side by side: pieces of one tensor as one movement, else each in its place."""
    parts = list(tensors)
    rank = len(step.shape)
    axis = dim % rank
    found = [p for p in parts if isinstance(p, Moving)]
    if step.batch is None or any(isinstance(p, Constant) and p.batch is None for p in parts):
        raise Refusal("pieces without the batch")
    if axis == step.batch.axis:
        raise Refusal("pieces side by side along the batch: samples meet each other")
    whole = joined(found, axis, found[0].batch) if len(found) == len(parts) else None
    if whole is not None and (whole.action is not None or any(p.action is None for p in found)):
        return whole
    return _pieces(step, parts, axis)


@rule("aten.stack.default", cites=CITES)
def stack(step: Step, tensors: Any, dim: int) -> Any:
    """Pieces along a new axis, each in its place."""
    axis = dim % len(step.shape)
    made = []
    for part in tensors:
        if not isinstance(part, Moving):
            raise Refusal("a constant stacked with what moves")
        order: list[int | None] = list(range(len(part.shape)))
        order.insert(axis, None)
        made.append(relabelled(step, part, order))
    return _pieces(step, made, axis)


def _pieces(step: Step, parts: Sequence[Any], axis: int) -> Moving:
    """Along `axis` every piece moves by itself; on all other axes they move alike."""
    moving = [p for p in parts if isinstance(p, Moving)]
    first = min(moving, key=lambda part: len(repeated(part)))
    others = [a for a in range(len(step.shape)) if a != axis]
    tables, scales, start = [], [], 0
    shared = first.settled()
    for part in parts:
        if isinstance(part, Constant):
            action = Action.identity(part.shape)
            if part.batch is None or part.batch != first.batch:
                raise Refusal("pieces with the batch on different axes")
            for k in range(part.shape[axis]):
                fixed_constant(part.moved((slice(None),) * axis + (k,)), _without(shared, axis))
            tables.append(np.arange(part.shape[axis]) + start)
            scales.append(np.ones(part.shape[axis]))
        else:
            action = part.settled()
            if part.batch != first.batch:
                raise Refusal("pieces with the batch on different axes")
            if not action.alone(axis) or not shared.alone(axis):
                raise Refusal("the axis along which pieces are put together moves with other axes")
            if others and not _alike(part, action, shared, axis):
                raise Refusal("the pieces that are put together do not move alike")
            tables.append(action.table(axis) + start)
            scales.append(_relative(action, shared, axis))
        start += action.shape[axis]
    made: list[tuple[Sequence[int], Action]] = []
    if others:
        made.append((others, _without(shared, axis)))
    along = Action.of([start], tables={0: np.concatenate(tables)}, scales={0: np.concatenate(scales)})
    made.append(([axis], along))
    return Moving(Action.product(step.shape, made), first.batch)


def _alike(part: Moving, action: Action, shared: Action, axis: int) -> bool:
    """Whether both move alike on the other axes, without those along which the part is repeated."""
    loose = set(repeated(part))
    kept = [a for a in range(action.rank) if a != axis and a not in loose]
    left, right = _without(action, axis), _without(shared, axis)
    places = [a - (a > axis) for a in kept]
    if any(shared.scales[a] is not None for a in loose):
        return False
    return right.closed(places) and left.restricted(places).same(right.restricted(places))


def _without(action: Action, axis: int) -> Action:
    """On the other axes, without the constant factor."""
    rest = action.restricted([a for a in range(action.rank) if a != axis])
    head = _head(rest)
    return rest if head == 1 else rest.scaled(0, np.full(rest.shape[0], 1 / head))


def _head(action: Action) -> float:
    factors = action.scales[0] if action.scales else None
    return 1.0 if factors is None else float(factors[0])


def _relative(action: Action, shared: Action, axis: int) -> np.ndarray:
    """Factors along the axis, with the constant one."""
    factors = action.scale(axis)
    if axis == 0:
        return factors
    return factors * _head(action)
