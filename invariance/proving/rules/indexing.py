"""Entries chosen by constant indices, and rows of a table chosen by constant or moving indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..actions import Action, Ints
from ..movement import moved
from ..registry import Step, rule
from ..values import Batch, Constant, Moving, Places, Refusal
from .places import gathered

CITES = ("relabelling",)


@rule("aten.index.Tensor", cites=CITES)
def index(step: Step, input: Any, indices: Any) -> Any:
    """Constant indices along one axis, or along several as an outer product: a part of each axis, in its order."""
    if not isinstance(input, Moving) or any(isinstance(i, Moving) for i in indices):
        raise Refusal("an index that depends on the input: values that move need a rule of their own")
    given = [(a, i) for a, i in enumerate(indices) if i is not None]
    if any(i.values.dtype.kind == "b" for _, i in given):
        raise Refusal("a mask as an index")
    axes = [a for a, _ in given]
    if input.batch is not None and input.batch.axis in axes:
        raise Refusal("entries are chosen along the batch: samples meet each other")
    if axes != list(range(axes[0], axes[0] + len(axes))):
        raise Refusal("indices along axes that are not side by side: no rule")
    lists = _outer([np.asarray(i.numbers, dtype=np.int64) for _, i in given])
    tables: list[Ints | None] = [None] * len(input.shape)
    for a, table in zip(axes, lists, strict=True):
        tables[a] = table % input.shape[a]
    shown = moved(input, input.batch, origin=range(len(input.shape)), tables=tables)
    if shown.shape == step.shape:
        return shown
    if step.batch is None or input.batch is None:
        raise Refusal("the batch is lost")
    return Moving(shown.settled().reshaped(step.shape), Batch(step.batch.axis, input.batch.before))


def _outer(arrays: Sequence[Ints]) -> list[Ints]:
    """Lists whose outer product the broadcast indices are."""
    if len(arrays) == 1:
        return [arrays[0].ravel()]
    whole = np.broadcast_arrays(*arrays)
    found = []
    rank = whole[0].ndim
    if rank != len(arrays):
        raise Refusal("indices that are no outer product: no rule")
    for k, array in enumerate(whole):
        line = array[tuple(slice(None) if a == k else 0 for a in range(rank))]
        shape = [1] * rank
        shape[k] = -1
        if (array != line.reshape(shape)).any():
            raise Refusal("indices that are no outer product: no rule")
        found.append(line)
    return found


@rule("aten.gather.default", cites=CITES)
def gather(step: Step, input: Any, dim: int, index: Any, sparse_grad: bool) -> Any:
    """A constant index that is the same along all other axes, or numbers of places that move as the rows do."""
    if isinstance(index, Places):
        return gathered(step, input, dim, index)
    if not isinstance(index, Constant) or not isinstance(input, Moving):
        raise Refusal("an index that depends on the input: values that move need a rule of their own")
    rank = len(input.shape)
    axis = dim % rank
    if input.batch is None or input.batch.axis == axis:
        raise Refusal("entries are chosen along the batch: samples meet each other")
    others = [a for a in range(rank) if a != axis]
    if any(index.shape[a] != input.shape[a] for a in others):
        raise Refusal("gather from a part of the other axes: no rule")
    line = index.numbers[tuple(slice(None) if a == axis else 0 for a in range(rank))]
    if (index.numbers != line.reshape([-1 if a == axis else 1 for a in range(rank)])).any():
        raise Refusal("gather with an index that differs along the other axes: no rule")
    tables: list[Ints | None] = [None] * rank
    tables[axis] = np.asarray(line, dtype=np.int64)
    return moved(input, input.batch, origin=range(rank), tables=tables)


@rule("aten.embedding.default", cites=CITES)
def embedding(step: Step, weight: Any, indices: Any, padding_idx: Any, scale_grad_by_freq: Any, sparse: Any) -> Any:
    """A row of a constant table for every entry: entrywise, with a new last axis that stays."""
    if not isinstance(weight, Constant) or not isinstance(indices, Moving):
        raise Refusal("an embedding whose table depends on the input")
    action = indices.settled()
    if action.signed:
        raise Refusal("an embedding of numbers that change sign")
    parts = [(list(range(action.rank)), action)]
    return Moving(Action.product(step.shape, parts), indices.batch)
