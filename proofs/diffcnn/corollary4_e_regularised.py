"""C4.e: the price of g_ε = log(det V + ε).

With m² = det(M)² and v = det V_c the regularised layer moves by e(v) = g′_ε − g_ε − log m² = log r(v),
r(v) = (m² v + ε) / (m² (v + ε)). Everything is stated for exp: r is a rational function.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from math import prod

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.corollary4_a_invariance import E1, E2
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.symbolic import free, same
from invariance_proofs.statement import (
    Chain,
    Clause,
    Dropped,
    Evidence,
    Formula,
    Grade,
    Hypothesis,
    Method,
    Mutant,
    Route,
    Statement,
    Verdict,
    Witness,
    all_of,
    instead,
)

QUARTER, ONE = Fraction(1, 4), Fraction(1)


RATIO = Formula.of(lambda m2, v, eps: (m2 * v + eps) / (m2 * (v + eps)), m2="m²", eps="ε")
TWICE = Formula.of(lambda m2, v, eps: (m2 * v + 2 * eps) / (m2 * (v + eps)), m2="m²", eps="ε")


def ratio(v: Fraction, m2: Fraction, eps: Fraction) -> Fraction:
    return RATIO(m2, v, eps)


def monotone(sign: int = 1) -> Evidence:
    """r is monotone in v between r(0) = 1/m² and the limit 1: the numerators of r(v) − r(w), 1 − r(v), 1/m² − r(v)."""
    v, w, m2, eps = unknowns(v=1, w=1, m2=1, eps=1)
    at_v, at_w = m2 * v + eps, m2 * w + eps
    return all_of(
        vanishes(
            at_v * (w + eps) - at_w * (v + eps) - sign * eps * (m2 - 1) * (v - w), what="r(v) − r(w) ∝ (m²−1)(v−w)"
        ),
        vanishes(m2 * (v + eps) - at_v - sign * eps * (m2 - 1), what="1 − r(v) ∝ ε(m² − 1)"),
        vanishes((v + eps) - at_v + sign * (m2 - 1) * v, what="1/m² − r(v) ∝ (1 − m²) v"),
    )


def deviation_from_mean(factor: int = 1) -> Evidence:
    """|C e_c − Σ e| ≤ (C − 1) L for e in [0, L]: 0 for C = 1, and a further channel e adds e_c − e ∈ [−L, L]."""
    n, e_c, e, S = free("n e_c e S")
    return all_of(
        same(1 * e_c, e_c, what="C = 1"),
        same(((n + factor) * e_c - (S + e)) - (n * e_c - S), e_c - e, what="one channel more"),
    )


def linear_bound(power: int = 2) -> Evidence:
    """What 1 + ε|1 − m²|/(m² v) exceeds r (m ≤ 1) and 1/r (m ≥ 1) by is ε²|1 − m²| over a positive number."""
    v, a, eps = unknowns(v=1, a=1, eps=1)
    below, above = a * v + eps, a * (v + eps)
    return all_of(
        vanishes((a * v + eps * (1 - a)) * (v + eps) - below * v - eps**power * (1 - a), what="m ≤ 1"),
        vanishes((a * v + eps * (a - 1)) * below - above * a * v - eps**power * (a - 1), what="m ≥ 1"),
    )


def growth(channels: Sequence[Fraction], m2: Fraction, eps: Fraction) -> list[Fraction]:
    """exp(C (U′_ε − U_ε)) for channels with these determinants."""
    r = [ratio(v, m2, eps) for v in channels]
    return [x ** len(r) / prod(r) for x in r]


def within(
    channels: Sequence[Fraction],
    m2: Fraction,
    eps: Fraction,
    *,
    power: Fraction | None = None,
    floor: int | None = None,
    bounding: Formula = RATIO,
) -> Evidence:
    """Whether |C(U′_ε − U_ε)| ≤ power·|log r(floor)|, r = `bounding`; by default power = C − 1, floor = min det V."""
    numbers = {"det_V": list(channels), "det_M_squared": m2, "eps": eps, "v": min(channels) if floor is None else floor}
    if min(channels) + eps <= 0:
        return check(False, "g_ε is defined", **numbers)
    worst = bounding(m2, min(channels) if floor is None else Fraction(floor), eps)
    bound = max(worst, 1 / worst) ** int(2 * (len(channels) - 1 if power is None else power))
    squares = [max(x, 1 / x) ** 2 for x in growth(channels, m2, eps)]
    return check(all(x <= bound for x in squares), "|U′ − U| within the bound", **numbers, squares=squares, bound=bound)


def many(channels: Sequence[int] = (3, 4), share: Fraction = Fraction(1), r: Formula = RATIO) -> Evidence:
    """The bound (C − 1)·share; determinants over six orders of magnitude, |det M| below and above 1."""
    values = [Fraction(1, 1000), Fraction(1), Fraction(1000)]
    some = [c for C in channels for c in product(values, repeat=C)]
    cases = product(some, (Fraction(1, 9), Fraction(16)), values[:2])
    return for_all(
        cases,
        lambda case: within(*case, power=share * (len(case[0]) - 1), bounding=r).holds,
        "(det V, det(M)², ε): within the bound",
    )


def realised(t: int) -> list[Fraction]:
    """det V_c of three true channels with deviations E₁, t E₂ and −E₁ − t E₂."""
    deviations = [E1, t * E2, -E1 - t * E2]
    return [Fraction((D.T @ D).det()) for D in deviations]


def attained(power: int = 2) -> Evidence:
    """exp(3(U′₁ − U₁)) = r(v₁)²/(r(v₂) r(v₃)) → r(v₁)² as t → ∞: the relative gap falls to below 10⁻⁶."""
    gaps = []
    for t in (10, 100, 10_000):
        v = realised(t)
        gaps.append(1 - growth(v, QUARTER, ONE)[0] / ratio(v[0], QUARTER, ONE) ** power)
    return check(gaps[0] > gaps[1] > gaps[2] > 0 and gaps[2] < Fraction(1, 10**6), "approached, not passed", gaps=gaps)


C4_e = Statement(
    id="C4.e",
    paper=PAPER,
    name="error of the regularised layer",
    source="Kan et al., equation (5) with g_ε = log(det V + ε)",
    summary="|U'_ε − U_ε| ≤ {share:*}(1 − 1/C) |log({r})|, {let:m = |det M|}, {let:v = min det V}; sharp",
    claim=(
        "Let {let:g_ε = log(det V + ε)}, {let:m = |det M| ≠ 0}, {v not negative} and {floor}. Then for every channel "
        "|U′_ε − U_ε| ≤ {share:*}(1 − 1/C) |log r(v)| with r(v) = {r}; this is at most {share:*}(1 − 1/C) times "
        "either of {let:2|log m|} and {let:ε|1 − m²|/(m² v)}, so the error is O(ε / min det V) and vanishes where M "
        "keeps areas. It is approached when one channel has {let:det V_c = v} and the others grow without limit, "
        "which channels of a true network can do."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "ε positive": Hypothesis("ε > 0", lambda eps: eps > 0),
        "floor": Hypothesis("det V_c ≥ v for every c", lambda det_V, v: min(det_V) >= v),
        "v not negative": Hypothesis("v ≥ 0", lambda v: v >= 0),
    },
    clauses=(
        Clause(
            "|U′ − U| ≤ {share:*}(1 − 1/C)|log r(v)|",
            Chain(
                "logarithms between 0 and log r(v), deviation from a mean",
                Route("r is monotone", Method.RING, monotone, mutants=instead("sign", -1), cases=3),
                Route(
                    "a channel more",
                    Method.SYMBOLIC,
                    deviation_from_mean,
                    mutants=instead("factor", 2),
                    over="n",
                    cases=2,
                ),
            ),
            Route(
                "exp of both sides, 432 cases",
                Method.EXHAUSTIVE,
                many,
                mutants=instead("share", Fraction(1, 2)) | instead("r", TWICE),
                over="channels",
                cases=432,
            ),
            over="n",
            assumed=("log is increasing",),
        ),
        Clause(
            "which is at most (1 − 1/C) ε|1 − m²|/(m² v)",
            Route("both signs of 1 − m", Method.RING, linear_bound, mutants=instead("power", 1), cases=2),
            assumed=("log(1 + x) ≤ x",),
        ),
        Clause(
            "approached by three true channels",
            Route("determinants that grow", Method.EXACT, attained, mutants=instead("power", 1)),
            finite=True,
        ),
    ),
    controls=(
        Dropped("ε positive", within, {"channels": [ONE, 4 * ONE, 9 * ONE], "m2": QUARTER, "eps": -ONE}),
        Dropped("floor", within, {"channels": realised(100), "m2": QUARTER, "eps": ONE, "floor": 4}),
        Dropped("v not negative", within, {"channels": [-ONE / 2, ONE, ONE], "m2": 4 * ONE, "eps": ONE}),
        Mutant(
            "(1 − 1/C) replaced by 1/2 at C = 3",
            within,
            {"channels": realised(100), "m2": QUARTER, "eps": ONE, "power": 3 * ONE / 2},
        ),
        Witness("within the bound", within, {"channels": realised(100), "m2": QUARTER, "eps": ONE}),
    ),
)
