"""R: the integral over the surface of an image in colour space is invariant; a mean over the plane is not.

What a test function of the varifold of the surface is paired with (Charon & Trouvé, arXiv 1304.6108): colour I, the
direction [n] = nnᵀ/|n|² of n = ∂xI × ∂yI, and the area |n| dx.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.diffcnn.corollary4_c_lagrange import ONE_COLOUR_MORE
from invariance_proofs.diffcnn.pooling import area_element, integral
from invariance_proofs.matrix import Matrix, cross, dot
from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.sampling import Draw, schwartz_zippel
from invariance_proofs.routes.symbolic import determinant_law, matrices
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
    instead,
)

CHANGE_OF_VARIABLES = "the change of variables for C¹ diffeomorphisms (checked here for a family of polynomial ones)"


def raw_area_element(power: int = 1) -> Evidence:
    """The same on the raw entries at a random point."""

    def residual(draw: Draw) -> object:
        J, M = draw.matrix(3, 2), draw.matrix(2, 2)
        moved, n = cross(*(J @ M).columns), cross(*J.columns)
        return tuple(a - M.det() ** power * b for a, b in zip(moved, n, strict=True))

    return schwartz_zippel(residual, what="(J M) cross = det M · cross")


def direction(degree: int = 2) -> Evidence:
    """(tn)ᵢᵏ⁻¹(tn)ⱼ / |tn|² = nᵢᵏ⁻¹nⱼ / |n|² for k = 2: the denominators multiplied out, t unknown, of either sign."""
    n, t = unknowns(n=3, t=1)
    moved = tuple(t * x for x in n)
    pairs = [(i, j) for i in range(3) for j in range(3)]
    return vanishes(
        [moved[i] ** (degree - 1) * moved[j] * dot(n, n) - n[i] ** (degree - 1) * n[j] * dot(moved, moved)
         for i, j in pairs],
        what="[t n] = [n]",
    )  # fmt: skip


def mirrored(sign: int = -1, weighted: bool = True) -> Evidence:
    """∫∫ u(φ) |det dφ| = ∫∫ u for φ = (1 − x − a x(1 − x)y, y + b xy(1 − y)), whose det is negative; u quadratic."""
    x, y, a, b, c = unknowns(x=1, y=1, a=1, b=1, c=6)
    phi = 1 - x - a * x * (1 - x) * y, y + b * x * y * (1 - y)

    def u(s: Any, t: Any) -> Any:
        return c[0] + c[1] * s + c[2] * t + c[3] * s * s + c[4] * s * t + c[5] * t * t

    det = phi[0].diff(x) * phi[1].diff(y) - phi[0].diff(y) * phi[1].diff(x)
    moved = u(*phi) * (sign * det if weighted else 1)
    return vanishes(integral(moved, (x, y)) - integral(u(x, y), (x, y)), what="∫ u(φ) |det dφ| = ∫ u", of=moved)


def along(knots: Sequence[Fraction], pool: str = "weighted") -> Evidence:
    """u(x) = x on [0, 1] and φ linear between values at equidistant knots: ∫ u(φ)|φ′| dx, ∫ u(φ) dx or sup u(φ)."""
    pooled = {
        "weighted": lambda k: sum(abs(b * b - a * a) / 2 for a, b in pairwise(k)),
        "mean": lambda k: sum((a + b) / 2 for a, b in pairwise(k)) / (len(k) - 1),
        "supremum": max,
    }[pool]
    return equal(
        pooled(knots), pooled((Fraction(0), Fraction(1))), what=f"{pool}: that of u∘φ is that of u",
        u="x", knots=knots, pool=pool,
    )  # fmt: skip


QUARTER = Fraction(0), Fraction(1, 4), Fraction(1)
BACK = QUARTER[::-1]
HALF = Fraction(0), Fraction(1, 2)
TWICE = Fraction(0), Fraction(1), Fraction(0)

ONTO = Hypothesis("φ maps the domain onto itself", lambda knots: (min(knots), max(knots)) == (0, 1))
ONE_TO_ONE = Hypothesis("φ is one-to-one", lambda knots: len({a < b for a, b in pairwise(knots)}) == 1)

R = Statement(
    id="R",
    paper=PAPER,
    name="the integral over the surface in colour space",
    source="what Kan et al. promise in their title, kept; Charon & Trouvé, arXiv 1304.6108",
    summary=(
        "∫ f(I, [n]) |n| dx, {let:n = ∂xI × ∂yI}, is the same for I and I∘φ, φ any diffeomorphism of the domain: n "
        "takes (det dφ){power:^}"
    ),
    claim=(
        "Let I be C¹ with three colours, {let:n = ∂xI × ∂yI} and [n] = nnᵀ/|n|{degree:^}. For every C¹ "
        "diffeomorphism φ of the domain onto itself n[I∘φ] = (det dφ){power:^} n∘φ, so [n] moves with the image, and "
        "∫ f(I, [n]) |n| dx is the same for I and I∘φ, whatever f is, also where φ reverses orientation. With it its "
        "quotient by the area ∫|n| dx."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={"onto": ONTO, "one to one": ONE_TO_ONE},
    clauses=(
        Clause(
            "n[I∘φ] = (det dφ){power:^} n[I]∘φ for every dφ",
            Route("generic J and dφ", Method.RING, area_element, {}, {"det²": {"power": 2}}, "J00 M00", cases=3),
            Route("raw entries", Method.RANDOM, raw_area_element, {}, {"no det": {"power": 0}}, cases=3),
            over="J00 M00",
            assumed=("the chain rule for C¹ maps",),
        ),
        Clause(
            "[t n] = [n] for every t ≠ 0, negative ones too",
            Route(
                "generic n and t", Method.RING, direction, {}, {"n without a square": {"degree": 1}}, "n0 t", cases=9
            ),
            over="n0 t",
        ),
        Clause(
            "∫ u(φ) |det dφ| = ∫ u where φ reverses orientation",
            Route(
                "generic quadratic u, a family of mirrored warps of the unit square",
                Method.RING,
                mirrored,
                {},
                {"det without its absolute value": {"sign": 1}, "the plain mean": {"weighted": False}},
                "a b c0",
            ),
            over="a b c0",
            assumed=(CHANGE_OF_VARIABLES,),
        ),
    ),
    controls=(
        Dropped("onto", along, {"knots": HALF}),
        Dropped("one to one", along, {"knots": TWICE}),
        Witness("a warp with a kink", along, {"knots": QUARTER}),
        Witness("and backwards", along, {"knots": BACK}),
    ),
)

R_mean = Statement(
    id="R.mean",
    paper=PAPER,
    name="a mean over the plane",
    source="Kan et al., figure 2: global average pooling as the head of an invariant field",
    summary="∫ f(I, [n]) dx, a mean over pixels, is the same for I and I∘φ",
    claim=(
        "For a field {let:u[I∘φ] = u[I]∘φ} and a diffeomorphism φ of the domain, {let:∫ u[I∘φ] dx = ∫ u[I] dx}. (It "
        "is not, for {let:u = x} and a φ that is linear on both halves and takes the middle to {knots[1]}.)"
    ),
    verdict=Verdict.REFUTED,
    hypotheses={"onto": ONTO, "one to one": ONE_TO_ONE},
    routes=(
        Route(
            "u = x, one kink",
            Method.EXACT,
            along,
            {"knots": QUARTER, "pool": "mean"},
            {
                "weighted by the area": {"pool": "weighted"},
                "the supremum": {"pool": "supremum"},
                "no kink": {"knots": (Fraction(0), Fraction(1, 2), Fraction(1))},
            },
        ),
    ),
    controls=(
        Witness("the mean weighted by the area", along, {"knots": QUARTER, "pool": "weighted"}),
        Witness("the supremum", along, {"knots": QUARTER, "pool": "supremum"}),
    ),
    correction=(
        "A mean over pixels lacks |det dφ|. Weighted by the area |∂xI × ∂yI| it has it (R); a supremum needs none "
        "(U.pool). The weight is the whole repair."
    ),
)


def gram(power: int = 2) -> Evidence:
    """det((JM)ᵀ(JM)) = (det M)² det(JᵀJ), G = JᵀJ of any size."""
    G, M = matrices(G=("d", "d"), M=("d", "d"))
    return determinant_law(M.T * G * M, lambda det: det(M) ** power * det(G), what=f"det(MᵀGM) = (det M)^{power} det G")


def minors(channels: Sequence[int] = (2, 3, 4, 5, 6), power: int = 1) -> Evidence:
    """Every 2×2 minor of JM is det M times that of J, and the sum of their squares is det(JᵀJ)."""

    def residuals(c: int) -> list[Any]:
        J, M = unknowns(J=(c, 2), M=(2, 2))
        moved = J @ M
        pairs = list(combinations(range(c), 2))
        each = [_minor(moved, *pair) - M.det() ** power * _minor(J, *pair) for pair in pairs]
        return [*each, (J.T @ J).det() - sum(_minor(J, *pair) ** 2 for pair in pairs)]

    return vanishes([residuals(c) for c in channels], what="minors of JM = det M · minors of J")


def _minor(J: Matrix, i: int, j: int) -> Any:
    return J[i, 0] * J[j, 1] - J[i, 1] * J[j, 0]


def any_two(power: int = 1) -> Evidence:
    """The minor of any two rows of J takes det M."""
    J, M = unknowns(J=(2, 2), M=(2, 2))
    return vanishes((J @ M).det() - M.det() ** power * J.det(), what="a minor of JM")


def one_channel(J: Matrix) -> Evidence:
    """The area of a map with these rows is not 0."""
    area = (J.T @ J).det()
    return equal(area > 0, True, what="the surface has an area", J=J, det_JtJ=area)


R_dimension = Statement(
    id="R.dimension",
    paper=PAPER,
    name="feature maps of any dimension",
    source="R, for feature maps in place of colours; Cauchy–Binet",
    summary="for {two channels} the weight is √det(JᵀJ): it and the bivector ∂xF ∧ ∂yF take one factor det dφ",
    claim=(
        "For a map F of the plane to R^c with {let:J = dF}, {two channels}, the bivector of the 2×2 minors of J "
        "takes the factor (det M){any_two.power:^} under J ↦ JM, and its length is √det(JᵀJ), the square root of "
        "what takes (det M){gram.power:^}. So R holds with F in place of I. The law of the length holds on domains "
        "of any dimension up to c. One channel has no area, a grey image no surface."
    ),
    verdict=Verdict.PROVED,
    hypotheses={"two channels": Hypothesis("c ≥ 2", lambda J: J.shape[0] >= 2)},
    clauses=(
        Clause(
            "det((JM)ᵀ(JM)) = (det M){power:^} det(JᵀJ)",
            Route("all dimensions of the domain", Method.SYMBOLIC, gram, {}, {"power 1": {"power": 1}}, "d"),
            over="d",
        ),
        Clause(
            "each minor takes (det M){any_two.power:^}, and their squares add up to det(JᵀJ)",
            Chain(
                "any two rows, then a row more",
                Route("any two rows", Method.RING, any_two, {}, instead("power", 2), "M00"),
                ONE_COLOUR_MORE,
            ),
            Route("generic J", Method.RING, minors, mutants=instead("power", 0, 2), over="channels", cases=40),
            over="n",
        ),
    ),
    controls=(
        Dropped("two channels", one_channel, {"J": Matrix.of([[1, 2]])}),
        Witness("two channels", one_channel, {"J": Matrix.of([[1, 0], [0, 1]])}),
    ),
)


COFACTORS = Formula.of(lambda A: A.cofactors())
ITSELF = Formula.of(lambda A: A)


def one_tap(by: Formula = COFACTORS) -> Evidence:
    """(A x) × (A y) = cof(A)(x × y): det V_c of one tap is |cof(A_c) n|², A_c = w_c − w̄, by Lagrange's identity."""
    A, J = unknowns(A=(3, 3), J=(3, 2))
    normal = Matrix.from_columns(cross(*J.columns))
    moved = Matrix.from_columns(cross(*(A @ J).columns))
    return vanishes(moved - by(A) @ normal, what=f"(A∂xI) × (A∂yI) = {by} n")


def degree_zero(power: int = 2) -> Evidence:
    """|B(tn)|² |Bʹn|^p = |Bn|² |Bʹ(tn)|^p for p = 2: quotients of determinants do not see t."""
    B, D, n, t = unknowns(B=(3, 3), D=(3, 3), n=3, t=1)

    def size(A: Matrix, scale: Any) -> Any:
        return (A @ Matrix.from_columns(tuple(scale * x for x in n))).squared_norm()

    half = power // 2
    return vanishes(size(B, t) * size(D, 1) ** half - size(B, 1) * size(D, t) ** half, what="U of t n is U of n")


def colours_apart(first: Matrix, second: Matrix) -> Evidence:
    """Two images with one n, which differ in their colours only by a constant: U cannot tell, a colour can."""
    return equal(
        cross(*first.columns), cross(*second.columns), what="the two have one n", first=first, second=second
    )  # fmt: skip


R_fields = Statement(
    id="R.fields",
    paper=PAPER,
    name="what U of one tap adds",
    source="Kan et al., equations (4) and (5) with K = 1, beside R",
    summary="U of one-tap DiffCNN is a function of [n]: a learnt f(I, [n]) has it already",
    claim=(
        "With one tap the channels are A_c J, {let:A_c = w_c − w̄}, and det V_c = |{by[A_c]} n|². So U_c, the "
        "logarithm of quotients of these, is a function of [n] alone, whatever the kernels are and where it is "
        "defined: in the integral of R it is one of the functions f(I, [n]), and adds nothing to them."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    clauses=(
        Clause(
            "(A∂xI) × (A∂yI) = {by[A]} n",
            Route("generic A and J", Method.RING, one_tap, {}, instead("by", ITSELF), "A00 J00", cases=3),
            over="A00 J00",
        ),
        Clause(
            "quotients of |B n|² do not see the length of n",
            Route("generic B and n", Method.RING, degree_zero, {}, {"another degree": {"power": 4}}, "B00 n0 t"),
            over="B00 n0 t",
        ),
    ),
    controls=(
        Witness(
            "one n, two Jacobians",
            colours_apart,
            {"first": Matrix.of([[1, 0], [0, 1], [0, 0]]), "second": Matrix.of([[1, 1], [0, 1], [0, 0]])},
        ),
    ),
)
