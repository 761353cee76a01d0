"""Which kernels commute with a finite group, for any action on the channels: the condition, and how many there are.

(Λf)(x) = Σ_y κ(y − x) f(y) with matrices κ(z); h moves f to ρ_in(h) f(h⁻¹x), outputs by ρ_out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from sympy import QQ
from sympy.polys.matrices import DomainMatrix

from invariance_proofs.gcnn.motions import GROUPS, ONE, Motion, PointGroup, window
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.symbolic import free, same
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.evidence import Evidence, all_of

Representation = Callable[[Motion], Matrix]
Tap = tuple[int, int]


def trivial(group: PointGroup) -> Representation:
    return lambda h: Matrix.identity(1)


def determinant(group: PointGroup) -> Representation:
    """The sign of a motion: −1 on mirrors (p4m), 1 on turns."""
    return lambda h: Matrix.of([[h.a * h.d - h.b * h.c]])


def vector(group: PointGroup) -> Representation:
    """Two channels that turn as a vector: gradients, flows."""
    return lambda h: Matrix.of([[h.a, h.b], [h.c, h.d]])


def regular(group: PointGroup) -> Representation:
    """A channel for each element; h moves channel g to hg."""
    return lambda h: Matrix.of([int(h(k) == g) for k in group] for g in group)


REPRESENTATIONS = {"trivial": trivial, "sign": determinant, "vector": vector, "regular": regular}


def tap_moves(back: bool = False) -> Evidence:
    """Where κ is read when image and output are moved by h: at h z for z = x⁻¹y, for every group of translations."""
    h, x, y = letters("h x y")
    f, kappa = function("f"), function("κ")
    moved_image, place = f((~h)(y)), h(x)(~h)
    left = moved_image * kappa((~place)(y))
    right = f(y) * kappa((h(~x)(y)) if not back else ((~h)(~x)(y)))
    return reindexed(left, right, "κ is read at hz", over=y, acting=[h, x])


def tap_defect(sign: int = 1) -> Evidence:
    """What one tap adds to Λ(hf) − h(Λf): (κ(hz) ρ_in − ρ_out κ(z)) f(y), 0 for all f iff κ(hz) = ρ_out κ(z) ρ_in⁻¹."""
    moved, kappa, rin, rout, f = free("κh κ ρ_in ρ_out f")
    return all_of(
        same(moved * (rin * f) - rout * (kappa * f), (moved * rin - sign * rout * kappa) * f, what="one tap"),
        same((moved * rin - rout * kappa) * rin**-1, moved - rout * kappa * rin**-1, what="solved for κ(hz)"),
    )


def condition(group: PointGroup, taps: Sequence[Tap], rho_in: Representation, rho_out: Representation) -> list[list[Any]]:
    """The rows of κ(hz) ρ_in(h) − ρ_out(h) κ(z) = 0, one unknown for each entry of κ at each tap."""
    rows = []
    n, m = rho_out(ONE).shape[0], rho_in(ONE).shape[0]
    index = {(z, i, j): len(taps) for z in taps for i in range(n) for j in range(m)}
    index = {key: place for place, key in enumerate(index)}
    for h in group:
        a, b = rho_in(h), rho_out(h)
        for z in taps:
            for i in range(n):
                for j in range(m):
                    row = [0] * len(index)
                    for k in range(m):
                        row[index[h(z), i, k]] += a[k, j]
                    for k in range(n):
                        row[index[z, k, j]] -= b[i, k]
                    rows.append(row)
    return rows


def dimension(name: str, size: int, rho_in: str, rho_out: str) -> int:
    """Free parameters of an equivariant kernel on {−size, …, size}², by elimination."""
    group, taps = GROUPS[name], window(-size, size)
    rows = condition(group, taps, REPRESENTATIONS[rho_in](group), REPRESENTATIONS[rho_out](group))
    return len(rows[0]) - DomainMatrix([[QQ(x) for x in row] for row in rows], (len(rows), len(rows[0])), QQ).rank()


def by_characters(name: str, size: int, rho_in: str, rho_out: str) -> Fraction:
    """(1/|H|) Σ_h χ_out(h) χ_in(h⁻¹) · (taps that h fixes)."""
    group, taps = GROUPS[name], window(-size, size)
    rin, rout = REPRESENTATIONS[rho_in](group), REPRESENTATIONS[rho_out](group)
    total = sum(rout(h).trace() * rin(~h).trace() * sum(h(z) == z for z in taps) for h in group)
    return Fraction(total, len(group))


CASES = [
    (name, size, a, b)
    for name in ("p2", "pm", "p4", "p4m")
    for size in (0, 1)
    for a, b in (("trivial", "trivial"), ("trivial", "regular"), ("vector", "vector"), ("sign", "trivial"), ("vector", "regular"))
] + [("p4", 1, "regular", "regular"), ("p4m", 0, "regular", "regular"), ("p4m", 2, "trivial", "vector")]


def counted(formula: Callable[..., Fraction] = by_characters) -> Evidence:
    return for_all(CASES, lambda c: dimension(*c) == formula(*c), "(H, size, ρ_in, ρ_out): dimension = character sum")


def without_inverse(name: str, size: int, rho_in: str, rho_out: str) -> Fraction:
    """Fixed taps forgotten: every h counts all of them."""
    group = GROUPS[name]
    rin, rout = REPRESENTATIONS[rho_in](group), REPRESENTATIONS[rho_out](group)
    return Fraction(sum(rout(h).trace() * rin(~h).trace() for h in group) * (2 * size + 1) ** 2, len(group))


def projection(order: int = 2) -> Evidence:
    """P = (1/|H|)Σ U(h) is idempotent: U(h)P = P. Here for the cyclic group of `order`, U generic with Uⁿ = 1."""
    (U,) = free("U")
    n = order
    total = sum((U**k for k in range(n)), 0)
    moved = sum((U ** ((k + 1) % n) for k in range(n)), 0)
    return same(moved, total, what="U Σ Uᵏ = Σ Uᵏ")


def one_tap(kappa_at: dict[Tap, int], h: Motion) -> Evidence:
    """One channel, f = 1 at 0: Λ(hf) against h(Λf), at every place."""
    moved = {(-z[0], -z[1]): v for z, v in kappa_at.items()}
    right = {h(x): v for x, v in moved.items()}
    return equal(moved, right, what="Λ(hf) = h(Λf)", f={(0, 0): 1}, kappa=kappa_at, h=h.matrix())


def finite_order() -> Evidence:
    """|det h| = 1 needs no hypothesis: det(h)ⁿ = 1 for real det, (d − 1)(1 + d + … + dⁿ⁻¹) = dⁿ − 1."""
    (d,) = unknowns(d=1)
    return vanishes([(d - 1) * sum((d**k for k in range(n)), 0 * d) - (d**n - 1) for n in range(1, 13)], what="dⁿ − 1")
