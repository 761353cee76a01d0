"""Views, permutations of axes, expansions: entries stay what they are, under another shape."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..actions import Ints
from ..movement import moved
from ..registry import Step, rule
from ..values import Batch, Moving, Refusal

__all__ = ["CITES", "axis_of", "relabelled"]

CITES = ("relabelling", "composition")


def axis_of(input: Moving, dim: int, *, extra: int = 0) -> int:
    return dim % max(1, len(input.shape) + extra)


def relabelled(step: Step, input: Moving, order: Sequence[int | None]) -> Moving:
    """Axis j of the result is axis `order[j]` of the input, or a new one (None); axes left out have length 1."""
    batch = None
    if input.batch is not None:
        batch = Batch(list(order).index(input.batch.axis), input.batch.before)
    dropped = {a: 0 for a in range(len(input.shape)) if a not in order}
    return moved(
        input,
        batch,
        origin=order,
        tables=[None if a is not None else np.zeros(1, dtype=np.int64) for a in order],
        fixed=dropped,
    )


@rule("aten.view.default", "aten._unsafe_view.default", cites=CITES)
def view(step: Step, input: Any, size: Any) -> Any:
    """Entries keep their row-major order: the motion is regrouped, and written out only over axes that mix."""
    return reshaped(step, input)


@rule("aten.reshape.default", cites=CITES)
def reshape(step: Step, input: Any, shape: Any) -> Any:
    """As a view."""
    return reshaped(step, input)


@rule("aten.flatten.using_ints", cites=CITES)
def flatten(step: Step, input: Any, start_dim: Any, end_dim: Any) -> Any:
    """As a view."""
    return reshaped(step, input)


@rule("aten.unflatten.int", cites=CITES)
def unflatten(step: Step, input: Any, dim: Any, sizes: Any) -> Any:
    """As a view."""
    return reshaped(step, input)


def reshaped(step: Step, input: Moving) -> Moving:
    action = input.settled()
    if action.shape == step.shape and (step.batch and step.batch.axis) == (input.batch and input.batch.axis):
        return input
    if input.batch is None or step.batch is None:
        raise Refusal("the batch is lost in a view: samples meet each other")
    before = prod(action.shape[: input.batch.axis]) * input.batch.before
    behind = prod(step.shape[: step.batch.axis])
    if before % behind or step.shape[step.batch.axis] % (before // behind):
        raise Refusal("a view that cuts the batch: samples meet each other")
    return Moving(action.reshaped(step.shape), Batch(step.batch.axis, before // behind))


@rule("aten.alias.default", "aten.detach.default", "aten.lift_fresh_copy.default", cites=CITES)
def same(step: Step, input: Any) -> Any:
    """The same entries."""
    return input


@rule("aten.clone.default", cites=CITES)
def clone(step: Step, input: Any, memory_format: Any) -> Any:
    """The same entries, wherever they lie in memory."""
    return input


@rule("aten.contiguous.default", cites=CITES)
def contiguous(step: Step, input: Any, memory_format: Any) -> Any:
    """The same entries."""
    return input


@rule("aten.permute.default", cites=CITES)
def permute(step: Step, input: Any, dims: Any) -> Any:
    """Axes change places, and the motion with them."""
    return relabelled(step, input, [axis_of(input, d) for d in dims])


@rule("aten.transpose.int", cites=CITES)
def transpose(step: Step, input: Any, dim0: int, dim1: int) -> Any:
    """Two axes change places."""
    order = list(range(len(input.shape)))
    a, b = axis_of(input, dim0), axis_of(input, dim1)
    order[a], order[b] = b, a
    return relabelled(step, input, order)


@rule("aten.t.default", cites=CITES)
def t(step: Step, input: Any) -> Any:
    """Two axes change places."""
    return relabelled(step, input, list(range(len(input.shape)))[::-1])


@rule("aten.movedim.int", cites=CITES)
def movedim(step: Step, input: Any, source: int, destination: int) -> Any:
    """An axis goes elsewhere."""
    order = [a for a in range(len(input.shape)) if a != axis_of(input, source)]
    order.insert(axis_of(input, destination), axis_of(input, source))
    return relabelled(step, input, order)


@rule("aten.unsqueeze.default", cites=CITES)
def unsqueeze(step: Step, input: Any, dim: int) -> Any:
    """A new axis of length 1."""
    order: list[int | None] = list(range(len(input.shape)))
    order.insert(axis_of(input, dim, extra=1), None)
    return relabelled(step, input, order)


@rule("aten.squeeze.dim", cites=CITES)
def squeeze(step: Step, input: Any, dim: int) -> Any:
    """An axis of length 1 is left out."""
    return _squeezed(step, input, [dim])


@rule("aten.squeeze.dims", cites=CITES)
def squeeze_dims(step: Step, input: Any, dim: Any) -> Any:
    """Axes of length 1 are left out."""
    return _squeezed(step, input, dim)


@rule("aten.squeeze.default", cites=CITES)
def squeeze_all(step: Step, input: Any) -> Any:
    """Axes of length 1 are left out."""
    return _squeezed(step, input, range(len(input.shape)))


def _squeezed(step: Step, input: Moving, dims: Any) -> Moving:
    asked = {axis_of(input, d) for d in dims}
    if input.batch is not None and input.batch.axis in asked and input.batch.before == 1:
        raise Refusal("squeeze takes the axis of the batch away where there is one sample: name the axes, squeeze(1)")
    gone = {a for a in asked if input.shape[a] == 1}
    return relabelled(step, input, [a for a in range(len(input.shape)) if a not in gone])


@rule("aten.expand.default", cites=CITES)
def expand(step: Step, input: Any, size: Any, implicit: Any) -> Any:
    """Entries are repeated along new axes, or axes of length 1."""
    return expanded(step, input)


def expanded(step: Step, input: Moving) -> Moving:
    new = len(step.shape) - len(input.shape)
    batch = Batch(input.batch.axis + new, input.batch.before) if input.batch else None
    if step.batch is not None and batch is None:
        batch = step.batch
    if (batch and batch.axis) != (step.batch and step.batch.axis):
        raise Refusal("an expansion along the batch: samples meet each other")
    origin: list[int | None] = []
    tables: list[Ints | None] = []
    for j, n in enumerate(step.shape):
        old = j - new
        if old < 0 or (input.shape[old] == 1 and n > 1):
            origin.append(None)
            tables.append(np.zeros(n, dtype=np.int64))
        else:
            origin.append(old)
            tables.append(None)
    fixed = {a: 0 for a in range(len(input.shape)) if a not in origin}
    return moved(input, batch, origin=origin, tables=tables, fixed=fixed)
