"""P1: how many parameters a kernel has, and that none of them is redundant.

With R(a) on the left and R(b) on the right the tangent space of w = R(a) diag(s) R(b) is that of the 9 (or, in the
symmetric case, 6) directions ω diag(s) + diag(δ) + diag(s) ω′ with ω, ω′ skew, turned by R(a) and R(b).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from sympy import QQ
from sympy.polys.matrices import DomainMatrix

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.matrix import Matrix, skew
from invariance_proofs.routes.exact import check, for_all
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

UNIT = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]


SYMMETRIC, GENERAL = 3, 6
"""Angles of a tap: three for each rotation."""


def count(K: int, angles: int) -> int:
    """Three scales, shared, and the angles of each tap."""
    return 3 + K * K * angles


def directions(s: Sequence[Any], symmetric: bool) -> tuple[list[Matrix], list[Matrix]]:
    """∂w at R(a) = R(b) = I: along the three scales, and along the rotations."""
    D, turns = Matrix.diagonal(*s), [skew(u) for u in UNIT]
    scales = [Matrix.diagonal(*u) for u in UNIT]
    if symmetric:
        return scales, [turn @ D - D @ turn for turn in turns]
    return scales, [turn @ D for turn in turns] + [D @ turn for turn in turns]


def dimension(K: int, s: Sequence[int], symmetric: bool) -> int:
    """Rank of the differential of (s, a, b) ↦ (w_k)_k for K² taps, by exact row reduction."""
    scales, turns = directions(s, symmetric)
    blocks = [[0] * 9 * k + list(turn) + [0] * 9 * (K * K - 1 - k) for k in range(K * K) for turn in turns]
    rows = [list(scale) * (K * K) for scale in scales] + blocks
    return DomainMatrix([[QQ(x) for x in row] for row in rows], (len(rows), 9 * K * K), QQ).rank()


def counts_are_dimensions(K: Sequence[int] = (1, 2, 3), general: int = GENERAL, symmetric: int = SYMMETRIC) -> Evidence:
    return for_all(
        product(K, ((False, general), (True, symmetric))),
        lambda case: dimension(case[0], (2, 3, 5), case[1][0]) == count(case[0], case[1][1]),
        "rank of the differential = parameter count at s = (2, 3, 5)",
    )


def one_tap_volume(sign: int = 1) -> Evidence:
    """The Jacobian determinant of one tap: where it is not 0, a vanishing dw_k leaves no δs and no turn of that tap."""
    (s,) = unknowns(s=3)
    sums = (s[0] + sign * s[1]) * (s[1] + sign * s[2]) * (s[2] + sign * s[0])
    general = Matrix.of(list(d) for part in directions(s, symmetric=False) for d in part).det()
    return vanishes(general**2 - (gaps(s) * sums) ** 2, what="det of the 9 directions = ±Π(sᵢ² − sⱼ²)")


def symmetric_volume(power: int = 2) -> Evidence:
    (s,) = unknowns(s=3)
    upper = [0, 1, 2, 4, 5, 8]
    symmetric = Matrix.of([list(d)[i] for i in upper] for part in directions(s, symmetric=True) for d in part).det()
    return vanishes(symmetric**2 - gaps(s) ** power, what="det of the 6 symmetric directions = ±Π(sᵢ − sⱼ)")


def further_tap(general: int = GENERAL, symmetric: int = SYMMETRIC) -> Evidence:
    """One tap has its scales and its turns, and a further one turns of its own: 3 + angles·T for T taps."""
    (T,) = free("T")
    parts = []
    for angles, kind in ((general, False), (symmetric, True)):
        scales, turns = map(len, directions((2, 3, 5), kind))
        step = (scales + angles * T + turns, scales + angles * (T + 1))
        parts.append(induction(base=(scales + turns, scales + angles), step=step, over="taps", what=f"3 + {angles} T"))
    return all_of(*parts)


def gaps(s: Sequence[Any]) -> Any:
    return (s[0] - s[1]) * (s[1] - s[2]) * (s[2] - s[0])


def one_tap_rank(s: tuple[int, int, int]) -> Evidence:
    rank = dimension(1, s, symmetric=False)
    return check(rank == 9, "one tap has rank 9", s=list(s), rank=rank)


BACK = Formula.of(lambda R: R.T, R="R(a)")
AGAIN = Formula.of(lambda R: R, R="R(a)")


def symmetric_kernel(right: Formula = BACK) -> Evidence:
    R, s = unknowns(R=(3, 3), s=3)
    w = R @ Matrix.diagonal(*s) @ right(R)
    return vanishes(w - w.T, what=f"R(a) D {right} is symmetric")


IMMERSION = ("a ↦ R(a) is an immersion: for Cayley's vector everywhere (C3.c), for Euler's angles off sin β = 0",)

OWN_TURNS = "where the directions of one tap are independent, dw = 0 leaves no δs, and no turn of any tap"
ONE_TAP = (
    Route("general", Method.RING, one_tap_volume, mutants=instead("sign", -1)),
    Route("symmetric", Method.RING, symmetric_volume, mutants=instead("power", 4)),
)
FURTHER_TAP = Route(
    "a further tap",
    Method.SYMBOLIC,
    further_tap,
    mutants=instead("general", 5) | instead("symmetric", 4),
    over="taps",
    cases=4,
)

P1 = Statement(
    id="P1",
    paper=PAPER,
    name="parameter counts",
    source="Kan et al., section 2.1 and Remark 1",
    summary="a K×K kernel has 3 + {general}K² parameters, 3 + {symmetric}K² if symmetric, and none is redundant",
    claim=(
        "{let:With w_k = R(a_k) diag(s) R(b_k)}, s shared by all taps, a kernel has 3 + {general}K² parameters; with "
        "w_k = R(a_k) diag(s) {right[R(a_k)]}, which is symmetric, 3 + {symmetric}K². At every point where the sᵢ² "
        "are pairwise distinct the map from parameters to kernels is an immersion, so the counts are also the "
        "dimensions of the families (for one tap dim GL(3) and dim Sym(3): nothing is lost; for more taps sharing s "
        "is a true restriction)."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={"distinct scales": Hypothesis("sᵢ² ≠ sⱼ² for i ≠ j", lambda s: len({x * x for x in s}) == 3)},
    clauses=(
        Clause(
            f"{count(1, GENERAL)} and {count(1, SYMMETRIC)} dimensions for one tap",
            Chain(
                "Jacobian determinants, scales symbolic",
                *ONE_TAP,
            ),
            at="K = 1",
            assumed=IMMERSION,
        ),
        Clause(
            "3 + {general} K² and 3 + {symmetric} K² dimensions",
            Chain("one tap, then a further one", *ONE_TAP, FURTHER_TAP),
            Route(
                "rank of the differential",
                Method.EXACT,
                counts_are_dimensions,
                mutants=instead("general", 9, 5) | instead("symmetric", 2),
                over="K",
                cases=6,
            ),
            over="taps",
            assumed=(*IMMERSION, OWN_TURNS),
        ),
        Clause(
            f"R D {BACK} is symmetric",
            Route("generic R and s", Method.RING, symmetric_kernel, mutants=instead("right", AGAIN), cases=9),
        ),
    ),
    controls=(
        Dropped("distinct scales", one_tap_rank, {"s": (2, 2, 5)}),
        Witness("three scales, one of them 0", one_tap_rank, {"s": (2, 0, 5)}),
        Witness(f"R D {BACK} is symmetric", symmetric_kernel),
    ),
)
