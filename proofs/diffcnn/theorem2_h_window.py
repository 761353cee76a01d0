"""T2.h.window: with more than one tap covariance is lost, for affine warps already."""

from __future__ import annotations

from functools import partial
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.theorem2_h_single_tap import TWO_TAPS, bend, bumps, covariant
from invariance_proofs.matrix import Matrix
from invariance_proofs.statement import Method, Route, Statement, Verdict, Witness

LOWER = ((1, 1, 1), (1, 1, 1)), ((3, 2, 1), (2, 1, 3)), ((1, 1, 3), (1, 3, 1))
KERNELS = [
    upper | {(0, 1): Matrix.diagonal(*left), (1, 1): Matrix.diagonal(*right)}
    for upper, (left, right) in zip(TWO_TAPS, LOWER, strict=True)
]
"""K = 2: the four taps of a kernel are one diagonal matrix, permuted."""


def quarter_turn(x: Any, y: Any) -> tuple[Any, ...]:
    return -y, x


def shift(x: Any, y: Any) -> tuple[Any, ...]:
    return x + 2, y - 1


T2_h_window = Statement(
    id="T2.h.window",
    paper=PAPER,
    name="more taps: no covariance",
    source="Kan et al., Theorem 2 with Corollaries 3 and 4, K > 1, read for warped images",
    summary="K > 1: U[I∘φ] = U[I]∘φ for every φ with dφ ∈ H_{K,K}",
    claim="For K > 1, exact Jacobians and any φ with dφ ∈ H_{K,K}, U[I∘φ](x) = U[I](φ(x)) wherever both are defined.",
    sizes="K = 2, C = 3, explicit polynomial image and warps",
    verdict=Verdict.REFUTED,
    correction=(
        "The taps of I∘φ sit at φ(x + k), those of I at φ(x) + k. These are the same points for translations "
        "only: a rotation by 90°, whose dφ is as constant as can be, already breaks it. The defect is of "
        "first order in the distance of the taps and in dφ − I: T2.h.order."
    ),
    routes=(
        Route("rotation by 90° about the origin", Method.EXACT, partial(covariant, bumps, quarter_turn, KERNELS)),
        Route("a curved warp", Method.EXACT, partial(covariant, bumps, bend, KERNELS)),
    ),
    controls=(
        Witness("a translation", partial(covariant, bumps, shift, KERNELS)),
        Witness(
            "the same rotation, K = 1", partial(covariant, bumps, quarter_turn, [{(0, 0): k[0, 0]} for k in KERNELS])
        ),
    ),
)
