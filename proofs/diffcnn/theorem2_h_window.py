"""T2.h.window: with more than one tap covariance is lost, for affine warps already."""

from __future__ import annotations

from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.theorem2_h_single_tap import TWO_TAPS, bumps, covariant
from invariance_proofs.matrix import Matrix
from invariance_proofs.statement import Hypothesis, Method, Route, Statement, Verdict, Witness

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


def double(x: Any, y: Any) -> tuple[Any, ...]:
    return 2 * x, 2 * y


FIRST_TAP = [{(0, 0): kernel[0, 0]} for kernel in KERNELS]
TURNED = {"image": bumps, "warp": quarter_turn, "kernels": KERNELS}
TRUE = {"a translation": {"warp": shift}, "K = 1": {"kernels": FIRST_TAP}}

T2_h_window = Statement(
    id="T2.h.window",
    paper=PAPER,
    name="more taps: no covariance",
    source="Kan et al., Theorem 2 with Corollaries 3 and 4, K > 1, read for warped images",
    summary="{K > 1}: {let:U[I∘φ] = U[I]∘φ} for every φ with dφ ∈ H_{{K,K}}",
    claim=(
        "For {K > 1}, exact Jacobians and any φ with dφ ∈ H_{{K,K}}, {let:U[I∘φ](x) = U[I](φ(x))} wherever both are "
        "defined."
    ),
    at="K = 2, C = 3",
    hypotheses={
        "K > 1": Hypothesis("K > 1", lambda w: all(len(kernel) > 1 for kernel in w)),
        "dφ ∈ H_{K,K}": Hypothesis("dφ is constant (T2.b)", lambda second_derivatives: not any(second_derivatives)),
        "defined": Hypothesis("det V_c ≠ 0 for every c at φ(x)", lambda det_V: all(det_V)),
    },
    verdict=Verdict.REFUTED,
    correction=(
        "The taps of I∘φ sit at φ(x + k), those of I at φ(x) + k. These are the same points for translations "
        "only: a rotation by 90°, whose dφ is as constant as can be, already breaks it. The defect is of "
        "first order in the distance of the taps and in dφ − I: T2.h.order."
    ),
    routes=(
        Route("rotation by 90° about the origin", Method.EXACT, covariant, TURNED, TRUE),
        Route("dilation about the origin", Method.EXACT, covariant, TURNED | {"warp": double}, TRUE),
    ),
    controls=(
        Witness("a translation", covariant, TURNED | {"warp": shift}),
        Witness("the same rotation, K = 1", covariant, TURNED | {"kernels": FIRST_TAP}, without="K > 1"),
    ),
)
