"""J1: one layer, seen through a change of variables."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.simple import INVERTIBLE, Simple, box, inverse, reach
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
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

IMAGE = Simple.on(((0, 0), (3, 1), (1, 2))) + Simple(((2, box(-2, -1, 0, 0)),))
FILTER = Simple.on(((-1, -1), (1, 0), (0, 2))) + Simple(((-3, box(0, -1, 1, 0)),))
POINTS = [(0, 0), (1, 2), (-1, 1)]
SHIFT = (2, -1)


AZ = Formula.of(lambda A, z: A * z)
BACK = Formula.of(lambda A, z: A**-1 * z)


def substitution(y: Formula = AZ) -> Evidence:
    """T_h⁻¹((T_h x) − y) for T_h x = Ax + t, with y = Az: the argument of f becomes x − z, in every dimension."""
    A, x, z, t = free("A x z t")
    return same(A**-1 * ((A * x + t) - y(A, z) - t), x - z, what=f"T_h⁻¹(T_h x − y) = x − z with y = {y}")


S_BACK = Formula.of(lambda At, A, S: A**-1 * S**-1 * At**-1, At="Aᵀ")
S_SWAPPED = Formula.of(lambda At, A, S: At**-1 * S**-1 * A**-1, At="Aᵀ")


def gaussians_any_dimension(inverse_of_S: Formula = S_BACK) -> Evidence:
    """exp(−xᵀPx) ∗ exp(−xᵀQx) = const·exp(−xᵀ P S⁻¹ Q x), S = P + Q; f has P = AᵀP′A if T_h f has P′."""
    At, A, P, Q, S = free("At A P Q S")
    moved = inverse_of_S(At, A, S)
    return all_of(
        same(At * P * A + At * Q * A, At * (P + Q) * A, what="S of the right side"),
        same((At * S * A) * moved, 1, what="its inverse"),
        same(At * (P * S**-1 * Q) * A, (At * P * A) * moved * (At * Q * A), what="the exponents agree"),
    )


def gaussian_constants(power: int = 2) -> Evidence:
    """The squares of the factors π/√det S: det(A)² det(S) = det(Aᵀ S A), for S generic."""
    A, S = unknowns(A=(2, 2), S=(2, 2))
    return vanishes((A.T @ S @ A).det() - A.det() ** power * S.det(), what=f"|det A|^{power} det S = det(AᵀSA)")


ABSOLUTE = Formula.of(lambda d: abs(d), d="det A")
SIGNED = Formula.of(lambda d: d, d="det A")
NOTHING = Formula.of(lambda d: 1)


def polygons(factor: Formula = ABSOLUTE, through: Callable[[Matrix], Matrix] = inverse, moved_by: int = 0) -> Evidence:
    """T_h⁻¹(T_h f ∗ λ) = f ∗ μ for 48 linear parts and a translation, exactly, at three points.

    μ = factor(det A) λ∘through(A)⁻¹, moved by `moved_by` times the translation.
    """

    def equal_at_all_points(A: Matrix) -> bool:
        back, moved = through(A), IMAGE.moved(A, SHIFT)
        offset = reach(-back, (moved_by * SHIFT[0], moved_by * SHIFT[1]))
        mu = factor(A.det()) * FILTER.moved(back, offset)
        return all(moved.convolved(FILTER, reach(A, x, SHIFT)) == IMAGE.convolved(mu, x) for x in POINTS)

    return for_all(INVERTIBLE, equal_at_all_points, "A: T_h⁻¹(T_h f ∗ λ) = f ∗ μ")


def only_symmetries(rule: Callable[[Matrix], bool] = lambda A: Matrix.identity(2) == A @ A.T) -> Evidence:
    """λ = 1 on [−1, 1]², σ(z) = z: T_h⁻¹ aligns, at three points, exactly if A is a symmetry of the square."""
    square = Simple.on(box(-1, -1, 1, 1))

    def aligned(A: Matrix) -> bool:
        moved = IMAGE.moved(A)
        return all(moved.convolved(square, reach(A, x)) == IMAGE.convolved(square, x) for x in POINTS)

    return for_all(INVERTIBLE, lambda A: aligned(A) == rule(A), "A: T_h⁻¹ aligns ⇔ the rule")


HALF_TURN = Matrix.diagonal(-1, -1)
ODD = Simple(((1, box(0, -1, 1, 1)), (-1, box(-1, -1, 0, 1))))


def odd_filter(power: int = 1) -> Evidence:
    """λ odd, b = 0, σ(z) = z^power, T_h the half-turn: is Λ aligned by T_h⁻¹ although λ∘T_h = −λ ≠ λ?"""
    turned = IMAGE.moved(HALF_TURN)
    before = [IMAGE.convolved(ODD, x) ** power for x in POINTS]
    after = [turned.convolved(ODD, reach(HALF_TURN, x)) ** power for x in POINTS]
    half = Fraction(1, 2)
    return check(
        before != after,
        "T_h⁻¹Λ_λT_h = Λ_λ ⇒ λ = |det T_h| T_h⁻¹λ",
        filter=ODD.parts, sigma=f"z**{power}", b=0, T_h=HALF_TURN, f=IMAGE.parts, x=POINTS, outputs=before,
        lambda_at=[ODD((half, 0)), ODD((-half, 0))], power=power,
    )  # fmt: skip


SUBSTITUTION = Route("substitution y = Az", Method.SYMBOLIC, substitution, mutants=instead("y", BACK))
CHANGE = ("change of variables: ∫ g(y) dy = |det A| ∫ g(Az) dz",)

J1 = Statement(
    id="J1",
    paper=PAPER,
    name="one layer under an affine map",
    source="Jansson et al. (DeepMath 2020), first theorem; arXiv 2004.14716",
    summary="T_h⁻¹ Λ_λ T_h is Λ_μ with μ = {factor} λ∘A, A the linear part; so T_h⁻¹ aligns iff λ = {factor} λ∘A",
    claim=(
        "For every invertible affine {let:T_h x = Ax + t}, every σ and b: T_h⁻¹ Λ_λ T_h is Λ_μ with μ(z) = {factor} "
        "λ({y}) (put y for {y} in ∫ f(T_h⁻¹(T_h x − y)) λ(y) dy). So T_h⁻¹ aligns if λ = {factor} λ∘A almost "
        "everywhere, and only if, where no c other than one has {let:σ(cs + b) = σ(s + b)} for all s: for continuous "
        "σ this means that σ is not even about b. (Two different filters give functionals of f that are independent "
        "or multiples of one another.)"
    ),
    grade=Grade.MODULO,
    verdict=Verdict.CORRECTED,
    correction=(
        "The paper prints det T_h without the absolute value (J1.sign) and asks nothing of σ: for σ(z) = z², b = 0 an "
        "odd filter is aligned under the half-turn. The translation part of T_h never acts on λ: where the paper "
        "writes T_h⁻¹λ, T_h is linear."
    ),
    hypotheses={
        "σ not even": Hypothesis(
            "σ(z) = z^power is not even about b = 0 (needed for “only if”)", lambda power: power % 2 == 1
        )
    },
    clauses=(
        Clause(
            "μ(z) = {factor} λ({y})",
            SUBSTITUTION,
            Route(
                "images and filters on polygons, 48 linear parts with a translation",
                Method.EXHAUSTIVE,
                polygons,
                mutants=instead("factor", SIGNED, NOTHING)
                | instead("moved_by", 1)
                | {"λ∘A⁻¹": {"through": lambda A: A}},
                cases=48,
            ),
            assumed=CHANGE,
        ),
        Clause(
            "the same on Gaussians, whose translates are dense",
            Chain(
                "exponents and constants",
                Route(
                    "exponents",
                    Method.SYMBOLIC,
                    gaussians_any_dimension,
                    mutants=instead("inverse_of_S", S_SWAPPED),
                    cases=3,
                ),
                Route("constants, squared, N = 2", Method.RING, gaussian_constants, mutants=instead("power", 1, 4)),
            ),
            assumed=("∫ exp(−xᵀSx) dx = π/√det S in the plane; sums of translated Gaussians are dense in L¹",),
        ),
        Clause(
            "the square under 48 matrices: T_h⁻¹ aligns only if λ = |det A| λ∘A",
            Route(
                "the square under 48 matrices, σ(z) = z",
                Method.EXHAUSTIVE,
                only_symmetries,
                {},
                {"|det A| = 1": {"rule": lambda A: abs(A.det()) == 1}},
                cases=48,
            ),
            finite=True,
            assumed=("two linear functionals of f that are not multiples of one another take every pair of values",),
        ),
    ),
    controls=(
        Dropped("σ not even", odd_filter, {"power": 2}),
        Witness("σ(z) = z tells the odd filter from its turned copy", odd_filter),
    ),
)
