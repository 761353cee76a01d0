"""G6: pointwise nonlinearities commute with L_g."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.controls import BACK, FORWARD
from invariance_proofs.gcnn.functions import apply, move
from invariance_proofs.gcnn.motions import P4, P4M, STEPS, TURN, Motion
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.words import Term, function, letters, reindexed
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


def any_group(out: Formula = FORWARD) -> Evidence:
    h, x = letters("h x")
    f = function("f")

    def nu(value: Term) -> Term:
        return value.under("ν")

    return reindexed(apply(nu, move(h, f))(x), move(out(h), apply(nu, f))(x), what="C_ν L_h f = L_h C_ν f")


def every_function(out: Formula = FORWARD) -> Evidence:
    """All 27 maps ν of a set of three to itself, all 81 functions f on the point group of p4."""
    cases = product(product(range(3), repeat=3), product(range(3), repeat=4), P4)

    def commutes(case: tuple[tuple[int, ...], tuple[int, ...], Motion]) -> bool:
        table, values, h = case

        def nu(value: int) -> int:
            return table[value]

        def f(g: Motion) -> int:
            return values[P4.index(g)]

        return all(apply(nu, move(h, f))(g) == move(out(h), apply(nu, f))(g) for g in P4)

    return for_all(cases, commutes, "(ν, f, h): C_ν L_h f = L_h C_ν f")


def every_motion(out: Formula = FORWARD) -> Evidence:
    """f = identity, which tells all elements apart, and ν the pair of its argument with itself, on p4m."""

    def nu(value: Any) -> Any:
        return value, value

    return for_all(
        product((*P4M, *STEPS), P4M),
        lambda c: apply(nu, move(c[0], lambda x: x))(c[1]) == move(out(c[0]), apply(nu, lambda x: x))(c[1]),
        "(h, g): C_ν L_h f = L_h C_ν f",
    )


def leaky(slopes: tuple[Fraction, ...]) -> Evidence:
    """A leaky rectifier with a slope for each orientation, f = −1 at the turn and 0 elsewhere on p4, h the turn."""
    h, f = TURN, [0, -1, 0, 0]

    def rectified(values: list[Any]) -> list[Any]:
        return [x if x > 0 else slope * x for slope, x in zip(slopes, values, strict=True)]

    def moved(values: list[Any]) -> list[Any]:
        return [values[P4.index((~h)(g))] for g in P4]

    return equal(
        rectified(moved(f)), moved(rectified(f)), what="C_ν L_h f = L_h C_ν f", f=f, slopes=list(slopes), h=h.matrix()
    )


HALVES = Fraction(1, 2), Fraction(1, 2), Fraction(1, 2), Fraction(1, 2)

G6 = Statement(
    id="G6",
    paper=PAPER,
    name="pointwise nonlinearities",
    source="Cohen & Welling, section 6.2 (slides: other equivariant layers)",
    summary="C_ν L_h = {out[L_h]} C_ν for {let:(C_ν f)(g) = ν(f(g))}",
    claim=(
        "For every map ν of the values, f ↦ ν∘f commutes with L_h, for functions on any set that the group acts on. "
        "ν must be the same at every element: a parametric rectifier has one slope for a G-feature map, not one for "
        "each orientation."
    ),
    over="groups",
    verdict=Verdict.PROVED,
    hypotheses={"one ν": Hypothesis("the same ν at every g ∈ G", lambda slopes: len(set(slopes)) == 1)},
    routes=(
        Route("words of the free group", Method.SYMBOLIC, any_group, mutants=instead("out", BACK), over="groups"),
        Route(
            "every ν and f on three values", Method.EXHAUSTIVE, every_function, mutants=instead("out", BACK), cases=8748
        ),
        Route(
            "a ν and an f that lose nothing, p4m",
            Method.EXHAUSTIVE,
            every_motion,
            mutants=instead("out", BACK),
            cases=80,
        ),
    ),
    controls=(
        Dropped("one ν", leaky, {"slopes": (*HALVES[:2], Fraction(1, 4), HALVES[3])}),
        Witness("one slope for all orientations", leaky, {"slopes": HALVES}),
    ),
)
