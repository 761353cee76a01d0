"""C4.a: the invariant layer on its own input, and the two hypotheses that the paper leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.corollary3_a_sign import any_size, two_by_two
from invariance_proofs.diffcnn.layers import DegenerateError, gram_determinants, invariant, unequal_invariants
from invariance_proofs.diffcnn.theorem2_a_windows import adding_a_tap
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.coq import closed
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.symbolic import free, induction, matrices, same, same_matrix
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of

E1, E2, E3 = (
    Matrix.of(rows) for rows in ([[1, 0], [0, 1], [0, 0]], [[0, 1], [1, 0], [1, 1]], [[1, 2], [0, 1], [3, 0]])
)
SHEAR = Matrix.of([[2, 1], [0, 3]])


def congruence(side: str = "MᵀVM") -> Evidence:
    """J̄ moves like a convolution with weights 1/C (T2.a), so (JM − J̄M)ᵀ(JM − J̄M) = Mᵀ (J − J̄)ᵀ(J − J̄) M."""
    J, mean, M = matrices(J=("n", "m"), mean=("n", "m"), M=("m", "m"))
    moved, V = J * M - mean * M, (J - mean).T * (J - mean)
    return same_matrix(moved.T * moved, M.T * V * M if side == "MᵀVM" else M * V * M.T, what=f"V(J·M) = {side}")


def cancellation(average: bool = True) -> Evidence:
    """If every g_c gains t, the sum over n channels gains n t; then C U_c = C g_c − Σ g (or, mutated, g_c − Σ g)."""
    S, n, g, t, C = free("S n g t C")
    gain = induction(base=(0, 0 * t), step=((S + n * t) + (g + t), (S + g) + (n + 1) * t), what="Σ(g + t) = Σg + n t")
    factor = C if average else 1
    return all_of(gain, same(factor * (g + t) - (S + C * t), factor * g - S, what="U′ = U"))


def every_size() -> Evidence:
    return all_of(adding_a_tap(), congruence(), any_size(), cancellation())


def raw_layer(draw: Draw) -> object:
    """exp(C·U) before and after, cross-multiplied, for C = 3 and C = 4 channels."""
    M = draw.matrix(2, 2)
    channels = [draw.matrix(3, 2) for c in range(4)]
    return [
        unequal_invariants(gram_determinants(J), gram_determinants([j @ M for j in J]))
        for J in (channels[:3], channels)
    ]


def same_output(left: Sequence[Matrix], right: Sequence[Matrix], what: str, **numbers: object) -> Evidence:
    """Whether U is defined and the same on two lists of channels, as exact rationals exp(C·U)."""
    try:
        return equal(invariant(left), invariant(right), what=what, **numbers)
    except DegenerateError as undefined:
        return Evidence(False, str(undefined), counterexample=numbers)


def unchanged(jacobians: Sequence[Matrix], M: Matrix) -> Evidence:
    return same_output([J @ M for J in jacobians], jacobians, what="U(J·M) = U(J)", J=list(jacobians), M=M)


C4_a = Statement(
    id="C4.a",
    paper=PAPER,
    name="the invariant layer",
    source="Kan et al., Corollary 4, equations (4) and (5)",
    summary="V(J·M) = Mᵀ V(J) M, g' = g + 2 log|det M|, U' = U where det V_c ≠ 0 and det M ≠ 0",
    claim=(
        "If the C channels of a pixel move by one matrix, J_c ↦ J_c M, then V_c ↦ Mᵀ V_c M, so det V_c ↦ "
        "det(M)² det V_c, g_c ↦ g_c + 2 log|det M| for every c, and U_c = g_c − ḡ does not change, wherever "
        "U is defined: det V_c ≠ 0 for all c, and det M ≠ 0."
    ),
    sizes="all C, all numbers of colours",
    verdict=Verdict.CORRECTED,
    correction=(
        "The paper asks nothing of V. Where one det V_c is 0 (flat or grey pixels, C ≤ 2 in part: C4.b, "
        "C4.d), log|det V_c| and with it every U_c of the pixel is undefined, and there is nothing to be "
        "invariant. As a sentence on the image rather than on the layer's own input Corollary 4 is false: C4."
    ),
    hypotheses={"V invertible": "det V_c ≠ 0 for every c", "M invertible": "det M ≠ 0"},
    routes=(
        Route("congruence, determinant, cancellation", Method.SYMBOLIC, every_size),
        Route(
            "raw layer, C = 3 and C = 4",
            Method.RANDOM,
            partial(schwartz_zippel, raw_layer, what="exp(C·U′) = exp(C·U)"),
        ),
        Route(
            "every C and every size",
            Method.COQ,
            partial(closed, "C4_a_invariance", "gram_congruence", "gram_determinant", "layer_invariant"),
        ),
    ),
    controls=(
        Dropped("V invertible", partial(unchanged, [E1, -E1, 0 * E1], SHEAR)),
        Dropped("M invertible", partial(unchanged, [E1, E2, E3], Matrix.diagonal(1, 0))),
        Mutant("V′ = M V Mᵀ", partial(congruence, "MVMᵀ")),
        Mutant("g′ = g + log|det M|", partial(two_by_two, 1)),
        Mutant("minus the sum instead of the mean", partial(cancellation, average=False)),
        Witness("three channels where U is defined", partial(unchanged, [E1, E2, E3], SHEAR)),
    ),
    assumed=("log|ab| = log|a| + log|b| for a, b ≠ 0",),
)
