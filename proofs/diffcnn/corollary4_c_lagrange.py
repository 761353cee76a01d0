"""C4.c: the determinant of a Gram matrix without forming it."""

from __future__ import annotations

from functools import partial
from itertools import combinations

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.matrix import Matrix, cross, dot
from invariance_proofs.routes.coq import closed
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.smt import impossible
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of


def lagrange(right: str = "|d₁×d₂|²") -> Evidence:
    (D,) = unknowns(D=(3, 2))
    d1, d2 = D.columns
    n = cross(d1, d2)
    value = {"|d₁×d₂|²": dot(n, n), "(d₁·d₂)²": dot(d1, d2) ** 2, "|d₁|²|d₂|²": dot(d1, d1) * dot(d2, d2)}[right]
    return vanishes((D.T @ D).det() - value, what=f"det(DᵀD) = {right}")


def minors(colours: int) -> Evidence:
    """Cauchy–Binet: det(DᵀD) is the sum of the squared 2×2 minors of D."""
    (D,) = unknowns(D=(colours, 2))
    squares = [Matrix(pair).det() ** 2 for pair in combinations(D.rows, 2)]
    return vanishes((D.T @ D).det() - sum(squares), what=f"{colours} colours: sum of {len(squares)} squared minors")


def raw(draw: Draw) -> object:
    D = draw.matrix(3, 2)
    n = cross(*D.columns)
    return (D.T @ D).det() - dot(n, n)


def positive() -> Evidence:
    """det V > 0 over the reals, unless d₁ × d₂ = 0."""
    return all_of(
        *(
            impossible(
                lambda *d, i=i: [
                    dot(d[:3], d[:3]) * dot(d[3:], d[3:]) <= dot(d[:3], d[3:]) ** 2,
                    cross(d[:3], d[3:])[i] != 0,
                ],
                "a1 a2 a3 b1 b2 b3",
                what=f"(d₁×d₂)_{i} ≠ 0 ⇒ det V > 0",
            )
            for i in range(3)
        )
    )


def four_colours() -> Evidence:
    D = Matrix.of([[1, 0], [0, 0], [0, 0], [0, 1]])
    n = cross(*(column[:3] for column in D.columns))
    return equal((D.T @ D).det(), dot(n, n), what="det(DᵀD) = |d₁×d₂|², first three rows", D=D)


def parallel() -> Evidence:
    d1, t = unknowns(d=3, t=1)
    n = cross(d1, tuple(t * x for x in d1))
    return vanishes(n, what="d₂ = t d₁ ⇒ d₁×d₂ = 0")


C4_c = Statement(
    id="C4.c",
    paper=PAPER,
    name="Lagrange's identity",
    source="Kan et al., equation (4); Lagrange, Cauchy–Binet",
    summary="det V_c = |d₁×d₂|²: the cheap and stable way to evaluate g",
    claim=(
        "With D = J_c − J̄ and columns d₁, d₂: det V_c = det(DᵀD) = |d₁|²|d₂|² − (d₁·d₂)² = |d₁×d₂|². So det "
        "V_c ≥ 0, the absolute value in g = log|det V| is not needed, and det V_c = 0 iff d₁ and d₂ are "
        "parallel. For n colours it is the sum of the squared 2×2 minors."
    ),
    sizes="3 colours; minors for 2 to 6 colours",
    verdict=Verdict.PROVED,
    hypotheses={"three colours": "D has three rows, so that the cross product exists"},
    routes=(
        Route("generic D", Method.RING, lagrange),
        Route("Cauchy–Binet, 2 to 6 colours", Method.RING, lambda: all_of(*map(minors, range(2, 7)))),
        Route("raw determinant", Method.RANDOM, partial(schwartz_zippel, raw, what="det(DᵀD) = |d₁×d₂|²")),
        Route("det V > 0 unless d₁ ∥ d₂", Method.SMT, positive),
        Route("every number of colours", Method.COQ, partial(closed, "C4_c_lagrange", "lagrange", "gram_determinant")),
    ),
    controls=(
        Dropped("three colours", four_colours),
        Mutant("(d₁·d₂)²", partial(lagrange, "(d₁·d₂)²")),
        Mutant("|d₁|²|d₂|²", partial(lagrange, "|d₁|²|d₂|²")),
        Witness("parallel columns give 0", parallel),
    ),
)
