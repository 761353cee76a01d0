"""G11.batch, G11.samples: batch statistics, when one element turns the batch and when each sample has its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.g11_norm import ANY_SETS, Batch, affine, standardise
from invariance_proofs.gcnn.layers import Map, act
from invariance_proofs.gcnn.motions import ONE, P4, TURN, Motion
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
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
)

Normalised = tuple[Batch, Any]
"""N(x − mean) for every x, and N² times the variances that they are divided by."""


def standardise_planar(batch: Batch) -> Normalised:
    """Each planar channel by its own mean and variance over batch and plane."""
    statistics = []
    for h in range(len(batch[0])):
        values = [x for feature in batch for x in feature[h]]
        N, S = len(values), sum(values)
        statistics.append((N, -S, N * sum(x * x for x in values) - S * S))
    scales, shifts, variances = zip(*statistics, strict=True)
    return [affine(feature, scales, shifts) for feature in batch], list(variances)


def standardise_maps(batch: Batch) -> Normalised:
    """The whole G-feature map by one mean and variance over batch, plane and group."""
    centred, variance = standardise(batch)
    return centred, [variance] * len(batch[0])


PLANAR = Formula("one mean and variance for each planar channel", standardise_planar)
MAPS = Formula("one mean and variance for each G-feature map", standardise_maps)


def defects(norm: Callable[[Batch], Normalised], batch: Batch, turns: Sequence[Motion]) -> list[Any]:
    """norm(turned batch) − turned norm(batch): each sample's centred values, and the variances that divide them."""
    (left, v), (still, v0) = norm([act(P4, g, f) for g, f in zip(turns, batch, strict=True)]), norm(batch)
    found: list[Any] = []
    for g, after, before in zip(turns, left, still, strict=True):
        back = [P4.index((~g)(h)) for h in P4]
        found += [x - y for x, y in zip(after, act(P4, g, before), strict=True)]
        found += [a - v0[i] for a, i in zip(v, back, strict=True)]
    return found


ALIKE, EACH = (TURN, TURN), (ONE, TURN)


def generic(norm: Callable[[Batch], Normalised] = PLANAR, turns: Sequence[Motion] = ALIKE) -> Evidence:
    """Two feature maps of 1×2 pixels with symbolic entries: the sides are the same polynomials."""
    (values,) = unknowns(f=16)
    batch = [tuple(Matrix.of([values[i + 2 * h : i + 2 * h + 2]]) for h in range(4)) for i in (0, 8)]
    return vanishes(defects(norm, batch, turns), what="norm(turned batch) = turned norm(batch)")


def sample(k: int) -> Map:
    return tuple(Matrix.of([[(3 * h + k) ** 2 % 11, (h + 2 * k) ** 3 % 13]]) for h in range(4))


def _entries(found: Sequence[Any]) -> list[Any]:
    return [x for part in found for x in (part if isinstance(part, Matrix) else [part])]


def listed(norm: Callable[[Batch], Normalised] = PLANAR, each: bool = False) -> Evidence:
    """Batches of one to three maps of numbers, every choice of turns: one for all, or one for each sample."""
    cases = [turns for size in (1, 2, 3) for turns in (product(P4, repeat=size) if each else [(g,) * size for g in P4])]
    return for_all(
        cases,
        lambda turns: not any(_entries(defects(norm, [*map(sample, range(len(turns)))], turns))),
        "turns: norm(turned batch) = turned norm(batch)",
    )


def numbers(norm: Callable[[Batch], Normalised] = PLANAR, turns: Sequence[Motion] = ALIKE) -> Evidence:
    """Two samples; the sums over each channel after the norm tell them apart."""
    batch = [sample(0), sample(1)]
    (left, _), (still, _) = norm([act(P4, g, f) for g, f in zip(turns, batch, strict=True)]), norm(batch)
    right = [act(P4, g, f) for g, f in zip(turns, still, strict=True)]
    return equal(
        [list(map(list, f)) for f in left],
        [list(map(list, f)) for f in right],
        what="norm(turned batch) = turned norm(batch)",
        norm=norm,
        scales=(1, 1, 1, 1),
        shifts=(0, 0, 0, 0),
        turns=[P4.index(g) for g in turns],
        batch=[[*map(list, f)] for f in batch],
    )


def centred() -> Evidence:
    features, _ = standardise_planar([sample(0), sample(1)])
    sums = [sum(x for f in features for x in f[h]) for h in range(4)]
    return equal(sums, [0] * 4, what="Σ (x − μ_h) in each channel")


def constants(scales: Sequence[int], shifts: Sequence[int]) -> Evidence:
    """Numbers that stay where they are: one pixel, f = (1, 0, 0, 0), a quarter turn."""
    f = tuple(Matrix.of([[int(h == P4[0])]]) for h in P4)
    left, right = affine(act(P4, TURN, f), scales, shifts), act(P4, TURN, affine(f, scales, shifts))
    return equal(
        [image[0, 0] for image in left], [image[0, 0] for image in right], what="x ↦ ax + b commutes with the turn",
        scales=scales, shifts=shifts, turns=[1],
    )  # fmt: skip


SMALL = "p4, batches of feature maps of 1×2 pixels"
ONE_TURN = Hypothesis("the same group element for every sample", lambda turns: len(set(turns)) == 1)

G11_batch = Statement(
    id="G11.batch",
    paper=PAPER,
    name="batch statistics for each planar channel",
    source=("Cohen & Welling, section 6.2 (slides: consistency); usually paraphrased as: they break equivariance"),
    summary=(
        "mean and variance of each planar channel over the batch keep turns, if one turn is applied to the whole batch"
    ),
    claim=(
        "Batch norm that takes mean and variance of each planar channel, in training, without scale and shift, is "
        "equivariant if every sample of the batch is turned by the same element: the statistics are those of the "
        "turned batch and travel with the channels. If samples turn each their own way, as in data augmentation, it is "
        "not (G11.samples is). So a test that turns the whole batch at once passes a network that is broken in "
        "training as in evaluation."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "one turn for the batch": ONE_TURN,
        "no constants": Hypothesis(
            "no running value, scale or shift of a channel's own",
            lambda scales, shifts: len({*scales}) == len({*shifts}) == 1,
        ),
    },
    routes=(
        replace(ANY_SETS, assumed=("one turn of the batch carries the values of a channel onto those of a channel",)),
        Route(
            "generic features",
            Method.RING,
            generic,
            {},
            {"each sample its own turn": {"turns": EACH}},
            at=SMALL,
            cases=24,
        ),
        Route(
            "one to three samples",
            Method.EXHAUSTIVE,
            listed,
            {},
            {"each sample its own turn": {"each": True}},
            at=SMALL,
            cases=12,
        ),
    ),
    over="maps",
    assumed=("1/√(v + ε) is a function of the variance: equal variances, equal factors",),
    controls=(
        Dropped("one turn for the batch", numbers, {"turns": EACH}),
        Dropped("no constants", constants, {"scales": (1, 1, 1, 1), "shifts": (-1, -2, -3, -4)}),
        Dropped("no constants", constants, {"scales": (1, 2, 1, 1), "shifts": (0, 0, 0, 0)}),
        Witness("two samples, one turn", numbers),
        Witness("each channel comes out with mean 0", centred),
        Witness("one running mean for all", constants, {"scales": (1, 1, 1, 1), "shifts": (-1, -1, -1, -1)}),
    ),
)

G11_samples = Statement(
    id="G11.samples",
    paper=PAPER,
    name="batch norm when each sample turns its own way",
    source="Cohen & Welling, section 6.2; data augmentation by turns",
    summary="batch norm for each G-feature map is equivariant under one group element for each sample",
    claim=(
        "With one mean and variance for a G-feature map, over batch, plane and group, batch norm in training commutes "
        "with turning every sample by an element of its own: each turn permutes the values of its sample among "
        "themselves, so the values over which the statistics are taken stay the same. Per planar channel this fails "
        "with two samples."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "one statistic for the map": Hypothesis("one mean and variance for all orientations", lambda norm: norm == MAPS)
    },
    routes=(
        replace(ANY_SETS, assumed=("turns of the samples permute the values of a feature map over the batch",)),
        Route(
            "generic features",
            Method.RING,
            generic,
            {"norm": MAPS, "turns": EACH},
            {"for each planar channel": {"norm": PLANAR}},
            at=SMALL,
            cases=24,
        ),
        Route(
            "one to three samples, every choice of turns",
            Method.EXHAUSTIVE,
            listed,
            {"norm": MAPS, "each": True},
            {"for each planar channel": {"norm": PLANAR}},
            at=SMALL,
            cases=84,
        ),
    ),
    over="maps",
    assumed=("1/√(v + ε) is a function of the variance: equal variances, equal factors",),
    controls=(
        Dropped("one statistic for the map", numbers, {"norm": PLANAR, "turns": EACH}),
        Witness("each sample its own turn", numbers, {"norm": MAPS, "turns": EACH}),
    ),
)
