r"""Where entries go when a tensor is sliced, padded, turned round, repeated, put together: motions of what is shown.

Let $T'_o = T_{t(o)}$ with a table t. From $T(gx) = s\,T(x) \circ \pi$ follows $T'(gx) = s'\,T'(x) \circ \sigma$ for
every bijection σ with $t \circ \sigma = \pi \circ t$: found axis by axis, by matching, and verified.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .actions import Action, Ints, Reals
from .values import Batch, Movement, Moving, Refusal

__all__ = ["bijection", "joined", "moved", "movement_of", "positions", "repeated"]


def movement_of(value: Moving) -> Movement:
    """How the value shows the tensor that it was cut from, or the movement that shows everything."""
    return value.movement or _whole(value)


def repeated(value: Moving) -> tuple[int, ...]:
    """Axes along which a tensor is the same, and has no border: there it follows any motion."""
    if value.movement is None or value.action is None:
        return ()
    axes = (j for j, source in enumerate(value.movement.origin) if source is None and value.shape[j] > 1)
    return tuple(j for j in axes if value.action.keeps([j]) and (value.movement.tables[j] >= 0).all())


def _whole(value: Moving) -> Movement:
    rank = len(value.shape)
    return Movement(value, value.shape, tuple(range(rank)), tuple(np.arange(n) for n in value.shape), {})


def moved(
    value: Moving,
    batch: Batch | None,
    *,
    origin: Sequence[int | None],
    tables: Sequence[Ints | None],
    fixed: dict[int, int] | None = None,
    fill: float | None = None,
    lengths: Sequence[int] | None = None,
) -> Moving:
    """`value` with axis j showing its axis `origin[j]` at `tables[j]` (None: all of it); closed if it can be."""
    arguments = (origin, tables, fixed or {}, fill, lengths)
    found = _closed(_composed(movement_of(value), *arguments), batch)
    if found.action is None and value.action is not None and value.movement is not None:
        return _closed(_composed(_whole(value), *arguments), batch)
    return found


def _composed(
    first: Movement,
    origin: Sequence[int | None],
    tables: Sequence[Ints | None],
    fixed: dict[int, int],
    fill: float | None,
    lengths: Sequence[int] | None,
) -> Movement:
    axes: list[int | None] = []
    found: list[Ints] = []
    for j, (axis, table) in enumerate(zip(origin, tables, strict=True)):
        if axis is None:
            length = len(table) if table is not None else (lengths[j] if lengths else 1)
            axes.append(None)
            found.append(np.zeros(length, dtype=np.int64))
            continue
        base = first.tables[axis]
        shown = base if table is None else np.where(table < 0, -1, base[np.maximum(table, 0)])
        axes.append(first.origin[axis])
        found.append(shown)
    held = dict(first.fixed)
    for axis, place in fixed.items():
        source, at = first.origin[axis], int(first.tables[axis][place])
        if at < 0:
            raise Refusal("a constant of the padding is selected")
        if source is not None:
            held[source] = at
    before = any((t < 0).any() for t in first.tables)
    if fill is not None and before and fill != first.fill:
        raise Refusal(f"padding with {fill} of what is padded with {first.fill}")
    chosen = first.fill if fill is None or before else fill
    shape = tuple(len(t) for t in found)
    return Movement(first.source, shape, tuple(axes), tuple(found), held, chosen)


def joined(values: Sequence[Moving], axis: int, batch: Batch | None) -> Moving | None:
    """Pieces of one tensor side by side along an axis, as one movement; None where they are not that."""
    parts = [movement_of(v) for v in values]
    first = parts[0]
    for part in parts[1:]:
        alike = part.source is first.source and part.origin == first.origin and part.fixed == first.fixed
        if not alike or part.fill != first.fill:
            return None
        if not all(a == axis or np.array_equal(part.tables[a], first.tables[a]) for a in range(len(first.shape))):
            return None
    if first.origin[axis] is None:
        return None
    tables = list(first.tables)
    tables[axis] = np.concatenate([part.tables[axis] for part in parts])
    shape = tuple(len(t) for t in tables)
    return _closed(Movement(first.source, shape, first.origin, tuple(tables), first.fixed, first.fill), batch)


def positions(value: Moving, axes: Sequence[int]) -> tuple[Moving, tuple[int, ...], list[Ints]] | None:
    """An open movement as (source, its axes, where they are looked at), if all other axes show everything."""
    movement = value.movement
    if value.action is not None or movement is None or movement.fixed or movement.fill != 0:
        return None
    rank = len(movement.shape)
    if sorted(a for a in movement.origin if a is not None) != list(range(rank)):
        return None
    for j in range(rank):
        if j not in axes and not np.array_equal(
            movement.tables[j], np.arange(movement.source.shape[movement.origin[j] or 0])
        ):
            return None
    return movement.source, tuple(a or 0 for a in movement.origin), [movement.tables[j] for j in axes]


def bijection(shown: Ints, wanted: Ints) -> Ints | None:
    """σ with shown[σ(o)] = wanted[o]; the identity, then the reversal, then in order among equal entries."""
    if len(shown) != len(wanted):
        return None
    if np.array_equal(shown, wanted):
        return np.arange(len(shown))
    if np.array_equal(shown[::-1], wanted):
        return np.arange(len(shown))[::-1].copy()
    there, here = np.argsort(shown, kind="stable"), np.argsort(wanted, kind="stable")
    if not np.array_equal(shown[there], wanted[here]):
        return None
    found = np.empty(len(shown), dtype=np.int64)
    found[here] = there
    return found


def _closed(movement: Movement, batch: Batch | None) -> Moving:
    try:
        return Moving(_settled(movement), batch, movement)
    except Refusal as refusal:
        return Moving(None, batch, movement, refusal.reason, movement.shape)


def _settled(movement: Movement) -> Action:
    action = movement.source.settled()
    place = {source: j for j, source in enumerate(movement.origin) if source is not None}
    if len(place) != sum(source is not None for source in movement.origin):
        raise Refusal("one axis is shown twice")
    if action.signed and movement.fill != 0 and any((t < 0).any() for t in movement.tables):
        raise Refusal("a sign, and padding with a number other than 0")
    turn = list(range(len(movement.shape)))
    tables: dict[int, Ints] = {}
    scales: dict[int, Reals] = {}
    constant = 1.0
    tied = action.block.axes if action.block else ()
    whole = [
        j
        for a in tied
        if (j := place.get(a)) is not None and np.array_equal(movement.tables[j], np.arange(action.shape[a]))
    ]
    if len(whole) != len(tied):
        raise Refusal("axes that move together are cut apart")
    for a in range(action.rank):
        if a in tied:
            continue
        j, partner = place.get(a), action.turn[a]
        f = action.table(a)
        if j is None:
            if partner != a or int(f[movement.fixed[a]]) != movement.fixed[a]:
                where = f"entry {movement.fixed[a]} of axis {a} is selected"
                raise Refusal(f"{where}, and the motion takes it elsewhere")
            constant *= float(action.scale(a)[movement.fixed[a]])
            continue
        k = place.get(partner)
        if k is None:
            raise Refusal(f"axis {a} comes from an axis that is looked at in one place only")
        t, u = movement.tables[j], movement.tables[k]
        sigma = bijection(t, np.where(u < 0, -1, f[np.maximum(u, 0)]))
        if sigma is None:
            raise Refusal("the part of the axis that is kept is not moved to itself: it is not cut or padded alike")
        turn[j], tables[j] = k, sigma
        if action.scales[a] is not None:
            scales[j] = np.where(t < 0, 1.0, action.scale(a)[np.maximum(t, 0)])
    block = None
    if action.block:
        made = Action.product(movement.shape, [([place[a] for a in tied], action.restricted(tied))])
        block = made.block
        scales |= {place[a]: factors for a in tied if (factors := action.scales[a]) is not None}
    result = Action.of(movement.shape, turn=turn, tables=tables, scales=scales, block=block)
    if constant != 1:
        if not movement.shape:
            raise Refusal("a sign on a number without axes")
        result = result.scaled(0, np.full(movement.shape[0], constant))
    return result
