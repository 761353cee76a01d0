"""C4.b: one channel leaves nothing, two channels carry nothing."""

from __future__ import annotations

from collections.abc import Sequence

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.corollary4_a_invariance import E1, E2, E3
from invariance_proofs.diffcnn.layers import deviations, gram_determinants, invariant
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.coq import pinned
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.statement import (
    Chain,
    Clause,
    Dropped,
    Evidence,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)


def nothing(channels: int = 1) -> Evidence:
    J = unknowns(J=(3, 2), K=(3, 2))[:channels]
    return vanishes(deviations(J), what=f"C = {channels}: J − J̄ = 0")


def opposite(sign: int = -1) -> Evidence:
    first, second = deviations(unknowns(J=(3, 2), K=(3, 2)))
    return vanishes(first - sign * second, what=f"C = 2: J₁ − J̄ = {sign}(J₂ − J̄)")


def equal_forms(channels: int = 2) -> Evidence:
    first, second, *_ = deviations(unknowns(J=(3, 2), K=(3, 2), L=(3, 2))[:channels])
    return vanishes(first.T @ first - second.T @ second, what=f"C = {channels}: V₁ = V₂")


def raw_layer(channels: int = 2) -> Evidence:
    """det V₁ − det V₂ of `channels` channels."""

    def residual(draw: Draw) -> object:
        first, second, *_ = gram_determinants([draw.matrix(3, 2) for c in range(channels)])
        return first - second

    return schwartz_zippel(residual, what=f"C = {channels}: det V₁ = det V₂")


def three(J: Sequence[Matrix] = (E1, E2, E3)) -> Evidence:
    return equal(invariant(J), [1] * len(J), what="exp(C·U) = 1", J=J)


CHANNELS = "fun (F : numFieldType) (m n C : nat) (J : 'I_C -> 'M[F]_(m, n))"
DEFINED = {
    "mean": rf"{CHANNELS} => C%:R^-1 *: \sum_c J c",
    "gram": f"{CHANNELS} (c : 'I_C) => (J c - mean J)^T *m (J c - mean J)",
}
ONE = "forall (F : numFieldType) (m n : nat) (J : 'I_1 -> 'M[F]_(m, n)) (c : 'I_1), "
TWO = "forall (F : numFieldType) (m n : nat) (J : 'I_2 -> 'M[F]_(m, n)), "

C4_b = Statement(
    id="C4.b",
    paper=PAPER,
    name="how many channels the invariant layer needs",
    source="Kan et al., equations (4) and (5)",
    summary=(
        "C = {nothing.channels}: V vanishes, U undefined; with C = {equal_forms.channels} V₁ = V₂, so U vanishes; "
        "the layer needs more"
    ),
    claim=(
        "With C = {nothing.channels} channel J − J̄ vanishes, so V does and U is undefined everywhere. With C = "
        "{equal_forms.channels}, J₁ − J̄ = {sign:*}(J₂ − J̄), so for C = {equal_forms.channels} V₁ = V₂ and U "
        "vanishes where it is defined, whatever the image. With three, U is not constant."
    ),
    verdict=Verdict.PROVED,
    hypotheses={"at most two channels": Hypothesis("C ≤ 2", lambda J: len(J) <= 2)},
    clauses=(
        Clause(
            "C = {channels}: V = 0",
            Route("generic Jacobian", Method.RING, nothing, mutants=instead("channels", 2), cases=6),
            Route(
                "numerical fields",
                Method.COQ,
                pinned,
                {"theory": "C4_b_channels", "said": {"one_channel": ONE + "gram J c = 0"}, "defined": DEFINED},
                {"V = 1": {"said": {"one_channel": ONE + "gram J c = 1%:M"}}},
                over="m n",
            ),
            at="J 3×2",
        ),
        Clause(
            "C = {equal_forms.channels}: V₁ = V₂",
            Chain(
                "opposite deviations",
                Route("J₁ − J̄ = −(J₂ − J̄)", Method.RING, opposite, mutants=instead("sign", 1), cases=6),
                Route("V₁ = V₂", Method.RING, equal_forms, mutants=instead("channels", 3), cases=4),
            ),
            Route("raw layer", Method.RANDOM, raw_layer, mutants=instead("channels", 3)),
            Route(
                "numerical fields",
                Method.COQ,
                pinned,
                {
                    "theory": "C4_b_channels",
                    "said": {"two_channels": TWO + "gram J ord0 = gram J ord_max"},
                    "defined": DEFINED,
                },
                {"V₁ = −V₂": {"said": {"two_channels": TWO + "gram J ord0 = - gram J ord_max"}}},
                over="m n",
            ),
            at="J 3×2",
        ),
    ),
    controls=(
        Dropped("at most two channels", three),
        Witness("U is defined for C = 2", three, {"J": (E1, E2)}),
    ),
)
