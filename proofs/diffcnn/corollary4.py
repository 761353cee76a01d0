"""C4: Corollary 4 as printed, with H acting on the image's Jacobian dI in front of the network."""

from __future__ import annotations

from collections.abc import Sequence

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.corollary4_a_invariance import E1, E2, E3, SHEAR, unchanged
from invariance_proofs.diffcnn.layers import Pixel, act, convolve, flip, gram_determinants, unequal_invariants, window
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.statement import Evidence, Hypothesis, Method, Route, Statement, Verdict, Witness, instead

IDENTITY, STRETCH, ONE = Matrix.identity(2), Matrix.diagonal(2, 1), Matrix.identity(3)


def network(J: dict, kernels: list[dict]) -> list[Matrix]:
    """The C channels in front of the invariant layer: one window of convolution, then Φ with A = I."""
    return [flip(convolve([J], [W])[0, 0], ONE) for W in kernels]


def one_window(stretched: Sequence[Pixel] = ((0, 0),)) -> Evidence:
    """K = 2, C = 3, one window, dI = E everywhere; M = diag(2, 1) at the stretched pixels and I elsewhere."""
    taps = window(2)
    J = dict.fromkeys(taps, E1)
    M = {x: STRETCH if x in stretched else IDENTITY for x in taps}
    scales = [
        [(1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1)],
        [(2, 1, 1), (1, 2, 1), (2, 1, 1), (1, 1, 2)],
        [(1, 1, 3), (1, 3, 1), (1, 3, 1), (3, 1, 1)],
    ]  # the taps of a kernel share their scales, as the paper's do
    kernels = [{x: Matrix.diagonal(*s) for x, s in zip(taps, row, strict=True)} for row in scales]
    before, after = (gram_determinants(network(field, kernels)) for field in (J, act(J, M)))
    return check(
        all(before) and all(after) and not any(unequal_invariants(before, after)),
        "U(dI·M) = U(dI), both defined",
        J=J, w=kernels, M=M, det_V_before=before, det_V_after=after,
    )  # fmt: skip


def generic_window(taps: int = 2) -> Evidence:
    """C = 3, taps in a row, one matrix for each pixel, no nonlinearity (A = I and generic entries: Φ = id)."""

    def residual(draw: Draw) -> object:
        row = window(taps, 1)
        J = {x: draw.matrix(3, 2) for x in row}
        M = {x: draw.matrix(2, 2) for x in row}
        W = [{k: draw.matrix(3, 3) for k in row} for c in range(3)]
        before, after = (gram_determinants([convolve([f], [w])[0, 0] for w in W]) for f in (J, act(J, M)))
        return unequal_invariants(before, after)

    return schwartz_zippel(residual, what="U(dI·M) = U(dI)")


C4 = Statement(
    id="C4",
    paper=PAPER,
    name="Corollary 4 as printed",
    source="Kan et al., Corollary 4",
    summary="under any group action of H on {{dI}}, the invariant layer is H-invariant",
    claim=(
        "For every field M of invertible matrices, the output U of convolution, nonlinearity and invariant layer does "
        "not change when dI is replaced by dI·M."
    ),
    at="K = 2, C = 3, one window",
    hypotheses={
        "M ∈ H": Hypothesis(
            "det M(x) ≠ 0 at every pixel", lambda M: all(m.det() for m in (M.values() if isinstance(M, dict) else [M]))
        ),
        "U defined": Hypothesis(
            "det V_c ≠ 0, before and after", lambda det_V_before, det_V_after: all((*det_V_before, *det_V_after))
        ),
    },
    verdict=Verdict.REFUTED,
    correction=(
        "Read as a sentence on the layer's own input, with any M(x) ∈ H, it is true wherever U is defined: C4.a. Read "
        "for the image it is not. The proof starts from “the convolution and the non-linear layers are equivariant”, "
        "which needs M constant on every window (T2.a, T2.c), not any M ∈ H. True instead: K = 1 with any M; K > 1 "
        "with M constant on each window; in both cases where every det V_c ≠ 0, which needs C ≥ 3 (C4.a, C4.b). And U "
        "is invariant under fields only: for warped images it is covariant, and for K = 1 only (T2.h)."
    ),
    routes=(
        Route(
            "one window with one pixel stretched, Φ included",
            Method.EXACT,
            one_window,
            mutants={"M constant on the window": {"stretched": window(2)}},
        ),
        Route("generic window", Method.RANDOM, generic_window, mutants=instead("taps", 1)),
    ),
    controls=(Witness("the layer on its own input", unchanged, {"J": [E1, E2, E3], "M": SHEAR}),),
)
