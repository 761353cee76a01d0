"""G11.batch: batch statistics for each planar channel do not break equivariance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.g11_norm import Batch, affine, planar
from invariance_proofs.gcnn.layers import Map, act
from invariance_proofs.gcnn.motions import P4, TURN
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check
from invariance_proofs.routes.identity import unknowns
from invariance_proofs.statement import (
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

TRAINING = Formula("those of the turned batch", lambda turned, batch: turned)
RUNNING = Formula("running values, which stay", lambda turned, batch: batch)


def standardise_planar(batch: Batch, of: Batch) -> list[tuple[Map, tuple[Any, ...]]]:
    """Each planar channel by mean and variance, over batch and plane, of the batch `of`: N(x − μ_h) and N²v_h."""
    statistics = []
    for h in range(len(batch[0])):
        values = [x for feature in of for x in feature[h]]
        N, S = len(values), sum(values)
        statistics.append((N, -S, N * sum(x * x for x in values) - S * S))
    scales, shifts, variances = zip(*statistics, strict=True)
    return [(affine(feature, scales, shifts), variances) for feature in batch]


def travels(batch: Batch, statistics: Formula) -> bool:
    """Whether channels and statistics of the turned batch are those of the batch, moved."""
    turned = [act(P4, TURN, f) for f in batch]
    moved, still = standardise_planar(turned, statistics(turned, batch)), standardise_planar(batch, batch)
    back = [P4.index((~TURN)(g)) for g in P4]
    return all(
        f == act(P4, TURN, f0) and v == tuple(v0[i] for i in back)
        for (f, v), (f0, v0) in zip(moved, still, strict=True)
    )


def explicit(statistics: Formula = TRAINING) -> Evidence:
    """Four channels with four different means and variances."""
    return check(
        not travels(DIFFERENT, statistics),
        "batch statistics for each planar channel break equivariance",
        f=list(DIFFERENT[0]),
        r=TURN.matrix(),
        variances=variances(),
    )


def variances() -> list[int]:
    return list(standardise_planar(DIFFERENT, DIFFERENT)[0][1])


DIFFERENT = [tuple(Matrix.of([[k, 2 * k + 1]]) for k in range(4))]
"""Means 1/2, 2, 7/2, 5 and variances 1/4, 1, 9/4, 4."""


def centred() -> Evidence:
    feature, _ = standardise_planar(DIFFERENT, DIFFERENT)[0]
    return check([sum(image) for image in feature] == [0, 0, 0, 0], "Σ (x − μ_h) = 0 in every channel")


def generic_batch(statistics: Formula = TRAINING) -> Evidence:
    """Symbolic features: both sides are the same polynomials, whatever the features."""
    (values,) = unknowns(f=16)
    batch = [tuple(Matrix.of([values[i + 2 * h : i + 2 * h + 2]]) for h in range(4)) for i in (0, 8)]
    return check(not travels(batch, statistics), "batch statistics for each planar channel break equivariance")


def running(means: Sequence[int]) -> Evidence:
    return planar("running means", [1, 1, 1, 1], [-m for m in means])


G11_batch = Statement(
    id="G11.batch",
    paper=PAPER,
    name="batch statistics for each planar channel",
    source="Cohen & Welling, section 6.2 (slides: consistency), as often paraphrased",
    summary="batch norm for each planar channel always breaks equivariance",
    claim=(
        "Batch norm that takes mean and variance of each planar channel breaks equivariance, in training as in "
        "evaluation, unless all channels have the same statistics."
    ),
    at="p4, feature maps of 1×2 pixels",
    grade=Grade.REFUTED,
    hypotheses={
        "different statistics": Hypothesis(
            "not all channels have the same mean and variance",
            lambda variances: len(set(variances)) > 1,
        )
    },
    verdict=Verdict.REFUTED,
    correction=(
        "In training, without scale and shift, it does not: the statistics are those of the turned batch and travel "
        "with the channels. What breaks equivariance are numbers that stay where they are: running means and variances "
        "in evaluation, scales, shifts and biases (G11.planar). So the fault stays unseen while a network is trained."
    ),
    routes=(
        Route(
            "four channels, four means and variances", Method.EXACT, explicit, mutants=instead("statistics", RUNNING)
        ),
        Route("generic features", Method.RING, generic_batch, mutants=instead("statistics", RUNNING)),
    ),
    controls=(
        Witness(
            "running means for each channel do break it",
            lambda: check(not running((1, 2, 3, 4)).holds, "f − μ_h is not equivariant"),
        ),
        Witness("four channels, four variances", lambda: check(len(set(variances())) == 4, "no two are equal")),
        Witness("each channel comes out with mean 0", centred),
        Witness("one running mean does not", partial(running, (1, 1, 1, 1))),
    ),
)
