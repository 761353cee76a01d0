"""G9: coset pooling gives functions on G/K."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.controls import BACK, FORWARD
from invariance_proofs.gcnn.functions import Function, move, pool
from invariance_proofs.gcnn.g7_pooling import on_the_left
from invariance_proofs.gcnn.layers import act, turn
from invariance_proofs.gcnn.motions import ONE, P4, P4M, TURN, Motion, subgroups
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
    Formula,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

RIGHT = Formula.of(lambda g, c: g(c))
LEFT = Formula.of(lambda g, c: c(g))


def right_invariant(pooling: Any = pool, place: Formula = RIGHT) -> Evidence:
    """(Pf)(gc) = (Pf)(g) for c ∈ K: k ↦ c⁻¹k permutes K."""
    g, c, k = letters("g c k")
    pooled = pooling(function("f"), [k])
    return reindexed(pooled(place(g, c)), pooled(g), "Pf(gc) = Pf(g)", over=k, acting=[c])


def equivariant(out: Formula = FORWARD) -> Evidence:
    h, g, k = letters("h g k")
    f = function("f")
    return reindexed(pool(move(h, f), [k])(g), move(out(h), pool(f, [k]))(g), "P L_h f = L_h P f", over=k)


def cosets(group: tuple[Motion, ...], K: frozenset[Motion]) -> set[frozenset[Motion]]:
    return {frozenset(g(k) for k in K) for g in group}


def every_subgroup(out: Formula = FORWARD) -> Evidence:
    """The ten subgroups of p4m's point group; f = identity and sets for max: the pooled map is g ↦ gK.

    Constant on each coset, different on different cosets, so a function on G/K and no smaller set; |H|/|K| cosets.
    """

    def right(K: frozenset[Motion]) -> bool:
        pooled = pool(lambda x: x, K, frozenset)
        everywhere = all(pooled(g(c)) == pooled(g) for g in P4M for c in K)
        moves = all(pool(move(h, lambda x: x), K, frozenset)(g) == pooled((~out(h))(g)) for h, g in product(P4M, P4M))
        return everywhere and moves and {pooled(g) for g in P4M} == cosets(P4M, K) and len(cosets(P4M, K)) * len(K) == 8

    return for_all(subgroups(P4M), right, "K: Pf is a function on H/K, moved by L_h")


def raw_pooling(draw: Draw, K: Sequence[Motion] = (P4[0], P4[2])) -> Any:
    """The sum over p2 in p4 on raw feature maps of 2×3 pixels is right-invariant and turns with the input."""
    feature = tuple(draw.matrix(2, 3) for _ in P4)

    def pooled(f: tuple[Any, ...]) -> list[Any]:
        return [f[P4.index(g)] + f[P4.index(g(K[1]))] for g in P4]

    values = pooled(feature)
    yield [values[P4.index(g(c))] - values[P4.index(g)] for g in P4 for c in K]
    for h in P4:
        yield [
            after - turn(h, values[P4.index((~h)(g))]) for g, after in zip(P4, pooled(act(P4, h, feature)), strict=True)
        ]


def values_at(f: dict[Motion, int], U: tuple[Motion, ...], c: Motion, reduce: Any) -> Evidence:
    """Pf(gc) = Pf(g) at g = 1 for explicit values of f on the point group of p4."""
    pooled: Function = pool(lambda g: f[g], U, reduce)
    return equal(
        pooled(c),
        pooled(ONE),
        what="Pf(c) = Pf(1)",
        f=[f[g] for g in P4],
        pooled_over=[P4.index(k) for k in U],
        c=P4.index(c),
        both_orders=[reduce(list(order)) for order in ((0, 1), (1, 0))],
    )


def first(values: list[Any]) -> Any:
    return values[0]


RISING = {g: i for i, g in enumerate(P4)}

G9 = Statement(
    id="G9",
    paper=PAPER,
    name="coset pooling",
    source="Cohen & Welling, section 6.3 (slides: coset pooling)",
    summary="pooling over gK, K a subgroup, gives functions on G/K, invariant to the right action of K",
    claim=(
        "Let (Pf)(g) be the maximum of f(gk) over k in a subgroup K, or any reduction that does not look at the "
        "order. Then (Pf)({place}) = (Pf)(g) for c ∈ K, so Pf is a function on the cosets gK; and P L_h = {out[L_h]} "
        "P, where h moves the coset gK to hgK. It is not invariant to the left action: that takes a pooling over all "
        "of G."
    ),
    verdict=Verdict.PROVED,
    hypotheses={
        "K a subgroup": Hypothesis(
            "closed under products (turns as numbers modulo 4)",
            lambda pooled_over: all((a + b) % 4 in pooled_over for a in pooled_over for b in pooled_over),
        ),
        "the order does not matter": Hypothesis(
            "the reduction is symmetric in its arguments", lambda both_orders: both_orders[0] == both_orders[1]
        ),
    },
    clauses=(
        Clause(
            "(Pf)({place}) = (Pf)(g)",
            Route(
                "substitution k ↦ c⁻¹k",
                Method.SYMBOLIC,
                right_invariant,
                mutants={"Kg for gK": {"pooling": on_the_left}} | instead("place", LEFT),
                over="groups",
            ),
            over="groups",
        ),
        Clause(
            "P L_h = {out[L_h]} P, and Pf is a function on cosets, moved by L_h",
            Route("words", Method.SYMBOLIC, equivariant, mutants=instead("out", BACK), over="groups"),
            Route(
                "the ten subgroups of p4m's point group",
                Method.EXHAUSTIVE,
                every_subgroup,
                mutants=instead("out", BACK),
                cases=10,
            ),
            Route(
                "raw feature maps, p4 over p2",
                Method.RANDOM,
                schwartz_zippel,
                {"residual": raw_pooling, "what": "raw pooling"},
                {"{1, turn} is no subgroup": {"residual": partial(raw_pooling, K=P4[:2])}},
                cases=144,
            ),
            over="groups",
        ),
    ),
    controls=(
        Dropped("K a subgroup", values_at, {"f": RISING, "U": (ONE, TURN), "c": TURN, "reduce": max}),
        Dropped(
            "the order does not matter", values_at, {"f": RISING, "U": (P4[0], P4[2]), "c": P4[2], "reduce": first}
        ),
        Witness("Kg is invariant to the left action", right_invariant, {"pooling": on_the_left, "place": LEFT}),
        Witness("half turns, max", values_at, {"f": RISING, "U": (P4[0], P4[2]), "c": P4[2], "reduce": max}),
    ),
)
