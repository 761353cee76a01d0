"""C4.c: the determinant of a Gram matrix without forming it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from sympy import symbols

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.matrix import Matrix, cross, dot
from invariance_proofs.routes.coq import pinned
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.smt import impossible
from invariance_proofs.routes.symbolic import induction, same
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
    Formula,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    all_of,
    instead,
)

CROSS = Formula("|d₁×d₂|²", lambda u, v: dot(cross(u, v), cross(u, v)))
INNER = Formula("(d₁·d₂)²", lambda u, v: dot(u, v) ** 2)
LENGTHS = Formula("|d₁|²|d₂|²", lambda u, v: dot(u, u) * dot(v, v))


def lagrange(right: Formula = CROSS) -> Evidence:
    (D,) = unknowns(D=(3, 2))
    return vanishes((D.T @ D).det() - right(*D.columns), what=f"det(DᵀD) = {right}")


def minors(colours: Sequence[int] = (2, 3, 4, 5, 6), power: int = 2) -> Evidence:
    """Cauchy–Binet: det(DᵀD) is the sum of the squared 2×2 minors of D."""

    def residual(n: int) -> Any:
        (D,) = unknowns(D=(n, 2))
        return (D.T @ D).det() - sum(Matrix(pair).det() ** power for pair in combinations(D.rows, 2))

    return vanishes([residual(n) for n in colours], what=f"sum of the minors to the power {power}")


def raw(right: Formula = CROSS) -> Evidence:
    def residual(draw: Draw) -> object:
        D = draw.matrix(3, 2)
        return (D.T @ D).det() - right(*D.columns)

    return schwartz_zippel(residual, what=f"det(DᵀD) = {right}")


def positive(bound: int = 0) -> Evidence:
    """det V > bound over the reals, unless d₁ × d₂ = 0."""
    return all_of(
        *(
            impossible(
                lambda *d, i=i: [
                    cross(d[:3], d[3:])[i] != 0,
                    dot(d[:3], d[:3]) * dot(d[3:], d[3:]) - dot(d[:3], d[3:]) ** 2 <= bound,
                ],
                "a1 a2 a3 b1 b2 b3",
                what=f"(d₁×d₂)_{i} ≠ 0 ⇒ det V > {bound}",
                met=((1, 2, 3, 3, 1, 2), (0, 1, 1, 1, 0, 4)),
            )
            for i in range(3)
        )
    )


def one_colour_more(mixed: int = 2) -> Evidence:
    """det(DᵀD) = AC − B² with A = Σxᵢ², B = Σxᵢyᵢ, C = Σyᵢ²; a row (r, s) adds Σᵢ (xᵢs − yᵢr)², a minor a row."""
    A, B, C, r, s, x, y = symbols("A B C r s x y")
    gram = (A + r**2) * (C + s**2) - (B + r * s) ** 2
    return all_of(
        same((x * s - y * r) ** 2, x**2 * s**2 - mixed * x * y * r * s + y**2 * r**2, what="a minor, squared"),
        induction(
            base=(r**2 * s**2 - (r * s) ** 2, 0 * r),
            step=(gram, A * C - B**2 + A * s**2 - mixed * B * r * s + C * r**2),
            what="det(DᵀD), a row more",
        ),
    )


ONE_COLOUR_MORE = Route("a colour more", Method.SYMBOLIC, one_colour_more, {}, instead("mixed", 1), "n", cases=3)

FIRST_AND_LAST = Matrix.of([[1, 0], [0, 0], [0, 0], [0, 1]])


def four_colours(D: Matrix = FIRST_AND_LAST) -> Evidence:
    n = cross(*(column[:3] for column in D.columns))
    return equal((D.T @ D).det(), dot(n, n), what="det(DᵀD) = |d₁×d₂|², first three rows", D=D)


def parallel(factor: int = 1) -> Evidence:
    """d₁×d₂ = 0 for d₂ = t d₁, and |d₁|² d₂ = (d₁·d₂) d₁ − d₁ × (d₁ × d₂): then d₂ is a multiple of d₁ ≠ 0."""
    d1, d2, t = unknowns(d=3, e=3, t=1)
    twice = cross(d1, cross(d1, d2))
    back = [dot(d1, d1) * y - dot(d1, d2) * x + factor * z for x, y, z in zip(d1, d2, twice, strict=True)]
    return vanishes(cross(d1, tuple(t * x for x in d1)), back, what="d₁×d₂ = 0 ⇔ d₁ ∥ d₂")


COLOURS = "forall (R : comRingType) (n : nat) (D : 'M[R]_(n, 2)), "
SQUARED = r"\det (D^T *m D) = \sum_(i < n) \sum_(j < n | (i < j)%N) (D i 0 * D j 1 - D j 0 * D i 1) ^+ "

C4_c = Statement(
    id="C4.c",
    paper=PAPER,
    name="Lagrange's identity",
    source="Kan et al., equation (4); Lagrange, Cauchy–Binet",
    summary="det V_c = {right}: the cheap and stable way to evaluate g",
    claim=(
        "{let:With D = J_c − J̄} and columns d₁, d₂: det V_c = det(DᵀD) = {right}, Lagrange's {let:|d₁|²|d₂|² − "
        "(d₁·d₂)²}. So det V_c ≥ {bound}, the absolute value in {let:g = log|det V|} is not needed, and det V_c "
        "vanishes iff d₁ and d₂ are parallel. For n colours it is the sum of the 2×2 minors, each to the power "
        "{power}."
    ),
    verdict=Verdict.PROVED,
    hypotheses={
        "three colours": Hypothesis("D has three rows, so that the cross product exists", lambda D: D.shape[0] == 3)
    },
    clauses=(
        Clause(
            "det V_c = |d₁×d₂|²",
            Route("generic D", Method.RING, lagrange, mutants=instead("right", INNER, LENGTHS)),
            Route("raw determinant", Method.RANDOM, raw, mutants=instead("right", INNER, LENGTHS)),
            at="3 colours",
        ),
        Clause(
            "det V_c > {bound} unless d₁×d₂ = 0",
            Route("over the reals", Method.SMT, positive, mutants=instead("bound", 1), cases=3),
            at="3 colours",
        ),
        Clause(
            "d₁×d₂ = 0 ⇔ d₁ ∥ d₂", Route("generic d", Method.RING, parallel, mutants=instead("factor", -1), cases=6)
        ),
        Clause(
            "for n colours the sum of the squared 2×2 minors",
            ONE_COLOUR_MORE,
            Route("Cauchy–Binet", Method.RING, minors, mutants=instead("power", 1), over="colours", cases=5),
            Route(
                "commutative rings",
                Method.COQ,
                pinned,
                {"theory": "C4_c_lagrange", "said": {"gram_determinant": f"{COLOURS}{SQUARED}2"}},
                {"to the power 4": {"said": {"gram_determinant": f"{COLOURS}{SQUARED}4"}}},
                over="n",
            ),
            over="n",
        ),
    ),
    controls=(
        Dropped("three colours", four_colours),
        Witness("three of them", four_colours, {"D": Matrix.of([[1, 2], [0, 3], [0, 1]])}),
        Witness("parallel columns give 0", parallel),
    ),
)
