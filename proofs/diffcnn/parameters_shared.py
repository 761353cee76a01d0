"""P1.shared: what “the scaling parameters are shared across all W's” means for a layer of several kernels."""

from __future__ import annotations

from itertools import product

from sympy import QQ
from sympy.polys.matrices import DomainMatrix

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.parameters import FURTHER_TAP, GENERAL, IMMERSION, ONE_TAP, OWN_TURNS, count, directions
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.symbolic import free, induction
from invariance_proofs.statement import (
    Chain,
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
    all_of,
    instead,
)

SCALES = (2, 3, 5)


def dimension(m: int, K: int, shared: bool) -> int:
    """Rank of the differential of (scales, rotations) ↦ kernels at R = I: m kernels of K² taps."""
    scales, turns = directions(SCALES, symmetric=False)
    taps = [(c, k) for c in range(m) for k in range(K * K)]

    def row(at: list[tuple[int, int]], direction: Matrix) -> list[int]:
        return [x for tap in taps for x in (direction if tap in at else [0] * 9)]

    groups = [taps] if shared else [[tap for tap in taps if tap[0] == c] for c in range(m)]
    rows = [row(group, s) for group in groups for s in scales] + [row([tap], t) for tap in taps for t in turns]
    return DomainMatrix([[QQ(x) for x in r] for r in rows], (len(rows), 9 * len(taps)), QQ).rank()


EACH = Formula.of(lambda m, K: m * (3 + 6 * K**2))
LAYER = Formula.of(lambda m, K: 3 + 6 * K**2 * m)
FEWER = Formula.of(lambda m: 3 * (m - 1))
OTHER = Formula.of(lambda m, K: m * (4 + 6 * K**2))
"""Parameters of m kernels with one s each, with one s for all, and the difference; four scales a kernel."""


CASES = ((1, 1), (1, 2), (2, 1), (2, 2), (3, 1))


def ranks(each: Formula = EACH, layer: Formula = LAYER, sizes: tuple[tuple[int, int], ...] = CASES) -> Evidence:
    return for_all(
        product(sizes, (False, True)),
        lambda c: dimension(*c[0], c[1]) == (layer if c[1] else each)(*c[0]),
        "((m, K), one s for the layer): rank = parameter count",
    )


def difference(each: Formula = EACH, layer: Formula = LAYER, fewer: Formula = FEWER) -> Evidence:
    """Nothing for one kernel, and all that the two readings differ by."""
    m, k = unknowns(m=1, k=1)
    return vanishes(each(m, k) - layer(m, k) - fewer(m), what=f"{each} − ({layer}) = {fewer}")


def further_kernel(each: Formula = EACH, layer: Formula = LAYER) -> Evidence:
    """One kernel has count(K) parameters; a further one as many with scales of its own, and only its turns without."""
    m, K = free("m K")
    one, turns = 3 + GENERAL * K**2, GENERAL * K**2
    return all_of(
        induction(base=(one, each(1, K)), step=(each(m, K) + one, each(m + 1, K)), over="m", what=f"{each}"),
        induction(base=(one, layer(1, K)), step=(layer(m, K) + turns, layer(m + 1, K)), over="m", what=f"{layer}"),
    )


def printed(m: int, K: int = 3) -> Evidence:
    """3 + 6K² for a layer of m kernels with one s each."""
    return equal(
        EACH(m, K),
        m * count(K, GENERAL),
        what="3 + 6K² a kernel",
        kernels=m,
        K=K,
        shared=LAYER(m, K),
        each=EACH(m, K),
    )


def same_either_way(m: int, K: int = 3) -> Evidence:
    return equal(LAYER(m, K), EACH(m, K), what="one count for both readings", m=m, K=K)


P1_shared = Statement(
    id="P1.shared",
    paper=PAPER,
    name="scales shared across all W's",
    source="Kan et al., section 2.1 (“shared across all W's. Thus, there are three scaling parameters for W”)",
    summary=(
        "m kernels: {each} parameters with one s a kernel, {layer} with one s a layer; the printed count fits one "
        "kernel alone"
    ),
    claim=(
        "Read as one s for each kernel W, a layer of m kernels has {each} parameters; read as one s for all W's of "
        "the layer, {layer}: {fewer} fewer. Both are the dimension of what the layer can be, where the sᵢ² are "
        "distinct."
    ),
    verdict=Verdict.CORRECTED,
    grade=Grade.MODULO,
    correction=(
        "“Shared across all W's” and “three scaling parameters for W” contradict each other unless a layer has one W. "
        "The printed 3 + 6K² counts one kernel; a layer from C to C′ channels has m = CC′ of them."
    ),
    hypotheses={"one kernel": Hypothesis("m = 1, for one count in both readings", lambda m: m == 1)},
    clauses=(
        Clause(
            "the readings differ by {fewer}",
            Route(
                "counts",
                Method.RING,
                difference,
                {},
                instead("each", OTHER) | instead("layer", EACH) | instead("fewer", Formula.of(lambda m: 3 * m)),
                "m k",
            ),
            over="m k",
        ),
        Clause(
            "both counts are dimensions",
            Chain(
                "one tap, a further tap, a further kernel",
                ONE_TAP[0],
                FURTHER_TAP,
                Route(
                    "a further kernel",
                    Method.SYMBOLIC,
                    further_kernel,
                    {},
                    instead("each", OTHER) | instead("layer", EACH),
                    "m K",
                    cases=4,
                ),
            ),
            Route(
                "rank of the differential at s = (2, 3, 5)", Method.EXACT, ranks, {}, instead("each", OTHER), cases=10
            ),
            over="m K taps",
            assumed=(*IMMERSION, OWN_TURNS),
        ),
    ),
    controls=(
        Dropped("one kernel", same_either_way, {"m": 2}),
        Witness("one kernel", same_either_way, {"m": 1}),
        Witness("m kernels, one s each", printed, {"m": 12}),
    ),
)
