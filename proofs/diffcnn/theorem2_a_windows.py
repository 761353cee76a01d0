"""T2.a: a matrix that is constant on a window passes through the convolution, in every size and over every ring."""

from __future__ import annotations

from functools import partial

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.layers import act, convolve, window
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.coq import closed
from invariance_proofs.routes.exact import check, equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.symbolic import free, induction
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness

E1 = Matrix.of([[1, 0], [0, 1], [0, 0]])


def adding_a_tap(side: str = "right") -> Evidence:
    """S_n = Σ_{j≤n} w_j J_j over the n pairs (input channel, tap): S_n(J·M) = S_n(J) M by induction on n."""
    S, w, J, M = free("S w J M")
    if side == "left":
        return induction(base=(0, M * 0), step=(M * S + w * (M * J), M * (S + w * J)), what="S(M·J) = M S(J)")
    return induction(base=(0, 0 * M), step=(S * M + w * (J * M), (S + w * J) * M), what="S(J·M) = S(J) M")


def raw_layer(draw: Draw, transposed: bool = False) -> object:
    """Residual conv(J·M) − conv(J)·M (or Mᵀ) of a 3×3 kernel on two input channels, one M for the whole window."""
    taps, M = window(3), draw.matrix(2, 2)
    J = [{x: draw.matrix(3, 2) for x in taps} for c in range(2)]
    W = [{k: draw.matrix(3, 3) for k in taps} for c in range(2)]
    moved = convolve([act(field, dict.fromkeys(taps, M)) for field in J], W)
    return moved[0, 0] - convolve(J, W)[0, 0] @ (M.T if transposed else M)


def on_the_raw_layer(transposed: bool = False) -> Evidence:
    what = f"conv(J·M) = conv(J)·M{'ᵀ' if transposed else ''}"
    return schwartz_zippel(partial(raw_layer, transposed=transposed), what=what)


def generic_pair() -> Evidence:
    J, W, M = unknowns(J=(6, 2), W=(3, 6), M=(2, 2))
    return vanishes((W @ (J @ M)) - (W @ J) @ M, what="[w₁ w₂] (J M) = ([w₁ w₂] J) M, stacked")


def two_matrices() -> Evidence:
    """Taps w = I at two pixels with J = E, and M = I, diag(2, 1): no single matrix comes out."""
    identity, stretch = Matrix.identity(2), Matrix.diagonal(2, 1)
    J, W = {(0, 0): E1, (1, 0): -E1}, dict.fromkeys([(0, 0), (1, 0)], Matrix.identity(3))
    M = {(0, 0): identity, (1, 0): stretch}
    left, right = convolve([act(J, M)], [W])[0, 0], convolve([J], [W])[0, 0] @ identity
    return equal(left, right, what="conv(J·M) = conv(J)·M(0, 0)", J=J, w=W, M=M)


def constant_stretch() -> Evidence:
    W, M = {(0, 0): Matrix.identity(3)}, {(0, 0): Matrix.diagonal(2, 1)}
    out = convolve([act({(0, 0): E1}, M)], [W])[0, 0]
    return check(out == E1 @ M[0, 0] != E1, "conv(J·M) = conv(J)·M ≠ conv(J) for M = diag(2, 1)", J=E1)


T2_a = Statement(
    id="T2.a",
    paper=PAPER,
    name="a constant matrix passes through a window",
    source="Kan et al., Theorem 2 (the step from equation (2))",
    summary="M constant on a window ⇒ conv(J·M) = conv(J)·M there",
    claim=(
        "If M(i + k) = M for every tap k of the window at i, then Σ_c Σ_k w_{c,k} (J_c(i + k) M) = (Σ_c Σ_k "
        "w_{c,k} J_c(i + k)) M, for any window, any number of channels, any stride, and entries in any ring."
    ),
    sizes="all K, all C, every ring",
    verdict=Verdict.PROVED,
    hypotheses={"M constant on the window": "M(i + k) = M for every tap k"},
    routes=(
        Route("induction over the pairs (channel, tap)", Method.SYMBOLIC, adding_a_tap),
        Route("raw layer, K = 3, two channels", Method.RANDOM, on_the_raw_layer),
        Route("two taps stacked", Method.RING, generic_pair),
        Route(
            "every ring, window and number of channels",
            Method.COQ,
            partial(closed, "T2_a_windows", "constant_matrix_passes", "constant_field_passes"),
        ),
    ),
    controls=(
        Dropped("M constant on the window", two_matrices),
        Mutant("M on the left", partial(adding_a_tap, "left")),
        Mutant("transposed M comes out", partial(on_the_raw_layer, transposed=True)),
        Witness("not vacuous: a constant M changes the output", constant_stretch),
    ),
)
