"""C3.c: what the Cayley map reaches. N/d is (I − S)(I + S)⁻¹ with S = [a]×."""

from __future__ import annotations

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.matrix import Matrix, cayley, dot, skew
from invariance_proofs.routes.coq import pinned
from invariance_proofs.routes.exact import check, equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.symbolic import free, same
from invariance_proofs.statement import (
    Chain,
    Clause,
    Dropped,
    Evidence,
    Formula,
    Grade,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    all_of,
    instead,
)

ONE = Matrix.identity(3)


def orthogonal(sign: int = 1) -> Evidence:
    (a,) = unknowns(a=3)
    N, d = cayley(a)
    return all_of(
        vanishes(d - (1 + sign * dot(a, a)), what="det(I + S) = 1 + |a|² > 0"),
        vanishes(N @ N.T - sign * d * d * ONE, what="A Aᵀ = I"),
        vanishes(N.det() - sign * d**3, what=f"det A = {sign}"),
    )


def axis(sign: int = 1) -> Evidence:
    (a,) = unknowns(a=3)
    N, d = cayley(a)
    column = Matrix.from_columns(a)
    return vanishes(N @ column - sign * d * column, what=f"A a = {sign} a")


def angle(twice: int = 2) -> Evidence:
    """tr A = 1 + 2 cos θ and cos(2 arctan √q) = (1 − q)/(1 + q)."""
    (a,) = unknowns(a=3)
    N, d = cayley(a)
    q = dot(a, a)
    return vanishes((N.trace() - d) * (1 + q) - twice * (1 - q) * d, what="θ = 2 arctan|a|")


def half_turns(trace: int = 4) -> Evidence:
    (a,) = unknowns(a=3)
    N, d = cayley(a)
    return vanishes(N.trace() + d - trace, what=f"tr A + 1 = {trace}/(1 + |a|²): 0 at a half-turn")


def left_inverse(sign: int = 1) -> Evidence:
    (a,) = unknowns(a=3)
    N, d = cayley(a)
    return vanishes((d * ONE - N) - sign * skew(a) @ (d * ONE + N), what="I − A = S (I + A)")


GRAM = Formula.of(lambda At, A: At * A, At="Aᵀ")
SQUARE = Formula("A²", lambda At, A: A * A)


def skew_iff_orthogonal(form: Formula = GRAM) -> Evidence:
    """Pᵀ(Sᵀ + S)P = 2(I − AᵀA) for S = (I − A)P⁻¹, P = I + A: Sᵀ = −S exactly if AᵀA = I, in every size."""
    At, A = free("At A")
    left = (1 - At) * (1 + A) + (1 + At) * (1 - A)
    return same(left, 2 - 2 * form(At, A), what=f"(I − A)ᵀ(I + A) + (I + A)ᵀ(I − A) = 2(I − {form})")


def raw_map(sign: int = 1) -> Evidence:
    def residual(draw: Draw) -> object:
        N, d = cayley(draw.vector(3))
        return [N.T @ N - d * d * ONE, N.det() - sign * d * d * d]

    return schwartz_zippel(residual, what="Aᵀ A = I, det A = 1")


CAYLEY = {"cayley": "fun (R : comUnitRingType) (n : nat) (S : 'M[R]_n) => (1%:M - S) *m invmx (1%:M + S)"}


def theorem(determinant: str = "1") -> Evidence:
    given = r"forall (R : comUnitRingType) (n : nat) (S : 'M[R]_n), S^T = - S -> 1%:M + S \in unitmx -> "
    said = {
        "cayley_orthogonal": given + "(cayley S)^T *m cayley S = 1%:M",
        "cayley_determinant": given + rf"\det (cayley S) = {determinant}",
    }
    return pinned("C3_c_cayley", said, CAYLEY)


def onto(orthogonal: str = "A^T *m A = 1%:M -> ") -> Evidence:
    given = "forall (R : comUnitRingType) (n : nat) (A : 'M[R]_n), "
    said = {
        "skew_of_orthogonal": rf"{given}{orthogonal}1%:M + A \in unitmx -> (cayley A)^T = - cayley A",
        "cayley_involutive": rf"{given}1%:M + A \in unitmx -> 2%:R \is a @GRing.unit R -> cayley (cayley A) = A",
    }
    return pinned("C3_c_cayley", said, CAYLEY)


STRETCH = Matrix.diagonal(1, 0, 0)


def not_skew(S: Matrix = STRETCH) -> Evidence:
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
    summary="(I − S)(I + S)⁻¹ ∈ SO(3) for every skew S, θ = {twice} arctan|a|; half-turns are never reached",
    claim=(
        "{let:For S = [a]×} the matrix I + S is invertible, {let:det(I + S) = 1 + |a|²}, and {let:A = (I − S)(I + "
        "S)⁻¹} is the rotation by θ = {twice} arctan|a| about −a, with {let:S = (I − A)(I + A)⁻¹}. Every rotation "
        "but the half-turns is reached, each once; tr A = −1 + {half_turns.trace}/(1 + |a|²), so half-turns are "
        "limits only."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.CORRECTED,
    correction=(
        "SO(3,3) is the indefinite orthogonal group of 6×6 matrices; for the 3×3 A that Jᵀ A J needs, SO(3) "
        "is meant. The Cayley map covers SO(3) without its half-turns."
    ),
    hypotheses={"S skew": Hypothesis("Sᵀ = −S", lambda S: -S == S.T)},
    clauses=(
        Clause(
            "A is a rotation about a",
            Chain(
                "normal forms in a",
                Route("orthogonal, determinant 1", Method.RING, orthogonal, mutants=instead("sign", -1), cases=11),
                Route("axis", Method.RING, axis, mutants=instead("sign", -1), cases=3),
            ),
            Route("raw Cayley map", Method.RANDOM, raw_map, mutants=instead("sign", -1), cases=10),
            Route("where I + S is invertible", Method.COQ, theorem, mutants=instead("determinant", "- 1"), over="n"),
            at="3×3",
        ),
        Clause(
            "θ = {twice} arctan|a|",
            Route("trace", Method.RING, angle, mutants=instead("twice", 1)),
            at="3×3",
            assumed=("cos(2t) = (1 − tan² t)/(1 + tan² t)",),
        ),
        Clause(
            "no half-turn is reached",
            Route("trace + 1", Method.RING, half_turns, mutants=instead("trace", 0)),
            at="3×3",
            assumed=("a rotation has trace −1 iff it is a half-turn",),
        ),
        Clause(
            "every other rotation is, once",
            Chain(
                "S from A",
                Route("S is its value", Method.RING, left_inverse, mutants=instead("sign", -1), cases=9),
                Route("S is skew ⇔ A is orthogonal", Method.SYMBOLIC, skew_iff_orthogonal, {}, instead("form", SQUARE)),
            ),
            Route("where I + A and 2 are invertible", Method.COQ, onto, {}, {"A of any kind": {"orthogonal": ""}}, "n"),
            at="3×3",
            assumed=("a rotation has the eigenvalue −1 iff it is a half-turn",),
        ),
    ),
    controls=(
        Dropped("S skew", not_skew),
        Witness("a skew S", not_skew, {"S": Matrix.of([[0, -2, 1], [2, 0, 3], [-1, -3, 0]])}),
        Witness("a quarter-turn", quarter_turn),
    ),
)
