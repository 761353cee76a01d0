"""C4.d: exactly when a pixel is degenerate.

The gradients of a window are the 3K² rows of its Jacobians (one for each pixel and colour). For one input channel
J_c − J̄ = N_c·(the gradients stacked), where N_c = w_c − w̄ is 3×3K².
"""

from __future__ import annotations

from functools import partial
from itertools import combinations

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.layers import gram_determinants, total
from invariance_proofs.matrix import Matrix, cross
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of


def one_line(taps: int = 2) -> Evidence:
    """All gradients on one line, (colour u) × (direction r): every D = N (u rᵀ) has det(DᵀD) = 0, for any N."""
    N, u, r = unknowns(N=(3, 3 * taps), u=3 * taps, r=2)
    D = N @ Matrix.of([x * y for y in r] for x in u)
    return vanishes((D.T @ D).det(), what=f"{taps} taps, gradients on one line: det V = 0 for every kernel")


def single_tap() -> Evidence:
    """K = 1: det V_c = |cof(N_c)(j₁×j₂)|², so an invertible N_c is degenerate exactly where rank J ≤ 1."""
    N, J = unknowns(N=(3, 3), J=(3, 2))
    D = N @ J
    n = N.cofactors() @ Matrix.from_columns(cross(*J.columns))
    return vanishes((D.T @ D).det() - (n.T @ n)[0, 0], what="K = 1: det V = |cof(N)(j₁×j₂)|²")


def selectors(taps: int) -> Evidence:
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
            [factor * Matrix.of(row[3 * k : 3 * k + 3] for row in N.rows) + three for k in range(taps)]
            for factor in (1, 1, -2)
        ]
        dets = gram_determinants([total([tap @ j for tap, j in zip(c, pixels, strict=True)]) for c in w])
        invertible = all(tap.det() != 0 for channel in w for tap in channel)
        return invertible and dets == [81 * factor**4 * area**2 for factor in (1, 1, -2)]

    pairs = combinations(range(3 * taps), 2)
    return for_all(pairs, answers, f"{taps} taps, pair of gradients: det V_c is a multiple of det(r, s)², not 0")


def grey_image(taps: int) -> Evidence:
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
    return check(not all(dets), "some det V_c = 0", J=J, w=kernels, det_V=dets)


KERNELS = [((1, 1, 1), (1, 1, 1)), ((2, 1, 1), (1, 1, 2)), ((1, 3, 1), (1, 2, 1))]
"""Diagonals of w_{c,k}: three channels, two taps."""

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
    sizes="⇒ every number of taps (written out for 4); ⇐ 1, 2 and 4 taps",
    verdict=Verdict.PROVED,
    hypotheses={"one line": "the gradients of the window are parallel"},
    routes=(
        Route("gradients on one line, generic kernel", Method.RING, lambda: all_of(one_line(1), one_line(4))),
        Route("K = 1 in closed form", Method.RING, single_tap),
        Route("a kernel for every pair of gradients", Method.EXHAUSTIVE, lambda: all_of(*map(selectors, (1, 2, 4)))),
    ),
    controls=(
        Dropped("one line", colourful),
        Mutant("grey ⇒ degenerate for two taps", partial(grey_image, 2)),
        Witness("grey ⇒ degenerate for one tap", partial(grey_image, 1)),
    ),
)
