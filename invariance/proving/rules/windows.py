r"""Windows that slide over a grid, from the positions that they look at.

Output o looks through tap t at position $L_a(o, t)$ of axis a (negative: padding). Under a motion of the grid,
$\pi(i)_a = f_a(i_{q(a)})$, outputs go to outputs and taps to taps where
$f_a(L_{q(a)}(o, t)) = L_a(\sigma_a(o), \tau_a(t))$.
For flips and turns this holds if and only if $(n + 2p - k) \bmod s = 0$ with equal padding on both sides (G8.stride).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..actions import Action, Ints
from ..movement import bijection, positions
from ..values import Moving, Refusal

__all__ = ["BEYOND", "OUTSIDE", "PADDING", "Grid", "grid_of", "looked_at", "window_motion"]

PADDING = -1
BEYOND = -2
OUTSIDE = -3
"""What a pool takes for its own padding is no zero: minus infinity, or nothing that counts."""


@dataclass(frozen=True)
class Grid:
    """An input as a window sees it: the motion of its source, where each spatial axis is looked at, a name for each."""

    input: Moving
    action: Action
    axes: tuple[int, ...]
    tables: tuple[Ints, ...]


def grid_of(input: Moving, spatial: int) -> Grid:
    """The last `spatial` axes as a grid that moves by itself; an open movement, a circular padding, is read along."""
    rank = len(input.shape)
    axes = tuple(range(rank - spatial, rank))
    if input.action is None:
        found = positions(input, axes)
        if found is None:
            raise Refusal(input.reason)
        source, origin, tables = found
        action = source.settled().permuted(origin)
    else:
        action, tables = input.action, [np.arange(input.shape[a]) for a in axes]
    block = action.block.axes if action.block else ()
    if not action.closed(axes) or set(axes) & set(block) or any(action.scales[a] is not None for a in axes):
        raise Refusal("the grid does not move by itself: its motion is tied to the channels")
    return Grid(input, action, axes, tuple(tables))


def looked_at(
    table: Ints,
    outputs: int,
    taps: int,
    *,
    stride: int,
    dilation: int,
    before: int,
    after: int | None = None,
    outside: int = PADDING,
) -> Ints:
    """L(o, t) = table[o·s + t·d − p]; `outside` the table, BEYOND outside the padding (a ceil_mode)."""
    at = np.arange(outputs)[:, None] * stride + np.arange(taps)[None, :] * dilation - before
    n = len(table)
    shown = np.where((at < 0) | (at >= n), outside, table[at.clip(0, max(0, n - 1))])
    return shown if after is None else np.where(at >= n + after, BEYOND, shown)


def window_motion(grid: Grid, looked: Sequence[Ints], *, ordered: bool = True) -> tuple[Action, Action]:
    """The motions of outputs and of taps. `ordered=False`: the window is a set, so taps are compared sorted."""
    first = grid.axes[0]
    turn, sigmas, taus = [], {}, {}
    for k, axis in enumerate(grid.axes):
        partner = grid.action.turn[axis] - first
        f = grid.action.table(axis)
        u = looked[partner]
        moved = np.where(u < 0, u, f[np.maximum(u, 0)])
        found = _matched(looked[k], moved, ordered)
        if found is None:
            raise Refusal(f"axis {axis}: the window's places are not moved to its places")
        turn.append(partner)
        sigmas[k], taus[k] = found
    outputs = Action.of([len(u) for u in looked], turn=turn, tables=sigmas)
    taps = Action.of([u.shape[1] for u in looked], turn=turn, tables=taus)
    return outputs, taps


def _matched(shown: Ints, moved: Ints, ordered: bool) -> tuple[Ints, Ints] | None:
    """σ, τ with shown[σ(o), τ(t)] = moved[o, t]."""
    if shown.shape != moved.shape:
        return None
    taps = np.arange(shown.shape[1])
    if not ordered:
        sigma = _rows(np.sort(shown, axis=1), np.sort(moved, axis=1))
        return None if sigma is None else (sigma, taps)
    for tau in (taps, taps[::-1].copy()):
        sigma = _rows(shown[:, tau], moved)
        if sigma is not None:
            return sigma, tau
    return None


def _rows(shown: Ints, moved: Ints) -> Ints | None:
    _, labels = np.unique(np.concatenate([shown, moved]), axis=0, return_inverse=True)
    labels = labels.ravel()
    return bijection(labels[: len(shown)], labels[len(shown) :])
