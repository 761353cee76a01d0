"""C3.a: the determinant law behind the sign nonlinearity, and what it gives Φ."""

from __future__ import annotations

from functools import partial
from itertools import product

from invariance_proofs.diffcnn.layers import flip
from invariance_proofs.matrix import Matrix, cayley
from invariance_proofs.routes.coq import closed
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.smt import impossible
from invariance_proofs.routes.symbolic import determinant_law, matrices
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of

TURN, _ = cayley((2, 0, 0))
"""A rotation by more than 90° (times 5): det(Jᵀ A J) takes both signs."""


def two_by_two(exponent: int = 2) -> Evidence:
    M, G = unknowns(M=(2, 2), G=(2, 2))
    return vanishes((M.T @ G @ M).det() - M.det() ** exponent * G.det(), what=f"det(Mᵀ G M) = det(M)^{exponent} det G")


def any_size() -> Evidence:
    M, G = matrices(M=("n", "n"), G=("n", "n"))
    return determinant_law(M.T * G * M, lambda det: det(M) ** 2 * det(G), what="det(Mᵀ G M) = det(M)² det G")


def raw_layer(draw: Draw) -> object:
    """With J 3×2 and A any 3×3 matrix: no property of A is used."""
    J, A, M = draw.matrix(3, 2), draw.matrix(3, 3), draw.matrix(2, 2)
    moved = J @ M
    return (moved.T @ A @ moved).det() - M.det() * M.det() * (J.T @ A @ J).det()


def signs_agree() -> Evidence:
    return all_of(
        impossible(lambda d, g: [d != 0, g > 0, d * d * g <= 0], "d g", what="d ≠ 0, g > 0 ⇒ d² g > 0"),
        impossible(lambda d, g: [d != 0, g <= 0, d * d * g > 0], "d g", what="d ≠ 0, g ≤ 0 ⇒ d² g ≤ 0"),
    )


def every_small_case() -> Evidence:
    """Φ(JM) = Φ(J)M for the 48 invertible M with entries in {−1, 0, 1} and J on both branches."""
    entries = list(product((-1, 0, 1), repeat=4))
    invertible = [M for e in entries if (M := Matrix.of([e[:2], e[2:]])).det() != 0]
    jacobians = [Matrix.of([[1, 2], e[:2], e[2:]]) for e in entries]
    return for_all(
        product(jacobians, invertible),
        lambda case: flip(case[0] @ case[1], TURN) == flip(case[0], TURN) @ case[1],
        "(J, M): Φ(JM) = Φ(J)M",
    )


def commutes(J: Matrix, M: Matrix) -> Evidence:
    A = Matrix.identity(3)
    return equal(flip(J @ M, A), flip(J, A) @ M, what="Φ(JM) = Φ(J)M", J=J, M=M, A=A)


def by_trace() -> Evidence:
    """The same layer deciding by tr(Jᵀ A J) instead of the determinant."""
    J, M, A = Matrix.of([[1, 0], [0, 2], [0, 0]]), Matrix.diagonal(3, 1), Matrix.diagonal(1, -1, 1)
    before, after = (J.T @ A @ J).trace(), ((J @ M).T @ A @ (J @ M)).trace()
    return check((before > 0) == (after > 0), "tr keeps its sign", J=J, M=M, A=A, before=before, after=after)


def both_branches() -> Evidence:
    kept, flipped = Matrix.of([[0, 0], [1, 0], [0, 1]]), Matrix.of([[1, 0], [0, 1], [0, 0]])
    return check(flip(kept, TURN) == kept and flip(flipped, TURN) == -flipped, "A keeps one J and flips another")


SQUARE = Matrix.of([[1, 0], [0, 1], [0, 0]])

C3_a = Statement(
    id="C3.a",
    name="determinant law of the sign",
    source="Kan et al., Corollary 3",
    summary="det(MᵀGM) = det(M)² det G, hence Φ(JM) = Φ(J)M when det M ≠ 0",
    claim=(
        "det(Mᵀ G M) = det(M)² det(G). With G = Jᵀ A J the sign that Φ looks at is that of det(M)² det G, so "
        "for det M ≠ 0 both branches agree and Φ(JM) = Φ(J) M, for every 3×3 matrix A, a rotation or not."
    ),
    sizes="all n for the law; J 3×2, M 2×2 for Φ",
    verdict=Verdict.PROVED,
    hypotheses={"M invertible": "det M ≠ 0"},
    routes=(
        Route("2×2, generic entries", Method.RING, two_by_two),
        Route("n×n", Method.SYMBOLIC, any_size),
        Route("raw det(Jᵀ A J), A any 3×3 matrix", Method.RANDOM, partial(schwartz_zippel, raw_layer, what="the law")),
        Route("Φ itself on 3888 pairs (J, M)", Method.EXHAUSTIVE, every_small_case),
        Route("d² g and g have the same sign", Method.SMT, signs_agree),
        Route(
            "every n and commutative ring; Φ for every ordered one",
            Method.COQ,
            partial(closed, "C3_a_sign", "determinant_law", "flip_commutes"),
        ),
    ),
    controls=(
        Dropped("M invertible", lambda: commutes(SQUARE, Matrix.diagonal(1, 0))),
        Mutant("exponent 1", partial(two_by_two, 1)),
        Mutant("exponent 3", partial(two_by_two, 3)),
        Mutant("the sign of the trace", by_trace),
        Witness("both branches of Φ are reached", both_branches),
        Witness("det M < 0 is allowed", lambda: commutes(SQUARE, Matrix.diagonal(-1, 1))),
    ),
    assumed=("for n×n: det(XY) = det X det Y and det Xᵀ = det X over a commutative ring",),
)
