"""C3: Corollary 3 as printed."""

from __future__ import annotations

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.corollary3_a_sign import LAW_AND_SIGN, ON_PAIRS, SQUARE, TURN, commutes
from invariance_proofs.diffcnn.hypotheses import M_INVERTIBLE
from invariance_proofs.diffcnn.layers import flip
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.statement import Dropped, Evidence, Mutant, Statement, Verdict, Witness


def printed_identity() -> Evidence:
    """The displayed line has J′ on both sides: det(J′ᵀAJ′) = det(dφ)² det(J′ᵀAJ′)."""
    M, G = unknowns(M=(2, 2), G=(2, 2))
    moved = M.T @ G @ M
    return vanishes(moved.det() - M.det() ** 2 * moved.det(), what="the displayed line")


def printed_conclusion() -> Evidence:
    """The last line says Φ(J′) = J′: true on one branch only."""
    M = Matrix.diagonal(2, 1)
    return equal(flip(SQUARE @ M, TURN), SQUARE @ M, what="Φ(J′) = J′", J=SQUARE, M=M, five_A=TURN)


C3 = Statement(
    id="C3",
    paper=PAPER,
    name="Corollary 3 as printed",
    source="Kan et al., Corollary 3",
    summary="Φ is equivariant under any group H of matrix fields",
    claim=(
        "Φ(J·M) = {out[Φ(J), M]} for every field M of invertible 2×2 matrices, {let:with Φ(J) = J} if {decides} > 0 "
        "and −J otherwise."
    ),
    at="J 3×2, pixel by pixel",
    verdict=Verdict.CORRECTED,
    correction=(
        "True pixel by pixel (C3.a). But A ∈ SO(3) is meant where SO(3,3) is printed (6×6 matrices, for "
        "which Jᵀ A J does not exist), and no property of A is used; the displayed line should have J, not "
        "J′, on its right side; and its end, Φ(J′) = J′, is true on one branch only: Φ(J′) = Φ(J) dφ. The "
        "field must be invertible, and near A = I the layer does nothing (C3.b)."
    ),
    hypotheses={"M invertible": M_INVERTIBLE},
    routes=(LAW_AND_SIGN, ON_PAIRS),
    controls=(
        Dropped("M invertible", commutes, {"J": SQUARE, "M": Matrix.diagonal(1, 0)}),
        Mutant("the displayed line as printed", printed_identity),
        Mutant("Φ(J′) = J′ as printed", printed_conclusion),
        Witness("a reflection M is allowed", commutes, {"J": SQUARE, "M": Matrix.diagonal(-1, 1)}),
    ),
)
