r"""How a tensor moves: $T(gx)_i = s(i)\, T(x)_{\pi(i)}$, a permutation of its entries times factors, kept in parts.

Most motions are *monomial in the axes*: each source coordinate depends on one coordinate,
$\pi(i)_a = f_a(i_{q(a)})$. A quarter turn of the plane swaps two axes and turns one of them round; a permutation of
channels moves one axis. What is not of this form is kept as one `Block`, an index over the axes that it ties together.
Factors are signs or positive numbers and are products over axes, or belong to the block. Shapes leave the batch out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
import torch
from torch import Tensor

from .blocks import (
    Block,
    Ints,
    Reals,
    along,
    chunks,
    equal,
    joined,
    normal_scales,
    or_none,
    reordered,
    split_scale,
    spread,
    varies,
)

__all__ = ["Action", "Block", "Ints", "Reals"]


@dataclass(frozen=True, eq=False)
class Action:
    r"""$\pi(i)_a = f_a(i_{q(a)})$ with q = `turn`, $f_a$ = `tables[a]` (None: identity), s = ∏ `scales[a]`($i_a$)."""

    shape: tuple[int, ...]
    turn: tuple[int, ...]
    tables: tuple[Ints | None, ...]
    scales: tuple[Reals | None, ...]
    block: Block | None = None

    @classmethod
    def identity(cls, shape: Sequence[int]) -> Action:
        """$P = 1$ on tensors of this shape, batch axis in front."""
        rank = len(shape)
        return cls(tuple(shape), tuple(range(rank)), (None,) * rank, (None,) * rank)

    @classmethod
    def of(
        cls,
        shape: Sequence[int],
        *,
        turn: Sequence[int] | None = None,
        tables: dict[int, Ints] | None = None,
        scales: dict[int, Reals] | None = None,
        block: Block | None = None,
    ) -> Action:
        """In normal form: identities are None, constant factors stand on the first axis, a block is no product."""
        rank, shape = len(shape), tuple(shape)
        turned = tuple(turn) if turn is not None else tuple(range(rank))
        found: list[Ints | None] = [None] * rank
        for axis, table in (tables or {}).items():
            if turned[axis] != axis or not np.array_equal(table, np.arange(len(table))):
                found[axis] = np.ascontiguousarray(table, dtype=np.int64)
        found = [or_none(table, shape[axis]) for axis, table in enumerate(found)]
        action = cls(shape, turned, tuple(found), normal_scales(shape, scales or {}), block)
        return action if block is None else action._without_products()

    @classmethod
    def from_dense(cls, shape: Sequence[int], index: Ints, scale: Reals | None = None) -> Action:
        """Of a flat index over all axes, row-major, in parts."""
        shape = tuple(shape)
        rank = len(shape)
        if rank == 0 or prod(shape) == 0:
            return cls.of(shape, scales=None if scale is None or not rank else {0: scale[:1]})
        coordinates = [c.reshape(shape) for c in np.unravel_index(index, shape)]
        depends = [[a for a in range(rank) if varies(coordinates[k], a)] for k in range(rank)]
        single = {k: d[0] for k, d in enumerate(depends) if len(d) == 1}
        fixed = [k for k, d in enumerate(depends) if not d]  # axes of length 1
        tied = [k for k in range(rank) if k not in single and k not in fixed]
        # A block is closed: what its coordinates depend on, and what depends on those, belongs to it.
        grown = True
        while grown:
            inside = set(tied) | {a for k in tied for a in depends[k]}
            inside |= {k for k in single if single[k] in inside or k in inside}
            inside |= {single[k] for k in inside if k in single}
            grown = inside != set(tied)
            tied = sorted(inside)
        turn = [single.get(k, k) if k not in tied else k for k in range(rank)]
        free = set(range(rank)) - {turn[k] for k in range(rank) if k not in fixed and k not in tied} - set(tied)
        for k in fixed:  # an axis of length 1 moves to whichever is left over
            turn[k] = k if k in free else min(a for a in free if shape[a] == 1)
            free.discard(turn[k])
        tables = {k: along(coordinates[k], turn[k]) for k in range(rank) if k not in tied}
        scales, leftover = split_scale(shape, scale)
        if leftover is not None:
            # Axes of length 1 belong to no block: a view may leave them out.
            tied, turn, tables, scales = [a for a in range(rank) if shape[a] > 1], list(range(rank)), {}, {}
        block = None
        if tied:
            corner = tuple(slice(None) if a in tied else 0 for a in range(rank))
            parts = tuple(coordinates[a][corner].ravel() for a in tied)
            inner = np.ravel_multi_index(parts, tuple(shape[a] for a in tied))
            block = Block(tuple(tied), inner, leftover)
        return cls(
            shape,
            tuple(turn),
            tuple(or_none(tables.get(k), shape[k]) for k in range(rank)),
            normal_scales(shape, scales),
            block,
        )

    @property
    def rank(self) -> int:
        """The number of axes, the batch counted."""
        return len(self.shape)

    @cached_property
    def is_identity(self) -> bool:
        """Whether $P = 1$: no axis, entry or sign is moved."""
        return self.keeps(range(self.rank))

    @property
    def signed(self) -> bool:
        """Whether any factor is not 1."""
        return any(s is not None for s in self.scales) or (self.block is not None and self.block.scale is not None)

    def keeps(self, axes: Iterable[int]) -> bool:
        """Whether these axes stay as they are, entry by entry, with factors 1."""
        tied = self.block.axes if self.block else ()
        return all(
            self.turn[a] == a and self.tables[a] is None and self.scales[a] is None and a not in tied for a in axes
        )

    def alone(self, axis: int) -> bool:
        """Whether the axis moves by itself: no other axis comes in its place and it is in no block."""
        return self.turn[axis] == axis and (self.block is None or axis not in self.block.axes)

    def closed(self, axes: Iterable[int]) -> bool:
        """Whether these axes go among themselves."""
        inside = set(axes)
        tied = set(self.block.axes) if self.block else set()
        return {self.turn[a] for a in inside} == inside and (not tied & inside or tied <= inside)

    def table(self, axis: int) -> Ints:
        """Along an axis, the place that each entry comes from."""
        found = self.tables[axis]
        return np.arange(self.shape[axis]) if found is None else found

    def scale(self, axis: int) -> Reals:
        """The factors ±1 along an axis."""
        found = self.scales[axis]
        return np.ones(self.shape[axis]) if found is None else found

    def dense(self) -> tuple[Ints, Reals | None]:
        """The flat index over all axes, and the factors or None where they are all 1."""
        shape = self.shape
        if not shape:
            return np.zeros(1, dtype=np.int64), None
        index = np.zeros(shape, dtype=np.int64)
        strides = [prod(shape[a + 1 :]) for a in range(self.rank)]
        tied = self.block.axes if self.block else ()
        for a in range(self.rank):
            if a not in tied:
                index += (self.table(a) * strides[a]).reshape(spread(self.rank, self.turn[a]))
        if self.block:
            inner = tuple(shape[a] for a in tied)
            parts = np.unravel_index(self.block.index, inner)
            here = [shape[a] if a in tied else 1 for a in range(self.rank)]
            for part, a in zip(parts, tied, strict=True):
                index += (part * strides[a]).reshape(here)
        if not self.signed:
            return index.ravel(), None
        scale = np.ones(shape)
        for a, factors in enumerate(self.scales):
            if factors is not None:
                scale *= factors.reshape(spread(self.rank, a))
        if self.block and self.block.scale is not None:
            scale *= self.block.scale.reshape([shape[a] if a in tied else 1 for a in range(self.rank)])
        return index.ravel(), scale.ravel()

    def restricted(self, axes: Sequence[int]) -> Action:
        """On a closed set of axes, in the order given."""
        place = {a: k for k, a in enumerate(axes)}
        shape = tuple(self.shape[a] for a in axes)
        block = self.block if self.block and set(self.block.axes) <= set(axes) else None
        if block:
            block = reordered(block, self.shape, place)
        return Action(
            shape,
            tuple(place[self.turn[a]] for a in axes),
            tuple(self.tables[a] for a in axes),
            normal_scales(shape, {place[a]: s for a in axes if (s := self.scales[a]) is not None}),
            block,
        )

    @classmethod
    def product(cls, shape: Sequence[int], parts: Iterable[tuple[Sequence[int], Action]]) -> Action:
        """Of actions on disjoint sets of axes; the other axes stay."""
        shape = tuple(shape)
        turn = list(range(len(shape)))
        tables: list[Ints | None] = [None] * len(shape)
        scales: dict[int, Reals] = {}
        blocks: list[Block] = []
        for axes, part in parts:
            for k, a in enumerate(axes):
                turn[a], tables[a] = axes[part.turn[k]], part.tables[k]
                if (factors := part.scales[k]) is not None:
                    scales[a] = factors
            if part.block:
                blocks.append(reordered(part.block, part.shape, dict(enumerate(axes))))
        return cls(
            shape, tuple(turn), tuple(tables), normal_scales(shape, scales), joined(blocks, shape) if blocks else None
        )

    def components(self) -> list[tuple[int, ...]]:
        """The smallest closed sets of axes."""
        parent = list(range(self.rank))

        def root(a: int) -> int:
            while parent[a] != a:
                a = parent[a]
            return a

        for a in range(self.rank):
            parent[root(a)] = root(self.turn[a])
        if self.block:
            for a in self.block.axes:
                parent[root(a)] = root(self.block.axes[0])
        groups: dict[int, list[int]] = {}
        for a in range(self.rank):
            groups.setdefault(root(a), []).append(a)
        return [tuple(axes) for axes in groups.values()]

    def reshaped(self, shape: Sequence[int]) -> Action:
        """The same motion of the same entries in row-major order under another shape."""
        shape = tuple(shape)
        if shape == self.shape:
            return self
        if prod(shape) == 0 or prod(shape) != prod(self.shape):
            raise ValueError(f"{self.shape} → {shape}")
        pairs = chunks(self.shape, shape)
        member = {a: k for k, (before, _) in enumerate(pairs) for a in before}
        groups: list[set[int]] = []
        for axes in self.components():
            touched = {member[a] for a in axes if a in member}
            for other in [g for g in groups if g & touched]:
                touched |= other
                groups.remove(other)
            if touched:
                groups.append(touched)
        parts: list[tuple[Sequence[int], Action]] = []
        constant = prod(float(s[0]) for a, s in enumerate(self.scales) if s is not None and self.shape[a] == 1)
        for group in groups:
            taken = [pairs[k] for k in sorted(group)]
            before = [a for chunk, _ in taken for a in chunk]
            after = [a for _, chunk in taken for a in chunk]
            part = self.restricted(before)
            inner = tuple(shape[a] for a in after)
            if part.shape == inner:
                parts.append((after, part))
            elif not part.is_identity:
                parts.append((after, Action.from_dense(inner, *part.dense())))
        result = Action.product(shape, parts)
        return result if constant == 1 or not shape else result.scaled(0, np.full(shape[0], constant))

    def scaled(self, axis: int, factors: Reals) -> Action:
        """With further factors on an axis; the tensor they belong to is another one."""
        old = {a: s for a, s in enumerate(self.scales) if s is not None}
        return Action(
            self.shape,
            self.turn,
            self.tables,
            normal_scales(self.shape, old | {axis: self.scale(axis) * factors}),
            self.block,
        )

    def permuted(self, order: Sequence[int]) -> Action:
        """Of the tensor with its axes in another order, as `torch.permute`."""
        return self.restricted(order)

    def on(self, batch: Tensor) -> Tensor:
        """Batches of tensors, (b, *shape[1:]), as they are moved."""
        index, scale = self.dense()
        flat = batch.reshape(len(batch), -1)[:, torch.from_numpy(index)]
        if scale is not None:
            flat = flat * torch.from_numpy(scale).to(flat)
        return flat.reshape(batch.shape)

    def after(self, first: Action) -> Action:
        r"""$T(ghx)$ where g acts by self and h by `first`: $\pi = \pi_{first} \circ \pi_{self}$ on entries."""
        mine, by = self.dense()
        theirs, too = first.dense()
        scale = None
        if by is not None or too is not None:
            scale = (by if by is not None else np.ones(len(mine))) * (too if too is not None else np.ones(len(mine)))[
                mine
            ]
        return Action.from_dense(self.shape, theirs[mine], scale)

    def same(self, other: Action) -> bool:
        """Whether both move every entry alike."""
        if self.shape != other.shape:
            return False
        if self.turn == other.turn and all(
            equal(a, b) for a, b in zip((*self.tables, *self.scales), (*other.tables, *other.scales), strict=True)
        ):
            mine, theirs = self.block, other.block
            if mine is None and theirs is None:
                return True
            if mine and theirs and mine.axes == theirs.axes:
                return np.array_equal(mine.index, theirs.index) and equal(mine.scale, theirs.scale)
        if self.block is None and other.block is None and min(self.shape, default=1) > 1:
            return False  # the normal form without a block is unique where no axis has length 1
        mine, theirs = self.dense(), other.dense()
        return np.array_equal(mine[0], theirs[0]) and equal(mine[1], theirs[1])

    def _without_products(self) -> Action:
        assert self.block is not None
        axes = self.block.axes
        part = Action.from_dense([self.shape[a] for a in axes], self.block.index, self.block.scale)
        rest = [a for a in range(self.rank) if a not in axes]
        plain = Action(self.shape, self.turn, self.tables, self.scales)
        outer = Action.identity(()) if not rest else plain.restricted(rest)
        scales = {a: s for a in axes if (s := self.scales[a]) is not None}
        made = Action.product(self.shape, [(rest, outer), (axes, part)])
        for a, s in scales.items():
            made = made.scaled(a, s)
        return made
