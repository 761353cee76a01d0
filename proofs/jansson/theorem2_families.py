"""J2.families: both kinds of filters that a map can leave unchanged, and the sign that the paper leaves out."""

from __future__ import annotations

from collections import Counter

from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.powers import INTEGER, bounded, power
from invariance_proofs.jansson.simple import Polygon, Simple, inverse
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import (
    Chain,
    Clause,
    Dropped,
    Evidence,
    Grade,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

SEED = Simple.on(((1, 0), (3, 1), (2, 2)))
FINITE = [A for A in INTEGER if bounded(A)]
"""Every integer matrix of finite order with entries from −2 to 2."""


def parts(f: Simple) -> Counter[tuple[object, Polygon]]:
    """f as a formal sum of polygons: equal sums are equal functions."""
    return Counter(f.parts)


def order(A: Matrix) -> int:
    return next(n for n in range(1, 13) if power(A, n) == Matrix.identity(2))


def orbit_sum(A: Matrix, C: int) -> Simple:
    """Σ Cᵏ T^k f over one period: λ∘A = C⁻¹λ."""
    return Simple(tuple(part for k in range(order(A)) for part in (C**k * SEED.moved(power(A, k))).parts))


def finite_order(period: int = 2, signs: tuple[int, int] = (1, -1)) -> Evidence:
    """λ = C T_h⁻¹λ for the first sign, and for the second where the order is a multiple of the period."""
    factors = [(A, C) for A in FINITE for C in signs if signs[0] == C or order(A) % period == 0]
    return for_all(
        factors,
        lambda case: parts(case[1] * orbit_sum(*case).moved(inverse(case[0]))) == parts(orbit_sum(*case)),
        "(A, C): Σ Cᵏ T^k f = C T_h⁻¹ Σ Cᵏ T^k f",
    )


def any_orbit(moved: bool = True) -> Evidence:
    """λ(x) = Σ_k c(k) f(kx) over a finite group: λ(Ax) = Σ_k c(kA⁻¹) f(kx) = c(A)⁻¹ λ(x) for a character c."""
    k, A, x = letters("k A x")
    c, f = function("c"), function("f")
    right = c(k(~A)) if moved else c(k)
    return reindexed(c(k) * f(k(A)(x)), right * f(k(x)), "Σ c(k) f(kAx) = Σ c(kA⁻¹) f(kx)", over=k, acting=[A])


def symmetric(C: int) -> Evidence:
    """The literal reading of (i): λ = C T_h⁻¹λ for the quarter-turn ⇒ λ∘A = λ."""
    A = Matrix.of([[0, -1], [1, 0]])
    filter_ = orbit_sum(A, C)
    kept = parts(C * filter_.moved(inverse(A))) == parts(filter_)
    return check(
        not kept or parts(filter_.moved(inverse(A))) == parts(filter_),
        "λ = C T_h⁻¹λ ⇒ λ is symmetric",
        filter=filter_.parts, case=(A, C),
    )  # fmt: skip


def never_the_identity(modulus: int = 5) -> Evidence:
    """(3 + 4i)ⁿ ≡ 3 + 4i modulo 5 for n ≥ 1, by squaring once, so it is not 5ⁿ: the rotation has infinite order."""
    square = 3 * 3 - 4 * 4, 2 * 3 * 4
    return check(tuple(z % modulus for z in square) == (3, 4), f"(3 + 4i)² ≡ 3 + 4i modulo {modulus}", square=square)


def ellipses(scale: int = 25) -> Evidence:
    """A = P⁻¹RP keeps Q(x) = |Px|², cleared of denominators: λ = F∘Q is unchanged, for every F and every basis P."""
    P, x = unknowns(P=(2, 2), x=2)
    R = Matrix.of([[3, -4], [4, 3]])
    column = Matrix.from_columns(x)
    moved = P @ (P.adjugate() @ (R @ (P @ column)))
    return vanishes(
        moved.squared_norm() - scale * P.det() ** 2 * (P @ column).squared_norm(), what="Q(Ax) = Q(x), times (5 det P)²"
    )


J2_families = Statement(
    id="J2.families",
    paper=PAPER,
    name="the filters that are left unchanged",
    source="Jansson et al. (DeepMath 2020), second theorem, cases (i) and (ii)",
    summary=(
        "finite order n: sums over the orbit, with C among {signs:,}; otherwise functions of one definite quadratic "
        "form"
    ),
    claim=(
        "Both cases occur. (i) {let:If Aⁿ = I, λ = Σ_k Cᵏ f∘A⁻ᵏ} satisfies {let:λ = C λ∘A} for C = {signs[0]}, and "
        "for C = {signs[1]} if {period} divides n, for every f. (ii) {let:If A = P⁻¹RP} with a rotation R, {let:λ = "
        "F(|Px|²)} satisfies {let:λ = λ∘A} for every F; such A have infinite order for {let:R = (3, −4; 4, 3)/5}. "
        "Then λ is constant on almost every ellipse, and a negative C is impossible, since {let:λ = λ∘A²} makes it "
        "constant on ellipses and {let:λ = −λ} there."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.CORRECTED,
    correction=(
        "In case (i) the paper has λ symmetric; for C = −1, which its theorem admits, λ∘T_h = −λ, and λ is symmetric "
        "under T_h² only."
    ),
    hypotheses={
        "even order for C = −1": Hypothesis("n even, or C = 1", lambda case: case[1] == 1 or order(case[0]) % 2 == 0),
        "sign": Hypothesis("symmetric means λ∘T_h = Cλ", lambda case: case[1] == 1 or order(case[0]) % 2 == 1),
    },
    clauses=(
        Clause(
            "(i) Aⁿ = I: Σ_k Cᵏ f∘A⁻ᵏ",
            Route("substitution k ↦ kA", Method.SYMBOLIC, any_orbit, {}, instead("moved", False), "groups"),
            Route(
                "orbit sums of a triangle",
                Method.EXHAUSTIVE,
                finite_order,
                mutants=instead("period", 1) | instead("signs", (1, 2)),
                cases=75,
            ),
            over="groups",
        ),
        Clause(
            "(ii) A = P⁻¹RP of infinite order: F(|Px|²)",
            Chain(
                "ellipses and infinite order",
                Route("for every basis P", Method.RING, ellipses, mutants=instead("scale", 5)),
                Route("(3, −4; 4, 3)/5", Method.EXHAUSTIVE, never_the_identity, mutants=instead("modulus", 7)),
            ),
            finite=True,
            assumed=(
                "an irrational rotation is ergodic: a function it leaves unchanged is constant on almost every circle",
            ),
        ),
    ),
    controls=(
        Dropped("even order for C = −1", finite_order, {"period": 1}),
        Dropped("sign", symmetric, {"C": -1}),
        Witness("with C = 1 the filter is symmetric", symmetric, {"C": 1}),
    ),
)
