"""title: the sentence in the paper's title, U[I∘φ] = U[I]; and what its sets and groups are closed under."""

from __future__ import annotations

from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.images import Map, compose, features, jacobian, written
from invariance_proofs.diffcnn.layers import deviations, invariant, total
from invariance_proofs.diffcnn.theorem2_h_single_tap import ONE_TAP, bumps
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal
from invariance_proofs.statement import Evidence, Grade, Hypothesis, Method, Route, Statement, Verdict, Witness


def shift(x: Any, y: Any) -> tuple[Any, ...]:
    return x + 1, y


def bend(x: Any, y: Any) -> tuple[Any, ...]:
    """A diffeomorphism of the plane that fixes 0, det dφ = 1."""
    return x, y + x * x + 2 * x


def identity(x: Any, y: Any) -> tuple[Any, ...]:
    return x, y


def flat(x: Any, y: Any) -> tuple[Any, ...]:
    """Linear: the same Jacobian everywhere."""
    return x, y, x + y


def title(image: Map = bumps, warp: Map = shift, place: str = "x", point: tuple[int, int] = (1, 2)) -> Evidence:
    """exp(C·U) of I∘φ and of I at one pixel x (or, for U[I]∘φ, at φ(x)): one tap, exact Jacobians, three channels."""
    at = warp(*point) if place == "φ(x)" else point
    after, before = (invariant(features(f, ONE_TAP, x)) for f, x in ((compose(image, warp), point), (image, at)))
    return equal(
        after, before, what=f"U[I∘φ](x) = U[I]({place})",
        I=written(image), phi=written(warp), x=point, w=ONE_TAP, det_dphi=jacobian(warp, point).det(),
    )  # fmt: skip


TITLE = Statement(
    id="title",
    paper=PAPER,
    name="the invariance in the title",
    source="Kan et al., title, abstract and section 2 (“the invariant layer is H-invariant”), read for deformed images",
    summary="U[I∘φ](x) = U[I]({place}) for diffeomorphisms φ",
    claim=(
        "The features of a deformed image are those of the image: U[I∘φ](x) = U[I]({place}) at every pixel, for "
        "diffeomorphisms φ."
    ),
    verdict=Verdict.REFUTED,
    grade=Grade.REFUTED,
    correction=(
        "What is moved is moved: U[I∘φ] = U[I]∘φ for one tap (T2.h), a field that moves with the image, covariant and "
        "not invariant. A shift by one pixel already changes U at a pixel, with K = 1 and exact Jacobians, where every "
        "other objection is silent. Invariant is what is pooled over the plane afterwards (U.pool)."
    ),
    hypotheses={"φ a diffeomorphism": Hypothesis("det dφ(x) ≠ 0", lambda det_dphi: det_dphi != 0)},
    routes=(
        Route(
            "a shift by one pixel",
            Method.EXACT,
            title,
            {},
            {
                "no warp": {"warp": identity},
                "an image with one Jacobian": {"image": flat},
                "U[I] at φ(x)": {"place": "φ(x)"},
            },
        ),
        Route("a warp that bends", Method.EXACT, title, {"warp": bend}, {"U[I] at φ(x)": {"place": "φ(x)"}}),
    ),
    controls=(Witness("U[I∘φ](x) = U[I](φ(x))", title, {"place": "φ(x)"}),),
)

E = Matrix.of([[1, 0], [0, 1], [0, 0]])


def rank_two(J: Matrix) -> bool:
    return (J.T @ J).det() != 0


def convolved(second: Matrix = -E, first: Matrix = E) -> Evidence:
    """Two taps w = I on two Jacobians of rank 2."""
    out = total([first, second])
    return equal(rank_two(out), True, what="the output has rank 2", J=[first, second], w="I, I", output=out)


def deviation(second: Matrix = 2 * E, first: Matrix = E) -> Evidence:
    """Channels E, 2E, 3E: J_c − J̄ of the second channel."""
    out = deviations([first, second, 3 * E])[1]
    return equal(rank_two(out), True, what="V₂ has rank 2", J=[first, second, 3 * E], V=out.T @ out)


CLOSED = Statement(
    id="O.closed",
    paper=PAPER,
    name="closed under the layer's operations",
    source="Kan et al., sections 2.1 to 2.3 (O ⊂ GL(3, 2), V ∈ GL(2, 2))",
    summary="the outputs O lie in GL(3,2) and V in GL(2,2) if the inputs lie in GL(3,2)",
    claim=(
        "If every J_ij is a 3×2 matrix of full rank, so is every output of the convolution, and every {let:V = (J_c "
        "− J̄)ᵀ(J_c − J̄)} is invertible."
    ),
    verdict=Verdict.REFUTED,
    grade=Grade.REFUTED,
    correction=(
        "Matrices of rank 2 are closed under none of it: E + (−E) has rank 0, two taps w = I on two pixels of opposite "
        "gradients; and a channel that equals the mean of the channels has V = 0, whose logarithm the layer then "
        "takes. Sums of generic ones do have rank 2; where they have not, U is undefined, which is C4.d."
    ),
    hypotheses={"inputs of rank 2": Hypothesis("every J has rank 2", lambda J: all(map(rank_two, J)))},
    routes=(
        Route("a sum of two taps", Method.EXACT, convolved, {}, {"J and J": {"second": E}}),
        Route("a channel at the mean", Method.EXACT, deviation, {}, {"off the mean": {"second": E}}),
    ),
    controls=(Witness("E + E has rank 2", convolved, {"second": E}),),
)
