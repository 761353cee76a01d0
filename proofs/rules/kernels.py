"""Which kernels commute with a finite group, for any action on the channels: the condition, and how many there are.

(Λf)(x) = Σ_y κ(y − x) f(y) with matrices κ(z); h moves f to ρ_in(h) f(h⁻¹x), outputs by ρ_out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from sympy import QQ
from sympy.polys.matrices import DomainMatrix

from invariance_proofs.gcnn.motions import GROUPS, ONE, TURN, Motion, PointGroup, window
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.symbolic import free, same
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.rules import PAPER
from invariance_proofs.statement import (
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


def condition(
    group: PointGroup, taps: Sequence[Tap], rho_in: Representation, rho_out: Representation
) -> list[list[Any]]:
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
    exact = [[QQ(x) if x else QQ.zero for x in row] for row in dict.fromkeys(map(tuple, rows))]
    return len(rows[0]) - DomainMatrix(exact, (len(exact), len(rows[0])), QQ).rank()


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
    for a, b in (
        ("trivial", "trivial"),
        ("trivial", "regular"),
        ("vector", "vector"),
        ("sign", "trivial"),
        ("vector", "regular"),
    )
] + [("p4", 1, "regular", "regular"), ("p4m", 0, "regular", "regular"), ("p4m", 2, "trivial", "vector")]


CHARACTERS = Formula("(1/|H|) Σ_h χ_out(h) χ_in(h⁻¹) · #{taps fixed by h}", by_characters)


def counted(formula: Callable[..., Fraction] = CHARACTERS) -> Evidence:
    return for_all(CASES, lambda c: dimension(*c) == formula(*c), "(H, size, ρ_in, ρ_out): dimension = character sum")


def printed(regular: int = 36, lifted: int = 9, vectors: int = 10, images: int = 3) -> Evidence:
    """The numbers that the claim gives, by elimination."""
    wanted = {
        ("p4", 1, "regular", "regular"): regular,
        ("p4", 1, "trivial", "regular"): lifted,
        ("p4", 1, "vector", "vector"): vectors,
        ("p4m", 1, "trivial", "trivial"): images,
    }
    return equal({case: dimension(*case) for case in wanted}, wanted, what="dimensions", cases=list(wanted))


def all_taps(name: str, size: int, rho_in: str, rho_out: str) -> Fraction:
    """Fixed taps forgotten: every h counts all of them."""
    group = GROUPS[name]
    rin, rout = REPRESENTATIONS[rho_in](group), REPRESENTATIONS[rho_out](group)
    return Fraction(sum(rout(h).trace() * rin(~h).trace() for h in group) * (2 * size + 1) ** 2, len(group))


def only_out(name: str, size: int, rho_in: str, rho_out: str) -> Fraction:
    """χ_in of 1 for every h."""
    group, taps = GROUPS[name], window(-size, size)
    rin, rout = REPRESENTATIONS[rho_in](group), REPRESENTATIONS[rho_out](group)
    return Fraction(sum(rout(h).trace() * rin(ONE).trace() * sum(h(z) == z for z in taps) for h in group), len(group))


def on_taps(taps: list[Tap], group: str = "p4") -> Evidence:
    """One channel in and out, kernels on these taps: those that commute with H are constant on whole orbits."""
    orbits = {frozenset(h(z) for h in GROUPS[group]) for z in taps}
    found = sum(orbit <= set(taps) for orbit in orbits)
    counted_ = Fraction(sum(sum(h(z) == z for z in taps) for h in GROUPS[group]), len(GROUPS[group]))
    return equal(Fraction(found), counted_, what="dimension = character sum", taps=taps, group=group)


def one_tap(kappa: dict[Tap, int], h: Motion = TURN) -> Evidence:
    """One channel, f = 1 at 0: Λ(hf) against h(Λf), at every place."""
    moved = {(-z[0], -z[1]): v for z, v in kappa.items()}
    right = {h(x): v for x, v in moved.items()}
    return equal(moved, right, what="Λ(hf) = h(Λf)", f={(0, 0): 1}, kappa=kappa, h=h)


def finite_order(once: int = 1) -> Evidence:
    """With S = 1 + … + dⁿ⁻¹ and P = dⁿ: (d − 1)S = P − 1 gives (d − 1)(S + P) = Pd − 1."""
    d, S, P = unknowns(d=1, S=1, P=1)
    step = (d - 1) * (S + once * P) - (P * d - 1)
    return vanishes(step - ((d - 1) * S - (P - 1)), what="(d − 1)(1 + … + dⁿ) = dⁿ⁺¹ − 1")


kernel = Statement(
    id="kernel",
    paper=PAPER,
    name="kernels that commute with a finite group",
    source="Cohen & Welling, “Steerable CNNs” (2017); Weiler & Cesa (2019), the kernel constraint",
    summary="a convolution commutes with h for all images ⇔ κ(hz) = {sign:*}ρ_out(h) κ(z) ρ_in(h)⁻¹",
    claim=(
        "Let h act on images by ρ_in(h) f(h⁻¹x) and on outputs by ρ_out. {let:(Λf)(x) = Σ_y κ(y − x) f(y)} commutes "
        "with h exactly if κ(hz) = {sign:*}ρ_out(h) κ(z) ρ_in(h)⁻¹ at every z: moved by h, κ is read at hz, and one "
        "tap adds (κ(hz) ρ_in − {sign:*}ρ_out κ(z)) f(y), which f of a single pixel brings out. Any library's layer "
        "can be held against it. For a finite group {let:|det h| = 1} needs no hypothesis {let:(det hⁿ = 1)}, so the "
        "same holds for integrals over the plane."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={
        "the constraint": Hypothesis(
            "κ(hz) = ρ_out(h) κ(z) ρ_in(h)⁻¹, here with trivial ρ",
            lambda kappa, h: all(kappa.get(h(z)) == v for z, v in kappa.items()),
        )
    },
    clauses=(
        Clause(
            "moved by h, κ is read at hz",
            Route("words of the free group", Method.SYMBOLIC, tap_moves, {}, instead("back", True), "groups"),
            over="groups",
        ),
        Clause(
            "what one tap adds is (κ(hz) ρ_in − {sign:*}ρ_out κ(z)) f(y)",
            Route(
                "free algebra, matrices of every size",
                Method.SYMBOLIC,
                tap_defect,
                {},
                instead("sign", -1),
                "ρ_in ρ_out",
                cases=2,
            ),
            over="ρ_in ρ_out",
        ),
        Clause(
            "dⁿ = 1 ⇒ |d| = 1 for real d: dⁿ − 1 = (d − 1)(1 + … + dⁿ⁻¹), the second factor > 0 for d > 0",
            Route("by induction over n", Method.RING, finite_order, {}, instead("once", 2), "d S P"),
            over="d S P",
        ),
    ),
    controls=(
        Dropped("the constraint", one_tap, {"kappa": {(0, 1): 1}}),
        Witness("a cross", one_tap, {"kappa": {(0, 1): 1, (1, 0): 1, (0, -1): 1, (-1, 0): 1}}),
    ),
)

kernel_dimension = Statement(
    id="kernel.dimension",
    paper=PAPER,
    name="how many equivariant kernels there are",
    source="Weiler & Cesa (2019), section 2; characters of finite groups",
    summary="free parameters of an equivariant kernel = {formula}",
    claim=(
        "On a set of taps that H maps to itself the kernels with {let:κ(hz) = ρ_out(h) κ(z) ρ_in(h)⁻¹} are a space "
        "of dimension {formula}, the trace of the averaging projection. So a basis table of any library can be "
        "counted by hand: for p4 and 3×3 taps {regular} from regular to regular, {lifted} from image to regular, "
        "{vectors} from vector to vector; {images} for p4m from image to image (gcnn:G3.isotropic)."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.LISTED,
    why="traces of projections, of every finite group at once, are in none of the procedures",
    hypotheses={
        "taps closed under H": Hypothesis(
            "h maps taps to taps", lambda taps, group: all(h(z) in taps for h in GROUPS[group] for z in taps)
        )
    },
    routes=(
        Route(
            "43 cases: elimination against characters",
            Method.CHARACTERS,
            counted,
            {},
            {"fixed taps forgotten": {"formula": all_taps}, "χ_in of h left out": {"formula": only_out}},
            at="p2, pm, p4, p4m; up to 5×5 taps; trivial, sign, vector and regular channels",
            cases=43,
        ),
    ),
    at="p2, pm, p4, p4m; up to 5×5 taps; trivial, sign, vector and regular channels",
    controls=(
        Dropped("taps closed under H", on_taps, {"taps": [(0, 0), (0, 1)]}),
        Witness(
            "a mirror has the sign −1",
            lambda: equal(determinant(GROUPS["pm"])(GROUPS["pm"][1])[0, 0], -1, what="its sign"),
        ),
        Witness("the numbers of the claim", printed),
        Witness("a cross of taps", on_taps, {"taps": [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)]}),
    ),
    assumed=("the rank of a projection is its trace, in characteristic 0",),
)
