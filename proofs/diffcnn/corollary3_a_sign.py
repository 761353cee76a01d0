"""C3.a: the determinant law behind the sign nonlinearity, and what it gives Φ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.hypotheses import M_INVERTIBLE
from invariance_proofs.diffcnn.layers import flip
from invariance_proofs.matrix import Matrix, cayley
from invariance_proofs.routes.coq import pinned
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.smt import impossible
from invariance_proofs.routes.symbolic import determinant_law, matrices
from invariance_proofs.statement import (
    Chain,
    Clause,
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

TURN, _ = cayley((2, 0, 0))
"""A rotation by more than 90° (times 5): det(Jᵀ A J) takes both signs."""


EXPONENT = 2
"""det(Mᵀ G M) = det(M)^EXPONENT det G."""

DETERMINANT = Formula("det(Jᵀ A J)", Matrix.det)
TRACE = Formula("tr(Jᵀ A J)", Matrix.trace)
PASSED = Formula.of(lambda J, M: J @ M)
TURNED = Formula.of(lambda J, M: -(J @ M))


def two_by_two(exponent: int = EXPONENT) -> Evidence:
    M, G = unknowns(M=(2, 2), G=(2, 2))
    return vanishes((M.T @ G @ M).det() - M.det() ** exponent * G.det(), what=f"det(Mᵀ G M) = det(M)^{exponent} det G")


def any_size(exponent: int = EXPONENT) -> Evidence:
    M, G = matrices(M=("n", "n"), G=("n", "n"))
    return determinant_law(M.T * G * M, lambda det: det(M) ** exponent * det(G), what=f"… = det(M)^{exponent} det G")


def raw_layer(exponent: int = EXPONENT) -> Evidence:
    """With J 3×2 and A any 3×3 matrix: no property of A is used."""

    def residual(draw: Draw) -> object:
        J, A, M = draw.matrix(3, 2), draw.matrix(3, 3), draw.matrix(2, 2)
        moved = J @ M
        return (moved.T @ A @ moved).det() - M.det() ** exponent * (J.T @ A @ J).det()

    return schwartz_zippel(residual, what="the law of det(Jᵀ A J)")


def signs_agree(power: int = EXPONENT) -> Evidence:
    """d ≠ 0 ⇒ (g > 0 ⇔ d^power g > 0)."""
    return impossible(
        lambda d, g: [d != 0, (g > 0) != (d**power * g > 0)], "d g", f"sign of d^{power} g",
        met=((1, 1), (-1, 1), (2, -3), (-2, -3), (1, 0)),
    )  # fmt: skip


def every_small_case(decides: Callable[[Matrix], Any] = DETERMINANT, out: Formula = PASSED) -> Evidence:
    """Φ(JM) = Φ(J)M for the 48 invertible M with entries in {−1, 0, 1} and J on both branches; Φ decides by JᵀAJ."""

    def phi(J: Matrix) -> Matrix:
        return J if decides(J.T @ TURN @ J) > 0 else -J

    entries = list(product((-1, 0, 1), repeat=4))
    invertible = [M for e in entries if (M := Matrix.of([e[:2], e[2:]])).det() != 0]
    jacobians = [Matrix.of([[1, 2], e[:2], e[2:]]) for e in entries]
    return for_all(
        product(jacobians, invertible),
        lambda case: phi(case[0] @ case[1]) == out(phi(case[0]), case[1]),
        "(J, M): Φ(JM) = Φ(J)M",
    )


def commutes(J: Matrix, M: Matrix) -> Evidence:
    A = Matrix.identity(3)
    return equal(flip(J @ M, A), flip(J, A) @ M, what="Φ(JM) = Φ(J)M", J=J, M=M, A=A)


def both_branches() -> Evidence:
    kept, flipped = Matrix.of([[0, 0], [1, 0], [0, 1]]), Matrix.of([[1, 0], [0, 1], [0, 0]])
    return check(flip(kept, TURN) == kept and flip(flipped, TURN) == -flipped, "A keeps one J and flips another")


def theorem(exponent: int = EXPONENT) -> Evidence:
    law = rf"forall (R : comRingType) (n : nat) (M G : 'M[R]_n), \det (M^T *m G *m M) = \det M ^+ {exponent} * \det G"
    return pinned("C3_a_sign", {"determinant_law": law})


def flip_theorem(relation: str = "!=") -> Evidence:
    sorts = "forall (R : realDomainType) (m n : nat) (A : 'M[R]_m) (J : 'M[R]_(m, n)) (M : 'M[R]_n), "
    said = {"flip_commutes": rf"{sorts} \det M {relation} 0 -> flip A (J *m M) = flip A J *m M"}
    return pinned("C3_a_sign", said, {"flip": FLIP})


FLIP = (
    r"fun (R : realDomainType) (m n : nat) (A : 'M[R]_m) (J : 'M[R]_(m, n)) => "
    r"if 0 < \det (J^T *m A *m J) then J else - J"
)
SQUARE = Matrix.of([[1, 0], [0, 1], [0, 0]])

BY_RING = Route("2×2, generic entries", Method.RING, two_by_two, mutants=instead("exponent", 1, 3), at="n = 2")
BY_SIZE = Route("n×n", Method.SYMBOLIC, any_size, mutants=instead("exponent", 1, 3), over="n")
"""The determinant law: steps of other entries' proofs."""
LAW_AND_SIGN = Chain(
    "the law, then its sign",
    replace(BY_RING, at=""),
    Route("d² g and g have the same sign", Method.SMT, signs_agree, mutants=instead("power", 1, 3)),
)
ON_PAIRS = Route(
    "Φ on 3888 pairs (J, M)",
    Method.EXHAUSTIVE,
    every_small_case,
    mutants=instead("decides", TRACE) | instead("out", TURNED),
    cases=3888,
)

C3_a = Statement(
    id="C3.a",
    paper=PAPER,
    name="determinant law of the sign",
    source="Kan et al., Corollary 3",
    summary="det(MᵀGM) = det(M){exponent:^} det G, hence Φ(JM) = {out[Φ(J), M]} when {M invertible}",
    claim=(
        "det(MᵀGM) = det(M){exponent:^} det G. {let:With G = Jᵀ A J} the sign that Φ looks at, of {decides}, is that "
        "of det(M){exponent:^} det G, so for {M invertible} both branches agree and Φ(JM) = {out[Φ(J), M]}, for "
        "every 3×3 matrix A, a rotation or not."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={"M invertible": M_INVERTIBLE},
    clauses=(
        Clause(
            "det(MᵀGM) = det(M){exponent:^} det G",
            BY_RING,
            BY_SIZE,
            Route("raw det(Jᵀ A J), A any 3×3 matrix", Method.RANDOM, raw_layer, mutants=instead("exponent", 1, 3)),
            Route("commutative rings", Method.COQ, theorem, mutants=instead("exponent", 1, 3), over="n"),
            over="n",
            assumed=("det(XY) = det X det Y and det Xᵀ = det X over a commutative ring",),
        ),
        Clause(
            "Φ(JM) = {out[Φ(J), M]}, because Φ looks at the sign of {decides}",
            LAW_AND_SIGN,
            ON_PAIRS,
            Route("ordered rings", Method.COQ, flip_theorem, mutants=instead("relation", "==")),
            at="J 3×2, M 2×2",
        ),
    ),
    controls=(
        Dropped("M invertible", commutes, {"J": SQUARE, "M": Matrix.diagonal(1, 0)}),
        Witness("both branches of Φ are reached", both_branches),
        Witness("det M < 0 is allowed", commutes, {"J": SQUARE, "M": Matrix.diagonal(-1, 1)}),
    ),
)
