"""The Lie derivative of a network is the sum of its layers' own, each carried to the output by the layers after it.

L_X f = df·X_in − X_out∘f, the derivative at t = 0 of exp(−tX_out) f(exp(tX_in)x): 0 for all x iff f is equivariant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.routes.symbolic import free, same
from invariance_proofs.rules import PAPER
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
    instead,
)

Layer = Callable[[Sequence[Any]], tuple[Any, ...]]


def two_layers(sign: int = 1) -> Evidence:
    """d(g∘f)X₀ − X₂ = dg(df X₀ − X₁) + (dg X₁ − X₂); F, G for df, dg, y₁ = X₁f, y₂ = X₂gf; chains by induction."""
    G, F, x0, y1, y2 = free("G F x0 y1 y2")
    return same(G * F * x0 - y2, G * (F * x0 - y1) + sign * (G * y1 - y2), what="L(g∘f) = (Lg)∘f + dg·(Lf)")


def polynomial_layers(middle: int = 1) -> Evidence:
    """Two generic quadratic layers of the plane, X the generator of rotations; `middle` times it in front of g."""
    w, v, x = unknowns(w=10, v=10, x=2)

    def quadratic(c: Sequence[Any]) -> Layer:
        def f(y: Sequence[Any]) -> tuple[Any, ...]:
            terms = (y[0], y[1], y[0] * y[0], y[0] * y[1], y[1] * y[1])
            return tuple(sum(a * t for a, t in zip(part, terms, strict=True)) for part in (c[:5], c[5:]))

        return f

    def generator(y: Sequence[Any]) -> Matrix:
        return Matrix.from_columns((-y[1], y[0]))

    f, g = quadratic(w), quadratic(v)

    def derivative(h: Layer, at: Sequence[Any]) -> Matrix:
        rows = [[value.diff(z) for z in x] for value in h(x)]
        return Matrix.of([entry.compose(list(zip(x, at, strict=True))) for entry in row] for row in rows)

    fx = f(x)
    df, dg = derivative(f, x), derivative(g, fx)
    whole = derivative(lambda y: g(f(y)), x) @ generator(x) - generator(g(fx))
    local = dg @ (df @ generator(x) - generator(fx)) + (middle * (dg @ generator(fx)) - generator(g(fx)))
    return vanishes(whole - local, what="L(g∘f) = (Lg)∘f + dg·(Lf)")


def bound(local: Sequence[Fraction], lipschitz: Sequence[Fraction]) -> Fraction:
    """Σᵢ eᵢ Π_{j > i} Lⱼ."""
    total = Fraction(0)
    for error, constant in zip(local, lipschitz, strict=True):
        total = total * constant + error
    return total


def mismatched(starts: int, ends: int = 1) -> Evidence:
    """f(x) = g(x) = x on a line that is shifted at speed 1, `ends` and `starts` between, 1: both local errors are 0?"""
    local, whole = (1 * 1 - ends) + (1 * starts - starts), 1 * 1 * 1 - starts
    return equal(whole, local, what="L(g∘f) = (Lg)∘f + dg·(Lf)", ends=ends, starts=starts)


def attained(local: tuple[int, ...] = (1, 2, 3), slopes: tuple[int, ...] = (2, 3, 5), later: int = 1) -> Evidence:
    """Layers y ↦ Lᵢy between lines that the group shifts, at speeds uᵢ = Lᵢuᵢ₋₁ − eᵢ: the local errors are eᵢ."""
    speed, product = Fraction(1), Fraction(1)
    for e, slope in zip(local, slopes, strict=True):
        speed, product = slope * speed - e, slope * product
    whole = product - speed  # df·X_in − X_out for the composed map, which multiplies by the product of the slopes
    found = bound([Fraction(e) for e in local], [Fraction(s) ** later for s in slopes])
    return check(found == whole, "the bound is attained", local=local, lipschitz=slopes, bound=found, error=whole)


CARRIED = Formula.of(lambda e, k, m: e + k * m, e="e_g", k="Lip_g", m="e_f")
PLAIN = Formula.of(lambda e, k, m: e + m, e="e_g", m="e_f")


def one_layer_more(bound: Formula = CARRIED) -> Evidence:
    """a = |Lg| ≤ e, b = |Lf| ≤ m, c = |dg·Lf| ≤ k b with k = Lip_g: a + c is within the bound."""
    return impossible(
        lambda a, b, c, e, k, m: [a <= e, b >= 0, b <= m, k >= 0, c <= k * b, a + c > bound(e, k, m)],
        "a b c e k m",
        what=f"a + c ≤ {bound}",
        met=((1, 1, 2, 1, 2, 1), (0, 2, 1, 3, 1, 4)),
    )


lie_derivative = Statement(
    id="lie-derivative",
    paper=PAPER,
    name="local errors of layers add up to the network's",
    source="Gruver et al., “The Lie derivative for measuring learned equivariance” (ICLR 2023), section 4",
    summary=(
        "L(g∘f) = {sign:*}(Lg)∘f + dg·(Lf): the network's local error is at most {bound}, layer by layer, and that "
        "is attained"
    ),
    claim=(
        "For one-parameter groups on the input, between the layers and on the output, {let:L f = df·X_in − X_out∘f} "
        "is the derivative of the error at the identity, and L(g∘f) = {sign:*}(Lg)∘f + dg·(Lf). By induction the "
        "local error of a network is the sum of its layers' own, each carried to the output by the layers after it: "
        "for two layers at most {bound}, for more Σ eᵢ times the Lipⱼ of all that come after. So a layer can be "
        "blamed, and a network of small errors is bounded, for one choice of actions between the layers."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "one action between": Hypothesis(
            "f ends with the action that g starts from", lambda ends, starts: ends == starts
        )
    },
    clauses=(
        Clause(
            "L(g∘f) = {sign:*}(Lg)∘f + dg·(Lf)",
            Route("free algebra", Method.SYMBOLIC, two_layers, {}, instead("sign", -1), "G F x0 y1 y2"),
            Route(
                "generic quadratic layers of the plane",
                Method.RING,
                polynomial_layers,
                {},
                instead("middle", 2),
                cases=2,
            ),
            over="G F x0 y1 y2",
        ),
        Clause(
            "|L(g∘f)| ≤ {bound}, so by induction Σ eᵢ times the Lipⱼ of all that come after",
            Route("one layer more", Method.SMT, one_layer_more, {}, instead("bound", PLAIN), "a b c e k m"),
            over="a b c e k m",
            assumed=("|dg·v| ≤ Lip_g·|v|, and |u + v| ≤ |u| + |v|",),
        ),
        Clause(
            "the bound is attained",
            Route("three layers", Method.EXACT, attained, {}, instead("later", 2)),
            finite=True,
        ),
    ),
    controls=(
        Dropped("one action between", mismatched, {"starts": 3}),
        Witness("the same action", mismatched, {"starts": 1}),
    ),
)
