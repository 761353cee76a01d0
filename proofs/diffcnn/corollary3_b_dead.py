"""C3.b: when the sign nonlinearity is the identity.

N = (1 + |a|²) A is the numerator of the Cayley map at the vector a, q = |a|², n = j₁ × j₂.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.layers import flip
from invariance_proofs.matrix import Matrix, cayley, cross, dot
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.statement import (
    Chain,
    Dropped,
    Evidence,
    Formula,
    Grade,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    all_of,
    instead,
)

THRESHOLD = 1
"""Φ is the identity iff |a|² ≤ THRESHOLD, the squared tangent of half of 90°."""
COFACTORS = Formula.of(lambda A: A.cofactors())
ITSELF = Formula.of(lambda A: A)


def normal_form(B: Formula = COFACTORS) -> Evidence:
    """det(Jᵀ A J) = nᵀ cof(A) n for every A."""
    J, A = unknowns(J=(3, 2), A=(3, 3))
    n = Matrix.from_columns(cross(*J.columns))
    return vanishes((J.T @ A @ J).det() - (n.T @ B(A) @ n)[0, 0], what=f"det(Jᵀ A J) = nᵀ {B} n")


def cofactors_of_rotations(sign: int = 1) -> Evidence:
    (a,) = unknowns(a=3)
    N, d = cayley(a)
    return vanishes(N.cofactors() - sign * d * N, what=f"cof(A) = {sign} A")


def on_rotations(twice: int = 2, trace: int = 1) -> Evidence:
    a, n = unknowns(a=3, n=3)
    N, d = cayley(a)
    q, column = dot(a, a), Matrix.from_columns(n)
    return all_of(
        vanishes(
            (column.T @ N @ column)[0, 0] - ((1 - q) * dot(n, n) + twice * dot(a, n) ** 2),
            what=f"(1 + q) nᵀ A n = (1 − q)|n|² + {twice}(a·n)²",
        ),
        vanishes(
            N.trace() - trace * d - twice * (1 - q),
            d - (1 + q),
            what=f"tr A − {trace} = 2 cos θ = {twice}(1 − q)/(1 + q)",
        ),
    )


def reached(factor: int = 1) -> Evidence:
    """Every n is j × k for some k."""
    n, j = unknowns(n=3, j=3)
    wanted = (dot(j, j) * x - factor * dot(j, n) * y for x, y in zip(n, j, strict=True))
    residuals = [r - w for r, w in zip(cross(j, cross(n, j)), wanted, strict=True)]
    return vanishes(residuals, what=f"j × (n × j) = |j|² n − {factor}(j·n) j")


def form(a: Sequence[Any], n: Sequence[Any]) -> Any:
    return (1 - dot(a, a)) * dot(n, n) + 2 * dot(a, n) ** 2


def signs(threshold: int = THRESHOLD) -> Evidence:
    """The form is > 0 for q < 1, ≥ 0 with zeros on a·n = 0 for q = 1, and < 0 somewhere for q > 1."""
    t, names = threshold, "a1 a2 a3 n1 n2 n3"
    return all_of(
        impossible(
            lambda *v: [dot(v[:3], v[:3]) < t, dot(v[3:], v[3:]) > 0, form(v[:3], v[3:]) <= 0],
            names,
            "q < 1",
            met=((0, 0, 0, 1, 0, 0), (Fraction(1, 2), Fraction(1, 3), Fraction(1, 4), 0, 1, 2)),
        ),
        impossible(
            lambda *v: [dot(v[:3], v[3:]) != 0, form(v[:3], v[3:]) <= 0, dot(v[:3], v[:3]) == t],
            names,
            "q = 1",
            met=((2, 0, 0, 1, 5, 0), (0, 2, 1, 3, 1, 4)),
        ),
        impossible(
            lambda *a: [dot(a, a) > t, a[0] ** 2 + a[1] ** 2 > 0, form(a, (-a[1], a[0], 0)) >= 0],
            "a1 a2 a3",
            "q > 1",
            met=((2, 0, 1), (0, 3, 2)),
        ),
        impossible(lambda c: [c * c > t, form((0, 0, c), (1, 0, 0)) >= 0], "c", "q > 1 on the axis", met=((2,), (-3,))),
    )


TANGENTS = {60: Fraction(1, 3), 90: 1, 120: 3}
"""Squared, of half an angle of so many degrees."""


def raw_layer(threshold: int = THRESHOLD, angle: int = 90) -> Evidence:
    """Rational Cayley vectors, |a| = 1 among them: Φ keeps every generic J iff |a|² ≤ threshold, iff θ ≤ angle."""
    steps = [Fraction(k, 5) for k in (-7, -4, 0, 3, 4, 5)]
    some = [Matrix.of([e[:2], e[2:], [1, 3]]) for e in product((0, 1), repeat=4)]

    def right(a: tuple[Fraction, ...]) -> bool:
        A, _ = cayley(a)
        jacobians = [*some, Matrix.from_columns(a, (1, 2, 3))]
        kept = all(flip(J, A) == J for J in jacobians if generic(J, a))
        return kept == (dot(a, a) <= threshold) == (dot(a, a) <= TANGENTS[angle])

    return for_all(product(steps, repeat=3), right, f"a: Φ = id on generic J ⇔ |a|² ≤ {threshold}")


def generic(J: Matrix, a: Sequence[Any]) -> bool:
    return any(n := cross(*J.columns)) and (dot(a, a) != 1 or dot(a, n) != 0)


def keeps(a: Sequence[int], J: Matrix) -> Evidence:
    A, d = cayley(a)
    return equal(flip(J, A), J, what="Φ(J) = J", J=J, a=list(a), numerator=A, denominator=d)


PLANE = Matrix.of([[0, 0], [1, 0], [0, 1]])
"""n = (1, 0, 0)."""

C3_b = Statement(
    id="C3.b",
    paper=PAPER,
    name="where the nonlinearity is dead",
    source="Kan et al., equation (3) with the Cayley parameterisation",
    summary="Φ is the identity almost everywhere ⇔ θ ≤ {angle}° ⇔ tr A ≥ {trace} ⇔ Cayley vector |a|² ≤ {threshold}",
    claim=(
        "{let:With n = j₁ × j₂}, det(Jᵀ A J) = nᵀ {B} n; for the rotation by θ about the unit vector k it is "
        "{let:cos θ |n|² + (1 − cos θ)(k·n)²}. So {let:Φ(J) = J} for Lebesgue-almost every J ∈ R^{{3×2}} iff {let:θ "
        "≤ 90°} ⇔ tr A ≥ {trace} ⇔ |a|² ≤ {threshold}. The exceptions are the J of rank one at most and, at a right "
        "angle, those with n ⟂ k, where the determinant vanishes and {let:Φ(J) = −J}; beyond it there is an open "
        "cone around n ⟂ k on which {let:Φ(J) = −J}. Below it A has no effect, and where the determinant does not "
        "vanish the derivative of Φ(J) in A does: no gradient ever moves A."
    ),
    at="J 3×2, θ < 180°",
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "θ ≤ 90°": Hypothesis(f"|a|² ≤ {THRESHOLD}", lambda a: dot(a, a) <= THRESHOLD),
        "J generic": Hypothesis("j₁ × j₂ ≠ 0, and k·(j₁ × j₂) ≠ 0 if θ = 90°", generic),
    },
    routes=(
        Chain(
            "normal forms, then signs",
            Route("in J and A", Method.RING, normal_form, mutants=instead("B", ITSELF)),
            Route("cofactors of a rotation", Method.RING, cofactors_of_rotations, mutants=instead("sign", -1), cases=9),
            Route("in a and n", Method.RING, on_rotations, mutants=instead("twice", 1) | instead("trace", 0), cases=3),
            Route("which n there are", Method.RING, reached, mutants=instead("factor", 0), cases=3),
            Route("signs of (1 − q)|n|² + 2(a·n)²", Method.SMT, signs, mutants=instead("threshold", 2), cases=4),
        ),
        Route(
            "raw Φ at 216 rational Cayley vectors",
            Method.EXHAUSTIVE,
            raw_layer,
            mutants=instead("threshold", 3) | instead("angle", 120),
            cases=216,
        ),
    ),
    controls=(
        Dropped("θ ≤ 90°", keeps, {"a": (2, 0, 0), "J": Matrix.of([[1, 0], [0, 1], [0, 0]])}),
        Dropped("J generic", keeps, {"a": (0, 0, 0), "J": Matrix.of([[1, 2], [0, 0], [0, 0]])}),
        Witness("60° keep it", keeps, {"a": (Fraction(1, 2), 0, 0), "J": Matrix.of([[1, 0], [0, 1], [0, 0]])}),
        Witness("beyond 90° some J are kept", keeps, {"a": (2, 0, 0), "J": PLANE}, without="θ ≤ 90°"),
    ),
    assumed=(
        "the zero set of a non-zero polynomial has Lebesgue measure 0",
        "a continuous function keeps its sign near a point where it is not 0",
    ),
)
