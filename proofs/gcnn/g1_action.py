"""G1.action: g ↦ L_g is an action."""

from __future__ import annotations

from itertools import product
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.functions import Function, move
from invariance_proofs.gcnn.motions import P3, P4M, PointGroup, shift
from invariance_proofs.routes.exact import for_all
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import Evidence, Formula, Method, Route, Statement, Verdict, Witness, instead

PRODUCT = Formula.of(lambda g, h: g(h))
SWAPPED = Formula.of(lambda g, h: h(g))


def forward(g: Any, f: Function) -> Function:
    """f ∘ g, without the inverse."""
    return lambda x: f(g(x))


def any_group(law: Formula = PRODUCT, by: Any = move) -> Evidence:
    g, h, x = letters("g h x")
    f = function("f")
    gh = law(g, h)
    return reindexed(by(g, by(h, f))(x), by(gh, f)(x), what=f"L_g L_h = L_{law}")


def on_points(group: PointGroup = P4M, by: Any = move) -> Evidence:
    """With f = identity, which tells all arguments apart, on Z² and on Z² ⋊ H."""
    motions = [shift(*t)(A) for A in group for t in ((0, 0), (2, -1))]
    places = [(1, 3), *motions[:3]]

    def identity(x: Any) -> Any:
        return x

    return for_all(
        product(motions, motions, places),
        lambda c: by(c[0], by(c[1], identity))(c[2]) == by(c[0](c[1]), identity)(c[2]),
        "(g, h, x): L_g L_h = L_gh",
    )


WITHOUT_INVERSE = {"f ∘ g for f ∘ g⁻¹": {"by": forward}}

G1_action = Statement(
    id="G1.action",
    paper=PAPER,
    name="L_g is an action",
    source="Cohen & Welling, section 4.4 (slides: L_g L_h = L_gh)",
    summary="{let:(L_g f)(x) = f(g⁻¹x)} satisfies L_g L_h = L_{law}",
    claim=(
        "For functions on any set that G acts on, Z² and G itself among them, {let:(L_g f)(x) = f(g⁻¹x)} satisfies "
        "L_g L_h = L_{law}. Without the inverse the order is reversed: f∘g∘h belongs to hg."
    ),
    over="groups",
    verdict=Verdict.PROVED,
    routes=(
        Route("words", Method.SYMBOLIC, any_group, mutants=WITHOUT_INVERSE | instead("law", SWAPPED), over="groups"),
        Route("on Z² and on itself", Method.EXHAUSTIVE, on_points, mutants=WITHOUT_INVERSE, at="p4m", cases=1024),
        Route(
            "on its lattice and on itself",
            Method.EXHAUSTIVE,
            on_points,
            {"group": P3},
            WITHOUT_INVERSE,
            at="p3",
            cases=144,
        ),
    ),
    controls=(Witness("f ∘ g belongs to hg", any_group, {"law": SWAPPED, "by": forward}),),
)
