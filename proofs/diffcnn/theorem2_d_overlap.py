"""T2.d: fields constant on blocks, but windows that overlap: false, with the smallest counterexample."""

from __future__ import annotations

from functools import partial

from invariance_proofs.diffcnn.layers import act, convolve, window
from invariance_proofs.diffcnn.theorem2_a_windows import E1
from invariance_proofs.diffcnn.theorem2_c_blocks import IDENTITY, STRETCH, straddling
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check
from invariance_proofs.statement import Evidence, Method, Route, Statement, Verdict, Witness


def sum_that_vanishes() -> Evidence:
    """J = E left of the boundary, −E right of it: conv(J) = 0 at the straddling window, so no N gives conv(J·M)."""
    J = {x: E1 if x[0] < 2 else -E1 for x in window(4, 2)}
    M = {x: IDENTITY if x[0] < 2 else STRETCH for x in J}
    W = dict.fromkeys(window(2), Matrix.identity(3))
    moved, still = convolve([act(J, M)], [W])[1, 0], convolve([J], [W])[1, 0]
    impossible = not any(still) and any(moved)
    return check(not impossible, "conv(J·M)(1) = conv(J)(1)·N for some N", J=J, w=W, M=M, conv_JM=moved, conv_J=still)


T2_d = Statement(
    id="T2.d",
    name="Theorem 2 on blocks with overlapping windows",
    source="Kan et al., Theorem 2 without “non overlapping windows”",
    summary="M constant on blocks, stride 1 ⇒ conv(J·M) = conv(J)·M",
    claim=(
        "If M is constant on every K×K block, the convolution with stride 1 satisfies conv(J·M)(i) = "
        "conv(J)(i)·M(i) at every pixel i."
    ),
    sizes="K = 2, w = identity, two blocks: the smallest, since K = 1 or one block cannot fail",
    verdict=Verdict.REFUTED,
    correction=(
        "A window that straddles two blocks mixes two matrices. Where the sums cancel, conv(J) = 0 and "
        "conv(J·M) ≠ 0, so conv(J·M) is not even conv(J)·N for some other N. With stride K it holds (T2.c)."
    ),
    routes=(
        Route("constant J, M = I and diag(2, 1)", Method.EXACT, partial(straddling, stride=1)),
        Route("J that cancels across the boundary: no N at all", Method.EXACT, sum_that_vanishes),
    ),
    controls=(
        Witness("stride K on the same data", partial(straddling, stride=2)),
        Witness("K = 1 on the same data", partial(straddling, stride=1, K=1)),
        Witness("one block on the same data", partial(straddling, stride=1, offset=4)),
    ),
)
