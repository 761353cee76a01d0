"""G8.stride: where a stride keeps the turns and flips of a finite image. Symbols as in `gcnn.windows`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.g8_literal import corner
from invariance_proofs.gcnn.layers import act, lift, turn
from invariance_proofs.gcnn.motions import FLIP, GROUPS, P4, TURN, Motion
from invariance_proofs.gcnn.windows import Layer, commutes, keeps_turns, sizes
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.statement import (
    Chain,
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

MUST_VANISH = {"p2": {"r1", "r2"}, "p4": {"r1", "r2"}, "p4m": {"r1", "r2"}, "pm": {"r1"}, "cm": set()}


READ = Formula.of(lambda s, p, o, j: s * o + j - p)
"""The pixel that tap j of output o reads."""
OTHERS = {
    "no stride": {"read": Formula.of(lambda s, p, o, j: o + j - p)},
    "no padding": {"read": Formula.of(lambda s, p, o, j: s * o + j)},
}


def mirrored_reads(of_the_remainder: int = 1, read: Formula = READ) -> Evidence:
    """Tap j of output o reads x; tap k − 1 − j of output q − o reads x′ = n − 1 − x − r: the mirror image but for r."""
    s, q, k, p, r, o, j = unknowns(s=1, q=1, k=1, p=1, r=1, o=1, j=1)
    n = s * q + r + k - 2 * p
    missed = n - 1 - read(s, p, o, j) - read(s, p, q - o, k - 1 - j)
    return vanishes(missed - of_the_remainder * r, what=f"n − 1 − x − x′ = r for x = {read}")


def centres(of_the_remainder: int = 1, read: Formula = READ) -> Evidence:
    """In doubled coordinates about the centres, output u has its window at su − r."""
    s, q, k, p, r, o = unknowns(s=1, q=1, k=1, p=1, r=1, o=1)
    n, u = s * q + r + k - 2 * p, 2 * o - q
    return vanishes(
        2 * read(s, p, o, 0) + k - 1 - (n - 1) - (s * u - of_the_remainder * r),
        what="output u looks at su − r",
    )


def must_vanish(which: Mapping[str, set[str]] = MUST_VANISH) -> Evidence:
    """A maps windows su − (r₁, r₂) to windows sAu − |A|(r₁, r₂) of the turned image iff A(r₁, r₂) = |A|(r₁, r₂)."""
    r = unknowns(r1=1, r2=1)

    def found(name: str) -> set[str]:
        pairs = ((h.turned(r), Motion(*map(abs, h[:4])).turned(r)) for h in GROUPS[name])
        forms = [x - y for pair in pairs for x, y in zip(*pair, strict=True)]
        return {str(form.primitive()[1].monic()) for form in forms if form != 0}

    return equal({name: found(name) for name in which}, dict(which), what="what must vanish, by group")


Rule = Callable[[Layer, int], bool]
CENTRED = Formula.of(lambda layer, n: (n + 2 * layer.p - layer.k) % layer.s == 0)


def every_small_size(rule: Rule = CENTRED) -> Evidence:
    return for_all(
        sizes(),
        lambda c: keeps_turns(*c) == all(rule(c[0], n) for n in c[1]),
        "((k, s, p), (n, m)): turns are kept ⇔ both remainders are 0",
    )


def sees(layer: Layer, n: int) -> bool:
    """Whether some tap of some output reads a pixel."""
    return any(x is not None for x in layer.reads(n).values())


def every_padding() -> Evidence:
    """Without p < k: exact also where no window meets the image."""

    def right(case: tuple[Layer, tuple[int, int]]) -> bool:
        layer, shape = case
        blind = not all(sees(layer, n) for n in shape)
        return keeps_turns(layer, shape) == (blind or all(CENTRED(layer, n) for n in shape))

    return for_all(sizes(every_padding=True), right, "(layer, shape): turns are kept ⇔ remainders 0 or nothing is seen")


def flips(rows: Rule = CENTRED) -> Evidence:
    """pm: the flip of the rows looks at the rows alone."""
    return for_all(
        sizes(), lambda c: commutes(FLIP, *c) == rows(c[0], c[1][0]), "((k, s, p), (n, m)): row flips ⇔ r₁ = 0"
    )


def transposition(motion: Motion = GROUPS["cm"][1]) -> Evidence:
    """cm: the transposition of squares looks at nothing."""
    return for_all(sizes(square=True), lambda c: commutes(motion, *c), "((k, s, p), (n, m)): always, on squares")


def raw_layer(draw: Draw, layer: Layer, shape: tuple[int, int]) -> Any:
    f, psi = draw.matrix(*shape), draw.matrix(layer.k, layer.k)
    still = lift(P4, [f], [psi], layer.s, layer.p)
    for h in (TURN, ~TURN):
        moved = lift(P4, [turn(h, f)], [psi], layer.s, layer.p)
        yield [a - b for a, b in zip(moved, act(P4, h, still), strict=True)]


def raw_layers(rule: Rule = CENTRED) -> Evidence:
    """Schwartz–Zippel where the remainders are 0; elsewhere the random numbers are exact counterexamples."""
    exact, inexact = [], 0
    for layer, shape in sizes():
        found = schwartz_zippel(partial(raw_layer, layer=layer, shape=shape), what=f"{layer} at {shape}")
        if found.holds != all(rule(layer, n) for n in shape):
            return check(False, "the raw layer keeps turns ⇔ both remainders are 0", layer=layer, shape=shape)
        exact += [found] if found.holds else []
        inexact += not found.holds
    risk = sum((found.error_probability for found in exact), Fraction(0))
    return Evidence(True, f"the raw layer: {len(exact)} sizes keep turns, {inexact} do not", risk)


def one_pixel(k: int = 1, s: int = 3, p: int = 1) -> Evidence:
    """One pixel; with k = 1, s = 3, p = 1 the only output looks at padding, is 0 and keeps everything; r = 2."""
    layer = Layer(k, s, p)
    r = layer.remainder(1)
    return check(keeps_turns(layer, (1, 1)) == CENTRED(layer, 1), "turns are kept ⇔ r = 0", layer=layer, n=1, r=r)


RULES: dict[str, dict[str, Rule]] = {
    "n mod s = 0": {"rule": lambda layer, n: n % layer.s == 0},
    "(n + p − k) mod s = 0": {"rule": lambda layer, n: (n + layer.p - layer.k) % layer.s == 0},
    "one pixel left over does no harm": {"rule": lambda layer, n: layer.remainder(n) <= 1},
}

SMALL = "n and m ≤ 5, k and s ≤ 3"

G8_stride = Statement(
    id="G8.stride",
    paper=PAPER,
    name="strides on finite images",
    source="Cohen & Welling, section 6.3, on arrays",
    summary="stride s, kernel k, padding p keep the quarter turns ⇔ {rule}",
    claim=(
        "{let:Let n + 2p − k = sq + r with 0 ≤ r < s}. About the centres, output u has its window at su − "
        "{of_the_remainder:*}r, in half pixels: the mirrored tap of the mirrored output reads the mirror image moved "
        "by r pixels. So a lifting or group layer commutes with the quarter turns, for all images and filters, if "
        "and only if {rule} for both lengths of the image, provided that a window meets the image, as with {let:p < "
        "k}. The same holds for p2 and p4m. The flip of the rows wants it of the rows alone, and the transposition "
        "of square images wants nothing. A pool commutes there too; since it does not tell its taps apart, also "
        "where every window sees the whole image, {let:as 3×3 with stride 2 and padding 1 does on 2×2 pixels} "
        "(rules:windows.rounding)."
    ),
    verdict=Verdict.PROVED,
    hypotheses={
        "a window meets the image": Hypothesis(
            "some tap of some output reads a pixel; p < k is enough", lambda layer, n: sees(layer, n)
        )
    },
    clauses=(
        Clause(
            "the mirrored tap of the mirrored output reads the mirror image moved by r: the mirror image ⇔ r = 0",
            Route("taps", Method.RING, mirrored_reads, {}, instead("of_the_remainder", 2) | OTHERS, "s q k p r o j"),
            Route("centres", Method.RING, centres, {}, instead("of_the_remainder", 2) | OTHERS, "s q k p r o"),
            Route("what every tap reads", Method.EXHAUSTIVE, every_small_size, mutants=RULES, at=SMALL, cases=375),
            Route("raw lifting layer", Method.RANDOM, raw_layers, mutants=RULES, at=SMALL),
            over="s q k p r o",
        ),
        Clause(
            "so p2, p4 and p4m want r₁ = r₂ = 0, pm wants r₁ = 0, cm nothing",
            Route("A r = |A| r", Method.RING, must_vanish, mutants={"pm wants both": {"which": {"pm": {"r1", "r2"}}}}),
            Chain(
                "what every tap reads",
                Route(
                    "pm",
                    Method.EXHAUSTIVE,
                    flips,
                    {},
                    {name: {"rows": r["rule"]} for name, r in RULES.items()},
                    cases=375,
                ),
                Route(
                    "cm", Method.EXHAUSTIVE, transposition, {}, {"a quarter turn": {"motion": TURN}}, at=SMALL, cases=81
                ),
            ),
            finite=True,
        ),
    ),
    controls=(
        Dropped("a window meets the image", one_pixel),
        Witness("one pixel that is seen", one_pixel, {"s": 2, "p": 0}),
        Witness("every padding: blind layers are exact too", every_padding),
        Witness("3 pixels, stride 2", corner, {"n": 3, "k": 1, "s": 2}),
        Witness("an even kernel: 4 pixels, k = 2, stride 2", corner, {"n": 4, "k": 2, "s": 2}),
    ),
)
