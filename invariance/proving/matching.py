r"""Rows of numbers matched to rows of numbers: which unit takes the place of which.

With $V_c = \pm W_{P(c)}$ for every row, units go to units. Equal rows are matched in order, class by
class, so what is found composes as the classes do: relations of the group hold for units where they hold for classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .actions import Action, Ints, Reals

__all__ = ["Match", "match_multiples", "match_rows", "nearest", "negated"]

_SHOWN = 16  # rows without a partner that are compared with all others, for the message
_SIGN = np.int64(-(2**63))


@dataclass(frozen=True)
class Match:
    """Row c of the moved matrix is `sign[c]`, ±1 or ±2^k, times row `index[c]` of the matrix; None where all are 1."""

    index: Ints
    sign: Reals | None

    @property
    def action(self) -> Action:
        """On the axis of the rows."""
        scales = None if self.sign is None else {0: self.sign}
        return Action.of([len(self.index)], tables={0: self.index}, scales=scales)


def negated(ids: Ints) -> Ints:
    """Ids of the negative numbers; of numbers only, not of computed constants."""
    return np.where(ids == 0, ids, ids ^ _SIGN)


def match_rows(
    moved: Ints,
    rows: Ints,
    *,
    bias: Ints | None = None,
    moved_keys: Any = None,
    keys: Any = None,
    signs: bool = False,
    prefer: Ints | None = None,
) -> Match | None:
    """The matching of rows of ids, bit for bit; None where some row has no partner.

    Args:
        bias: one more entry of every row, which changes sign with it; the same before and after.
        moved_keys, keys: labels that must agree too and do not change sign, such as the group of a convolution.
        signs: whether a row may be matched to the negative of a row; whatever is found without is preferred.
        prefer: the partners to match, among those that fit.
    """
    count = len(rows)
    classes: dict[bytes, list[int]] = {}
    for c in range(count):
        classes.setdefault(_bytes(rows, bias, keys, c), []).append(c)
    wanted: dict[tuple[bytes, float], list[int]] = {}
    for c in range(count):
        sign, row = 1.0, _bytes(moved, bias, moved_keys, c)
        if row not in classes and signs:
            opposite = None if bias is None else negated(bias)
            sign, row = -1.0, _bytes(negated(moved[c : c + 1]), opposite, moved_keys, c)
        if row not in classes:
            return None
        wanted.setdefault((row, sign), []).append(c)
    index, factors = np.empty(count, dtype=np.int64), np.ones(count)
    if prefer is not None:
        for (row, sign), cs in wanted.items():
            if not set(prefer[cs]) <= set(classes[row]):
                return None
            factors[cs] = sign
        return Match(prefer, None if (factors == 1).all() else factors)
    taken: dict[bytes, int] = {}
    for (row, sign), cs in wanted.items():
        start = taken.get(row, 0)
        partners = classes[row][start : start + len(cs)]
        if len(partners) < len(cs):
            return None
        index[cs], factors[cs] = partners, sign
        taken[row] = start + len(cs)
    return Match(index, None if (factors == 1).all() else factors)


def match_multiples(moved: Reals, rows: Reals, *, keys: Any = None, moved_keys: Any = None) -> Match | None:
    """The matching of rows that are the same up to a sign and a power of two; None where some row has no partner.

    These are the factors that floats have together with their inverses: a motion of finite order multiplies to 1.
    Rows of one direction are matched in the order of their sizes.
    """
    (ours, ups), (theirs, downs) = _directions(moved), _directions(rows)
    if ours is None or theirs is None:
        return None
    classes: dict[bytes, list[int]] = {}
    wanted: dict[bytes, list[int]] = {}
    for found, labels, table in ((classes, keys, theirs), (wanted, moved_keys, ours)):
        for c, row in enumerate(table):
            found.setdefault(_bytes(row[None].view(np.int64), None, labels, c), []).append(c)
    index = np.empty(len(rows), dtype=np.int64)
    for row, cs in wanted.items():
        partners = classes.get(row, [])
        if len(partners) != len(cs):
            return None
        index[sorted(cs, key=lambda c: abs(ups[c]))] = sorted(partners, key=lambda c: abs(downs[c]))
    factors = ups / downs[index]
    return Match(index, None if (factors == 1).all() else factors)


def _directions(rows: Reals) -> tuple[Reals | None, Reals]:
    """Rows over ±2^k, so that the first entry that is not 0 is positive and the largest in [1/2, 1); and ±2^k."""
    leading = np.take_along_axis(rows, (rows != 0).argmax(1)[:, None], 1)[:, 0] if rows.shape[1] else np.ones(len(rows))
    exponent = np.frexp(np.abs(rows).max(1, initial=0.0))[1]
    factors = np.where(leading < 0, -1.0, 1.0) * np.exp2(exponent)
    found = rows / factors[:, None] + 0.0
    return (found if (found * factors[:, None] == rows).all() else None), factors


def guessed(moved: Ints, rows: Ints) -> Match | None:
    """The matching where at most half of the rows lack a partner: these, in order, go to those that are left over."""
    free: dict[bytes, list[int]] = {}
    for c in range(len(rows)):
        free.setdefault(rows[c].tobytes(), []).append(c)
    index = np.full(len(rows), -1, dtype=np.int64)
    for c in range(len(rows)):
        if partners := free.get(moved[c].tobytes()):
            index[c] = partners.pop(0)
    lost = np.flatnonzero(index < 0)
    if 2 * len(lost) > len(rows):
        return None
    index[lost] = sorted(c for partners in free.values() for c in partners)
    return Match(index, None)


def nearest(
    moved: NDArray[Any], rows: NDArray[Any], keys: Any = None, moved_keys: Any = None
) -> tuple[int, int, int, float]:
    """The row that is worst off: (row, its nearest partner, the entry that differs most, by how much)."""
    worst = (0, 0, 0, -1.0)
    known = {row.tobytes() for row in rows + 0.0}
    lost = [c for c in range(len(rows)) if (moved[c] + 0.0).tobytes() not in known][:_SHOWN]
    for c in lost or range(min(len(rows), _SHOWN)):
        distance = np.abs(rows - moved[c]).max(axis=1) if rows.shape[1] else np.zeros(len(rows))
        if keys is not None and moved_keys is not None:
            distance = np.where(keys == moved_keys[c], distance, np.inf)
        partner = int(distance.argmin())
        if distance[partner] > worst[3]:
            entry = int(np.abs(rows[partner] - moved[c]).argmax()) if rows.shape[1] else 0
            worst = (c, partner, entry, float(distance[partner]))
    return worst


def _bytes(rows: Ints, bias: Ints | None, keys: Any, c: int) -> bytes:
    """Row c (the only one, if there is one), its bias and its label."""
    row = rows[c if len(rows) > 1 else 0].tobytes()
    if bias is not None:
        row += bias[c].tobytes()
    return row if keys is None else row + repr(keys[c]).encode()
