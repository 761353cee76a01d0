"""Resizing an axis from n to m pixels: which methods commute with the flip, and with it every turn of a square.

Output i of torch's `nearest` reads ⌊i n/m⌋, of `nearest-exact` ⌊(i + ½) n/m⌋; linear interpolation reads at
(i + ½) n/m − ½ (not below 0), or at i (n − 1)/(m − 1) with `align_corners`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import floor
from typing import Any

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.rules import PAPER
from invariance_proofs.statement import (
    Chain,
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
    yield from product(range(1, 13), range(1, 13))


def every_small_size(method: str, rule: Callable[[int, int], bool] | None = None) -> Evidence:
    """n, m ≤ 12: the weight table mirrors itself ⇔ the rule."""
    rule = rule or RULES[method]
    return for_all(
        sizes(), lambda c: mirrors(method, *c) == rule(*c), f"(n, m): {method} commutes with the flip ⇔ rule"
    )


def scale_factors(trusted: bool = False) -> Evidence:
    """Linear with a scale factor f that is used as such (recompute_scale_factor=False): exact ⇔ ⌊nf⌋ = nf."""
    factors = sorted({Fraction(p, q) for p, q in product(range(1, 6), repeat=2)})
    cases = [(n, f) for n in range(1, 9) for f in factors if n * f >= 1]

    def right(case: tuple[int, Fraction]) -> bool:
        n, f = case
        m = floor(n * f)
        return mirrors("linear", n, m, 1 / f) == (m == n * f or n == 1 or trusted)

    return for_all(
        cases,
        right,
        "(n, f): exact ⇔ n f is an integer (or n = 1)",
        sizes=lambda c: {"n": c[0], "p": c[1].numerator, "q": c[1].denominator},
    )


HALF_PIXEL = Formula("(i + ½)n/m − ½", lambda i, n, m: ((2 * i + 1) * n - m, 2 * m))
CORNERS = Formula("i(n − 1)/(m − 1)", lambda i, n, m: (i * (n - 1), m - 1))
"""Where output i reads, as numerator and denominator."""
FROM_THE_CORNER = Formula("in/m", lambda i, n, m: (i * n, m))


def mirrored(places: Sequence[Formula] = (HALF_PIXEL, CORNERS), offset: int = 0) -> Evidence:
    """n − 1 − place(m − 1 − i) = place(i) for each, times the denominator, which is not 0."""
    n, m, i = unknowns(n=1, m=1, i=1)
    residuals = []
    for place in places:
        (here, one), (there, _) = place(i, n, m), place(m - 1 - i, n, m)
        residuals.append(one * (n - 1 + offset) - there - here)
    return vanishes(residuals, what=f"n − 1 − place(m − 1 − i) = place(i) = {' and '.join(map(str, places))}")


def scaled_places(of_the_gap: int = 1) -> Evidence:
    """With scale a: n − 1 − place(m − 1 − i) − place(i) = n − ma: nothing but the rounded length counts."""
    n, m, a, i = unknowns(n=1, m=1, a=1, i=1)
    twice = 2 * (n - 1) - ((2 * (m - 1 - i) + 1) * a - 1) - ((2 * i + 1) * a - 1)
    return vanishes(twice - 2 * of_the_gap * (n - m * a), what="n − 1 − place(m − 1 − i) − place(i) = n − ma")


BETWEEN = Formula("f < x < f + 1", lambda f, x: [f < x, x < f + 1])
FROM = Formula("f ≤ x < f + 1", lambda f, x: [f <= x, x < f + 1])


def no_whole_place(where: Formula = BETWEEN) -> Evidence:
    """f = ⌊x⌋ and x not whole: n − 1 − f ≤ n − x < n − f, so the mirror place has the mirror image of pixel f."""
    return impossible(
        lambda n, x, f: [*where(f, x), ((n - x) - (n - 1 - f)) * ((n - f) - (n - x)) <= 0],
        "n x f",
        what=f"⌊n − x⌋ = n − 1 − f where {where}",
        met=((5, Fraction(1, 2), 0), (7, Fraction(7, 3), 2)),
    )


def a_whole_place(halves: int = 2) -> Evidence:
    """n = 2PB·c, m = B·e, e odd: output i with 2i + 1 = e reads at en/2m = Pc, whole; its mirror place is n − Pc."""
    P, B, c, e = unknowns(P=1, B=1, c=1, e=1)
    return vanishes(e * (2 * P * B * c) - halves * (B * e) * (P * c), what="en = 2m·Pc")


def blocks(factor: int = 1) -> Evidence:
    """nearest by a whole factor f: fx + j reads x; its mirror image f(n − 1 − x) + (f − 1 − j) reads n − 1 − x."""
    n, f, x, j = unknowns(n=1, f=1, x=1, j=1)
    mirrored = f * n - 1 - (f * x + j)
    return vanishes(
        mirrored - (factor * f * (n - 1 - x) + (f - 1 - j)), what="fn − 1 − (fx + j) = f(n − 1 − x) + (f − 1 − j)"
    )


def transposed(padding: int = 0) -> Evidence:
    """A transposed convolution: tap j of input o writes to so + j − p of m = s(n − 1) + k − 2p + e; missed by e."""
    n, s, k, p, o, j, e = unknowns(n=1, s=1, k=1, p=1, o=1, j=1, e=1)
    m = s * (n - 1) + k - 2 * p + e

    def writes(x: Any, tap: Any) -> Any:
        return s * x + tap - p

    missed = m - 1 - writes(o, j) - writes(n - 1 - o, k - 1 - j)
    return vanishes(missed - (e + padding), what="m − 1 − x − x′ = output padding")


def gap(sign: int = 1) -> Evidence:
    """m = ni + ρ, 0 < ρ < n: output i reads ⌊in/m⌋ = 0, and (m − 1 − i)n falls short of (n − 1)m, the last pixel."""
    n, i, rho = unknowns(n=1, i=1, rho=1)
    m = n * i + rho
    return vanishes((m - 1 - i) * n - (n - 1) * m - sign * (rho - n), what="(m − 1 − i)n − (n − 1)m = ρ − n")


def written(x: list[int], w: list[int], s: int, p: int, e: int) -> list[int]:
    """The transposed convolution of a row."""
    out = [0] * (s * (len(x) - 1) + len(w) - 2 * p + e)
    for o, j in product(range(len(x)), range(len(w))):
        if 0 <= s * o + j - p < len(out):
            out[s * o + j - p] += x[o] * w[j]
    return out


def one_transposed(k: int, s: int, p: int, e: int, n: int = 3) -> Evidence:
    x, w = [3**i for i in range(n)], [7**j for j in range(k)]
    left, right = written(x[::-1], w[::-1], s, p, e), written(x, w, s, p, e)[::-1]
    return equal(left, right, what="the mirrored filter on the mirrored row", x=x, w=w, s=s, p=p, e=e)


def writes(x: Sequence[int], w: Sequence[int], s: int, p: int, e: int) -> bool:
    """Whether some tap of some input writes to an output."""
    outputs = range(s * (len(x) - 1) + len(w) - 2 * p + e)
    return any(s * o + j - p in outputs for o, j in product(range(len(x)), range(len(w))))


def every_transposed(ignored: bool = False, only: int = 0) -> Evidence:
    """k ≤ 4, s ≤ 3, p ≤ 3, e < s, n ≤ 5 where something is written."""
    cases = [
        (k, s, p, e, n)
        for k, s, p, e, n in product(range(1, 5), range(1, 4), range(4), range(3), range(1, 6))
        if e < s and writes(range(n), range(k), s, p, e)
    ]
    return for_all(
        cases, lambda c: one_transposed(*c).holds == (c[3] == only or ignored), "(k, s, p, e, n): it commutes ⇔ e = 0"
    )


def exactly(k: int, s: int, p: int, e: int, n: int) -> Evidence:
    """Whether it commutes exactly if e = 0."""
    kept = one_transposed(k, s, p, e, n).holds
    return equal(kept, e == 0, what="it commutes ⇔ e = 0", x=range(n), w=range(k), s=s, p=p, e=e)


NEVER = {"never exact": {"rule": lambda n, m: False}}
ALWAYS = {"always exact": {"rule": lambda n, m: True}}


def one_row(method: str, n: int, m: int, scale: Fraction | None = None) -> Evidence:
    """x = (0, 1, 4, 9, …)."""
    x = [Fraction(i * i) for i in range(n)]

    def resized(row: list[Fraction]) -> list[Fraction]:
        return [sum((w * row[j] for j, w in reads(method, i, n, m, scale).items()), Fraction(0)) for i in range(m)]

    numbers = {"x": x, "method": method, "n": n, "m": m, "scale": scale}
    return equal(resized(x[::-1]), resized(x)[::-1], what="resize(flip x) = flip(resize x)", **numbers)


LINEAR = Statement(
    id="resize.linear",
    paper=PAPER,
    name="linear interpolation",
    source="torch.nn.functional.interpolate, mode bilinear (pixel centres, or align_corners)",
    summary=(
        "linear interpolation to m pixels commutes with flips and turns at all n, m, with corners if {two corners}; "
        "with a scale factor f iff n·f is whole or n is one"
    ),
    claim=(
        "Output i reads at {places[0]}, or at {places[1]} with align_corners: mirrored outputs read mirrored places, "
        "at all sizes, {two corners}. (One output with align_corners reads the first pixel: not exact for more than "
        "one.) With a scale factor f that is used as such the places miss by {of_the_gap:*}(n − m/f) pixels, where m "
        "is nf rounded down: exact only if n·f is whole, or n is one. So give a decoder the size, not a scale factor "
        "of one and a half."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={
        "n·f whole": Hypothesis(
            "the scale is n/m, or n = 1", lambda n, m, scale: scale in (None, Fraction(n, m)) or n == 1
        ),
        "two corners": Hypothesis(
            "m ≥ 2 with align_corners, or n = 1",
            lambda method, n, m: method != "align_corners" or RULES["align_corners"](n, m),
        ),
    },
    clauses=(
        Clause(
            "n − 1 − place(m − 1 − i) = place(i) for {places[0]} and, with two corners, for {places[1]}",
            Route(
                "places",
                Method.RING,
                mirrored,
                {},
                instead("offset", 1) | {"from the corner": {"places": (FROM_THE_CORNER,)}},
                "n m i",
                cases=2,
            ),
            *(
                Route(
                    f"weights, {method}: ⇔ m ≥ 2 or n = 1 with corners",
                    Method.EXHAUSTIVE,
                    every_small_size,
                    {"method": method},
                    others,
                    cases=144,
                )
                for method, others in (("linear", NEVER), ("align_corners", NEVER | ALWAYS))
            ),
            over="n m i",
        ),
        Clause(
            "with scale a: n − 1 − place(m − 1 − i) − place(i) = {of_the_gap:*}(n − ma)",
            Route("places, all sizes", Method.RING, scaled_places, {}, instead("of_the_gap", 2), "n m a i"),
            Route(
                "factors p/q with p, q ≤ 5, n ≤ 8",
                Method.EXHAUSTIVE,
                scale_factors,
                {},
                instead("trusted", True),
                cases=136,
            ),
            over="n m a i",
        ),
    ),
    controls=(
        Dropped("n·f whole", one_row, {"method": "linear", "n": 5, "m": 7, "scale": Fraction(2, 3)}),
        Dropped("two corners", one_row, {"method": "align_corners", "n": 2, "m": 1}),
        Witness(
            "one pixel, and a factor of 3/2", one_row, {"method": "linear", "n": 1, "m": 1, "scale": Fraction(2, 3)}
        ),
        Witness("the same size without the factor", one_row, {"method": "linear", "n": 5, "m": 7}),
    ),
)

BLOCKS = Route("output fx + j", Method.RING, blocks, {}, instead("factor", 2), "n f x j")

GAP = Route("m = ni + ρ", Method.RING, gap, {}, instead("sign", -1), "n i rho")
NO_WHOLE_PLACE = Route("x not whole", Method.SMT, no_whole_place, {}, instead("where", FROM), "n x f")
A_WHOLE_PLACE = Route(
    "2 divides n more often than m",
    Method.RING,
    a_whole_place,
    {},
    instead("halves", 1),
    "P B c e",
    assumed=("2 divides (2i + 1)n as often as n: so (2i + 1)n/2m is whole only if 2 divides n more often than m",),
)

NEAREST = Statement(
    id="resize.nearest",
    paper=PAPER,
    name="nearest neighbours",
    source="torch.nn.functional.interpolate, modes nearest and nearest-exact",
    summary=(
        "nearest commutes with flips ⇔ n divides m (whole factors up); nearest-exact ⇔ n/m in lowest terms has an odd "
        "numerator"
    ),
    claim=(
        "Output i of `nearest` reads in/m, rounded down. {let:If m = nf is a multiple of n ≥ 2}, mirrored outputs "
        "read mirrored pixels; {let:if m = ni + ρ with 0 < ρ < n}, output i reads the first pixel and its mirror "
        "image does not read the last: not exact, so never when shrinking. `nearest-exact` reads {let:(i + ½)n/m}, "
        "rounded down: exact iff no (2i + 1)n/{halves}m is whole, iff {halves} divides m at least as often as n: "
        "halving is not exact, dividing by three is."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={"n divides m": Hypothesis("n divides m", lambda n, m: m % n == 0)},
    clauses=(
        Clause(
            "nearest by a whole factor is exact",
            BLOCKS,
            over="n f",
        ),
        Clause(
            "nearest by no whole factor is not: (m − 1 − i)n − (n − 1)m = ρ − n < 0",
            GAP,
            over="n i rho",
        ),
        *(
            Clause(
                f"{method}: ⇔ the rule",
                route,
                Route(
                    f"{method}, n and m ≤ 12",
                    Method.EXHAUSTIVE,
                    every_small_size,
                    {"method": method},
                    NEVER | ALWAYS,
                    cases=144,
                    at="n and m ≤ 12",
                ),
                over=over,
            )
            for method, route, over in (
                ("nearest", Chain("whole factors, and others", BLOCKS, GAP), "n f i rho"),
                ("nearest-exact", Chain("places that are whole, and others", NO_WHOLE_PLACE, A_WHOLE_PLACE), "n x f"),
            )
        ),
    ),
    controls=(
        Dropped("n divides m", one_row, {"method": "nearest", "n": 2, "m": 3}),
        Witness("doubling", one_row, {"method": "nearest", "n": 2, "m": 4}),
        Witness(
            "nearest-exact to a third", one_row, {"method": "nearest-exact", "n": 6, "m": 2}, without="n divides m"
        ),
    ),
)

TRANSPOSED = Statement(
    id="transposed",
    paper=PAPER,
    name="transposed convolutions",
    source="torch.nn.ConvTranspose2d",
    summary=(
        "a transposed convolution that writes something commutes with flips and turns for all weights ⇔ its output "
        "padding is {only}"
    ),
    claim=(
        "Tap j of input o writes to so + j − p of {let:m = s(n − 1) + k − 2p + e} outputs; the mirrored tap of the "
        "mirrored input writes to the mirror image moved by the output padding e, at all sizes. So for all weights "
        "it commutes exactly if e = {only}, if it writes anything at all. The usual {let:k = 3, s = 2, p = 1, e = 1} "
        "of decoders is never exact; {let:k = 4, s = 2, p = 1, e = 0} doubles the size and is."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={"something is written": Hypothesis("some tap of some input writes to an output", writes)},
    routes=(
        Route("where taps write", Method.RING, transposed, {}, instead("padding", 1), "n s k p o j e"),
        Route(
            "rows, n ≤ 5, k ≤ 4, s ≤ 3",
            Method.EXHAUSTIVE,
            every_transposed,
            {},
            instead("ignored", True) | instead("only", 1),
            cases=382,
        ),
    ),
    over="n s k p o j e",
    controls=(
        Mutant("e = 1", one_transposed, {"k": 3, "s": 2, "p": 1, "e": 1}),
        Dropped("something is written", exactly, {"k": 1, "s": 3, "p": 1, "e": 2, "n": 1}),
        Witness("the same with two inputs, of which one writes", exactly, {"k": 1, "s": 3, "p": 1, "e": 2, "n": 2}),
        Witness("k = 4, s = 2, p = 1", one_transposed, {"k": 4, "s": 2, "p": 1, "e": 0}),
    ),
)
