"""J1: one layer, seen through a change of variables."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.simple import INVERTIBLE, Simple, box, inverse, reach
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.symbolic import free, same
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of

IMAGE = Simple.on(((0, 0), (3, 1), (1, 2))) + Simple(((2, box(-2, -1, 0, 0)),))
FILTER = Simple.on(((-1, -1), (1, 0), (0, 2))) + Simple(((-3, box(0, -1, 1, 0)),))
POINTS = [(0, 0), (1, 2), (-1, 1)]
SHIFT = (2, -1)


def substitution(y: str = "Az") -> Evidence:
    """T_h⁻¹((T_h x) − y) for T_h x = Ax + t, with y = Az: the argument of f becomes x − z, in every dimension."""
    A, x, z, t = free("A x z t")
    moved = {"Az": A * z, "A⁻¹z": A**-1 * z}[y]
    return same(A**-1 * ((A * x + t) - moved - t), x - z, what=f"T_h⁻¹(T_h x − y) = x − z with y = {y}")


def gaussians_any_dimension() -> Evidence:
    """exp(−xᵀPx) ∗ exp(−xᵀQx) = const·exp(−xᵀ P S⁻¹ Q x), S = P + Q; f has P = AᵀP′A if T_h f has P′."""
    At, A, P, Q, S = free("At A P Q S")
    moved = A**-1 * S**-1 * At**-1
    return all_of(
        same(At * P * A + At * Q * A, At * (P + Q) * A, what="S of the right side"),
        same((At * S * A) * moved, 1, what="its inverse"),
        same(At * (P * S**-1 * Q) * A, (At * P * A) * moved * (At * Q * A), what="the exponents agree"),
    )


def gaussian_constants(power: int = 2) -> Evidence:
    """The squares of the factors π/√det S: det(A)² det(S) = det(Aᵀ S A), for S generic."""
    A, S = unknowns(A=(2, 2), S=(2, 2))
    return vanishes((A.T @ S @ A).det() - A.det() ** power * S.det(), what=f"|det A|^{power} det S = det(AᵀSA)")


def polygons(power: int = 1, *, absolute: bool = True, linear: bool = True, inverted: bool = False) -> Evidence:
    """T_h⁻¹(T_h f ∗ λ) = f ∗ μ for 48 linear parts and a translation, exactly, at three points.

    Mutated: another power of det, det itself, λ moved by t as well, λ∘A⁻¹ for λ∘A.
    """

    def equal_at_all_points(A: Matrix) -> bool:
        d = abs(A.det()) if absolute else A.det()
        back, moved = (A if inverted else inverse(A)), IMAGE.moved(A, SHIFT)
        offset = (0, 0) if linear else reach(-back, SHIFT)
        mu = d**power * FILTER.moved(back, offset)
        return all(moved.convolved(FILTER, reach(A, x, SHIFT)) == IMAGE.convolved(mu, x) for x in POINTS)

    return for_all(INVERTIBLE, equal_at_all_points, "A: T_h⁻¹(T_h f ∗ λ) = f ∗ μ")


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
        lambda_at=[ODD((half, 0)), ODD((-half, 0))],
    )  # fmt: skip


J1 = Statement(
    id="J1",
    paper=PAPER,
    name="one layer under an affine map",
    source="Jansson et al. (DeepMath 2020), first theorem; arXiv 2004.14716",
    summary="T_h⁻¹ Λ_λ T_h = Λ_μ with μ = |det T_h| T_h⁻¹λ; so T_h⁻¹ aligns iff λ = |det T_h| T_h⁻¹λ",
    claim=(
        "For every invertible affine T_h x = Ax + t, every σ and b: T_h⁻¹ Λ_λ T_h = Λ_μ with μ(z) = |det A| λ(Az) (put "
        "y = Az in ∫ f(T_h⁻¹(T_h x − y)) λ(y) dy). So T_h⁻¹ Λ_λ T_h = Λ_λ if λ = |det A| λ∘A almost everywhere, and "
        "only if, where no c ≠ 1 has σ(cs + b) = σ(s + b) for all s: for continuous σ this means that σ is not even "
        "about b. (Two different filters give functionals of f that are independent or multiples of one another.)"
    ),
    sizes="all N, every affine T_h; constants and polygons in the plane",
    verdict=Verdict.CORRECTED,
    correction=(
        "The paper prints det T_h without the absolute value (J1.sign) and asks nothing of σ: for σ(z) = z², b = 0 an "
        "odd filter is aligned under the half-turn. The translation part of T_h never acts on λ: where the paper "
        "writes T_h⁻¹λ, T_h is linear."
    ),
    hypotheses={"σ not even": "c ≠ 1 ⇒ σ(cs + b) ≠ σ(s + b) for some s (needed for “only if”)"},
    routes=(
        Route("substitution and Gaussians", Method.SYMBOLIC, lambda: all_of(substitution(), gaussians_any_dimension())),
        Route("constants of Gaussians, squared", Method.RING, gaussian_constants),
        Route("images and filters on polygons, 48 linear parts with a translation", Method.EXHAUSTIVE, polygons),
    ),
    controls=(
        Dropped("σ not even", partial(odd_filter, 2)),
        Mutant("without det", partial(polygons, 0)),
        Mutant("det for |det|", partial(polygons, absolute=False)),
        Mutant("det²", partial(gaussian_constants, 4)),
        Mutant("λ∘A⁻¹ for λ∘A", partial(polygons, inverted=True)),
        Mutant("the translation moves λ too", partial(polygons, linear=False)),
        Mutant("y = A⁻¹z", partial(substitution, "A⁻¹z")),
        Witness("σ(z) = z tells the odd filter from its turned copy", odd_filter),
    ),
    assumed=(
        "change of variables: ∫ g(y) dy = |det A| ∫ g(Az) dz",
        "∫ exp(−xᵀSx) dx = π/√det S in the plane; sums of translated Gaussians are dense in L¹",
        "two linear functionals of f that are not multiples of one another take every pair of values",
    ),
)
