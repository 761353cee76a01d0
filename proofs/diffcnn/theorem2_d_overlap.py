"""T2.d: fields constant on blocks, but windows that overlap: false, with the smallest counterexample."""

from __future__ import annotations

from collections.abc import Mapping

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.layers import Pixel, act, block, convolve, window
from invariance_proofs.diffcnn.theorem2_a_windows import E1
from invariance_proofs.diffcnn.theorem2_c_blocks import IDENTITY, STRETCH, straddling
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check
from invariance_proofs.statement import Evidence, Hypothesis, Method, Route, Statement, Verdict, Witness, instead


def sum_that_vanishes(right: int = -1) -> Evidence:
    """J = E left of the boundary, right·E right of it: for −1 conv(J) = 0 at the straddling window, so no N will do."""
    J = {x: E1 if x[0] < 2 else right * E1 for x in window(4, 2)}
    M = {x: IDENTITY if x[0] < 2 else STRETCH for x in J}
    W = dict.fromkeys(window(2), Matrix.identity(3))
    moved, still = convolve([act(J, M)], [W])[1, 0], convolve([J], [W])[1, 0]
    return check(any(still) or not any(moved), "conv(J·M)(1) = conv(J)(1)·N for some N", J=J, w=W, M=M, K=2)


def constant_on_blocks(M: Mapping[Pixel, Matrix], K: int) -> bool:
    return all(M[x] == M[y] for x in M for y in M if block(x, K) == block(y, K))


TWINS = {"stride K": {"stride": 2}, "K = 1": {"K": 1}, "one block": {"offset": 4}}

T2_d = Statement(
    id="T2.d",
    paper=PAPER,
    name="Theorem 2 on blocks with overlapping windows",
    source="Kan et al., Theorem 2 without “non overlapping windows”",
    summary="M constant on blocks, stride {straddling.stride} ⇒ {let:conv(J·M) = conv(J)·M}",
    claim=(
        "If M is constant on every K×K block, the convolution with stride {straddling.stride} satisfies "
        "{let:conv(J·M)(i) = conv(J)(i)·M(i)} at every pixel i."
    ),
    verdict=Verdict.REFUTED,
    at="K = 2",
    hypotheses={"M constant on blocks": Hypothesis("M(x) = M(y) for x, y in one K×K block", constant_on_blocks)},
    correction=(
        "A window that straddles two blocks mixes two matrices. Where the sums cancel, conv(J) = 0 and "
        "conv(J·M) ≠ 0, so conv(J·M) is not even conv(J)·N for some other N. With stride K it holds (T2.c)."
    ),
    routes=(
        Route("constant J, M = I and diag(2, 1)", Method.EXACT, straddling, {"stride": 1}, TWINS),
        Route("J that cancels: no N at all", Method.EXACT, sum_that_vanishes, mutants=instead("right", 1)),
    ),
    controls=(Witness("stride K on the same data", straddling, {"stride": 2}),),
)
