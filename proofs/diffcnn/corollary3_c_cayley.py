"""C3.c: what the Cayley map reaches. N/d is (I − S)(I + S)⁻¹ with S = [a]×."""

from __future__ import annotations

from functools import partial

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.matrix import Matrix, cayley, dot, skew
from invariance_proofs.routes.coq import closed
from invariance_proofs.routes.exact import check, equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.symbolic import free, same
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of

ONE = Matrix.identity(3)


def rotation(sign: int = 1) -> Evidence:
    (a,) = unknowns(a=3)
    N, d = cayley(a)
    column = Matrix.from_columns(a)
    return all_of(
        vanishes(d - (1 + dot(a, a)), what="det(I + S) = 1 + |a|² > 0"),
        vanishes(N @ N.T - d * d * ONE, what="A Aᵀ = I"),
        vanishes(N.det() - sign * d**3, what=f"det A = {sign}"),
        vanishes(N @ column - d * column, what="A a = a"),
    )


def angle(half: bool = True) -> Evidence:
    """1 + 2 cos θ = tr A, and cos θ = (1 − q)/(1 + q) is cos(2 arctan √q); mutated, cos²θ = 1/(1 + q) is arctan √q."""
    (a,) = unknowns(a=3)
    N, d = cayley(a)
    q, twice_cosine = dot(a, a), N.trace() - d
    if not half:
        return vanishes(twice_cosine**2 * (1 + q) - 4 * d**2, what="θ = arctan|a|")
    return all_of(
        vanishes(twice_cosine * (1 + q) - 2 * (1 - q) * d, what="θ = 2 arctan|a|"),
        vanishes(N.trace() + d - 4, what="tr A + 1 = 4/(1 + |a|²) > 0: no half-turn"),
    )


def left_inverse() -> Evidence:
    """S = (I − A)(I + A)⁻¹, which is skew for every orthogonal A that has it: with P = I + A, Sᵀ = 2P⁻ᵀ − I = −S."""
    (a,) = unknowns(a=3)
    N, d = cayley(a)
    (P,) = free("P")
    return all_of(
        vanishes((d * ONE - N) - skew(a) @ (d * ONE + N), what="I − A = S (I + A)"),
        same(P * (1 - P**-1), P - 1, what="P⁻ᵀ = I − P⁻¹, because (A + I)(I − P⁻¹) = A"),
    )


def raw_map(draw: Draw) -> object:
    N, d = cayley(draw.vector(3))
    return [N.T @ N - d * d * ONE, N.det() - d * d * d]


def half_turn() -> Evidence:
    (a,) = unknowns(a=3)
    N, d = cayley(a)
    return vanishes(N.trace() + d, what="tr A = −1")


def not_skew() -> Evidence:
    S = Matrix.diagonal(1, 0, 0)
    plus = ONE + S
    A = (ONE - S) @ plus.adjugate()
    return equal(A @ A.T, plus.det() ** 2 * ONE, what="A Aᵀ = I", S=S, twice_A=A)


def quarter_turn() -> Evidence:
    N, d = cayley((0, 0, 1))
    return check(Matrix.of([[0, 2, 0], [-2, 0, 0], [0, 0, 2]]) == N and d == 2, "a = (0, 0, 1) is a quarter-turn")


C3_c = Statement(
    id="C3.c",
    paper=PAPER,
    name="Cayley's rotations",
    source="Kan et al., section 2.2 (“A ∈ SO(3,3) is learnable (parameterized with Cayley map)”)",
    summary="(I − S)(I + S)⁻¹ ∈ SO(3) for every skew S, θ = 2 arctan|a|; half-turns are never reached",
    claim=(
        "For S = [a]× the matrix I + S is invertible, det(I + S) = 1 + |a|², and A = (I − S)(I + S)⁻¹ is the "
        "rotation by θ = 2 arctan|a| about −a, with S = (I − A)(I + A)⁻¹. Every rotation but the half-turns "
        "is reached, each once; tr A = −1 + 4/(1 + |a|²) > −1, so half-turns are limits only."
    ),
    sizes="3×3, a ∈ R³ symbolic",
    verdict=Verdict.CORRECTED,
    correction=(
        "SO(3,3) is the indefinite orthogonal group of 6×6 matrices; for the 3×3 A that Jᵀ A J needs, SO(3) "
        "is meant. The Cayley map covers SO(3) without its half-turns."
    ),
    hypotheses={"S skew": "Sᵀ = −S"},
    routes=(
        Route("normal forms in a", Method.RING, lambda: all_of(rotation(), angle())),
        Route("inverse map", Method.SYMBOLIC, left_inverse),
        Route("raw Cayley map", Method.RANDOM, partial(schwartz_zippel, raw_map, what="Aᵀ A = I, det A = 1")),
        Route(
            "every n, where I + S is invertible",
            Method.COQ,
            partial(closed, "C3_c_cayley", "cayley_orthogonal", "cayley_determinant"),
        ),
    ),
    controls=(
        Dropped("S skew", not_skew),
        Mutant("det A = −1", partial(rotation, -1)),
        Mutant("θ = arctan|a|", partial(angle, half=False)),
        Mutant("half-turns are reached", half_turn),
        Witness("a quarter-turn", quarter_turn),
    ),
    assumed=("cos(2t) = (1 − tan² t)/(1 + tan² t)", "a rotation has the eigenvalue −1 iff it is a half-turn"),
)
