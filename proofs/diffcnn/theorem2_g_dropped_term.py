"""T2.g: the size of what the proof of Theorem 2 drops."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, product
from operator import eq, le
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.images import Map, compose, jacobian, written
from invariance_proofs.matrix import Matrix
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
    instead,
)

CALLED = {"lip": "Lip", "moved": "|φ − x|", "size": "‖dφ‖"}
BOUND = Formula.of(lambda lip, moved, size: lip * moved * size, **CALLED)
SMALLER = (
    Formula.of(lambda lip, moved, size: moved * size, **CALLED),
    Formula.of(lambda lip, moved, size: lip * size, **CALLED),
    Formula.of(lambda lip, moved, size: lip * moved, **CALLED),
)


def surplus(A: Matrix, B: Matrix) -> Any:
    """‖A‖²‖B‖² − ‖AB‖² as a sum of squares (Lagrange's identity for every row of A and column of B)."""
    terms = (
        (row[i] * column[j] - row[j] * column[i]) ** 2
        for row, column in product(A.rows, B.columns)
        for i, j in combinations(range(len(row)), 2)
    )
    return sum(terms)


def factored(sign: int = 1) -> Evidence:
    there, here, M = free("there here M")
    return same(there * M - here * M, (there - sign * here) * M, what="J(φ)dφ − J dφ = (J(φ) − J)dφ")


def submultiplicative(factor: int = 1) -> Evidence:
    """‖AB‖ ≤ ‖A‖‖B‖ for 3×2 times 2×2."""
    A, B = unknowns(A=(3, 2), B=(2, 2))
    difference = A.squared_norm() * B.squared_norm() - (A @ B).squared_norm()
    return vanishes(difference - factor * surplus(A, B), what="‖A‖²‖B‖² − ‖AB‖² = a sum of squares")


def quadratic_images(factor: int = 1) -> Evidence:
    """J(x + u) − J(x) = u₁J₁ + u₂J₂ for a quadratic image, Lip(J)² ≤ ‖J₁‖² + ‖J₂‖²: both steps as sums of squares."""
    J1, J2, M, u = unknowns(P=(3, 2), Q=(3, 2), M=(2, 2), u=2)
    moved = u[0] * J1 + u[1] * J2
    lipschitz, distance, size = J1.squared_norm() + J2.squared_norm(), u[0] ** 2 + u[1] ** 2, M.squared_norm()
    slack = (u[1] * J1 - u[0] * J2).squared_norm() * size + factor * surplus(moved, M)
    return vanishes(
        lipschitz * distance * size - (moved @ M).squared_norm() - slack, what="bound² − dropped² = a sum of squares"
    )


def polynomial_images(share: Fraction = Fraction(1)) -> Evidence:
    """The raw quantity on quadratic images and warps at rational points, in the Frobenius norm, squared."""
    steps = [Fraction(-1, 2), Fraction(0), Fraction(2, 3)]

    def bounded(case: tuple[Fraction, ...]) -> bool:
        p, q, x, y = case

        def image(x: Any, y: Any) -> tuple[Any, ...]:
            return x * x + p * x * y, q * y * y, x + 2 * p * y * y

        def warp(x: Any, y: Any) -> tuple[Any, ...]:
            return x + q * y, y + p * x * x

        J1, J2 = (jacobian(image, point) - jacobian(image, (0, 0)) for point in ((1, 0), (0, 1)))
        target, dphi = warp(x, y), jacobian(warp, (x, y))
        dropped = jacobian(compose(image, warp), (x, y)) - jacobian(image, (x, y)) @ dphi
        distance = (target[0] - x) ** 2 + (target[1] - y) ** 2
        lipschitz = J1.squared_norm() + J2.squared_norm()
        return dropped.squared_norm() <= share * lipschitz * distance * dphi.squared_norm()

    return for_all(product(steps, repeat=4), bounded, "(p, q, x, y): dropped ≤ bound")


def on_a_line(
    image: Map, lipschitz: int = 2, bound: Formula = BOUND, relation: Callable[[Any, Any], bool] = le
) -> Evidence:
    """φ(x, y) = (3x, y) at (1, 0), where |φ − x| = 2 and ‖dφ‖ = 3 as an operator; J has one entry, in the corner."""

    def warp(x: Any, y: Any) -> tuple[Any, ...]:
        return 3 * x, y

    change = (jacobian(image, (3, 0)) - jacobian(image, (1, 0))) @ jacobian(warp, (1, 0))
    dropped = abs(change[0, 0])
    allowed = bound(lipschitz, 2, 3)
    numbers = {"I": written(image), "phi": written(warp), "x": (1, 0), "Lip": lipschitz, "dropped": dropped}
    ends = {"J_there": jacobian(image, (3, 0)), "J_here": jacobian(image, (1, 0))}
    return check(relation(dropped, allowed), f"dropped against {bound}", **numbers, **ends, bound=allowed)


def square(x: Any, y: Any) -> tuple[Any, ...]:
    """J = 2x in the corner: Lip(J) = 2."""
    return x * x, 0, 0


def cube(x: Any, y: Any) -> tuple[Any, ...]:
    """J = 3x² in the corner: not Lipschitz with constant 2, nor any other."""
    return x * x * x, 0, 0


T2_g = Statement(
    id="T2.g",
    paper=PAPER,
    name="size of the dropped term",
    source="Kan et al., proof of Theorem 2, the step marked ≈",
    summary="‖J(φ(x))dφ(x) − J(x)dφ(x)‖ ≤ {bound}, attained",
    claim=(
        "If J is Lipschitz with constant Lip on the segment from x to φ(x), then ‖J(φ(x))dφ(x) − J(x)dφ(x)‖ ≤ "
        "{bound}, in the Frobenius norm and in the operator norm. Attained in the operator norm by {let:I = (x², 0, "
        "0)}, {let:φ = (3x, y) at (1, 0)}; in the Frobenius norm only in the limit, since dφ is invertible."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "J Lipschitz": Hypothesis(
            "‖J(p) − J(q)‖ ≤ Lip(J)·|p − q|",
            lambda J_there, J_here, Lip: (J_there - J_here).squared_norm() <= (2 * Lip) ** 2,
        )
    },
    clauses=(
        Clause(
            f"‖J(φ(x))dφ(x) − J(x)dφ(x)‖ ≤ {BOUND}",
            Chain(
                "factor, then Lagrange's identity",
                Route("factor", Method.SYMBOLIC, factored, mutants=instead("sign", -1)),
                Route("‖AB‖ ≤ ‖A‖‖B‖", Method.RING, submultiplicative, mutants=instead("factor", 2)),
            ),
            Route(
                "generic quadratic image", Method.RING, quadratic_images, mutants=instead("factor", 2), at="quadratic I"
            ),
            Route(
                "81 images", Method.EXHAUSTIVE, polynomial_images, mutants=instead("share", Fraction(1, 10)), cases=81
            ),
            at="J 3×2, dφ 2×2, Frobenius norm",
            assumed=("the definition of Lip(J)", "for the operator norm: ‖AB‖ ≤ ‖A‖‖B‖, from its definition"),
        ),
        Clause(
            "attained in the operator norm",
            Route("on a line", Method.EXACT, on_a_line, {"image": square, "relation": eq}, instead("bound", *SMALLER)),
            finite=True,
        ),
    ),
    controls=(
        Dropped("J Lipschitz", on_a_line, {"image": cube}),
        *(Mutant(f"only {bound}", on_a_line, {"image": square, "bound": bound}) for bound in SMALLER),
        Witness("the bound on a line", on_a_line, {"image": square}),
    ),
)
