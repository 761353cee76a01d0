"""J.filters: transformed filters (dilated, deformable) in place of, or beside, transformed feature maps."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.simple import INVERTIBLE, inverse, reach
from invariance_proofs.jansson.theorem1 import CHANGE, FILTER, IMAGE, POINTS, SUBSTITUTION
from invariance_proofs.jansson.theorem1_inverse import COMMUTATION
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.symbolic import free, same
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
    Grade,
    Hypothesis,
    Method,
    Mutant,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

DOUBLE = Matrix.diagonal(2, 2)


def deformed_taps(power: int = 1) -> Evidence:
    """Taps at Ak on the transformed image: A⁻¹(Ax + Ak) = x + k, the places that the taps k have on the image."""
    A, x, k = free("A x k")
    return same(A**-1 * (A * x + A**power * k), x + k, what="A⁻¹(Ax + Ak) = x + k")


def polygons(transformed: bool = True, weight: int = -1) -> Evidence:
    """T_h⁻¹(T_h f ∗ λ′) = f ∗ λ with λ′ = |det A|^weight T_hλ, for 48 matrices, exactly, at three points."""

    def aligned(A: Matrix) -> bool:
        other = Fraction(abs(A.det())) ** weight * (FILTER.moved(A) if transformed else FILTER)
        moved = IMAGE.moved(A)
        return all(moved.convolved(other, reach(A, x)) == IMAGE.convolved(FILTER, x) for x in POINTS)

    return for_all(INVERTIBLE, aligned, "A: T_h⁻¹(T_h f ∗ λ′) = f ∗ λ")


def doubled(maps: bool = True, filters: bool = True) -> Evidence:
    """Scaling by 2: filters, maps, or both transformed back; the responses at three points."""
    other = Fraction(1, 4) * FILTER.moved(DOUBLE) if filters else FILTER
    at: list[Any] = [reach(DOUBLE, x) if maps else x for x in POINTS]
    return equal(
        [IMAGE.moved(DOUBLE).convolved(other, x) for x in at], [IMAGE.convolved(FILTER, x) for x in POINTS],
        what="the responses are those of the image", T_h=DOUBLE, T_g=inverse(DOUBLE) if maps else Matrix.identity(2),
        maps=maps, filters=filters, x=POINTS,
    )  # fmt: skip


def shifted(by: tuple[int, int] = (2, 0)) -> Evidence:
    """T_h = I, λ′ = λ moved by `by`, T_g the shift back: T_gΛ′T_h = Λ at three points, so T_g = T_h⁻¹?"""
    one = Matrix.identity(2)
    other = FILTER.moved(one, by)
    aligned = [IMAGE.convolved(other, (x[0] + by[0], x[1] + by[1])) for x in POINTS]
    kept = aligned == [IMAGE.convolved(FILTER, x) for x in POINTS]
    return check(not kept or by == (0, 0), "T_gΛ′T_h = Λ ⇒ T_g = T_h⁻¹", T_h=one, T_g_translation=by, x=POINTS)


J_filters = Statement(
    id="J.filters",
    paper=PAPER,
    name="transformed filters",
    source="Jansson et al. (arXiv 2004.14716), abstract (“spatial transformations of CNN feature maps or filters”)",
    summary=(
        "{let:T_gΛ_λ′T_h = Λ_λ}, T_g and T_h linear ⇒ {maps moved back}; with it λ′ = |det A|{weight:^}T_hλ aligns: "
        "filters alone do nothing, filters and maps together align"
    ),
    claim=(
        "If a network Λ′ with other filters satisfies {let:T_gΛ′T_h = Λ}, Λ not constant, with linear T_g and T_h, "
        "then still {maps moved back}: whatever is done to the filters, the maps have to be moved back. (If they are "
        "affine this holds of the linear parts: a filter that is shifted needs a T_g that shifts back.) With {maps "
        "moved back} the filters λ′ = |det A|{weight:^} T_hλ do it, for every affine T_h with linear part A, in "
        "every layer: taps at Ak for taps at k, which is a dilated convolution for A a multiple of I and a "
        "deformable one with offsets (A − I)k in general."
    ),
    verdict=Verdict.CORRECTED,
    grade=Grade.MODULO,
    correction=(
        "“Cannot enable invariant recognition … specifically not for scaling or shear” is right for fixed filters and "
        "for filters transformed without the maps. Transformed together, by a T_h that has to be known, they do align, "
        "for scalings and shears too: this is aligning the input by other means, and does not replace knowing its pose."
    ),
    hypotheses={
        "maps moved back": Hypothesis("T_g = T_h⁻¹", lambda maps: maps),
        "filters moved": Hypothesis("λ′ = |det A|⁻¹T_hλ", lambda filters: filters),
    },
    clauses=(
        Clause(
            "T_gΛ′T_h = Λ ⇒ τ_({conjugate}y)Λ = Λτ_y, so T_g = T_h⁻¹: J1.g, in which Λ′ need not be Λ",
            COMMUTATION,
            assumed=("Λf = σ(b) outside a bounded set, and J1.g from there",),
        ),
        Clause(
            "taps at Ak read on T_h f what taps at k read on f",
            Route("free algebra", Method.SYMBOLIC, deformed_taps, {}, instead("power", 0, 2), "A x k"),
            over="A x k",
        ),
        Clause(
            "λ′ = |det A|⁻¹T_hλ aligns: J1's μ is |det A| λ′∘A = λ",
            SUBSTITUTION,
            Route(
                "48 matrices on polygons",
                Method.EXHAUSTIVE,
                polygons,
                {},
                {"filters as they were": {"transformed": False}, "without |det|⁻¹": {"weight": 0}},
                cases=48,
            ),
            assumed=CHANGE,
        ),
    ),
    controls=(
        Dropped("maps moved back", doubled, {"maps": False}),
        Dropped("filters moved", doubled, {"filters": False}),
        Mutant("affine T_g and T_h", shifted),
        Witness("without a shift", shifted, {"by": (0, 0)}),
        Witness("both, for a scaling by 2", doubled),
    ),
)
