"""T2.c: Theorem 2 repaired: fields constant on K×K blocks, windows that are the blocks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import product
from operator import matmul

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.layers import act, block, convolve, window
from invariance_proofs.diffcnn.theorem2_a_windows import ADDING_A_TAP, E1, PLAIN, TRANSPOSED
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.coq import pinned
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.smt import impossible
from invariance_proofs.statement import (
    Chain,
    Dropped,
    Evidence,
    Formula,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    all_of,
    instead,
)

IDENTITY, STRETCH = Matrix.identity(2), Matrix.diagonal(2, 1)


def windows_are_blocks(K: Sequence[int] = (1, 2, 3, 4, 5), wider: int = 0) -> Evidence:
    """The window of output o at stride K + wider lies in block o, for outputs o ≤ 5."""
    cases = [case for k in K for case in product([k], range(6), range(k), range(k))]  # K, output, tap
    return for_all(
        cases,
        lambda c: block(((c[0] + wider) * c[1] + c[2], c[3]), c[0]) == (c[1], 0),
        "(K, o, tap): the tap of output o lies in block o",
    )


MET = ((1, 0, 0), (5, 3, 4))
"""Blocks, outputs and offsets of which the claim speaks."""


def window_is_block(stride: int = 0) -> Evidence:
    """K o ≤ (K + stride) o + k < K (o + 1) for 0 ≤ k < K: the tap at offset k lies in block o, whatever K."""
    given = "K o k"
    return all_of(
        impossible(
            lambda K, o, k: [k >= 0, k < K, o >= 0, (K + stride) * o + k < K * o], given, "not before block o", MET
        ),
        impossible(
            lambda K, o, k: [k < K, o >= 0, (K + stride) * o + k >= K * (o + 1)], given, "not behind block o", MET
        ),
    )


def two_blocks(power: int = 1) -> Evidence:
    """K = 2, stride 2 on a 4×2 grid, everything symbolic: conv(J·M)(o) − conv(J)(o)·M_o^power."""
    taps = window(2)
    *numbers, left, right = unknowns(**{f"J{x}{y}": (3, 2) for x, y in window(4, 2)}, w=(3, 12), M=(2, 2), N=(2, 2))
    J, w = dict(zip(window(4, 2), numbers, strict=False)), numbers[-1]
    W = {tap: Matrix.of(row[3 * n : 3 * n + 3] for row in w.rows) for n, tap in enumerate(taps)}
    M = {x: (left, right)[x[0] // 2] for x in J}
    moved, still = convolve([act(J, M)], [W], stride=2), convolve([J], [W], stride=2)
    allowed = [reduce(matmul, [m] * power) for m in (left, right)]
    return vanishes([moved[o, 0] - still[o, 0] @ allowed[o] for o in (0, 1)], what=f"conv(J·M) = conv(J)·M^{power}")


def raw_layer(out: Formula = PLAIN) -> Evidence:
    """K = 3, stride 3 on a 6×6 grid, two input channels, one matrix for each of the four blocks."""

    def residual(draw: Draw) -> object:
        K, pixels = 3, window(6)
        J = [{x: draw.matrix(3, 2) for x in pixels} for c in range(2)]
        W = [{k: draw.matrix(3, 3) for k in window(K)} for c in range(2)]
        blocks = {o: draw.matrix(2, 2) for o in window(2)}
        M = {x: blocks[block(x, K)] for x in pixels}
        moved, still = convolve([act(field, M) for field in J], W, stride=K), convolve(J, W, stride=K)
        return [moved[o] - still[o] @ out(blocks[o]) for o in blocks]

    return schwartz_zippel(residual, what=f"conv(J·M) = conv(J)·{out}")


def straddling(stride: int, offset: int = 0, K: int = 2) -> Evidence:
    """Two 2×2 blocks, moved left by `offset`; taps I; J = E everywhere; M = I on one block, diag(2, 1) on the other."""
    J = dict.fromkeys(window(4, 2), E1)
    M = {x: IDENTITY if x[0] + offset < 2 else STRETCH for x in J}
    W = dict.fromkeys(window(K), Matrix.identity(3))
    moved, still = convolve([act(J, M)], [W], stride=stride), convolve([J], [W], stride=stride)
    wanted = {o: still[o] @ M[stride * o[0], stride * o[1]] for o in still}
    return equal(
        moved, wanted, what="conv(J·M)(o) = conv(J)(o)·M(stride·o)", J=J, w=W, M=M, K=K, stride=stride, offset=offset
    )


THEOREM = (
    "forall (R : ringType) (K a m n : nat) (channel : finType) (w : channel -> 'I_K -> 'I_K -> 'M[R]_(a, m)) "
    "(J : channel -> nat -> nat -> 'M[R]_(m, n)) (M : nat -> nat -> 'M[R]_n) (s t : nat), "
    "convolution w (fun c x y => J c x y *m M ({} %/ K)%N ({} %/ K)%N) s t = convolution w J s t *m M {}"
)

CONVOLUTION = (
    "fun (R : ringType) (K a m n : nat) (channel : finType) (w : channel -> 'I_K -> 'I_K -> 'M[R]_(a, m)) "
    "(I : channel -> nat -> nat -> 'M[R]_(m, n)) (s t : nat) => "
    r"\sum_c \sum_k \sum_l w c k l *m I c (K * s + k)%N (K * t + l)%N"
)

T2_c = Statement(
    id="T2.c",
    paper=PAPER,
    name="Theorem 2 on blocks with non-overlapping windows",
    source="Kan et al., Theorem 2 with “We will assume non overlapping windows”",
    summary=(
        "M constant on each K×K block, stride K, the windows are the blocks ⇒ conv(J·M) = {adding_a_tap.out[conv(J), "
        "M]} exactly"
    ),
    claim=(
        "If M is constant on every block of K×K pixels and the convolution has stride K with its windows on the "
        "blocks, then conv(J·M)(o) = {adding_a_tap.out[conv(J)(o), M_o]} for every output o: window o is block o, "
        "where T2.a applies."
    ),
    over="K taps",
    verdict=Verdict.CORRECTED,
    correction=(
        "The paper defines H_{{K,K}} by distance, which leaves constant fields only (T2.b). Its proof is right "
        "for fields constant on blocks, with stride K and windows aligned with the blocks (no padding that "
        "is not a multiple of K); it then speaks of the pointwise action, not of warped images (T2.proof)."
    ),
    hypotheses={
        "stride K": Hypothesis("the stride is the block size", lambda K, stride: stride == K),
        "aligned windows": Hypothesis(
            "the first window starts at the corner of a block", lambda K, offset: offset % K == 0
        ),
    },
    routes=(
        Chain(
            "window o = block o, and T2.a",
            Route("every offset", Method.SMT, window_is_block, mutants=instead("stride", 1), over="K", cases=2),
            ADDING_A_TAP,
        ),
        Route(
            "pixels of windows", Method.EXHAUSTIVE, windows_are_blocks, mutants=instead("wider", 1), over="K", cases=330
        ),
        Route("two blocks", Method.RING, two_blocks, mutants=instead("power", 2), at="K = 2", cases=12),
        Route(
            "raw layer", Method.RANDOM, raw_layer, mutants=instead("out", TRANSPOSED), at="K = 3, four blocks", cases=24
        ),
        Route(
            "rings, commutative or not",
            Method.COQ,
            pinned,
            {
                "theory": "T2_c_blocks",
                "said": {"constant_on_blocks_passes": THEOREM.format("x", "y", "s t")},
                "defined": {"convolution": CONVOLUTION},
            },
            {"M of another block": {"said": {"constant_on_blocks_passes": THEOREM.format("x", "y", "t s")}}},
            over="K channel",
        ),
    ),
    controls=(
        Dropped("stride K", straddling, {"stride": 1}),
        Dropped("aligned windows", straddling, {"stride": 2, "offset": 1}),
        Witness("the same data with stride 2, aligned", straddling, {"stride": 2}),
    ),
)
