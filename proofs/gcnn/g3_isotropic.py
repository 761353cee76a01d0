"""G3, naively: planar correlation is not rotation equivariant, and for which filters it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.controls import PSI, PSI_TURNED_BACK
from invariance_proofs.gcnn.functions import given, move
from invariance_proofs.gcnn.g3_rotation import BY_WORDS, one_pixel, planar
from invariance_proofs.gcnn.motions import GROUPS, ONE, P4, P4M, TURN, PointGroup, window
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.statement import (
    Clause,
    Evidence,
    Formula,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    all_of,
    instead,
)


def smallest(psi_by: Formula = PSI) -> Evidence:
    """Single taps in rising distance: the first that fails."""
    taps = sorted(window(-1, 1), key=lambda tap: max(map(abs, tap)))
    return all_of(*(one_pixel(r, tap, psi_by) for tap, r in product(taps, [ONE, TURN])))


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
    summary="[L_r f]⋆ψ = L_r[f⋆{psi_by}] for rotations r",
    claim="Planar correlation is equivariant to rotations: [L_r f]⋆ψ = L_r[f⋆{psi_by}] for every f, ψ and r ∈ p4.",
    at="one pixel, one tap",
    hypotheses={"r ∈ p4": Hypothesis("r is a rotation about the origin", lambda r: r in [h.matrix() for h in P4])},
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
            one_pixel,
            {"psi_by": PSI},
            {"a tap at the centre": {"tap": (0, 0)}, "no rotation": {"r": ONE}} | instead("psi_by", PSI_TURNED_BACK),
        ),
        Route("taps in rising distance", Method.EXHAUSTIVE, smallest, mutants=instead("psi_by", PSI_TURNED_BACK)),
    ),
    controls=(Witness("an isotropic filter", isotropic),),
)


def residual_at_a_pixel(groups: Sequence[str] = tuple(GROUPS), sign: int = 1) -> Evidence:
    """f = 1 at 0: [L_r f]⋆ψ − L_r[f⋆ψ] at x is ψ(−x) − ψ(−r⁻¹x), so it vanishes for all x iff L_r ψ = ψ."""
    (weights,) = unknowns(psi=25)
    psi = given(dict(zip(window(-2, 2), weights, strict=True)))
    f = given({(0, 0): 1})
    residuals = []
    for r, (i, j) in product((r for name in groups for r in GROUPS[name]), window(-3, 3)):
        defect = planar(move(r, f), psi, [(0, 0)])((i, j)) - move(r, planar(f, psi, [(0, 0)]))((i, j))
        residuals.append(defect - psi((-i, -j)) + sign * move(r, psi)((-i, -j)))
    return vanishes(residuals, what=f"([L_r δ]⋆ψ − L_r[δ⋆ψ])(x) = (ψ − L_r ψ)(−x), sign {sign}")


def of_a_pixel(fixed: str = "r(d) = d") -> Evidence:
    """C = correlation with ψ = p, d = 1 at the origin: Cd is ψ mirrored (m, M mirrors back). Crd = rCd: ψ = L_rψ."""
    rules = [fixed.replace("d", "d(x)"), "C(d(x)) = m(p(x))", "r(m(x)) = m(r(x))", "M(m(x)) = x"]
    return all_of(
        follows("M(C(r(d(x)))) = p(x)", rules, what="from the turned image ψ"),
        follows("M(r(C(d(x)))) = r(p(x))", rules, what="from the turned answer L_rψ"),
    )


def orbits(count: int = 3, of: int = 9) -> Evidence:
    """Of p4m on the taps of a 3×3 filter."""
    taps = list(window(-1, 1))
    return equal(
        (len({frozenset(r(z) for r in P4M) for z in taps}), len(taps)), (count, of), what="orbits of p4m, taps"
    )


def invariant_filters(averaged: PointGroup = P4M) -> Evidence:
    """A filter averaged over p4m, its free weights symbolic, commutes with all of p4m on a generic image."""
    values, weights = unknowns(f=9, psi=9)
    image = window(-1, 1)
    f, raw = given(dict(zip(image, values, strict=True))), given(dict(zip(image, weights, strict=True)))
    psi = given({z: sum(move(r, raw)(z) for r in averaged) for z in image})
    residuals = [
        planar(move(r, f), psi, image)(x) - move(r, planar(f, psi, image))(x) for r, x in product(P4M, window(-2, 2))
    ]
    return vanishes(residuals, what="[L_r f]⋆ψ = L_r[f⋆ψ] for ψ = Σ_r L_r w")


G3_isotropic = Statement(
    id="G3.isotropic",
    paper=PAPER,
    name="which filters commute with rotations",
    source="Cohen & Welling, section 5 (what the row on rotations implies)",
    summary="correlation with ψ commutes with r for all images ⇔ ψ = {sign:*}L_r ψ",
    claim=(
        "Planar correlation with ψ commutes with r ∈ H for every f if and only if ψ = {sign:*}L_r ψ. (⇐ is G3 with a "
        "filter that is turned back onto itself; for ⇒ take f one at the origin, where the defect is ψ − {sign:*}L_r "
        "ψ, mirrored.) So a planar layer that is equivariant to p4m has one free weight for each orbit of taps: "
        "{count} of {of} in a 3×3 filter."
    ),
    verdict=Verdict.PROVED,
    clauses=(
        Clause(
            "⇒",
            Route(
                "an image of one pixel",
                Method.SYMBOLIC,
                of_a_pixel,
                {},
                {"a pixel that r moves": {"fixed": "r(d) = e"}},
                "maps",
                cases=2,
            ),
            Route(
                "the defect at one pixel",
                Method.RING,
                residual_at_a_pixel,
                mutants=instead("sign", -1),
                over="groups",
                cases=1029,
            ),
            over="maps",
        ),
        Clause(
            "⇐",
            BY_WORDS,
            Route(
                "isotropic filters, symbolic weights",
                Method.RING,
                invariant_filters,
                mutants={"symmetric under half turns alone": {"averaged": (P4[0], P4[2])}},
                at="p4m",
                cases=200,
            ),
            over="groups",
        ),
    ),
    controls=(
        Witness(
            "orbits of taps",
            orbits,
        ),
    ),
)
