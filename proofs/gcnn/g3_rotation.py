"""G3: what planar correlation does under rotations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.controls import BACK, FORWARD, PSI, PSI_TURNED, PSI_TURNED_BACK
from invariance_proofs.gcnn.functions import Function, conjugate, correlate, given, move
from invariance_proofs.gcnn.layers import convolve, turn
from invariance_proofs.gcnn.motions import GROUPS, P4M, TURN, Motion, shift, window
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


def planar(f: Function, psi: Function, over: list[Any]) -> Function:
    """[f⋆ψ](x) for points x of Z²."""
    at = correlate(f, psi, over)
    return lambda x: at(shift(*x))


def any_group(psi_by: Formula = PSI_TURNED_BACK) -> Evidence:
    """r normalises the translations x: r⁻¹xr is one. Then [L_r f]⋆ψ = L_r[f⋆L_{r⁻¹}ψ]."""
    r, x, y = letters("r x y")
    f, psi = function("f"), function("ψ")
    left = correlate(move(r, f), psi, [y])(x)
    right = conjugate(r, correlate(f, psi_by(r, psi), [y]))(x)
    return reindexed(left, right, f"[L_r f]⋆ψ = L_r[f⋆{psi_by}]", over=y, acting=[r, x])


def every_rotation(groups: Sequence[str] = tuple(GROUPS), psi_by: Formula = PSI_TURNED_BACK) -> Evidence:
    """Generic 3×3 image and 2×2 filter, every r ∈ H, all outputs within 3 of the origin."""
    values, weights = unknowns(f=9, psi=4)
    image = window(-1, 1)
    f = given(dict(zip(image, values, strict=True)))
    psi = given(dict(zip(window(0, 1), weights, strict=True)))
    residuals = []
    for r in (r for name in groups for r in GROUPS[name]):
        left = planar(move(r, f), psi, [r(y) for y in image])
        right = move(r, planar(f, psi_by(r, psi), image))
        residuals += [left(x) - right(x) for x in window(-3, 3)]
    return vanishes(residuals, what=f"[L_r f]⋆ψ = L_r[f⋆{psi_by}]")


def raw_layer(draw: Draw, by: Formula = BACK) -> Any:
    """Two channels of 3×3 pixels, 2×2 filters, every r of p4m, about the centre of the image."""
    images, kernels = [draw.matrix(3, 3) for _ in range(2)], [draw.matrix(2, 2) for _ in range(2)]
    for r in P4M:
        left = convolve([turn(r, f) for f in images], kernels, padding=1)
        right = convolve(images, [turn(by(r), psi) for psi in kernels], padding=1)
        yield left - turn(r, right)


def one_pixel(r: Motion = TURN, tap: tuple[int, int] = (0, 1), psi_by: Formula = PSI_TURNED_BACK) -> Evidence:
    """f = 1 at the origin, ψ = 1 at one tap: the sides compared on the 3×3 pixels around the origin."""
    f, psi = given({(0, 0): 1}), given({tap: 1})
    left = planar(move(r, f), psi, window(-3, 3))
    right = move(r, planar(f, psi_by(r, psi), window(-3, 3)))
    sides = [{x: side(x) for x in window(-2, 2) if side(x)} for side in (left, right)]
    what = f"[L_r f]⋆ψ = L_r[f⋆{psi_by}]"
    return equal(*sides, what=what, f={(0, 0): 1}, psi={tap: 1}, r=r.matrix())


BY_WORDS = Route(
    "substitution y ↦ ry", Method.SYMBOLIC, any_group, mutants=instead("psi_by", PSI_TURNED, PSI), over="groups"
)

G3 = Statement(
    id="G3",
    paper=PAPER,
    name="planar correlation under rotations",
    source="Cohen & Welling, section 5 (slides: lack of rotation equivariance)",
    summary="[L_r f]⋆ψ = L_r[f⋆{psi_by}]",
    claim=(
        "For every r of the point group, [L_r f]⋆ψ = L_r[f⋆{psi_by}]: correlating a turned image is correlating the "
        "image with the filter turned back, and turning the result. More generally for functions on a normal "
        "subgroup N and r in the whole group, with {let:(L_r F)(x) = F(r⁻¹xr)}."
    ),
    over="groups",
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "r fixes the origin": Hypothesis(
            "r ∈ H, so that r⁻¹xr and r⁻¹x are one translation", lambda r: r[0, 2] == r[1, 2] == 0
        )
    },
    routes=(
        BY_WORDS,
        Route(
            "generic image and filter",
            Method.RING,
            every_rotation,
            mutants=instead("psi_by", PSI),
            over="groups",
            cases=1029,
        ),
        Route(
            "raw layer",
            Method.RANDOM,
            schwartz_zippel,
            {"residual": raw_layer, "what": "the raw layer"},
            {str(PSI_TURNED): {"residual": partial(raw_layer, by=FORWARD)}},
            at="p4m",
            cases=128,
        ),
    ),
    controls=(
        Dropped("r fixes the origin", one_pixel, {"r": shift(0, 1), "tap": (0, 0)}),
        Witness("a quarter turn, a tap off the centre", one_pixel),
    ),
    assumed=("a finite sum does not depend on the order of its terms",),
)
