"""G8.literal: a stride breaks rotation equivariance, with the smallest counterexample."""

from __future__ import annotations

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.layers import act, lift, turn
from invariance_proofs.gcnn.motions import P4, TURN
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal
from invariance_proofs.statement import Evidence, Hypothesis, Method, Route, Statement, Verdict, Witness


def corner(n: int, k: int, s: int, p: int = 0) -> Evidence:
    """f = 1 in a corner, ψ = 1 at the middle tap: [L_r f]⋆ψ against L_r[f⋆ψ] for the quarter turn."""
    f, psi = (
        Matrix.of([int(i == j == place) for j in range(size)] for i in range(size))
        for size, place in ((n, 0), (k, k // 2))
    )
    still, moved = lift(P4, [f], [psi], s, p), lift(P4, [turn(TURN, f)], [psi], s, p)
    numbers = {"f": f, "psi": psi, "stride": s, "padding": p}
    return equal(list(moved), list(act(P4, TURN, still)), what="[L_r f]⋆ψ = L_r[f⋆ψ]", **numbers)


SMALLEST = {"n": 2, "k": 1, "s": 2, "p": 0}
PADDED = {"n": 4, "k": 3, "s": 2, "p": 1}

G8_literal = Statement(
    id="G8.literal",
    paper=PAPER,
    name="strides, naively",
    source="Cohen & Welling, sections 6.3 and 8.2, as commonly implemented",
    summary="a strided layer of a p4 network commutes with quarter turns of the image",
    claim=(
        "{let:[L_r f]⋆ψ = L_r[f⋆ψ]} for the quarter turn r and a lifting or group layer of any stride on an n×n image."
    ),
    at="2 pixels, 1 tap, stride 2, and 4 pixels, 3×3 taps",
    hypotheses={"square image": Hypothesis("n×n pixels, at least one window", lambda f, psi: f.shape >= psi.shape)},
    verdict=Verdict.REFUTED,
    correction=(
        "Stride 2 on 2×2 pixels keeps the pixel in one corner and loses it when it is turned into the next. On Z² the "
        "samples sZ² are turned about a sample; on arrays the image turns about its centre, and the samples are "
        "centred only if (n + 2p − k) mod s = 0 (G8.stride)."
    ),
    routes=(
        Route("2 pixels, 1 tap", Method.EXACT, corner, SMALLEST, {"stride 1": {"s": 1}, "one pixel": {"n": 1}}),
        Route(
            "4 pixels, 3×3 taps, padding 1", Method.EXACT, corner, PADDED, {"5 pixels": {"n": 5}, "stride 1": {"s": 1}}
        ),
    ),
    controls=(Witness("3 pixels, 1 tap", corner, SMALLEST | {"n": 3}),),
)
