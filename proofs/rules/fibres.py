"""Reductions, softmax and normalisation: a permutation of entries that carries fibres to fibres passes through.

Entries are labelled and a reduction is the multiset of its labels, which knows everything that a symmetric one can use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import permutations, product
from typing import Any

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.rules.vectors import moved
from invariance_proofs.evidence import Evidence

Fibres = Sequence[Sequence[int]]
ROWS: Fibres = ((0, 1, 2), (3, 4, 5))
"""Two fibres of three entries, as a reduction over the last axis of a 2×3 tensor has them."""


def bag(values: Sequence[Any]) -> Any:
    return frozenset(Counter(values).items())


def keeps_fibres(by: Sequence[int], fibres: Fibres) -> bool:
    """Whether the permutation carries each fibre onto a fibre."""
    return {frozenset(by[i] for i in fibre) for fibre in fibres} == {frozenset(fibre) for fibre in fibres}


def reduces(by: Sequence[int], fibres: Fibres, reduce: Callable[[Sequence[Any]], Any]) -> bool:
    """Whether the reduced values of the moved labels are those of the labels, each in one piece."""
    moved_labels = moved(tuple(by), range(len(by)))
    after, before = ({reduce([x[i] for i in fibre]) for fibre in fibres} for x in (moved_labels, range(len(by))))
    return after == before


def every_permutation(reduce: Callable[[Sequence[Any]], Any] = bag, fibres: Fibres = ROWS) -> Evidence:
    """All 720 permutations of six entries: the reduced values move as a whole ⇔ fibres go to fibres."""
    return for_all(
        permutations(range(6)),
        lambda by: reduces(by, fibres, reduce) == keeps_fibres(by, ROWS),
        "P: r(Px) = Q r(x) for some Q ⇔ P carries fibres to fibres",
    )


def one_permutation(by: Sequence[int], values: Sequence[Any], reduce: Callable[[Sequence[Any]], Any] = sum) -> Evidence:
    """The reduced values before and after, as multisets: no Q can change these."""
    x = moved(tuple(by), values)
    left, right = (sorted(reduce([v[i] for i in fibre]) for fibre in ROWS) for v in (x, values))
    return equal(left, right, what="r(Px) = Q r(x)", x=list(values), P=list(by))


def any_group(argument: str = "inverse") -> Evidence:
    """The fibre of y holds the points yk, k ∈ K: moved by g it is that of gy. For ⊕ over it, any ⊕."""
    g, y, k = letters("g y k")
    f = function("f")
    back = ~g if argument == "inverse" else g
    return reindexed(f((~g)(y(k))), f((back(y))(k)), what="⊕_k (gf)(yk) = (⊕f)(g⁻¹y)", over=k)


def softmaxed(x: Sequence[int], fibres: Fibres, base: int = 2) -> tuple[Fraction, ...]:
    """softmax over each fibre with base 2 for e: the rationals that softmax of x log 2 is."""
    total = {i: sum(Fraction(base) ** x[j] for j in fibre) for fibre in fibres for i in fibre}
    return tuple(Fraction(base) ** v / total[i] for i, v in enumerate(x))


def softmax_moves(fibres: Fibres = ROWS) -> Evidence:
    """softmax(Px) = P softmax(x) ⇔ P carries fibres to fibres, x = (0, 1, 2, 4, 7, 11): sums that tell sets apart."""
    x = (0, 1, 2, 4, 7, 11)
    return for_all(
        permutations(range(6)),
        lambda by: (
            (softmaxed(moved(by, x), fibres) == moved(by, softmaxed(x, fibres))) == keeps_fibres(by, ROWS)
        ),
        "P: softmax(Px) = P softmax(x) ⇔ P carries fibres to fibres",
    )


def normalised(
    x: Sequence[Any], fibres: Fibres, gamma: Sequence[Any], beta: Sequence[Any]
) -> list[tuple[Any, Any, Any]]:
    """γ, β, and what normalisation makes of an entry: itself beside the multiset that its statistics come from."""
    over = {i: bag([x[j] for j in fibre]) for fibre in fibres for i in fibre}
    return [(gamma[i], beta[i], (v, over[i])) for i, v in enumerate(x)]


CHANNELS, TURNS, PIXELS = 2, 2, 2
ENTRIES = list(product(range(CHANNELS), range(TURNS), range(PIXELS)))
NORMS: dict[str, Callable[[tuple[int, int, int]], Any]] = {
    "layer": lambda e: 0,
    "instance": lambda e: e[:2],
    "group": lambda e: e[0],
    "pixel": lambda e: e[2],
}
"""Which entries (G-feature map, orientation, pixel) are normalised together: those with the same key."""


def turn(e: tuple[int, int, int]) -> tuple[int, int, int]:
    """The next orientation, the pixels in reverse order."""
    return e[0], (e[1] + 1) % TURNS, PIXELS - 1 - e[2]


def every_norm(parameter: Callable[[tuple[int, int, int]], Any]) -> Evidence:
    """Each norm, with γ and β by a rule, under the turn of a feature map with symbolic entries (labels)."""
    by = [ENTRIES.index(turn(e)) for e in ENTRIES]

    def moves(norm: str) -> bool:
        key = NORMS[norm]
        fibres = [[i for i, e in enumerate(ENTRIES) if key(e) == k] for k in dict.fromkeys(map(key, ENTRIES))]
        values = [parameter(e) for e in ENTRIES]
        left = normalised(moved(tuple(by), range(8)), fibres, values, values)
        return left == list(moved(tuple(by), normalised(range(8), fibres, values, values)))

    return for_all(NORMS, moves, "norm: it commutes with the turn")
