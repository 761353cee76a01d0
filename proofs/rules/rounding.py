"""Pools, whose outputs may be rounded up, and which do not tell their taps apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.rules import PAPER
from invariance_proofs.rules.windows import (
    MIRRORED,
    SEES,
    Window,
    Windows,
    decides,
    keeps_flips,
    reads,
    sees,
    size_alone,
    whole,
)
from invariance_proofs.statement import (
    Chain,
    Clause,
    Dropped,
    Evidence,
    Formula,
    Grade,
    Method,
    Mutant,
    Route,
    Statement,
    Verdict,
    Witness,
    all_of,
    instead,
)


def rounding_up(rule: Callable[[Windows, int], int] = whole) -> Evidence:
    """ceil_mode: the same sizes are exact. n ≤ 12, k, s ≤ 3."""
    cases = [
        ([Window(k, s, p, d, ceil=True)], n)
        for k, s, d, n in product((1, 2, 3), (1, 2, 3), (1, 2), range(1, 13))
        for p in range(k // 2 + 1)
        if n + 2 * p >= d * (k - 1) + 1
    ]
    return for_all(
        [case for case in cases if sees(*case)],
        lambda c: keeps_flips(*c) == (rule(*c) == 0),
        "(window, n): with ceil_mode the flip is kept ⇔ (n + 2p − k) mod s = 0",
        sizes=lambda c: {"n": c[1], "k": c[0][0].k, "s": c[0][0].s, "d": c[0][0].d},
    )


def signed_offsets(reach: int = 0) -> Evidence:
    """−S < R < S and R + Sr = 0 with an integer r ⇒ R = r = 0; mutated, |R| may be S."""
    return impossible(
        lambda S, R, r: [S >= 1, S + reach > R, -S - reach < R, r * r * (r * r - 1) >= 0, r * r > 0, R + S * r == 0],
        "S R r",
        what="R + Sr = 0 ⇒ R = r = 0",
        met=((1, 0, 1), (4, -3, 2), (4, 3, -1)),
    )


def rounded_offset(window: Window, n: int) -> int:
    """r with n + 2p − k = sq + r, q + 1 outputs: negative where one is added by rounding up."""
    return n + 2 * window.p - window.extent - window.s * (window.outputs(n) - 1)


def pool_keeps_flips(window: Window, n: int) -> bool:
    """Whether mirrored outputs see mirrored sets of pixels: all that a maximum, a sum or a mean of pixels can use."""
    outputs = range(window.outputs(n))
    seen = [frozenset(reads([window], n, o).values()) for o in outputs]
    return all(frozenset(n - 1 - x for x in seen[o]) == seen[len(outputs) - 1 - o] for o in outputs)


def centred_or_whole(window: Window, n: int) -> bool:
    """r = 0, or every window sees the whole image: sq + max(r, 0) ≤ p."""
    r = rounded_offset(window, n)
    return r == 0 or window.s * (window.outputs(n) - 1) + max(r, 0) <= window.p


def centred_alone(window: Window, n: int) -> bool:
    return rounded_offset(window, n) == 0


CENTRED_OR_WHOLE = Formula("(n + 2p − k) mod s = 0, or every window sees the whole image", centred_or_whole)

PoolRule = Callable[[Window, int], bool]


def pools(ceil: bool) -> Iterator[tuple[Window, int]]:
    """k ≤ 5, s ≤ 4, p < k, n ≤ 10 with a window."""
    for k, s, p, n in product(range(1, 6), range(1, 5), range(5), range(1, 11)):
        if p < k <= n + 2 * p:
            yield Window(k, s, p, ceil=ceil), n


def every_pool(ceil: bool = False, rule: PoolRule = CENTRED_OR_WHOLE) -> Evidence:
    return for_all(
        pools(ceil),
        lambda c: pool_keeps_flips(*c) == rule(*c),
        "(window, n): flips are kept ⇔ r = 0 or all is seen",
    )


def clipped(c: Any, u: Any) -> list[Any]:
    """c = max(0, u), for z3."""
    return [c >= 0, c >= u, c * (c - u) == 0]


def first_pixels(least: int = 1) -> Evidence:
    """Output o sees from max(0, u), u = so − p, its mirror image's mirror image from max(0, u + r): the same ⇔ r = 0 or
    u + max(r, 0) ≤ 0. For all o ≤ q that is sq + max(r, 0) ≤ p; the last pixels are the first ones of the mirror image.
    """

    def ends(u: Any, r: Any, a: Any, b: Any) -> list[Any]:
        return [*clipped(a, u), *clipped(b, u + r)]

    return all_of(
        impossible(
            lambda u, r, a, b: [*ends(u, r, a, b), r >= least, u + r > 0, a == b], "u r a b", what="r > 0",
            met=((-1, 2, 0, 1), (3, 1, 3, 4)),
        ),
        impossible(
            lambda u, r, a, b: [*ends(u, r, a, b), r <= -least, u > 0, a == b], "u r a b", what="r < 0",
            met=((1, -2, 1, 0), (5, -1, 5, 4)),
        ),
        impossible(
            lambda u, r, a, b: [*ends(u, r, a, b), u <= 0, u + r <= 0, a != b], "u r a b", what="all is seen",
        ),
    )  # fmt: skip


def extremes(behind: int = 1) -> Evidence:
    """u + r at the last output o = q is n + p − k: sq + r ≤ p ⇔ k ≥ n + p; a window ends at u + k − 1."""
    k, s, p, q, r, o = unknowns(k=1, s=1, p=1, q=1, r=1, o=1)
    n = s * q + r + k - 2 * p

    def first(output: Any) -> Any:
        return s * output - p

    return vanishes(
        first(q) + r - (n + p - k), (n - behind) - (first(o) + k - 1) - (first(q - o) + r),
        what="sq − p + r = n + p − k, and n − 1 − (so − p + k − 1) = s(q − o) − p + r",
    )  # fmt: skip


def decides_pool(window: Window, n: int, rule: PoolRule = CENTRED_OR_WHOLE) -> Evidence:
    return equal(
        pool_keeps_flips(window, n), rule(window, n), what="the pool keeps flips ⇔ the rule", window=window, n=n
    )


POOLS = Chain(
    "ends of windows",
    Route("first pixels", Method.SMT, first_pixels, {}, instead("least", 0), "r", cases=3),
    Route("last pixels and last windows", Method.RING, extremes, {}, instead("behind", 2), "k s p q r o", cases=2),
)
"""A pool keeps flips ⇔ r = 0 or every window sees the whole image."""

STEM = {"window": Window(3, 2, 1), "n": 2}

rounding = Statement(
    id="windows.rounding",
    paper=PAPER,
    name="ceil_mode",
    source="torch.nn.MaxPool2d, ceil_mode",
    summary="a pool, its outputs rounded up or down, keeps turns ⇔ {every_pool.rule}",
    claim=(
        "{let:With q + 1 outputs let n + 2p − k = sq + r}. {let:|r| < s if p < k}; {let:r < 0} where ceil_mode adds "
        "an output, and not where torch drops it again because its window would start behind the image. Mirrored "
        "outputs read the mirror image moved by r. Where taps are told apart, turns are kept exactly if "
        "{rounding_up.rule} = 0. A pool tells none apart: it keeps them also if every window sees the whole image, "
        "{let:sq + max(r, 0) ≤ p}, {let:as 3×3 with stride 2 and padding 1 does on 2×2 pixels}, and in no other "
        "case. {let:Signed offsets with |rᵢ| < sᵢ add up to 0 only if all are 0}, so neither rounding repairs the "
        "other in a chain."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={"the windows meet the image": SEES},
    clauses=(
        Clause(
            "n − 1 − x − x′ = r, so where taps are told apart turns are kept ⇔ r = 0",
            MIRRORED,
            Route(
                "n ≤ 12, k and s ≤ 3, d ≤ 2",
                Method.EXHAUSTIVE,
                rounding_up,
                {},
                {"n mod s": {"rule": size_alone}},
                cases=324,
            ),
            over="k s p q r o j",
        ),
        Clause(
            "a pool keeps flips ⇔ r = 0 or every window sees the whole image",
            POOLS,
            *(
                Route(
                    f"sets of pixels, outputs rounded {way}",
                    Method.EXHAUSTIVE,
                    every_pool,
                    {"ceil": ceil},
                    {"r = 0 alone": {"rule": centred_alone}},
                    cases=548,
                )
                for way, ceil in (("down", False), ("up", True))
            ),
            over="k s p q r",
        ),
        Clause(
            "signed offsets do not cancel",
            Route("|R| < S, r an integer", Method.SMT, signed_offsets, {}, instead("reach", 1), "S R r"),
            over="S R r",
        ),
    ),
    controls=(
        Dropped("the windows meet the image", decides, {"chain": (Window(1, 3, 1, ceil=True),), "n": 1}),
        Witness("no window starts behind the image", lambda: equal(Window(1, 3, ceil=True).outputs(3), 1, what="1")),
        Witness("nor in the padding behind it", lambda: equal(Window(2, 3, 1, ceil=True).outputs(5), 2, what="2")),
        Witness("but in that before it", lambda: equal(Window(2, 3, 1, ceil=True).outputs(4), 2, what="2")),
        Mutant(
            "a pool of 3×3, stride 2, padding 1 on 2 pixels: r = 0 alone", decides_pool, STEM | {"rule": centred_alone}
        ),
        Witness("which sees all of them", decides_pool, STEM),
        Witness("2×2, stride 2, at 4", decides, {"chain": (Window(2, 2, ceil=True),), "n": 4}),
        Witness("2×2, stride 2, at 3: not kept, and R = 1", decides, {"chain": (Window(2, 2, ceil=True),), "n": 3}),
    ),
)
