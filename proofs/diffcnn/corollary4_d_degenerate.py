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
from invariance_proofs.routes.exact import check
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

COFACTORS = Formula.of(lambda N: N.cofactors())
ITSELF = Formula.of(lambda N: N)


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


def any_taps(directions: int = 1) -> Evidence:
    """The same for any number of taps: D = (NU) R, and NU is some 3×1 matrix."""
    g, R = unknowns(g=(3, directions), R=(directions, 2))
    D = g @ R
    return vanishes((D.T @ D).det(), what="D = gRᵀ has det(DᵀD) = 0")


def half_turn(axis: int) -> Matrix:
    return Matrix.diagonal(*(1 if i == axis else -1 for i in range(3)))


def quarter_turn(axis: int) -> Matrix:
    """By 90° about a coordinate axis."""
    b, c = (axis + 1) % 3, (axis + 2) % 3
    entries = {(axis, axis): 1, (b, c): -1, (c, b): 1}
    return Matrix.of([entries.get((i, j), 0) for j in range(3)] for i in range(3))


def one_tap_tells(factor: int = 16) -> Evidence:
    """Two gradients of one tap, colours other than `axis`: diag(s) in channel 1, diag(s)·(half-turn) in channels 2, 3.

    All other taps carry one matrix in every channel; what they add, Z, cancels. det V is a multiple of det(r, s)².
    """
    s, J, Z = unknowns(s=3, J=(3, 2), Z=(3, 2))
    residuals = []
    for axis in range(3):
        one, other = Matrix.diagonal(*s), Matrix.diagonal(*s) @ half_turn(axis)
        a, b = (i for i in range(3) if i != axis)
        area = Matrix((J.rows[a], J.rows[b])).det()
        dets = gram_determinants([one @ J + Z, other @ J + Z, other @ J + Z])
        residuals += [d - factor * k * (s[a] * s[b] * area) ** 2 for d, k in zip(dets, (16, 1, 1), strict=True)]
    return vanishes(residuals, what="one tap, two colours: det V ∝ (s_a s_b det(r, s))²")


def two_taps_tell(share: int = 1) -> Evidence:
    """Gradients c dᵀ and c′d′ᵀ of two taps, Nc = u and N′c′ = v: the kernel with v tells, or the one with Qv.

    |u×v|² + |u×Qv|² = |v|²(|u|² + u_axis²) for the quarter-turn Q of v's plane, and det V ∝ |u×v|² det(d, d′)².
    Up to a cyclic relabelling of the colours the first half-turn is about the last of them.
    """
    s, c, e, d, f, Z = unknowns(s=3, c=3, e=3, d=2, f=2, Z=(3, 2))
    D, residuals = Matrix.diagonal(*s), []
    J, K = (Matrix.of([x * y for y in row] for x in column) for column, row in ((c, d), (e, f)))
    area = Matrix((d, f)).det()
    for axis in range(3):
        left, right = D - D @ half_turn(2), D - D @ half_turn(axis)
        u, v = (N @ Matrix.from_columns(z) for N, z in ((left, c), (right, e)))
        found = 0
        for Q in (Matrix.identity(3), quarter_turn(axis)):
            one, other = D @ J + Q @ D @ K, D @ half_turn(2) @ J + Q @ D @ half_turn(axis) @ K
            found += gram_determinants([one + Z, other + Z, other + Z])[1]
        want = v.squared_norm() * (u.squared_norm() + share * u[axis, 0] ** 2) * area**2
        residuals.append(found - want)
    return vanishes(residuals, what="two taps: det V ∝ |u×v|² det(d, d′)²")


def grey_image(taps: int = 1) -> Evidence:
    """Grey: J(x) = u ∇(x)ᵀ with one colour u. A second tap may see a second direction of ∇."""
    J = [Matrix.of([slope] * 3) for slope in ((1, 0), (0, 1))][:taps]
    kernels = [[Matrix.diagonal(*s) for s in pair] for pair in KERNELS]
    outputs = [total([w @ j for w, j in zip(kernel, J, strict=False)]) for kernel in kernels]
    dets = gram_determinants(outputs)
    return check(not any(dets), "a grey image is degenerate", J=J, w=kernels, det_V=dets)


RANK_2 = Matrix.of([[1, 0], [0, 1], [0, 0]])


def colourful(J: Matrix = RANK_2) -> Evidence:
    """K = 1."""
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

C4_d = Statement(
    id="C4.d",
    paper=PAPER,
    name="degenerate pixels",
    source="Kan et al., equations (4) and (5)",
    summary=(
        "det V vanishes for every kernel ⇔ all gradients of the window lie on one line; one tap: ⇔ J has rank one at "
        "most"
    ),
    claim=(
        "For one input image and three channels or more: every kernel gives det V_c zero at a pixel iff the "
        "gradients of its window (each colour, each tap) lie on one line through the origin; otherwise some "
        "{let:w_ck = R diag(s) R′}, with one s for all taps and channels, make all det V_c differ from zero. So flat "
        "windows and windows that depend on one direction only (a straight edge, stripes) are degenerate for every "
        "K. For one tap the condition is that J has rank one at most: every grey or one-channel image is degenerate "
        "everywhere, and {let:with N_c = w_c − w̄} the exact value is det V_c = |{B[N_c]}(j₁×j₂)|². For more taps a "
        "grey image is degenerate only where its gradient keeps one direction over the window. Two channels or "
        "fewer: see C4.b. Stated without Φ, or with Φ on one branch for all channels."
    ),
    grade=Grade.DECIDED,
    verdict=Verdict.PROVED,
    hypotheses={"one line": Hypothesis("the gradients of the window are parallel", parallel)},
    clauses=(
        Clause(
            "⇒: gradients on one line give det V_c = 0",
            Route("any number of taps", Method.RING, any_taps, mutants=instead("directions", 2)),
            Route("generic kernel, one and four taps", Method.RING, one_line, mutants=IN_A_PLANE, over="taps", cases=2),
        ),
        Clause(
            "K = 1: det V_c = |{B[N_c]}(j₁×j₂)|²",
            Route("closed form", Method.RING, single_tap, mutants=instead("B", ITSELF)),
        ),
        Clause(
            "⇐: two gradients of one tap that are not parallel show in some kernel of the paper's family",
            Route(
                "diag(s) against diag(s)·half-turn", Method.RING, one_tap_tells, mutants=instead("factor", 15), cases=9
            ),
        ),
        Clause(
            "⇐: so do two gradients of two taps",
            Route("two kernels, of which one tells", Method.RING, two_taps_tell, mutants=instead("share", 2), cases=3),
        ),
        Clause(
            "K = 1: grey is degenerate, K = 2 not",
            Route("grey", Method.EXACT, grey_image, mutants=instead("taps", 2)),
            finite=True,
        ),
    ),
    controls=(
        Dropped("one line", colourful),
        Witness("rank 1", colourful, {"J": Matrix.of([[1, 2], [0, 0], [2, 4]])}),
        Witness("grey ⇒ degenerate for one tap", grey_image),
    ),
)
