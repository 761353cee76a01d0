"""C4.d: exactly when a pixel is degenerate.

The gradients of a window are the 3K² rows of its Jacobians (one for each pixel and colour). For one input channel
J_c − J̄ = N_c·(the gradients stacked), where N_c = w_c − w̄ is 3×3K².
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.layers import gram_determinants, total
from invariance_proofs.matrix import Matrix, cross
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
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

COFACTORS = Formula("cof(N)", Matrix.cofactors)
ITSELF = Formula("N", lambda N: N)


def one_line(taps: Sequence[int] = (1, 4), directions: int = 1) -> Evidence:
    """Gradients in a space of 1 dimension: every D = N (U R), U 3K²×1, has det(DᵀD) = 0, for any N."""

    def residual(n: int) -> object:
        N, U, R = unknowns(N=(3, 3 * n), U=(3 * n, directions), R=(directions, 2))
        D = N @ (U @ R)
        return (D.T @ D).det()

    return vanishes(
        [residual(n) for n in taps], what=f"gradients in {directions} dimension: det V = 0 for every kernel"
    )


def single_tap(B: Formula = COFACTORS) -> Evidence:
    """K = 1: det V_c = |cof(N_c)(j₁×j₂)|², so an invertible N_c is degenerate exactly where rank J ≤ 1."""
    N, J = unknowns(N=(3, 3), J=(3, 2))
    D = N @ J
    n = B(N) @ Matrix.from_columns(cross(*J.columns))
    return vanishes((D.T @ D).det() - (n.T @ n)[0, 0], what=f"K = 1: det V = |{B}(j₁×j₂)|²")


def selectors(taps: int, factor: int = 81) -> Evidence:
    """Two gradients that are not parallel: an invertible kernel whose three channels all have det V ≠ 0.

    N picks the two gradients r, s; w₁ = w₂ = N + 3I and w₃ = −2N + 3I (at every tap) have w_c − w̄ = N, N, −2N.
    """
    (J,) = unknowns(J=(3 * taps, 2))
    pixels, three = [Matrix(J.rows[3 * k : 3 * k + 3]) for k in range(taps)], 3 * Matrix.identity(3)

    def answers(pair: tuple[int, int]) -> bool:
        pick = Matrix.of([int(column == row) for column in range(3 * taps)] for row in pair)
        N = Matrix((*pick.rows, (0,) * (3 * taps)))
        area = Matrix((J.rows[pair[0]], J.rows[pair[1]])).det()
        w = [
            [scale * Matrix.of(row[3 * k : 3 * k + 3] for row in N.rows) + three for k in range(taps)]
            for scale in (1, 1, -2)
        ]
        dets = gram_determinants([total([tap @ j for tap, j in zip(c, pixels, strict=True)]) for c in w])
        invertible = all(tap.det() != 0 for channel in w for tap in channel)
        return invertible and dets == [factor * scale**4 * area**2 for scale in (1, 1, -2)]

    pairs = combinations(range(3 * taps), 2)
    return for_all(pairs, answers, f"{taps} taps, pair of gradients: det V_c is a multiple of det(r, s)², not 0")


def grey_image(taps: int = 1) -> Evidence:
    """Grey: J(x) = u ∇(x)ᵀ with one colour u. A second tap may see a second direction of ∇."""
    J = [Matrix.of([slope] * 3) for slope in ((1, 0), (0, 1))][:taps]
    kernels = [[Matrix.diagonal(*s) for s in pair] for pair in KERNELS]
    outputs = [total([w @ j for w, j in zip(kernel, J, strict=False)]) for kernel in kernels]
    dets = gram_determinants(outputs)
    return check(not any(dets), "a grey image is degenerate", J=J, w=kernels, det_V=dets)


def colourful() -> Evidence:
    """K = 1, rank J = 2."""
    J = Matrix.of([[1, 0], [0, 1], [0, 0]])
    kernels = [Matrix.diagonal(*pair[0]) for pair in KERNELS]
    dets = gram_determinants([w @ J for w in kernels])
    return check(not all(dets), "some det V_c = 0", J=[J], w=kernels, det_V=dets)


def parallel(J: Sequence[Matrix]) -> bool:
    """Whether all rows of these Jacobians lie on one line."""
    rows = [row for pixel in J for row in pixel.rows]
    return not any(Matrix(pair).det() for pair in combinations(rows, 2))


KERNELS = [((1, 1, 1), (1, 1, 1)), ((2, 1, 1), (1, 1, 2)), ((1, 3, 1), (1, 2, 1))]
"""Diagonals of w_{c,k}: three channels, two taps."""

IN_A_PLANE = {"gradients in a plane": {"directions": 2, "taps": (1,)}}
FACTOR = instead("factor", 80)

C4_d = Statement(
    id="C4.d",
    paper=PAPER,
    name="degenerate pixels",
    source="Kan et al., equations (4) and (5)",
    summary="det V = 0 for every kernel ⇔ all gradients of the window lie on one line; K = 1: ⇔ rank J ≤ 1",
    claim=(
        "For one input image and C ≥ 3: every kernel gives det V_c = 0 at a pixel iff the 3K² gradients of "
        "its window (each colour, each tap) lie on one line through 0; otherwise some invertible w_{c,k} make "
        "all det V_c ≠ 0. So flat windows and windows that depend on one direction only (a straight edge, "
        "stripes) are degenerate for every K. For K = 1 the condition is rank J ≤ 1: every grey or "
        "one-channel image is degenerate everywhere, and with N_c = w_c − w̄ the exact value is det V_c = "
        "|cof(N_c)(j₁×j₂)|². For K ≥ 2 a grey image is degenerate only where its gradient keeps one "
        "direction over the window. Two channels or fewer: see C4.b. Stated without Φ, or with Φ on one "
        "branch for all channels."
    ),
    grade=Grade.LISTED,
    verdict=Verdict.PROVED,
    hypotheses={"one line": Hypothesis("the gradients of the window are parallel", parallel)},
    clauses=(
        Clause(
            "⇒: gradients on one line give det V_c = 0",
            Route("generic kernel", Method.RING, one_line, mutants=IN_A_PLANE, over="taps"),
            over="taps",
        ),
        Clause(
            "K = 1: det V_c = |cof(N_c)(j₁×j₂)|²",
            Route("closed form", Method.RING, single_tap, mutants=instead("B", ITSELF)),
        ),
        Clause(
            "⇐: other gradients give det V_c ≠ 0 for some kernel",
            *(
                Route(f"a kernel for every pair, {K}", Method.RING, selectors, {"taps": K}, FACTOR, over="taps")
                for K in (1, 2, 4)
            ),
            over="taps",
        ),
        Clause(
            "K = 1: grey is degenerate, K = 2 not",
            Route("grey", Method.EXACT, grey_image, mutants=instead("taps", 2)),
            finite=True,
        ),
    ),
    controls=(Dropped("one line", colourful), Witness("grey ⇒ degenerate for one tap", grey_image)),
)
