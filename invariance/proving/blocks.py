"""What does not factor: permutations over several axes at once, and vectors of factors in their normal form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Block",
    "Ints",
    "Reals",
    "along",
    "chunks",
    "equal",
    "joined",
    "normal_scales",
    "or_none",
    "reordered",
    "split_scale",
    "spread",
    "varies",
]

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Block:
    """A permutation of the entries over some axes that does not factor: flat index and factors, axes in order."""

    axes: tuple[int, ...]
    index: Ints
    scale: Reals | None = None


def varies(values: Ints, axis: int) -> bool:
    return values.shape[axis] > 1 and bool((values != values.take([0], axis=axis)).any())


def along(values: NDArray[Any], axis: int) -> NDArray[Any]:
    return values[tuple(slice(None) if a == axis else 0 for a in range(values.ndim))].copy()


def spread(rank: int, axis: int) -> list[int]:
    return [-1 if a == axis else 1 for a in range(rank)]


def or_none(table: Ints | None, length: int) -> Ints | None:
    return None if table is None or np.array_equal(table, np.arange(length)) else table


def equal(a: NDArray | None, b: NDArray | None) -> bool:
    if a is None or b is None:
        return a is b
    return np.array_equal(a, b)


def normal_scales(shape: tuple[int, ...], scales: dict[int, Reals]) -> tuple[Reals | None, ...]:
    """Every vector begins with 1, but for that of the first axis, which has the constant."""
    found: list[Reals | None] = [None] * len(shape)
    constant = 1.0
    for axis, factors in scales.items():
        head = float(factors[0])
        constant *= head
        rest = factors / head
        if not (rest == 1).all():
            found[axis] = rest
    if not np.isfinite(constant) or constant == 0 or not all(np.isfinite(f).all() for f in found if f is not None):
        raise OverflowError("factors that no number of 64 bits holds")
    if constant != 1 and shape:
        first = found[0]
        found[0] = constant * (np.ones(shape[0]) if first is None else first)
    return tuple(found)


def split_scale(shape: tuple[int, ...], scale: Reals | None) -> tuple[dict[int, Reals], Reals | None]:
    """Factors as products over axes; what is left where they are none."""
    if scale is None or (scale == 1).all():
        return {}, None
    full = scale.reshape(shape)
    head = full.ravel()[0]
    parts = {a: along(full, a) / head for a in range(len(shape))}
    parts[0] = parts[0] * head
    rebuilt = np.ones(shape)
    for a, factors in parts.items():
        rebuilt = rebuilt * factors.reshape(spread(len(shape), a))
    return (parts, None) if np.array_equal(rebuilt, full) else ({}, scale)


def reordered(block: Block, shape: tuple[int, ...], place: dict[int, int]) -> Block:
    """The same block where axis a is called place[a]."""
    moved = [place[a] for a in block.axes]
    order = sorted(range(len(moved)), key=moved.__getitem__)
    if order == list(range(len(moved))):
        return Block(tuple(moved), block.index, block.scale)
    inner = tuple(shape[a] for a in block.axes)
    turned = tuple(inner[k] for k in order)
    parts = np.unravel_index(block.index.reshape(inner).transpose(order).ravel(), inner)
    index = np.ravel_multi_index(tuple(parts[k] for k in order), turned)
    scale = None if block.scale is None else block.scale.reshape(inner).transpose(order).ravel()
    return Block(tuple(moved[k] for k in order), index, scale)


def joined(blocks: Sequence[Block], shape: tuple[int, ...]) -> Block:
    """One block of several on disjoint axes."""
    if len(blocks) == 1:
        return blocks[0]
    axes = sorted(a for block in blocks for a in block.axes)
    inner = tuple(shape[a] for a in axes)
    index = np.zeros(inner, dtype=np.int64)
    scale = np.ones(inner)
    strides = {a: prod(shape[b] for b in axes if b > a) for a in axes}
    for block in blocks:
        here = [shape[a] if a in block.axes else 1 for a in axes]
        parts = np.unravel_index(block.index, tuple(shape[a] for a in block.axes))
        for part, a in zip(parts, block.axes, strict=True):
            index += (part * strides[a]).reshape(here)
        if block.scale is not None:
            scale = scale * block.scale.reshape(here)
    return Block(tuple(axes), index.ravel(), None if (scale == 1).all() else scale.ravel())


def chunks(before: tuple[int, ...], after: tuple[int, ...]) -> list[tuple[list[int], list[int]]]:
    """Runs of axes with equal products on both sides, as short as possible; axes of length 1 are left out."""
    ours = [a for a in range(len(before)) if before[a] != 1]
    theirs = [a for a in range(len(after)) if after[a] != 1]
    found: list[tuple[list[int], list[int]]] = []
    while ours:
        left, right = [ours.pop(0)], [theirs.pop(0)]
        while (a := prod(before[k] for k in left)) != (b := prod(after[k] for k in right)):
            if a < b:
                left.append(ours.pop(0))
            else:
                right.append(theirs.pop(0))
        found.append((left, right))
    return found
