"""J2.measure: an invariant filter preserves area, and its factor is ±1."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product
from math import inf
from typing import Any

from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.powers import INTEGER
from invariance_proofs.jansson.simple import Simple, area, box, inverse, reach
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.smt import impossible
from invariance_proofs.statement import (
    Dropped,
    Evidence,
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

HILL = Simple(((1, ((-1, -1), (1, 0), (0, 2))), (-3, box(2, 0, 3, 1))))
FACTORS = [Fraction(c) for c in (-2, -1, "-1/2", "1/2", 1, 3)]


def support_and_norm(f: Simple) -> tuple[Any, Any]:
    """|{f ≠ 0}| and ‖f‖₁, for polygons that do not overlap."""
    areas = [(abs(w), area(P)) for w, P in f.parts]
    return sum(size for _, size in areas), sum(w * size for w, size in areas)


@cache
def pulled_back(A: Matrix) -> Simple:
    """T_h⁻¹λ."""
    return HILL.moved(inverse(A))


def kept(A: Matrix, C: Any) -> bool:
    """Whether C T_h⁻¹λ has the support area and the norm of λ."""
    return support_and_norm(C * pulled_back(A)) == support_and_norm(HILL)


def measured(power: int = 1, one: int = 1) -> Evidence:
    """496 matrices, 6 factors: C T_h⁻¹λ has the support area and norm of λ iff |det A| = |C|^power = one."""
    return for_all(
        product(INTEGER, FACTORS),
        lambda case: kept(*case) == (abs(case[0].det()) == one == abs(case[1]) ** power),
        "(A, C): same area and norm ⇔ |det A| = 1 = |C|",
    )


def scaling(above: int = 0, one: int = 1) -> Evidence:
    """s = |S|, n = ‖λ‖₁, d = |det A|, c = |C|: s d = s and n d = c n force d = c = one for above < s, n < ∞."""
    return all_of(
        impossible(
            lambda s, d: [s > above, d != one, s * d == s],
            "s d",
            what="|det A| = 1",
            met=((1, 2), (3, 0)),
        ),
        impossible(
            lambda n, c: [n > above, c != one, n == c * n],
            "n c",
            what="|C| = 1, as |det A| = 1",
            met=((1, 2), (3, 0)),
        ),
    )


def half_plane(scale: int = 2, width: float = inf) -> Evidence:
    """λ = 1 for x > 0, and λ = |x| for x > 0, to this distance: if infinite, |det A| = 4 is possible, and C = 1/2."""
    A, points = Matrix.diagonal(scale, scale), [(x, y) for x in (-3, -1, 1, 2) for y in (-1, 0, 5)]

    def ramp(x: int, y: int) -> int:
        return max(x, 0) if max(abs(x), abs(y)) <= width else 0

    plain = all((ramp(x, y) > 0) == (ramp(scale * x, scale * y) > 0) for x, y in points)
    steep = all(ramp(x, y) == Fraction(1, scale) * ramp(scale * x, scale * y) for x, y in points)
    return check(
        not (plain and steep) or A.det() == 1,
        "|det A| = |C| = 1",
        T_h=A, filters=["x > 0", "max(x, 0)"], C=[1, Fraction(1, scale)], finite=width < inf, null=False,
    )  # fmt: skip


def a_point(scale: int = 2, radius: int = 0) -> Evidence:
    """λ = 1 on the square of this half-width about 0 (the point itself for 0) and 0 elsewhere: is λ = λ∘A on a grid?"""
    A, grid = Matrix.diagonal(scale, scale), list(product(range(-6, 7), range(-6, 7)))

    def f(x: tuple[Any, ...]) -> bool:
        return max(map(abs, x)) <= radius

    same = all(f(reach(A, x)) == f(x) for x in grid)
    return check(
        not same or abs(A.det()) == 1,
        "λ = λ∘A ⇒ |det A| = 1",
        T_h=A, filter=f"1 where max|xᵢ| ≤ {radius}", C=1, finite=True, null=radius == 0,
    )  # fmt: skip


FINITE = Hypothesis("|{λ ≠ 0}| < ∞", lambda finite: finite)
NOT_NULL = Hypothesis("|{λ ≠ 0}| > 0", lambda null: not null)

J2_measure = Statement(
    id="J2.measure",
    paper=PAPER,
    name="area and factor",
    source="Jansson et al. (DeepMath 2020), second theorem",
    summary="{let:λ = C T_h⁻¹λ} with support of finite non-zero measure ⇒ |det T_h| = |C| = {one}",
    claim=(
        "Let {let:λ(x) = C λ(Ax)} almost everywhere and {support not null}, {finite support}. Then A maps the "
        "support S onto itself, so {let:|S| = |det A| |S|} and |det A| = {one}; and {let:‖λ‖₁ = |C| ‖λ‖₁ / |det A|} "
        "gives |C| = {one}."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={"finite support": FINITE, "support not null": NOT_NULL},
    routes=(
        Route("s d = s, n d = c n", Method.SMT, scaling, mutants=instead("above", -1) | instead("one", 5), cases=2),
        Route(
            "filters on polygons, 496 matrices",
            Method.EXHAUSTIVE,
            measured,
            mutants=instead("power", 0) | instead("one", 2),
            cases=2976,
        ),
    ),
    controls=(
        Dropped("finite support", half_plane),
        Dropped("support not null", a_point),
        Witness("half a square is changed by doubling", half_plane, {"width": 2}),
        Witness("a box of 2 by 3 has area 6", lambda: check(area(box(0, 0, 2, 3)) == 6, "area 6")),
        Witness("a square is changed by doubling", a_point, {"radius": 2}),
        Witness(
            "a mirror and C = −1 keep both", lambda: check(kept(Matrix.diagonal(-1, 1), -1), "area and norm are kept")
        ),
    ),
    assumed=(
        "|AS| = |det A| |S| for measurable S",
        "λ is integrable, as the paper assumes (λ ∈ L¹ with compact support)",
    ),
)
