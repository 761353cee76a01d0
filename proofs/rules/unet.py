"""U-Nets, one axis: pools down, doublings up, and at every level what comes up is added to what went down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.rules import PAPER
from invariance_proofs.rules.resize import BLOCKS
from invariance_proofs.rules.windows import BOUNDED, MIRRORED, STEP
from invariance_proofs.statement import (
    Chain,
    Clause,
    Dropped,
    Evidence,
    Grade,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

Row = Sequence[int]
FILTER = (1, 5, 2)


def convolved(x: Row, w: Row) -> list[int]:
    """Three taps, zeros outside."""
    a, b, c = w
    return [a * left + b * here + c * right for left, here, right in zip((0, *x), x, (*x[1:], 0), strict=False)]


def pooled(x: Row, s: int, wider: int = 0) -> list[int]:
    """The maximum over s + wider pixels at every s-th; what is left over is dropped."""
    return [max(x[i * s : i * s + s + wider]) for i in range((len(x) - wider) // s)]


def resized(x: Row, n: int) -> list[int]:
    """Nearest neighbours, to n pixels."""
    return [x[i * len(x) // n] for i in range(n)]


def unet(x: Row, w: Row, strides: Row, wider: int = 0) -> list[int]:
    """A convolution; below it, if a stride is left, the same network on the pooled row, brought back and added."""
    here = convolved(x, w)
    if not strides:
        return here
    below = unet(pooled(here, strides[0], wider), w, strides[1:], wider)
    return convolved([a + b for a, b in zip(here, resized(below, len(here)), strict=True)], w)


def keeps_flips(n: int, strides: Row) -> bool:
    """Mirrored filters on the mirrored row give the mirrored output, for rows that tell every pixel."""
    rows = [[int(i == j) for i in range(n)] for j in range(n)] + [[i * i + 1 for i in range(n)]]
    return all(unet(x[::-1], FILTER[::-1], strides) == unet(x, FILTER, strides)[::-1] for x in rows)


def product_of(strides: Row) -> int:
    total = 1
    for s in strides:
        total *= s
    return total


def last_of(strides: Row) -> int:
    return strides[-1]


NETWORKS = [strides for depth in (1, 2, 3) for strides in product((2, 3), repeat=depth)]


def every_size(modulus: Callable[[Row], int] = product_of) -> Evidence:
    """Strides 2 and 3, up to three levels, n ≤ 36 and every level with a pixel."""
    cases = [(n, strides) for strides in NETWORKS for n in range(product_of(strides), 37)]
    return for_all(
        cases, lambda c: keeps_flips(*c) == (c[0] % modulus(c[1]) == 0), "(n, strides): flips are kept ⇔ S | n"
    )


def own_stride(more: int = 0) -> Evidence:
    """Windows of k = s pixels, no padding: from K = S, P = 0 comes K′ = K + S(k − 1) = Ss = S′. So n + 2P − K ≡ n."""
    S, s = unknowns(S=1, s=1)
    return vanishes(S + S * (s + more - 1) - S * s, what="K′ = S′")


def one(n: int, strides: Row = (2, 2), wider: int = 0) -> Evidence:
    x = [i * i + 1 for i in range(n)]
    left, right = unet(x[::-1], FILTER[::-1], strides, wider), unet(x, FILTER, strides, wider)[::-1]
    return equal(left, right, what="the U-Net keeps the flip", n=n, strides=strides, wider=wider, x=x)


UNET = Statement(
    id="unet",
    paper=PAPER,
    name="U-Nets",
    source="Ronneberger, Fischer, Brox, “U-Net” (2015); torch.nn.functional.interpolate",
    summary=(
        "a U-Net of pools s₁, …, s_L and nearest upsampling to the skip's size keeps flips and turns ⇔ {S divides n}"
    ),
    claim=(
        "Pools of sᵢ pixels with stride sᵢ compose to {let:K = S = s₁…s_L, P = 0}, so the encoder keeps flips, for "
        "all weights, exactly if S | n. Then every level's length is sᵢ times that below, the decoder upsamples by "
        "whole factors, which is exact, and what it adds has the skip's length. (For {let:n < S} a level has no "
        "pixel.) So one condition on n is all that a U-Net asks for: padding the image to a multiple of S is right, "
        "resizing the decoder's output to odd sizes is not."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.LISTED,
    hypotheses={
        "S divides n": Hypothesis("s₁…s_L | n", lambda n, strides: n % product_of(strides) == 0),
        "pools of their strides": Hypothesis("no window is wider than its stride", lambda wider: wider == 0),
    },
    clauses=(
        Clause(
            "the encoder keeps flips ⇔ S | n, and whole factors bring it back",
            Chain(
                "level by level",
                Route("K = S", Method.RING, own_stride, {}, instead("more", 1), "S s"),
                STEP,
                MIRRORED,
                BOUNDED,
                BLOCKS,
            ),
            over="S s",
        ),
        Clause(
            "the whole network keeps flips for all weights ⇔ S | n",
            Route("rows", Method.EXHAUSTIVE, every_size, {}, {"the last stride": {"modulus": last_of}}, cases=363),
            at="strides 2 and 3, three levels, n ≤ 36",
            grade=Grade.LISTED,
            why="for n that S does not divide some weights have to be found, for each network",
        ),
    ),
    controls=(
        Dropped("S divides n", one, {"n": 6}),
        Dropped("pools of their strides", one, {"n": 8, "wider": 1}),
        Witness("8 pixels, two pools", one, {"n": 8}),
    ),
)
