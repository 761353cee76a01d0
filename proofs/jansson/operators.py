"""The three properties that the many-layer theorem rests on, as checks on simple images, and operators that lack one.

An operator is f ↦ (x ↦ (Λf)(x)). Continuity: (Λf)(x) is continuous in f for the L¹ distance, at every x.
Translation covariance: Λτ_y = τ_yΛ. Semi-locality: (Λf)(x) depends on f in a bounded neighbourhood of x only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from invariance_proofs.jansson.simple import Point, Simple, box, inverse, reach
from invariance_proofs.matrix import Matrix

__all__ = [
    "CLIPPED",
    "CONVOLUTION",
    "IMAGES",
    "INTEGRAL",
    "OPERATORS",
    "POINTS",
    "PROPERTIES",
    "SAMPLE",
    "WINDOW",
    "ZERO",
    "Operator",
    "commutes",
    "continuous",
    "covariant",
    "semi_local",
]

IMAGES = [
    Simple.on(((0, 0), (3, 1), (1, 2))),
    Simple(((2, box(-2, -1, 0, 0)), (-1, box(1, 1, 4, 2)))),
    Simple.on(box(-5, -5, 5, 5)),
]
POINTS = [(Fraction(1, 3), Fraction(1, 5)), (Fraction(5, 4), Fraction(7, 5)), (Fraction(-4, 3), Fraction(-2, 5))]
ZERO = Simple(())
FAR = 50
"""Half the side of a neighbourhood that the operators here do not look beyond, if they are semi-local."""


@dataclass(frozen=True)
class Operator:
    """Λ on simple images, exact."""

    name: str
    value: Callable[[Simple, Point], Any] = field(repr=False)

    def __str__(self) -> str:
        return repr(self.name)

    def __call__(self, f: Simple, x: Point) -> Any:
        return self.value(f, x)


def window_mean(f: Simple, x: Point) -> Any:
    """The mean of f over the square about x of half-width max|xᵢ|/2 (0 at the origin): it scales with x."""
    half = Fraction(max(map(abs, x))) / 2
    if not half:
        return half
    return f.restricted(box(x[0] - half, x[1] - half, x[0] + half, x[1] + half)).integral() / (4 * half * half)


SQUARE = Simple.on(box(-1, -1, 1, 1))
CONVOLUTION = Operator("f ∗ 1 on [−1, 1]²", lambda f, x: f.convolved(SQUARE, x))
SAMPLE = Operator("f", lambda f, x: f(x))
CLIPPED = Operator("min(1, |f|)", lambda f, x: min(1, abs(f(x))))
WINDOW = Operator("mean of f over the square about x of half-width max|xᵢ|/2", window_mean)
INTEGRAL = Operator("∫ f", lambda f, x: f.integral())
OPERATORS = [CONVOLUTION, SAMPLE, CLIPPED, WINDOW, INTEGRAL]


def continuous(operator: Operator) -> bool:
    """|(Λf_n)(x)| → 0 for f_n = 1 on squares of side 2/n² about x: at most K/n, one K for n = 1, 4, …, 256."""

    def spike(x: Point, n: int) -> Simple:
        side = Fraction(1, n * n)
        return Simple.on(box(x[0] - side, x[1] - side, x[0] + side, x[1] + side))

    return all(abs(operator(spike(x, n), x) - operator(ZERO, x)) * n <= 64 for x in POINTS for n in (1, 4, 16, 64, 256))


def covariant(operator: Operator) -> bool:
    shifts = [(2, -1), (Fraction(1, 2), 3)]
    one = Matrix.identity(2)
    return all(
        operator(f.moved(one, y), (x[0] + y[0], x[1] + y[1])) == operator(f, x)
        for f in IMAGES
        for x in POINTS
        for y in shifts
    )


def semi_local(operator: Operator) -> bool:
    """What lies outside a large square about x does not count."""
    distant = Simple.on(box(2 * FAR, 0, 2 * FAR + 1, 1))
    return all(operator(f + distant, x) == operator(f, x) for f in IMAGES for x in POINTS)


PROPERTIES: dict[str, Callable[[Operator], bool]] = {
    "continuity": continuous,
    "translation covariance": covariant,
    "semi-locality": semi_local,
}


def commutes(operator: Operator, A: Matrix, G: Matrix) -> bool:
    """T_g Λ T_h f = Λf at the points, for T_h x = Ax and T_g x = Gx."""
    back = inverse(G)
    return all(operator(f.moved(A), reach(back, x)) == operator(f, x) for f in IMAGES for x in POINTS)
