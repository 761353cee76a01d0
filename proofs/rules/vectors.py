"""Vectors over any commutative ring, the permutations and signs that move them, and the layers that rules speak of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations, product
from typing import Any

__all__ = [
    "Vector",
    "added",
    "apply",
    "circulant",
    "gated",
    "moved",
    "signed",
    "symmetric_group",
]

Vector = tuple[Any, ...]
Permutation = tuple[int, ...]


def symmetric_group(n: int) -> list[Permutation]:
    """Every permutation of n places."""
    return list(permutations(range(n)))


def moved(by: Permutation, x: Sequence[Any], signs: Sequence[int] | None = None) -> Vector:
    """(Px)ᵢ = sᵢ x at place by[i]; s = 1 if no signs are given.

    >>> moved((1, 2, 0), "abc")
    ('b', 'c', 'a')
    """
    return tuple(x[j] for j in by) if signs is None else tuple(s * x[j] for s, j in zip(signs, by, strict=True))


def signed(n: int) -> list[tuple[Permutation, tuple[int, ...]]]:
    """Every signed permutation of n places."""
    return list(product(symmetric_group(n), product((1, -1), repeat=n)))


def apply(W: Sequence[Sequence[Any]], x: Sequence[Any]) -> Vector:
    """Wx."""
    return tuple(sum(w * v for w, v in zip(row, x, strict=True)) for row in W)


def circulant(weights: Sequence[Any], step: int = 1) -> list[Vector]:
    """The matrix that commutes with cyclic shifts; row i starts at place `step`·i."""
    n = len(weights)
    return [tuple(weights[(j - step * i) % n] for j in range(n)) for i in range(n)]


def added(x: Sequence[Any], y: Sequence[Any]) -> Vector:
    return tuple(a + b for a, b in zip(x, y, strict=True))


def gated(gate: Sequence[Any], x: Sequence[Any], y: Sequence[Any]) -> Vector:
    """t·x + (1 − t)·y entry by entry."""
    return tuple(t * a + (1 - t) * b for t, a, b in zip(gate, x, y, strict=True))


Map = Callable[[Vector], Vector]
