"""R.mesh and R.blind: images that are linear on triangles, where all is exact; and what their surface does not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.matrix import Matrix, cross, dot
from invariance_proofs.routes.exact import check, equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
    Grade,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
)

Colour = tuple[int, int, int]
Triangle = tuple[Colour, Colour, Colour]


def minus(a: Sequence[Any], b: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(x - y for x, y in zip(a, b, strict=True))


def by_its_corners(power: int = 1) -> Evidence:
    """n det[q − p | r − p] = (b − a) × (c − a) for the linear image with colours a, b, c at p, q, r, any triangle."""
    J, o, p, q, r = unknowns(J=(3, 2), o=3, p=2, q=2, r=2)

    def image(x: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(o[i] + J[i, 0] * x[0] + J[i, 1] * x[1] for i in range(3))

    a, b, c = (image(x) for x in (p, q, r))
    twice = Matrix.from_columns(minus(q, p), minus(r, p)).det()
    sides = cross(minus(b, a), minus(c, a))
    return vanishes(
        [n * twice**power - s for n, s in zip(cross(*J.columns), sides, strict=True)], what="2·area·n = (b−a)×(c−a)"
    )


def in_barycentric(weight: int = 1) -> Evidence:
    """I(p + s(q − p) + t(r − p)) = a + s(b − a) + t(c − a): the triangle's colours do not know where it lies."""
    J, o, p, q, r, s, t = unknowns(J=(3, 2), o=3, p=2, q=2, r=2, s=1, t=1)

    def image(x: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(o[i] + J[i, 0] * x[0] + J[i, 1] * x[1] for i in range(3))

    a, b, c = (image(x) for x in (p, q, r))
    inside = tuple(p[i] + s * (q[i] - p[i]) + t * (r[i] - p[i]) for i in range(2))
    wanted = [a[i] + s * (b[i] - a[i]) + weight * t * (c[i] - a[i]) for i in range(3)]
    return vanishes([x - y for x, y in zip(image(inside), wanted, strict=True)], what="colours by barycentric position")


def patch(diagonal: int = 1) -> Evidence:
    """The mean of ∂sI × ∂tI over a bilinear patch, I(0,0) = a, I(1,0) = b, I(0,1) = c, I(1,1) = d.

    The product is of degree 1 in s and in t, so that its mean is its value at the middle, where
    2∂sI = b − a + d − c and 2∂tI = c − a + d − b.
    """
    a, b, c, d = unknowns(a=3, b=3, c=3, d=3)
    ds = tuple(b[i] - a[i] + d[i] - c[i] for i in range(3))
    dt = tuple(c[i] - a[i] + d[i] - b[i] for i in range(3))
    halves = cross(minus(d, a), tuple(diagonal * x for x in minus(c, b)))
    return vanishes([x - 2 * y for x, y in zip(cross(ds, dt), halves, strict=True)], what="mean n = ½ (d−a)×(c−b)")


def mean_at_the_middle(extra: int = 0) -> Evidence:
    """∫∫ (u + v s)(p + q t) ds dt = (u + v/2)(p + q/2), times 4; the factors of a bilinear patch's normal are such."""
    u, v, p, q = unknowns(u=1, v=1, p=1, q=1)
    mean = 4 * u * p + 2 * u * q + 2 * v * p + v * q  # ∫ 1, t, s, st = 1, ½, ½, ¼
    return vanishes(mean - ((2 * u + v) * (2 * p + q) + extra * v * q), what="mean = value at the middle")


SQUARE: tuple[Colour, ...] = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 0))
"""Colours at the top left, top right, bottom left and bottom right corner."""


def cut(diagonal: str) -> list[Triangle]:
    a, b, c, d = SQUARE
    return [(a, b, d), (a, d, c)] if diagonal == "falling" else [(a, b, c), (b, d, c)]


def area(triangles: Sequence[Triangle]) -> Fraction:
    """Σ of the areas in colour space; here all are half a whole number."""
    squares = [dot(n, n) for n in (cross(minus(b, a), minus(c, a)) for a, b, c in triangles)]
    return sum((Fraction(_root(s), 2) for s in squares), Fraction(0))


def _root(square: int) -> int:
    root = next(r for r in range(square + 1) if r * r >= square)
    if root * root != square:
        raise ValueError(f"{square} is no square")
    return root


def cut_again(mesh: str, other: str) -> Evidence:
    """One set of samples, linear on the triangles of one diagonal or of the other: the areas."""
    return equal(area(cut(mesh)), area(cut(other)), what="the areas agree", mesh=mesh, other=other, colours=SQUARE)


R_mesh = Statement(
    id="R.mesh",
    paper=PAPER,
    name="images on meshes: exact, nothing assumed",
    source="R, for images that are linear on the triangles of a mesh",
    summary="piecewise linear images under piecewise linear maps: a triangle contributes by its vertex colours alone",
    claim=(
        "Let I be linear on the triangles of a mesh and φ⁻¹ carry it to another mesh, linear on each triangle. Then "
        "each triangle contributes ∫ f(a + s(b − a) + {weight:*}t(c − a), [ν]) |ν| ds dt over {let:0 ≤ s, t, s + t ≤ "
        "1}, {let:ν = (b − a) × (c − a)}, where a, b, c are the colours of its vertices: no position occurs. So the "
        "integral is the same, exactly, also where φ turns triangles over. Of a quadrilateral with a bilinear image "
        "the mean normal is half the product of the diagonals' colours, no position either."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={"one mesh": Hypothesis("φ carries mesh to mesh", lambda mesh, other: mesh == other)},
    clauses=(
        Clause(
            "n dx = (b − a) × (c − a) ds dt on a triangle with colours a, b, c",
            Route(
                "generic triangle", Method.RING, by_its_corners, {}, {"no area": {"power": 0}}, "J00 p0 q0 r0", cases=3
            ),
            over="J00 p0 q0 r0",
        ),
        Clause(
            "its colours are a + s(b − a) + {weight:*}t(c − a)",
            Route(
                "generic triangle",
                Method.RING,
                in_barycentric,
                {},
                {"another weight": {"weight": 2}},
                "J00 p0 s t",
                cases=3,
            ),
            over="J00 p0 s t",
        ),
        Clause(
            "the mean normal of a bilinear patch is ½ (d − a) × (c − b)",
            Route("at the middle", Method.RING, patch, {}, {"turned over": {"diagonal": -1}}, "a0 b0 c0 d0", cases=3),
            over="a0 b0 c0 d0",
        ),
        Clause(
            "where its mean is",
            Route("products of two linear factors", Method.RING, mean_at_the_middle, {}, {"more": {"extra": 1}}, "u v"),
            over="u v",
        ),
    ),
    controls=(
        Dropped("one mesh", cut_again, {"mesh": "falling", "other": "rising"}),
        Witness("the same diagonal", cut_again, {"mesh": "falling", "other": "falling"}),
    ),
)


Picture = tuple[tuple[int, ...], ...]
"""Grey levels of a grid of vertices; of the negative ones each is a colour of its own."""

PALETTE: dict[int, Colour] = {-1: (3, 0, 0), -2: (0, 3, 0)}

ONE_HILL: Picture = ((-1, 0, 0, 0, 0, 0), (-2, 0, 1, 1, 0, 0), (0, 0, 0, 0, 0, 0))
CELL: Picture = ((-1, 1), (-2, 0))
TWO_HILLS: Picture = ((-1, 0, 0, 0, 0, 0), (-2, 0, 1, 0, 1, 0), (0, 0, 0, 0, 0, 0))


def colours(picture: Picture) -> list[list[Colour]]:
    return [[PALETTE.get(level, (level, level, level)) for level in row] for row in picture]


def varifold(picture: Picture) -> Counter[tuple[Colour, ...]]:
    """The triangles that have an area, by the colours of their vertices."""
    rows = colours(picture)
    cells = [
        (rows[i][j], rows[i][j + 1], rows[i + 1][j], rows[i + 1][j + 1])
        for i in range(len(rows) - 1)
        for j in range(len(rows[0]) - 1)
    ]
    triangles = [t for a, b, c, d in cells for t in ((a, b, d), (a, d, c))]
    return Counter(tuple(sorted(t)) for t in triangles if any(cross(minus(t[1], t[0]), minus(t[2], t[0]))))


def hills(picture: Picture) -> int:
    """Components of {I = white}: vertices of that colour, joined by the edges of the mesh.

    A homeomorphism of the plane keeps their number.
    """
    left = {(i, j) for i, row in enumerate(picture) for j, level in enumerate(row) if level == 1}
    found = 0
    while left:
        found, heap = found + 1, [left.pop()]
        while heap:
            i, j = heap.pop()
            near = {(i, j + 1), (i, j - 1), (i + 1, j), (i - 1, j), (i + 1, j + 1), (i - 1, j - 1)} & left
            left -= near
            heap += near
    return found


def cell() -> Evidence:
    """The four vertices a, b above c, d: abd and adc."""
    (a, b), (c, d) = colours(CELL)
    wanted = Counter(tuple(sorted(t)) for t in ((a, b, d), (a, d, c)))
    return equal(varifold(CELL), wanted, what="the triangles of a cell")


def ridges() -> Evidence:
    """Five vertices in a row: one hill along the three directions of the mesh's edges, five along the fourth."""

    def along(a: int, b: int) -> Picture:
        ridge = {(2 + k * a, 2 + k * b) for k in range(-2, 3)}
        return tuple(tuple(int((i, j) in ridge) for j in range(5)) for i in range(5))

    found = [hills(along(a, b)) for a, b in ((0, 1), (1, 0), (1, 1), (1, -1))]
    return equal(found, [1, 1, 1, 5], what="hills of four ridges")


def not_told_apart(first: Picture = ONE_HILL, second: Picture = TWO_HILLS) -> Evidence:
    """One varifold, not empty, and another number of hills."""
    same = varifold(first) == varifold(second) and bool(varifold(first))
    numbers = {"hills": (hills(first), hills(second)), "triangles": (dict(varifold(first)), dict(varifold(second)))}
    return check(same and hills(first) != hills(second), "one varifold, and no warps of each other", **numbers)


def told_apart(first: Picture, second: Picture) -> Evidence:
    """Their varifolds differ."""
    return check(varifold(first) != varifold(second), "two varifolds", triangles=dict(varifold(first)))


R_blind = Statement(
    id="R.blind",
    paper=PAPER,
    name="what the integral does not see",
    source="beside R",
    summary="there are images with one varifold, not zero, that are no warps of each other",
    claim=(
        "There are two images with the same integrals ∫ f(I, [n]) |n| dx for every f that are no warps of each "
        "other: a coloured corner, and on grey ground one white hill in the one and two in the other. What is grey, "
        "or of any one-parameter set of colours, has no normal and weighs nothing, so the number of hills is not "
        "seen; a homeomorphism keeps the number of white components. The integral forgets how the surface's pieces "
        "hang together."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    routes=(
        Route(
            "one hill and two",
            Method.EXACT,
            not_told_apart,
            {},
            {
                "the same hills": {"second": ((-1, 0, 0, 0), (-2, 0, 1, 0), (0, 0, 0, 0))},
                "all grey": {"first": ((0, 0, 0), (0, 1, 0), (0, 0, 0))},
            },
        ),
    ),
    finite=True,
    assumed=("a homeomorphism keeps the number of components of a level set",),
    controls=(
        Witness("a coloured hill is seen", told_apart, {"first": ONE_HILL, "second": CELL}),
        Witness("along the edges of the mesh a ridge is one hill", ridges),
        Witness("a cell is two triangles along its diagonal", cell),
    ),
)
