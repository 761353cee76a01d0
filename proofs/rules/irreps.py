"""Products of irreps of O(3): which degrees occur, and which parity; z is e^{iθ}, χ_l(θ) = Σ_{m=−l}^{l} zᵐ."""

from __future__ import annotations

from collections import Counter
from itertools import product

from invariance_proofs.matrix import Matrix, cayley, cross
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.evidence import Evidence

Irrep = tuple[int, int]
"""Degree l and parity p: −1 acts as p, a rotation as on harmonics of degree l. A vector is (1, −1), written 1o."""


def weights(l: int) -> Counter[int]:
    """The exponents m of χ_l; for l < 0 by χ_{−l−1} = −χ_l."""
    return Counter({m: 1 for m in range(-l, l + 1)}) if l >= 0 else Counter({m: -1 for m in range(l + 1, -l)})


def tensor(one: Irrep, other: Irrep) -> list[Irrep]:
    """What one ⊗ other holds: |l₁ − l₂|, …, l₁ + l₂, with the parity p₁p₂, each once."""
    (l1, p1), (l2, p2) = one, other
    return [(l, p1 * p2) for l in range(abs(l1 - l2), l1 + l2 + 1)]


def character(irreps: list[Irrep], inversion: bool) -> Counter[int]:
    """The trace of a turn by θ, or of a turn followed by −1, as exponents of z."""
    total: Counter[int] = Counter()
    for l, p in irreps:
        for m, count in weights(l).items():
            total[m] += count * (p if inversion else 1)
    return Counter({m: c for m, c in total.items() if c})


def multiplied(a: Counter[int], b: Counter[int]) -> Counter[int]:
    total: Counter[int] = Counter()
    for (m, x), (n, y) in product(a.items(), b.items()):
        total[m + n] += x * y
    return Counter({m: c for m, c in total.items() if c})


def listed(l: tuple[int, ...] = tuple(range(5)), wrong_parity: int = 1) -> Evidence:
    """χ of the product on turns and on turns times −1, which are all of O(3) up to conjugation."""
    irreps = [(k, p) for k in l for p in (1, -1)]

    def right(pair: tuple[Irrep, Irrep]) -> bool:
        found = [(k, p * wrong_parity) for k, p in tensor(*pair)]
        return all(
            multiplied(character([pair[0]], inv), character([pair[1]], inv)) == character(found, inv) for inv in (False, True)
        )

    return for_all(product(irreps, repeat=2), right, "(irrep, irrep): χ χ′ = Σ χ of the degrees listed, with parity pp′")


def step(sign: int = 1) -> Evidence:
    """χ_a (z^{b+1} + z^{−b−1}) = χ_{a+b+1} + χ_{a−b−1}, with A = zᵃ, B = z^{b+1}: χ_{b+1} adds two degrees to χ_b. All a, b.

    Times (z − 1)AB and a power of z: χ_a (z − 1) = zA − 1/A.
    """
    A, B, z = unknowns(A=1, B=1, z=1)
    left = (z * A * A - 1) * (B * B + 1)  # χ_a (z − 1) · A · (B + 1/B) · B
    right = (z * A * A * B * B - 1) + sign * (z * A * A - B * B)  # with χ_{a±(b+1)}: zAB − 1/(AB), zA/B − B/A, times AB
    return vanishes(left - right, what="χ_a (B + 1/B) = χ_{a+b+1} + χ_{a−b−1}")


def pseudovector(power: int = 1) -> Evidence:
    """(gu) × (gv) = det(g) g (u × v): for rotations N/d (Cayley) and −1; the antisymmetric part of 1o ⊗ 1o is 1e."""
    u, v, a, e = unknowns(u=3, v=3, a=3, e=1)
    N, d = cayley(a)
    gu, gv = (N @ Matrix.from_columns(w) for w in (u, v))
    left = cross(tuple(gu), tuple(gv))
    right = d * (N @ Matrix.from_columns(cross(u, v)))
    turned = [x - y for x, y in zip(left, right, strict=True)]
    flipped = [x - e * e * y for x, y in zip(cross(tuple(e * w for w in u), tuple(e * w for w in v)), cross(u, v), strict=True)]
    inverted = [-x - (-1) ** power * -y for x, y in zip(cross(tuple(-w for w in u), v), cross(u, v), strict=True)]
    return vanishes(turned, flipped, inverted, what="gu × gv = det(g) g(u × v)")


def parity_kept(p: int, q: int) -> Evidence:
    """A linear map W with W(px) = qWx for −1: W = 0 unless p = q. The 1×1 case tells."""
    return check(p == q, "some W ≠ 0 has W p = q W", p=p, q=q, W=1)
