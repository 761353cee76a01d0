"""R.window: with a window in the integral it moves by no more than the window's Lipschitz constant times the way."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.matrix import Matrix, dot
from invariance_proofs.routes.exact import check
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
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


def carried(inverse: bool = True) -> Evidence:
    """⊕_x u(φx) w(x) = ⊕_y u(y) w(φ⁻¹y), u the density of the surface: what moves is the window."""
    phi, x = letters("φ x")
    u, w = function("u"), function("w")
    return reindexed(
        u(phi(x)) * w(x), u(x) * w((~phi)(x)), "∫ u(φ) w = ∫ u w∘φ⁻¹", over=x, acting=[phi] if inverse else []
    )


def one_more_piece(slack: int = 1) -> Evidence:
    """|s| ≤ L δ A and |w − w′| ≤ L δ give |s + f (w − w′)| ≤ L δ (A + |f|): the pieces of the surface one by one."""

    def contradiction(s: Any, A: Any, f: Any, g: Any, change: Any, reach: Any) -> list[Any]:
        total = s + f * change
        return [
            *[reach >= 0, A >= 0, s <= reach * A, -s <= reach * A, g >= f, g >= -f],
            *[change <= slack * reach, -change <= slack * reach],
            total > reach * (A + g),
        ]

    met = (0, 0, 0, 0, 0, 0), (-2, 1, -3, 4, 1, 2)
    return impossible(contradiction, "s A f g change reach", what="the change of a sum of pieces", met=met)


def squared_derivative(ground: int = 1) -> Evidence:
    """Of the four hats' products over a cell, by u and v ∈ [0, 1]: DᵀD = 1 + (q, p)ᵀ(q, p), p = 1 − 2u, q = 1 − 2v."""
    u, v = unknowns(u=1, v=1)
    by_u, by_v = (-(1 - v), 1 - v, -v, v), (-(1 - u), -u, 1 - u, u)
    gram = Matrix.of([[dot(a, b) for b in (by_u, by_v)] for a in (by_u, by_v)])
    p, q = 1 - 2 * u, 1 - 2 * v
    wanted = Matrix.of([[ground + q * q, p * q], [p * q, ground + p * p]])
    return vanishes(gram - wanted, what="DᵀD = 1 + g gᵀ")


LARGEST = 3
"""Lip(W)² for hats of slope 1."""


def largest(bound: int = LARGEST) -> Evidence:
    """a² + b² + (qa + pb)² ≤ 3 (a² + b²) where |p|, |q| ≤ 1."""
    return impossible(
        lambda p, q, a, b: [
            *[p <= 1, p >= -1, q <= 1, q >= -1],
            a * a + b * b + (q * a + p * b) ** 2 > bound * (a * a + b * b),
        ],
        "p q a b",
        what=f"|D(a, b)|² ≤ {bound} |(a, b)|²",
        met=((1, -1, 0, 3), (0, 1, 2, 1)),
    )


def add_up(windows: int = 4) -> Evidence:
    """The windows of a cell add up to 1."""
    u, v = unknowns(u=1, v=1)
    products = ((1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v)
    return vanishes(sum(products[:windows]) - 1, what="Σ w = 1")


def attained(constant: int = LARGEST) -> Evidence:
    """From a corner by t along the diagonal |W(t) − W(0)|² = 3·2t² − t³(…): the quotient tends to √3."""
    (t,) = unknowns(t=1)
    moved = ((1 - t) ** 2 - 1, t * (1 - t), t * (1 - t), t * t)
    rest = dot(moved, moved) - constant * 2 * t * t
    low = [coefficient for (power,), coefficient in rest.terms() if power < 3]
    return vanishes([*low, rest.ring.zero], what="|W(t) − W(0)|² = 3 |step|² to leading order", of=moved)


def pieces(before: Sequence[Fraction], after: Sequence[Fraction], kept: Sequence[int], window: str = "x") -> Evidence:
    """Pieces of area 1 on a line, moved; `kept` are those still on the domain. Lip(w) = 1 for the window w(x) = x."""
    w = {"x": lambda x: x, "a step": lambda x: Fraction(x >= 1)}[window]
    change = abs(sum(w(after[i]) for i in kept) - sum(w(x) for x in before))
    way = max(abs(a - b) for a, b in zip(before, after, strict=True))
    return check(
        change <= way * len(before), "|ΔV| ≤ Lip(w) sup|φ − id| ∫|f||n|",
        before=before, after=after, kept=kept, window=window, change=change, bound=way * len(before),
    )  # fmt: skip


LINE = Fraction(1), Fraction(3)
NEAR = Fraction(5, 4), Fraction(13, 4)

R_window = Statement(
    id="R.window",
    paper=PAPER,
    name="stability by displacement alone",
    source="R, with a window in the integral",
    summary=(
        "|V(I∘φ) − V(I)| ≤ {slack:*}Lip(w) sup|φ − id| ∫|f||n|, whatever dφ is; √{bound}·s for g×g hats of slope s"
    ),
    claim=(
        "Let {let:V(I) = ∫ f(I, [n]) w |n| dx} and φ a C¹ diffeomorphism of the domain. After the substitution of R "
        "only the window has moved, so |V(I∘φ) − V(I)| ≤ {slack:*}Lip(w) sup|φ − id| ∫|f||n| dx: dφ does not occur. "
        "For the partition of unity by products of hat functions of slope s the map W to all its values has Lip(W) = "
        "√{bound}·s in Euclidean norms, attained from a corner along the diagonal; a surface that lies near one "
        "point, moved that way, so attains the bound up to a factor that tends to one."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "onto": Hypothesis("φ maps the domain onto itself", lambda before, kept: len(kept) == len(before)),
        "Lipschitz window": Hypothesis("w is Lipschitz", lambda window: window == "x"),
    },
    clauses=(
        Clause(
            "∫ f|n|[I∘φ] w = ∫ f|n|[I] w∘φ⁻¹",
            Route("substitution, any sum", Method.SYMBOLIC, carried, {}, {"no inverse": {"inverse": False}}, "groups"),
            over="groups",
            assumed=("R", "sup|φ⁻¹ − id| = sup|φ − id|"),
        ),
        Clause(
            "a sum of changes is at most {slack:*}L δ times the sum of |f||n|",
            Route("one piece more", Method.SMT, one_more_piece, {}, {"twice the way": {"slack": 2}}, "s A f"),
            over="s A f",
            assumed=("an integral is a limit of sums",),
        ),
        Clause(
            "Lip(W)² = 3 s²: DᵀD = s²(1 + g gᵀ), |g|² ≤ 2",
            Route("a cell", Method.RING, squared_derivative, {}, {"without 1": {"ground": 0}}, "u v", cases=4),
            over="u v",
        ),
        Clause(
            "|D(a, b)|² ≤ {bound} |(a, b)|²",
            Route("over the reals", Method.SMT, largest, {}, {"2": {"bound": 2}}, "a b"),
            over="a b",
        ),
        Clause(
            "the windows add up to 1",
            Route("a cell", Method.RING, add_up, {}, {"three of four": {"windows": 3}}, "u v"),
            over="u v",
        ),
        Clause(
            "and √{constant} s is attained",
            Route("from a corner", Method.RING, attained, {}, {"2": {"constant": 2}}, "t"),
            over="t",
        ),
    ),
    controls=(
        Dropped("onto", pieces, {"before": LINE, "after": NEAR, "kept": (0,)}),
        Dropped(
            "Lipschitz window",
            pieces,
            {"before": (Fraction(3, 4),), "after": (Fraction(1),), "kept": (0,), "window": "a step"},
        ),
        Witness(
            "two pieces moved alike: the bound is attained", pieces, {"before": LINE, "after": NEAR, "kept": (0, 1)}
        ),
    ),
)
