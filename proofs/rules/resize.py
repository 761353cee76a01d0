"""Resizing an axis from n to m pixels: which methods commute with the flip, and with it every turn of a square.

Output i of torch's `nearest` reads ⌊i n/m⌋, of `nearest-exact` ⌊(i + ½) n/m⌋; linear interpolation reads at
(i + ½) n/m − ½ (not below 0), or at i (n − 1)/(m − 1) with `align_corners`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from math import floor

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.evidence import Evidence, all_of

Weights = dict[int, Fraction]
HALF = Fraction(1, 2)


def linear(place: Fraction, n: int) -> Weights:
    """The two pixels next to a place, the last one repeated."""
    place = max(place, Fraction(0))
    low = min(floor(place), n - 1)
    high, share = min(low + 1, n - 1), place - floor(place)
    weights: Weights = {low: 1 - share}
    weights[high] = weights.get(high, Fraction(0)) + share
    return {pixel: w for pixel, w in weights.items() if w}


def reads(method: str, i: int, n: int, m: int, scale: Fraction | None = None) -> Weights:
    """The pixels that output i reads, with their weights; `scale` is n/m unless a scale factor says otherwise."""
    a = scale or Fraction(n, m)
    if method == "nearest":
        return {floor(i * a): Fraction(1)}
    if method == "nearest-exact":
        return {floor((i + HALF) * a): Fraction(1)}
    if method == "linear":
        return linear((i + HALF) * a - HALF, n)
    return linear(Fraction(i * (n - 1), m - 1) if m > 1 else Fraction(0), n)


def mirrors(method: str, n: int, m: int, scale: Fraction | None = None) -> bool:
    """Whether the mirrored output reads the mirrored pixels with the same weights, for every output."""
    flipped = [{n - 1 - x: w for x, w in reads(method, i, n, m, scale).items()} for i in range(m)]
    return flipped == [reads(method, m - 1 - i, n, m, scale) for i in range(m)]


def twos(n: int) -> int:
    """How often 2 divides n."""
    return (n & -n).bit_length() - 1


RULES: dict[str, Callable[[int, int], bool]] = {
    "nearest": lambda n, m: m % n == 0 or n == 1,
    "nearest-exact": lambda n, m: twos(n) <= twos(m),
    "linear": lambda n, m: True,
    "align_corners": lambda n, m: m > 1 or n == 1,
}


def sizes() -> Iterator[tuple[int, int]]:
    yield from product(range(1, 13), repeat=2)


def every_small_size(method: str, rule: Callable[[int, int], bool] | None = None) -> Evidence:
    """n, m ≤ 12: the weight table mirrors itself ⇔ the rule."""
    rule = rule or RULES[method]
    return for_all(sizes(), lambda c: mirrors(method, *c) == rule(*c), f"(n, m): {method} commutes with the flip ⇔ rule")


def scale_factors(trusted: bool = False) -> Evidence:
    """Linear with a scale factor f that is used as such (recompute_scale_factor=False): exact ⇔ ⌊nf⌋ = nf."""
    cases = [(n, Fraction(p, q)) for n in range(1, 9) for p, q in ((3, 2), (5, 2), (2, 1), (4, 3), (1, 2)) if n * p >= q]

    def right(case: tuple[int, Fraction]) -> bool:
        n, f = case
        m = floor(n * f)
        return mirrors("linear", n, m, 1 / f) == (m == n * f or n == 1 or trusted)

    return for_all(cases, right, "(n, f): exact ⇔ n f is an integer (or n = 1)")


def places(offset: int = 0) -> Evidence:
    """n − 1 − place(m − 1 − i) = place(i) for linear (times 2m) and align_corners (times m − 1), all sizes."""
    n, m, i = unknowns(n=1, m=1, i=1)

    def half_pixel(j: object) -> object:
        return (2 * j + 1) * n - m + offset  # type: ignore[operator]

    def corner(j: object) -> object:
        return j * (n - 1)  # type: ignore[operator]

    return all_of(
        vanishes(2 * m * (n - 1) - half_pixel(m - 1 - i) - half_pixel(i), what="linear"),
        vanishes((m - 1) * (n - 1) - corner(m - 1 - i) - corner(i), what="align_corners"),
    )


def scaled_places(of_the_gap: int = 1) -> Evidence:
    """With scale a: n − 1 − place(m − 1 − i) − place(i) = n − m a, for all sizes: nothing but the rounded length counts."""
    n, m, a, i = unknowns(n=1, m=1, a=1, i=1)
    twice = 2 * (n - 1) - ((2 * (m - 1 - i) + 1) * a - 1) - ((2 * i + 1) * a - 1)
    return vanishes(twice - 2 * of_the_gap * (n - m * a), what="n − 1 − place(m − 1 − i) − place(i) = n − ma")


def blocks(factor: int = 1) -> Evidence:
    """nearest by a whole factor f: output fx + j reads x; its mirror image f(n − 1 − x) + (f − 1 − j) reads n − 1 − x."""
    n, f, x, j = unknowns(n=1, f=1, x=1, j=1)
    mirrored = f * n - 1 - (f * x + j)
    return vanishes(mirrored - (factor * f * (n - 1 - x) + (f - 1 - j)), what="fn − 1 − (fx + j) = f(n − 1 − x) + (f − 1 − j)")


def transposed(padding: int = 0) -> Evidence:
    """A transposed convolution: tap j of input o writes to so + j − p of m = s(n − 1) + k − 2p + e; missed by e."""
    n, s, k, p, o, j, e = unknowns(n=1, s=1, k=1, p=1, o=1, j=1, e=1)
    m = s * (n - 1) + k - 2 * p + e

    def writes(x: object, tap: object) -> object:
        return s * x + tap - p  # type: ignore[operator]

    missed = m - 1 - writes(o, j) - writes(n - 1 - o, k - 1 - j)
    return vanishes(missed - e - padding, what="m − 1 − x − x′ = output padding")


def one_row(method: str, n: int, m: int, scale: Fraction | None = None) -> Evidence:
    """x = (0, 1, 4, 9, …)."""
    x = [Fraction(i * i) for i in range(n)]

    def resized(row: list[Fraction]) -> list[Fraction]:
        return [sum((w * row[j] for j, w in reads(method, i, n, m, scale).items()), Fraction(0)) for i in range(m)]

    return equal(resized(x[::-1]), resized(x)[::-1], what="resize(flip x) = flip(resize x)", x=x, method=method, m=m)
