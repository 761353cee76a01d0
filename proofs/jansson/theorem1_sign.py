"""J1.sign: the determinant without its absolute value."""

from __future__ import annotations

from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.simple import Simple, box, inverse, reach
from invariance_proofs.jansson.theorem1 import ABSOLUTE, HALF_TURN, IMAGE, POINTS, SIGNED
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.statement import (
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

MIRROR = Matrix.diagonal(-1, 1)
SQUARE = Simple.on(box(-1, -1, 1, 1))


def printed(A: Matrix = MIRROR, factor: Formula = SIGNED) -> Evidence:
    """λ = 1 on [−1, 1]², σ(z) = z, b = 0: T_h⁻¹ aligns, so the printed condition should hold."""
    moved, det = IMAGE.moved(A), A.det()
    before = [IMAGE.convolved(SQUARE, x) for x in POINTS]
    after = [moved.convolved(SQUARE, reach(A, x)) for x in POINTS]
    left, right = SQUARE((0, 0)), factor(det) * SQUARE.moved(inverse(A))((0, 0))
    return check(
        before != after or left == right,
        "T_gΛ_λT_h = Λ_λ ⇒ λ = (det T_h) T_h⁻¹λ",
        filter=SQUARE.parts, T_h=A, T_g=inverse(A), f=IMAGE.parts, x=POINTS, outputs=before, aligned=before == after,
        lambda_at_0=left, printed_right_side_at_0=right,
    )  # fmt: skip


def gaussian(factor: Formula = SIGNED) -> Evidence:
    """λ = exp(−p x² − q y²) and the mirror A: AᵀQA = Q, so |det A| λ∘A = λ, while det A = −1 gives −λ(0) = λ(0)."""
    p, q = unknowns(p=1, q=1)
    Q = Matrix.diagonal(p, q)
    fixed = vanishes(MIRROR.T @ Q @ MIRROR - Q, what="the mirror fixes every such Gaussian")
    return check(
        not fixed.holds or factor(MIRROR.det()) == 1, "λ(0) = (det A) λ(0), λ(0) = 1", T_h=MIRROR, aligned=True
    )


J1_sign = Statement(
    id="J1.sign",
    paper=PAPER,
    name="the condition on λ as printed",
    source="Jansson et al. (DeepMath 2020), first theorem",
    summary="{let:T_g Λ_λ T_h = Λ_λ} ⇒ λ = ({factor[det T_h]}) T_h⁻¹λ",
    claim="If {let:T_g Λ_λ T_h = Λ_λ} for some affine T_g, then λ = ({factor[det T_h]}) T_h⁻¹λ.",
    at="one mirror",
    hypotheses={"aligned": Hypothesis("T_g Λ_λ T_h = Λ_λ for some T_g", lambda aligned: aligned)},
    verdict=Verdict.REFUTED,
    correction=(
        "|det T_h| is meant: volume does not change sign under a mirror. Taken literally the condition lets no filter "
        "that is symmetric under a reflection through, although these are what aligns reflections (J1, J2)."
    ),
    routes=(
        Route("the square", Method.EXACT, printed, mutants=instead("factor", ABSOLUTE) | {"det 1": {"A": HALF_TURN}}),
        Route("every axis-parallel Gaussian", Method.RING, gaussian, mutants=instead("factor", ABSOLUTE)),
    ),
    controls=(
        Witness("with |det T_h| the mirror passes", printed, {"factor": ABSOLUTE}),
        Witness("for det T_h = 1 both readings agree", printed, {"A": HALF_TURN}),
    ),
)
