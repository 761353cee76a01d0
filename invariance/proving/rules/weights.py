"""Filter banks and matrices, moved with their input, matched to themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..actions import Ints, Reals
from ..matching import Match, guessed, match_multiples, match_rows, nearest, negated
from ..nearness import near_match
from ..values import Constant, Near, Refusal

__all__ = ["matched", "scaled_ids"]


def scaled_ids(weight: Constant, ids: Ints, factors: Reals | None) -> Ints:
    """Ids of the numbers times factors, which are signs or powers of two, so that nothing is rounded."""
    if factors is None:
        return ids
    if weight.computed:
        raise Refusal("a computed weight meets a change of sign")
    signs, sizes = np.sign(factors), np.abs(factors)
    if (sizes != 1).any():
        return np.asarray(ids.view(np.float64) * factors + 0.0).view(np.int64)
    return np.where(np.broadcast_to(signs < 0, ids.shape), negated(ids), ids)


def matched(
    what: str,
    weight: Constant,
    bias: Constant | None,
    moved: Callable[[np.ndarray], np.ndarray],
    scale: Reals | None,
    *,
    keys: Any = None,
    moved_keys: Any = None,
    entry: Callable[[int], str] = str,
    prefer: Ints | None = None,
) -> Match:
    r"""P and factors s = ±2^k with (moved weight)[c] = s weight[P(c)] and bias[c] = s bias[P(c)], row by row.

    Where there is none, `nearest` tells the row that is worst off and by how much. Constants that keep equations match
    to a tolerance, and note what should be equal.

    Args:
        weight: rows on the first axis; `moved` takes an array of its shape, after factors `scale`, to rows.
        prefer: P, where equal rows leave a choice.
    """
    count = weight.shape[0]
    signs = not weight.computed and (bias is None or not bias.computed)
    ids, rows = moved(scaled_ids(weight, weight.ids, scale)).reshape(count, -1), weight.ids.reshape(count, -1)
    beside = None if bias is None else bias.ids
    found = match_rows(ids, rows, bias=beside, keys=keys, moved_keys=moved_keys, signs=signs, prefer=prefer)
    if found is not None and weight.near is None:
        return found
    ours = moved(weight.values if scale is None else weight.values * scale).reshape(count, -1)
    theirs = weight.values.reshape(count, -1)
    if bias is not None:
        ours, theirs = (np.concatenate([m, bias.values[:, None]], axis=1) for m in (ours, theirs))
    if weight.near is None and signs:
        found = match_multiples(ours, theirs, keys=keys, moved_keys=moved_keys)
        if found is not None and (prefer is None or np.array_equal(found.index, prefer)):
            return found
    if weight.near is not None:
        found = found or (
            near_match(ours, theirs, signs=signs) if keys is None else _near_groups(ours, theirs, keys, moved_keys)
        )
        if found is not None:
            _note(weight.near, weight, bias, moved, scale, found)
            return found
    bank = tuple(a.reshape(count, weight.shape[1], -1) for a in (ids, rows))
    detail: dict[str, Any] = {"match": guessed(ids, rows)}
    if keys is None:
        detail["bank"] = (*bank, beside)
    elif weight.shape[1] == 1:
        each = [(a, beside) if beside is not None else (a,) for a in (ids, rows)]
        detail["filters"] = [np.column_stack(a).reshape(len(set(keys)), -1) for a in each]
    row, partner, place, off = nearest(ours, theirs, keys, moved_keys)
    at = "in its bias" if bias is not None and place == theirs.shape[1] - 1 else f"at {entry(place)}"
    if off == 0:
        raise Refusal(f"some {what}s, moved, are found, but not as often as they are there", **detail)
    raise Refusal(
        f"{what} {row}, moved, is no {what}; the nearest, {partner}, differs by {off:.3g} {at}",
        **detail,
    )


def _near_groups(ours: Reals, theirs: Reals, keys: Any, moved_keys: Any) -> Match | None:
    """Rows of a group to rows of the group that it goes to."""
    index, sign = np.empty(len(ours), dtype=np.int64), np.ones(len(ours))
    limit = float(np.abs(theirs).max())
    for key in dict.fromkeys(keys):
        here = np.flatnonzero([k == key for k in moved_keys])
        there = np.flatnonzero([k == key for k in keys])
        if len(here) != len(there):
            return None
        found = near_match(ours[here], theirs[there], signs=True, limit=limit)
        if found is None:
            return None
        index[here] = there[found.index]
        sign[here] = 1.0 if found.sign is None else found.sign
    return Match(index, None if (sign > 0).all() else sign)


def _note(
    near: Near,
    weight: Constant,
    bias: Constant | None,
    moved: Callable[[np.ndarray], np.ndarray],
    scale: Reals | None,
    match: Match,
) -> None:
    count = weight.shape[0]
    left = moved(near.places).reshape(count, -1)
    factors = np.ones(weight.shape) if scale is None else np.broadcast_to(scale, weight.shape)
    signs = moved(np.ascontiguousarray(factors)).reshape(count, -1)
    rows = np.ones(count) if match.sign is None else match.sign
    near.equations.require(left, near.places.reshape(count, -1)[match.index], signs * rows[:, None])
    if bias is not None and bias.near is not None:
        near.equations.require(bias.near.places, bias.near.places[match.index], rows)
