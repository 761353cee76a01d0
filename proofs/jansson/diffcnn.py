"""J4: DiffCNN with one tap as an operator on images, held against the many-layer theorem."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from itertools import product
from math import prod
from typing import Any

from invariance_proofs.diffcnn.images import Map, features, written
from invariance_proofs.diffcnn.layers import gram_determinants, invariant
from invariance_proofs.diffcnn.theorem2_h_single_tap import (
    ONE_TAP,
    TWO_TAPS,
    bumps,
    covariant,
    every_branch,
    grey,
    layer_by_layer,
)
from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.simple import INVERTIBLE, inverse
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness


def linear(A: Matrix) -> Map:
    """x ↦ A⁻¹x: T_h f = f∘T_h⁻¹."""
    B = inverse(A)
    return lambda x, y: (B[0, 0] * x + B[0, 1] * y, B[1, 0] * x + B[1, 1] * y)


def under_all_linear_maps(kernels: Any = ONE_TAP) -> Evidence:
    """(ΛT_h f)(x) = (Λf)(T_h⁻¹x) for 48 maps and points x at which U is defined."""
    points = [(1, 2), (2, 0), (0, 0)]
    return for_all(
        product(INVERTIBLE, points),
        lambda case: covariant(bumps, linear(case[0]), kernels, case[1]).holds,
        "(A, x): (ΛT_h f)(x) = (Λf)(T_h⁻¹x)",
    )


def scaled(n: int) -> Map:
    return lambda x, y: tuple(Fraction(1, n) * colour for colour in bumps(x, y))


def continuous_at_zero() -> Evidence:
    """f/n → 0 with all derivatives, uniformly on bounded sets. Is there one value that Λ(f/n)(x) tends to for every f?

    f, and f moved by (1, 2): Λ(f/n)(0) = Λ(f)(0) for all n, and these differ.
    """
    sequences = [[invariant(features(scaled(n), ONE_TAP, x)) for n in (1, 10, 1000)] for x in ((0, 0), (1, 2))]
    settled = all(value == values[0] for values in sequences for value in values)
    return check(
        not settled or sequences[0] == sequences[1],
        "Λ(f/n)(0) has one limit for all f",
        w=ONE_TAP, f=written(bumps), moved_by=(1, 2), exp_C_U=[values[0] for values in sequences],
    )  # fmt: skip


def normalised(dets: Sequence[Fraction]) -> list[Fraction]:
    """exp(C·U) for these determinants."""
    return [d ** len(dets) / prod(dets) for d in dets]


def regularised(jacobians: Sequence[Matrix]) -> list[Fraction]:
    """exp(C·U_ε) with ε = C⁻⁴: the determinants come with a factor C⁴."""
    return normalised([Fraction(d + 1) for d in gram_determinants(jacobians)])


def same_at_every_zoom(shrink: bool = True) -> Evidence:
    """f_n = f(n·)/n keeps its Jacobians: (Λ_ε f_n)(x/n) = (Λ_ε f)(x), which is not (Λ_ε 0)(x). Mutated: f_n = f(n·)."""

    def image(n: int) -> Map:
        return lambda x, y: tuple((Fraction(1, n) if shrink else 1) * colour for colour in bumps(n * x, n * y))

    values = [regularised(features(image(n), ONE_TAP, (Fraction(1, n), Fraction(2, n)))) for n in (1, 2, 50)]
    return check(values[0] == values[1] == values[2] != [1, 1, 1], "the same value at every zoom, not that of f = 0")


J4 = Statement(
    id="J4",
    paper=PAPER,
    name="DiffCNN with one tap escapes the theorem",
    source="Kan et al., K = 1, against Jansson et al. (DeepMath 2020), third theorem",
    summary="DiffCNN with K = 1: T_h⁻¹ΛT_h = Λ for all T_h ∈ GL(2), Λ not constant; no contradiction: not continuous",
    claim=(
        "Let (Λf)(x) = U(df(x)) for C¹ images f with three colours, C ≥ 3 channels with one tap w_c each: V_c = "
        "(df)ᵀN_cᵀN_c df with N_c = w_c − w̄, U_c = log det V_c − mean, where det V_c ≠ 0. Then T_h⁻¹ΛT_h = Λ for "
        "every T_h ∈ GL(2) (and every affine T_h), Λ commutes with translations, (Λf)(x) depends on f near x only, and "
        "Λ is not constant. J3 does not apply: f/n → 0 with all derivatives and Λ(f/n) = Λf, so no value for Λ0 makes "
        "Λ continuous. With ε > 0 and exact derivatives Λ0 = 0, but f_n = f(n·)/n → 0 on bounded sets for bounded f "
        "and (Λf_n)(x) = (Λf)(nx): for periodic f the average of |Λf_n| over a period is that of |Λf|."
    ),
    sizes="all C ≥ 3, every T_h; 48 maps and explicit images for the raw network",
    verdict=Verdict.PROVED,
    hypotheses={"one tap": "K = 1", "V invertible": "det V_c ≠ 0 for every c"},
    routes=(
        Route("chain rule, then T2.a, C3.a, C4.a", Method.RING, layer_by_layer),
        Route("raw network on I∘φ, all branches of Φ", Method.RANDOM, every_branch),
        Route("raw network, 48 maps", Method.EXHAUSTIVE, under_all_linear_maps),
    ),
    controls=(
        Dropped("one tap", partial(covariant, bumps, linear(2 * Matrix.identity(2)), TWO_TAPS)),
        Dropped("V invertible", partial(covariant, grey, linear(2 * Matrix.identity(2)), ONE_TAP)),
        Mutant("Λ is continuous at f = 0", continuous_at_zero),
        Mutant("two taps under all linear maps", partial(under_all_linear_maps, TWO_TAPS)),
        Mutant("f(n·) for f(n·)/n", partial(same_at_every_zoom, shrink=False)),
        Witness("ε > 0: f(n·)/n → 0 without change of the values", same_at_every_zoom),
    ),
    assumed=("the chain rule for C¹ maps", "a continuous function that is not 0 at a point is not 0 near it"),
)
