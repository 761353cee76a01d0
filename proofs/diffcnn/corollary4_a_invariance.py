"""C4.a: the invariant layer on its own input, and the two hypotheses that the paper leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.corollary3_a_sign import BY_SIZE
from invariance_proofs.diffcnn.hypotheses import M_INVERTIBLE, V_INVERTIBLE
from invariance_proofs.diffcnn.layers import DegenerateError, gram_determinants, invariant, unequal_invariants
from invariance_proofs.diffcnn.theorem2_a_windows import ADDING_A_TAP
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.coq import pinned
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.symbolic import free, induction, matrices, same, same_matrix
from invariance_proofs.statement import (
    Chain,
    Dropped,
    Evidence,
    Formula,
    Grade,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

E1, E2, E3 = (
    Matrix.of(rows) for rows in ([[1, 0], [0, 1], [0, 0]], [[0, 1], [1, 0], [1, 1]], [[1, 2], [0, 1], [3, 0]])
)
SHEAR = Matrix.of([[2, 1], [0, 3]])


CONGRUENT = Formula.of(lambda M, V: M.T * V * M)
FROM_THE_LEFT = Formula.of(lambda M, V: M * V * M.T)


def congruence(moved_V: Formula = CONGRUENT) -> Evidence:
    """J̄ moves like a convolution with weights 1/C (T2.a), so (JM − J̄M)ᵀ(JM − J̄M) = Mᵀ (J − J̄)ᵀ(J − J̄) M."""
    shape = ("colours", "directions")
    J, mean, M = matrices(J=shape, mean=shape, M=("directions", "directions"))
    moved, V = J * M - mean * M, (J - mean).T * (J - mean)
    return same_matrix(moved.T * moved, moved_V(M, V), what=f"V(J·M) = {moved_V}")


def gains(factor: int = 1) -> Evidence:
    """If every g_c gains t, the sum over C channels gains C t."""
    S, n, g, t = free("S n g t")
    step = ((S + n * t) + (g + factor * t), (S + g) + (n + 1) * t)
    return induction(base=(0, 0 * t), step=step, over="C", what="Σ(g + t) = Σg + C t")


def cancellation(share: int = 1) -> Evidence:
    """C U_c = C g_c − Σ g does not see what every g gains; C g_c − share·Σ g does."""
    S, g, t, C = free("S g t C")
    return same(C * (g + t) - share * (S + C * t), C * g - share * S, what=f"U′ = U for C g − {share} Σ g")


EVERY_SIZE = Chain(
    "congruence, determinant, cancellation",
    ADDING_A_TAP,
    Route("V′", Method.SYMBOLIC, congruence, mutants=instead("moved_V", FROM_THE_LEFT), over="colours directions"),
    replace(BY_SIZE, over=""),
    Route("Σ g′", Method.SYMBOLIC, gains, mutants=instead("factor", 2), over="C", cases=2),
    Route("U′", Method.SYMBOLIC, cancellation, mutants=instead("share", 0, 2), over="C"),
)


def raw_layer(factor: int = 1) -> Evidence:
    """exp(C·U) before and after, cross-multiplied, for C = 3 and C = 4 channels, the last one times `factor`."""

    def residual(draw: Draw) -> object:
        M = draw.matrix(2, 2)
        channels = [draw.matrix(3, 2) for c in range(4)]
        moved = [[*(j @ M for j in J[:-1]), factor * J[-1] @ M] for J in (channels[:3], channels)]
        before = map(gram_determinants, (channels[:3], channels))
        return [unequal_invariants(b, gram_determinants(m)) for b, m in zip(before, moved, strict=True)]

    return schwartz_zippel(residual, what="exp(C·U′) = exp(C·U)")


def same_output(left: Sequence[Matrix], right: Sequence[Matrix], what: str, **numbers: object) -> Evidence:
    """Whether U is defined and the same on two lists of channels, as exact rationals exp(C·U)."""
    try:
        return equal(invariant(left), invariant(right), what=what, **numbers)
    except DegenerateError as undefined:
        return Evidence(False, str(undefined), counterexample=numbers)


def unchanged(J: Sequence[Matrix], M: Matrix) -> Evidence:
    return same_output([j @ M for j in J], J, what="U(J·M) = U(J)", J=list(J), M=M)


GIVEN = (
    "forall (F : numFieldType) (colours directions C : nat) (J : 'I_C -> 'M[F]_(colours, directions)) "
    "(M : 'M[F]_directions) (c : 'I_C), "
)
INVARIANT = "exp_invariant (fun k => J k *m M) c = exp_invariant J c"
CHANNELS = "fun (F : numFieldType) (m n C : nat) (J : 'I_C -> 'M[F]_(m, n))"
DEFINED = {
    "mean": rf"{CHANNELS} => C%:R^-1 *: \sum_c J c",
    "gram": f"{CHANNELS} (c : 'I_C) => (J c - mean J)^T *m (J c - mean J)",
    "exp_invariant": rf"{CHANNELS} (c : 'I_C) => \det (gram J c) ^+ C / \prod_(k < C) \det (gram J k)",
}
THEOREMS = {
    "gram_congruence": GIVEN + "gram (fun k => J k *m M) c = M^T *m gram J c *m M",
    "gram_determinant": GIVEN + r"\det (gram (fun k => J k *m M) c) = \det M ^+ 2 * \det (gram J c)",
    "layer_invariant": GIVEN + rf"\det M != 0 -> {INVARIANT}",
}

C4_a = Statement(
    id="C4.a",
    paper=PAPER,
    name="the invariant layer",
    source="Kan et al., Corollary 4, equations (4) and (5)",
    summary=(
        "V(J·M) = {moved_V[M, V(J)]}, g' = g + {exponent:*} log|det M|, U unchanged where {V invertible} and {M "
        "invertible}"
    ),
    claim=(
        "If the C channels of a pixel move by one matrix, J_c ↦ J_c M, then V_c ↦ {moved_V[M, V_c]}, so det V_c ↦ "
        "det(M){exponent:^} det V_c, g_c ↦ g_c + {exponent:*} log|det M| for every c, and {let:U_c = g_c − ḡ} does "
        "not change, wherever U is defined: {V invertible}, and {M invertible}."
    ),
    over="C colours directions",
    grade=Grade.MODULO,
    verdict=Verdict.CORRECTED,
    correction=(
        "The paper asks nothing of V. Where one det V_c is 0 (flat or grey pixels, C ≤ 2 in part: C4.b, C4.d), log|det "
        "V_c| and with it every U_c of the pixel is undefined, and there is nothing to be invariant. As a sentence on "
        "the image rather than on the layer's own input Corollary 4 is false: C4."
    ),
    hypotheses={"V invertible": V_INVERTIBLE, "M invertible": M_INVERTIBLE},
    routes=(
        EVERY_SIZE,
        Route("raw layer", Method.RANDOM, raw_layer, mutants=instead("factor", 2), at="C = 3, 4", cases=7),
        Route(
            "exp(C·U) over numerical fields",
            Method.COQ,
            pinned,
            {"theory": "C4_a_invariance", "said": THEOREMS, "defined": DEFINED},
            {"without det M ≠ 0": {"said": {"layer_invariant": GIVEN + INVARIANT}}},
            over="C colours directions",
        ),
    ),
    controls=(
        Dropped("V invertible", unchanged, {"J": [E1, -E1, 0 * E1], "M": SHEAR}),
        Dropped("M invertible", unchanged, {"J": [E1, E2, E3], "M": Matrix.diagonal(1, 0)}),
        Witness("three channels where U is defined", unchanged, {"J": [E1, E2, E3], "M": SHEAR}),
    ),
    assumed=("log|ab| = log|a| + log|b| for a, b ≠ 0",),
)
