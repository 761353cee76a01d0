"""G1: p4 and p4m are groups, and their 3×3 integer matrices represent them faithfully."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.motions import FLIP, ONE, P4, P4M, Motion, shift
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of


def printed(m: int, r: int, flipped_entries: int = 2) -> Motion:
    """The slides' matrix at u = v = 0: cos and sin of r quarter turns, (−1)^m on the first row."""
    cos, sin = ((1, 0, -1, 0)[r % 4], (0, 1, 0, -1)[r % 4])
    sign = (-1) ** m
    return Motion(sign * cos, -(sign if flipped_entries == 2 else 1) * sin, sin, cos)


def axioms() -> Evidence:
    """Every triple of point group elements, with symbolic translations."""
    s, t, w = unknowns(s=2, t=2, w=2)
    residuals, closed = [], True
    for A, B, C in product(P4M, repeat=3):
        g, h, k = shift(*s)(A), shift(*t)(B), shift(*w)(C)
        closed &= A(B) in P4M and ((A in P4) + (B in P4) == 1 or A(B) in P4)
        residuals.append(tuple(a - b for a, b in zip(g(h)(k), g(h(k)), strict=True)))
    for A in P4M:
        g = shift(*s)(A)
        residuals += [tuple(a - b for a, b in zip(one, ONE, strict=True)) for one in (g(~g), (~g)(g))]
    return all_of(
        vanishes(residuals, what="(gh)k = g(hk), gg⁻¹ = g⁻¹g = 1"), check(closed, "p4m and p4 are closed under gh")
    )


def representation() -> Evidence:
    """M(gh) = M(g)M(h), and M(g) moves (x, 1) as g moves x."""
    s, t, x = unknowns(s=2, t=2, x=2)
    residuals = []
    for A, B in product(P4M, repeat=2):
        g, h = shift(*s)(A), shift(*t)(B)
        residuals.append(g(h).matrix() - g.matrix() @ h.matrix())
        residuals.append(g.matrix() @ Matrix.from_columns((*x, 1)) - Matrix.from_columns((*g(x), 1)))
    return vanishes(residuals, what="M(gh) = M(g)M(h), M(g)(x, 1) = (g(x), 1)")


def parameter_law(sign: Callable[[int], int] = lambda m: (-1) ** m, flipped_entries: int = 2) -> Evidence:
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
    """Different parameters, different matrices; u and v stand in the last column."""
    indices = list(product(range(flips), range(turns)))
    u, v = unknowns(u=1, v=1)
    return all_of(
        for_all(
            [(p, q) for p, q in product(indices, repeat=2) if p < q],
            lambda pair: printed(*pair[0]) != printed(*pair[1]),
            "(m, r) ≠ (n, q): the matrices differ",
        ),
        vanishes([shift(u, v)(A).matrix()[i, 2] - x for A in P4M for i, x in ((0, u), (1, v))], what="(u, v) is read"),
    )


def commutes() -> Evidence:
    g, h = FLIP, P4[1]
    return equal(g(h).matrix(), h(g).matrix(), what="gh = hg", g=g.matrix(), h=h.matrix())


def tables() -> Evidence:
    """The printed matrices are the motions of `gcnn.motions`, in the order 4m + r."""
    return equal([printed(m, r) for m in range(2) for r in range(4)], list(P4M), what="flip^m ∘ turn^r at 4m + r")


G1 = Statement(
    id="G1",
    paper=PAPER,
    name="p4 and p4m are groups of matrices",
    source="Cohen & Welling, sections 4.2 and 4.3 (slides: p4, p4m)",
    summary="p4, p4m: group axioms; the 3×3 integer matrices are a faithful representation",
    claim=(
        "The motions x ↦ A x + t with t ∈ Z² and A = flip^m ∘ turn^r (0 ≤ r < 4, and m = 0 for p4 or m ∈ {0, 1} "
        "for p4m) form a group, with (m, r)(n, q) = (m + n, (−1)ⁿ r + q). The printed matrices [[A, t], [0, 1]] "
        "multiply as the motions do, move (x, 1) as they move x, and differ where (m, r, u, v) differs. The flip is "
        "that of the first coordinate: with (u, v) = (row, column), of the rows."
    ),
    sizes="all of p4 and p4m: every A, symbolic translations",
    verdict=Verdict.PROVED,
    hypotheses={"indices reduced": "0 ≤ r < 4 and m ∈ {0, 1}"},
    routes=(
        Route("axioms, all 512 triples, translations symbolic", Method.RING, axioms),
        Route("matrices, all 64 pairs, translations symbolic", Method.RING, representation),
        Route("the law of the parameters", Method.EXHAUSTIVE, parameter_law),
        Route("different parameters, different matrices", Method.EXHAUSTIVE, faithful),
    ),
    controls=(
        Dropped("indices reduced", partial(faithful, turns=5)),
        Dropped("indices reduced", partial(faithful, flips=3)),
        Mutant("(m, r)(n, q) = (m + n, r + q)", partial(parameter_law, lambda m: 1)),
        Mutant("(−1)^m on one entry of the row alone", partial(parameter_law, flipped_entries=1)),
        Mutant("p4m is commutative", commutes),
        Witness("the order 4m + r of the elements", tables),
    ),
)
