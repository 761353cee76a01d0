"""T2.c: Theorem 2 repaired: fields constant on K×K blocks, windows that are the blocks."""

from __future__ import annotations

from functools import partial
from itertools import product

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.layers import act, block, convolve, window
from invariance_proofs.diffcnn.theorem2_a_windows import E1, adding_a_tap
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.coq import closed
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of

IDENTITY, STRETCH = Matrix.identity(2), Matrix.diagonal(2, 1)


def windows_are_blocks(stride: int | None = None) -> Evidence:
    """The window of output o (stride K unless given) lies in block o, for K ≤ 5 and outputs o ≤ 5."""
    cases = product(range(1, 6), range(6), range(5), range(5))  # K, output, tap
    return for_all(
        [case for case in cases if max(case[2:]) < case[0]],
        lambda c: block(((stride or c[0]) * c[1] + c[2], c[3]), c[0]) == (c[1], 0),
        "(K, o, tap): the tap of output o lies in block o",
    )


def two_blocks(power: int = 1) -> Evidence:
    """K = 2, stride 2 on a 4×2 grid, everything symbolic: conv(J·M)(o) − conv(J)(o)·M_o^power."""
    taps = window(2)
    *numbers, left, right = unknowns(**{f"J{x}{y}": (3, 2) for x, y in window(4, 2)}, w=(3, 12), M=(2, 2), N=(2, 2))
    J, w = dict(zip(window(4, 2), numbers, strict=False)), numbers[-1]
    W = {tap: Matrix.of(row[3 * n : 3 * n + 3] for row in w.rows) for n, tap in enumerate(taps)}
    M = {x: (left, right)[x[0] // 2] for x in J}
    moved, still = convolve([act(J, M)], [W], stride=2), convolve([J], [W], stride=2)
    allowed = (left, right) if power == 1 else (left @ left, right @ right)
    return vanishes([moved[o, 0] - still[o, 0] @ allowed[o] for o in (0, 1)], what=f"conv(J·M) = conv(J)·M^{power}")


def raw_layer(draw: Draw) -> object:
    """K = 3, stride 3 on a 6×6 grid, two input channels, one matrix for each of the four blocks."""
    K, pixels = 3, window(6)
    J = [{x: draw.matrix(3, 2) for x in pixels} for c in range(2)]
    W = [{k: draw.matrix(3, 3) for k in window(K)} for c in range(2)]
    blocks = {o: draw.matrix(2, 2) for o in window(2)}
    M = {x: blocks[block(x, K)] for x in pixels}
    moved, still = convolve([act(field, M) for field in J], W, stride=K), convolve(J, W, stride=K)
    return [moved[o] - still[o] @ blocks[o] for o in blocks]


def straddling(stride: int, offset: int = 0, K: int = 2) -> Evidence:
    """Two 2×2 blocks, moved left by `offset`; taps I; J = E everywhere; M = I on one block, diag(2, 1) on the other."""
    J = dict.fromkeys(window(4, 2), E1)
    M = {x: IDENTITY if x[0] + offset < 2 else STRETCH for x in J}
    W = dict.fromkeys(window(K), Matrix.identity(3))
    moved, still = convolve([act(J, M)], [W], stride=stride), convolve([J], [W], stride=stride)
    wanted = {o: still[o] @ M[stride * o[0], stride * o[1]] for o in still}
    return equal(moved, wanted, what="conv(J·M)(o) = conv(J)(o)·M(stride·o)", J=J, w=W, M=M, K=K, stride=stride)


T2_c = Statement(
    id="T2.c",
    paper=PAPER,
    name="Theorem 2 on blocks with non-overlapping windows",
    source="Kan et al., Theorem 2 with “We will assume non overlapping windows”",
    summary="M constant on each K×K block, stride K, windows = blocks ⇒ conv(J·M) = conv(J)·M exactly",
    claim=(
        "If M is constant on every block {Ko, …, Ko + K − 1}² and the convolution has stride K with its "
        "windows on the blocks, then conv(J·M)(o) = conv(J)(o)·M_o for every output o: window o is block o, "
        "where T2.a applies."
    ),
    sizes="all K, all C (indices listed for K ≤ 5)",
    verdict=Verdict.CORRECTED,
    correction=(
        "The paper defines H_{K,K} by distance, which leaves constant fields only (T2.b). Its proof is right "
        "for fields constant on blocks, with stride K and windows aligned with the blocks (no padding that "
        "is not a multiple of K); it then speaks of the pointwise action, not of warped images (T2.proof)."
    ),
    hypotheses={
        "stride K": "the stride is the block size",
        "aligned windows": "the first window starts at the corner of a block",
    },
    routes=(
        Route(
            "window o = block o, and T2.a",
            Method.SYMBOLIC,
            lambda: all_of(windows_are_blocks(), adding_a_tap()),
        ),
        Route("K = 2, two blocks", Method.RING, two_blocks),
        Route(
            "raw layer, K = 3, four blocks, two channels",
            Method.RANDOM,
            partial(schwartz_zippel, raw_layer, what="conv(J·M) = conv(J)·M"),
        ),
        Route(
            "every K, every ring",
            Method.COQ,
            partial(closed, "T2_c_blocks", "window_is_block", "constant_on_blocks_passes"),
        ),
    ),
    controls=(
        Dropped("stride K", partial(straddling, stride=1)),
        Dropped("aligned windows", partial(straddling, stride=2, offset=1)),
        Mutant("M² comes out", partial(two_blocks, power=2)),
        Mutant("windows at stride 1 are blocks", partial(windows_are_blocks, stride=1)),
        Witness("the same data with stride 2, aligned", partial(straddling, stride=2)),
    ),
)
