"""J4: DiffCNN with one tap as an operator on images, held against the many-layer theorem."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod

from invariance_proofs.diffcnn.images import Map, features, written
from invariance_proofs.diffcnn.layers import gram_determinants, invariant
from invariance_proofs.diffcnn.theorem2_h_single_tap import (
    EVERY_BRANCH,
    LAYER_BY_LAYER,
    ONE_TAP,
    TWO_TAPS,
    Kernels,
    bumps,
    covariant,
    grey,
)
from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.simple import INVERTIBLE, inverse
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.statement import (
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


def linear(A: Matrix) -> Map:
    """x ↦ A⁻¹x: T_h f = f∘T_h⁻¹."""
    B = inverse(A)
    return lambda x, y: (B[0, 0] * x + B[0, 1] * y, B[1, 0] * x + B[1, 1] * y)


def under_all_linear_maps(kernels: Kernels = ONE_TAP) -> Evidence:
    """(ΛT_h f)(x) = (Λf)(T_h⁻¹x) for 48 maps and points x at which U is defined."""
    points = [(1, 2), (2, 0), (0, 0)]
    return for_all(
        product(INVERTIBLE, points),
        lambda case: covariant(bumps, linear(case[0]), kernels, case[1]).holds,
        "(A, x): (ΛT_h f)(x) = (Λf)(T_h⁻¹x)",
    )


def scaled(n: int) -> Map:
    return lambda x, y: tuple(Fraction(1, n) * colour for colour in bumps(x, y))


def not_continuous_at_zero(moved_by: tuple[int, int] = (1, 2)) -> Evidence:
    """f/n → 0 with all derivatives, uniformly on bounded sets. Is there one value that Λ(f/n)(x) tends to for every f?

    f, and f moved: Λ(f/n)(0) = Λ(f)(0) for all n, and these differ.
    """
    sequences = [[invariant(features(scaled(n), ONE_TAP, x)) for n in (1, 10, 1000)] for x in ((0, 0), moved_by)]
    settled = all(value == values[0] for values in sequences for value in values)
    return check(
        settled and sequences[0] != sequences[1],
        "Λ(f/n)(0) is the same for all n, and not for all f",
        w=ONE_TAP, f=written(bumps), moved_by=moved_by, exp_C_U=[values[0] for values in sequences],
    )  # fmt: skip


def normalised(dets: Sequence[Fraction]) -> list[Fraction]:
    """exp(C·U) for these determinants."""
    return [d ** len(dets) / prod(dets) for d in dets]


def regularised(jacobians: Sequence[Matrix]) -> list[Fraction]:
    """exp(C·U_ε) with ε = C⁻⁴: the determinants come with a factor C⁴."""
    return normalised([Fraction(d + 1) for d in gram_determinants(jacobians)])


def same_at_every_zoom(power: int = 1) -> Evidence:
    """f_n = f(n·)/n keeps its Jacobians: (Λ_ε f_n)(x/n) = (Λ_ε f)(x), which is not (Λ_ε 0)(x); f_n = f(n·)/n^power."""

    def image(n: int) -> Map:
        return lambda x, y: tuple(Fraction(1, n**power) * colour for colour in bumps(n * x, n * y))

    values = [regularised(features(image(n), ONE_TAP, (Fraction(1, n), Fraction(2, n)))) for n in (1, 2, 50)]
    return check(values[0] == values[1] == values[2] != [1, 1, 1], "the same value at every zoom, not that of f = 0")


J4 = Statement(
    id="J4",
    paper=PAPER,
    name="DiffCNN with one tap escapes the theorem",
    source="Kan et al., K = 1, against Jansson et al. (DeepMath 2020), third theorem",
    summary=(
        "DiffCNN with {one tap}: T_h⁻¹ aligns Λ for all T_h ∈ GL(2), Λ not constant; no contradiction: not continuous"
    ),
    claim=(
        "Let {let:(Λf)(x) = U(df(x))} for C¹ images f with three colours, three channels or more with one tap w_c "
        "each: {let:V_c = (df)ᵀN_cᵀN_c df with N_c = w_c − w̄}, {let:U_c = log det V_c − mean}, where {V "
        "invertible}. Then {let:T_h⁻¹ΛT_h = Λ} for every T_h ∈ GL(2) (and every affine T_h), Λ commutes with "
        "translations, (Λf)(x) depends on f near x only, and Λ is not constant. J3 does not apply: f/n tends to zero "
        "with all derivatives and {let:Λ(f/n) = Λf}, so no value for Λ0 makes Λ continuous. With an ε and exact "
        "derivatives Λ0 vanishes, but {let:f_n = f(n·)/n} tends to zero on bounded sets for bounded f and "
        "{let:(Λf_n)(x) = (Λf)(nx)}: for periodic f the average of |Λf_n| over a period is that of |Λf|."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "one tap": Hypothesis("K = 1", lambda w: all(len(kernel) == 1 for kernel in w)),
        "V invertible": Hypothesis("det V_c ≠ 0 for every c", lambda det_V: all(det_V)),
    },
    clauses=(
        Clause(
            "T_h⁻¹ΛT_h = Λ",
            LAYER_BY_LAYER,
            EVERY_BRANCH,
            Route(
                "raw network, 48 maps",
                Method.EXHAUSTIVE,
                under_all_linear_maps,
                mutants=instead("kernels", TWO_TAPS),
                cases=144,
            ),
            over="C",
            assumed=("the chain rule for C¹ maps",),
        ),
        Clause(
            "Λ is not continuous at 0",
            Route("f/n, for two images", Method.EXACT, not_continuous_at_zero, mutants=instead("moved_by", (0, 0))),
            finite=True,
            assumed=("a continuous function that is not 0 at a point is not 0 near it",),
        ),
        Clause(
            "with ε > 0: f(n·)/n → 0 without change of the values",
            Route("zooms 1, 2, 50", Method.EXACT, same_at_every_zoom, mutants=instead("power", 0)),
            assumed=("Λ_ε sees the Jacobian only, and f(n·)/n has the Jacobians of f",),
            finite=True,
        ),
    ),
    controls=(
        Dropped("one tap", covariant, {"image": bumps, "warp": linear(2 * Matrix.identity(2)), "kernels": TWO_TAPS}),
        Dropped("V invertible", covariant, {"image": grey, "warp": linear(2 * Matrix.identity(2)), "kernels": ONE_TAP}),
        Witness("doubling", covariant, {"image": bumps, "warp": linear(2 * Matrix.identity(2)), "kernels": ONE_TAP}),
    ),
)
