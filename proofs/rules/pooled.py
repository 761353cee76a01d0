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
from invariance_proofs.evidence import Evidence


def weights_of(layer: Layer, n: int, x: int) -> Counter[int]:
    """The taps through which pixel x enters the sum, those of the mirrored filter counted as k − 1 − j."""
    taps = [j for o in range(layer.outputs(n)) for j in range(layer.k) if layer.s * o + j - layer.p == x]
    return Counter([*taps, *(layer.k - 1 - j for j in taps)])


def linear_sum_is_invariant(layer: Layer, n: int) -> bool:
    """Σ over all outputs is Σₓ f(x)·(weights of x): invariant for all f and filters ⇔ x and n − 1 − x weigh the same."""
    return all(weights_of(layer, n, x) == weights_of(layer, n, n - 1 - x) for x in range(n))


def rule(layer: Layer, n: int) -> bool:
    """Remainder 0; or s = 2 with n odd, k even and p ≥ k − 1, where x and its mirror image meet the same taps."""
    return layer.remainder(n) == 0 or (layer.s == 2 and n % 2 == 1 and layer.k % 2 == 0 and layer.p >= layer.k - 1)


def remainder_only(layer: Layer, n: int) -> bool:
    return layer.remainder(n) == 0


def sizes() -> Iterator[tuple[Layer, int]]:
    """k ≤ 5, s ≤ 4, p < k, s ≤ k, n ≤ 14: every pixel is in reach of a window."""
    for k, s in product(range(1, 6), range(1, 5)):
        for p, n in product(range(k), range(2, 15)):
            if s <= k and n + 2 * p >= k:
                yield Layer(k, s, p), n


def every_small_size(which: Callable[[Layer, int], bool] = rule) -> Evidence:
    return for_all(
        sizes(), lambda c: linear_sum_is_invariant(*c) == which(*c), "(layer, n): the linear sum is invariant ⇔ the rule"
    )


def classes(odd: bool = True) -> Evidence:
    """s = 2, n = 2m + 1: x and n − 1 − x differ by an even number, so both meet taps of one parity. For n = 2m not."""
    m, x = unknowns(m=1, x=1)
    n = 2 * m + 1 if odd else 2 * m
    return vanishes((n - 1 - x) - x - 2 * (m - x), what="n − 1 − x ≡ x modulo 2")


POOLS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": sum,
    "ReLU, then sum": lambda v: sum(max(0, x) for x in v),
    "maximum": max,
    "squares, then sum": lambda v: sum(x * x for x in v),
}


def pooled(pool: str, image: Matrix, filter_: Matrix, layer: Layer) -> Evidence:
    """The p4 lifting layer on an image and on the turned image, all outputs pooled."""
    outputs = [[x for part in lift(P4, [f], [filter_], layer.s, layer.p) for x in part] for f in (image, turn(TURN, image))]
    before, after = map(POOLS[pool], outputs)
    return equal(after, before, what=f"{pool}: the pooled output is invariant", f=image, psi=filter_, k=layer.k, s=layer.s, p=layer.p)


def generic_sum(layer: Layer, n: int) -> Evidence:
    """The same for a generic image and filter, as polynomials."""
    f, w = unknowns(f=(n, n), w=(layer.k, layer.k))
    before, after = (sum(x for part in lift(P4, [g], [w], layer.s, layer.p) for x in part) for g in (f, turn(TURN, f)))
    return vanishes(after - before, what=f"n = {n}, k = {layer.k}, s = {layer.s}, p = {layer.p}: the linear sum is invariant")


EVEN = Layer(2, 2, 1)
IMAGE = Matrix.of([int((i, j) in ((0, 1), (1, 1), (2, 2))) for j in range(5)] for i in range(5))
FILTER = Matrix.of([[1, -1], [-2, 3]])
