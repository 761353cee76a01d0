"""J2.n: which linear maps leave a filter of finite support unchanged, in any dimension."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.checked import BOUNDED
from invariance_proofs.jansson.powers import GROWTH, SLAB
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.statement import (
    Chain,
    Clause,
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
    instead,
)

POSITIVE = Formula("> 0", lambda s: s > 0)
WEAK = Formula("≥ 0", lambda s: s >= 0)


def area(sign: Formula = POSITIVE, one: int = 1) -> Evidence:
    """A maps the support S onto itself: s = d s with s = |S| > 0 finite forces d = |det A| = 1."""
    return impossible(lambda s, d: [sign(s), d != one, s == s * d], "s d", "|det A| = 1", met=((1, 2), (3, 0)))


def norm(sign: Formula = POSITIVE, one: int = 1) -> Evidence:
    """n = ‖λ‖₁ = |C| ‖λ‖₁/|det A| forces |C| = 1."""
    return impossible(lambda n, c: [sign(n), c != one, n == c * n], "n c", "|C| = 1", met=((1, 2), (3, 0)))


def jordan_chain(times: int = 1) -> Evidence:
    """Av = av + u, Au = au ⇒ Aⁿv = aⁿv + naⁿ⁻¹u, the step from n to n + 1 with P = aⁿ⁻¹: it grows like n if |a| = 1."""
    a, n, P, v, u = unknowns(a=1, n=1, P=1, v=1, u=1)
    Av, Au = a * v + times * u, a * u
    return vanishes(P * a * Av + n * P * Au - (P * a * a * v + (n + 1) * P * a * u), what="Aⁿ⁺¹v")


Entries = tuple[tuple[int, ...], ...]


def times(A: Entries, B: Entries) -> Entries:
    return tuple(
        tuple(sum(x * y for x, y in zip(row, column, strict=True)) for column in zip(*B, strict=True)) for row in A
    )


def det3(A: Entries) -> int:
    (a, b, c), (d, e, f), (g, h, i) = A
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def integer_matrices(order: int = 12, entry: int = 8) -> Evidence:
    """3×3 matrices with entries −1, 0, 1 and |det| = 1, every 23rd: A¹² = I, or an entry of A⁹⁶ exceeds 8."""
    one: Entries = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    every = [(e[:3], e[3:6], e[6:]) for e in product((-1, 0, 1), repeat=9)][::23]
    cases = [A for A in every if abs(det3(A)) == 1]

    def power(A: Entries, n: int) -> Entries:
        result = one
        for _ in range(n):
            result = times(result, A)
        return result

    def right(A: Entries) -> bool:
        twelfth = power(A, order)
        eighth = times(twelfth, twelfth)
        far = times(times(eighth, eighth), times(eighth, eighth))
        unbounded = any(abs(x) > entry for B in (twelfth, eighth, far) for row in B for x in row)
        return (power(A, 12) == one) != unbounded

    return for_all(cases, right, "A: A¹² = I, or its powers leave every box thinner than |B|/8")


FILTERS: dict[str, tuple[Any, Any]] = {
    "x > 0": (lambda x: int(x > 0), "∞"),
    "the point 0": (lambda x: int(x == 0), 0),
    "−1 < x < 1": (lambda x: int(abs(x) < 1), 2),
}


def on_a_line(name: str, A: int = 2) -> Evidence:
    """N = 1, C = 1: λ(x) = λ(Ax) at some points, so |det A| = 1?"""
    filter_, measure = FILTERS[name]
    points = [Fraction(k, 4) for k in range(-9, 10)]
    kept = all(filter_(x) == filter_(A * x) for x in points)
    return equal(not kept or abs(A) == 1, True, what="λ = λ∘A ⇒ |det A| = 1", filter=name, A=A, C=1, measure=measure)


BEYOND, _ = GROWTH
JORDAN = Route("a Jordan chain", Method.RING, jordan_chain, {}, instead("times", 2), "a n P v u")
DEFINITE = ("a matrix that is diagonal over C, with eigenvalues of modulus 1, keeps a definite form",)

J2_n = Statement(
    id="J2.n",
    paper=PAPER,
    name="maps that leave a filter unchanged, any dimension",
    source="Jansson et al. (DeepMath 2020), second theorem (“similar statements can be made for arbitrary N”)",
    summary=(
        "N arbitrary: {let:λ = C λ∘A} with support of finite non-zero measure ⇒ |det A| = |C| = {one} and A "
        "conjugate to an orthogonal matrix"
    ),
    claim=(
        "Let {let:λ(x) = C λ(Ax)} on Rᴺ with {support not null} and {finite support}. Then |det A| = |C| = {one}, "
        "and the powers Aⁿ, n ∈ Z, are bounded: A keeps a definite quadratic form, that is it is conjugate to an "
        "orthogonal matrix. For if an entry of Aⁿ is r, {let:|B ∩ A⁻ⁿB| ≤ |B|/|r|} for a box B that holds most of "
        "the support S, {let:while S = A⁻ⁿS}: so entries cannot grow. They do if an eigenvalue lies off the unit "
        "circle, or one on it has a Jordan chain."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "finite support": Hypothesis("|{λ ≠ 0}| < ∞", lambda measure: measure != "∞"),
        "support not null": Hypothesis("|{λ ≠ 0}| > 0", lambda measure: measure != 0),
    },
    clauses=(
        Clause(
            "|det A| = |C| = {one}",
            Chain(
                "area, then norm",
                Route("s = |det A| s", Method.SMT, area, {}, instead("sign", WEAK) | instead("one", 5), "s d"),
                Route("n = |C| n", Method.SMT, norm, {}, instead("sign", WEAK) | instead("one", 5), "n c"),
            ),
            over="s d n c",
            assumed=("|AS| = |det A||S| for measurable S, and the change of variables",),
        ),
        Clause(
            "the entries of Aⁿ, n ∈ Z, are bounded: |B ∩ A⁻ⁿB| ≤ |B|/max|entry of Aⁿ|",
            replace(SLAB, over="r s u v"),
            over="r u v",
            assumed=("|S| ≤ |B ∩ A⁻ⁿB| + 2|S − B| for S = A⁻ⁿS", "|S − B| → 0 as the box B grows"),
        ),
        Clause(
            "so eigenvalues have modulus 1, no Jordan chain is longer than 1, and A keeps a definite form",
            Chain("powers grow otherwise", replace(BEYOND, assumed=DEFINITE), JORDAN),
            Route("3×3 integer matrices", Method.EXHAUSTIVE, integer_matrices, {}, instead("entry", 10**50), cases=303),
            BOUNDED,
        ),
    ),
    controls=(
        Dropped("finite support", on_a_line, {"name": "x > 0"}),
        Dropped("support not null", on_a_line, {"name": "the point 0"}),
        Witness("an interval is not kept by doubling", on_a_line, {"name": "−1 < x < 1"}),
        Witness("but by the mirror", on_a_line, {"name": "−1 < x < 1", "A": -1}),
    ),
)
