"""When a pooled output stays invariant although a layer is not equivariant.

One axis, the lifting layer of the flip: a filter and its mirror image; outputs of both are summed over everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from invariance_proofs.gcnn.layers import lift, turn
from invariance_proofs.gcnn.motions import P4, TURN
from invariance_proofs.gcnn.windows import Layer
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.rules import PAPER
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
    Formula,
    Grade,
    Hypothesis,
    Method,
    Mutant,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)


def weights_of(layer: Layer, n: int, x: int) -> Counter[int]:
    """The taps through which pixel x enters the sum, those of the mirrored filter counted as k − 1 − j."""
    taps = [j for o in range(layer.outputs(n)) for j in range(layer.k) if layer.s * o + j - layer.p == x]
    return Counter([*taps, *(layer.k - 1 - j for j in taps)])


def linear_sum_is_invariant(layer: Layer, n: int) -> bool:
    """The sum is Σₓ f(x)·(weights of x): invariant for all f and filters ⇔ x and n − 1 − x weigh the same."""
    return all(weights_of(layer, n, x) == weights_of(layer, n, n - 1 - x) for x in range(n))


def in_reach(k: int, p: int) -> bool:
    """Every window meets the image."""
    return p < k


RULE = Formula(
    "(n + 2p − k) mod s = 0, or n = 1, or s = 2, k even and p = k − 1",
    lambda layer, n: (
        n == 1 or layer.remainder(n) == 0 or (layer.s == 2 and layer.k % 2 == 0 and layer.p == layer.k - 1)
    ),
)
"""In the last case n is odd, and x and its mirror image meet the same taps."""


def padded_less(layer: Layer, n: int) -> bool:
    """The rule for any padding."""
    return n == 1 or layer.remainder(n) == 0 or (layer.s == 2 and layer.k % 2 == 0)


def remainder_only(layer: Layer, n: int) -> bool:
    return layer.remainder(n) == 0


def sizes() -> Iterator[tuple[Layer, int]]:
    """k ≤ 5, s ≤ 4, p ≤ 5, n ≤ 14 with a window, in reach."""
    for k, s, p, n in product(range(1, 6), range(1, 5), range(6), range(1, 15)):
        if in_reach(k, p) and n + 2 * p >= k:
            yield Layer(k, s, p), n


def decides(layer: Layer, n: int) -> Evidence:
    """Whether the linear sum is invariant exactly if the rule says so."""
    k, s, p = layer
    found = linear_sum_is_invariant(layer, n)
    return equal(found, RULE(layer, n), what="the linear sum is invariant ⇔ the rule", pool="sum", k=k, s=s, p=p, n=n)


def every_small_size(which: Callable[[Layer, int], bool] = RULE) -> Evidence:
    return for_all(
        sizes(),
        lambda c: linear_sum_is_invariant(*c) == which(*c),
        "((k, s, p), n): the linear sum is invariant ⇔ the rule",
    )


def classes(extra: int = 1) -> Evidence:
    """s = 2, n = 2m + 1: x and n − 1 − x differ by an even number, so both meet taps of one parity. For n = 2m not."""
    m, x = unknowns(m=1, x=1)
    n = 2 * m + extra
    return vanishes((n - 1 - x) - x - 2 * (m - x), what="n − 1 − x ≡ x modulo 2")


POOLS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": sum,
    "ReLU, then sum": lambda v: sum(max(0, x) for x in v),
    "maximum": max,
    "squares, then sum": lambda v: sum(x * x for x in v),
}


EVEN = Layer(2, 2, 1)
IMAGE = Matrix.of([int((i, j) in ((2, 1), (2, 2), (3, 1))) for j in range(5)] for i in range(5))
CORNER = Matrix.of([int(i == j == 0) for j in range(5)] for i in range(5))
FILTER = Matrix.of([[1, 2], [1, -2]])


def pooled(pool: str = "sum", image: Matrix = IMAGE, filter_: Matrix = FILTER, layer: Layer = EVEN) -> Evidence:
    """The p4 lifting layer on an image and on the turned image, all outputs pooled."""
    outputs = [
        [x for part in lift(P4, [f], [filter_], layer.s, layer.p) for x in part] for f in (image, turn(TURN, image))
    ]
    before, after = map(POOLS[pool], outputs)
    return equal(
        after,
        before,
        what=f"{pool}: the pooled output is invariant",
        f=image,
        psi=filter_,
        pool=pool,
        k=layer.k,
        s=layer.s,
        p=layer.p,
    )


def generic_sum(layer: Layer = EVEN, n: int = 5) -> Evidence:
    """The same for a generic image and filter, as polynomials."""
    f, w = unknowns(f=(n, n), w=(layer.k, layer.k))
    before, after = (sum(x for part in lift(P4, [g], [w], layer.s, layer.p) for x in part) for g in (f, turn(TURN, f)))
    return vanishes(
        after - before, what=f"n = {n}, k = {layer.k}, s = {layer.s}, p = {layer.p}: the linear sum is invariant"
    )


pooled_sum = Statement(
    id="pooled-sum",
    paper=PAPER,
    name="invariant outputs of a layer that is not equivariant",
    source="what a test of whole networks sees where gcnn:G8.stride says that a layer is broken",
    summary="one linear lifting layer summed over everything: invariant ⇔ {which}; not with ReLU or max",
    claim=(
        "The sum over all outputs and orientations of one linear lifting layer is invariant under flips and turns "
        "for all images and filters exactly if {which}, so that n is odd: then a pixel and its mirror image, an even "
        "number apart, meet the same taps; here {in reach}, so that every window meets the image. For k = {layer.k}, "
        "s = {layer.s}, p = {layer.p}, n = {n} the layer is not equivariant and its sum is invariant; a ReLU or a "
        "maximum before the sum ends that. So an invariant output does not show that the layers are equivariant."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.LISTED,
    hypotheses={
        "linear": Hypothesis("the layer is linear up to the sum", lambda pool: pool == "sum"),
        "in reach": Hypothesis("p < k", in_reach),
    },
    clauses=(
        Clause(
            "s = 2, n = 2m + 1: n − 1 − x ≡ x modulo 2",
            Route("places", Method.RING, classes, {}, instead("extra", 0), "m x"),
            over="m x",
        ),
        Clause(
            "the sum is invariant ⇔ the rule",
            Route(
                "weights of every pixel",
                Method.EXHAUSTIVE,
                every_small_size,
                {},
                {"r = 0 alone": {"which": remainder_only}, "p of any size": {"which": padded_less}},
                cases=788,
            ),
            at="one axis, k ≤ 5, s ≤ 4, n ≤ 14",
            grade=Grade.LISTED,
            why="which taps meet a pixel is arithmetic modulo s, which none of the procedures does",
        ),
        Clause(
            "p4, 5×5 pixels, k = s = 2, p = 1: invariant for every image and filter",
            Route(
                "k = s = 2, p = 1",
                Method.RING,
                generic_sum,
                {},
                {"k = 3": {"layer": Layer(3, 2, 1), "n": 4}, "p = 0": {"layer": Layer(2, 2)}},
            ),
            finite=True,
        ),
    ),
    controls=(
        Dropped("linear", pooled, {"pool": "ReLU, then sum"}),
        Dropped("linear", pooled, {"pool": "maximum"}),
        Dropped("in reach", decides, {"layer": Layer(2, 2, 2), "n": 3}),
        Mutant("p = 0", pooled, {"layer": Layer(2, 2), "image": CORNER}),
        Witness("one pixel", decides, {"layer": Layer(4, 2, 2), "n": 1}),
        Witness("the linear sum", pooled),
    ),
)
