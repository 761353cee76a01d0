"""The motions of Z² that the proofs speak of: x ↦ A x + t with A ∈ GL(2, Z), and the finite groups of such A.

Coordinates are (row, column), the slides' (u, v).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from invariance_proofs.matrix import Matrix

__all__ = ["FLIP", "GROUPS", "ONE", "P3", "P4", "P4M", "STEPS", "TURN", "Motion", "shift", "subgroups", "window"]

Point = tuple[Any, Any]


class Motion(NamedTuple):
    """x ↦ [[a, b], [c, d]] x + (u, v). `g(x)` moves a point, `g(h)` is the product gh, `~g` is g⁻¹.

    >>> TURN((1, 0)), TURN(TURN)(TURN)(TURN) == ONE, ~TURN(shift(1, 0))
    ((0, 1), True, Motion(a=0, b=1, c=-1, d=0, u=-1, v=0))
    """

    a: int
    b: int
    c: int
    d: int
    u: Any = 0
    v: Any = 0

    def __call__(self, x: Any) -> Any:
        a, b, c, d, u, v = self
        if isinstance(x, Motion):
            e, f, g, h, i, j = x
            linear = a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h
            return Motion(*linear, a * i + b * j + u, c * i + d * j + v)
        i, j = x
        return a * i + b * j + u, c * i + d * j + v

    def turned(self, x: Point) -> Point:
        """A x, without the translation."""
        a, b, c, d, _, _ = self
        i, j = x
        return a * i + b * j, c * i + d * j

    def __invert__(self) -> Motion:
        a, b, c, d, u, v = self
        det = a * d - b * c  # ±1, its own inverse
        a, b, c, d = det * d, -det * b, -det * c, det * a
        return Motion(a, b, c, d, -(a * u + b * v), -(c * u + d * v))

    def matrix(self) -> Matrix:
        """The slides' 3×3 matrix [[A, t], [0, 1]]."""
        return Matrix.of([[self.a, self.b, self.u], [self.c, self.d, self.v], [0, 0, 1]])


PointGroup = tuple[Motion, ...]

ONE = Motion(1, 0, 0, 1)
HALF = Motion(-1, 0, 0, -1)
TURN = Motion(0, -1, 1, 0)
THIRD = Motion(0, -1, 1, -1)
FLIP = Motion(-1, 0, 0, 1)
DIAGONAL = Motion(0, 1, 1, 0)

P3: PointGroup = (ONE, THIRD, THIRD(THIRD))
P4: PointGroup = (ONE, TURN, HALF, TURN(HALF))
P4M: PointGroup = P4 + tuple(FLIP(turn) for turn in P4)
GROUPS: dict[str, PointGroup] = {
    "p2": (ONE, HALF),
    "pm": (ONE, FLIP),
    "cm": (ONE, DIAGONAL),
    "p3": P3,
    "p4": P4,
    "p4m": P4M,
}
"""By the name of Z² ⋊ H. p4m has flip^m ∘ turn^r at place 4m + r. p3 turns a hexagonal lattice, in a basis of it."""


def shift(u: Any, v: Any) -> Motion:
    """x ↦ x + (u, v)."""
    return ONE._replace(u=u, v=v)


STEPS = shift(1, 0), shift(0, 1)
"""With H they generate Z² ⋊ H: what commutes with H and with these commutes with all of it."""


def window(first: int, last: int) -> list[tuple[int, int]]:
    """The points of the square {first, …, last}²."""
    side = range(first, last + 1)
    return [(i, j) for i in side for j in side]


def subgroups(group: PointGroup) -> list[frozenset[Motion]]:
    """All subgroups of a finite group."""

    def generate(some: frozenset[Motion]) -> frozenset[Motion]:
        while (grown := some | {g(h) for g in some for h in some}) != some:
            some = grown
        return some

    found = new = {frozenset({ONE})}
    while new := {generate(K | {g}) for K in new for g in group} - found:
        found = found | new
    return sorted(found, key=lambda K: (len(K), sorted(K)))
