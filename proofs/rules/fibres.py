"""Reductions, softmax and normalisation: a permutation of entries that carries fibres to fibres passes through.

Entries are labelled and a reduction is the multiset of its labels, which knows everything that a symmetric one can use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import permutations, product
from typing import Any

from invariance_proofs.gcnn.g11_norm import ANY_SETS
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.routes.smt import impossible
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.rules import PAPER
from invariance_proofs.rules.vectors import moved
from invariance_proofs.statement import (
    Chain,
    Clause,
    Dropped,
    Evidence,
    Formula,
    Grade,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

Fibres = Sequence[Sequence[int]]
ROWS: Fibres = ((0, 1, 2), (3, 4, 5))
"""Two fibres of three entries, as a reduction over the last axis of a 2×3 tensor has them."""


PAIRS: Fibres = ((0, 1), (2, 3), (4, 5))

TOTAL = Formula("sum", sum)
FIRST = Formula("the first entry", lambda values: values[0])
NOTHING = Formula.of(lambda values: 0)
"""Symmetric, and passes every permutation."""


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


def one_permutation(by: Sequence[int], r: Callable[[Sequence[Any]], Any] = TOTAL) -> Evidence:
    """The reduced values before and after, as multisets: no Q can change these."""
    values = (1, 2, 3, 4, 5, 6)
    x = moved(tuple(by), values)
    left, right = (sorted(r([v[i] for i in fibre]) for fibre in ROWS) for v in (x, values))
    return equal(left, right, what="r(Px) = Q r(x)", x=values, P=list(by), fibres=ROWS, r=r)


def any_group(argument: str = "inverse") -> Evidence:
    """The fibre of y holds the points yk, k ∈ K: moved by g it is that of gy. For ⊕ over it, any ⊕."""
    g, y, k = letters("g y k")
    f = function("f")
    back = ~g if argument == "inverse" else g
    return reindexed(f((~g)(y(k))), f((back(y))(k)), what="⊕_k (gf)(yk) = (⊕f)(g⁻¹y)", over=k)


def places_move(acting: bool = True) -> Evidence:
    """⊕_z x(pz) where e(z) = ⊕_z x(z) where e(p⁻¹z), over all places, for any ⊕: e says which fibre a place is in."""
    p, z = letters("p z")
    e, x = function("e"), function("x")
    return reindexed(e(z) * x(p(z)), e((~p)(z)) * x(z), "⊕ over a fibre", over=z, acting=[p] if acting else [])


def fibres_move(rule: str = "f(p(x)) = q(f(x))") -> Evidence:
    """f names the fibre of a place, p carries fibre y to qy, P and Q undo them: the fibre of Px is Q of that of x."""
    return follows("Q(f(p(P(x)))) = f(P(x))", [rule, "Q(q(x)) = x"], what="the fibre of p⁻¹z")


def both_are_seen(step: int = 1) -> Evidence:
    """If αa + βb + c = a + b + d for all a, b then α = β = 1: what shows a sum of two entries has both of them."""

    def told(al: Any, be: Any, a: Any, b: Any, c: Any, d: Any) -> list[Any]:
        def shown(a: Any, b: Any) -> Any:
            return al * a + be * b + c == a + b + d

        return [shown(a, b), shown(a + step, b), shown(a, b + step), (al - 1) ** 2 + (be - 1) ** 2 > 0]

    return impossible(told, "al be a b c d", "α = β = 1")


MOVES = (
    Route("places", Method.SYMBOLIC, places_move, {}, instead("acting", False), "groups"),
    Route("fibres", Method.SYMBOLIC, fibres_move, {}, instead("rule", "f(p(x)) = f(x)"), "maps"),
    Route("sums of two entries", Method.SMT, both_are_seen, {}, instead("step", 0), "a b c d"),
)
"""⇐ for any ⊕, ⇒ for sums: fibres of any number and size."""


def softmaxed(x: Sequence[int], fibres: Fibres, base: int = 2) -> tuple[Fraction, ...]:
    """softmax over each fibre with base 2 for e: the rationals that softmax of x log 2 is."""
    total = {i: sum(Fraction(base) ** x[j] for j in fibre) for fibre in fibres for i in fibre}
    return tuple(Fraction(base) ** v / total[i] for i, v in enumerate(x))


def softmax_moves(fibres: Fibres = ROWS) -> Evidence:
    """softmax(Px) = P softmax(x) ⇔ P carries fibres to fibres, x = (0, 1, 2, 4, 7, 11): sums that tell sets apart."""
    x = (0, 1, 2, 4, 7, 11)
    return for_all(
        permutations(range(6)),
        lambda by: (softmaxed(moved(by, x), fibres) == moved(by, softmaxed(x, fibres))) == keeps_fibres(by, ROWS),
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


def by_map(e: tuple[int, int, int]) -> int:
    return e[0]


def by_turn(e: tuple[int, int, int]) -> int:
    return e[1]


def by_pixel(e: tuple[int, int, int]) -> int:
    return e[2]


def one_norm(
    P: Sequence[int] = (2, 3, 0, 1), sets: Fibres = ((0, 1), (2, 3)), gamma: Sequence[int] = (1, 1, 1, 1)
) -> Evidence:
    """Four entries, labels for values."""
    labels = tuple(range(4))
    left = normalised(moved(tuple(P), labels), sets, gamma, gamma)
    right = list(moved(tuple(P), normalised(labels, sets, gamma, gamma)))
    return check(left == right, "the norm commutes with P", P=P, sets=sets, gamma=gamma)


def every_norm(
    parameter: Callable[[tuple[int, int, int]], Any] = by_map, norms: Sequence[str] = tuple(NORMS)
) -> Evidence:
    """Each norm, with γ and β by a rule, under the turn of a feature map with symbolic entries (labels)."""
    by = [ENTRIES.index(turn(e)) for e in ENTRIES]

    def moves(norm: str) -> bool:
        key = NORMS[norm]
        fibres = [[i for i, e in enumerate(ENTRIES) if key(e) == k] for k in dict.fromkeys(map(key, ENTRIES))]
        values = [parameter(e) for e in ENTRIES]
        left = normalised(moved(tuple(by), range(8)), fibres, values, values)
        return left == list(moved(tuple(by), normalised(range(8), fibres, values, values)))

    return for_all(norms, moves, "norm: it commutes with the turn")


reductions = Statement(
    id="reduction",
    paper=PAPER,
    name="reductions and softmax over fibres",
    source="folklore; Cohen & Welling, section 6.3, for cosets (gcnn:G9)",
    summary="sums, means, maxima over an axis, and softmax, pass a permutation ⇔ it carries fibres to fibres",
    claim=(
        "Let a reduction take one value of each fibre (a row, a window, a coset) by a function that does not look at "
        "the order, and looks at the values. {let:r(Px) = Q r(x)} for all x with a permutation Q of the fibres "
        "exactly if P carries fibres onto fibres; then softmax over the fibres commutes with P itself. An axis that "
        "the symmetry mixes with another cannot be reduced alone: a mean over rows of an image that is turned."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "fibres to fibres": Hypothesis("P carries each fibre onto a fibre", lambda P, fibres: keeps_fibres(P, fibres)),
        "symmetric": Hypothesis(
            "r does not look at the order", lambda r: all(r(v) == r((1, 2, 3)) for v in permutations((1, 2, 3)))
        ),
    },
    clauses=(
        Clause(
            "the fibres yK of a group: ⊕_k (gf)(yk) = (⊕f)(g⁻¹y)",
            Route(
                "words of the free group", Method.SYMBOLIC, any_group, {}, {"no inverse": {"argument": "gy"}}, "groups"
            ),
            over="groups",
        ),
        Clause(
            "any number of fibres, of any size: ⇔",
            Chain("any ⊕, and sums of two entries", *MOVES),
            Route(
                "720 permutations, labels for values",
                Method.EXHAUSTIVE,
                every_permutation,
                {},
                {"the first entry": {"reduce": FIRST}, "other fibres": {"fibres": PAIRS}, "0": {"reduce": NOTHING}},
                cases=720,
            ),
            over="maps",
            assumed=("a reduction that looks at the values tells apart what sums do",),
        ),
        Clause(
            "softmax: ⇔",
            Chain("its denominators are sums over fibres", *MOVES),
            Route(
                "720 permutations, base 2",
                Method.EXHAUSTIVE,
                softmax_moves,
                {},
                {"other fibres": {"fibres": PAIRS}},
                cases=720,
            ),
            over="maps",
            assumed=("exp(x) takes every positive value",),
        ),
    ),
    controls=(
        Dropped("fibres to fibres", one_permutation, {"by": (0, 3, 2, 1, 4, 5)}),
        Dropped("symmetric", one_permutation, {"by": (1, 0, 2, 3, 4, 5), "r": FIRST}),
        Witness(
            "softmax of 0, log 2 is 1/3, 2/3",
            lambda: equal(softmaxed((0, 1), ((0, 1),)), (Fraction(1, 3), Fraction(2, 3)), what="base 2 for e"),
        ),
        Witness("rows exchanged and each reordered", one_permutation, {"by": (4, 3, 5, 2, 0, 1)}),
    ),
)

normalisations = Statement(
    id="normalisation",
    paper=PAPER,
    name="layer, group and instance normalisation",
    source="Ba et al., Wu & He, Ulyanov et al.; prover's rule for γ(x − μ)/√(v + ε) + β",
    summary="a normalisation commutes with P if P carries its sets onto its sets and leaves γ and β as they are",
    claim=(
        "γ(x − μ)/√(v + ε) + β, with the mean and variance of a set of entries for each entry, commutes with a "
        "permutation P if P carries the sets onto one another and γ, β are equal at an entry and where it goes. For a "
        "G-feature map that is turned: layer, group, instance and per-pixel normalisation all do, with one γ and β for "
        "a feature map; one γ for an orientation, or for a pixel (LayerNorm over an image with elementwise affine "
        "parameters), does not."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "sets to sets": Hypothesis("P carries each set onto a set", lambda P, sets: keeps_fibres(P, sets)),
        "parameters stay": Hypothesis("γ(Pe) = γ(e)", lambda P, gamma: moved(tuple(P), gamma) == tuple(gamma)),
    },
    routes=(
        ANY_SETS,
        Route(
            "four norms, labels for values",
            Method.EXHAUSTIVE,
            every_norm,
            {},
            {"a γ for each orientation": {"parameter": by_turn}, "a γ for each pixel": {"parameter": by_pixel}},
            at="two feature maps of two orientations and two pixels",
            cases=4,
        ),
    ),
    over="maps",
    assumed=("1/√(v + ε) is a function of the variance, and mean and variance of the multiset",),
    controls=(
        Dropped("sets to sets", one_norm, {"P": (0, 2, 1, 3)}),
        Dropped("parameters stay", one_norm, {"gamma": (1, 1, 2, 2)}),
        Witness("two sets exchanged, one γ", one_norm),
    ),
)
