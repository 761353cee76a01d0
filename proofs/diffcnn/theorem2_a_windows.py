"""T2.a: a matrix that is constant on a window passes through the convolution, in every size and over every ring."""

from __future__ import annotations

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.layers import act, convolve, window
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.coq import pinned
from invariance_proofs.routes.exact import check, equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.symbolic import free, induction
from invariance_proofs.statement import (
    Dropped,
    Evidence,
    Formula,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

E1 = Matrix.of([[1, 0], [0, 1], [0, 0]])


RIGHT = Formula("J·M", lambda J, M: J * M)
LEFT = Formula("M·J", lambda J, M: M * J)
PLAIN = Formula.of(lambda M: M)
TRANSPOSED = Formula.of(lambda M: M.T)


def adding_a_tap(out: Formula = RIGHT) -> Evidence:
    """S_n = Σ_{j≤n} w_j J_j over the n pairs (input channel, tap): S_n(J·M) = S_n(J) M by induction on n."""
    S, w, J, M = free("S w J M")
    return induction(base=(0, out(0, M)), step=(out(S, M) + w * (J * M), out(S + w * J, M)), over="taps", what="S(J·M)")


ADDING_A_TAP = Route(
    "induction over the pairs (channel, tap)",
    Method.SYMBOLIC,
    adding_a_tap,
    mutants=instead("out", LEFT),
    over="taps",
    cases=2,
)
"""M passes through a sum of any number of terms: a step of other entries' proofs."""


def raw_layer(out: Formula = PLAIN) -> Evidence:
    """conv(J·M) − conv(J)·M (or Mᵀ) of a 3×3 kernel on two input channels, one M for the whole window."""

    def residual(draw: Draw) -> object:
        taps, M = window(3), draw.matrix(2, 2)
        J = [{x: draw.matrix(3, 2) for x in taps} for c in range(2)]
        W = [{k: draw.matrix(3, 3) for k in taps} for c in range(2)]
        moved = convolve([act(field, dict.fromkeys(taps, M)) for field in J], W)
        return moved[0, 0] - convolve(J, W)[0, 0] @ out(M)

    return schwartz_zippel(residual, what=f"conv(J·M) = conv(J)·{out}")


RAW_LAYER = Route(
    "raw layer", Method.RANDOM, raw_layer, mutants=instead("out", TRANSPOSED), at="K = 3, two input channels", cases=6
)


def generic_pair(out: Formula = PLAIN) -> Evidence:
    J, W, M = unknowns(J=(6, 2), W=(3, 6), M=(2, 2))
    return vanishes((W @ (J @ M)) - (W @ J) @ out(M), what=f"[w₁ w₂] (J M) = ([w₁ w₂] J) {out}, stacked")


SAME, STRETCH = Matrix.identity(2), Matrix.diagonal(2, 1)


def two_matrices(first: Matrix = SAME) -> Evidence:
    """Taps w = I at two pixels with J = E, −E, and M = I, diag(2, 1): no single matrix comes out."""
    J, W = {(0, 0): E1, (1, 0): -E1}, dict.fromkeys([(0, 0), (1, 0)], Matrix.identity(3))
    M = {(0, 0): first, (1, 0): STRETCH}
    left, right = convolve([act(J, M)], [W])[0, 0], convolve([J], [W])[0, 0] @ first
    return equal(left, right, what="conv(J·M) = conv(J)·M(0, 0)", J=J, w=W, M=M, K=1)


def constant_stretch() -> Evidence:
    W, M = {(0, 0): Matrix.identity(3)}, {(0, 0): Matrix.diagonal(2, 1)}
    out = convolve([act({(0, 0): E1}, M)], [W])[0, 0]
    return check(out == E1 @ M[0, 0] != E1, "conv(J·M) = conv(J)·M ≠ conv(J) for M = diag(2, 1)", J=E1)


def one_tap() -> Evidence:
    """w at (1, 0), which is not symmetric, and 0 at (0, 0): the output is w J(1, 0)."""
    w, J = Matrix.of([[1, 2, 0], [0, 1, 3], [0, 0, 1]]), {(0, 0): -E1, (1, 0): E1}
    out = convolve([J], [{(0, 0): 0 * w, (1, 0): w}])[0, 0]
    return equal(out, w @ E1, what="conv(J)(0, 0) = w J(1, 0)", J=J, w=w)


GIVEN = (
    "forall (R : ringType) (o m n p : nat) (channel taps : finType) (w : channel -> taps -> 'M[R]_(o, m)) "
    "(J : channel -> taps -> 'M[R]_(m, n)) (F : channel -> taps -> 'M[R]_(n, p)) (M : 'M[R]_(n, p)), "
)
CONSTANT = "(forall c k, F c k = M) -> "
PASSES = r"\sum_c \sum_k w c k *m (J c k *m F c k) = (\sum_c \sum_k w c k *m J c k) *m M"

T2_a = Statement(
    id="T2.a",
    paper=PAPER,
    name="a constant matrix passes through a window",
    source="Kan et al., Theorem 2 (the step from equation (2))",
    summary="M constant on a window ⇒ conv(J·M) = {adding_a_tap.out[conv(J), M]} there",
    claim=(
        "{M constant on the window} of the window at i ⇒ with J_c(i + k) M in place of J_c(i + k) the sum S over "
        "channels and taps of w_{{c,k}} J_c(i + k) becomes {adding_a_tap.out[S, M]}, for any window, any number of "
        "channels, any stride, and entries in any ring."
    ),
    over="taps",
    verdict=Verdict.PROVED,
    hypotheses={
        "M constant on the window": Hypothesis("M(i + k) = M for every tap k", lambda M: len(set(M.values())) == 1)
    },
    routes=(
        ADDING_A_TAP,
        RAW_LAYER,
        Route(
            "two taps stacked", Method.RING, generic_pair, mutants=instead("out", TRANSPOSED), at="two taps", cases=6
        ),
        Route(
            "rings, commutative or not",
            Method.COQ,
            pinned,
            {"theory": "T2_a_windows", "said": {"constant_field_passes": GIVEN + CONSTANT + PASSES}},
            {"M not constant": {"said": {"constant_field_passes": GIVEN + PASSES}}},
            over="taps",
        ),
    ),
    controls=(
        Dropped("M constant on the window", two_matrices),
        Witness("one matrix on the window", two_matrices, {"first": STRETCH}),
        Witness("not vacuous: a constant M changes the output", constant_stretch),
        Witness("the tap at (1, 0) multiplies the pixel to the right", one_tap),
    ),
)
