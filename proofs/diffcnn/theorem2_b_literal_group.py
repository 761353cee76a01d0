"""T2.b: read literally, the paper's H_{K,K} holds constant fields only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import product
from math import ceil
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.layers import Pixel, block, window
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.coq import pinned
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.routes.smt import impossible
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
    all_of,
    instead,
)

IDENTITY, STRETCH = Matrix.identity(2), Matrix.diagonal(2, 1)


def near(p: Pixel, q: Pixel, K: int) -> bool:
    return abs(p[0] - q[0]) <= K and abs(p[1] - q[1]) <= K


def forced_equal(pixels: list[Pixel], related: Any) -> set[Pixel]:
    """Every pixel that a chain of related pairs ties to the first one."""
    reached, frontier = {pixels[0]}, [pixels[0]]
    while frontier:
        p = frontier.pop()
        fresh = [q for q in pixels if q not in reached and related(p, q)]
        reached.update(fresh)
        frontier += fresh
    return reached


def grids(relation: Callable[[Pixel, Pixel, int], bool] = near) -> Evidence:
    cases = product(range(1, 7), range(1, 7), range(1, 4))
    return for_all(
        cases,
        lambda c: len(forced_equal(window(*c[:2]), lambda p, q: relation(p, q, c[2]))) == c[0] * c[1],
        "(width, height, K): every pixel is tied to the first",
    )


def chain(p: tuple[Fraction, Fraction], q: tuple[Fraction, Fraction], K: Fraction, fewer: int = 0) -> bool:
    """Whether ⌈max|p − q| / K⌉ − fewer equal steps from p to q are each at most K in both coordinates."""
    gap = q[0] - p[0], q[1] - p[1]
    n = max(1, ceil(max(map(abs, gap)) / K) - fewer)
    return all(abs(d) / n <= K for d in gap)


def plane(fewer: int = 0) -> Evidence:
    sides = [Fraction(n, 3) for n in (-7, -1, 0, 2, 9)]
    points = list(product(sides, sides))
    cases = product(points, points, [Fraction(1, 2), Fraction(1), Fraction(3)])
    return for_all(cases, lambda case: chain(*case, fewer), "(p, q, K): a chain of steps ≤ K joins p to q")


def any_distance(longer: int = 0) -> Evidence:
    return impossible(
        lambda K, d, n, step: [K > 0, d >= 0, n >= 1, n * K >= d, step > K, step * n == d + longer],
        "K d n step",
        what="n ≥ d/K steps of length d/n are at most K",
        met=((1, 3, 3, 2), (2, 4, 2, 5)),
    )


def one_step(least: int = 1) -> Evidence:
    """Two pixels next to each other are within K."""
    return impossible(
        lambda K, x: [least <= K, (x + 1) - x > K], "K x", what="a step of 1 is at most K", met=((1, 0), (3, 2))
    )


RIGHT, UP = "M(right(x)) = M(x)", "M(up(x)) = M(x)"


def any_walk(right: str = RIGHT, up: str = UP) -> Evidence:
    """M has one value at both ends of a step, so at both ends of a walk: by induction over its steps."""
    rules = [right, up, "M(walk(x)) = M(x)"]
    return all_of(*(follows(f"M({step}(walk(x))) = M(x)", rules) for step in ("right", "up")))


def meeting_the_definition(field: Mapping[Pixel, Matrix], K: int) -> Evidence:
    """Whether this field, if it meets the definition, is constant."""
    meets = all(field[p] == field[q] for p in field for q in field if near(p, q, K))
    return check(
        not meets or len(set(field.values())) == 1, "a field that meets the definition is constant", field=field, K=K
    )


BY_BLOCKS = {"relation": lambda p, q, K: block(p, K) == block(q, K)}
THEOREM = (
    "forall (T : Type) (K width height : nat) (M : nat -> nat -> T), {}(forall x1 y1 x2 y2 : nat, x1 < width -> "
    "x2 < width -> y1 < height -> y2 < height -> near K x1 x2 -> near K y1 y2 -> M x1 y1 = M x2 y2) -> "
    "forall x y : nat, x < width -> y < height -> M x y = M 0 0"
)

T2_b = Statement(
    id="T2.b",
    paper=PAPER,
    name="the literal H_{K,K} is GL(2)",
    source="Kan et al., section 2.1, definition of H_{K,K}",
    summary="H_{{K,K}} read literally holds constant fields only: the subgroup is GL(2)",
    claim=(
        "If dφ takes one value at any two points that are at most K apart in x and in y, then dφ is constant on the "
        "whole domain: a chain of steps of at most K joins any two points. Conversely every constant field "
        "qualifies, so H_{{K,K}} is GL(2) whatever K, and the warps it comes from are affine."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "a step is at most K": Hypothesis("K ≥ 1 on a pixel grid, K > 0 on the plane", lambda K: K > 0),
        "no gap": Hypothesis(
            "any two points of the domain are joined by steps of at most max(K, 1) inside it",
            lambda field, K: len(forced_equal(list(field), lambda p, q: near(p, q, max(K, 1)))) == len(field),
        ),
    },
    clauses=(
        Clause(
            "on a pixel grid the field is constant",
            Chain(
                "a step, then walks of any length",
                Route("a step of 1", Method.SMT, one_step, {}, instead("least", 0), "K"),
                Route(
                    "walks",
                    Method.SYMBOLIC,
                    any_walk,
                    {},
                    instead("right", "M(right(x)) = N(x)") | instead("up", "M(up(x)) = N(x)"),
                    "maps",
                    cases=2,
                ),
            ),
            Route(
                "chains of pixels",
                Method.EXHAUSTIVE,
                grids,
                mutants={"same block instead of near": BY_BLOCKS},
                cases=108,
            ),
            Route(
                "induction over rows and columns",
                Method.COQ,
                pinned,
                {
                    "theory": "T2_b_literal_group",
                    "said": {"literal_fields_are_constant": THEOREM.format("0 < K -> ")},
                    "defined": {"near": "fun K x y : nat => (x <= y + K) && (y <= x + K)"},
                },
                {"K = 0": {"said": {"literal_fields_are_constant": THEOREM.format("")}}},
                over="K width height",
            ),
            over="K",
        ),
        Clause(
            "on the plane ⌈d/K⌉ steps of at most K join points at distance d",
            Route("real K and d", Method.SMT, any_distance, mutants=instead("longer", 1), over="K d"),
            Route("points on a grid of the plane", Method.EXHAUSTIVE, plane, mutants=instead("fewer", 1), cases=1875),
            over="K d",
            assumed=("a map of the plane with constant derivative is affine",),
        ),
    ),
    controls=(
        Dropped("a step is at most K", meeting_the_definition, {"field": {(0, 0): IDENTITY, (1, 0): STRETCH}, "K": 0}),
        Dropped("no gap", meeting_the_definition, {"field": {(0, 0): IDENTITY, (2, 0): STRETCH}, "K": 1}),
        Witness(
            "constant fields qualify", meeting_the_definition, {"field": dict.fromkeys(window(3), STRETCH), "K": 2}
        ),
    ),
)
