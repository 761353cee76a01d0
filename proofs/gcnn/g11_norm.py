"""G11: bias and batch norm per G-feature map keep equivariance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.layers import Map, act
from invariance_proofs.gcnn.motions import P4, P4M, TURN, Motion, PointGroup
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.words import function, letters, reindexed
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

Batch = list[Map]


def affine(feature: Map, scales: Sequence[Any], shifts: Sequence[Any]) -> Map:
    """x ↦ scale·x + shift with numbers of their own for each element of H, that is for each planar channel."""
    parts = zip(feature, scales, shifts, strict=True)
    return tuple(Matrix.of([a * x + b for x in row] for row in image.rows) for image, a, b in parts)


ALL_OF_IT = Formula("the feature map", lambda feature: feature)
ONE_CHANNEL = Formula("one planar channel", lambda feature: feature[:1])


def standardise(batch: Batch) -> tuple[Batch, Any]:
    """N(x − mean) for every x of one G-feature map over the batch, and N² times the variance that it is divided by."""
    return centred(batch), variance(batch)


def centred(batch: Batch) -> Batch:
    values = _values(batch)
    N, S = len(values), sum(values)
    return [affine(feature, [N] * len(feature), [-S] * len(feature)) for feature in batch]


def variance(batch: Batch) -> Any:
    values = _values(batch)
    N, S = len(values), sum(values)
    return N * sum(x * x for x in values) - S * S


def _values(batch: Batch) -> list[Any]:
    return [x for feature in batch for image in feature for x in image]


def defects(group: PointGroup, batch: Batch, layer: Callable[[Batch], Batch], h: Motion) -> Iterator[Matrix]:
    """layer(L_h f) − L_h layer(f)."""
    moved, still = layer([act(group, h, f) for f in batch]), [act(group, h, f) for f in layer(batch)]
    for left, right in zip(moved, still, strict=True):
        yield from (x - y for x, y in zip(left, right, strict=True))


def generic_features(values_of: int = 1) -> Evidence:
    """A batch of two feature maps of 1×2 pixels on p4m, with symbolic entries, scale and shift.

    The normalised values and the variance are compared; `values_of` scales and shifts alternate along the group axis.
    """
    values, scales, shifts = unknowns(f=32, gamma=8, beta=8)
    entries = iter(values)
    batch = [tuple(Matrix.of([[next(entries), next(entries)]]) for _ in P4M) for _ in range(2)]
    gamma, beta = (((numbers[:values_of] * 8)[:8]) for numbers in (scales, shifts))

    def layer(some: Batch) -> Batch:
        return [affine(f, gamma, beta) for f in centred(some)]

    residuals: list[Any] = [d for h in P4M for d in defects(P4M, batch, layer, h)]
    still = variance(batch)
    residuals += [variance([act(P4M, h, f) for f in batch]) - still for h in P4M]
    return vanishes(residuals, what="scale, shift and statistics of one feature map")


def permuted(acting: bool = True) -> Evidence:
    """⊕_g (L_h f)(g) = ⊕_g f(g) over all that h permutes, for every ⊕ that does not look at the order."""
    h, g = letters("h g")
    f = function("f")
    return reindexed(f((~h)(g)), f(g), "⊕ L_h f = ⊕ f", over=g, acting=[h] if acting else [])


def any_statistic(seen: Formula = ALL_OF_IT) -> Evidence:
    """L_h only permutes the values of a feature map: labels for values, so every symmetric statistic stays."""
    feature = tuple(Matrix.of([[(h, i, j) for j in range(3)] for i in range(2)]) for h in P4M)

    def labels(some: Map) -> Counter[Any]:
        return Counter(x for image in seen(some) for x in image)

    return for_all(P4M, lambda h: labels(act(P4M, h, feature)) == labels(feature), "h: L_h f has the values of f")


def raw_layer(draw: Draw, values_of: int = 1) -> Any:
    """Bias, standardisation, scale and shift on p4, a batch of two feature maps of 3×2 pixels."""
    batch = [tuple(draw.matrix(3, 2) for _ in P4) for _ in range(2)]
    bias, gamma, beta = ((draw.vector(values_of) * 4)[:4] for _ in range(3))

    def layer(some: Batch) -> Batch:
        without_mean = centred([affine(f, [1] * 4, bias) for f in some])
        return [affine(f, gamma, beta) for f in without_mean]

    return [list(defects(P4, batch, layer, h)) for h in P4]


def planar(what: str, scales: Sequence[int], shifts: Sequence[int]) -> Evidence:
    """x ↦ scale·x + shift on one pixel of p4, f = (1, 0, 0, 0), the quarter turn."""
    f = tuple(Matrix.of([[int(h == P4[0])]]) for h in P4)
    sides = affine(act(P4, TURN, f), scales, shifts), act(P4, TURN, affine(f, scales, shifts))
    left, right = ([image[0, 0] for image in side] for side in sides)
    return equal(left, right, what=f"{what}: layer(L_r f) = L_r layer(f)", f=[1, 0, 0, 0], scales=scales, shifts=shifts)


ONES, ZEROS = [1, 1, 1, 1], [0, 0, 0, 0]

SMALL = "p4m, two feature maps of 1×2 pixels"

NORM = "a((x + n(m(x))) * q(v(x)))"
"""m and v are mean and variance of an entry's set, at every entry; n is minus, q is 1/√(· + ε), a is γ· + β."""
SETS_TO_SETS = ("m(p(x)) = p(m(x))", "v(p(x)) = p(v(x))")
ENTRY_BY_ENTRY = ("n(p(x)) = p(n(x))", "q(p(x)) = p(q(x))", "p(x) + p(y) = p(x + y)", "p(x) * p(y) = p(x * y)")
ONE_VALUE = ("a(p(x)) = p(a(x))",)


def any_sets(rules: Sequence[str] = (*SETS_TO_SETS, *ENTRY_BY_ENTRY, *ONE_VALUE)) -> Evidence:
    """(x − m(x))/√(v(x) + ε) γ + β commutes with p, whatever the sets are: p passes each part."""
    return follows(f"{NORM.replace('x', 'p(x)')} = p({NORM})", rules, what="the norm of px is p of the norm")


ANY_SETS = Route(
    "rewriting",
    Method.SYMBOLIC,
    any_sets,
    {},
    {
        "other sets": {"rules": (*SETS_TO_SETS[:1], *ENTRY_BY_ENTRY, *ONE_VALUE)},
        "values that stay behind": {"rules": (*SETS_TO_SETS, *ENTRY_BY_ENTRY)},
    },
    "maps",
)

G11 = Statement(
    id="G11",
    paper=PAPER,
    name="bias and batch norm per G-feature map",
    source="Cohen & Welling, section 6.2 (slides: consistency)",
    summary="one bias, mean, variance, scale and shift for each G-feature map keep equivariance",
    claim=(
        "A bias, and batch norm γ(x − μ)/√(v + ε) + β with the mean μ and variance v taken over batch, plane and group "
        "of one G-feature map (or with running values of these), commute with L_h: L_h permutes the values over which "
        "the statistics are taken, and the rest is one affine map for all of them."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "one value": Hypothesis(
            "the same bias, mean, variance, scale and shift at every element of the group",
            lambda scales, shifts: len(set(scales)) == len(set(shifts)) == 1,
        )
    },
    clauses=(
        Clause(
            "one scale, one shift, the statistics of one feature map",
            Route(
                "generic features",
                Method.RING,
                generic_features,
                mutants=instead("values_of", 2, 8),
                at=SMALL,
                cases=264,
            ),
            Route(
                "raw layer, p4",
                Method.RANDOM,
                schwartz_zippel,
                {"residual": raw_layer, "what": "the raw layer"},
                {"two values": {"residual": partial(raw_layer, values_of=2)}},
                cases=192,
            ),
            ANY_SETS,
            over="maps",
            assumed=("1/√(v + ε) is a function of the variance: equal variances, equal factors",),
        ),
        Clause(
            "L_h only permutes the values, so symmetric statistics stay",
            Route("substitution g ↦ hg", Method.SYMBOLIC, permuted, {}, instead("acting", False), "groups"),
            Route("labels for values", Method.EXHAUSTIVE, any_statistic, mutants=instead("seen", ONE_CHANNEL), cases=8),
            over="groups",
        ),
    ),
    controls=(
        Witness(
            "a constant has variance 0, and 1, 3 have 1",
            lambda: equal([variance([(Matrix.of([row]),)]) for row in ((2, 2), (1, 3))], [0, 4], what="N² var"),
        ),
        Dropped("one value", planar, {"what": "bias", "scales": ONES, "shifts": [0, 0, 0, 1]}),
        Dropped("one value", planar, {"what": "scale", "scales": [1, 2, 1, 1], "shifts": ZEROS}),
        Dropped("one value", planar, {"what": "running mean", "scales": ONES, "shifts": [-1, 0, 0, 0]}),
        Dropped("one value", planar, {"what": "running variance", "scales": [2, 1, 1, 1], "shifts": ZEROS}),
        Witness("one scale, one shift", planar, {"what": "affine", "scales": [2] * 4, "shifts": [3] * 4}),
    ),
)
