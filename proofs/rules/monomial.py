"""Which linear maps commute with an activation: positive monomial ones with ReLU, signed ones with odd functions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.rules.vectors import apply
from invariance_proofs.evidence import Evidence, all_of

Activation = Callable[[Any], Any]


def relu(t: Any) -> Any:
    return max(t, 0 * t)


def leaky(t: Any) -> Any:
    return t if t > 0 else t / 4


def cubic(t: Any) -> Any:
    """An odd function that is not linear on any interval."""
    return t + t**3


def clipped(t: Any) -> Any:
    """max(−1, min(1, t)): odd."""
    return max(-1, min(1, t))


def shifted(t: Any) -> Any:
    """Neither odd nor positively homogeneous."""
    return relu(t - 1)


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


def which_rows(activation: Activation, rule: Callable[[tuple[int, ...]], bool]) -> Evidence:
    """Every row with three entries from −2 to 2, on 125 inputs: σ(Σ mⱼxⱼ) = Σ mⱼ σ(xⱼ) ⇔ the rule."""

    def commutes(m: tuple[int, ...]) -> bool:
        return all(activation(apply([m], x)[0]) == apply([m], [activation(v) for v in x])[0] for x in INPUTS)

    return for_all(product(range(-2, 3), repeat=3), lambda m: commutes(m) == rule(m), "m: σ(m·x) = m·σ(x) ⇔ the rule")


def relu_rows(slack: int = 0) -> Evidence:
    """Any two entries of a row, on eⱼ and eⱼ − e_k: both ≥ 0, and one of them 0. And m ≥ 0 commutes."""
    import z3

    def r(t: Any) -> Any:
        return z3.If(t > 0, t, 0)

    return all_of(
        impossible(lambda m, n: [r(m) == m, r(n) == n, m < slack], "m n", what="ReLU(Meⱼ) = Meⱼ ⇒ mⱼ ≥ 0"),
        impossible(
            lambda m, n: [r(m) == m, r(n) == n, r(m - n) == m, m * n != 0], "m n", what="on eⱼ − e_k: mⱼ m_k = 0"
        ),
        impossible(lambda m, x: [m >= slack, r(m * x) != m * r(x)], "m x", what="ReLU(mx) = m ReLU(x) for m ≥ 0"),
    )


def odd_rows(power: int = 3) -> Evidence:
    """σ(t) = t + tᵖ: the coefficient of x² y in σ(mx + ny) − mσ(x) − nσ(y) is 3m²n, that of x³ is m³ − m; p = 3."""
    m, n, x, y = unknowns(m=1, n=1, x=1, y=1)

    def sigma(t: Any) -> Any:
        return t + t**power

    defect = sigma(m * x + n * y) - m * sigma(x) - n * sigma(y)
    want = (m**3 - m) * x**3 + (n**3 - n) * y**3 + 3 * m * m * n * x * x * y + 3 * m * n * n * x * y * y
    return vanishes(defect - want, what="σ(mx + ny) − mσ(x) − nσ(y)")


def one_row(m: tuple[int, ...], x: tuple[int, ...], activation: Activation) -> Evidence:
    left, right = activation(apply([m], x)[0]), apply([m], [activation(v) for v in x])[0]
    return equal(left, right, what="σ(m·x) = m·σ(x)", m=m, x=x, sigma=activation.__name__)
