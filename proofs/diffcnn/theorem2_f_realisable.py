"""T2.f: which block fields are Jacobians: φ(x, y) = p(x) + q(y), nothing else.

One component of φ is an affine function a x + b y + c on each unit cell. Continuity across an edge is the equality of
two affine functions at its two ends, a linear condition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from sympy import QQ
from sympy.polys.matrices import DomainMatrix

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.coq import pinned
from invariance_proofs.routes.exact import check, equal, for_all
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

Row = list[int]

GRIDS = [(n, m) for n, m in product(range(1, 5), range(1, 5)) if (n, m) != (1, 1)]
ALONG = Formula("along the edge", lambda da, db: db)
ACROSS = Formula("across the edge", lambda da, db: da)


def edges(n: int, m: int) -> list[tuple[tuple[int, int], tuple[int, int], list[tuple[int, int]]]]:
    """Neighbouring cells of an n×m grid and the two ends of the edge they share."""
    upright = [((i, j), (i + 1, j), [(i + 1, j), (i + 1, j + 1)]) for i in range(n - 1) for j in range(m)]
    level = [((i, j), (i, j + 1), [(i, j + 1), (i + 1, j + 1)]) for i in range(n) for j in range(m - 1)]
    return upright + level


def conditions(n: int, m: int, smooth: bool) -> list[Row]:
    """The linear conditions on (a, b, c) of all cells: continuity, and continuous derivatives if `smooth`."""
    rows = []
    for one, other, ends in edges(n, m):
        tests = [(x, y, 1) for x, y in ends] + ([(1, 0, 0), (0, 1, 0)] if smooth else [])
        for test in tests:
            row = [0] * (3 * n * m)
            for cell, sign in ((one, 1), (other, -1)):
                start = 3 * (cell[0] * m + cell[1])
                row[start : start + 3] = [sign * t for t in test]
            rows.append(row)
    return rows


def sums(n: int, m: int) -> list[Row]:
    """A basis of p(x) + q(y): 1, x, y and the hinges max(0, x − i), max(0, y − j), as (a, b, c) on every cell."""
    cells = list(product(range(n), range(m)))
    basis = [[(0, 0, 1)] * len(cells), [(1, 0, 0)] * len(cells), [(0, 1, 0)] * len(cells)]
    basis += [[(1, 0, -k) if i >= k else (0, 0, 0) for i, _ in cells] for k in range(1, n)]
    basis += [[(0, 1, -k) if j >= k else (0, 0, 0) for _, j in cells] for k in range(1, m)]
    return [[entry for cell in member for entry in cell] for member in basis]


def rank(rows: list[Row]) -> int:
    return DomainMatrix([[QQ(x) for x in row] for row in rows], (len(rows), len(rows[0])), QQ).rank()


def solutions_are_sums(n: int, m: int, smooth: bool, kept: int) -> bool:
    """Continuous φ = span of the sums: the sums are solutions, independent, and as many as the solution space holds."""
    basis = sums(n, m)[:kept]
    laws = conditions(n, m, smooth)
    solve = all(sum(a * b for a, b in zip(law, f, strict=True)) == 0 for law in laws for f in basis)
    return solve and rank(basis) == len(basis) == 3 * n * m - rank(laws)


DEGREES = Formula.of(lambda n, m: n + m + 1)
TOO_FEW = Formula.of(lambda n, m: n + m)


def continuous(grids: Sequence[tuple[int, int]] = GRIDS, degrees: Formula = DEGREES) -> Evidence:
    """Continuous φ are the sums, a space of so many dimensions."""
    right = (solutions_are_sums(n, m, False, degrees(n, m)) for n, m in grids)
    return for_all(list(zip(grids, right, strict=True)), lambda case: case[1], "(n, m): continuous = p(x) + q(y)")


def smooth(grids: Sequence[tuple[int, int]] = GRIDS, kept: int = 3) -> Evidence:
    """C¹ φ are affine: 3 dimensions."""
    return for_all(grids, lambda size: solutions_are_sums(*size, True, kept), "(n, m): continuous derivative = affine")


def across_an_edge(kept: Formula = ALONG) -> Evidence:
    """Δ(x, y) = Δa x + Δb y + Δc, the jump at the edge {x = t}: its change along the edge is that of Δb alone."""
    da, db, dc, t, y0, y1 = unknowns(da=1, db=1, dc=1, t=1, y0=1, y1=1)

    def jump(x: Any, y: Any) -> Any:
        return da * x + db * y + dc

    change = jump(t, y1) - jump(t, y0)
    what = f"jump(t, y₁) − jump(t, y₀) = (y₁ − y₀)·Δ(derivative {kept})"
    return vanishes(change - (y1 - y0) * kept(da, db), what=what)


SAME = Formula.of(lambda da, other: da, da="Δa")
OTHER = Formula.of(lambda da, other: other, other="another Δa")


def mixed_difference(above: Formula = SAME) -> Evidence:
    """Jumps at {x = X} in two rows, with one slope a for each column: they differ by c₁₁ − c₀₁ − c₁₀ + c₀₀, no more."""
    da, other, X, c00, c10, c01, c11 = unknowns(da=1, other=1, X=1, c00=1, c10=1, c01=1, c11=1)
    below, over = da * X + (c10 - c00), above(da, other) * X + (c11 - c01)
    return vanishes(over - below - (c11 - c01 - c10 + c00), what="mixed difference = difference of the jumps")


SUM = Formula.of(lambda p, q: p + q)
PRODUCT = Formula.of(lambda p, q: p * q)


def telescoping(column: Formula = SAME, parts: Formula = SUM) -> Evidence:
    """No mixed difference: rows grow by the same u in every column, so c₁ⱼ − c₀ⱼ = c₁₀ − c₀₀ = g, and cᵢⱼ = γᵢ + δⱼ."""
    c0, c1, u, v, x, y, g = free("c0 c1 u v x y g")
    return all_of(
        induction(base=(c1 - c0, c1 - c0), step=((c1 + u) - (c0 + column(u, v)), c1 - c0), over="m", what="c₁ⱼ − c₀ⱼ"),
        induction(base=(parts(0, y), y), step=(parts(x, y) + g, parts(x + g, y)), over="n", what=f"cᵢⱼ: {parts}"),
    )


def one_more_column(added: int = 1, degrees: Formula = DEGREES) -> Evidence:
    """c₁ = c₀ + (a₀ − a₁)X is what continuity asks: a further column has one free number, its slope; rows too."""
    a0, a1, X, c0, c1 = unknowns(a0=1, a1=1, X=1, c0=1, c1=1)
    n, m = free("n m")
    return all_of(
        vanishes((a1 * X + c1) - (a0 * X + c0) - (c1 - (c0 + (a0 - a1) * X)), what="c₁ is determined"),
        induction(
            base=(degrees(0, m) + added, degrees(1, m)),
            step=(degrees(n, m) + added, degrees(n + 1, m)),
            what=f"{degrees}",
        ),
        induction(
            base=(degrees(n, 0) + added, degrees(n, 1)),
            step=(degrees(n, m) + added, degrees(n, m + 1)),
            over="m",
            what="and m",
        ),
    )


def one_slope(right: Formula = SAME) -> Evidence:
    """With one slope on both sides continuity is c₁ = c₀: where all slopes agree so do all constants."""
    a, b, X, c0, c1 = unknowns(a=1, b=1, X=1, c0=1, c1=1)
    return vanishes((right(a, b) * X + c1) - (a * X + c0) - (c1 - c0), what="the jump is c₁ − c₀")


CORNERS = tuple(product((0, 1), repeat=2))


JUMP = Matrix.diagonal(1, 2)


def random_blocks(right: Matrix = JUMP) -> Evidence:
    """dφ = I on the cell x < 1, diag(1, 2) on the cell x > 1: ∂y φ jumps along the edge, whatever the constants."""
    left = Matrix.identity(2)
    along = Matrix.of([[0], [1]])
    return equal(
        left @ along,
        right @ along,
        what="φ is continuous across the edge x = 1",
        dphi_left=left,
        dphi_right=right,
        edge=(0, 1),
        cells="rectangles",
        domain=[(0, 0), (1, 0)],
    )


def triangle(below: tuple[int, int] = (0, 1), above: tuple[int, int] = (1, 0)) -> Evidence:
    """φ = min(x, y) on the unit cell cut by its diagonal: continuous, constant gradients, not p(x) + q(y)."""
    f = {p: sum(g * z for g, z in zip(above if p == (0, 1) else below, p, strict=True)) for p in CORNERS}
    mixed = f[1, 1] - f[1, 0] - f[0, 1] + f[0, 0]
    return check(
        mixed == 0,
        "f(1,1) − f(1,0) − f(0,1) + f(0,0) = 0, as for every p(x) + q(y)",
        f=f,
        dphi_left=Matrix.of([[z] for z in above]),
        dphi_right=Matrix.of([[z] for z in below]),
        edge=(1, 1),
        cells="rectangles" if above == below else "triangles",
        domain=[(0, 0)],
    )


def continuous_across(dphi_left: Matrix, dphi_right: Matrix, edge: tuple[int, int]) -> bool:
    """Whether the jump of the derivative kills the direction of the edge; gradients may be columns."""
    jump = dphi_left - dphi_right
    jump = jump.T if jump.shape == (2, 1) else jump
    return not any(jump @ Matrix.from_columns(edge))


def on_cells(cells: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Dimensions of the continuous φ on any set of cells, and of the sums p(x) + q(y) there."""
    n, m = (1 + max(cell[axis] for cell in cells) for axis in (0, 1))
    kept = [3 * (i * m + j) + k for i, j in cells for k in range(3)]
    there = {3 * (i * m + j) for i, j in cells}
    laws = [row for row in conditions(n, m, smooth=False) if {k - k % 3 for k, x in enumerate(row) if x} <= there]
    laws_here, sums_here = ([[row[k] for k in kept] for row in rows] for rows in (laws, sums(n, m)))
    return len(kept) - rank(laws_here), rank(sums_here)


U_SHAPE = ((0, 0), (1, 0), (2, 0), (0, 1), (2, 1))


def on_domain(domain: Sequence[tuple[int, int]] = U_SHAPE) -> Evidence:
    """Five cells in a U: the arms are free to differ, which p(x) + q(y) cannot."""
    found, of_sums = on_cells(domain)
    same = Matrix.identity(2)
    return equal(
        found, of_sums, what="continuous = p(x) + q(y)",
        domain=domain, cells="rectangles", dphi_left=same, dphi_right=same, edge=(0, 1),
    )  # fmt: skip


def full(domain: Sequence[tuple[int, int]]) -> bool:
    """Whether the cells fill their bounding rectangle."""
    return len(domain) == (1 + max(i for i, _ in domain)) * (1 + max(j for _, j in domain))


EDGE = Route("affine on both sides", Method.RING, across_an_edge, mutants=instead("kept", ACROSS))
LINES = "(R : idomainType) (n m : nat) (X Y : nat -> R)"
CELLS = "(a b c : nat -> nat -> R)"
GRID = f"forall {LINES}, (forall i, X i.+1 != X i) -> (forall j, Y j.+1 != Y j) -> "
SIZED = "(0 < n)%N -> (0 < m)%N -> "
INSIDE = "forall i j, (i < n)%N -> (j < m)%N -> "
ROWS = "(forall i j, (i < n)%N -> (j.+1 < m)%N -> b i j = b i j.+1) -> "
SUMS = (
    f"{GRID}forall {CELLS}, {SIZED}continuous n m X Y a b c <-> exists p p' q q', [/\\ piecewise n X p p', "
    f"piecewise m Y q q' & {INSIDE}[/\\ a i j = p i, b i j = q j & c i j = p' i + q' j]]"
)
FREE = (
    f"{GRID}forall (p q : nat -> R) (start : R), {SIZED}exists c, "
    "[/\\ continuous n m X Y (fun i _ => p i) (fun _ j => q j) c, c 0%N 0%N = start & "
    f"forall d, continuous n m X Y (fun i _ => p i) (fun _ j => q j) d -> d 0%N 0%N = start -> {INSIDE}d i j = c i j]"
)
AFFINE = (
    f"{GRID}forall {CELLS}, continuous n m X Y a b c -> (forall i j, (i.+1 < n)%N -> (j < m)%N -> a i j = a i.+1 j) "
    f"-> {ROWS}{INSIDE}[/\\ a i j = a 0%N 0%N, b i j = b 0%N 0%N & c i j = c 0%N 0%N]"
)
MEANT = {
    "cell": f"fun (R : idomainType) {CELLS} (i j : nat) (x y : R) => a i j * x + b i j * y + c i j",
    "upright": f"fun {LINES} {CELLS} => forall i j, (i.+1 < n)%N -> (j < m)%N -> forall y, y \\in [:: Y j; Y j.+1] -> "
    "cell a b c i j (X i.+1) y = cell a b c i.+1 j (X i.+1) y",
    "level": f"fun {LINES} {CELLS} => forall i j, (i < n)%N -> (j.+1 < m)%N -> forall x, x \\in [:: X i; X i.+1] -> "
    "cell a b c i j x (Y j.+1) = cell a b c i j.+1 x (Y j.+1)",
    "continuous": f"fun {LINES} {CELLS} => upright n m X Y a b c /\\ level n m X Y a b c",
    "piecewise": "fun (R : idomainType) (k : nat) (Z p p' : nat -> R) => "
    "forall i, (i.+1 < k)%N -> p i * Z i.+1 + p' i = p i.+1 * Z i.+1 + p' i.+1",
}


ROWS_AND_COLUMNS = Route(
    "rows and columns",
    Method.SYMBOLIC,
    telescoping,
    {},
    instead("column", OTHER) | instead("parts", PRODUCT),
    "n m",
    cases=4,
)


def kernel(theorem: str, statement: str, otherwise: Mapping[str, str]) -> Route:
    """The theorem of T2_f_grids.v says this, about grids of any size with any lines."""
    return Route(
        "grids of any size, any lines",
        Method.COQ,
        pinned,
        {"theory": "T2_f_grids", "said": {theorem: statement}, "defined": MEANT},
        {name: {"said": {theorem: other}} for name, other in otherwise.items()},
        over="n m",
    )


T2_f = Statement(
    id="T2.f",
    paper=PAPER,
    name="realisable block fields",
    source="Kan et al., section 2.1 (H as {dφ})",
    summary=(
        "φ continuous, dφ constant on grid cells ⇔ φ(x, y) = {parts[p(x), q(y)]}, p, q piecewise linear; C¹ ⇒ affine"
    ),
    claim=(
        "On a full rectangle, a field that is constant on each cell of a grid is the derivative of a continuous φ "
        "iff across every edge its jump kills the direction of the edge (a matrix of rank one at most), iff ∂xφ "
        "depends on the column of cells only and ∂yφ on the row only, iff φ(x, y) = {parts[p(x), q(y)]} with p, q "
        "continuous and piecewise linear. If φ is C¹ it is affine. So independent random blocks, two or more, are "
        "almost surely the Jacobian of no map; each component has {degrees} degrees of freedom, not 3nm. On five "
        "cells in a U there is one more than p + q has."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "continuity": Hypothesis("φ is continuous across every edge", continuous_across),
        "rectangular cells": Hypothesis("the cells are rectangles", lambda cells: cells == "rectangles"),
        "full rectangle": Hypothesis("the cells fill a rectangle", full),
    },
    clauses=(
        Clause(
            "continuity across an edge ⇔ the jump kills its direction",
            EDGE,
            assumed=("a continuous map with constant derivative on a cell is affine there",),
        ),
        Clause(
            "⇔ φ(x, y) = {parts[p(x), q(y)]}, p and q continuous and piecewise linear",
            Chain(
                "slopes, then constants",
                EDGE,
                Route("constants of four cells", Method.RING, mixed_difference, {}, instead("above", OTHER)),
                ROWS_AND_COLUMNS,
            ),
            kernel("continuous_iff_sum", SUMS, {"q not continuous": SUMS.replace("piecewise m Y q q' & ", "& ")}),
            over="n m",
        ),
        Clause(
            "{degrees} dimensions",
            Route(
                "a further column or row",
                Method.SYMBOLIC,
                one_more_column,
                {},
                instead("added", 2) | instead("degrees", Formula.of(lambda n, m: n + 2 * m + 1)),
                "n m",
                cases=5,
            ),
            Route(
                "solution spaces", Method.EXACT, continuous, mutants=instead("degrees", TOO_FEW), over="grids", cases=15
            ),
            kernel("degrees_of_freedom", FREE, {"whatever is at 0": FREE.replace("d 0%N 0%N = start -> ", "")}),
            over="n m",
        ),
        Clause(
            "C¹ ⇔ affine",
            Chain(
                "one slope, one constant",
                Route("across an edge", Method.RING, one_slope, {}, instead("right", OTHER)),
                ROWS_AND_COLUMNS,
            ),
            Route("solution spaces", Method.EXACT, smooth, mutants=instead("kept", 2), over="grids", cases=15),
            kernel("smooth_is_affine", AFFINE, {"∂y jumps": AFFINE.replace(ROWS, "")}),
            over="n m",
        ),
    ),
    controls=(
        Dropped("continuity", random_blocks),
        Dropped("rectangular cells", triangle),
        Dropped("full rectangle", on_domain),
        Witness("a kink along the edge", random_blocks, {"right": Matrix.diagonal(2, 1)}),
        Witness("one gradient on both triangles", triangle, {"below": (1, 2), "above": (1, 2)}),
        Witness("a genuine kink: 2×1 has 4 dimensions", continuous, {"grids": [(2, 1)]}),
        Witness("the six cells around the U", on_domain, {"domain": tuple(product(range(3), range(2)))}),
    ),
)
