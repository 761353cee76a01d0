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

from invariance_proofs.evidence import RISK, Evidence, StatementError, procedure
from invariance_proofs.matrix import Matrix

__all__ = ["SAMPLES", "Draw", "schwartz_zippel"]

SAMPLES = 2**61
"""N: each unknown is uniform on {0, …, N − 1}."""


@dataclass(frozen=True)
class Draw:
    """Hands out fresh unknowns."""

    scalar: Callable[[], Any]

    def vector(self, size: int) -> tuple[Any, ...]:
        """`size` of them."""
        return tuple(self.scalar() for _ in range(size))

    def matrix(self, rows: int, columns: int) -> Matrix:
        """`rows` × `columns` of them."""
        return Matrix.of(self.vector(columns) for _ in range(rows))


@procedure
def schwartz_zippel(residual: Callable[[Draw], object], *, what: str, seed: int = 0) -> Evidence:
    """Whether the polynomials computed by `residual` (numbers, matrices, or nested tuples of them) are all zero.

    Raises `StatementError` where the error probability would exceed 2⁻⁴⁰.

    `residual` may add, multiply and scale by rationals what it draws, and nothing else. A non-zero value is exact
    evidence against the identity, but no counterexample to a claim with hypotheses, which a point need not satisfy.
    """
    degree = max(entry.degree for entry in _flatten([residual(Draw(lambda: Degree(1)))]))
    if (risk := Fraction(degree, SAMPLES)) > RISK:
        raise StatementError(f"{what}: wrong with probability up to {float(risk):.1e}, more than {float(RISK):.1e}")
    rng = random.Random(seed)
    values = list(_flatten([residual(Draw(lambda: rng.randrange(SAMPLES)))]))
    if any(values):
        return Evidence(False, f"{what} is false at a random point")
    return Evidence(True, f"{what} at a random point, degree ≤ {degree}", risk, cases=len(values))


@dataclass(slots=True)
class Degree:
    """The degree of a polynomial, with the arithmetic of degrees."""

    degree: int

    def __add__(self, other: Any) -> Degree:
        if isinstance(other, Degree):
            return self if self.degree >= other.degree else other
        return self if isinstance(other, _SCALARS) else NotImplemented

    def __mul__(self, other: Any) -> Degree:
        if isinstance(other, Degree):
            return Degree(self.degree + other.degree)
        return self if isinstance(other, _SCALARS) else NotImplemented

    def __pow__(self, exponent: int) -> Degree:
        return Degree(self.degree * exponent)

    def __neg__(self) -> Degree:
        return self

    __radd__ = __sub__ = __rsub__ = __add__
    __rmul__ = __mul__


_SCALARS = (int, Degree, Fraction)


def _flatten(items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        if isinstance(item, _SCALARS) or not isinstance(item, Iterable):
            yield item
        else:
            yield from _flatten(item)
