"""G7: pooling over gU commutes with L_g."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, product
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.controls import BACK, FORWARD
from invariance_proofs.gcnn.functions import Function, move, pool
from invariance_proofs.gcnn.motions import P4, P4M, STEPS, TURN, Motion, shift
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import (
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

PAIR, CROSS = ((0, 0), (0, 1)), ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))


def on_the_left(f: Function, over: list[Any], reduce: Callable[[list[Any]], Any] = max) -> Function:
    """The window Ug for gU."""
    return lambda g: reduce([f(k(g)) for k in over])


def unturned(f: Function, over: list[Any], reduce: Callable[[list[Any]], Any] = max) -> Function:
    """The same planar window at every orientation: t U h at g = th."""

    def at(g: Motion) -> Any:
        t, h = shift(g.u, g.v), g._replace(u=0, v=0)
        return reduce([f(t(k)(h)) for k in over])

    return at


def any_group(pooling: Any = pool, out: Formula = FORWARD) -> Evidence:
    """U is any finite set and k runs through it: no substitution is allowed."""
    h, g, k = letters("h g k")
    f = function("f")
    left, right = pooling(move(h, f), [k])(g), move(out(h), pooling(f, [k]))(g)
    return reindexed(left, right, "P L_h f = L_h P f", over=k)


def every_subset(pooling: Any = pool) -> Evidence:
    """All 255 windows U in the point group of p4m; f = identity and sets for max, so that nothing can hide a change."""
    windows = [U for size in range(1, 9) for U in combinations(P4M, size)]

    def commutes(case: tuple[tuple[Motion, ...], Motion]) -> bool:
        U, h = case
        left = pooling(move(h, lambda x: x), U, frozenset)
        right = move(h, pooling(lambda x: x, U, frozenset))
        return all(left(g) == right(g) for g in P4M)

    return for_all(product(windows, P4M), commutes, "(U, h): P L_h f = L_h P f")


def planar_window(pooling: Any = pool, U: Sequence[tuple[int, int]] = PAIR) -> Evidence:
    """U a set of translations, f = 1 at the last of them, h a quarter turn: both sides at g = h."""
    elements = [shift(*t) for t in U]

    def f(g: Motion) -> int:
        return int(g == elements[-1])

    left, right = pooling(move(TURN, f), elements)(TURN), move(TURN, pooling(f, elements))(TURN)
    read, wanted = ([g.matrix() for g in P(lambda g: g, elements, list)(TURN)] for P in (pooling, pool))
    numbers = {"U": list(U), "f_is_1_at": U[-1], "h": TURN.matrix(), "read_at_h": read, "hU": wanted}
    return equal(left, right, what="P L_h f(h) = L_h P f(h)", **numbers)


def every_motion(pooling: Any = pool, U: Sequence[tuple[int, int]] = PAIR) -> Evidence:
    elements = [shift(*t) for t in U]

    def commutes(case: tuple[Motion, Motion]) -> bool:
        h, g = case
        left = pooling(move(h, lambda x: x), elements, frozenset)(g)
        return left == move(h, pooling(lambda x: x, elements, frozenset))(g)

    return for_all(product((*P4, *STEPS), (*P4, *STEPS)), commutes, "(h, g): P L_h f = L_h P f")


LEFT = {"Ug for gU": {"pooling": on_the_left}}

G7 = Statement(
    id="G7",
    paper=PAPER,
    name="pooling over gU",
    source="Cohen & Welling, section 6.3 (slides: pooling)",
    summary="Pf, the maximum of f over gU, commutes with L_h",
    claim=(
        "P L_h = {out[L_h]} P for the maximum Pf of f over gU, every U ⊂ G and every reduction in place of max. The "
        "window gU turns with g. The usual planar pooling, the same window x + U at every orientation, is this P "
        "only where U is symmetric under H, as a square window about its own centre is; else it is not equivariant."
    ),
    over="groups",
    verdict=Verdict.PROVED,
    hypotheses={
        "the window turns": Hypothesis(
            "gU at g, and not t U at g = th; no matter where U is symmetric under H",
            lambda read_at_h, hU: read_at_h == hU,
        )
    },
    routes=(
        Route("words", Method.SYMBOLIC, any_group, mutants=LEFT | instead("out", BACK), over="groups"),
        Route("every U in the point group of p4m", Method.EXHAUSTIVE, every_subset, mutants=LEFT, cases=2040),
        Route(
            "a planar U that turns",
            Method.EXHAUSTIVE,
            every_motion,
            mutants={"unturned": {"pooling": unturned}},
            cases=36,
        ),
    ),
    controls=(
        Dropped("the window turns", planar_window, {"pooling": unturned}),
        Witness("a symmetric planar window", every_motion, {"pooling": unturned, "U": CROSS}),
        Witness("the same f with the window turned", planar_window),
    ),
)
