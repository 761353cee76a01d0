"""Layers on sets: sums over all elements, attention; and what positions leave of the symmetry.

Attention has scores e(xᵢ, xⱼ) > 0 for exp(q·k); with base 2 for e they are rational.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from sympy import QQ
from sympy.polys.matrices import DomainMatrix

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.words import Word, function, letters, reindexed
from invariance_proofs.rules.vectors import moved, symmetric_group
from invariance_proofs.evidence import Evidence, all_of


def any_group(row: str = "moved") -> Evidence:
    """(gx)ᵢ = x(g⁻¹i). Row i of attention on gx is row g⁻¹i on x: numerator Σⱼ e(xᵢ, xⱼ) v(xⱼ) and denominator.

    The first argument of e is written into its name; `row` unmoved leaves the query where it was.
    """
    g, i, j = letters("g i j")

    def term(query: Word, key: Word, value: bool) -> Any:
        score = function(f"e[{query}]")(key)
        return score * function("v")(key) if value else score

    at = (~g)(i) if row == "moved" else i
    return all_of(
        *(
            reindexed(term((~g)(i), (~g)(j), value), term(at, j, value), what=what, over=j, acting=[g])
            for value, what in ((True, "Σⱼ e v"), (False, "Σⱼ e"))
        )
    )


def attention(x: Sequence[Sequence[int]], table: Sequence[Sequence[int]], causal: bool = False) -> list[tuple[Any, ...]]:
    """One head on x + table: q = k = the first entry, v = the whole vector, base 2; `causal` hides later keys."""
    y = [tuple(a + b for a, b in zip(*pair, strict=True)) for pair in zip(x, table, strict=True)]
    out = []
    for i, query in enumerate(y):
        scores = [Fraction(2) ** (query[0] * key[0]) if j <= i or not causal else Fraction(0) for j, key in enumerate(y)]
        total = sum(scores)
        out.append(tuple(sum(s * key[c] for s, key in zip(scores, y, strict=True)) / total for c in range(len(query))))
    return out


TOKENS = ((1, 0), (0, 2), (2, 1), (-1, 3))
"""Four different tokens."""
NOWHERE = ((0, 0),) * 4


def keeps(by: Sequence[int], table: Sequence[Sequence[int]], causal: bool = False) -> bool:
    moved_tokens = moved(tuple(by), TOKENS)
    return attention(moved_tokens, table, causal) == list(moved(tuple(by), attention(TOKENS, table, causal)))


TABLES = {
    "none": NOWHERE,
    "all different": ((0, 0), (1, 0), (0, 1), (1, 1)),
    "two alike": ((1, 0), (1, 0), (0, 1), (2, 2)),
    "mirrored": ((1, 0), (0, 1), (0, 1), (1, 0)),
}


def stabiliser(table: Sequence[Sequence[int]], by: Sequence[int]) -> bool:
    return moved(tuple(by), table) == tuple(table)


def positions(ignored: bool = False, causal: bool = False) -> Evidence:
    """24 permutations, four tables: attention with positions commutes with P ⇔ P leaves the table as it is."""
    return for_all(
        product(TABLES, symmetric_group(4)),
        lambda c: keeps(c[1], TABLES[c[0]], causal) == (ignored or stabiliser(TABLES[c[0]], c[1])),
        "(table, P): attention commutes with P ⇔ P T = T",
    )


def with_weights(table: Sequence[Sequence[int]], by: Sequence[int], value: int) -> Evidence:
    """Scores all equal, values v = value·y: the mean, whatever the table. Weights that are not generic."""
    def layer(x: Sequence[Sequence[int]]) -> list[Any]:
        total = tuple(sum(x[i][c] + table[i][c] for i in range(4)) for c in range(2))
        return [tuple(Fraction(value * t, 4) for t in total)] * 4

    left, right = layer(moved(tuple(by), TOKENS)), list(moved(tuple(by), layer(TOKENS)))
    return equal(left, right, what="the mean of all values commutes with P")


def equivariant_dimension(n: int, step: int = 1) -> int:
    """The matrices W with WP = PW for every permutation P (or for cyclic shifts by `step` alone), by elimination."""
    group = symmetric_group(n) if step == 1 else [tuple((i + k) % n for i in range(n)) for k in range(n)]
    rows = []
    for by in group:
        for i, j in product(range(n), repeat=2):
            row = [0] * (n * n)
            row[by[i] * n + by[j]] += 1
            row[i * n + j] -= 1
            rows.append(row)
    return n * n - DomainMatrix([[QQ(x) for x in row] for row in rows], (len(rows), n * n), QQ).rank()


def two_numbers(step: int = 1) -> Evidence:
    return for_all(range(2, 6), lambda n: equivariant_dimension(n, step) == 2, "n: W = aI + b11ᵀ are all that commute")


def deep_set(weights: int = 1) -> Evidence:
    """Generic W = aI + b11ᵀ on four entries; mutated, the second weight differs from entry to entry."""
    x, a, b = unknowns(x=4, a=1, b=4)
    def layer(y: Sequence[Any]) -> list[Any]:
        return [a * v + sum(b[0 if weights == 1 else j] * u for j, u in enumerate(y)) for v in y]

    residuals = [p - q for by in symmetric_group(4) for p, q in zip(layer(moved(by, x)), moved(by, layer(x)), strict=True)]
    return vanishes(residuals, what="(aI + b11ᵀ)P = P(aI + b11ᵀ)")


def at_tokens(by: Sequence[int], table: Sequence[Sequence[int]], causal: bool = False) -> Evidence:
    left = attention(moved(tuple(by), TOKENS), table, causal)
    return equal(left, list(moved(tuple(by), attention(TOKENS, table, causal))), what="attention(Px) = P attention(x)", x=TOKENS, P=list(by), positions=table)
