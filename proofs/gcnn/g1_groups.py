"""G1: p4 and p4m are groups, and their 3×3 integer matrices represent them faithfully."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.motions import FLIP, GROUPS, ONE, P4, P4M, Motion, PointGroup, shift
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.statement import (
    Chain,
    Clause,
    Dropped,
    Evidence,
    Formula,
    Hypothesis,
    Method,
    Mutant,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

PRODUCT = Formula.of(lambda g, h: g(h))
WITH_INVERSE = Formula.of(lambda g, h: g(~h))
IN_ORDER = Formula.of(lambda M, N: M @ N, M="M(g)", N="M(h)")
SWAPPED = Formula.of(lambda M, N: N @ M, M="M(g)", N="M(h)")


def printed(m: int, r: int, flipped_entries: int = 2) -> Motion:
    """The slides' matrix at u = v = 0: cos and sin of r quarter turns, (−1)^m on the first row."""
    cos, sin = ((1, 0, -1, 0)[r % 4], (0, 1, 0, -1)[r % 4])
    sign = (-1) ** m
    return Motion(sign * cos, -(sign if flipped_entries == 2 else 1) * sin, sin, cos)


def axioms(law: Formula = PRODUCT) -> Evidence:
    """Every triple of point group elements, with symbolic translations."""
    s, t, w = unknowns(s=2, t=2, w=2)
    residuals = []
    for A, B, C in product(P4M, repeat=3):
        g, h, k = shift(*s)(A), shift(*t)(B), shift(*w)(C)
        residuals.append(tuple(a - b for a, b in zip(law(law(g, h), k), law(g, law(h, k)), strict=True)))
    for A in P4M:
        g = shift(*s)(A)
        residuals += [tuple(a - b for a, b in zip(one, ONE, strict=True)) for one in (law(g, ~g), law(~g, g))]
    return vanishes(residuals, what=f"(gh)k = g(hk), gg⁻¹ = g⁻¹g = 1 for {law}")


def closed(groups: Sequence[PointGroup] = (P4, P4M)) -> Evidence:
    cases = [(group, g, h) for group in groups for g in group for h in group]
    return for_all(cases, lambda case: case[1](case[2]) in case[0], "(H, g, h): gh ∈ H")


def representation(times: Formula = IN_ORDER) -> Evidence:
    """M(gh) = M(g)M(h)."""
    s, t = unknowns(s=2, t=2)
    pairs = [(shift(*s)(A), shift(*t)(B)) for A, B in product(P4M, repeat=2)]
    return vanishes([g(h).matrix() - times(g.matrix(), h.matrix()) for g, h in pairs], what=f"M(gh) = {times}")


def moves_points(weight: int = 1) -> Evidence:
    """M(g)(x, weight) = (g(x), weight)."""
    s, x = unknowns(s=2, x=2)
    motions = [shift(*s)(A) for A in P4M]
    columns = (g.matrix() @ Matrix.from_columns((*x, weight)) - Matrix.from_columns((*g(x), weight)) for g in motions)
    return vanishes(list(columns), what=f"M(g)(x, {weight}) = (g(x), {weight})")


ALTERNATES = Formula.of(lambda n: (-1) ** n)
ALWAYS = Formula.of(lambda n: 1)


def parameter_law(sign: Formula = ALTERNATES, flipped_entries: int = 2) -> Evidence:
    """(m, r)(n, q) = (m + n, (−1)ⁿ r + q) for the printed matrices, modulo 2 and 4."""
    return for_all(
        product(range(2), range(4), range(2), range(4)),
        lambda c: (
            printed(*c[:2], flipped_entries)(printed(*c[2:], flipped_entries))
            == printed((c[0] + c[2]) % 2, (sign(c[2]) * c[1] + c[3]) % 4, flipped_entries)
        ),
        "(m, r, n, q): the product of the printed matrices is the printed matrix of the product",
    )


def faithful(turns: int = 4, flips: int = 2) -> Evidence:
    """Different parameters, different matrices."""
    indices = list(product(range(flips), range(turns)))
    return for_all(
        [(p, q) for p, q in product(indices, repeat=2) if p < q],
        lambda pair: printed(*pair[0]) != printed(*pair[1]),
        "(m, r) ≠ (n, q): the matrices differ",
    )


def translation_is_read(column: int = 2) -> Evidence:
    u, v = unknowns(u=1, v=1)
    entries = [shift(u, v)(A).matrix()[i, column] - x for A in P4M for i, x in ((0, u), (1, v))]
    return vanishes(entries, what=f"(u, v) stands in column {column}")


def commutes() -> Evidence:
    g, h = FLIP, P4[1]
    return equal(g(h).matrix(), h(g).matrix(), what="gh = hg", g=g.matrix(), h=h.matrix())


def tables() -> Evidence:
    """The printed matrices are the motions of `gcnn.motions`, in the order 4m + r."""
    return equal([printed(m, r) for m in range(2) for r in range(4)], list(P4M), what="flip^m ∘ turn^r at 4m + r")


def third_of_a_turn() -> Evidence:
    _, third, twice = GROUPS["p3"]
    return equal((third == ONE, third(third), third(twice)), (False, twice, ONE), what="order 3")


G1 = Statement(
    id="G1",
    paper=PAPER,
    name="p4 and p4m are groups of matrices",
    source="Cohen & Welling, sections 4.2 and 4.3 (slides: p4, p4m)",
    summary="p4, p4m: group axioms; the 3×3 integer matrices are a faithful representation",
    claim=(
        "The motions x ↦ A x + t with t ∈ Z² and A = flip^m ∘ turn^r (r < {turns}, and {let:m = 0} for p4 or m < "
        "{flips} for p4m) form a group, with (m, r)(n, q) = {let:(m + n,} {sign}r + q). The printed matrices "
        "{let:[[A, t], [0, 1]]} multiply as the motions do, move (x, {weight}) as they move x, and differ where (m, "
        "r, u, v) differs. The flip is that of the first coordinate: with u for rows and v for columns, of the rows."
    ),
    verdict=Verdict.PROVED,
    hypotheses={
        "indices reduced": Hypothesis("0 ≤ r < 4 and m ∈ {0, 1}", lambda case: all(m < 2 and r < 4 for m, r in case))
    },
    clauses=(
        Clause(
            "a group under {law}",
            Chain(
                "axioms",
                Route("512 triples, symbolic t", Method.RING, axioms, mutants=instead("law", WITH_INVERSE), cases=3168),
                Route(
                    "closed",
                    Method.EXHAUSTIVE,
                    closed,
                    mutants={"one element missing": {"groups": (P4M[:-1],)}},
                    cases=80,
                ),
            ),
            finite=True,
        ),
        Clause(
            "M(gh) = {times}, and M(g) moves (x, {weight})",
            Chain(
                "matrices, symbolic t",
                Route("products", Method.RING, representation, mutants=instead("times", SWAPPED), cases=576),
                Route("points", Method.RING, moves_points, mutants=instead("weight", 0), cases=24),
            ),
        ),
        Clause(
            "(m, r)(n, q) = (m + n, {sign}r + q)",
            Route(
                "64 pairs",
                Method.EXHAUSTIVE,
                parameter_law,
                mutants={"r + q": {"sign": ALWAYS}} | instead("flipped_entries", 1),
                cases=64,
            ),
            finite=True,
        ),
        Clause(
            "different (m, r, u, v), different matrices",
            Chain(
                "rows",
                Route(
                    "(m, r)", Method.EXHAUSTIVE, faithful, mutants=instead("turns", 5) | instead("flips", 3), cases=28
                ),
                Route("(u, v)", Method.RING, translation_is_read, mutants=instead("column", 1), cases=16),
            ),
            finite=True,
        ),
    ),
    controls=(
        Dropped("indices reduced", faithful, {"turns": 5}),
        Dropped("indices reduced", faithful, {"flips": 3}),
        Mutant("p4m is commutative", commutes),
        Witness("the order 4m + r of the elements", tables),
        Witness("a third of a turn has order 3", third_of_a_turn),
    ),
)
