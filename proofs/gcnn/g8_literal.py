"""G8.literal: a stride breaks rotation equivariance, with the smallest counterexample."""

from __future__ import annotations

from functools import partial

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.layers import act, lift, turn
from invariance_proofs.gcnn.motions import P4, TURN
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal
from invariance_proofs.statement import Evidence, Method, Route, Statement, Verdict, Witness


def corner(n: int, k: int, s: int, p: int) -> Evidence:
    """f = 1 in a corner, ψ = 1 at the middle tap: [L_r f]⋆ψ against L_r[f⋆ψ] for the quarter turn."""
    f, psi = (
        Matrix.of([int(i == j == place) for j in range(size)] for i in range(size))
        for size, place in ((n, 0), (k, k // 2))
    )
    still, moved = lift(P4, [f], [psi], s, p), lift(P4, [turn(TURN, f)], [psi], s, p)
    numbers = {"f": f, "psi": psi, "stride": s, "padding": p}
    return equal(list(moved), list(act(P4, TURN, still)), what="[L_r f]⋆ψ = L_r[f⋆ψ]", **numbers)


G8_literal = Statement(
    id="G8.literal",
    paper=PAPER,
    name="strides, naively",
    source="Cohen & Welling, sections 6.3 and 8.2, as commonly implemented",
    summary="a strided layer of a p4 network commutes with quarter turns of the image",
    claim="[L_r f]⋆ψ = L_r[f⋆ψ] for the quarter turn r and a lifting or group layer of any stride on an n×n image.",
    sizes="2 pixels, 1 tap, stride 2: the smallest, since one pixel or stride 1 leaves nothing over",
    verdict=Verdict.REFUTED,
    correction=(
        "Stride 2 on 2×2 pixels keeps the pixel in one corner and loses it when it is turned into the next. On Z² the "
        "samples sZ² are turned about a sample; on arrays the image turns about its centre, and the samples are "
        "centred only if (n + 2p − k) mod s = 0 (G8.stride)."
    ),
    routes=(
        Route("2 pixels, 1 tap, stride 2", Method.EXACT, partial(corner, 2, 1, 2, 0)),
        Route("4 pixels, 3×3 taps, stride 2, padding 1", Method.EXACT, partial(corner, 4, 3, 2, 1)),
    ),
    controls=(
        Witness("stride 1", partial(corner, 2, 1, 1, 0)),
        Witness("one pixel", partial(corner, 1, 1, 2, 0)),
        Witness("5 pixels, 3×3 taps, stride 2, padding 1", partial(corner, 5, 3, 2, 1)),
    ),
)
