"""What a rotation costs a convolution on a grid: the first two orders in the grid step h, in closed form.

(Λf)(x) = Σ_k ψ(k) f(x + hk) with an image f of class C³. Under x ↦ Rx (any linear R) the defect at x is
D = Λ(f∘R)(x) − (Λf)(Rx) = h ∇f·(R − I)μ + (h²/2) tr(∇²f (RMRᵀ − M)) + O(h³), μ = Σψ(k)k, M = Σψ(k)kkᵀ, at Rx.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.rules import PAPER
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
    instead,
)

Taps = Mapping[tuple[int, int], Any]


def cubic(c: Sequence[Any], x: Any, y: Any) -> Any:
    powers = (1, x, y, x * x, x * y, y * y, x**3, x * x * y, x * y * y, y**3)
    return sum(a * p for a, p in zip(c, powers, strict=True))


def moments(psi: Taps) -> tuple[Matrix, Matrix]:
    """μ as a column, and M."""
    first = [sum(w * k[i] for k, w in psi.items()) for i in range(2)]
    second = [[sum(w * k[i] * k[j] for k, w in psi.items()) for j in range(2)] for i in range(2)]
    return Matrix.from_columns(first), Matrix.of(second)


def defect(f: Any, psi: Taps, R: Matrix, h: Any) -> Any:
    """At x = 0, where Rx = 0 too; other points are other images."""

    def turned(k: tuple[int, int]) -> tuple[Any, Any]:
        return R[0, 0] * k[0] + R[0, 1] * k[1], R[1, 0] * k[0] + R[1, 1] * k[1]

    return sum(w * (f(*(h * z for z in turned(k))) - f(h * k[0], h * k[1])) for k, w in psi.items())


def series(first: int = 1, half: int = 1) -> Evidence:
    """A generic cubic image, four generic taps, a generic matrix R: the coefficients of h and h², and none of h⁰."""
    h, c, w, R = unknowns(h=1, c=10, w=4, R=(2, 2))
    psi = dict(zip(((1, 0), (0, 1), (-1, 2), (1, 1)), w, strict=True))
    mu, M = moments(psi)
    one = Matrix.identity(2)
    gradient = Matrix.of([[c[1], c[2]]])
    hessian = Matrix.of([[2 * c[3], c[4]], [c[4], 2 * c[5]]])
    linear = (gradient @ ((R - one) @ mu))[0, 0]
    square = (hessian @ (R @ M @ R.T - M)).trace()
    found = defect(lambda x, y: cubic(c, x, y), psi, R, h)
    low = found.ring.from_dict({m: v for m, v in found.terms() if m[0] <= 2})
    return vanishes(2 * low - 2 * first * h * linear - half * h**2 * square, what="the terms in 1, h and h²", of=found)


def angle(power: int = 1) -> Evidence:
    """|(R − I)μ|² = (2 − 2cos θ)|μ|² = (2 sin(θ/2))²|μ|²: the curve over θ; c² + s² − 1 times |μ|² is left over."""
    c, s, m = unknowns(c=1, s=1, m=2)
    R = Matrix.of([[c, -s], [s, c]])
    moved = (R - Matrix.identity(2)) @ Matrix.from_columns(m)
    size = sum(x * x for x in m)
    return vanishes(
        moved.squared_norm() - (2 - 2 * c**power) * size - (c * c + s * s - 1) * size,
        what="|(R − I)μ|² = 2(1 − cos θ)|μ|²",
    )


def round_(M: Matrix) -> bool:
    """Whether M is a multiple of the identity."""
    return M[0, 0] == M[1, 1] and M[0, 1] == M[1, 0] == 0


LAPLACE: Taps = {(0, 0): -4, (1, 0): 1, (0, 1): 1, (-1, 0): 1, (0, -1): 1}
EDGE: Taps = {(-1, 0): -1, (1, 0): 1}
BAR: Taps = {(0, 0): -2, (1, 0): 1, (-1, 0): 1}
PYTHAGORAS = Matrix.of([[Fraction(3, 5), Fraction(-4, 5)], [Fraction(4, 5), Fraction(3, 5)]])


PARTS = {
    1: lambda x, y: x - 2 * y,
    2: lambda x, y: x * x - 3 * x * y,
    3: lambda x, y: x**3 + y**3,
    4: lambda x, y: x**4,
}
"""The homogeneous parts of an image; the part of degree d gives the power hᵈ of the defect."""


def order(psi: Taps, wanted: int, R: Matrix = PYTHAGORAS) -> Evidence:
    """The first power of h in the defect at 0, for a rotation by the angle of the triangle (3, 4, 5)."""

    def coefficient(d: int) -> Any:
        return defect(PARTS[d], psi, R, 1)

    lowest = next((d for d in PARTS if coefficient(d)), None)
    return check(lowest == wanted, f"the defect starts with h^{wanted}", psi=dict(psi), R=R, lowest=lowest)


SLANTED: Taps = {(0, 0): -3, (1, 0): 2, (0, 1): 1, (-1, 0): 0, (0, -1): 1}
"""μ = (2, 0), M = 2I."""


def vanishing(psi: Taps) -> Evidence:
    """Whether the defect at the angle of (3, 4, 5) has no terms in h and h²."""
    terms = [defect(PARTS[d], psi, PYTHAGORAS, 1) for d in (1, 2)]
    return check(not any(terms), "no terms in h and h²", psi=dict(psi), R=PYTHAGORAS, terms=terms)


grid_defect = Statement(
    id="grid-defect",
    paper=PAPER,
    name="what a rotation costs a convolution on a grid",
    source="Taylor's theorem; the error curve over angles that is usually fitted",
    summary=(
        "defect = {first:*}h ∇f·(R − I)μ + {half:*}(h²/2) tr(∇²f (RMRᵀ − M)) + O(h³): predicted by the filter's "
        "first two moments"
    ),
    claim=(
        "For {let:(Λf)(x) = Σ ψ(k) f(x + hk)}, an image f of class C³ and any linear R, Λ(f∘R)(x) − (Λf)(Rx) = "
        "{first:*}h ∇f·(R − I)μ + {half:*}(h²/2) tr(∇²f (RMRᵀ − M)) + O(h³) at Rx, with {let:μ = Σψ(k)k and M = "
        "Σψ(k)kkᵀ}. Over the angle the first term is {let:2h|sin(θ/2)||μ||∇f|} at most: the error curve of a rotated "
        "layer is predicted, not fitted. Filters without a first moment and with M a multiple of I (a Laplacian, a "
        "centred blur) are rotation-invariant to O(h³) at every angle, whatever the grid does."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "first moment": Hypothesis("for O(h²): Σ ψ(k) k = 0", lambda psi: not any(moments(psi)[0])),
        "second moment": Hypothesis("for O(h³): Σ ψ(k) kkᵀ is a multiple of I", lambda psi: round_(moments(psi)[1])),
    },
    clauses=(
        Clause(
            "the terms in 1, h and h²",
            Route(
                "generic cubic image, four generic taps, generic R",
                Method.RING,
                series,
                {},
                instead("first", 2) | instead("half", 2),
                "h R00 w0 c0",
            ),
            over="h R00 w0 c0",
            assumed=("Taylor's theorem for images of class C³",),
        ),
        Clause(
            "|(R − I)μ|² = 2(1 − cos θ)|μ|² = 4 sin²(θ/2)|μ|²",
            Route("c² + s² = 1", Method.RING, angle, {}, instead("power", 2), "c s m0"),
            over="c s m0",
        ),
        Clause(
            "an edge filter errs in h, a bar in h², a Laplacian in h⁴",
            *(
                Route(
                    name, Method.EXACT, order, {"psi": psi, "wanted": power}, {f"h^{power + 1}": {"wanted": power + 1}}
                )
                for name, psi, power in (("edge", EDGE, 1), ("bar", BAR, 2), ("Laplacian", LAPLACE, 4))
            ),
            finite=True,
        ),
    ),
    controls=(
        Dropped("first moment", vanishing, {"psi": SLANTED}),
        Dropped("second moment", vanishing, {"psi": BAR}),
        Witness("a Laplacian", vanishing, {"psi": LAPLACE}),
    ),
)
