"""G1.action: g ↦ L_g is an action."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.functions import Function, move
from invariance_proofs.gcnn.motions import P3, P4M, PointGroup, shift
from invariance_proofs.routes.exact import for_all
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import Evidence, Method, Mutant, Route, Statement, Verdict, Witness


def forward(g: Any, f: Function) -> Function:
    """f ∘ g, without the inverse."""
    return lambda x: f(g(x))


def any_group(swapped: bool = False, by: Any = move) -> Evidence:
    g, h, x = letters("g h x")
    f = function("f")
    gh = h(g) if swapped else g(h)
    return reindexed(by(g, by(h, f))(x), by(gh, f)(x), what=f"L_g L_h = L_{'hg' if swapped else 'gh'}")


def on_points(group: PointGroup, by: Any = move) -> Evidence:
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


G1_action = Statement(
    id="G1.action",
    paper=PAPER,
    name="L_g is an action",
    source="Cohen & Welling, section 4.4 (slides: L_g L_h = L_gh)",
    summary="(L_g f)(x) = f(g⁻¹x) satisfies L_g L_h = L_gh",
    claim=(
        "For functions on any set that G acts on, Z² and G itself among them, (L_g f)(x) = f(g⁻¹x) satisfies "
        "L_g L_h = L_gh. Without the inverse the order is reversed: f∘g∘h belongs to hg."
    ),
    sizes="every group, every set it acts on",
    verdict=Verdict.PROVED,
    routes=(
        Route("words of the free group", Method.SYMBOLIC, any_group),
        Route("p4m on Z² and on itself", Method.EXHAUSTIVE, partial(on_points, P4M)),
        Route("p3 on its lattice and on itself", Method.EXHAUSTIVE, partial(on_points, P3)),
    ),
    controls=(
        Mutant("f ∘ g for f ∘ g⁻¹", partial(any_group, by=forward)),
        Mutant("f ∘ g for f ∘ g⁻¹, p4m", partial(on_points, P4M, by=forward)),
        Mutant("L_g L_h = L_hg", partial(any_group, swapped=True)),
        Witness("f ∘ g belongs to hg", partial(any_group, swapped=True, by=forward)),
    ),
)
