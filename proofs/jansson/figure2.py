"""J5: figure 2. Under a half-turn another channel answers, and no spatial transformation moves channels."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.simple import Simple
from invariance_proofs.jansson.theorem1 import HALF_TURN
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.statement import (
    Chain,
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

Letter = tuple[str, ...]

W: Letter = ("#...#", "#...#", "#.#.#", "##.##", "#...#")
N: Letter = ("#...#", "##..#", "#.#.#", "#..##", "#...#")
"""N looks the same upside down."""
SIZE = 5


def turned(letter: Letter) -> Letter:
    """By 180°."""
    return tuple(row[::-1] for row in letter[::-1])


M = turned(W)


def pixels(letter: Letter) -> list[tuple[int, int]]:
    return [(x, y) for y, row in enumerate(letter) for x, mark in enumerate(row) if mark == "#"]


def response(image: Letter, template: Letter) -> dict[tuple[int, int], int]:
    """The channel with the filter λ(y) = template(−y) at every shift where it can be other than 0."""
    reach = range(-SIZE, SIZE + 1)
    marks, wanted = set(pixels(image)), pixels(template)
    return {(u, v): sum((x + u, y + v) in marks for x, y in wanted) for u in reach for v in reach}


def peaks(image: Letter, channels: tuple[Letter, ...]) -> list[int]:
    """The greatest value of each channel; a spatial T_g, the same for all channels, cannot change it."""
    return [max(response(image, template).values()) for template in channels]


def both_ways(letter: Letter) -> tuple[list[int], list[int]]:
    """The peaks of the channels (letter, turned letter) for the letter as image, and for the turned letter."""
    channels = letter, turned(letter)
    return peaks(letter, channels), peaks(turned(letter), channels)


def cannot_be_aligned(letter: Letter = W, answer: int = 13) -> Evidence:
    before, after = both_ways(letter)
    return check(
        before != after and before[0] == len(pixels(letter)) == answer,
        "the peaks differ, so no T_g aligns",
        image=list(letter),
        peaks=before,
        peaks_turned=after,
    )


def same_peaks(order: int = -1) -> Evidence:
    """For W, the channels of the turned image read in this order."""
    before, after = both_ways(W)
    return check(before == after[::order], "the channels have the same peaks")


def swapped_everywhere(sign: int = -1) -> Evidence:
    """Turning the image turns the maps AND swaps the channels: Λ_W(M)(s) = Λ_M(W)(−s) and vice versa, for all s."""
    return for_all(
        _pairs(sign), lambda case: case[2] == case[3], "(letter, shift, here, there): the channels have one value"
    )


def _pairs(sign: int) -> Iterator[tuple[Letter, tuple[int, int], int, int]]:
    for template in (W, M):
        here, there = response(M, template), response(W, turned(template))
        yield from ((template, s, value, there[sign * s[0], sign * s[1]]) for s, value in here.items())


def on_the_plane(template: Letter = W) -> Evidence:
    """The continuous layer on unit pixels: the same numbers at a few shifts, W turned over and W itself as images."""

    def image(letter: Letter) -> Simple:
        return Simple.pixels([[int(mark == "#") for mark in row] for row in letter])

    kernel = image(W).moved(HALF_TURN)
    return for_all(
        [(letter, s) for letter in (W, M) for s in ((0, 0), (1, 0), (0, 2), (-1, -1))],
        lambda case: image(case[0]).convolved(kernel, case[1]) == response(case[0], template)[case[1][0], -case[1][1]],
        "(image, shift): (f ∗ λ)(s) counts the common pixels",
    )


J5 = Statement(
    id="J5",
    paper=PAPER,
    name="figure 2: the channels W and M",
    source="Jansson et al. (arXiv 2004.14716), figure 2",
    summary="under a half-turn the other channel answers; no spatial alignment of the feature maps helps",
    claim=(
        "Let the filters of the two channels match W and M, which is W turned over. Channel W answers W with "
        "{answer}, the number of its pixels, and M with less; T_g permutes the values of each channel over the plane "
        "and so cannot change their maximum: no T_g, affine or not, aligns the maps of the turned image. What "
        "happens is {let:Λ_W T_h = T_h Λ_M}: the maps turn and the channels swap."
    ),
    finite=True,
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "not symmetric": Hypothesis(
            "the filter is not its own half-turn", lambda image: tuple(image) != turned(tuple(image))
        )
    },
    routes=(
        Chain(
            "peaks of both channels, and who answers",
            Route(
                "peaks over all shifts",
                Method.EXHAUSTIVE,
                cannot_be_aligned,
                mutants=instead("letter", N) | instead("answer", 12),
            ),
            Route(
                "channels swap at every shift",
                Method.EXHAUSTIVE,
                swapped_everywhere,
                mutants=instead("sign", 1),
                cases=242,
            ),
            Route("so their peaks swap", Method.EXHAUSTIVE, same_peaks, mutants=instead("order", 1)),
            Route("the plane counts pixels", Method.EXHAUSTIVE, on_the_plane, mutants=instead("template", M), cases=8),
        ),
    ),
    controls=(
        Dropped("not symmetric", cannot_be_aligned, {"letter": N}),
        Witness("the continuous layer counts pixels", on_the_plane),
        Witness(
            "the first row of pixels is the upper one",
            lambda: check(Simple.pixels([[1], [0]])((Fraction(1, 2), Fraction(3, 2))) == 1, "1 above"),
        ),
    ),
    assumed=("between whole shifts the response to pixels is bilinear, so its maximum is at a whole shift",),
)
