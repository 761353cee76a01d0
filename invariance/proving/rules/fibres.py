"""Fibres: the entries that a reduction, a softmax or a norm takes together. They must go to fibres."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..actions import Action
from ..values import Batch, Moving, Refusal

__all__ = ["behind", "fibred", "one_sign"]


def fibred(action: Action, reduced: Iterable[int]) -> Action:
    """The motion of the fibres along `reduced`: on the other axes, as long as it does not depend on these."""
    gone = sorted(set(reduced))
    kept = [a for a in range(action.rank) if a not in gone]
    if action.closed(kept):
        return action.restricted(kept)
    block = action.block
    if block is None or any(action.turn[a] in gone for a in kept) or any(action.turn[a] in kept for a in gone):
        raise Refusal("the motion turns an axis that is reduced into one that is kept: fibres do not go to fibres")
    inner = [action.shape[a] for a in block.axes]
    parts = [p.reshape(inner) for p in np.unravel_index(block.index, inner)]
    ours = [k for k, a in enumerate(block.axes) if a in kept]
    corner = tuple(slice(None) if k in ours else slice(0, 1) for k in range(len(inner)))
    for k in ours:
        if (parts[k] != parts[k][corner]).any():
            raise Refusal("the motion mixes what is reduced with what is kept: fibres do not go to fibres")
    if block.scale is not None:
        raise Refusal("signs that are tied to several axes at once")
    small = tuple(inner[k] for k in ours)
    index = np.ravel_multi_index(tuple(parts[k][corner].ravel() for k in ours), small)
    place = {a: n for n, a in enumerate(kept)}
    on_block = [place[block.axes[k]] for k in ours]
    rest = [a for a in kept if a not in block.axes]
    shape = [action.shape[a] for a in kept]
    return Action.product(
        shape, [([place[a] for a in rest], action.restricted(rest)), (on_block, Action.from_dense(small, index))]
    )


def one_sign(action: Action, reduced: Iterable[int]) -> bool:
    """Whether factors are the same all along every fibre."""
    if action.block is not None and action.block.scale is not None:
        return False
    return all(s is None or bool((s == s[0]).all()) for s in (action.scales[a] for a in reduced))


def behind(input: Moving, action: Action, reduced: Sequence[int], *, keep: bool) -> Moving:
    """What a reduction leaves, with the reduced axes of length 1 or gone."""
    batch = input.batch
    if batch is None or batch.axis in reduced:
        raise Refusal("a reduction over the batch: samples meet each other")
    kept = [a for a in range(len(input.shape)) if a not in reduced]
    if keep:
        shape = tuple(1 if a in reduced else n for a, n in enumerate(input.shape))
        return Moving(Action.product(shape, [(kept, action)]), batch)
    return Moving(action, Batch(kept.index(batch.axis), batch.before))
