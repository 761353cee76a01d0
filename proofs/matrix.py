"""Small matrices over any commutative ring: integers, rationals, polynomials, dual numbers, z3 terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Matrix", "cayley", "cross", "dot", "skew"]


@dataclass(frozen=True)
class Matrix:
    """An n×m matrix whose entries need only ``+``, ``-`` and ``*``; every operation is exact.

    >>> M = Matrix.of([[1, 2], [3, 4]])
    >>> M.det(), (M @ M.adjugate()) == -2 * Matrix.identity(2)
    (-2, True)
    """

    rows: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, rows: Iterable[Iterable[Any]]) -> Matrix:
        return cls(tuple(map(tuple, rows)))

    @classmethod
    def diagonal(cls, *entries: Any) -> Matrix:
        return cls.of([x if i == j else 0 for j in range(len(entries))] for i, x in enumerate(entries))

    @classmethod
    def identity(cls, size: int) -> Matrix:
        return cls.diagonal(*[1] * size)

    @classmethod
    def from_columns(cls, *columns: Sequence[Any]) -> Matrix:
        return cls.of(zip(*columns, strict=True))

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.rows), len(self.rows[0])

    @property
    def T(self) -> Matrix:
        return Matrix.of(self.columns)

    @property
    def columns(self) -> tuple[tuple[Any, ...], ...]:
        return tuple(zip(*self.rows, strict=True))

    def __iter__(self) -> Iterator[Any]:
        """The entries, row by row."""
        return (entry for row in self.rows for entry in row)

    def __getitem__(self, index: tuple[int, int]) -> Any:
        return self.rows[index[0]][index[1]]

    def __add__(self, other: Matrix) -> Matrix:
        return Matrix.of(
            [a + b for a, b in zip(*pair, strict=True)] for pair in zip(self.rows, other.rows, strict=True)
        )

    def __neg__(self) -> Matrix:
        return Matrix.of([-entry for entry in row] for row in self.rows)

    def __sub__(self, other: Matrix) -> Matrix:
        return self + -other

    def __rmul__(self, scalar: Any) -> Matrix:
        return Matrix.of([scalar * entry for entry in row] for row in self.rows)

    def __matmul__(self, other: Matrix) -> Matrix:
        columns = other.columns
        return Matrix.of([dot(row, column) for column in columns] for row in self.rows)

    def minor(self, i: int, j: int) -> Any:
        """The determinant left when row i and column j are struck out."""
        return Matrix(tuple([row[:j] + row[j + 1 :] for r, row in enumerate(self.rows) if r != i])).det()

    def det(self) -> Any:
        """Laplace expansion along the first row: no division, so any commutative ring will do."""
        if len(self.rows) == 1:
            return self[0, 0]
        if len(self.rows) == 2:
            (a, b), (c, d) = self.rows
            return a * d - b * c
        terms = ((j, x * self.minor(0, j)) for j, x in enumerate(self.rows[0]) if x != 0)
        return sum(-term if j % 2 else term for j, term in terms)

    def cofactors(self) -> Matrix:
        """cof(A), with A cof(A)ᵀ = det(A) I."""
        n = range(len(self.rows))
        return Matrix.of([-self.minor(i, j) if (i + j) % 2 else self.minor(i, j) for j in n] for i in n)

    def adjugate(self) -> Matrix:
        return self.cofactors().T

    def trace(self) -> Any:
        return sum(self[i, i] for i in range(len(self.rows)))

    def squared_norm(self) -> Any:
        """‖A‖² in the Frobenius norm, tr(AᵀA)."""
        return dot(tuple(self), tuple(self))

    def __str__(self) -> str:
        return "[" + ", ".join("[" + ", ".join(str(x) for x in row) + "]" for row in self.rows) + "]"


def dot(u: Sequence[Any], v: Sequence[Any]) -> Any:
    """Σ uᵢvᵢ, bilinear (no conjugation)."""
    products = [a * b for a, b in zip(u, v, strict=True)]
    return sum(products[1:], products[0]) if products else 0


def cross(u: Sequence[Any], v: Sequence[Any]) -> tuple[Any, Any, Any]:
    """u × v in three dimensions."""
    return (u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])


def skew(a: Sequence[Any]) -> Matrix:
    """[a]×, the skew 3×3 matrix with [a]× v = a × v."""
    return Matrix.of([[0, -a[2], a[1]], [a[2], 0, -a[0]], [-a[1], a[0], 0]])


def cayley(a: Sequence[Any]) -> tuple[Matrix, Any]:
    """Numerator N and denominator d of the Cayley map: (I − S)(I + S)⁻¹ = N/d with S = [a]× and d = det(I + S).

    >>> N, d = cayley((1, 0, 0))
    >>> d, str(N)
    (2, '[[2, 0, 0], [0, 0, 2], [0, -2, 0]]')
    """
    identity = Matrix.identity(3)
    plus = identity + skew(a)
    return (identity - skew(a)) @ plus.adjugate(), plus.det()
