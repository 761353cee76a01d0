"""Filter banks and matrices, moved with their input, matched to themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..actions import Ints, Reals
from ..matching import Match, match_rows, nearest, negated
from ..values import Constant, Refusal

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
    moved: Ints,
    moved_values: Callable[[], np.ndarray],
    *,
    keys: Any = None,
    moved_keys: Any = None,
    entry: Callable[[int], str] = str,
) -> Match:
    r"""P and signs with moved[c] = ± weight[P(c)] and bias[c] = ± bias[P(c)], row by row.

    Where there is none, `nearest` tells the row that is worst off and by how much.
    """
    count = weight.shape[0]
    signs = not weight.computed and (bias is None or not bias.computed)
    rows = weight.ids.reshape(count, -1)
    beside = None if bias is None else bias.ids
    found = match_rows(moved, rows, bias=beside, keys=keys, moved_keys=moved_keys, signs=signs)
    if found is not None:
        return found
    values, ours = weight.values.reshape(count, -1), moved_values()
    theirs = values
    if bias is not None:
        ours, theirs = (np.concatenate([m, bias.values[:, None]], axis=1) for m in (ours, theirs))
    row, partner, place, off = nearest(ours, theirs, keys, moved_keys)
    at = "in its bias" if place >= values.shape[1] else f"at {entry(place)}"
    if off == 0:
        raise Refusal(f"some {what}s, moved, are found, but not as often as they are there")
    raise Refusal(
        f"{what} {row}, moved, is no {what}; the nearest, {partner}, differs by {off:.3g} {at}",
        row=row,
        partner=partner,
        difference=off,
    )
