"""Which linear maps commute with an activation: positive monomial ones with ReLU, signed ones with odd functions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.rewriting import follows
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
CUBIC = Formula.of(lambda t: t + t**3)
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


HALF = Fraction(1, 2)
INPUTS = [tuple(map(Fraction, x)) for x in product((-3, -1, 0, 1, 2), repeat=3)]


def which_rows(activation: Activation = RELU, rule: Callable[[tuple[int, ...]], bool] = monomial) -> Evidence:
    """Every row with three entries from −2 to 2, on 125 inputs: σ(Σ mⱼxⱼ) = Σ mⱼ σ(xⱼ) ⇔ the rule."""

    def commutes(m: tuple[int, ...]) -> bool:
        return all(activation(apply([m], x)[0]) == apply([m], [activation(v) for v in x])[0] for x in INPUTS)

    return for_all(product(range(-2, 3), repeat=3), lambda m: commutes(m) == rule(m), "m: σ(m·x) = m·σ(x) ⇔ the rule")


def is_leaky(r: Any, t: Any, c: Any) -> list[Any]:
    """r = σ(t) for the leaky ReLU of slope c, 0 ≤ c < 1, for z3; c = 0 is ReLU."""
    return [c >= 0, c < 1, r >= c * t, r >= t, (r - c * t) * (r - t) == 0]


def relu_rows(slack: int = 0) -> Evidence:
    """Any two entries of a row, on eⱼ and eⱼ − e_k: both ≥ 0, and one of them 0. And m ≥ 0 commutes."""
    return all_of(
        impossible(
            lambda m, c: [*is_leaky(m, m, c), m < slack], "m c", "σ(Meⱼ) = Meⱼ ⇒ mⱼ ≥ 0", met=((0, 0), (5, HALF))
        ),
        impossible(
            lambda m, n, c: [m >= slack, n >= slack, *is_leaky(m - c * n, m - n, c), m * n != 0],
            "m n c",
            what="on eⱼ − e_k: mⱼ m_k = 0",
            met=((2, 0, 0), (0, 3, HALF)),
        ),
        impossible(
            lambda m, x, p, q, c: [m >= slack, *is_leaky(p, m * x, c), *is_leaky(q, x, c), p != m * q],
            "m x p q c",
            what="σ(mx) = mσ(x) for m ≥ 0",
            met=((0, 1, 0, 1, 0), (3, 2, 6, 2, HALF), (3, -2, 0, 0, 0)),
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


def passes_every(row: str = "e(x)") -> Evidence:
    """e picks one entry, which σ, taken entry by entry (S), does not look at: σ(ex) = e(Sx)."""
    return follows(f"s({row}) = {row.replace('x', 'S(x)')}", ["e(S(x)) = s(e(x))"], what="σ(ex) = eσ(x)")


def scaled(inverse: str = "M(W(x)) = x") -> Evidence:
    """Mσ = σM for the scale M with inverse W: σ(x) = M²σ(W²x), and so on: σ(x) = mⁿ σ(x/mⁿ)."""
    return follows("M(M(s(W(W(x))))) = s(x)", ["M(s(x)) = s(M(x))", inverse], what="σ(x) = m² σ(x/m²)")


def additive(sign: str = "n(s(y)) = s(n(y))") -> Evidence:
    """A row (m, n) that passes, and signs m, n that pass: σ(mx + ny) = σ(mx) + σ(ny), so σ is additive."""
    return follows(
        "s(m(x) + n(y)) = s(m(x)) + s(n(y))", ["s(m(x) + n(y)) = m(s(x)) + n(s(y))", "m(s(x)) = s(m(x))", sign]
    )


def steps(t: Any) -> Fraction:
    """sign(t)·2^⌊log₂|t|⌋: odd, not linear, and twice itself at twice t."""
    power = Fraction(1)
    while t and power > abs(t):
        power /= 2
    while t and 2 * power <= abs(t):
        power *= 2
    return (0 if t == 0 else 1 if t > 0 else -1) * power


STEPS = Formula("sign(t)·2^⌊log₂|t|⌋", steps)
LINEAR = Formula.of(lambda t: 3 * t)
MOVED = Formula.of(lambda t: t + 1)
TINY = [Fraction(sign * k, 2**40) for k in (2, 3) for sign in (1, -1)]


def smooth_at_0(sigma: Activation) -> bool:
    """Whether (σ(t) − σ(0))/t is one number, to 2⁻³⁰, near 0."""
    slopes = [(sigma(t) - sigma(Fraction(0))) / t for t in TINY]
    return max(slopes) - min(slopes) < Fraction(1, 2**30)


def only_signs(m: tuple[int, ...], sigma: Activation = CUBIC) -> Evidence:
    """If the row passes σ on 25 pairs, is it of one entry, 0 or ±1?"""
    pairs = [tuple(map(Fraction, x)) for x in product((-3, -1, 0, 1, 2), repeat=2)]
    passes = all(sigma(apply([m], x)[0]) == apply([m], [sigma(v) for v in x])[0] for x in pairs)
    return check(not passes or signed(m), "σ(m·x) = m·σ(x) ⇒ one entry, ±1", m=m, sigma=sigma)


def one_row(m: tuple[int, ...], x: tuple[int, ...], sigma: Activation = RELU) -> Evidence:
    left, right = sigma(apply([m], x)[0]), apply([m], [sigma(v) for v in x])[0]
    return equal(left, right, what="σ(m·x) = m·σ(x)", m=m, x=x, sigma=sigma)


ROWS = "rows with entries from −2 to 2"

odd_activations = Statement(
    id="activation.odd",
    paper=PAPER,
    name="which linear maps pass an odd activation",
    source="Godfrey et al., “On the symmetries of deep learning models” (2022); Tran et al., arXiv 2409.11697",
    summary=(
        "an odd σ, differentiable at the origin and not linear, commutes with M ⇔ each row has one entry at most, "
        "{let:±1}"
    ),
    claim=(
        "Let σ be odd, differentiable at the origin and not linear, as tanh, sin, arctan and softsign are. Then "
        "{let:σ(Mx) = Mσ(x)} for all x exactly if every row of M holds at most one entry other than zero, and that "
        "is {let:±1}. For {let:σ(mx) = mσ(x)} gives {let:σ(x) = mⁿσ(x/mⁿ)}, which tends to {let:σ′(0)x if |m| > 1 "
        "(and x ↦ x/m is used if 0 < |m| < 1)}: σ would be linear; and two entries {let:±1} make σ additive. Without "
        "the derivative it is false: {let:sign(t)·2^⌊log₂|t|⌋ is odd and commutes with 2}."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "odd": Hypothesis("σ(−t) = −σ(t)", lambda sigma: all(sigma(-t) == -sigma(t) for t in (0, 1, 2, 3))),
        "differentiable": Hypothesis("σ has a derivative at 0", lambda sigma: smooth_at_0(sigma)),
        "not linear": Hypothesis("σ(1 + 2) ≠ σ(1) + σ(2), say", lambda sigma: sigma(3) != sigma(1) + sigma(2)),
    },
    clauses=(
        Clause(
            "σ(mx) = mσ(x) ⇒ σ(x) = mⁿσ(x/mⁿ)",
            Route("rewriting", Method.SYMBOLIC, scaled, {}, {"W no inverse": {"inverse": "W(M(x)) = x"}}, "maps"),
            over="maps",
            assumed=("mⁿσ(x/mⁿ) → σ′(0)x for |m| > 1", "the step from 2 to n, by induction"),
        ),
        Clause(
            "two entries ±1 make σ additive",
            Route("rewriting", Method.SYMBOLIC, additive, {}, {"n does not pass": {"sign": "n(s(y)) = s(y)"}}, "maps"),
            over="maps",
            assumed=("what is additive and differentiable at 0 is linear",),
        ),
        Clause(
            "t + t³: one entry a row, and it is 0 or ±1",
            Route("coefficients", Method.RING, odd_rows, {}, instead("power", 2), "m n x y"),
            Route(
                ROWS,
                Method.EXHAUSTIVE,
                which_rows,
                {"activation": CUBIC, "rule": signed},
                {"positive ones pass": {"rule": monomial}},
                cases=125,
            ),
            over="m n x y",
        ),
    ),
    controls=(
        Dropped("odd", only_signs, {"m": (2, -1), "sigma": MOVED}),
        Dropped("differentiable", only_signs, {"m": (2, 0), "sigma": STEPS}),
        Dropped("not linear", only_signs, {"m": (2, 5), "sigma": LINEAR}),
        Witness("a sign passes t + t³", one_row, {"m": (0, -1), "x": (1, 2), "sigma": CUBIC}),
        Witness("t + t³ is told from its double", only_signs, {"m": (2, 0)}),
        Witness(
            "steps at 3/4 and 5", lambda: equal([steps(Fraction(3, 4)), steps(5)], [Fraction(1, 2), 4], what="½, 4")
        ),
    ),
)

activations = Statement(
    id="activation",
    paper=PAPER,
    name="which linear maps pass an activation",
    source="Godfrey et al., “On the symmetries of deep learning models” (2022); Tran et al., arXiv 2409.11697",
    summary=(
        "ReLU commutes with M ⇔ each row has one entry at most, and ≥ {slack}; rows of a single {let:1} pass every "
        "activation"
    ),
    claim=(
        "{let:σ(Mx) = Mσ(x)} for all x: for ReLU (and a leaky one) exactly if every row of M holds at most one entry "
        "other than zero, and that is ≥ {slack}. A row of a single {let:1} passes every σ; but for the row of zeros "
        "no other one passes {let:max(0, t − 1)} among those with entries up to two. So an invertible M that passes "
        "ReLU is a permutation with positive scales. For odd σ see activation.odd."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
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
            "ReLU and leaky ReLU, slope 0 ≤ c < 1: one entry a row, and it is ≥ {slack}",
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
            Route(
                f"{LEAKY}",
                Method.EXHAUSTIVE,
                which_rows,
                {"activation": LEAKY},
                {"another rule": {"rule": signed}},
                cases=125,
            ),
            over="m n",
        ),
        Clause(
            "a row of a single 1 passes every σ",
            Route("rewriting", Method.SYMBOLIC, passes_every, {}, {"a factor": {"row": "m(x)"}}, "maps"),
            over="maps",
        ),
        Clause(
            "ReLU(t − 1), rows of three entries from −2 to 2: a single 1, or none",
            Route(
                f"{SHIFTED}",
                Method.EXHAUSTIVE,
                which_rows,
                {"activation": SHIFTED, "rule": unit},
                {"another rule": {"rule": monomial}},
                cases=125,
            ),
            finite=True,
        ),
    ),
    controls=(
        Dropped("one entry a row", one_row, {"m": (1, 1), "x": (1, -1)}),
        Dropped("positive", one_row, {"m": (-1, 0), "x": (1, 0)}),
        Dropped("positively homogeneous", one_row, {"m": (2, 0), "x": (1, 0), "sigma": SHIFTED}),
        Witness("a scale passes ReLU", one_row, {"m": (0, 3), "x": (1, -1)}),
    ),
)
