"""C4.b: one channel leaves nothing, two channels carry nothing."""

from __future__ import annotations

from functools import partial

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.corollary4_a_invariance import E1, E2, E3
from invariance_proofs.diffcnn.layers import deviations, gram_determinants, invariant
from invariance_proofs.routes.coq import closed
from invariance_proofs.routes.exact import check, equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of


def generic() -> Evidence:
    J, K = unknowns(J=(3, 2), K=(3, 2))
    first, second = deviations([J, K])
    return all_of(
        vanishes(deviations([J]), what="C = 1: J − J̄ = 0"),
        vanishes(first + second, first.T @ first - second.T @ second, what="C = 2: V₁ = V₂"),
    )


def raw_layer(draw: Draw, channels: int = 2) -> object:
    """det V of a single channel, and det V₁ − det V₂ of `channels` of them."""
    J = [draw.matrix(3, 2) for c in range(channels)]
    first, second, *_ = gram_determinants(J)
    return [first - second, *gram_determinants(J[:1])]


def three() -> Evidence:
    J = [E1, E2, E3]
    return equal(invariant(J), [1, 1, 1], what="exp(C·U) = 1", J=J)


C4_b = Statement(
    id="C4.b",
    paper=PAPER,
    name="how many channels the invariant layer needs",
    source="Kan et al., equations (4) and (5)",
    summary="C = 1: V = 0, U undefined; C = 2: V₁ = V₂, so U ≡ 0; the layer needs C ≥ 3",
    claim=(
        "With one channel J − J̄ = 0, so V = 0 and U is undefined everywhere. With two, J₁ − J̄ = −(J₂ − "
        "J̄), so V₁ = V₂ and U ≡ 0 where it is defined, whatever the image. With three, U is not constant."
    ),
    sizes="C = 1 and C = 2, 3×2 Jacobians symbolic",
    verdict=Verdict.PROVED,
    hypotheses={"at most two channels": "C ≤ 2"},
    routes=(
        Route("generic Jacobians", Method.RING, generic),
        Route("raw layer", Method.RANDOM, partial(schwartz_zippel, raw_layer, what="det V = 0; det V₁ = det V₂")),
        Route("every size", Method.COQ, partial(closed, "C4_b_channels", "one_channel", "two_channels")),
    ),
    controls=(
        Dropped("at most two channels", three),
        Mutant("det V₁ = det V₂ for C = 3", partial(schwartz_zippel, partial(raw_layer, channels=3), what="C = 3")),
        Witness("U is defined for C = 2", lambda: check(invariant([E1, E2]) == [1, 1], "exp(C·U) = (1, 1)")),
    ),
)
