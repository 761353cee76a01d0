"""What flows along the graph: tensors that move with the input, and constants.

Shapes leave the batch out: its symbol is taken as 1. `Batch` says on which axis it is and how many entries of that axis
come before it in row-major order, so that an axis that merges heads or tokens with the batch is still understood.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .actions import Action, Ints
from .nearness import Equations

__all__ = ["Batch", "Constant", "Movement", "Moving", "Places", "Refusal", "Value", "opaque"]

_COMPUTED = np.int64(0x7FF8000000000001)  # bit patterns of NaN, which no finite number has
_fresh = count()


class Refusal(Exception):  # noqa: N818 - an outcome, not an error
    """Why an operation does not go through; `detail` has numbers for the report."""

    def __init__(self, reason: str, **detail: Any) -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Batch:
    """The batch is on `axis`, behind `before` entries of it."""

    axis: int
    before: int = 1


@dataclass(frozen=True, eq=False)
class Movement:
    """Entries of `source` at other places: axis j of the result shows axis `origin[j]` at `tables[j]`.

    An origin of None is an axis along which entries repeat; a table entry of −1 is a constant, `fill`; axes of the
    source that do not appear are looked at in one place, `fixed`.
    """

    source: Moving
    shape: tuple[int, ...]
    origin: tuple[int | None, ...]
    tables: tuple[Ints, ...]
    fixed: dict[int, int]
    fill: float = 0.0


@dataclass(frozen=True, eq=False)
class Moving:
    """A tensor that moves with the input; without an `action` it shows a part of `movement.source` that does not.

    What is left of a tensor after a slice may go to other entries that are no longer there; the next slices may put
    that right, so the movement is kept and read as one.
    """

    action: Action | None
    batch: Batch | None
    movement: Movement | None = None
    reason: str = ""
    shape: tuple[int, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.action is not None:
            object.__setattr__(self, "shape", self.action.shape)

    def settled(self) -> Action:
        """The action; refuses where there is none."""
        if self.action is None:
            raise Refusal(self.reason)
        return self.action


@dataclass(frozen=True, eq=False)
class Places(Moving):
    r"""Numbers of places, such as ends of edges: their values move, $T(gx)_i = \sigma(T(x)_{\pi(i)})$, σ = `labels`.

    Rules that are not of places would take the values for ones that stay; only rules that move entries see them.
    """

    labels: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def like(self, moved: Any) -> Any:
        """What is moved, of the same labels."""
        if isinstance(moved, tuple):
            return tuple(map(self.like, moved))
        return Places(moved.action, moved.batch, moved.movement, moved.reason, moved.shape, self.labels)


@dataclass(frozen=True, eq=False)
class Near:
    """Where equations between weights are written down, and which entries of the weights these are; −1: of none."""

    equations: Equations
    places: Ints


@dataclass(frozen=True, eq=False)
class Constant:
    """Numbers that do not depend on the input; equal `ids` are equal real numbers.

    The id of a number is its bit pattern, of −0 that of 0. What arithmetic on constants gives is not rounded into a
    proof: such an entry is known by the operation and the ids it was computed from. Its value is for messages, as is
    `name`, of the weight that it is.
    """

    values: NDArray[Any]
    batch: Batch | None = None
    ids: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    computed: bool = False
    near: Near | None = None
    name: str = ""

    @classmethod
    def of(cls, values: NDArray[Any], batch: Batch | None = None, near: Near | None = None, name: str = "") -> Constant:
        """A constant whose entries are known apart bit for bit: equal numbers have equal ids."""
        values = np.asarray(values)
        if values.dtype.kind == "f":
            if not np.isfinite(values).all():
                raise Refusal("a constant is not finite (NaN or infinite), so nothing can be compared")
            ids = _bits(values)
        elif values.dtype.kind in "iub":
            if values.size and max(int(values.max()), -int(values.min())) >= 2**53:
                raise Refusal("an integer constant of 2⁵³ or more")
            ids = _bits(values)
        else:
            raise Refusal(f"a constant of type {values.dtype}: real numbers only")
        return cls(values, batch, ids, near=near, name=name)

    @property
    def numbers(self) -> NDArray[Any]:
        """The values, where they are exact: indices, and what is asked for its sign. Refuses of computed ones."""
        if self.computed:
            raise Refusal(
                "an index or a divisor that forward computes, with a rounding: register the result as a buffer"
            )
        return self.values

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the values, batch axis included where there is one."""
        return self.values.shape

    def moved(self, index: Any) -> Constant:
        """The entries at a flat index or any numpy index."""
        return self.rearranged(lambda array: array[index], self.batch)

    def reshaped(self, shape: Sequence[int], batch: Batch | None = None) -> Constant:
        """The same entries in another shape, in the same order."""
        return self.rearranged(lambda array: array.reshape(shape), batch)

    def rearranged(self, function: Callable[[NDArray[Any]], NDArray[Any]], batch: Batch | None = None) -> Constant:
        """Entries elsewhere, by a function that only moves entries of an array."""
        near = None if self.near is None else Near(self.near.equations, function(self.near.places))
        return Constant(function(self.values), batch, function(self.ids), self.computed, near, self.name)


def _bits(numbers: NDArray[Any]) -> Ints:
    """Bit patterns of doubles; that of −0 is that of 0."""
    return np.asarray(numbers.astype(np.float64) + 0.0).view(np.int64)


Value = Moving | Constant


def opaque(values: NDArray[Any], parts: Sequence[Ints], batch: Batch | None) -> Constant:
    """A computed constant; entries are equal where the ids of all they were computed from are. `parts`: (*shape, k)."""
    if not np.isfinite(values).all():
        raise Refusal("a computed constant is not finite")
    rows = np.concatenate([part.reshape(prod(values.shape), -1) for part in parts], axis=1)
    _, inverse = np.unique(rows, axis=0, return_inverse=True)
    # Each operation has ids of its own, so unequal operations are never taken for equal.
    start = _COMPUTED + np.int64(next(_fresh)) * np.int64(2**27)
    if inverse.size >= 2**27:
        raise Refusal("a computed constant of more than 2²⁷ entries")
    return Constant(values, batch, start + inverse.reshape(values.shape).astype(np.int64), computed=True)
