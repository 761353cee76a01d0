"""G4: the lifting correlation Z² → G is equivariant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.controls import BACK, FORWARD
from invariance_proofs.gcnn.functions import correlate, given, move, pull_back
from invariance_proofs.gcnn.layers import act, lift, turn
from invariance_proofs.gcnn.motions import GROUPS, ONE, P4, P4M, STEPS, TURN, Motion, PointGroup, window
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.coq import pinned
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import (
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
)

Argument = Callable[[Any, Any], Any]


forward = Formula.of(lambda g, y: g(y))
"""The inverse dropped."""


def any_group(argument: Argument = pull_back, out: Formula = FORWARD) -> Evidence:
    """y in any set that the group acts on; u moves the image, g is where the output is read."""
    g, u, y = letters("g u y")
    f, psi = function("f"), function("ψ")
    left = correlate(move(u, f), psi, [y], argument)(g)
    right = move(out(u), correlate(f, psi, [y], argument))(g)
    return reindexed(left, right, "[L_u f]⋆ψ = L_u[f⋆ψ]", over=y, acting=[g, u])


def every_motion(
    groups: Sequence[str] = tuple(GROUPS), argument: Argument = pull_back, out: Formula = FORWARD
) -> Evidence:
    """Generic image and 2×2 filter, u every element of H and both unit steps, outputs at every g ∈ H.

    H and the steps generate G, and the outputs at translated g follow from those at H with u a step.
    """
    values, weights = unknowns(f=25, psi=4)
    f = given(dict(zip(window(-2, 2), values, strict=True)))
    psi = given(dict(zip(window(0, 1), weights, strict=True)))
    seen = window(-2, 2)  # every y with ψ(g⁻¹y) ≠ 0 for these g and for u⁻¹g
    lifted = correlate(f, psi, seen, argument)
    residuals = [
        correlate(move(u, f), psi, seen, argument)(g) - lifted((~out(u))(g))
        for name in groups
        for u in (*GROUPS[name], *STEPS)
        for g in GROUPS[name]
    ]
    return vanishes(residuals, what=f"[L_u f]⋆ψ = {out}[f⋆ψ]")


def raw_layer(draw: Draw, group: PointGroup = P4M, out: Formula = FORWARD) -> Any:
    """Two channels of 3×3 pixels, 2×2 filters, padding 1, every element of H about the centre."""
    images, filters = [draw.matrix(3, 3) for _ in range(2)], [draw.matrix(2, 2) for _ in range(2)]
    still = lift(group, images, filters, padding=1)
    for u in group:
        moved = lift(group, [turn(u, f) for f in images], filters, padding=1)
        yield [a - b for a, b in zip(moved, act(group, out(u), still), strict=True)]


def one_pixel(u: Motion, orientations: PointGroup) -> Evidence:
    """f = ψ = 1 at the origin: both sides at g = 1, with outputs at these orientations alone."""
    f = psi = given({(0, 0): 1})
    left, back = correlate(move(u, f), psi, [(0, 0)])(ONE), ~u
    right = correlate(f, psi, [(0, 0)])(back) if back in orientations else 0
    kept = [h.matrix() for h in orientations]
    return equal(
        left, right, what="[L_u f]⋆ψ(1) = L_u[f⋆ψ](1)", **ORIGIN, u=u.matrix(), orientations=kept, frame=window(-1, 1)
    )


def in_a_frame(u: Motion, frame: list[tuple[int, int]]) -> Evidence:
    """f = ψ = 1 at the origin: both sides at g = u, the image cut off at the frame."""
    f = psi = given({(0, 0): 1})
    left, right = correlate(move(u, f), psi, frame)(u), correlate(f, psi, frame)(ONE)
    return equal(
        left,
        right,
        what="[L_u f]⋆ψ(u) = L_u[f⋆ψ](u)",
        **ORIGIN,
        u=u.matrix(),
        frame=frame,
        orientations=[h.matrix() for h in P4],
    )


def inside(f: Mapping[tuple[int, int], Any], frame: Sequence[tuple[int, int]], u: Matrix) -> bool:
    moved = [tuple((u @ Matrix.from_columns((*x, 1))).columns[0][:2]) for x in f]
    return set(moved) | set(f) <= set(frame)


ORIGIN = {"f": {(0, 0): 1}, "psi": {(0, 0): 1}}

CHANGED = {"ψ(gy): the inverse dropped": {"argument": forward}, f"moved by {BACK}": {"out": BACK}}
SORTS = (
    "forall (V : zmodType) (H : finGroupType) (turn : H -> V -> V), "
    "(forall g h v, turn (g * h)%g v = turn g (turn h v)) -> (forall v, turn 1%g v = v) -> "
    "(forall h v w, turn h (v - w) = turn h v - turn h w) -> "
)
ON = "fun (R : ringType) (G : Type) (X : eqType) (inv : G -> G) (act : G -> X -> X)"
SPLIT = "fun (V : zmodType) (H : finGroupType) (turn : H -> V -> V)"
DEFINED = {
    "translate": f"{ON} (u : G) (f : X -> R) (x : X) => f (act (inv u) x)",
    "covers": rf"{ON} (psi : X -> R) (g : G) (t : seq X) => "
    r"uniq t /\ forall x, psi (act (inv g) x) != 0 -> x \in t",
    "correlation": rf"{ON} (t : seq X) (f psi : X -> R) (g : G) => \sum_(x <- t) f x * psi (act (inv g) x)",
    "smul": f"{SPLIT} (g h : V * H) => (g.1 + turn g.2 h.1, (g.2 * h.2)%g)",
    "sinv": f"{SPLIT} (g : V * H) => (- turn (g.2^-1)%g g.1, (g.2^-1)%g)",
    "smove": f"{SPLIT} (g : V * H) (v : V) => g.1 + turn g.2 v",
}
"""Correlation over a list of points that covers the filter; the semidirect product of V and H, and its action."""
THEOREM = SORTS + (
    "forall (R : ringType) (s t : seq V) (f psi : V -> R) (u g : V * H), covers (sinv turn) (smove turn) psi g s -> "
    "covers (sinv turn) (smove turn) psi (smul turn (sinv turn u) g) t -> "
    "correlation (sinv turn) (smove turn) s (translate (sinv turn) (smove turn) u f) psi g = "
    "correlation (sinv turn) (smove turn) t f psi {}"
)

G4 = Statement(
    id="G4",
    paper=PAPER,
    name="lifting correlation",
    source="Cohen & Welling, equation (10) (slides: first layer)",
    summary="the lifting correlation Z² → G is G-equivariant",
    claim=(
        "[f⋆ψ](g) = Σ_y Σ_k f_k(y) ψ_k({argument}), y ∈ Z², satisfies [L_u f]⋆ψ = {any_group.out}[f⋆ψ] for every u "
        "in Z² ⋊ H, for every finite H ⊂ GL(2, Z): L_u moves f on Z² and the output on G. The same holds for any "
        "group G that acts on any set, as long as the sums are finite."
    ),
    over="groups",
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "H is a group": Hypothesis(
            "there is a filter L_hψ for every h of a group H, so that u⁻¹g is an output too",
            lambda orientations: all(g @ h in orientations for g in orientations for h in orientations),
        ),
        "nothing is cut off": Hypothesis("f has finite support, all of it inside the frame before and after u", inside),
    },
    routes=(
        Route("substitution y ↦ uy", Method.SYMBOLIC, any_group, mutants=CHANGED, over="groups"),
        Route(
            "generic image and filter, H and unit steps",
            Method.RING,
            every_motion,
            mutants=CHANGED,
            over="groups",
            cases=143,
        ),
        Route(
            "raw layer",
            Method.RANDOM,
            schwartz_zippel,
            {"residual": raw_layer, "what": "the raw layer"},
            {str(BACK): {"residual": partial(raw_layer, out=BACK)}},
            at="p4m",
            cases=1024,
        ),
        Route(
            "a finite H that acts on an abelian group",
            Method.COQ,
            pinned,
            {
                "theory": "G4_correlation",
                "said": {"lifting_equivariant": THEOREM.format("(smul turn (sinv turn u) g)")},
                "defined": DEFINED,
            },
            {"at ug": {"said": {"lifting_equivariant": THEOREM.format("(smul turn u g)")}}},
            over="V H",
        ),
    ),
    controls=(
        Dropped("H is a group", one_pixel, {"u": TURN, "orientations": (ONE, TURN)}),
        Dropped("nothing is cut off", in_a_frame, {"u": STEPS[1], "frame": [(0, 0)]}),
        Witness("all four orientations", one_pixel, {"u": TURN, "orientations": P4}),
        Witness("a wider frame", in_a_frame, {"u": STEPS[1], "frame": window(-1, 1)}),
        Witness("half turns are a group too", one_pixel, {"u": P4[2], "orientations": (ONE, P4[2])}),
    ),
    assumed=("a finite sum does not depend on the order of its terms",),
)
