"""C4.f: contrast and brightness leave U alone, mixing colours does not."""

from __future__ import annotations

from functools import partial
from itertools import product

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.corollary3_a_sign import TURN
from invariance_proofs.diffcnn.corollary4_a_invariance import E1, E2, E3, same_output
from invariance_proofs.diffcnn.images import features
from invariance_proofs.diffcnn.layers import BRANCHES, flip, gram_determinants, on_branches, unequal_invariants
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of


def homogeneity(power: int = 4) -> Evidence:
    """Both determinants are of degree 4 in J, so g gains 4 log|a| in every channel and the sign in Φ is kept."""
    J, A, a = unknowns(J=(3, 2), A=(3, 3), a=1)
    scaled = a * J
    return all_of(
        vanishes((scaled.T @ scaled).det() - a**power * (J.T @ J).det(), what=f"det V(aJ) = a^{power} det V(J)"),
        vanishes((scaled.T @ A @ scaled).det() - a**power * (J.T @ A @ J).det(), what="the same for det(JᵀAJ)"),
    )


def nonlinearity() -> Evidence:
    """Φ(aJ) = a Φ(J), negative a included, on both branches."""
    jacobians = [Matrix.of([[1, 2], e[:2], e[2:]]) for e in product((-1, 0, 1), repeat=4)]
    return for_all(
        product(jacobians, (-3, -1, 2)),
        lambda case: flip(case[1] * case[0], TURN) == case[1] * flip(case[0], TURN),
        "(J, a): Φ(aJ) = aΦ(J)",
    )


def raw_network(draw: Draw, signs: tuple[int, ...]) -> object:
    """aI + b for a generic quadratic image, two taps, three channels, each channel on a given branch of Φ."""
    image = [draw.vector(5) for _ in range(3)]
    a, b = draw.scalar(), draw.vector(3)
    kernels = [{k: draw.matrix(3, 3) for k in ((0, 0), (1, 0))} for _ in signs]

    def still(x: object, y: object) -> list[object]:
        return [p * x + q * y + r * x * x + s * x * y + t * y * y for p, q, r, s, t in image]  # type: ignore[operator]

    def changed(x: object, y: object) -> list[object]:
        return [a * colour + offset for colour, offset in zip(still(x, y), b, strict=True)]

    before, after = (gram_determinants(on_branches(signs, features(f, kernels, (2, 3)))) for f in (still, changed))
    return unequal_invariants(before, after)


def every_branch() -> Evidence:
    return all_of(*(schwartz_zippel(partial(raw_network, signs=s), what=f"branches {s} of Φ") for s in BRANCHES))


def mixed(B: Matrix) -> Evidence:
    """U of the channels BJ_c against U of J_c."""
    J = [E1, E2, E3]
    return same_output([B @ j for j in J], J, what="U(BI) = U(I)", J=J, B=B)


def rotated_colours() -> Evidence:
    """A rotation of colour space in front of a K = 1 convolution: w_c does not commute with it."""
    B = Matrix.of([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    W = [Matrix.diagonal(1, 2, 3), Matrix.diagonal(2, 1, 1), Matrix.diagonal(3, 1, 4)]
    J = Matrix.of([[1, 0], [0, 1], [1, 2]])
    return same_output([w @ B @ J for w in W], [w @ J for w in W], what="U(BI) = U(I)", J=J, B=B, w=W)


SCALAR = 2 * Matrix.identity(3)

C4_f = Statement(
    id="C4.f",
    paper=PAPER,
    name="contrast, brightness, colour",
    source="Kan et al., equations (3)–(5)",
    summary="U(aI + b) = U(I) for a ≠ 0 and any colour b; mixing colours changes U",
    claim=(
        "For a ≠ 0 and b ∈ R³ the output of convolution, Φ and invariant layer is the same for aI + b as for "
        "I: d(aI + b) = a dI, Φ(aJ) = aΦ(J), det V_c ↦ a⁴ det V_c. With a general B ∈ GL(3) acting on "
        "colours it is not, not even for diagonal B, and with a convolution in front not even for rotations."
    ),
    sizes="all C, any kernel; raw network with two taps, C = 3",
    verdict=Verdict.PROVED,
    hypotheses={"a ≠ 0": "the contrast is not lost", "one factor": "the colours are scaled by one factor, not mixed"},
    routes=(
        Route(
            "homogeneous of degree 4; Φ on both branches", Method.RING, lambda: all_of(homogeneity(), nonlinearity())
        ),
        Route("raw network on a generic image", Method.RANDOM, every_branch),
    ),
    controls=(
        Dropped("a ≠ 0", partial(mixed, 0 * SCALAR)),
        Dropped("one factor", partial(mixed, Matrix.diagonal(1, 1, 2))),
        Mutant("degree 2", partial(homogeneity, 2)),
        Mutant("rotations of colour space, K = 1", rotated_colours),
        Witness("a = 2 on the same channels", partial(mixed, SCALAR)),
        Witness("a rotation behind the convolution", partial(mixed, Matrix.of([[0, -1, 0], [1, 0, 0], [0, 0, 1]]))),
    ),
)
