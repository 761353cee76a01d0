"""Products of irreps of O(3): which degrees occur, and which parity; z is e^{iθ}, χ_l(θ) = Σ_{m=−l}^{l} zᵐ."""

from __future__ import annotations

from collections import Counter
from itertools import product

from invariance_proofs.matrix import Matrix, cayley, cross
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.rules import PAPER
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
    instead,
)

Irrep = tuple[int, int]
"""Degree l and parity p: −1 acts as p, a rotation as on harmonics of degree l. A vector is (1, −1), written 1o."""


def weights(degree: int) -> Counter[int]:
    """The exponents m of χ_l."""
    return Counter(dict.fromkeys(range(-degree, degree + 1), 1))


def tensor(one: Irrep, other: Irrep) -> list[Irrep]:
    """What one ⊗ other holds: |l₁ − l₂|, …, l₁ + l₂, with the parity p₁p₂, each once."""
    (l1, p1), (l2, p2) = one, other
    return [(degree, p1 * p2) for degree in range(abs(l1 - l2), l1 + l2 + 1)]


def character(irreps: list[Irrep], inversion: bool) -> Counter[int]:
    """The trace of a turn by θ, or of a turn followed by −1, as exponents of z."""
    total: Counter[int] = Counter()
    for degree, p in irreps:
        for m, count in weights(degree).items():
            total[m] += count * (p if inversion else 1)
    return Counter({m: c for m, c in total.items() if c})


def multiplied(a: Counter[int], b: Counter[int]) -> Counter[int]:
    total: Counter[int] = Counter()
    for (m, x), (n, y) in product(a.items(), b.items()):
        total[m + n] += x * y
    return Counter({m: c for m, c in total.items() if c})


def listed(degrees: tuple[int, ...] = (0, 1, 2, 3, 4), wrong_parity: int = 1) -> Evidence:
    """χ of the product on turns and on turns times −1, which are all of O(3) up to conjugation."""
    irreps: list[Irrep] = [(k, p) for k in degrees for p in (1, -1)]

    def right(pair: tuple[Irrep, Irrep]) -> bool:
        found = [(k, p * wrong_parity) for k, p in tensor(*pair)]
        return all(
            multiplied(character([pair[0]], inv), character([pair[1]], inv)) == character(found, inv)
            for inv in (False, True)
        )

    return for_all(product(irreps, irreps), right, "(irrep, irrep): χ χ′ = Σ χ of the degrees listed, with parity pp′")


def step(sign: int = 1) -> Evidence:
    """χ_a (z^{b+1} + z^{−b−1}) = χ_{a+b+1} + χ_{a−b−1}, A = zᵃ, B = z^{b+1}: χ_{b+1} adds two degrees to χ_b.

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
    flipped = [
        x - e * e * y for x, y in zip(cross(tuple(e * w for w in u), tuple(e * w for w in v)), cross(u, v), strict=True)
    ]
    inverted = [-x - (-1) ** power * -y for x, y in zip(cross(tuple(-w for w in u), v), cross(u, v), strict=True)]
    return vanishes(turned, flipped, inverted, what="gu × gv = det(g) g(u × v)")


def between(p: int, q: int) -> Evidence:
    """A linear map from parity p to parity q keeps −1 if W(px) = qWx; the 1×1 matrix W = 1 at x = 1."""
    return equal(p * 1, q * 1, what="W(px) = q W(x) with W ≠ 0", p=p, q=q, W=1, x=1)


def sum_of(one: str = "1e", other: str = "1o") -> Evidence:
    """The same under −1 for u × v (even) and for w (odd) added up: what a layer without parities does."""
    parity = {"1e": 1, "1o": -1}
    moved = parity[one] * 2 + parity[other] * 3
    return check(moved in (5, -5), "the sum has a parity", first=one, second=other, values=(2, 3), moved=moved)


TENSOR = Statement(
    id="tensor-product",
    paper=PAPER,
    name="irreps of O(3) under tensor products",
    source="Clebsch–Gordan; e3nn's rule 1o x 1o → 0e + 1e + 2e",
    summary="(l₁, p₁) ⊗ (l₂, p₂) holds the degrees |l₁ − l₂|, …, l₁ + l₂, each once, all of parity p₁p₂",
    claim=(
        "The tensor product of irreps of O(3) holds every degree from |l₁ − l₂| to l₁ + l₂ once, with the product of "
        "the parities: {let:χ_l χ_l′ = Σ χ}. So the vector product of two vectors (1o) is even (1e): gu × gv = "
        "det(g){power:^} g(u × v). Added to a vector it has no parity, and a network that does so is right for every "
        "rotation and wrong in a mirror: a test that draws rotations alone passes it. And a linear layer has no path "
        "between parities."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "one parity": Hypothesis("what is added has one parity", lambda first, second: first[1] == second[1]),
    },
    clauses=(
        Clause(
            "χ_a (z^{{b+1}} + z^{{−b−1}}) = χ_{{a+b+1}} + χ_{{a−b−1}}: by induction over b all degrees, each once",
            Route("A = zᵃ, B = z^{b+1}", Method.RING, step, {}, instead("sign", -1), "A B z"),
            over="A B z",
            assumed=("χ determines a representation; χ_{−l−1} = −χ_l",),
        ),
        Clause(
            "degrees to {degrees[4]}, both parities, on rotations and on −1 times rotations",
            Route("characters", Method.CHARACTERS, listed, {}, instead("wrong_parity", -1), cases=100),
            finite=True,
        ),
        Clause(
            "gu × gv = det(g){power:^} g(u × v)",
            Route("Cayley's rotations and −1", Method.RING, pseudovector, {}, instead("power", 2), "u0 v0 a0", cases=9),
            over="u0 v0 a0",
            assumed=("half-turns are limits of Cayley's rotations, and both sides are continuous in g",),
        ),
    ),
    controls=(
        Dropped("one parity", sum_of),
        Witness("two pseudovectors", sum_of, {"other": "1e"}),
        Witness("a linear map between equal parities", between, {"p": -1, "q": -1}),
    ),
)
