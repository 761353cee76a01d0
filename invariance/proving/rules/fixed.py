"""Constants that must stay under a motion, and motions of tensors that are broadcast against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..actions import Action, Reals
from ..matching import negated
from ..movement import repeated
from ..nearness import TOLERANCE
from ..values import Constant, Moving, Refusal

__all__ = ["aligned", "fixed_constant", "fixed_up_to_sign", "merged"]


def aligned(constant: Constant, rank: int) -> Constant:
    """With leading axes of length 1, as broadcasting has it."""
    return constant.reshaped((1,) * (rank - constant.values.ndim) + constant.shape)


def fixed_constant(constant: Constant, action: Action, name: str = "constant") -> None:
    r"""$c_i = s(i)\,c_{\pi(i)}$, ids equal entry by entry; refuses with the entry that differs most."""
    here, there, scale, shown = _moved(constant, action)
    if constant.near is not None and _nearly(constant, action, scale):
        return
    if scale is not None and not constant.computed:
        there = np.where(scale < 0, negated(there), there)
        scale = np.abs(scale)
    off = here != there
    if scale is not None:
        off |= (scale != 1) & (here != 0)
    if off.any():
        raise Refusal(_difference(name, constant, shown, action, off), constant=name)


def _nearly(constant: Constant, action: Action, scale: Reals | None) -> bool:
    """Whether the constant stays to the tolerance; what should be equal is noted."""
    assert constant.near is not None
    values, moved, _, _ = _moved(constant, action, of=constant.values.astype(np.float64))
    factors = np.ones(values.shape) if scale is None else scale
    if values.size and np.abs(values - factors * moved).max() > TOLERANCE * np.abs(values).max():
        return False
    left, right, _, _ = _moved(constant, action, of=constant.near.places)
    if (left < 0).any():
        return bool((values == factors * moved).all())
    constant.near.equations.require(left, right, factors)
    return True


def fixed_up_to_sign(constant: Constant, action: Action, name: str = "constant") -> Reals | None:
    r"""ε with $c_i = \varepsilon_i c_{\pi(i)}$, over the axes of the constant; None where ε is 1 everywhere."""
    here, there, _, shown = _moved(constant, action, factors=False)
    if constant.near is not None and _nearly(constant, unsigned(action), None):
        return None
    off = here != there
    if not off.any():
        return None
    if constant.computed or (off & (negated(there) != here)).any():
        raise Refusal(_difference(name, constant, shown, action, off), constant=name)
    return np.where(off, -1.0, 1.0).reshape(shown)


def _moved(
    constant: Constant, action: Action, *, factors: bool = True, of: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, Reals | None, tuple[int, ...]]:
    """Flat ids, or what is given, here and where they come from, over the fewest axes that the motion keeps."""
    c = aligned(constant, action.rank)
    shown = c.ids if of is None else of.reshape(c.shape)
    if c.values.ndim > action.rank:
        raise Refusal(f"a constant of shape {constant.shape} beside a tensor of shape {action.shape}")
    tied = action.block.axes if action.block is not None and action.block.scale is not None else ()
    moved = [a for a in range(action.rank) if factors and (action.scales[a] is not None or a in tied)]
    wide = [a for a in range(action.rank) if c.shape[a] != 1 or a in moved]
    axes = sorted({a for part in action.components() if set(part) & set(wide) for a in part})
    shape = tuple(action.shape[a] if a in axes else 1 for a in range(action.rank))
    part = action.restricted(axes)
    index, scale = part.dense()
    ids = np.broadcast_to(shown, np.broadcast_shapes(c.shape, shape)).ravel()
    return ids, ids[index], scale if factors else None, shape


def _difference(name: str, constant: Constant, shown: tuple[int, ...], action: Action, off: np.ndarray) -> str:
    here, there, scale, _ = _moved(constant, action, of=constant.values.astype(np.float64))
    far = np.abs(here - (1.0 if scale is None else scale) * there)
    where = np.unravel_index(int(np.where(off, far, -1.0).argmax()), shown)
    at = ", ".join(str(int(k)) for k, n in zip(where, shown, strict=True) if n > 1)
    what = f"`{constant.name}`, {name}," if constant.name else name
    return (
        f"{what} differs between entries that change places, by up to {far.max():.3g}, most at ({at}); "
        f"{int(off.sum())} of {off.size} differ"
    )


def merged(parts: Sequence[Moving], shape: tuple[int, ...]) -> tuple[Action, list[Action]]:
    """One motion, without factors, of the broadcast shape that each part follows; and each part with axes in front.

    Along an axis of length 1 a part is the same everywhere, so there it follows any motion.
    """
    rank = len(shape)
    actions = [_in_front(_thin(part), rank) for part in parts]
    pieces: list[tuple[tuple[int, ...], Action]] = []
    candidates = []
    for action in actions:
        for axes in action.components():
            wide = tuple(a for a in axes if action.shape[a] == shape[a])
            if wide == axes and not (len(axes) == 1 and shape[axes[0]] == 1):
                candidates.append((axes, action))
    covered: set[int] = set()
    for axes, action in sorted(candidates, key=lambda c: -len(c[0])):
        if not covered & set(axes):
            pieces.append((axes, unsigned(action).restricted(axes)))
            covered |= set(axes)
    whole = Action.product(shape, pieces)
    for action in actions:
        _require_follows(action, whole)
    return whole, actions


def unsigned(action: Action) -> Action:
    """The permutation alone."""
    if not action.signed:
        return action
    block = action.block and type(action.block)(action.block.axes, action.block.index)
    return Action(action.shape, action.turn, action.tables, (None,) * action.rank, block)


def _thin(part: Moving) -> Action:
    """Of length 1 where entries are repeated."""
    action, axes = part.settled(), repeated(part)
    if not axes:
        return action
    shape = tuple(1 if a in axes else n for a, n in enumerate(action.shape))
    return replace(action, shape=shape)


def _in_front(action: Action, rank: int) -> Action:
    new = rank - action.rank
    return action.reshaped((1,) * new + action.shape) if new else action


def _require_follows(action: Action, whole: Action) -> None:
    wide = [a for a in range(action.rank) if action.shape[a] != 1]
    if not (action.closed(wide) and whole.closed(wide)):
        raise Refusal("the two tensors do not move alike: one turns axes that the other does not have")
    if not unsigned(action).restricted(wide).same(whole.restricted(wide)):
        raise Refusal("the two tensors do not move alike")
