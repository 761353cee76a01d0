"""T2.f: which block fields are Jacobians: φ(x, y) = p(x) + q(y), nothing else.

One component of φ is an affine function a x + b y + c on each unit cell. Continuity across an edge is the equality of
two affine functions at its two ends, a linear condition.
"""

from __future__ import annotations

from functools import partial
from itertools import product

from sympy import QQ
from sympy.polys.matrices import DomainMatrix

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness

Row = list[int]


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


def solutions_are_sums(n: int, m: int, smooth: bool = False) -> bool:
    """Continuous φ = span of the sums: the sums are solutions, independent, and as many as the solution space holds."""
    basis = sums(n, m)[: 3 if smooth else None]
    laws = conditions(n, m, smooth)
    solve = all(sum(a * b for a, b in zip(law, f, strict=True)) == 0 for law in laws for f in basis)
    return solve and rank(basis) == len(basis) == 3 * n * m - rank(laws)


def small_grids(smooth: bool = False) -> Evidence:
    what = "continuous with continuous derivative = affine" if smooth else "continuous = p(x) + q(y)"
    sizes = [size for size in product(range(1, 5), repeat=2) if size != (1, 1)]
    return for_all(sizes, lambda size: solutions_are_sums(*size, smooth=smooth), f"(n, m): {what}")


def across_an_edge(direction: str = "along") -> Evidence:
    """Δ(x, y) = Δa x + Δb y + Δc, the jump at the edge {x = t}: its change along the edge is that of Δb alone."""
    da, db, dc, t, y0, y1 = unknowns(da=1, db=1, dc=1, t=1, y0=1, y1=1)

    def jump(x: object, y: object) -> object:
        return da * x + db * y + dc

    change = jump(t, y1) - jump(t, y0)  # type: ignore[operator]
    kept = db if direction == "along" else da
    return vanishes(change - (y1 - y0) * kept, what=f"jump(t, y₁) − jump(t, y₀) = (y₁ − y₀)·Δ(derivative {direction})")


def random_blocks() -> Evidence:
    """dφ = I on the cell x < 1, diag(1, 2) on the cell x > 1: ∂y φ jumps along the edge, whatever the constants."""
    left, right = Matrix.identity(2), Matrix.diagonal(1, 2)
    along = Matrix.of([[0], [1]])
    return equal(
        left @ along, right @ along, what="φ is continuous across the edge x = 1", dphi_left=left, dphi_right=right
    )


def triangle() -> Evidence:
    """φ = min(x, y) on the unit cell cut by its diagonal: continuous, constant gradients, not p(x) + q(y)."""
    f = {(x, y): min(x, y) for x, y in product((0, 1), repeat=2)}
    mixed = f[1, 1] - f[1, 0] - f[0, 1] + f[0, 0]
    return check(mixed == 0, "f(1,1) − f(1,0) − f(0,1) + f(0,0) = 0, as for every p(x) + q(y)", f=f, mixed=mixed)


T2_f = Statement(
    id="T2.f",
    paper=PAPER,
    name="realisable block fields",
    source="Kan et al., section 2.1 (H as {dφ})",
    summary="φ continuous, dφ constant on grid cells ⇔ φ(x, y) = p(x) + q(y), p, q piecewise linear; C¹ ⇒ affine",
    claim=(
        "A field that is constant on each cell of a rectangular grid is the derivative of a continuous φ iff "
        "across every edge its jump kills the direction of the edge (a matrix of rank ≤ 1), iff ∂xφ depends "
        "on the column of cells only and ∂yφ on the row only, iff φ(x, y) = p(x) + q(y) with p, q continuous "
        "and piecewise linear. If φ is C¹ it is affine. So independent random blocks are almost surely the "
        "Jacobian of no map; each component has n + m + 1 degrees of freedom, not 3nm."
    ),
    sizes="all grids (edge by edge); solution spaces computed for n, m ≤ 4",
    verdict=Verdict.PROVED,
    hypotheses={
        "continuity": "φ is continuous across every edge",
        "rectangular cells": "the cells are bounded by lines x = const and y = const",
    },
    routes=(
        Route("the jump across one edge", Method.RING, across_an_edge),
        Route("dimension of the solution space", Method.EXACT, small_grids),
        Route("the same with continuous derivatives: affine", Method.EXACT, partial(small_grids, smooth=True)),
    ),
    controls=(
        Dropped("continuity", random_blocks),
        Dropped("rectangular cells", triangle),
        Mutant("the derivative across the edge is kept", partial(across_an_edge, "across")),
        Mutant("continuous ⇒ affine", lambda: check(len(sums(2, 1)) == 3, "a 2×1 grid has affine solutions only")),
        Witness("a genuine kink: 2×1 has 4 dimensions", lambda: check(solutions_are_sums(2, 1), "n + m + 1 = 4")),
    ),
    assumed=("a continuous map with constant derivative on a cell is affine there",),
)
