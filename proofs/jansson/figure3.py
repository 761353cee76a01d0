"""J6: figure 3. Under scaling the field of view changes, and with it the values of the response."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.simple import Simple, box
from invariance_proofs.jansson.theorem1 import HALF_TURN
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.statement import (
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

STRIPES = Simple.pixels([[1, -1, 1]])
SQUARE = Simple.on(box(0, 0, 1, 1))
SCALES = [Fraction(s) for s in ("1/3", "1/2", "3/4", "5/4", "3/2", "2", "3")]


def edges(f: Simple, axis: int) -> set[Any]:
    return {corner[axis] for _, polygon in f.parts for corner in polygon}


def peak(f: Simple, kernel: Simple) -> Any:
    """max f ∗ λ for images of axis-parallel boxes: it is bilinear between the sums of two edges."""
    knots = [{a + b for a in edges(f, axis) for b in edges(kernel, axis)} for axis in (0, 1)]
    return max(f.convolved(kernel, x) for x in product(*knots))


@cache
def scaled_peak(f: Simple, s: Fraction) -> Any:
    """The greatest answer of the filter that matches f to the object at scale s."""
    return peak(f.moved(s * Matrix.identity(2)), f.moved(HALF_TURN))


def weaker(f: Simple = STRIPES, scales: Sequence[Fraction] = SCALES, greatest: int = 3) -> Evidence:
    """At every scale but 1 the best answer is less than at scale 1, where it is so much."""
    best = scaled_peak(f, Fraction(1))
    peaks = {s: scaled_peak(f, s) for s in scales}
    return check(
        max(peaks.values()) < best == greatest,
        "less than at scale 1",
        object=f.parts,
        peaks=list(peaks.values()),
        at_scale_1=best,
    )


def only_match(scale: int = 1) -> Evidence:
    """∫ f(x + y) λ(−y) dy ≤ ∫ |λ| for |f| ≤ 1, with equality iff f = λ(−·) on its support: at scale 1, shift 0 only.

    At scale s the three stripes of the object are s wide, those of the template 1: at s ≠ 1 signs differ somewhere.
    """
    template = {0: 1, 1: -1, 2: 1}

    def agrees(s: Fraction, shift: Fraction) -> bool:
        """On a grid finer than every edge: is the object at scale s the template, stripe by stripe?"""
        cells = [Fraction(2 * k + 1, 48) for k in range(72)]
        return all(template[int(x)] == template.get(int((x + shift) // s)) for x in cells)

    cases = product([*SCALES, Fraction(1)], [Fraction(k, 4) for k in range(-12, 13)])
    return for_all(
        cases, lambda case: agrees(*case) == (case == (scale, 0)), "(s, shift): a full match at s = 1, shift 0 only"
    )


J6 = Statement(
    id="J6",
    paper=PAPER,
    name="figure 3: the field of view",
    source="Jansson et al. (arXiv 2004.14716), figure 3",
    summary="under scaling a template never covers the object again: the responses take other values",
    claim=(
        "Let f be three stripes {let:1, −1, 1} and λ the filter that matches it. Then max Λf = {greatest}, which is "
        "∫|λ|, taken where the filter covers the object, and max ΛT_sf < {greatest} for every scale s other than "
        "{scale}, smaller or greater. T_g permutes the values of Λf over the plane, so no T_g, affine or not, aligns "
        "ΛT_sf with Λf."
    ),
    at="one object",
    grade=Grade.LISTED,
    why="the figure shows one object at a few scales",
    verdict=Verdict.PROVED,
    hypotheses={
        "an object with parts": Hypothesis(
            "the template is not constant on its support", lambda object: len({w for w, _ in object}) > 1
        )
    },
    routes=(
        Route(
            "exact maxima",
            Method.EXACT,
            weaker,
            mutants={"scale 1": {"scales": [Fraction(1)]}} | instead("greatest", 2),
            over="scales",
        ),
        Route(
            "where the bound ∫|λ| is attained", Method.EXHAUSTIVE, only_match, mutants=instead("scale", 2), cases=200
        ),
    ),
    over="scales",
    controls=(
        Dropped("an object with parts", weaker, {"f": SQUARE, "scales": [Fraction(2)], "greatest": 1}),
        Witness("the maximum at scale 1 is ∫|λ|", lambda: check(scaled_peak(STRIPES, Fraction(1)) == 3, "3")),
        Witness(
            "objects off the origin meet too",
            lambda: check(peak(Simple.on(box(2, 0, 3, 1)), Simple.on(box(5, 0, 6, 1))) == 1, "max f ∗ λ = 1"),
        ),
        Witness(
            "a smaller plain square is weaker",
            weaker,
            {"f": SQUARE, "scales": [Fraction(1, 2)], "greatest": 1},
            without="an object with parts",
        ),
    ),
    assumed=("the response to boxes is bilinear between sums of edges",),
)
