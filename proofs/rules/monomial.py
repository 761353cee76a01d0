"""Which linear maps commute with an activation: positive monomial ones with ReLU, signed ones with odd functions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.rules import PAPER
from invariance_proofs.rules.vectors import apply
from invariance_proofs.statement import (
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
    all_of,
    instead,
)

Activation = Callable[[Any], Any]


RELU = Formula("ReLU", lambda t: max(t, 0 * t))
LEAKY = Formula("leaky ReLU", lambda t: t if t > 0 else t / 4)
CUBIC = Formula("t + t³", lambda t: t + t**3)
CLIPPED = Formula("max(−1, min(1, t))", lambda t: max(-1, min(1, t)))
SHIFTED = Formula("ReLU(t − 1)", lambda t: max(t - 1, 0 * t))
"""Neither odd nor positively homogeneous."""


def monomial(row: tuple[int, ...]) -> bool:
    """At most one entry, and it is positive."""
    return sum(m != 0 for m in row) <= 1 and min(row) >= 0


def signed(row: tuple[int, ...]) -> bool:
    """At most one entry, and it is ±1."""
    return sum(map(abs, row)) <= 1


def unit(row: tuple[int, ...]) -> bool:
    """At most one entry, and it is 1."""
    return signed(row) and min(row) >= 0


INPUTS = [tuple(map(Fraction, x)) for x in product((-3, -1, 0, 1, 2), repeat=3)]


def which_rows(activation: Activation = RELU, rule: Callable[[tuple[int, ...]], bool] = monomial) -> Evidence:
    """Every row with three entries from −2 to 2, on 125 inputs: σ(Σ mⱼxⱼ) = Σ mⱼ σ(xⱼ) ⇔ the rule."""

    def commutes(m: tuple[int, ...]) -> bool:
        return all(activation(apply([m], x)[0]) == apply([m], [activation(v) for v in x])[0] for x in INPUTS)

    return for_all(product(range(-2, 3), repeat=3), lambda m: commutes(m) == rule(m), "m: σ(m·x) = m·σ(x) ⇔ the rule")


def is_relu(r: Any, t: Any) -> list[Any]:
    """r = ReLU(t), for z3."""
    return [r >= 0, r >= t, r * (r - t) == 0]


def relu_rows(slack: int = 0) -> Evidence:
    """Any two entries of a row, on eⱼ and eⱼ − e_k: both ≥ 0, and one of them 0. And m ≥ 0 commutes."""
    return all_of(
        impossible(lambda m: [*is_relu(m, m), m < slack], "m", what="ReLU(Meⱼ) = Meⱼ ⇒ mⱼ ≥ 0"),
        impossible(
            lambda m, n: [*is_relu(m, m), *is_relu(n, n), *is_relu(m, m - n), m * n != 0],
            "m n",
            what="on eⱼ − e_k: mⱼ m_k = 0",
        ),
        impossible(
            lambda m, x, p, q: [m >= slack, *is_relu(p, m * x), *is_relu(q, x), p != m * q],
            "m x p q",
            what="ReLU(mx) = m ReLU(x) for m ≥ 0",
        ),
    )


def odd_rows(power: int = 3) -> Evidence:
    """σ(t) = t + tᵖ: the coefficient of x² y in σ(mx + ny) − mσ(x) − nσ(y) is 3m²n, that of x³ is m³ − m; p = 3."""
    m, n, x, y = unknowns(m=1, n=1, x=1, y=1)

    def sigma(t: Any) -> Any:
        return t + t**power

    defect = sigma(m * x + n * y) - m * sigma(x) - n * sigma(y)
    want = (m**3 - m) * x**3 + (n**3 - n) * y**3 + 3 * m * m * n * x * x * y + 3 * m * n * n * x * y * y
    return vanishes(defect - want, what="σ(mx + ny) − mσ(x) − nσ(y)")


def one_row(m: tuple[int, ...], x: tuple[int, ...], sigma: Activation = RELU) -> Evidence:
    left, right = sigma(apply([m], x)[0]), apply([m], [sigma(v) for v in x])[0]
    return equal(left, right, what="σ(m·x) = m·σ(x)", m=m, x=x, sigma=sigma)


activations = Statement(
    id="activation",
    paper=PAPER,
    name="which linear maps pass an activation",
    source="Godfrey et al., “On the symmetries of deep learning models” (2022); Tran et al., arXiv 2409.11697",
    summary=(
        "ReLU commutes with M ⇔ each row has one entry at most, and ≥ 0; odd activations with signed rows; others with "
        "rows of one 1"
    ),
    claim=(
        "σ(Mx) = Mσ(x) for all x: for σ = ReLU (and a leaky one) exactly if every row of M holds at most one entry "
        "other than 0, and that is positive; for an odd σ that is not linear exactly if it is ±1; for other σ, if it "
        "is 1. So an invertible M is monomial: permutations with positive scales, with signs, or alone. A prover that "
        "looks for hidden actions of these kinds misses none that passes an activation."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.LISTED,
    hypotheses={
        "one entry a row": Hypothesis("a row of M has at most one entry ≠ 0", lambda m: sum(v != 0 for v in m) <= 1),
        "positive": Hypothesis("m ≥ 0", lambda m: min(m) >= 0),
        "positively homogeneous": Hypothesis(
            "σ(tx) = tσ(x) for t > 0",
            lambda sigma: all(sigma(t * x) == t * sigma(x) for t in (2, 3) for x in (-1, 1, 2)),
        ),
    },
    clauses=(
        Clause(
            "ReLU: one entry a row, and it is ≥ 0",
            Route(
                "any two entries of a row, on eⱼ and eⱼ − e_k",
                Method.SMT,
                relu_rows,
                {},
                instead("slack", -1),
                "m n",
                assumed=("with all other coordinates 0 a row is its two entries",),
                cases=3,
            ),
            Route(
                "rows with entries from −2 to 2",
                Method.EXHAUSTIVE,
                which_rows,
                {},
                {"±1 passes": {"rule": signed}},
                cases=125,
            ),
            over="m n",
        ),
        Clause(
            "t + t³: one entry a row, and it is 0 or ±1",
            Route("coefficients", Method.RING, odd_rows, {}, instead("power", 2), "m n"),
            Route(
                "rows with entries from −2 to 2",
                Method.EXHAUSTIVE,
                which_rows,
                {"activation": CUBIC, "rule": signed},
                {"positive ones pass": {"rule": monomial}},
                cases=125,
            ),
            over="m n",
        ),
        Clause(
            "an odd, a leaky and a shifted activation",
            *(
                Route(
                    f"{sigma}",
                    Method.EXHAUSTIVE,
                    which_rows,
                    {"activation": sigma, "rule": rule},
                    {"another rule": {"rule": other}},
                    cases=125,
                )
                for sigma, rule, other in (
                    (CLIPPED, signed, unit),
                    (LEAKY, monomial, signed),
                    (SHIFTED, unit, monomial),
                )
            ),
            at="rows of three entries from −2 to 2",
            grade=Grade.LISTED,
        ),
    ),
    controls=(
        Dropped("one entry a row", one_row, {"m": (1, 1), "x": (1, -1)}),
        Dropped("positive", one_row, {"m": (-1, 0), "x": (1, 0)}),
        Dropped("positively homogeneous", one_row, {"m": (2, 0), "x": (1, 0), "sigma": SHIFTED}),
        Witness("a scale passes ReLU", one_row, {"m": (0, 3), "x": (1, -1)}),
    ),
)
