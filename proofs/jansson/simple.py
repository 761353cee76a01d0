"""Images and filters that are constant on convex polygons: convolution and every affine map are exact on rationals.

Such functions are dense in L¹, and areas decide everything: (1_P ∗ 1_Q)(x) = |P ∩ (x − Q)|.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from math import lcm
from typing import Any

from invariance_proofs.matrix import Matrix

__all__ = [
    "INVERTIBLE",
    "Point",
    "Polygon",
    "Simple",
    "area",
    "box",
    "inverse",
    "matrices",
    "meet",
    "reach",
    "transformed",
]

Point = tuple[Any, Any]
Polygon = tuple[Point, ...]
"""The corners of a convex polygon, anticlockwise."""


def inverse(A: Matrix) -> Matrix:
    """A⁻¹ over the rationals."""
    return Fraction(1, A.det()) * A.adjugate()


def reach(A: Matrix, x: Point, t: Point = (0, 0)) -> Point:
    """Ax + t."""
    return A[0, 0] * x[0] + A[0, 1] * x[1] + t[0], A[1, 0] * x[0] + A[1, 1] * x[1] + t[1]


def box(left: Any, bottom: Any, right: Any, top: Any) -> Polygon:
    return (left, bottom), (right, bottom), (right, top), (left, top)


def transformed(polygon: Polygon, A: Matrix, t: Point = (0, 0)) -> Polygon:
    """{Ax + t}; a map that turns the plane over turns the order of the corners over."""
    corners = tuple(reach(A, x, t) for x in polygon)
    return corners if A.det() > 0 else corners[::-1]


def area(polygon: Polygon) -> Any:
    """The shoelace formula, twice the area of every triangle with the first corner."""
    scale, corners = _whole(polygon)
    x, y = corners[0] if corners else (0, 0)
    edges = pairwise(corners[1:])
    return Fraction(sum((a - x) * (d - y) - (b - y) * (c - x) for (a, b), (c, d) in edges), 2 * scale**2)


def meet(polygon: Polygon, other: Polygon) -> Polygon:
    """The intersection of two convex polygons (Sutherland–Hodgman): cut the first along every edge of the second.

    In whole homogeneous coordinates (x, y, w), the point (x, y)/w with w > 0: no fraction is reduced on the way.
    """
    if not (polygon and other) or _apart(polygon, other):
        return ()
    scale, whole = _whole((*polygon, *other))
    corners, edges = [(x, y, 1) for x, y in whole[: len(polygon)]], whole[len(polygon) :]
    for (a, b), (c, d) in zip(edges, (*edges[1:], edges[0]), strict=True):
        side = [(c - a) * (y - b * w) - (d - b) * (x - a * w) for x, y, w in corners]
        kept: list[tuple[int, int, int]] = []
        for n, ((x, y, w), s) in enumerate(zip(corners, side, strict=True)):
            (u, v, z), r = corners[n - 1], side[n - 1]
            if r < 0 < s:
                kept.append((s * u - r * x, s * v - r * y, s * z - r * w))
            elif s < 0 < r:
                kept.append((r * x - s * u, r * y - s * v, r * w - s * z))
            if s >= 0:
                kept.append((x, y, w))
        corners = kept
    return tuple((Fraction(x, w * scale), Fraction(y, w * scale)) for x, y, w in corners)


def _whole(polygon: Polygon) -> tuple[int, Polygon]:
    """The least common denominator of all coordinates, and the corners times it."""
    scale = lcm(*(coordinate.denominator for corner in polygon for coordinate in corner))
    return scale, tuple(
        (x.numerator * (scale // x.denominator), y.numerator * (scale // y.denominator)) for x, y in polygon
    )


def _apart(polygon: Polygon, other: Polygon) -> bool:
    """Whether a line along an axis separates them, which is quickly seen."""
    sides = zip(zip(*polygon, strict=True), zip(*other, strict=True), strict=True)
    return any(max(p) < min(q) or max(q) < min(p) for p, q in sides)


@dataclass(frozen=True)
class Simple:
    """Σ w·1_P over pairs (w, P): an image or a filter.

    >>> f = Simple.on(box(0, 0, 1, 1))
    >>> f.convolved(f, (1, 1)), f.convolved(f, (1, 0)), f.moved(Matrix.diagonal(2, 1)).integral()
    (Fraction(1, 1), Fraction(0, 1), Fraction(2, 1))
    """

    parts: tuple[tuple[Any, Polygon], ...]

    @classmethod
    def on(cls, *polygons: Polygon) -> Simple:
        """1 on these polygons, which should not overlap."""
        return cls(tuple((1, polygon) for polygon in polygons))

    @classmethod
    def pixels(cls, rows: Sequence[Sequence[int]]) -> Simple:
        """An image on unit pixels, the first row on top, with its lower left corner at 0."""
        top = len(rows)
        return cls(
            tuple(
                (w, box(i, top - 1 - j, i + 1, top - j)) for j, row in enumerate(rows) for i, w in enumerate(row) if w
            )
        )

    def __add__(self, other: Simple) -> Simple:
        return Simple(self.parts + other.parts)

    def __rmul__(self, factor: Any) -> Simple:
        return Simple(tuple((factor * w, polygon) for w, polygon in self.parts))

    def __call__(self, x: Point) -> Any:
        """f(x), for x on no edge."""
        return sum(w for w, polygon in self.parts if _inside(x, polygon))

    def moved(self, A: Matrix, t: Point = (0, 0)) -> Simple:
        """T_h f with T_h x = Ax + t."""
        return Simple(tuple((w, transformed(polygon, A, t)) for w, polygon in self.parts))

    def restricted(self, to: Polygon) -> Simple:
        """f on a convex polygon, 0 elsewhere."""
        cut = ((w, meet(polygon, to)) for w, polygon in self.parts)
        return Simple(tuple((w, polygon) for w, polygon in cut if area(polygon)))

    def integral(self) -> Any:
        return sum((w * area(polygon) for w, polygon in self.parts), Fraction(0))

    def convolved(self, kernel: Simple, x: Point) -> Any:
        """(f ∗ λ)(x) = ∫ f(y) λ(x − y) dy."""
        turned = [(v, tuple((x[0] - a, x[1] - b) for a, b in polygon)) for v, polygon in kernel.parts]
        return sum((w * v * area(meet(P, Q)) for w, P in self.parts for v, Q in turned), Fraction(0))


def _inside(x: Point, polygon: Polygon) -> bool:
    edges = zip(polygon, (*polygon[1:], polygon[0]), strict=True)
    return all((c - a) * (x[1] - b) > (d - b) * (x[0] - a) for (a, b), (c, d) in edges)


def matrices(entries: Iterable[int]) -> list[Matrix]:
    """Every invertible 2×2 matrix with these entries."""
    return [A for e in product(entries, repeat=4) if (A := Matrix.of([e[:2], e[2:]])).det() != 0]


INVERTIBLE = matrices((-1, 0, 1))
"""The 48 invertible matrices with entries −1, 0, 1: rotations, reflections, shears and scalings, both signs of det."""
