"""Schwartz–Zippel on exact integers: a non-zero polynomial of degree d vanishes at a uniform point of {0..N−1}ⁿ
with probability at most d/N.

Plain integers of any length are used instead of residues modulo a prime: then no prime can divide every
coefficient by accident, and the bound needs no second clause. The degree is not declared but computed, by running the
same code on degrees.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proofs.matrix import Matrix
from proofs.statement import Evidence, StatementError

__all__ = ["SAMPLES", "Draw", "schwartz_zippel"]

SAMPLES = 2**61
"""N: each unknown is uniform on {0, …, N − 1}."""


class Draw:
    """Hands out unknowns by name and remembers them."""

    def __init__(self, entry: Callable[[], Any]) -> None:
        self._entry = entry
        self.numbers: dict[str, Any] = {}

    def scalar(self, name: str) -> Any:
        return self.numbers.setdefault(name, self._entry())

    def vector(self, name: str, size: int) -> tuple[Any, ...]:
        return self.numbers.setdefault(name, tuple(self._entry() for _ in range(size)))

    def matrix(self, name: str, rows: int, columns: int) -> Matrix:
        entries = (tuple(self._entry() for _ in range(columns)) for _ in range(rows))
        return self.numbers.setdefault(name, Matrix.of(entries))


def schwartz_zippel(residual: Callable[[Draw], object], *, what: str, seed: int = 0) -> Evidence:
    """Whether the polynomials computed by `residual` (numbers, matrices, or nested tuples of them) are all zero.

    `residual` may add, multiply and scale by rationals what it draws, and nothing else. A non-zero value is exact
    evidence against; small numbers are then looked for, to make a counterexample that can be read.
    """
    degree = max(entry.degree for entry in _flatten(residual(Draw(lambda: Degree(1)))) if isinstance(entry, Degree))
    rng = random.Random(seed)
    draw, values = _evaluate(residual, rng, SAMPLES)
    if not any(values):
        return Evidence(True, f"{what} at a random point, degree ≤ {degree}", Fraction(degree, SAMPLES))
    for _ in range(100):
        small, values = _evaluate(residual, rng, 3)
        if any(values):
            draw = small
            break
    return Evidence(False, f"{what} is false", counterexample=draw.numbers)


@dataclass(frozen=True)
class Degree:
    """The degree of a polynomial, with the arithmetic of degrees."""

    degree: int

    def __add__(self, other: Any) -> Degree:
        return Degree(max(self.degree, _degree(other)))

    def __mul__(self, other: Any) -> Degree:
        return Degree(self.degree + _degree(other))

    def __pow__(self, exponent: int) -> Degree:
        return Degree(self.degree * exponent)

    def __neg__(self) -> Degree:
        return self

    __radd__ = __sub__ = __rsub__ = __add__
    __rmul__ = __mul__


def _degree(item: Any) -> int:
    return item.degree if isinstance(item, Degree) else 0


def _evaluate(residual: Callable[[Draw], object], rng: random.Random, bound: int) -> tuple[Draw, list[Any]]:
    draw = Draw(lambda: rng.randrange(bound))
    values = list(_flatten(residual(draw)))
    if not values:
        raise StatementError("residual = (): nothing was checked")
    return draw, values


def _flatten(item: Any) -> Iterator[Any]:
    if isinstance(item, Iterable):
        for part in item:
            yield from _flatten(part)
    else:
        yield item
