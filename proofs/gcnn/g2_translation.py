"""G2: planar correlation commutes with translations."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.controls import BACK, FORWARD, PSI, PSI_TURNED
from invariance_proofs.gcnn.functions import correlate, given, move
from invariance_proofs.gcnn.layers import convolve
from invariance_proofs.gcnn.motions import shift, window
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import (
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


def any_group(filter_moved: Formula = PSI, out: Formula = FORWARD) -> Evidence:
    """Translations t, x act on y; nothing else is used of Z², so they need not even commute."""
    t, x, y = letters("t x y")
    f, psi = function("f"), function("ψ")
    left = correlate(move(t, f), filter_moved(t, psi), [y])(x)
    right = move(out(t), correlate(f, psi, [y]))(x)
    return reindexed(left, right, "[L_t f]⋆ψ = L_t[f⋆ψ]", over=y, acting=[t, x])


def generic_window(out: Formula = FORWARD) -> Evidence:
    """Generic 3×3 image and 2×2 filter, all shifts by at most 2, every output that sees anything."""
    image, taps = window(0, 2), window(0, 1)
    values, weights = unknowns(f=9, psi=4)
    f, psi = given(dict(zip(image, values, strict=True))), given(dict(zip(taps, weights, strict=True)))
    planar = correlate(f, psi, image)
    residuals = [
        correlate(move(shift(*t), f), psi, [shift(*t)(y) for y in image])(shift(*x))
        - planar((~out(shift(*t)))(shift(*x)))
        for t, x in product(window(-2, 2), window(-3, 4))
    ]
    return vanishes(residuals, what="[L_t f]⋆ψ = L_t[f⋆ψ]")


def framed(image: Matrix, corner: tuple[int, int], size: int) -> Matrix:
    """The image with its corner at this pixel of a frame of zeros; what leaves the frame is cut off."""
    return Matrix.of(
        [
            image[i - corner[0], j - corner[1]]
            if 0 <= i - corner[0] < image.shape[0] and 0 <= j - corner[1] < image.shape[1]
            else 0
            for j in range(size)
        ]
        for i in range(size)
    )


def raw_layer(draw: Draw, sign: int = 1) -> Any:
    """Two channels, 3×3 filters, an image of 3×3 pixels in a frame of 7×7, shifted by (0, 1), (1, 0) and (1, 1)."""
    images, kernels = [draw.matrix(3, 3) for _ in range(2)], [draw.matrix(3, 3) for _ in range(2)]
    still = convolve([framed(image, (1, 1), 7) for image in images], kernels, padding=1)
    for t in ((0, 1), (1, 0), (1, 1)):
        moved = convolve([framed(image, (1 + t[0], 1 + t[1]), 7) for image in images], kernels, padding=1)
        yield moved - framed(still, (sign * t[0], sign * t[1]), 7)


def one_row(*, stride: int = 1, at: int = 0, step: int = 1, size: int = 3) -> Evidence:
    """A pixel of value 1 in a row, one tap: [L_t f]⋆ψ against L_t[f⋆ψ] for t = `step` pixels along the row.

    With a stride the outputs are moved by step/stride, rounded down.
    """
    image, moved = (Matrix.of([[int(j == place) for j in range(size)]]) for place in (at, at + step))
    psi, by = Matrix.of([[1]]), step // stride
    left, still = convolve([moved], [psi], stride), convolve([image], [psi], stride)
    right = Matrix.of([[0] * by + list(still.rows[0])[: still.shape[1] - by]])
    numbers = {"f": {(0, at): 1}, "frame": [(0, j) for j in range(size)], "t": (0, step)}
    return equal(left, right, what="[L_t f]⋆ψ = L_t[f⋆ψ]", psi=psi, stride=stride, **numbers)


def entering_the_frame(f: tuple[int, int] = (0, -1), size: int = 1) -> Evidence:
    """f = 1 at a pixel, shifted by (0, 1): from just outside a frame of one pixel it moves in."""
    image, moved = (
        Matrix.of([int((i, j) == (f[0], f[1] + t)) for j in range(size)] for i in range(size)) for t in (0, 1)
    )
    psi = Matrix.of([[1]])
    still = convolve([image], [psi])
    return equal(
        convolve([moved], [psi]),
        framed(still, (0, 1), size),
        what="[L_t f]⋆ψ = L_t[f⋆ψ] in a frame that cuts f off",
        f={f: 1},
        frame=window(0, size - 1),
        psi=psi,
        t=(0, 1),
        stride=1,
    )


G2 = Statement(
    id="G2",
    paper=PAPER,
    name="planar correlation and translations",
    source="Cohen & Welling, section 5 (slides: equivariance of CNNs)",
    summary="planar correlation commutes with translations",
    claim=(
        "{let:[f⋆ψ](x) = Σ_y Σ_k f_k(y) ψ_k(y − x)} satisfies [L_t f]⋆{filter_moved} = {out[L_t]}[f⋆ψ] for every t ∈ "
        "Z². On a finite image this holds as long as nothing is cut off at the frame, and with stride s for t ∈ sZ² "
        "alone."
    ),
    over="groups",
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "nothing is cut off": Hypothesis(
            "f has finite support, all of it inside the frame before and after the shift",
            lambda f, frame, t: all({(i, j), (i + t[0], j + t[1])} <= set(frame) for i, j in f),
        ),
        "stride 1": Hypothesis("an output at every pixel", lambda stride: stride == 1),
    },
    routes=(
        Route(
            "substitution y ↦ ty",
            Method.SYMBOLIC,
            any_group,
            mutants=instead("filter_moved", PSI_TURNED) | instead("out", BACK),
            over="groups",
        ),
        Route(
            "generic image and filter",
            Method.RING,
            generic_window,
            mutants=instead("out", BACK),
            at="3×3 and 2×2",
            cases=1600,
        ),
        Route(
            "raw layer in a frame",
            Method.RANDOM,
            schwartz_zippel,
            {"residual": raw_layer, "what": "the raw layer"},
            {"moved by −t": {"residual": partial(raw_layer, sign=-1)}},
            cases=147,
        ),
    ),
    controls=(
        Dropped("nothing is cut off", entering_the_frame),
        Witness("inside a frame of two", entering_the_frame, {"f": (1, 0), "size": 2}),
        Dropped("stride 1", one_row, {"stride": 2}),
        Witness("stride 2, t = 2", one_row, {"stride": 2, "step": 2}, without="stride 1"),
        Witness("stride 1, t = 1", one_row),
    ),
    assumed=("a finite sum does not depend on the order of its terms",),
)
