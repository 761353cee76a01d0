"""What the powers of a matrix do to a box, which decides J2 and J3: bounded powers turn, unbounded ones flatten.

Let B = [−1, 1]². A point of B ∩ A⁻ⁿB satisfies |r·x| ≤ 1 for every row r of Aⁿ: for each entry rⱼ ≠ 0 it lies in a
slab of width 2/|rⱼ| along axis j. So if the entries of Aⁿ are not bounded, |B ∩ A⁻ⁿB| comes arbitrarily close to 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from invariance_proofs.jansson.simple import area, box, inverse, matrices, meet, reach, transformed
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.statement import Evidence, Method, Route, instead

__all__ = [
    "BOX",
    "GROWTH",
    "INTEGER",
    "SLAB",
    "TURNING",
    "bounded",
    "conjugate_to_orthogonal",
    "flatten",
    "overlap",
    "power",
    "small_matrices",
]

BOX = box(-1, -1, 1, 1)


INTEGER = matrices(range(-2, 3))
"""The 496 invertible matrices with entries from −2 to 2."""


def power(A: Matrix, n: int) -> Matrix:
    """Aⁿ; n may be negative."""
    if n < 0:
        return inverse(power(A, -n))
    if n == 0:
        return Matrix.identity(2)
    half = power(A, n // 2)
    return A @ half @ half if n % 2 else half @ half


def overlap(A: Matrix, n: int) -> Any:
    """|B ∩ A⁻ⁿB|."""
    return area(meet(BOX, transformed(BOX, power(A, -n))))


def bounded(A: Matrix) -> bool:
    """Whether an integer matrix has bounded powers Aⁿ, n ∈ Z: it is of finite order, 1, 2, 3, 4 or 6."""
    return power(A, 12) == Matrix.identity(2)


def conjugate_to_orthogonal(A: Matrix) -> bool:
    """By determinant and trace: det A = 1 and |tr A| < 2; det A = −1 and tr A = 0; or A = ±I."""
    d, t = A.det(), A.trace()
    return (d == 1 and abs(t) < 2) or (d == -1 and t == 0) or Matrix.identity(2) in (A, -A)


def on_the_circle(A: Matrix) -> bool:
    """Whether both eigenvalues have modulus 1: det A = 1 and |tr A| ≤ 2, or det A = −1 and tr A = 0."""
    d, t = A.det(), A.trace()
    return (d == 1 and abs(t) <= 2) or (d == -1 and t == 0)


def small_matrices(
    some: Sequence[Matrix] = INTEGER, rule: Callable[[Matrix], bool] = conjugate_to_orthogonal
) -> Evidence:
    """A rule by determinant and trace against the powers themselves, and against what they do to the box."""

    def agree(A: Matrix) -> bool:
        flat = any(8 * overlap(A, n) < 4 for n in (-6, 6, -24, 24))
        return rule(A) == bounded(A) == (not flat)

    return for_all(some, agree, "A: the rule ⇔ A¹² = I ⇔ no |B ∩ A⁻ⁿB| below |B|/8")


def slab(width: int = 2) -> Evidence:
    """Two points of the slab |r u + s| ≤ 1 on a line parallel to axis j are at most 2/|r| apart, s whatever it is."""
    return impossible(
        lambda r, s, u, v: [r > 0, r * u + s <= 1, r * v + s >= -1, r * (u - v) > width],
        "r s u v",
        what=f"the slab has width {width}/|r|",
        met=((1, 0, 1, -1), (2, 3, -1, -2)),
    )


def flatten(some: Sequence[Matrix] = INTEGER[::4], slack: int = 1) -> Evidence:
    """|B ∩ A⁻ⁿB| ≤ 4 / max|entry of Aⁿ|, measured on polygons."""
    cases = ((A, n) for A in some for n in (1, 2, 3, -3, 5))
    return for_all(
        cases,
        lambda case: slack * overlap(*case) * max(map(abs, power(*case))) <= 4,
        "(A, n): |B ∩ A⁻ⁿB|·max|Aⁿ| ≤ 4",
    )


def bernoulli(power: int = 2) -> Evidence:
    """(1 + kd)(1 + d) = 1 + (k + 1)d + k d², so (1 + d)ⁿ ≥ 1 + nd: an eigenvalue ±(1 + d) has unbounded powers."""
    k, d = unknowns(k=1, d=1)
    return vanishes((1 + k * d) * (1 + d) - (1 + (k + 1) * d) - k * d**power, what="(1 + kd)(1 + d) ≥ 1 + (k + 1)d")


def shears(sign: int = -1) -> Evidence:
    """(I + N)ⁿ = I + nN for N² = 0: the entries of Aⁿ are not bounded. A shear is ±(I + N), N ≠ 0."""
    k, p, q = unknowns(k=1, p=1, q=1)
    N = Matrix.of([[p * q, -p * p], [q * q, sign * p * q]])
    one = Matrix.identity(2)
    return vanishes((one + k * N) @ (one + N) - (one + (k + 1) * N), what="(I + kN)(I + N) = I + (k + 1)N")


def turning(sign: int = 1) -> Evidence:
    """Q(x) = c x² + (d − a) xy − b y² satisfies Q(Ax) = det(A) Q(x).

    So for complex eigenvalues Q is definite and A is √det times a rotation for it.
    """
    A, x = unknowns(A=(2, 2), x=2)
    (a, b), (c, d) = A.rows

    def Q(u: Any, v: Any) -> Any:
        return c * u * u + (d - a) * u * v - b * v * v

    return vanishes(Q(*reach(A, x)) - sign * A.det() * Q(*x), what=f"Q∘A = {sign} det(A) Q")


def discriminant(four: int = 4) -> Evidence:
    """The discriminant of Q is tr² − 4 det: Q is definite iff the eigenvalues are complex."""
    (A,) = unknowns(A=(2, 2))
    (a, b), (c, d) = A.rows
    return vanishes((d - a) ** 2 + 4 * b * c - (A.trace() ** 2 - four * A.det()), what="discriminant = tr² − 4 det")


def cayley_hamilton(sign: int = 1) -> Evidence:
    """A² = tr(A) A − det(A) I: for tr = 0, det = −1 A is an involution."""
    (A,) = unknowns(A=(2, 2))
    return vanishes(A @ A - A.trace() * A + sign * A.det() * Matrix.identity(2), what="A² = tr(A) A − det(A) I")


GROWTH = (
    Route("(1 + d)ⁿ", Method.RING, bernoulli, mutants=instead("power", 1), over="k"),
    Route("(I + N)ⁿ", Method.RING, shears, mutants=instead("sign", 1), over="k", cases=4),
)
TURNING = (
    Route("Q∘A = det(A) Q", Method.RING, turning, mutants=instead("sign", -1)),
    Route("definite or not", Method.RING, discriminant, mutants=instead("four", -4)),
    Route("A² = tr(A) A − det(A) I", Method.RING, cayley_hamilton, mutants=instead("sign", -1), cases=4),
)
SLAB = Route("width of a slab", Method.SMT, slab, mutants=instead("width", 1))
"""Steps of proofs about the powers of 2×2 matrices."""
