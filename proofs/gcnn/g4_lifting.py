"""G4: the lifting correlation Z² → G is equivariant."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.functions import correlate, given, move, pull_back
from invariance_proofs.gcnn.layers import act, lift, turn
from invariance_proofs.gcnn.motions import GROUPS, ONE, P4, P4M, STEPS, TURN, Motion, PointGroup, window
from invariance_proofs.routes.coq import closed
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of

Argument = Callable[[Any, Any], Any]


def forward(g: Any, y: Any) -> Any:
    """gy, the inverse dropped."""
    return g(y)


def any_group(argument: Argument = pull_back, back: bool = False) -> Evidence:
    """y in any set that the group acts on; u moves the image, g is where the output is read."""
    g, u, y = letters("g u y")
    f, psi = function("f"), function("ψ")
    left = correlate(move(u, f), psi, [y], argument)(g)
    right = move(~u if back else u, correlate(f, psi, [y], argument))(g)
    return reindexed(left, right, "[L_u f]⋆ψ = L_u[f⋆ψ]", over=y, acting=[g, u])


def every_motion(name: str, argument: Argument = pull_back) -> Evidence:
    """Generic image and 2×2 filter, u every element of H and both unit steps, outputs at every g ∈ H.

    H and the steps generate G, and the outputs at translated g follow from those at H with u a step.
    """
    group = GROUPS[name]
    values, weights = unknowns(f=25, psi=4)
    f = given(dict(zip(window(-2, 2), values, strict=True)))
    psi = given(dict(zip(window(0, 1), weights, strict=True)))
    seen = window(-2, 2)  # every y with ψ(g⁻¹y) ≠ 0 for these g and for u⁻¹g
    lifted = correlate(f, psi, seen, argument)
    residuals = [
        correlate(move(u, f), psi, seen, argument)(g) - lifted((~u)(g)) for u in (*group, *STEPS) for g in group
    ]
    return vanishes(residuals, what=f"[L_u f]⋆ψ = L_u[f⋆ψ], {name}")


def raw_layer(draw: Draw, group: PointGroup = P4M) -> Any:
    """Two channels of 3×3 pixels, 2×2 filters, padding 1, every element of H about the centre."""
    images, filters = [draw.matrix(3, 3) for _ in range(2)], [draw.matrix(2, 2) for _ in range(2)]
    still = lift(group, images, filters, padding=1)
    for u in group:
        moved = lift(group, [turn(u, f) for f in images], filters, padding=1)
        yield [a - b for a, b in zip(moved, act(group, u, still), strict=True)]


def one_pixel(u: Motion, orientations: PointGroup) -> Evidence:
    """f = ψ = 1 at the origin: both sides at g = 1, with outputs at these orientations alone."""
    f = psi = given({(0, 0): 1})
    left, back = correlate(move(u, f), psi, [(0, 0)])(ONE), ~u
    right = correlate(f, psi, [(0, 0)])(back) if back in orientations else 0
    kept = [h.matrix() for h in orientations]
    return equal(left, right, what="[L_u f]⋆ψ(1) = L_u[f⋆ψ](1)", **ORIGIN, u=u.matrix(), orientations=kept)


def in_a_frame(u: Motion, frame: list[tuple[int, int]]) -> Evidence:
    """f = ψ = 1 at the origin: both sides at g = u, the image cut off at the frame."""
    f = psi = given({(0, 0): 1})
    left, right = correlate(move(u, f), psi, frame)(u), correlate(f, psi, frame)(ONE)
    return equal(left, right, what="[L_u f]⋆ψ(u) = L_u[f⋆ψ](u)", **ORIGIN, u=u.matrix(), frame=frame)


ORIGIN = {"f": {(0, 0): 1}, "psi": {(0, 0): 1}}

G4 = Statement(
    id="G4",
    paper=PAPER,
    name="lifting correlation",
    source="Cohen & Welling, equation (10) (slides: first layer)",
    summary="the lifting correlation Z² → G is G-equivariant",
    claim=(
        "[f⋆ψ](g) = Σ_{y ∈ Z²} Σ_k f_k(y) ψ_k(g⁻¹y) satisfies [L_u f]⋆ψ = L_u[f⋆ψ] for every u ∈ G = Z² ⋊ H, for "
        "every finite H ⊂ GL(2, Z): L_u moves f on Z² and the output on G. The same holds for any group G that acts "
        "on any set, as long as the sums are finite."
    ),
    sizes="every group on every set; p2 to p4m written out",
    verdict=Verdict.PROVED,
    hypotheses={
        "H is a group": "there is a filter L_hψ for every h of a group H, so that u⁻¹g is an output too",
        "nothing is cut off": "f has finite support, all of it inside the frame before and after u",
    },
    routes=(
        Route("substitution y ↦ uy, every group", Method.SYMBOLIC, any_group),
        Route(
            "generic image and filter, H and unit steps, six groups",
            Method.RING,
            lambda: all_of(*map(every_motion, GROUPS)),
        ),
        Route("raw layer, all of p4m", Method.RANDOM, partial(schwartz_zippel, raw_layer, what="the raw layer")),
        Route(
            "every finite H acting on any abelian group",
            Method.COQ,
            partial(closed, "G4_correlation", "lifting_equivariant"),
        ),
    ),
    controls=(
        Dropped("H is a group", partial(one_pixel, TURN, (ONE, TURN))),
        Dropped("nothing is cut off", partial(in_a_frame, STEPS[1], [(0, 0)])),
        Mutant("ψ(gy): the inverse dropped", partial(any_group, forward)),
        Mutant("ψ(gy): the inverse dropped, p4", partial(every_motion, "p4", forward)),
        Mutant("the output moves by u⁻¹", partial(any_group, back=True)),
        Witness("all four orientations", partial(one_pixel, TURN, P4)),
        Witness("a wider frame", partial(in_a_frame, STEPS[1], window(-1, 1))),
        Witness("half turns are a group too", partial(one_pixel, P4[2], (ONE, P4[2]))),
    ),
    assumed=("a finite sum does not depend on the order of its terms",),
)
