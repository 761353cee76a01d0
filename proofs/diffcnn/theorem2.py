"""T2: Theorem 2 as printed, and the equation that its proof displays for warped images."""

from __future__ import annotations

from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.images import Map, compose, features, jacobian, written
from invariance_proofs.diffcnn.layers import window
from invariance_proofs.diffcnn.theorem2_a_windows import (
    ADDING_A_TAP,
    RAW_LAYER,
    STRETCH,
    constant_stretch,
    two_matrices,
)
from invariance_proofs.diffcnn.theorem2_b_literal_group import BY_BLOCKS, any_distance, grids, near
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal
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

IN_H = Hypothesis(
    "M(p) = M(q) whenever p and q are within K of one another",
    lambda M, K: all(M[p] == M[q] for p in M for q in M if near(p, q, K)),
)

T2 = Statement(
    id="T2",
    paper=PAPER,
    name="Theorem 2 as printed",
    source="Kan et al., Theorem 2",
    summary="under the action of H_{{K,K}} on {{dI}} the convolution is H_{{K,K}} equivariant",
    claim=(
        "For every M ∈ H_{{K,K}}, which takes one value at any two points that are at most K apart in x and in y, "
        "conv(J·M) = {adding_a_tap.out[conv(J), M]}, where J·M is the product at each pixel."
    ),
    over="K taps",
    grade=Grade.DECIDED,
    verdict=Verdict.CORRECTED,
    correction=(
        "True, but of much less than is meant: this H_{{K,K}} is GL(2), the constant fields (T2.b), so “non "
        "overlapping windows” is not needed and no warp but an affine one is covered. Repaired with blocks "
        "it is T2.c. As a sentence on images I∘φ, which is what its proof displays, it is false: T2.proof."
    ),
    hypotheses={"M ∈ H_{K,K}": IN_H},
    routes=(
        Chain(
            "M is constant (T2.b), and passes through (T2.a)",
            Route("chains of steps", Method.SMT, any_distance, mutants=instead("longer", 1), over="K"),
            ADDING_A_TAP,
        ),
        Chain(
            "the same on grids",
            Route(
                "chains of pixels",
                Method.EXHAUSTIVE,
                grids,
                mutants={"same block instead of near": BY_BLOCKS},
                cases=108,
            ),
            RAW_LAYER,
        ),
    ),
    controls=(
        Dropped("M ∈ H_{K,K}", two_matrices),
        Witness("one matrix on the window", two_matrices, {"first": STRETCH}),
        Witness("not vacuous: a constant M changes the output", constant_stretch),
    ),
)


def image(x: Any, y: Any) -> tuple[Any, ...]:
    return x * x, y, 0


def displayed(warp: Map, at: Map) -> Evidence:
    """(dI′ ⋆ W)(i) = (dI ⋆ W)(at(i)) dφ(i) with I′ = I∘φ, K = 1, w = identity, at i = (1, 0)."""
    point, W = (1, 0), [{(0, 0): Matrix.identity(3)}]
    moved, still = features(compose(image, warp), W, point)[0], features(image, W, at(*point))[0]
    dphi = jacobian(warp, point)
    elsewhere = [jacobian(warp, other) for other in window(3)]
    return equal(
        moved,
        still @ dphi,
        what="(dI′ ⋆ W)(i) = (dI ⋆ W)(i) dφ(i)",
        I=written(image),
        phi=written(warp),
        i=point,
        M=dict(zip(window(3), elsewhere, strict=True)),
        K=1,
    )


def here(x: Any, y: Any) -> tuple[Any, ...]:
    return x, y


def shift(x: Any, y: Any) -> tuple[Any, ...]:
    return x + 1, y


def double(x: Any, y: Any) -> tuple[Any, ...]:
    return 2 * x, 2 * y


KEPT = {warp: {"J taken at φ(i)": {"at": warp}, "φ = identity": {"warp": here}} for warp in (shift, double)}

T2_proof = Statement(
    id="T2.proof",
    paper=PAPER,
    name="the equation displayed in the proof of Theorem 2",
    source="Kan et al., proof of Theorem 2, J_{φ(i,j)} dφ(i,j) ≈ J_{ij} dφ(i,j)",
    summary="for a warped image {let:I' = I∘φ} with dφ ∈ H_{{K,K}}: {let:(dI'⋆W)(i) = (dI⋆W)(i) dφ(i)}",
    claim=(
        "If {let:I′ = I∘φ} and dφ ∈ H_{{K,K}}, then {let:(dI′ ⋆ W)(i) = (dI ⋆ W)(i) dφ(i)} with the Jacobians of "
        "both sides taken at the same pixel i."
    ),
    at="K = 1, w = identity",
    hypotheses={"dφ ∈ H_{K,K}": IN_H},
    verdict=Verdict.REFUTED,
    correction=(
        "The chain rule gives J(φ(i)) dφ(i); the proof replaces J(φ(i)) by J(i). A translation has dφ = I, "
        "the most constant field there is, and moves J. What is dropped is at most Lip(J)·|φ(x) − x|·‖dφ(x)‖ "
        "(T2.g). Kept, it turns equivariance into covariance: exact for K = 1 (T2.h), not for K > 1, not "
        "even for affine φ (T2.h.window)."
    ),
    routes=(
        Route("translation by one pixel, dφ = I", Method.EXACT, displayed, {"warp": shift, "at": here}, KEPT[shift]),
        Route(
            "dilation about the origin, dφ = 2I", Method.EXACT, displayed, {"warp": double, "at": here}, KEPT[double]
        ),
    ),
    controls=(
        Witness("φ = identity", displayed, {"warp": here, "at": here}),
        Witness(
            "the tap at (1, 0) reads dI one pixel to the right",
            lambda: equal(
                features(image, [{(1, 0): Matrix.identity(3)}], (0, 0))[0], jacobian(image, (1, 0)), what="dI(1, 0)"
            ),
        ),
    ),
)
