"""G5: the group correlation G → G is equivariant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.controls import BACK, FORWARD
from invariance_proofs.gcnn.functions import correlate, given, move, pull_back
from invariance_proofs.gcnn.g4_lifting import DEFINED, SORTS, Argument, any_group, forward
from invariance_proofs.gcnn.layers import Map, act, convolve, turn
from invariance_proofs.gcnn.motions import GROUPS, ONE, P4, P4M, STEPS, TURN, Motion, PointGroup, shift, window
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.coq import pinned
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
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

swapped = Formula.of(lambda g, h: h(~g))


def over_group(points: Sequence[tuple[int, int]], group: PointGroup) -> list[Motion]:
    """The elements th of Z² ⋊ H with t among the points."""
    return [shift(*t)(h) for t, h in product(points, group)]


def every_motion(
    groups: Sequence[str] = tuple(GROUPS), argument: Argument = pull_back, out: Formula = FORWARD
) -> Evidence:
    """Generic feature map and filter with taps at 0 and (0, 1), u every element of H and both unit steps, every g ∈ H.

    H and the steps generate G, and the outputs at translated g follow from those at H with u a step.
    """
    residuals = []
    for group in (GROUPS[name] for name in groups):
        window_, taps = over_group(window(-2, 2), group), over_group([(0, 0), (0, 1)], group)
        values, weights = unknowns(f=len(window_), psi=len(taps))
        f, psi = given(dict(zip(window_, values, strict=True))), given(dict(zip(taps, weights, strict=True)))
        seen = over_group(window(-2, 1), group)  # every h with ψ(g⁻¹h) ≠ 0 for these g and for u⁻¹g
        still = correlate(f, psi, seen, argument)
        residuals += [
            correlate(move(u, f), psi, seen, argument)(g) - still((~out(u))(g)) for u in (*group, *STEPS) for g in group
        ]
    return vanishes(residuals, what=f"[L_u f]⋆ψ = {out}[f⋆ψ]")


Filters = Callable[[PointGroup, Motion, Map], Map]


def raw_layer(draw: Draw, group: PointGroup = P4M, transform: Filters = act) -> Any:
    """Two channels of 3×3 pixels, 2×2 filters, padding 1, every element of H about the centre."""
    features, filters = ([tuple(draw.matrix(n, n) for _ in group) for _ in range(2)] for n in (3, 2))

    def layer(channels: Sequence[Map]) -> Map:
        flat = [image for feature in channels for image in feature]
        kernels = ([k for psi in filters for k in transform(group, g, psi)] for g in group)
        return tuple(convolve(flat, row, padding=1) for row in kernels)

    still = layer(features)
    for u in group:
        moved = layer([act(group, u, f) for f in features])
        yield [a - b for a, b in zip(moved, act(group, u, still), strict=True)]


def turned_only(group: PointGroup, g: Motion, psi: Map) -> Map:
    """The filters turn, but stay where they are on the group axis."""
    return tuple(turn(g, image) for image in psi)


def permuted_only(group: PointGroup, g: Motion, psi: Map) -> Map:
    return tuple(psi[group.index((~g)(h))] for h in group)


def swapped_table(group: PointGroup, g: Motion, psi: Map) -> Map:
    """ψ(·, hg⁻¹) for ψ(·, g⁻¹h)."""
    return tuple(turn(g, psi[group.index(h(~g))]) for h in group)


def on_the_raw_layer(group: PointGroup = P4M, transform: Filters = act) -> Evidence:
    return schwartz_zippel(partial(raw_layer, group=group, transform=transform), what="the raw layer")


def one_element(u: Motion, e: Motion, elements: Sequence[Motion]) -> Evidence:
    """f = ψ = 1 at e: both sides at g = u, the feature maps kept on these elements alone."""
    f, psi = given({e: 1}), given({e: 1})
    sides = correlate(move(u, f), psi, elements)(u), correlate(f, psi, elements)(ONE)
    return equal(
        *sides,
        what="[L_u f]⋆ψ(u) = L_u[f⋆ψ](u)",
        f_and_psi_are_1_at=e.matrix(),
        u=u.matrix(),
        domain=[h.matrix() for h in elements],
    )


def turned_part(g: Matrix) -> Matrix:
    return Matrix.of(row[:2] for row in g.rows[:2])


def closed_orientations(domain: Sequence[Matrix]) -> bool:
    turns = [turned_part(g) for g in domain]
    return all(g @ h in turns for g in turns for h in turns)


def inside(f_and_psi_are_1_at: Matrix, u: Matrix, domain: Sequence[Matrix]) -> bool:
    """Whether the translations of the element and of the moved element are among the domain's."""
    translations = {g.columns[2] for g in domain}
    return {f_and_psi_are_1_at.columns[2], (u @ f_and_psi_are_1_at).columns[2]} <= translations


CHANGED = {
    "ψ(gh): the inverse dropped": {"argument": forward},
    "ψ(hg⁻¹): the product swapped": {"argument": swapped},
    f"moved by {BACK}": {"out": BACK},
}
SMALL = {name: {"groups": ("p4",), **changes} for name, changes in CHANGED.items()}
THEOREM = SORTS + (
    "forall (R : ringType) (s t : seq (V * H)) (f psi : V * H -> R) (u g : V * H), "
    "covers (sinv turn) (smul turn) psi g s -> covers (sinv turn) (smul turn) psi (smul turn (sinv turn u) g) t -> "
    "correlation (sinv turn) (smul turn) s (translate (sinv turn) (smul turn) u f) psi g = "
    "correlation (sinv turn) (smul turn) t f psi {}"
)

G5 = Statement(
    id="G5",
    paper=PAPER,
    name="group correlation",
    source="Cohen & Welling, equation (11) (slides: subsequent layers)",
    summary="the group correlation G → G is G-equivariant",
    claim=(
        "[f⋆ψ](g) = Σ_h Σ_k f_k(h) ψ_k({argument[g, h]}), h in the group, satisfies [L_u f]⋆ψ = {any_group.out}[f⋆ψ] "
        "for every u in Z² ⋊ H and every finite H ⊂ GL(2, Z); likewise for any group, as long as the sums are "
        "finite. On arrays: the filters turn and move along the group axis, L_gψ(·, h) is the turned ψ(·, "
        "{argument[g, h]}). The order g⁻¹h matters: hg⁻¹ on the group axis is the same in p4, whose point group is "
        "commutative, and wrong in p4m."
    ),
    over="groups",
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "H is a group": Hypothesis("the feature maps have every orientation uh, u and h ∈ H", closed_orientations),
        "nothing is cut off": Hypothesis("f has finite support, all of it inside the frame before and after u", inside),
    },
    routes=(
        Route("substitution h ↦ uh", Method.SYMBOLIC, any_group, mutants=CHANGED, over="groups"),
        Route("generic feature map and filter", Method.RING, every_motion, {}, SMALL, over="groups", cases=143),
        Route(
            "raw layer",
            Method.RANDOM,
            on_the_raw_layer,
            mutants={
                "hg⁻¹ on the group axis of p4m alone": {"transform": swapped_table},
                "filters turned and not permuted": {"group": P4, "transform": turned_only},
                "filters permuted and not turned": {"group": P4, "transform": permuted_only},
            },
            at="p4m",
            cases=1024,
        ),
        Route(
            "a finite H that acts on an abelian group",
            Method.COQ,
            pinned,
            {
                "theory": "G4_correlation",
                "said": {"group_equivariant": THEOREM.format("(smul turn (sinv turn u) g)")},
                "defined": DEFINED,
            },
            {"at ug": {"said": {"group_equivariant": THEOREM.format("(smul turn u g)")}}},
            over="V H",
        ),
    ),
    controls=(
        Dropped("H is a group", one_element, {"u": TURN, "e": TURN, "elements": [ONE, TURN]}),
        Dropped("nothing is cut off", one_element, {"u": STEPS[1], "e": ONE, "elements": P4}),
        Witness("hg⁻¹ on the group axis of p4 alone", on_the_raw_layer, {"group": P4, "transform": swapped_table}),
        Witness("every orientation is there", one_element, {"u": TURN, "e": TURN, "elements": P4}),
    ),
    assumed=("a finite sum does not depend on the order of its terms",),
)
