"""T2.h.order: how fast covariance is lost when there is more than one tap.

φ(x) = x + ε v(x), taps at h·k. The leading order depends on the 2-jets of the image and of the warp only, so quadratic
ones with symbolic coefficients are the general case.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.images import compose, features, jacobian, written
from invariance_proofs.diffcnn.layers import gram_determinants, invariant, unequal_invariants
from invariance_proofs.diffcnn.theorem2_h_single_tap import TWO_TAPS, bumps, quadratic
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
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


def coefficient(polynomial: Any, i: int, j: int) -> Any:
    """The coefficient of hⁱ εʲ; h and ε are the first two generators."""
    kept = {(0, 0, *m[2:]): c for m, c in polynomial.terms() if m[:2] == (i, j)}
    return polynomial.ring.from_dict(kept)


def linear_warp(eps: Any) -> Any:
    """Constant dφ ∈ GL(2): (x, y + ε x)."""
    return lambda x, y: (x, y + eps * x)


def curved_warp(eps: Any) -> Any:
    """dφ(0) = I, all of the defect from d²φ: (x, y + ε x²)."""
    return lambda x, y: (x, y + eps * x * x)


def one_tap_defect(stretch: int = 1, curvature: int = 1) -> Evidence:
    """B(k) = ∇I(φ(hk)) dφ(hk) − ∇I(φ(0) + hk) dφ(0) = hε {(∇²I dv k)ᵀ + ∇I d²v[k, ·]} + terms with h² ε or h ε²."""
    h, eps, c, p, q, k = unknowns(h=1, eps=1, c=6, p=6, q=6, k=2)
    step = h * k[0], h * k[1]

    def colour(x: Any, y: Any) -> tuple[Any, ...]:
        return (quadratic(c, x, y),)

    def velocity(x: Any, y: Any) -> tuple[Any, ...]:
        return quadratic(p, x, y), quadratic(q, x, y)

    def warp(x: Any, y: Any) -> tuple[Any, ...]:
        u, v = velocity(x, y)
        return x + eps * u, y + eps * v

    def moved(s: tuple[Any, Any]) -> Matrix:
        """B for the tap at s."""
        start = warp(0, 0)
        there, here = jacobian(colour, warp(*s)), jacobian(colour, (start[0] + s[0], start[1] + s[1]))
        return there @ jacobian(warp, s) - here @ jacobian(warp, (0, 0))

    defect, dv = moved(step), jacobian(velocity, (0, 0))
    hessian = Matrix.of([[2 * c[3], c[4]], [c[4], 2 * c[5]]])
    leading = stretch * (hessian @ dv @ Matrix.from_columns(k)).T
    leading += curvature * (jacobian(colour, (0, 0)) @ (jacobian(velocity, k) - dv))
    opposite = defect + moved((-step[0], -step[1]))
    return all_of(
        vanishes(
            [b.evaluate([(x, 0)]) for b in defect for x in (h, eps)], what="no defect at h = 0 or at ε = 0", of=defect
        ),
        vanishes(
            [coefficient(b, 1, 1) - want for b, want in zip(defect, leading, strict=True)], what="term in hε", of=defect
        ),
        vanishes(
            [coefficient(b, 1, j) for b in opposite for j in range(5)],
            what="taps ±k, same weight: no term in h",
            of=opposite,
        ),
    )


def network_series(warps: Sequence[Any] = (linear_warp, curved_warp), lowest: tuple[int, int] = (1, 1)) -> Evidence:
    """The residual of U[I∘φ](0) = U[I](φ(0)), as a polynomial modulo h² and ε²: hε is all that is left of it."""
    h, eps = unknowns(h=1, eps=1)

    def low(polynomial: Any) -> Any:
        """Reduction modulo h² and ε², a homomorphism: it may be applied at any time."""
        return h.ring.from_dict({m: c for m, c in h.ring(polynomial).terms() if max(m) < 2})

    def terms(warp: Any) -> list[dict[Any, Any]]:
        dets = []
        for image, point in ((bumps, warp(eps)(0, 0)), (compose(bumps, warp(eps)), (0, 0))):
            channels = [Matrix.of(map(low, row) for row in out.rows) for out in features(image, TWO_TAPS, point, h)]
            dets.append([low(d) for d in gram_determinants(channels)])
        if not all(coefficient(d, 0, 0) for d in dets[0]):
            raise ValueError("U is not defined at h = ε = 0")
        return [dict(low(r).terms()) for r in unequal_invariants(*dets)]

    found = [terms(warp) for warp in warps]
    lowest_only = all(c == 0 or m == lowest for of_warp in found for r in of_warp for m, c in r.items())
    present = all(any(r.get(lowest) for r in of_warp) for of_warp in found)
    return check(lowest_only and present, f"the lowest term has exponents {lowest} in (h, ε)", residuals=found)


def error(h: Fraction, eps: Fraction, warp: Any) -> Fraction:
    """max_c |exp(C(U[I∘φ](0) − U[I](φ(0)))) − 1| with taps at distance h."""
    after = invariant(features(compose(bumps, warp(eps)), TWO_TAPS, (0, 0), h))
    before = invariant(features(bumps, TWO_TAPS, warp(eps)(0, 0), h))
    return max(abs(a / b - 1) for a, b in zip(after, before, strict=True))


def observed_order(factor: int = 2) -> Evidence:
    """Halving h or ε divides the error by `factor`, to within 1 %."""
    h = eps = Fraction(1, 1024)
    cases = [(h / 2, eps, warp) for warp in (linear_warp, curved_warp)] + [
        (h, eps / 2, warp) for warp in (linear_warp, curved_warp)
    ]
    ratios = [error(*case) / error(h, eps, case[2]) for case in cases]
    return check(
        all(abs(factor * r - 1) < Fraction(1, 100) for r in ratios),
        f"halving h or ε divides the error by {factor}",
        ratios=ratios,
    )


def fixed_offsets(offset: Fraction = Fraction(1)) -> Evidence:
    """Taps this far apart on every grid: refining the grid leaves the error as it is."""
    eps = Fraction(1, 8)
    found = error(offset, eps, linear_warp)
    numbers = {"I": written(bumps), "phi": written(linear_warp(eps)), "w": TWO_TAPS, "offset": offset, "error": found}
    return check(found == 0, "the error vanishes with the grid step", **numbers)


T2_h_order = Statement(
    id="T2.h.order",
    paper=PAPER,
    name="leading order of the defect",
    source="Kan et al., Theorem 2, K > 1, read for warped images",
    summary="more than one tap: the defect of covariance is of first order in the tap distance h and in dφ − I",
    claim=(
        "Let {let:φ(x) = x + ε v(x)}, with taps at h·k. Then conv[I∘φ](x) − conv[I](φ(x)) dφ(x) = "
        "h{lowest[0]:^}ε{lowest[1]:^} Σ_k w_k {{{stretch:*}∂J[dv(x)k] + {curvature:*}J d²v(x)[k, ·]}} + O(h²ε + "
        "hε²): it vanishes for one tap at the origin and for translations, and in general of first order in h and in "
        "ε, both through dv (affine warps) and through d²v. U inherits this order where it is defined, and no higher "
        "one in general. Where every tap k has a partner −k of the same weight the term in h cancels and the defect "
        "is O(h²ε)."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={"taps on the grid": Hypothesis("the taps close up as the grid is refined", lambda offset: offset == 0)},
    clauses=(
        Clause(
            "the term in hε of one tap, 0 for a pair ±k",
            Route(
                "2-jets of image and warp",
                Method.RING,
                one_tap_defect,
                mutants=instead("stretch", 0) | instead("curvature", 0),
                cases=16,
            ),
            assumed=("Taylor's theorem for images and warps of class C³",),
        ),
        Clause(
            "U is of first order in h and ε, in general: two taps, three channels",
            Route(
                "series of U, a linear and a curved warp",
                Method.RING,
                network_series,
                mutants=instead("lowest", (2, 1)),
            ),
            Route(
                "exact errors at h, ε = 2⁻¹⁰ and half of it", Method.EXACT, observed_order, mutants=instead("factor", 4)
            ),
            finite=True,
        ),
    ),
    controls=(
        Dropped("taps on the grid", fixed_offsets),
        Witness("where they have closed up", fixed_offsets, {"offset": Fraction(0)}),
        Witness("no warp, no defect", lambda: check(error(Fraction(1), Fraction(0), linear_warp) == 0, "ε = 0")),
    ),
)
