"""Padding: which frames of an image turn with it. Along one axis: places −a, …, n + b − 1 and the pixel each shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.routes.smt import impossible
from invariance_proofs.rules import PAPER
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

MODES = ("zeros", "replicate", "reflect", "circular")


def shown(mode: str, i: int, n: int) -> int | None:
    """The pixel that place i shows; None for a constant."""
    if 0 <= i < n:
        return i
    if mode == "reflect":
        return -i if i < 0 else 2 * (n - 1) - i
    return {"zeros": None, "replicate": min(max(i, 0), n - 1), "circular": i % n}[mode]


def padded(mode: str, n: int, a: int, b: int) -> list[int | None]:
    return [shown(mode, i, n) for i in range(-a, n + b)]


def mirrors(mode: str, n: int, a: int, b: int) -> bool:
    """pad(flip x) = flip(pad x) for every x."""
    frame = padded(mode, n, a, b)
    return [None if j is None else n - 1 - j for j in frame] == frame[::-1]


def sizes(mode: str) -> Iterator[tuple[int, int, int]]:
    """n ≤ 6, a and b up to what the mode allows (reflect n − 1, circular n)."""
    for n in range(1, 7):
        most = {"reflect": n - 1, "circular": n}.get(mode, 4)
        yield from ((n, a, b) for a, b in product(range(most + 1), repeat=2))


def every_small_size(mode: str, slack: int = 0) -> Evidence:
    """Mirrored for equal extents alone; circular ones need agree modulo n only, and one repeated pixel has no sides."""

    def right(size: tuple[int, int, int]) -> bool:
        n, a, b = size
        even = abs(a - b) <= slack or (mode == "circular" and (a - b) % n == 0) or (mode == "replicate" and n == 1)
        return mirrors(mode, *size) == even

    return for_all(sizes(mode), right, f"(n, a, b): {mode} padding commutes with the flip ⇔ a = b")


def any_size(outside: int = 0) -> Evidence:
    """Place −i is mirrored to n − 1 + i; what is shown there is mirrored too, for each mode's two formulas."""
    n, i = unknowns(n=1, i=1)
    pieces = {
        "reflect": (i, 2 * (n - 1) - (n - 1 + i)),
        "replicate": (0 * i, n - 1),
        "circular": (n - i, (n - 1 + i) - n),
        "inside": (i, n - 1 - i),
    }
    return all_of(
        *(
            vanishes(n - 1 + outside - low - high, what=f"{mode}: n − 1 − shown(−i) = shown(n − 1 + i)")
            for mode, (low, high) in pieces.items()
        )
    )


def places(more: int = 0) -> Evidence:
    """Place i of the frame shows what lies at i − a; its mirror place shows the mirror image, moved by a − b."""
    n, a, b, i = unknowns(n=1, a=1, b=1, i=1)
    here, there = i - a, (n + a + b - 1 - i) - a
    return vanishes(n - 1 + more - here - there - (a - b), what="n − 1 − here − there = a − b")


def edge(mode: str, least: int = 1) -> Evidence:
    """b > a: the place b in front of the end shows what lies b − a behind pixel 0, its mirror place the last pixel.

    Mirrored it would be pixel 0, and it is pixel r > 0, or none. For a > b the ends change places.
    """
    told: dict[str, Callable[..., list[Any]]] = {
        "zeros": lambda n, a, b, r, m: [n >= 1, b >= a + least, r == b - a],
        "replicate": lambda n, a, b, r, m: [
            *[n >= 2, b >= a + least, r <= b - a, r <= n - 1, (r - b + a) * (r - n + 1) == 0]
        ],
        "reflect": lambda n, a, b, r, m: [b >= a + least, b <= n - 1, a >= 0, r == b - a],
        "circular": lambda n, a, b, r, m: [r >= least, r <= n - 1, m >= 0, b - a == n * m + r],
    }
    return impossible(
        lambda n, a, b, r, m: [*told[mode](n, a, b, r, m), r == 0], "n a b r m", what=f"{mode}: it is pixel 0"
    )


def twice(rule: str = "P(t(x)) = t(P(x))") -> Evidence:
    """What commutes with the quarter turn t commutes with the half turn, which flips each axis."""
    return follows("P(t(t(x))) = t(t(P(x)))", [rule])


def lengths(sides: int = 2) -> Evidence:
    """Rows with a on both sides, columns with b: the turned frame is n + 2b by n + 2a, so a = b."""
    return impossible(
        lambda n, a, b: [n >= 1, a >= 0, b >= 0, n + sides * a == n + (4 - sides) * b, a != b],
        "n a b",
        what="n + 2a = n + 2b ⇒ a = b",
        met=((3, 1, 1), (5, 2, 2)) if sides == 2 else (),
    )


def turns(mode: str, square: bool = True) -> Evidence:
    """Images of n×n ≤ 3×3 labels, extents ≤ 2 in front and behind, by rows and columns: a quarter turn."""

    def framed(n: int, rows: tuple[int, int], columns: tuple[int, int], turned: bool) -> list[list[object]]:
        down, along = padded(mode, n, *rows), padded(mode, n, *columns)

        def label(i: Any, j: Any) -> object:
            return None if None in (i, j) else ((j, n - 1 - i) if turned else (i, j))

        return [[label(i, j) for j in along] for i in down]

    def right(case: tuple[int, tuple[int, int], tuple[int, int]]) -> bool:
        n, rows, columns = case
        still = framed(n, rows, columns, turned=False)
        kept = [list(row) for row in zip(*still, strict=True)][::-1] == framed(n, rows, columns, turned=True)
        repeats = {"replicate": n == 1, "circular": all((e - rows[0]) % n == 0 for e in (*rows, *columns))}
        same_shape = sum(rows) == sum(columns)
        alike = len({*rows, *columns}) == 1 if square else rows[0] == rows[1] and columns[0] == columns[1]
        return kept == (alike or (same_shape and repeats.get(mode, False)))

    cases = []
    for n in (1, 2, 3):
        most = {"reflect": n - 1, "circular": n}.get(mode, 2)
        extents = list(product(range(min(most, 2) + 1), repeat=2))
        cases += [(n, rows, columns) for rows, columns in product(extents, extents)]
    return for_all(cases, right, f"(n, rows, columns): {mode} padding commutes with the turn ⇔ four equal extents")


def one_row(mode: str, before: int, behind: int) -> Evidence:
    """x = (1, 2, 3)."""
    x = (1, 2, 3)

    def pad(row: tuple[int, ...]) -> list[int]:
        return [0 if j is None else row[j] for j in padded(mode, 3, before, behind)]

    return equal(
        pad(x[::-1]), pad(x)[::-1], what="pad(flip x) = flip(pad x)", x=x, mode=mode, before=before, behind=behind
    )


FLIPPED = {"zeros": 150, "replicate": 150, "reflect": 91, "circular": 139}
TURNED = {"zeros": 243, "replicate": 243, "reflect": 98, "circular": 178}
"""How many sizes there are for each mode."""

paddings = Statement(
    id="padding",
    paper=PAPER,
    name="padding",
    source="torch.nn.functional.pad, and the padding of convolutions and pools",
    summary="zeros, replicate, reflect, circular padding: flips ⇔ equal extents on both sides, turns ⇔ on all four",
    claim=(
        "Padding by a before and b behind commutes with the flip of the axis for all images exactly if {equal "
        "extents} (circular padding: {let:if a ≡ b modulo n}; replicate: also for one pixel), and with quarter turns "
        "of a square if all four extents are equal (with the same exceptions where rows and columns grow alike). So "
        "“same” padding of an even kernel, which pads one pixel more behind, keeps neither, at any size but one "
        "pixel that is repeated; only a kernel that does not look at the extra pixel makes a layer that does."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.LISTED,
    hypotheses={"equal extents": Hypothesis("a = b", lambda before, behind: before == behind)},
    clauses=(
        Clause(
            "a = b is enough: what is shown at −i and at n − 1 + i are mirror images",
            Route("each mode's formula", Method.RING, any_size, {}, instead("outside", 1), "n i", cases=4),
            over="n i",
        ),
        *(
            Clause(
                f"{mode}: ⇔",
                Chain(
                    "mirror places, and one that shows another pixel",
                    Route("places", Method.RING, places, {}, instead("more", 1), "n a b"),
                    Route("the edge", Method.SMT, edge, {"mode": mode}, instead("least", 0), "a b"),
                ),
                Route(
                    f"n ≤ 6, {mode}",
                    Method.EXHAUSTIVE,
                    every_small_size,
                    {"mode": mode},
                    instead("slack", 1),
                    "n a b",
                    cases=FLIPPED[mode],
                ),
                over="n a b",
            )
            for mode in MODES
        ),
        *(
            Clause(
                f"{mode}, quarter turns: ⇔",
                *(
                    [
                        Chain(
                            "a turn twice flips both axes, and a turn changes their lengths",
                            Route("twice", Method.SYMBOLIC, twice, {}, instead("rule", "P(t(x)) = s(P(x))"), "maps"),
                            Route("places", Method.RING, places, {}, instead("more", 1), "n a b"),
                            Route("the edge", Method.SMT, edge, {"mode": mode}, instead("least", 0), "a b"),
                            Route("lengths", Method.SMT, lengths, {}, instead("sides", 1), "a b"),
                        )
                    ]
                    if mode != "circular"
                    else []
                ),
                Route(
                    f"n ≤ 3, {mode}",
                    Method.EXHAUSTIVE,
                    turns,
                    {"mode": mode},
                    instead("square", False),
                    at="n ≤ 3, extents ≤ 2",
                    cases=TURNED[mode],
                ),
                over="n a b",
                grade=None if mode != "circular" else Grade.LISTED,
                why="" if mode != "circular" else "lengths do not tell extents that differ by n/2",
            )
            for mode in MODES
        ),
    ),
    controls=(
        Dropped("equal extents", one_row, {"mode": "zeros", "before": 1, "behind": 0}),
        Dropped("equal extents", one_row, {"mode": "reflect", "before": 1, "behind": 2}),
        Witness("circular, both sides", one_row, {"mode": "circular", "before": 1, "behind": 1}),
    ),
)
