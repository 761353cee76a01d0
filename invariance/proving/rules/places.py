r"""Gather and scatter by numbers of places that are relabelled: the ends of edges, when nodes change places.

With $T(gx)_i = \sigma(T(x)_{\pi(i)})$ for the numbers, rows that are looked up must move by σ⁻¹, so that place σ(v)
shows what place v did.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..actions import Action
from ..registry import Step, rule
from ..values import Constant, Moving, Places, Refusal
from .fixed import fixed_constant, merged

__all__ = ["OF_PLACES", "gathered"]

OF_PLACES = ("aten.gather.default", "aten.scatter_add.default")


def gathered(step: Step, input: Any, dim: int, index: Places) -> Moving:
    """Entries follow the index, and along the other axes the table as well."""
    table, axis = _table(input, "a table"), _axis(step, dim, index, input)
    if len(index.labels) != table.shape[axis]:
        raise Refusal(f"{table.shape[axis]} rows are looked up by numbers of {len(index.labels)} places")
    if not table.alone(axis) or not np.array_equal(table.table(axis)[index.labels], np.arange(table.shape[axis])):
        raise Refusal("the rows that are looked up do not move as the numbers of places do")
    others = [a for a in range(table.rank) if a != axis]
    thin = tuple(1 if a == axis else n for a, n in enumerate(table.shape))
    rest = Action.product(thin, [(others, table.restricted(others))])
    return Moving(merged([index, Moving(rest, input.batch)], step.shape)[0], input.batch)


@rule("aten.scatter_add.default", cites=("relabelling", "sum"))
def scatter_add(step: Step, input: Any, dim: int, index: Any, src: Any) -> Any:
    """What is sent to v goes to σ(v); messages and their addresses move alike."""
    if not isinstance(index, Places):
        raise Refusal("a scatter by numbers that are not the places of an input: no rule")
    axis = _axis(step, dim, index, src)
    _axis(step, dim, index, input)
    if src.shape != index.shape:
        raise Refusal("more messages than numbers of places: no rule")
    parts: list[Moving] = [index]
    if isinstance(src, Moving):
        _table(src, "messages")
        parts.append(src)
    whole = merged(parts, index.shape)[0]
    if isinstance(src, Constant):
        fixed_constant(src, whole, "the messages")
    if not whole.alone(axis) or len(index.labels) != step.shape[axis]:
        raise Refusal("messages mix along the axis that they are sent along")
    others = [a for a in range(whole.rank) if a != axis]
    nodes = Action.of([len(index.labels)], tables={0: np.argsort(index.labels)})
    made = Moving(Action.product(step.shape, [(others, whole.restricted(others)), ([axis], nodes)]), index.batch)
    if isinstance(input, Constant):
        fixed_constant(input, made.settled(), "what messages are added to")
    elif not isinstance(input, Moving) or not _table(input, "a table").same(made.settled()):
        raise Refusal("what messages are added to does not move as the places that they are sent to")
    return made


def _axis(step: Step, dim: int, index: Places, other: Any) -> int:
    """The axis of the places: not the batch, and all other axes as long as those of the index."""
    axis, rank = dim % len(step.shape), len(index.shape)
    if not isinstance(other, Moving | Constant) or other.batch != index.batch or index.batch is None:
        raise Refusal("an index and a table with the batch on different axes")
    same = len(other.shape) == rank and all(other.shape[a] == index.shape[a] for a in range(rank) if a != axis)
    if axis == index.batch.axis or not same:
        raise Refusal("an index along the batch, or of another shape than the table: no rule")
    return axis


def _table(value: Any, what: str) -> Action:
    if not isinstance(value, Moving) or isinstance(value, Places) or value.settled().signed:
        raise Refusal(f"{what} that does not move, or changes sign, beside numbers of places: no rule")
    return value.settled()
