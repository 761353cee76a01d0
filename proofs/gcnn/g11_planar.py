"""G11.planar: values for each planar channel break equivariance unless they are all equal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.g11_norm import affine, defects, planar
from invariance_proofs.gcnn.motions import GROUPS, P4, PointGroup, subgroups
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.smt import impossible
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import (
    Chain,
    Evidence,
    Formula,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    all_of,
    instead,
)


def residual(groups: Sequence[str] = tuple(GROUPS), sign: int = 1) -> Evidence:
    """One pixel, symbolic x, a, b: the defect under u at g is (a_g − a_{u⁻¹g}) x_{u⁻¹g} + b_g − b_{u⁻¹g}."""
    left_over = []
    for group in (GROUPS[name] for name in groups):
        n = len(group)
        x, a, b = unknowns(x=n, a=n, b=n)
        feature = tuple(Matrix.of([[value]]) for value in x)
        for u in group:
            found = defects(group, [feature], lambda batch, a=a, b=b: [affine(f, a, b) for f in batch], u)
            for g, defect in zip(range(n), found, strict=True):
                h = group.index((~u)(group[g]))
                left_over.append(defect[0, 0] - ((a[g] - sign * a[h]) * x[h] + b[g] - sign * b[h]))
    return vanishes(left_over, what="the defect of x ↦ a_g x + b_g")


def transitive(group_of: Callable[[PointGroup], Sequence[Any]] = list) -> Evidence:
    """Some u = g g′⁻¹ compares any two elements g, g′: the defects vanish iff all a_g and all b_g are equal."""

    def right(group: PointGroup) -> bool:
        return all(any((~u)(g) == h for u in group_of(group)) for g, h in product(group, group))

    return for_all(GROUPS.values(), right, "H: every pair of orientations is compared")


G_BY_H = Formula.of(lambda g, h: g(~h))
SWAPPED = Formula.of(lambda g, h: h(~g))


def two_values(at: tuple[int, int] = (0, 1)) -> Evidence:
    """ax + b = a′x + b′ at two values x: then a = a′ and b = b′."""

    def equal_at(a: Any, b: Any, c: Any, d: Any) -> list[Any]:
        return [a * x + b == c * x + d for x in at]

    met = (1, 2, 1, 2), (-3, 0, -3, 0)
    return all_of(
        impossible(lambda a, b, c, d: [*equal_at(a, b, c, d), a != c], "a b c d", what="a′ = a", met=met),
        impossible(lambda a, b, c, d: [*equal_at(a, b, c, d), b != d], "a b c d", what="b′ = b", met=met),
    )


def compared(u: Formula = G_BY_H) -> Evidence:
    """L_u f at g has the value of f at h = u⁻¹g for u = gh⁻¹: any two channels are compared."""
    g, h = letters("g h")
    f = function("f")
    return reindexed(f((~u(g, h))(g)), f(h), f"u⁻¹g = h for u = {u}")


def raw_channels(draw: Draw, scales: Sequence[int], shifts: Sequence[int]) -> Any:
    feature = tuple(draw.matrix(2, 3) for _ in P4)
    return [list(defects(P4, [feature], lambda batch: [affine(f, scales, shifts) for f in batch], h)) for h in P4]


def every_choice(values: int = 1) -> Evidence:
    """All 4-tuples of scales in {1, 2} and shifts in {0, 1} on raw p4 feature maps: equivariant iff both constant."""
    risk = []
    for scales, shifts in product(product((1, 2), repeat=4), product((0, 1), repeat=4)):
        found = schwartz_zippel(partial(raw_channels, scales=scales, shifts=shifts), what="the raw layer")
        if found.holds != (max(len(set(scales)), len(set(shifts))) <= values):
            return check(False, "equivariant ⇔ constant", scales=scales, shifts=shifts)
        risk.append(found.error_probability)
    return Evidence(True, f"equivariant ⇔ constant along the group axis: {len(risk)} choices", sum(risk, Fraction(0)))


def a_subgroup(group: PointGroup) -> list[Any]:
    """A proper subgroup of p4: values that are constant on its orbits alone."""
    return sorted(min(subgroups(group), key=lambda K: (len(K) == 1, len(K))))


G11_planar = Statement(
    id="G11.planar",
    paper=PAPER,
    name="values for each planar channel",
    source="Cohen & Welling, section 6.2 (slides: consistency), the converse",
    summary="x ↦ a_h x + b_h on each planar channel is equivariant ⇔ a_h and b_h do not depend on h",
    claim=(
        "A bias b_h, a scale a_h, a shift, a running mean or a running variance for each planar channel h of a "
        "G-feature map commutes with L_u for every u ∈ H if and only if it has the same value for every h."
    ),
    verdict=Verdict.PROVED,
    routes=(
        Chain(
            "two values, and every pair of channels",
            Route("x = 0 and x = 1", Method.SMT, two_values, {}, instead("at", (1, 1)), "a b", cases=2),
            Route("u = gh⁻¹", Method.SYMBOLIC, compared, {}, instead("u", SWAPPED), "groups"),
        ),
        Chain(
            "the defect, symbolic, and transitivity",
            Route("the defect", Method.RING, residual, mutants=instead("sign", -1), over="groups", cases=101),
            Route(
                "transitivity",
                Method.EXHAUSTIVE,
                transitive,
                mutants={"of a subgroup": {"group_of": a_subgroup}},
                cases=6,
            ),
        ),
        Route("256 choices on raw p4 feature maps", Method.RANDOM, every_choice, mutants=instead("values", 2)),
    ),
    over="groups",
    controls=(Witness("constant values", planar, {"what": "affine", "scales": [2] * 4, "shifts": [3] * 4}),),
)
