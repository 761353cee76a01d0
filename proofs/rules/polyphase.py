"""Strides on a circle: exact under shifts by the stride for all filters, under all shifts with polyphase selection.

Signals of n = s·m places on a circle; the places so + i are component i. Two axes are looked at on small
tori.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.routes.smt import impossible
from invariance_proofs.rules import PAPER
from invariance_proofs.rules.fibres import bag
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

Signal = Sequence[Any]


def shifted(x: Signal, t: int) -> tuple[Any, ...]:
    """(L_t x)(i) = x(i − t)."""
    return tuple(x[(i - t) % len(x)] for i in range(len(x)))


def windows(x: Signal, k: int) -> tuple[Any, ...]:
    """What a circular convolution with k taps sees at each place: everything that any filter can use."""
    return tuple(tuple(x[(i + j) % len(x)] for j in range(k)) for i in range(len(x)))


def component(x: Signal, s: int, i: int) -> tuple[Any, ...]:
    return tuple(x[j] for j in range(i, len(x), s))


def strided(x: Signal, s: int) -> tuple[Any, ...]:
    return component(x, s, 0)


def selected(x: Signal, s: int, score: Callable[[Any], Any] = sum) -> tuple[Any, ...]:
    """The component of the highest score; the first of those that tie."""
    return max((component(x, s, i) for i in range(s)), key=score)


def untied(x: Signal, s: int, score: Callable[[Any], Any] = sum) -> bool:
    """Whether one component has the highest score alone."""
    scores = [score(component(x, s, i)) for i in range(s)]
    return scores.count(max(scores)) == 1


def divides(x: Signal, stride: int) -> bool:
    """Whether all components are equally long."""
    return len(x) % stride == 0


SIZES = [(n, s) for n in range(1, 13) for s in range(1, 5) if n % s == 0]


def by_the_stride(step: int = 0) -> Evidence:
    """All n ≤ 12, s ≤ 4 with s | n, k ≤ 3, labels for values: what is pooled is the same for L_t x ⇔ s | t."""

    def right(case: tuple[tuple[int, int], int, int]) -> bool:
        (n, s), k, t = case
        pooled, moved = (bag(strided(windows(x, k), s)) for x in (range(n), shifted(range(n), t)))
        return (pooled == moved) == (t % (step or s) == 0 or t % n == 0)

    return for_all(product(SIZES, (1, 2, 3), range(13)), right, "((n, s), k, t): the pooled output is kept ⇔ s | t")


def on_torus(step: int = 0) -> Evidence:
    """Two axes, labels for values: n ≤ 6, s | n, k ≤ 2, every shift (t, u): what is pooled is the same ⇔ s | t, u."""

    def pooled(n: int, s: int, k: int, t: int, u: int) -> Any:
        def label(i: int, j: int) -> tuple[int, int]:
            return (i - t) % n, (j - u) % n

        places = product(range(0, n, s), repeat=2)
        return bag([tuple(label(i + a, j + b) for a, b in product(range(k), repeat=2)) for i, j in places])

    def right(case: tuple[int, int, int, int, int]) -> bool:
        n, s, k, t, u = case
        kept = all(v % (step or s) == 0 for v in (t, u))
        return (pooled(n, s, k, t, u) == pooled(n, s, k, 0, 0)) == kept

    sizes = [(n, s, k) for n, s, k in product((2, 3, 4, 6), (2, 3), (1, 2)) if n % s == 0]
    return for_all(
        [(n, s, k, t, u) for n, s, k in sizes for t, u in product(range(n), repeat=2)],
        right,
        "(n, s, k, t, u): the pooled output is kept ⇔ s | t and s | u",
    )


def another_component(least: int = 1) -> Evidence:
    """Component 0 of L_t x is component s − b of x, t = sa + b: for 0 < b < s it is not component 0."""
    return impossible(
        lambda s, b, m: [b >= least, b <= s - 1, m * (m - 1) >= 0, s - b == s * m],
        "s b m",
        what="s − b is no multiple of s",
        met=((2, 1, 0), (5, 3, 2)),
    )


def components_move(carry: int = 1) -> Evidence:
    """t = sa + b: place s·o + i − t is place s(o − a) + (i − b), or s(o − a − 1) + (i − b + s) if i < b: all sizes."""
    s, o, i, a, b = unknowns(s=1, o=1, i=1, a=1, b=1)
    place = s * o + i - (s * a + b)
    return vanishes(
        place - (s * (o - a) + (i - b)), place - (s * (o - a - carry) + (i - b + s)), what="components move"
    )


def by_any_step(allow_ties: bool = False, sizes: Sequence[tuple[int, int]] = ((2, 4), (2, 6), (3, 6))) -> Evidence:
    """All 0/1/2 signals of n places, (s, n) in `sizes`: the selected component, as a circle, is kept.

    Its norm is Σ 4ᵛ, and signals whose best two components tie are left out unless allowed.
    """

    def score(c: Signal) -> int:
        return sum(4**v for v in c)

    def kept(case: tuple[int, Signal, int]) -> bool:
        s, x, t = case
        one, other = selected(x, s, score), selected(shifted(x, t), s, score)
        return any(shifted(one, u) == tuple(other) for u in range(len(one)))

    signals = [(s, x) for s, n in sizes for x in product(range(3), repeat=n) if allow_ties or untied(x, s, score)]
    cases = [(s, x, t) for s, x in signals for t in (1, len(x) // 2)]
    return for_all(cases, kept, "(s, x, t): the selected component is that of x, moved along the circle")


def selected_on_torus(allow_ties: bool = False) -> Evidence:
    """Every fifth 0/1/2 signal on 2×4 places, s = 2, all shifts: the values of the component of the highest sum."""

    def components(x: Signal, t: int, u: int) -> list[list[int]]:
        y = {(i, j): x[4 * ((i - t) % 2) + (j - u) % 4] for i, j in product(range(2), range(4))}
        return [sorted([y[i, j], y[i, j + 2]]) for i, j in product(range(2), repeat=2)]

    def kept(case: tuple[Signal, tuple[int, int]]) -> bool:
        x, (t, u) = case
        return max(components(x, 0, 0), key=sum) == max(components(x, t, u), key=sum)

    def one_is_best(x: Signal) -> bool:
        scores = [sum(part) for part in components(x, 0, 0)]
        return scores.count(max(scores)) == 1

    signals = [x for x in list(product(range(3), repeat=8))[::5] if allow_ties or one_is_best(x)]
    return for_all(product(signals, [(0, 1), (1, 0), (1, 3)]), kept, "(x, shift): the values that are kept")


def one_signal(x: Signal, t: int, s: int = 2, select: bool = False) -> Evidence:
    """Σ of squares after the stride, of x and of L_t x."""

    def pooled(y: Signal) -> int:
        return sum(v * v for v in (selected(y, s) if select else strided(y, s)))

    return equal(pooled(shifted(x, t)), pooled(x), what="the pooled output is invariant", x=x, stride=s, t=t)


DIVIDES = Hypothesis("s | n", divides)


def kept_choice(choice: str = "h(p(x)) = h(x)") -> Evidence:
    """c gives the components, t shifts: c(tx) = p m c(x), p an order of the components, m a shift within each.

    h keeps the one of the highest norm: it looks at no order and, moved, is the same one moved (n); g pools the circle.
    """
    rules = ["c(t(x)) = p(m(c(x)))", choice, "h(m(x)) = n(h(x))", "g(n(x)) = g(x)"]
    return follows("g(h(c(t(x)))) = g(h(c(x)))", rules, what="what is pooled stays")


SELECTED = Route(
    "rewriting",
    Method.SYMBOLIC,
    kept_choice,
    {},
    {"ties, told apart by their order": {"choice": "h(p(x)) = k(h(x))"}},
    "maps",
)
PLACES = Route("places", Method.RING, components_move, {}, instead("carry", 2), "s o i a b", cases=2)
ANOTHER = Route("another component", Method.SMT, another_component, {}, instead("least", 0), "s b")
AN_AXIS = ("L_t moves components along each axis as along one, and an indicator tells both",)

circle = Statement(
    id="circular-stride",
    paper=PAPER,
    name="strides on a circle",
    source="Azulay & Weiss (2019), section 3",
    summary=(
        "circular stride s | n, then global pooling: invariant exactly under shifts by multiples of s, for all filters"
    ),
    claim=(
        "A circular convolution, a stride s that divides n, pointwise layers and a pooling that does not look at the "
        "order: the output is the same for L_t x, for all filters, layers and poolings, exactly if s | t (one of them "
        "may be constant). A network of strides s₁, …, s_L "
        "is invariant to shifts by multiples of their product alone: one shift in 16² or 32², however it is trained."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={"s divides n": DIVIDES},
    clauses=(
        Clause(
            "component i of L_t x, t = sa + b, is component i − b moved by a (one more where i < b)",
            PLACES,
            over="s o i a b",
        ),
        Clause(
            "invariant for all filters ⇔ s | t",
            Chain(
                "component 0 goes to component 0, or to another, which an indicator tells",
                PLACES,
                ANOTHER,
            ),
            Route("labels for values, all shifts", Method.EXHAUSTIVE, by_the_stride, {}, instead("step", 1), cases=975),
            over="s a b",
        ),
        Clause(
            "along two axes ⇔ s divides both",
            Chain("one axis after the other", replace(PLACES, assumed=AN_AXIS), ANOTHER),
            Route(
                "labels on a torus, n ≤ 6",
                Method.EXHAUSTIVE,
                on_torus,
                {},
                instead("step", 1),
                at="n ≤ 6, s ≤ 3, k ≤ 2",
                cases=202,
            ),
            over="s a b",
        ),
    ),
    controls=(
        Dropped("s divides n", one_signal, {"x": (1, 2, 3, 4, 5), "t": 2}),
        Witness("a shift by the stride", one_signal, {"x": (1, 2, 3, 4), "t": 2}),
    ),
)

polyphase = Statement(
    id="polyphase",
    paper=PAPER,
    name="adaptive polyphase sampling",
    source="Chaman & Dokmanić, “Truly shift-invariant convolutional neural networks” (CVPR 2021)",
    summary=(
        "s | n: keeping the polyphase component of the highest norm makes the pooled output invariant to every shift, "
        "without ties"
    ),
    claim=(
        "If s | n, a shift permutes the s components and moves each along its circle; a norm does not see the latter. "
        "So the component of the highest norm of L_t x is that of x, moved, for every t, if one norm is the highest, "
        "and what is pooled over the circle is invariant. Where two norms tie (constant or periodic patches: sky, "
        "stripes) the choice depends on the order and invariance is lost; where s does not divide n, components of "
        "different lengths change places and others come about."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "s divides n": DIVIDES,
        "no ties": Hypothesis("one component has the highest norm", lambda x, stride: untied(x, stride)),
    },
    clauses=(
        Clause(
            "the components of L_t x are those of x, moved",
            PLACES,
            over="s o i a b",
        ),
        Clause(
            "the selected component is kept",
            SELECTED,
            Route(
                "all signals with values 0, 1, 2",
                Method.EXHAUSTIVE,
                by_any_step,
                {},
                instead("allow_ties", True) | {"five places, s = 2": {"sizes": ((2, 5),)}},
                cases=2478,
                at="4 and 6 places, s = 2 and 3",
            ),
            over="maps",
        ),
        Clause(
            "along two axes too",
            replace(SELECTED, assumed=("along each axis components move as along one",)),
            Route(
                "signals on a torus",
                Method.EXHAUSTIVE,
                selected_on_torus,
                {},
                instead("allow_ties", True),
                at="2×4 places, s = 2",
                cases=2436,
            ),
            over="maps",
        ),
    ),
    controls=(
        Dropped("s divides n", one_signal, {"x": (1, 2, 3, 4, 5), "t": 1, "select": True}),
        Dropped("s divides n", one_signal, {"x": (1, 2, 3, 4), "t": 1, "s": 3, "select": True}),
        Dropped("no ties", one_signal, {"x": (1, 2, 3, 2), "t": 1, "select": True}),
        Witness("no tie, a shift by one", one_signal, {"x": (1, 2, 3, 4), "t": 1, "select": True}),
        Witness("whatever its ends are", one_signal, {"x": (1, 0, 0, 2), "t": 1, "select": True}),
    ),
)
