"""J2: which affine maps leave a filter unchanged, by real Jordan type."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.powers import (
    GROWTH,
    INTEGER,
    SLAB,
    TURNING,
    conjugate_to_orthogonal,
    flatten,
    small_matrices,
)
from invariance_proofs.jansson.theorem2_measure import FINITE, NOT_NULL, a_point, half_plane
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.statement import (
    Chain,
    Dropped,
    Evidence,
    Grade,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    all_of,
    instead,
)

AREA_PRESERVING = [A for A in INTEGER if abs(A.det()) == 1]


def hyperbolic(a: Any, b: Any) -> list[Any]:
    """Eigenvalues a, b with |ab| = 1 of which one has modulus other than 1."""
    return [(a * b) * (a * b) == 1, a * a != 1]


def jordan_types(determinant: int = 1) -> Evidence:
    """Real eigenvalues a, b with |ab| = 1 and |a| = 1: a = b = ±1 or a = −b = ±1. Otherwise one of them is beyond 1."""
    return all_of(
        impossible(
            lambda a, b: [*hyperbolic(a, b), a * a <= 1, b * b <= 1],
            "a b",
            "hyperbolic: one is beyond 1",
            met=((Fraction(1, 2), 2), (Fraction(-1, 3), 3)),
        ),
        impossible(
            lambda a, b: [(a * b) * (a * b) == 1, a * a == 1, a != b, a != -b],
            "a b",
            "|a| = 1: a = b or a = −b",
            met=((1, -1), (-1, 1)),
        ),
        impossible(
            lambda t, d, a: [d * d == 1, a * a - t * a + d == 0, a * a == 1, d == determinant, t * t != 4],
            "t d a",
            "det = 1, |a| = 1: |tr| = 2",
        ),
        impossible(lambda t, d: [d * d == 1, t * t - 4 * d < 0, d != 1], "t d", "complex eigenvalues: det = 1"),
    )


def not_diagonalisable(sign: int = -1) -> Evidence:
    """N² = 0, e² = 1, any v: with u = eNv the matrix A = e'I + N (e' = e) has Av = e(v + u), Au = eu: a shear."""
    e, p, q, v = unknowns(e=1, p=1, q=1, v=2)
    N = Matrix.of([[p * q, -p * p], [q * q, sign * p * q]])
    A, column = e * Matrix.identity(2) + N, Matrix.from_columns(v)
    u = e * (N @ column)
    return all_of(
        vanishes(A @ u - e * u, what="Au = eu"),
        vanishes(e * (A @ column - e * column) - u, what="e(Av − ev) = u, that is Av = e(v + u) as e² = 1"),
    )


TYPES = [Matrix.of(rows) for rows in ([[0, -1], [1, 0]], [[0, 1], [1, 0]], [[-1, 0], [0, -1]], [[1, 1], [0, 1]])]
TYPES.append(Matrix.of([[2, 1], [1, 1]]))
"""A rotation, a reflection, −I, a shear, a hyperbolic matrix."""


OTHER_RULES = {
    "shears allowed": {"rule": lambda A: abs(A.trace()) <= 2},
    "reflections forbidden": {"rule": lambda A: A.det() == 1 and conjugate_to_orthogonal(A)},
}

J2 = Statement(
    id="J2",
    paper=PAPER,
    name="maps that leave a filter unchanged",
    source="Jansson et al. (DeepMath 2020), second theorem (N = 2)",
    summary=(
        "{let:λ = C T_h⁻¹λ}, support of finite non-zero measure ⇒ |det| = |C| = {determinant}, T_h conjugate to a "
        "rotation or mirror"
    ),
    claim=(
        "In the plane let {let:λ(x) = C λ(Ax)} with {support not null} and {finite support}. Then |det A| = |C| = "
        "{determinant} (J2.measure). If the powers of A are not bounded there is no such λ: {let:|S| = |S ∩ A⁻ⁿS| ≤ "
        "|B ∩ A⁻ⁿB| + 2|S − B|} for every box B, and |B ∩ A⁻ⁿB| comes arbitrarily close to zero. By real Jordan "
        "type: eigenvalues a, {let:±1/a with |a| ≠ 1} (hyperbolic) and ±shears (parabolic) are impossible; complex "
        "eigenvalues with |det| = {determinant} are rotations for the definite form {let:Q = cx² + (d − a)xy − by²} "
        "(elliptic); eigenvalues one and minus one are reflections in a basis; ±I. Either A has finite order n and "
        "{let:λ∘A = ±λ}, or A turns the ellipses {let:Q = const} by an angle that is no rational part of a full "
        "turn, and then C is one and λ is constant on almost all of them (J2.families)."
    ),
    at="N = 2",
    grade=Grade.MODULO,
    verdict=Verdict.CORRECTED,
    correction=(
        "“λ is symmetric with respect to this finite set of transforms” holds up to sign: C = −1 is possible, with "
        "λ∘T_h = −λ (J2.families). All statements about λ hold almost everywhere."
    ),
    hypotheses={"finite support": FINITE, "support not null": NOT_NULL},
    routes=(
        Chain(
            "Jordan types, and powers of each",
            Route("types from det and tr", Method.SMT, jordan_types, mutants=instead("determinant", -1), cases=4),
            SLAB,
            Route("±shears", Method.RING, not_diagonalisable, mutants=instead("sign", 1), cases=4),
            *(replace(route, over="") for route in GROWTH),
            *TURNING,
        ),
        Chain(
            "polygons under 104 matrices with |det| = 1",
            Route("rule", Method.EXHAUSTIVE, small_matrices, {"some": AREA_PRESERVING}, OTHER_RULES, cases=104),
            Route("area", Method.EXHAUSTIVE, flatten, {"some": AREA_PRESERVING}, instead("slack", 2), cases=520),
        ),
    ),
    controls=(
        Dropped("finite support", half_plane),
        Dropped("support not null", a_point),
        Witness("half a square is changed by doubling", half_plane, {"width": 2}),
        Witness("a square is changed by doubling", a_point, {"radius": 2}),
        Witness(
            "rotation, reflection, −I pass, shear and stretch do not",
            lambda: check([conjugate_to_orthogonal(A) for A in TYPES] == [True, True, True, False, False], "types"),
        ),
    ),
    assumed=(
        "|AS| = |det A| |S|; |S − B| → 0 as the box B grows",
        "a matrix that preserves a definite quadratic form is conjugate to an orthogonal one",
        "a real 2×2 matrix has complex eigenvalues, or is diagonal or ±shear in a basis",
    ),
)
