"""Layers on sets: sums over all elements, attention; and what positions leave of the symmetry.

Attention has scores e(xᵢ, xⱼ) > 0 for exp(q·k); with base 2 for e they are rational.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import factorial
from typing import Any

from sympy import QQ
from sympy.polys.matrices import DomainMatrix

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.routes.words import Word, function, letters, reindexed
from invariance_proofs.rules import PAPER
from invariance_proofs.rules.vectors import moved, symmetric_group
from invariance_proofs.statement import (
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


def any_group(row: str = "moved") -> Evidence:
    """(gx)ᵢ = x(g⁻¹i). Row i of attention on gx is row g⁻¹i on x: numerator Σⱼ e(xᵢ, xⱼ) v(xⱼ) and denominator.

    The first argument of e is written into its name; `row` unmoved leaves the query where it was.
    """
    g, i, j = letters("g i j")

    def score(query: Word, key: Word) -> Any:
        return function(f"e[{query}]")(key)

    def value(key: Word) -> Any:
        return function("v")(key)

    def back(place: Word) -> Word:
        return (~g)(place)

    at = back(i) if row == "moved" else i
    return all_of(
        reindexed(score(back(i), back(j)) * value(back(j)), score(at, j) * value(j), "Σⱼ e v", over=j, acting=[g]),
        reindexed(score(back(i), back(j)), score(at, j), "Σⱼ e", over=j, acting=[g]),
    )


def attention(
    x: Sequence[Sequence[int]], table: Sequence[Sequence[int]], causal: bool = False
) -> list[tuple[Any, ...]]:
    """One head on x + table: q = k = the first entry, v = the whole vector, base 2; `causal` hides later keys."""
    y = [tuple(a + b for a, b in zip(*pair, strict=True)) for pair in zip(x, table, strict=True)]
    out = []
    for i, query in enumerate(y):
        scores = [
            Fraction(2) ** (query[0] * key[0]) if j <= i or not causal else Fraction(0) for j, key in enumerate(y)
        ]
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


def positions(tables: Sequence[str] = tuple(TABLES), ignored: bool = False, causal: bool = False) -> Evidence:
    """24 permutations, four tables: attention with positions commutes with P ⇔ P leaves the table as it is."""
    return for_all(
        product(tables, symmetric_group(4)),
        lambda c: keeps(c[1], TABLES[c[0]], causal) == (ignored or stabiliser(TABLES[c[0]], c[1])),
        "(table, P): attention commutes with P ⇔ P T = T",
    )


def table_kept(table: str = "p(x) + t = p(x + t)") -> Evidence:
    """F commutes with p, and t is a table with pt = t: then F(px + t) = pF(x + t)."""
    return follows("F(p(x) + t) = p(F(x + t))", ["F(p(x)) = p(F(x))", table])


def weighted(base: int = 2, value: int = 1) -> Evidence:
    """Scores base^(q·k), equal for base 1, values times `value`: P commutes ⇔ PT = T, for a table of four?"""
    by, table = (1, 0, 2, 3), TABLES["all different"]
    y, z = (
        [tuple(a + b for a, b in zip(*pair, strict=True)) for pair in zip(x, table, strict=True)]
        for x in (TOKENS, moved(by, TOKENS))
    )
    scores = [Fraction(base) ** (q[0] * k[0]) for q, k in product(y, repeat=2)]

    def out(rows: Sequence[Sequence[int]]) -> list[Any]:
        table_ = [[Fraction(base) ** (q[0] * k[0]) for k in rows] for q in rows]
        return [
            tuple(sum(s * value * k[c] for s, k in zip(r, rows, strict=True)) / sum(r) for c in range(2))
            for r in table_
        ]

    commutes = out(z) == list(moved(by, out(y)))
    return equal(
        commutes, stabiliser(table, by), what="attention commutes with P ⇔ PT = T",
        P=by, T=table, scores=scores, values=[tuple(value * v for v in row) for row in y],
    )  # fmt: skip


def commuting_dimension(group: Sequence[Sequence[int]]) -> int:
    """Of the matrices W with WP = PW for the permutations P of n entries in the group, by elimination."""
    n, rows = len(group[0]), []
    for by in group:
        for i, j in product(range(n), repeat=2):
            row = [0] * (n * n)
            row[by[i] * n + by[j]] += 1
            row[i * n + j] -= 1
            rows.append(row)
    return n * n - DomainMatrix([[QQ(x) for x in row] for row in rows], (len(rows), n * n), QQ).rank()


def equivariant_dimension(n: int, step: int = 1) -> int:
    """For every permutation of n entries, or for cyclic shifts by `step` alone."""
    return commuting_dimension(
        symmetric_group(n) if step == 1 else [tuple((i + k) % n for i in range(n)) for k in range(n)]
    )


def two_parameters(group: Sequence[Sequence[int]]) -> Evidence:
    return equal(commuting_dimension(group), 2, what="two parameters", group=group)


def two_numbers(step: int = 1) -> Evidence:
    return for_all(range(2, 6), lambda n: equivariant_dimension(n, step) == 2, "n: W = aI + b11ᵀ are all that commute")


def deep_set(weights: int = 1) -> Evidence:
    """Generic W = aI + b11ᵀ on four entries; mutated, the second weight differs from entry to entry."""
    x, z, a, b = unknowns(x=4, z=4, a=1, b=4)

    def layer(y: Sequence[Any]) -> list[Any]:
        return [a * v + sum(b[0 if weights == 1 else j] * u for j, u in enumerate(y)) for v in y]

    both = layer([p + q for p, q in zip(x, z, strict=True)])
    linear = [t - p - q for t, p, q in zip(both, layer(x), layer(z), strict=True)]

    residuals = [
        p - q for by in symmetric_group(4) for p, q in zip(layer(moved(by, x)), moved(by, layer(x)), strict=True)
    ]
    return vanishes(residuals, linear, what="linear, and (aI + b11ᵀ)P = P(aI + b11ᵀ)")


def nothing_else(second: str = "j(u)") -> Evidence:
    """W(px, py) = W(x, y) for every permutation p, by WP = PW, and one takes (i, j) to (k, l) where i ≠ j and k ≠ l."""
    moves = ["k(u) = p(i(u))", f"l(u) = p({second})", "W(p(x), p(y)) = W(x, y)"]
    return all_of(
        follows("W(k(u), l(u)) = W(i(u), j(u))", moves, what="one value off the diagonal"),
        follows("W(k(u), k(u)) = W(i(u), i(u))", moves, what="and one on it"),
    )


SUMS = ("p(x + y) = p(x) + p(y)", "A(p(x)) = p(A(x))", "s(p(x)) = s(x)", "p(u(x)) = u(x)")
"""A multiplies by a, s adds up the entries, u(t) has b t in every entry: what a permutation p does to each."""


def any_set(rules: Sequence[str] = SUMS) -> Evidence:
    """ax + b Σx commutes with p, for any number of entries."""
    return follows("A(p(x)) + u(s(p(x))) = p(A(x) + u(s(x)))", rules, what="(aI + b11ᵀ)P = P(aI + b11ᵀ)")


def at_tokens(
    by: Sequence[int] = (1, 0, 2, 3), table: Sequence[Sequence[int]] = NOWHERE, causal: bool = False
) -> Evidence:
    left = attention(moved(tuple(by), TOKENS), table, causal)
    return equal(
        left,
        list(moved(tuple(by), attention(TOKENS, table, causal))),
        what="attention(Px) = P attention(x)",
        x=TOKENS,
        P=list(by),
        positions=table,
        causal=causal,
    )


attention_rule = Statement(
    id="attention",
    paper=PAPER,
    name="attention without positions",
    source="Vaswani et al. (2017), section 3.2; Lee et al., “Set Transformer” (2019)",
    summary="attention without positions and masks commutes with every permutation of its tokens",
    claim=(
        "{let:out(x)ᵢ = Σⱼ e(xᵢ, xⱼ) v(xⱼ) / Σⱼ e(xᵢ, xⱼ)} with any positive score e and any v: {let:out(gx) = g "
        "out(x)} for every permutation g, any number of tokens, heads and features; with row-wise layers and sums "
        "(composition, sum) so do whole encoders. A causal mask, or any mask that g changes and that is not moved "
        "along, breaks it."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={"no mask": Hypothesis("every key is seen by every query", lambda causal: not causal)},
    routes=(
        Route(
            "substitution j ↦ gj in both sums",
            Method.SYMBOLIC,
            any_group,
            {},
            {"the query stays": {"row": "stays"}},
            "groups",
            cases=2,
        ),
        Route(
            "four tokens, 24 permutations",
            Method.EXHAUSTIVE,
            positions,
            {"tables": ("none",)},
            instead("causal", True),
            cases=24,
        ),
    ),
    over="groups",
    controls=(
        Dropped("no mask", at_tokens, {"causal": True}),
        Witness(
            "equal tokens are their own mean",
            lambda: equal(attention([(1, 7)] * 3, [(0, 0)] * 3), [(1, 7)] * 3, what="7"),
        ),
        Witness("two tokens exchanged", at_tokens),
    ),
)

position_rule = Statement(
    id="positions",
    paper=PAPER,
    name="attention with positions",
    source="Vaswani et al. (2017), section 3.5; Dosovitskiy et al. (2021)",
    summary="with a table of positions T attention keeps, for generic weights, exactly the permutations that keep T",
    claim=(
        "attention(x + T) commutes with P for all x {let:if PT = T}, since {table}; for generic weights only then: "
        "the scores must differ, and the values. So a vision transformer with learnt positions, all different, has "
        "no translation symmetry at all, and flips exactly if its table is symmetric. Weights that do not look, such "
        "as equal scores or values, keep more."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.LISTED,
    hypotheses={
        "scores differ": Hypothesis("the scores are not all equal", lambda scores: len(set(scores)) > 1),
        "values differ": Hypothesis("different tokens have different values", lambda values: len({*values}) == 4),
    },
    clauses=(
        Clause(
            "PT = T ⇒ P commutes",
            Route(
                "rewriting: T added before a layer that commutes",
                Method.SYMBOLIC,
                table_kept,
                {},
                {"P moves the table": {"table": "p(x) + p(t) = p(x + t)"}},
                "maps",
            ),
            over="maps",
        ),
        Clause(
            "⇔ for generic weights",
            Route("four tables, 24 permutations", Method.EXHAUSTIVE, positions, {}, instead("ignored", True), cases=96),
            at="four tokens, four tables, one head",
            grade=Grade.LISTED,
            why="generic is said of all weights but a set of measure 0, for a layer with exponentials",
        ),
    ),
    controls=(
        Dropped("scores differ", weighted, {"base": 1}),
        Dropped("values differ", weighted, {"value": 0}),
        Witness("the same table with base 2: PT ≠ T, and it does not commute", weighted),
        Witness("a mirrored table keeps the flip", at_tokens, {"by": (3, 2, 1, 0), "table": TABLES["mirrored"]}),
    ),
)

deep_sets = Statement(
    id="deep-sets",
    paper=PAPER,
    name="linear layers on sets",
    source="Zaheer et al., “Deep Sets” (2017), Lemma 3",
    summary=(
        "a linear layer on n entries, {two entries}, commutes with all permutations ⇔ {let:W = aI + b11ᵀ}: two "
        "parameters at every n"
    ),
    claim=(
        "For n entries, {two entries}, {let:WP = PW} for every permutation P exactly if {let:W = aI + b11ᵀ}, with "
        "the same a and b for all entries: {let:Wx = ax + b Σⱼxⱼ}. More parameters cost the symmetry; one entry "
        "alone leaves one. Cyclic shifts alone leave n parameters: circular convolution."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "all permutations": Hypothesis("the group is S_n", lambda group: len(group) == factorial(len(group[0]))),
        "two entries": Hypothesis("n ≥ 2", lambda group: len(group[0]) >= 2),
    },
    clauses=(
        Clause(
            "aI + b11ᵀ commutes",
            Route(
                "rewriting",
                Method.SYMBOLIC,
                any_set,
                {},
                {"a sum that p changes": {"rules": (*SUMS[:2], SUMS[3])}},
                "maps",
            ),
            Route(
                "generic entries, all 24 permutations",
                Method.RING,
                deep_set,
                {},
                instead("weights", 2),
                at="n = 4",
                cases=100,
            ),
            over="maps",
        ),
        Clause(
            "nothing else does",
            Route(
                "entries that p takes to one another",
                Method.SYMBOLIC,
                nothing_else,
                {},
                instead("second", "o(u)"),
                "maps",
                assumed=("a permutation takes i and j ≠ i to any k and l ≠ k",),
                cases=2,
            ),
            Route("dimension by elimination", Method.EXACT, two_numbers, {}, instead("step", 2), "n", cases=4),
            over="maps",
        ),
    ),
    controls=(
        Dropped("all permutations", two_parameters, {"group": ((0, 1, 2), (1, 2, 0), (2, 0, 1))}),
        Dropped("two entries", two_parameters, {"group": ((0,),)}),
        Witness("all six", two_parameters, {"group": tuple(symmetric_group(3))}),
        Witness("two entries exchanged", two_parameters, {"group": ((0, 1), (1, 0))}),
    ),
)
