"""H.pointwise and H.action: which group acts on {dI}, and from which side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.identity import unknowns
from invariance_proofs.routes.rewriting import follows
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
)

Warp = Callable[[Any, Any], tuple[Any, Any]]
LIFT = Formula.of(lambda x, y: (x, y + x**2))
LEAN = Formula.of(lambda x, y: (x + y**2, y))
LINEAR = Formula.of(lambda x, y: (2 * x + y, y))
SAME = Formula.of(lambda x, y: (x, y))


def curls(first: Warp = LIFT, second: Warp = LEAN, at: Warp = SAME) -> Evidence:
    """∂x of the second entry less ∂y of the first, for both rows of dφ(at(x))·dψ(x), at (1, 1)."""
    plane = unknowns(x=1, y=1)

    def derivative(warp: Warp, where: Sequence[Any]) -> Matrix:
        rows = [[part.diff(z) for z in plane] for part in warp(*plane)]
        return Matrix.of([entry.compose(list(zip(plane, where, strict=True))) for entry in row] for row in rows)

    product = derivative(first, at(*plane)) @ derivative(second, plane)
    curl = [row[1].diff(plane[0]) - row[0].diff(plane[1]) for row in product.rows]
    dets = [derivative(w, plane).det() for w in (first, second)]
    here = [int(c.evaluate(list(zip(plane, (1, 1), strict=True)))) for c in curl]
    return equal(
        here, [0, 0], what="the rows of the product are gradients",
        phi=first, psi=second, product=[[str(entry) for entry in row] for row in product.rows],
        curl=[str(c) for c in curl], det=[int(d.evaluate([(plane[0], 1), (plane[1], 1)])) for d in dets],
    )  # fmt: skip


H_pointwise = Statement(
    id="H.pointwise",
    paper=PAPER,
    name="H as a group",
    source="Kan et al., section 2.1 (“The group H = {dφ : R² → R²} acts on the space of {dI}”)",
    summary="H, the dφ of all φ, is a group under the pointwise product of matrix fields",
    claim="The fields dφ of diffeomorphisms φ of the plane are closed under {let:(dφ·dψ)(x) = dφ(x) dψ(x)}.",
    verdict=Verdict.REFUTED,
    grade=Grade.REFUTED,
    correction=(
        "[[1, 0], [2x, 1]]·[[1, 2y], [0, 1]] has the rows (1, 2y) and (2x, 1 + 4xy); the second has curl 4y and is no "
        "gradient. The chain rule multiplies dφ at ψ(x), not at x: d(φ∘ψ) = dφ(ψ)·dψ. The group that acts pointwise on "
        "{{dI}} is that of all fields R² → GL(2); most of its elements are the differential of no map (T2.f)."
    ),
    hypotheses={"diffeomorphisms": Hypothesis("det dφ, det dψ ≠ 0", lambda det: 0 not in det)},
    routes=(
        Route(
            "two shears that bend",
            Method.EXACT,
            curls,
            {},
            {"a linear first factor": {"first": LINEAR}, "the chain rule's product": {"at": LEAN}},
        ),
        Route(
            "the other order",
            Method.EXACT,
            curls,
            {"first": LEAN, "second": LIFT},
            {"the chain rule's product": {"at": LIFT}},
        ),
    ),
    controls=(Witness("dφ(ψ)·dψ is d(φ∘ψ)", curls, {"at": LEAN}),),
)

PULL, COMPOSE = "at(pull(u, v), x) = at(u, ap(v, x))", "ap(comp(v, w), x) = ap(v, ap(w, x))"


FG = Formula("f∘g", lambda f, g: f"comp({f}, {g})")
GF = Formula("g∘f", lambda f, g: f"comp({g}, {f})")


def pulled(order: Formula = FG) -> Evidence:
    """(I∘f)∘g against I∘(f∘g): pull(I, f) is I∘f, comp(f, g) is f∘g, at and ap evaluate."""
    return follows(f"at(pull(pull(I, f), g), x) = at(pull(I, {order('f', 'g')}), x)", [PULL, COMPOSE])


def on_a_line(order: str = "gf") -> Evidence:
    """I(x) = x, f doubles, g adds 1: A_f A_g I against A of one product, at x = 3, where A_f I = I∘f."""
    f, g = (lambda x: 2 * x), (lambda x: x + 1)
    left = g(f(3))  # (A_f A_g I)(x) = (A_g I)(f(x)) = I(g(f(x)))
    right = g(f(3)) if order == "gf" else f(g(3))
    return equal(left, right, what=f"A_f A_g = A_{{{order[0]}∘{order[1]}}}", f="2x", g="x + 1", x=3, order=order)


H_action = Statement(
    id="H.action",
    paper=PAPER,
    name="the side from which warps act",
    source="Kan et al., section 2.1 (“the action of the diffeomorphism acts on I is as I∘φ”)",
    summary="I ↦ I∘φ is an action from the right: (I∘f)∘g = I∘({order}); from the left it is with φ⁻¹",
    claim=(
        "(I∘f)∘g = I∘({order}), for maps of any kind. {let:With A_f I = I∘f} that is A_g A_f = A_({order}): the "
        "order is reversed, so A is no homomorphism of the group of diffeomorphisms; f ↦ A_{{f⁻¹}} is one. On "
        "differentials the right action shows as J ↦ J·dφ, from the right."
    ),
    verdict=Verdict.CORRECTED,
    grade=Grade.DECIDED,
    correction=(
        "The paper speaks of “the action” without a side. As a left action, f first and then g, it would need I∘φ⁻¹."
    ),
    hypotheses={"reversed": Hypothesis("the product is g∘f for f applied last", lambda order: order == "gf")},
    clauses=(
        Clause(
            "(I∘f)∘g = I∘({order})",
            Route("rewriting", Method.SYMBOLIC, pulled, {}, {"I∘(g∘f)": {"order": GF}}, "maps"),
            over="maps",
        ),
    ),
    controls=(
        Dropped("reversed", on_a_line, {"order": "fg"}),
        Witness("on a line", on_a_line),
    ),
)
