"""U.pool: which pooling over the plane makes the covariant output of one tap invariant."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.matrix import cross
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.words import function, letters, reindexed
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
)


def rearranged(inverse: bool = True) -> Evidence:
    """⊕_x u(φx) = ⊕_x u(x) over a set that φ permutes, for every ⊕ that does not look at the order, as sup does not."""
    phi, x = letters("φ x")
    u = function("u")
    return reindexed(u(phi(x)), u(x), "sup u∘φ = sup u", over=x, acting=[phi] if inverse else [])


def area_element(power: int = 1) -> Evidence:
    """∂xI × ∂yI of I∘φ is det dφ times that of I at φ(x): so is its length, with |det dφ|."""
    J, M = unknowns(J=(3, 2), M=(2, 2))
    moved, n = cross(*(J @ M).columns), cross(*J.columns)
    return vanishes(
        [a - M.det() ** power * b for a, b in zip(moved, n, strict=True)], what="(J M) cross = det M · cross"
    )


def integral(polynomial: Any, over: Sequence[Any]) -> Any:
    """lcm(1, …, 12)² ∫∫ over the unit square, for the two first generators."""
    common = lcm(*range(1, 13))
    ring = polynomial.ring
    result = ring.zero
    for monomial, coefficient in polynomial.terms():
        i, j, *rest = monomial
        weight = common // (i + 1) * (common // (j + 1))
        result += ring.from_dict({(0, 0, *rest): coefficient * weight})
    return result


def change_of_variables(power: int = 1) -> Evidence:
    """∫∫ u(φ) det dφ = ∫∫ u over the unit square, u generic quadratic, φ = (x + a x(1 − x)y, y + b xy(1 − y))."""
    x, y, a, b, c = unknowns(x=1, y=1, a=1, b=1, c=6)
    phi = x + a * x * (1 - x) * y, y + b * x * y * (1 - y)

    def u(s: Any, t: Any) -> Any:
        return c[0] + c[1] * s + c[2] * t + c[3] * s * s + c[4] * s * t + c[5] * t * t

    det = phi[0].diff(x) * phi[1].diff(y) - phi[0].diff(y) * phi[1].diff(x)
    moved = u(*phi) * det**power
    return vanishes(integral(moved, (x, y)) - integral(u(x, y), (x, y)), what="∫ u(φ) |det dφ| = ∫ u", of=moved)


def on_a_line(pool: str, phi: Sequence[Fraction] = (Fraction(0), Fraction(3, 2), Fraction(-1, 2))) -> Evidence:
    """u(x) = x on [0, 1] and a rising φ by its coefficients: the supremum of u∘φ is φ(1), its mean Σ cₖ/(k + 1)."""
    pooled = {"mean": lambda c: sum(v / (k + 1) for k, v in enumerate(c)), "supremum": sum}[pool]
    return equal(
        pooled(phi), pooled([Fraction(0), Fraction(1)]), what=f"the {pool} of u∘φ is that of u",
        u="x", phi=phi, pool=pool, image_of_0_and_1=(phi[0], sum(phi)),
    )  # fmt: skip


HALF = (Fraction(0), Fraction(1, 2))
"""x/2, which is not onto."""

U_pool = Statement(
    id="U.pool",
    paper=PAPER,
    name="pooling that makes one tap invariant",
    source="Kan et al., figure 2 (an invariant feature map goes into a classifier), with T2.h",
    summary=(
        "after one tap: the supremum over the plane is invariant; the mean is not; the mean weighted by |∂xI × ∂yI| is"
    ),
    claim=(
        "Let {let:u[I∘φ] = u[I]∘φ}, as U of one tap has it (T2.h), and φ map the domain onto itself, "
        "diffeomorphically. Then sup u, or any quantity of the set of values, is the same for I∘φ. ∫u dx is not: "
        "{let:∫u∘φ dx = ∫u |det dφ⁻¹| dy}. ∫u |∂xI × ∂yI| dx is, and its quotient by ∫|∂xI × ∂yI| dx: the weight of "
        "I∘φ is |det dφ|{area_element.power:^} times that of I at φ(x). It is the integral over the image as a "
        "surface in colour space, which does not know how the plane lies on it (R). So global average pooling, the "
        "usual head, throws away what the layer has won."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "onto": Hypothesis("φ maps the domain onto itself", lambda image_of_0_and_1: image_of_0_and_1 == (0, 1)),
        "weighted": Hypothesis("not the plain mean", lambda pool: pool != "mean"),
    },
    clauses=(
        Clause(
            "sup u∘φ = sup u",
            Route(
                "substitution, any reduction",
                Method.SYMBOLIC,
                rearranged,
                {},
                {"φ is not invertible": {"inverse": False}},
                "groups",
            ),
            over="groups",
        ),
        Clause(
            "(∂xI × ∂yI) of I∘φ = (det dφ){power:^} (∂xI × ∂yI) at φ(x)",
            Route(
                "generic J and dφ",
                Method.RING,
                area_element,
                {},
                {"det²": {"power": 2}, "no det": {"power": 0}},
                "J00 M00",
                cases=3,
            ),
            over="J00 M00",
        ),
        Clause(
            "∫ u(φ) |det dφ| = ∫ u, and not without det",
            Route(
                "generic quadratic u, a family of warps of the unit square",
                Method.RING,
                change_of_variables,
                {},
                {"the plain mean": {"power": 0}, "det²": {"power": 2}},
                "a b c0",
            ),
            over="a b c0",
            assumed=("change of variables for diffeomorphisms", "u is covariant: T2.h"),
        ),
    ),
    controls=(
        Dropped("onto", on_a_line, {"pool": "supremum", "phi": HALF}),
        Dropped("weighted", on_a_line, {"pool": "mean"}),
        Witness("the supremum", on_a_line, {"pool": "supremum"}),
    ),
)
