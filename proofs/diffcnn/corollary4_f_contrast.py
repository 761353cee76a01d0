"""C4.f: contrast and brightness leave U alone, mixing colours does not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.corollary3_a_sign import TURN
from invariance_proofs.diffcnn.corollary4_a_invariance import E1, E2, E3, same_output
from invariance_proofs.diffcnn.images import features
from invariance_proofs.diffcnn.layers import (
    BRANCHES,
    flip,
    gram_determinants,
    invariant,
    on_branches,
    unequal_invariants,
)
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.statement import (
    Chain,
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

ONE = Matrix.identity(3)
SCALAR = 2 * ONE
SWAP = Matrix.of([[0, -1, 0], [1, 0, 0], [0, 0, 1]])


def homogeneity(power: int = 4) -> Evidence:
    """det V is of degree 4 in J, so g gains 4 log|a| in every channel."""
    J, a = unknowns(J=(3, 2), a=1)
    scaled = a * J
    return vanishes((scaled.T @ scaled).det() - a**power * (J.T @ J).det(), what=f"det V(aJ) = a^{power} det V(J)")


def sign_kept(power: int = 4) -> Evidence:
    """det(JᵀAJ) is of even degree in J, so the sign in Φ is kept."""
    J, A, a = unknowns(J=(3, 2), A=(3, 3), a=1)
    scaled = a * J
    what = f"det(aJᵀ A aJ) = a^{power} det(JᵀAJ)"
    return vanishes((scaled.T @ A @ scaled).det() - a**power * (J.T @ A @ J).det(), what=what)


ITSELF = Formula.of(lambda a: a)
POSITIVE = Formula.of(lambda a: abs(a))


def nonlinearity(factors: Sequence[int] = (-3, -1, 2), out: Formula = ITSELF) -> Evidence:
    """Φ(aJ) = a Φ(J), negative a included, on both branches."""
    jacobians = [Matrix.of([[1, 2], e[:2], e[2:]]) for e in product((-1, 0, 1), repeat=4)]
    return for_all(
        product(jacobians, factors),
        lambda case: flip(case[1] * case[0], TURN) == out(case[1]) * flip(case[0], TURN),
        "(J, a): Φ(aJ) = aΦ(J)",
    )


def raw_network(draw: Draw, signs: tuple[int, ...], factors: int) -> object:
    """aI + b with this many different factors a for the colours of a quadratic image; two taps, three channels."""
    image = [draw.vector(5) for _ in range(3)]
    a, b = (draw.vector(factors) * 3)[:3], draw.vector(3)
    kernels = [{k: draw.matrix(3, 3) for k in ((0, 0), (1, 0))} for _ in signs]

    def still(x: Any, y: Any) -> list[Any]:
        return [p * x + q * y + r * x * x + s * x * y + t * y * y for p, q, r, s, t in image]

    def changed(x: Any, y: Any) -> list[Any]:
        return [c * colour + offset for c, colour, offset in zip(a, still(x, y), b, strict=True)]

    before, after = (gram_determinants(on_branches(signs, features(f, kernels, (2, 3)))) for f in (still, changed))
    return unequal_invariants(before, after)


def every_branch(factors: int = 1) -> Evidence:
    networks = {s: partial(raw_network, signs=s, factors=factors) for s in BRANCHES}
    return all_of(*(schwartz_zippel(network, what=f"branches {s} of Φ") for s, network in networks.items()))


def mixed(B: Matrix) -> Evidence:
    """U of the channels BJ_c against U of J_c."""
    J = [E1, E2, E3]
    return same_output([B @ j for j in J], J, what="U(BI) = U(I)", J=J, B=B)


def rotations_differ(B: Matrix = SWAP) -> Evidence:
    """A rotation of colour space in front of a K = 1 convolution: w_c does not commute with it."""
    W = [Matrix.diagonal(1, 2, 3), Matrix.diagonal(2, 1, 1), Matrix.diagonal(3, 1, 4)]
    J = Matrix.of([[1, 0], [0, 1], [1, 2]])
    before, after = invariant([w @ J for w in W]), invariant([w @ B @ J for w in W])
    return check(before != after, "U(BI) ≠ U(I)", J=J, B=B, w=W)


C4_f = Statement(
    id="C4.f",
    paper=PAPER,
    name="contrast, brightness, colour",
    source="Kan et al., equations (3)–(5)",
    summary=(
        "U is the same for I and aI + b, whatever the contrast a, but none, and the colour b: det V takes a{power:^} "
        "in every channel; mixing colours changes U"
    ),
    claim=(
        "For a contrast a other than none and b ∈ R³ the output of convolution, Φ and invariant layer is the same "
        "for aI + b as for I: {let:d(aI + b) = a dI}, Φ(aJ) = {out}Φ(J), det V_c ↦ a{power:^} det V_c. With a "
        "general B ∈ GL(3) acting on colours it is not, not even for diagonal B, and with a convolution in front not "
        "even for rotations."
    ),
    grade=Grade.DECIDED,
    verdict=Verdict.PROVED,
    hypotheses={
        "a ≠ 0": Hypothesis("the contrast is not lost", lambda B: any(B)),
        "one factor": Hypothesis("the colours are scaled by one factor, not mixed", lambda B: B[0, 0] * ONE == B),
    },
    clauses=(
        Clause(
            "U(aI + b) = U(I)",
            Chain(
                "homogeneous of degree 4",
                Route("det V", Method.RING, homogeneity, mutants=instead("power", 2)),
                Route("the sign in Φ", Method.RING, sign_kept, mutants=instead("power", 3)),
            ),
            Route(
                "Φ on both branches",
                Method.EXHAUSTIVE,
                nonlinearity,
                mutants={"Φ(aJ) = |a|Φ(J)": {"out": POSITIVE}},
                cases=243,
            ),
            Route("raw network, two taps, C = 3", Method.RANDOM, every_branch, mutants=instead("factors", 3), cases=12),
        ),
        Clause(
            "not for rotations of colour space, K = 1",
            Route("w_c does not commute", Method.EXACT, rotations_differ, mutants={"a scalar": {"B": SCALAR}}),
            finite=True,
        ),
    ),
    controls=(
        Dropped("a ≠ 0", mixed, {"B": 0 * SCALAR}),
        Dropped("one factor", mixed, {"B": Matrix.diagonal(1, 1, 2)}),
        Witness("a = 2 on the same channels", mixed, {"B": SCALAR}),
        Witness("a rotation behind the convolution", mixed, {"B": SWAP}, without="one factor"),
    ),
)
