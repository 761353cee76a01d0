"""J4.grid: the same network on a grid, regularised, obeys the theorem: it cannot be exactly covariant.

The operator: (D_h f)(x) = (1/h)(m_h f(x + h eⱼ) − m_h f(x)), j = 1, 2, with the mean m_h over [0, h]²: 3×2 matrices J.
V_c = JᵀN_cᵀN_c J with N_c = w_c − w̄; U_c = log(det V_c + ε) − mean over c. No sign layer. A bounded filter of compact
support, then a continuous function of six numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from sympy import QQ
from sympy.polys.rings import ring

from invariance_proofs.diffcnn.images import Map, compose, written
from invariance_proofs.diffcnn.layers import gram_determinants, unequal_invariants
from invariance_proofs.diffcnn.theorem2_h_single_tap import ONE_TAP, bumps
from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.diffcnn import linear, normalised
from invariance_proofs.jansson.powers import conjugate_to_orthogonal
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.algebraic import zeros_from_zero
from invariance_proofs.routes.exact import check
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.statement import (
    Chain,
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

KERNELS = [tap[0, 0] for tap in ONE_TAP]
TINY = Fraction(1, 2**20)
SIMPSON = ((0, 1), (1, 4), (2, 1))
"""(offset·2/h, weight·6): the mean over an interval, exact for cubics."""


def mean(f: Map, x: Sequence[Any], h: Any) -> list[Any]:
    """m_h f(x), the mean over x + [0, h]², exact for images of degree ≤ 3 in each coordinate."""
    samples = [(v * w, f(x[0] + i * h / 2, x[1] + j * h / 2)) for i, v in SIMPSON for j, w in SIMPSON]
    return [sum(weight * colours[c] for weight, colours in samples) / 36 for c in range(3)]


def differences(f: Map, x: Sequence[Any], h: Any) -> Matrix:
    """D_h f(x), times h."""
    here, right, above = (mean(f, p, h) for p in (x, (x[0] + h, x[1]), (x[0], x[1] + h)))
    return Matrix.of((r - o, a - o) for o, r, a in zip(here, right, above, strict=True))


def determinants(A: Matrix, h: Any) -> tuple[list[Any], list[Any]]:
    """C⁴h⁴ det V_c of f at 0, and of T_h f at T_h 0 = 0."""
    before, after = (differences(image, (0, 0), h) for image in (bumps, compose(bumps, linear(A))))
    return gram_determinants([w @ before for w in KERNELS]), gram_determinants([w @ after for w in KERNELS])


def series(A: Matrix, lowest: int = 1, common_zeros: int = 1) -> Evidence:
    """d′_c^C Π d − d_c^C Π d′ for d = C⁴ det V + 1, polynomials in h: lowest power, and common zeros h > 0 (Sturm)."""
    _, h = ring("h", QQ)
    before, after = ([d.exquo(h**4) + 1 for d in dets] for dets in determinants(A, h))
    residuals = [r for r in unequal_invariants(before, after) if r]
    return zeros_from_zero(
        residuals, lowest, common_zeros, what=f"the violation is of order h^{lowest}, and 0 its only zero with h ≥ 0",
        f=written(bumps), w=KERNELS, T_h=A, x=(0, 0),
    )  # fmt: skip


def error(A: Matrix, h: Fraction) -> Fraction:
    """max_c |exp(C(U_ε[T_h f](0) − U_ε[f](0))) − 1|."""
    before, after = (normalised([d / h**4 + 1 for d in dets]) for dets in determinants(A, h))
    return max(abs(a / b - 1) for a, b in zip(after, before, strict=True))


def halving(factor: int = 2) -> Evidence:
    """The error is positive at h = 1, 1/2, …, 2⁻¹², and the last halving halves it to within 1 %."""
    errors = [error(A, Fraction(1, 2**k)) for A in UNBOUNDED for k in range(13)]
    halved = all(abs(factor * errors[k + 12] / errors[k + 11] - 1) < Fraction(1, 100) for k in (0, 13))
    return check(all(errors) and halved, "positive, and halved with h", errors=[float(e) for e in errors])


def mean_is_exact(degree: int = 3) -> Evidence:
    """Simpson's rule on c₀, c₁x, c₂x², c₃x³ over [0, 2], times k + 1: the weights 1, 4, 1 at 0, 1, 2."""
    (c,) = unknowns(c=degree + 1)
    moments = [c[k] * (k + 1) * sum(v * i**k for i, v in SIMPSON) - c[k] * 6 * 2**k for k in range(degree + 1)]
    return vanishes(moments, what=f"the mean of every polynomial of degree {degree}")


UNBOUNDED = Matrix.diagonal(2, Fraction(1, 2)), Matrix.of([[1, 1], [0, 1]])
"""Determinant 1, unbounded powers: a squeeze and a shear."""
SWAP = Matrix.of([[0, 1], [1, 0]])
DOUBLE = 2 * Matrix.identity(2)

J4_grid = Statement(
    id="J4.grid",
    paper=PAPER,
    name="DiffCNN on a grid obeys the theorem",
    source="Kan et al., K = 1, with averaged differences; Jansson et al., third theorem",
    summary=(
        "averaged differences, with an ε, no sign layer: not covariant at any grid step h; violation of order "
        "h{lowest:^}"
    ),
    claim=(
        "Let {let:(D_h f)(x) have the columns (1/h)(m_h f(x + h eⱼ) − m_h f(x))}, {let:m_h the mean over [0, h]²}, "
        "and {let:(Λ_h f)(x) = U_ε} of the channels w_c D_h f(x), {let:ε > 0}, without Φ. f ↦ D_h f(x) is "
        "integration against a bounded filter, and U_ε is continuous, so Λ_h has the three properties of J3 (L¹_loc) "
        "and is not constant: {let:T_gΛ_hT_h = Λ_h} is impossible for every T_h whose powers are not bounded and "
        "every step. Where T_h keeps areas the violation is O(h{lowest:^}): here it is there at every step and "
        "exactly of order {lowest}, for a squeeze and for a shear. Where it does not the limit of small h leaves the "
        "error of ε (C4.e)."
    ),
    at="C = 3, one quadratic image, ε = 1/81",
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "unbounded powers": Hypothesis(
            "A is not conjugate to an orthogonal matrix", lambda T_h: not conjugate_to_orthogonal(T_h)
        ),
        "area kept": Hypothesis("|det A| = 1 (for the order in h)", lambda T_h: abs(T_h.det()) == 1),
    },
    routes=(
        Chain(
            "polynomials in h",
            Route("the mean is exact", Method.RING, mean_is_exact, mutants=instead("degree", 4), cases=4),
            Route("a squeeze", Method.RING, series, {"A": UNBOUNDED[0]}, instead("lowest", 2), over="h"),
            Route("a shear", Method.RING, series, {"A": UNBOUNDED[1]}, instead("lowest", 2), over="h"),
        ),
        Route("exact errors at h = 1, …, 2⁻¹²", Method.EXACT, halving, mutants=instead("factor", 4)),
    ),
    over="h",
    controls=(
        Dropped("unbounded powers", series, {"A": SWAP}),
        Dropped("area kept", series, {"A": DOUBLE}),
        Witness("x ↔ y is exact at h = 1/3", lambda: check(error(SWAP, Fraction(1, 3)) == 0, "no violation")),
        Witness("doubling leaves an error as h → 0", lambda: check(error(DOUBLE, TINY) > Fraction(1, 10), "error")),
    ),
    assumed=(
        "integration against a bounded filter of compact support is continuous on L¹_loc",
        "log(det V + ε) is continuous, since det V ≥ 0 (C4.c)",
        "J3",
    ),
)
