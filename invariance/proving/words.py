"""Motions in the field's words, and whether they respect a group's relations."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Context
from functools import reduce

import numpy as np

from .actions import Action, Ints

__all__ = ["at_most", "in_words", "is_reversal", "representation", "respects"]


def at_most(bound: float) -> str:
    """Two digits, rounded up, so that the sentence stays true: 6.512e-06 as 6.6e-06."""
    return f"{float(Context(prec=2, rounding=ROUND_CEILING).create_decimal(repr(bound))):.1e}"


def in_words(action: Action) -> str:
    """A motion in a sentence, axes counted from 0 behind the batch."""
    if action.is_identity:
        return "stays as it is"
    said = []
    seen: set[int] = set()
    for axes in action.components():
        part = action.restricted(axes)
        shown = [a - 1 for a in axes]
        if any(s is not None for s in part.scales):
            said.append(_factors(part, shown))
        if part.block is not None:
            said.append(f"axes {_listed([shown[a] for a in part.block.axes])} are permuted together")
        elif len(axes) == 1:
            table = part.tables[0]
            if table is not None:
                said.append(_table(table, shown[0]))
        else:
            flipped = [shown[k] for k, t in enumerate(part.tables) if t is not None and is_reversal(t)]
            other = [k for k, t in enumerate(part.tables) if t is not None and not is_reversal(t)]
            turned = f"axes {_listed(shown)} change places"
            if flipped:
                turned += f", and axis {_listed(flipped)} is turned round"
            said.append(turned + (", with a permutation" if other else ""))
        seen |= set(axes)
    return "; ".join(said)


def _factors(part: Action, shown: list[int]) -> str:
    found = {a: s for a, s in zip(shown, part.scales, strict=True) if s is not None}
    signs = all((np.abs(s) == 1).all() for s in found.values())
    if all((s == s[0]).all() for s in found.values()):
        return "changes sign" if signs else f"is multiplied by {np.prod([s[0] for s in found.values()]):g}"
    return f"{'changes sign' if signs else 'is multiplied by powers of 2'} along axis {_listed(list(found))}"


def _table(table: Ints, axis: int) -> str:
    n = len(table)
    moved = np.flatnonzero(table != np.arange(n))
    shift = int(table[0])
    if is_reversal(table):
        return f"axis {axis} is turned round"
    if np.array_equal(table, (np.arange(n) + shift) % n):
        return f"axis {axis} is shifted round by {(-shift) % n}"
    if len(moved) == 2:
        return f"entries {moved[0]} and {moved[1]} of axis {axis} change places"
    return f"{len(moved)} of {n} entries of axis {axis} change places"


def is_reversal(table: Ints | None) -> bool:
    """Whether an axis is turned round."""
    return table is not None and bool((table == np.arange(len(table))[::-1]).all())


def _listed(numbers: Sequence[int]) -> str:
    return " and ".join(map(str, numbers))


def respects(actions: Sequence[Action | None], relations: Sequence[tuple[int, ...]]) -> bool:
    """Whether every word that is the identity of the group is the identity here."""
    if any(a is None for a in actions):
        return False
    known = [a for a in actions if a is not None]
    if all(a.is_identity for a in known):
        return True
    dense = [(index, np.ones(len(index)) if scale is None else scale) for index, scale in (a.dense() for a in known)]
    count = len(dense[0][0])
    for word in relations:
        start = (np.arange(count), np.ones(count))
        index, scale = reduce(lambda done, k: (done[0][dense[k][0]], dense[k][1] * done[1][dense[k][0]]), word, start)
        if not (np.array_equal(index, np.arange(count)) and (scale == 1).all()):
            return False
    return True


def representation(actions: Sequence[Action], axis: int, group: str, order: int | None) -> str | None:
    """The permutations of an axis that generators make, by their orbits, in the field's words.

    *trivial*: every entry stays; *regular*: every orbit has as many entries as the group, in one of the two layouts
    c·n + r (orbit after orbit) and r·C + c; *quotient*: orbits of one smaller size; else their sizes. None where the
    axis does not move by itself.
    """
    if not actions or any(not action.alone(axis) for action in actions):
        return None
    tables = [action.table(axis) for action in actions]
    n = len(tables[0])
    orbit = np.arange(n)
    for _ in range(n):
        before = orbit.copy()
        for table in tables:
            low = np.minimum(orbit, orbit[table])
            np.minimum.at(low, table, orbit)
            orbit = low
        if np.array_equal(before, orbit):
            break
    sizes = sorted(set(np.unique(orbit, return_counts=True)[1].tolist()))
    signed = " with signs" if any(action.scales[axis] is not None for action in actions) else ""
    if sizes == [1]:
        return f"trivial representation{signed}, {n} times"
    if len(sizes) > 1:
        return f"a sum of permutation representations{signed} of {_listed(sizes)} entries"
    size = sizes[0]
    count = n // size
    kind = f"regular representation of {group}" if size == order else f"permutation representation of {size} entries"
    layout = ""
    if np.array_equal(orbit // size, np.repeat(np.arange(count), size)):
        layout = f", channels c·{size} + r"
    elif np.array_equal(orbit, np.tile(orbit[:count], size)):
        layout = f", channels r·{count} + c"
    return f"{kind}{signed}{layout}, {count} times"
