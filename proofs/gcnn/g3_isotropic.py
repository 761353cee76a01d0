"""G3, naively: planar correlation is not rotation equivariant, and for which filters it is."""

from __future__ import annotations

from functools import partial
from itertools import product

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.functions import given, move
from invariance_proofs.gcnn.g3_rotation import any_group, one_pixel, planar
from invariance_proofs.gcnn.motions import GROUPS, ONE, P4M, TURN, window
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.statement import Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of


def smallest() -> Evidence:
    """All binary filters of at most 3×3 taps with at most one pixel set, in rising size: the first that fails."""
    taps = sorted(window(-1, 1), key=lambda tap: max(map(abs, tap)))
    return for_all(
        product(taps, [ONE, TURN]),
        lambda case: one_pixel(case[1], case[0], filter_turned=False).holds,
        "(tap, r): planar correlation commutes with r",
    )


def isotropic() -> Evidence:
    """A filter with ψ(rz) = ψ(z) for the quarter turn r."""
    cross = {(0, 0): 2, (0, 1): 1, (1, 0): 1, (0, -1): 1, (-1, 0): 1}
    f, psi, domain = given({(0, 0): 1, (0, 1): 3}), given(cross), window(-3, 3)
    left, right = planar(move(TURN, f), psi, domain), move(TURN, planar(f, psi, domain))
    return for_all(window(-3, 3), lambda x: left(x) == right(x), "x: [L_r f]⋆ψ = L_r[f⋆ψ] for an isotropic ψ")


G3_literal = Statement(
    id="G3.literal",
    paper=PAPER,
    name="planar correlation and rotations, naively",
    source="Cohen & Welling, section 5, as CNN folklore has it",
    summary="[L_r f]⋆ψ = L_r[f⋆ψ] for rotations r",
    claim="Planar correlation is equivariant to rotations: [L_r f]⋆ψ = L_r[f⋆ψ] for every f, ψ and r ∈ p4.",
    sizes="one pixel, one tap: the smallest, since a single tap at the centre cannot fail",
    verdict=Verdict.REFUTED,
    correction=(
        "A tap at (0, 1) answers at (0, −1), turned or not; the turned answer should be at (1, 0). It holds for "
        "every f exactly if ψ is isotropic, L_r ψ = ψ (G3.isotropic). An ordinary CNN has to learn turned copies of "
        "its filters."
    ),
    routes=(
        Route(
            "a quarter turn, one tap off the centre",
            Method.EXACT,
            partial(one_pixel, TURN, (0, 1), filter_turned=False),
        ),
        Route("single taps in rising distance", Method.EXHAUSTIVE, smallest),
    ),
    controls=(
        Witness("a tap at the centre", partial(one_pixel, TURN, (0, 0), filter_turned=False)),
        Witness("no rotation", partial(one_pixel, ONE, (0, 1), filter_turned=False)),
        Witness("an isotropic filter", isotropic),
        Witness("with the filter turned back", partial(one_pixel, TURN, (0, 1), filter_turned=True)),
    ),
)


def residual_at_a_pixel(name: str, sign: int = 1) -> Evidence:
    """f = 1 at 0: [L_r f]⋆ψ − L_r[f⋆ψ] at x is ψ(−x) − ψ(−r⁻¹x), so it vanishes for all x iff L_r ψ = ψ."""
    (weights,) = unknowns(psi=25)
    psi = given(dict(zip(window(-2, 2), weights, strict=True)))
    f = given({(0, 0): 1})
    residuals = []
    for r, (i, j) in product(GROUPS[name], window(-3, 3)):
        defect = planar(move(r, f), psi, [(0, 0)])((i, j)) - move(r, planar(f, psi, [(0, 0)]))((i, j))
        residuals.append(defect - psi((-i, -j)) + sign * move(r, psi)((-i, -j)))
    return vanishes(residuals, what=f"([L_r δ]⋆ψ − L_r[δ⋆ψ])(x) = (ψ − L_r ψ)(−x), {name}")


def invariant_filters() -> Evidence:
    """A filter averaged over p4m, its free weights symbolic, commutes with all of p4m on a generic image."""
    values, weights = unknowns(f=9, psi=9)
    image = window(-1, 1)
    f, raw = given(dict(zip(image, values, strict=True))), given(dict(zip(image, weights, strict=True)))
    psi = given({z: sum(move(r, raw)(z) for r in P4M) for z in image})
    residuals = [
        planar(move(r, f), psi, image)(x) - move(r, planar(f, psi, image))(x) for r, x in product(P4M, window(-2, 2))
    ]
    return vanishes(residuals, what="[L_r f]⋆ψ = L_r[f⋆ψ] for ψ = Σ_r L_r w")


G3_isotropic = Statement(
    id="G3.isotropic",
    paper=PAPER,
    name="which filters commute with rotations",
    source="Cohen & Welling, section 5 (what the row on rotations implies)",
    summary="[L_r f]⋆ψ = L_r[f⋆ψ] for all f ⇔ L_r ψ = ψ",
    claim=(
        "Planar correlation with ψ commutes with r ∈ H for every f if and only if L_r ψ = ψ. (⇐ is G3 with "
        "L_{r⁻¹}ψ = ψ; for ⇒ take f = 1 at the origin, where the defect is ψ − L_r ψ, mirrored.) So a planar layer "
        "that is equivariant to p4m has one free weight for each orbit of taps: 3 of 9 in a 3×3 filter."
    ),
    sizes="every group for ⇐; 5×5 filters, six groups for ⇒",
    verdict=Verdict.PROVED,
    routes=(
        Route("the defect at one pixel", Method.RING, lambda: all_of(*map(residual_at_a_pixel, GROUPS))),
        Route("isotropic filters with symbolic weights, p4m", Method.RING, invariant_filters),
        Route("G3 with ψ for L_{r⁻¹}ψ, every group", Method.SYMBOLIC, any_group),
    ),
    controls=(
        Mutant("the defect is ψ + L_r ψ", partial(residual_at_a_pixel, "p4m", sign=-1)),
        Mutant("every filter commutes", partial(any_group, "not at all")),
        Witness(
            "3 orbits of taps in 3×3",
            lambda: equal(
                len({frozenset(r(z) for r in P4M) for z in window(-1, 1)}), 3, what="orbits of p4m on 3×3 taps"
            ),
        ),
    ),
)
