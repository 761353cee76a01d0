"""E.fold, E.horizon: how often the random matrices of the experiments turn the plane over or tear it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from invariance_proofs.diffcnn import PAPER
from invariance_proofs.matrix import Matrix, dot
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.intervals import Interval, digits, erf, exp_minus
from invariance_proofs.routes.smt import impossible
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
    Formula,
    Grade,
    Hypothesis,
    Method,
    Mutant,
    Route,
    Statement,
    Verdict,
    Witness,
    all_of,
    instead,
)

FORMS = Matrix.of([[1, 0, 0, 1], [0, 1, -1, 0], [1, 0, 0, -1], [0, 1, 1, 0]])
"""√2 (u, z, v, w) = (a + d, b − c, a − d, b + c) for the entries (a, b, c, d)."""


DOUBLED = Matrix((FORMS.rows[0], FORMS.rows[3], *FORMS.rows[2:]))


def squares(sign: int = 1) -> Evidence:
    """4 det = (a + d)² + (b − c)² − (a − d)² − (b + c)²; the four forms are orthogonal, of one length: rows of √2·O."""
    (entries,) = unknowns(e=4)
    a, b, c, d = entries
    u, z, v, w = (FORMS @ Matrix.from_columns(entries)).columns[0]
    return all_of(
        vanishes(4 * (a * d - b * c) - (u * u + sign * z * z - v * v - w * w), what="4 det"),
        vanishes(dot((u, z, v, w), (u, z, v, w)) - 2 * dot(entries, entries), what="orthogonal, of length √2"),
    )


def completed(share: int = 2) -> Evidence:
    """(u − m)² + u² = 2(u − m/2)² + m²/2: so E exp(−u²/2σ²) = exp(−m²/4σ²)/√2 for u ~ N(m, σ²)."""
    u, m = unknowns(u=1, m=1)
    return vanishes(2 * ((u - m) ** 2 + u * u) - (2 * u - m) ** 2 - (2 * m * m) // share, what="completing the square")


HALF, TENTH = Fraction(1, 2), Fraction(1, 10)
FOLD = Formula("½ exp(−1/(2σ²))", lambda sigma: Fraction(1, 2) * exp_minus(1 / (2 * sigma * sigma)))
OTHER = Formula("½ exp(−1/(4σ²))", lambda sigma: Fraction(1, 2) * exp_minus(1 / (4 * sigma * sigma)))
FOLDED = (("0.5", "0.0676"), ("0.1", "9.6e-23"), ("0.05", "6.9e-88"))
"""The paper's σ, and the digits there."""


def numbers(formula: Any = FOLD, at: Sequence[tuple[str, str]] = FOLDED) -> Evidence:
    """The probability at these σ."""
    return all_of(*(digits(formula(Fraction(s)), text, f"{formula} at σ = {s}") for s, text in at))


def signs(forms: Matrix = FORMS) -> Evidence:
    """On a lattice of matrices about I, entries in steps of ½: det < 0 ⇔ u² + z² < v² + w²."""
    steps = [Fraction(k, 4) for k in range(-5, 6, 2)]
    cases = [(1 + p, q, r, 1 + s) for p in steps for q in steps for r in steps for s in steps]

    def agrees(e: tuple[Any, ...]) -> bool:
        u, z, v, w = (forms @ Matrix.from_columns(e)).columns[0]
        return (e[0] * e[3] - e[1] * e[2] < 0) == (u * u + z * z < v * v + w * w)

    return for_all(cases, agrees, "(a, b, c, d): det < 0 ⇔ u² + z² < v² + w²")


def mean_of(diagonal: int) -> Evidence:
    """The mean matrix: m² = (2·diagonal)²/2 enters the exponent, and ½ alone is left for mean 0."""
    u = FORMS @ Matrix.from_columns((diagonal, 0, 0, diagonal))
    return check(u.squared_norm() == 4, "u² + z² at the mean is 4, that is m² = 2", mean=diagonal, forms=list(u))


E_fold = Statement(
    id="E.fold",
    paper=PAPER,
    name="how often the experiments' matrices turn the plane over",
    source="Kan et al., section 3, “Affine Normal” and “Affine + Shift”",
    summary=(
        "P(det < 0) = {formula} where {let:the diagonal is N(1,σ), the rest N(0,σ)}: {at[0][1]}… at σ = {at[0][0]}, "
        "{at[1][1]} at {at[1][0]}"
    ),
    claim=(
        "For independent entries {let:a, d ~ N(1, σ²) and b, c ~ N(0, σ²): 2 det = u² + z² − v² − w²} with "
        "independent {let:u ~ N(√2, σ²), z, v, w ~ N(0, σ²)}. So P(det < 0) = E exp(−(u² + z²)/2σ²) = {formula}. At "
        "the paper's σ = {at[0][0]} a share of {at[0][1]}… of all images is mirrored, which no diffeomorphism "
        "isotopic to the identity does; at σ ≤ {at[1][0]} practically none is."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={"centred at the identity": Hypothesis("the mean matrix is I", lambda mean: mean == 1)},
    clauses=(
        Clause(
            "4 det is a difference of squares of orthogonal forms",
            Route("the forms", Method.RING, squares, {}, instead("sign", -1), "e0 e1 e2 e3", cases=2),
            Route(
                "on a lattice of matrices",
                Method.EXHAUSTIVE,
                signs,
                {},
                {"b + c twice": {"forms": DOUBLED}},
                cases=1296,
            ),
            over="e0 e1 e2 e3",
        ),
        Clause(
            "E exp(−u²/2σ²) = exp(−m²/4σ²)/√2",
            Route("completing the square", Method.RING, completed, {}, instead("share", 1), "u m"),
            over="u m",
            assumed=(
                "∫ exp(−t²/σ²) dt = σ√π",
                "v² + w² > t has probability exp(−t/2σ²)",
                "orthogonal combinations of independent normals of one variance are independent normals",
            ),
        ),
        Clause(
            "the numbers",
            Route(
                "enclosed between fractions",
                Method.INTERVAL,
                numbers,
                {},
                {"¼ for ½ in the exponent": {"formula": OTHER}, "other digits": {"at": (("0.5", "0.0675"),)}},
                cases=3,
            ),
            finite=True,
        ),
    ),
    controls=(
        Dropped("centred at the identity", mean_of, {"diagonal": 2}),
        Witness("u² + z² at the mean", mean_of, {"diagonal": 1}),
    ),
)

QUARTER = Fraction(1, 4)
OVERLAPS = {"found": Interval(QUARTER, 3 * QUARTER), "text": "0.5", "what": "x"}
HORIZON = Formula("1 − erf(1/(2σ))²", lambda sigma: 1 - erf(1 / (2 * sigma)) * erf(1 / (2 * sigma)))
ONE_SIDED = Formula("1 − erf(1/(2σ))", lambda sigma: 1 - erf(1 / (2 * sigma)))


def corners(reach: int = 1) -> Evidence:
    """1 + gx + hy > 0 on [−1, 1]² ⇔ |g| + |h| < 1 ⇔ |g + h| < 1 and |g − h| < 1."""
    return all_of(
        impossible(
            lambda g, h, x, y: [
                x <= 1, x >= -1, y <= 1, y >= -1, 1 + g * x + h * y <= 0,
                g + h < reach, g + h > -reach, g - h < reach, g - h > -reach,
            ],
            "g h x y",
            what="inside the diamond it is positive, outside it is not at a corner",
            met=((-1, HALF, 1, -1), (-3 * HALF, 1, HALF, -HALF)),
        ),
        *(
            impossible(
                lambda g, h, s=s, t=t: [s * g + t * h >= 1, 1 - s * g - t * h > 0],
                "g h", what=f"({-s}, {-t})", met=((s, 0), (0, t)),
            )
            for s in (1, -1)
            for t in (1, -1)
        ),
    )  # fmt: skip


TORN = (("0.5", "0.2898"), ("0.1", "3.0e-12"))


def torn(formula: Any = HORIZON, at: Sequence[tuple[str, str]] = TORN) -> Evidence:
    return all_of(*(digits(formula(Fraction(s)), text, f"{formula} at σ = {s}") for s, text in at))


def divided(g: Fraction = Fraction(2), side: int = 1) -> Evidence:
    """The denominator 1 + gx over [−side, side] × {0}."""
    ends = [1 + g * x for x in (-side, side)]
    return check((min(ends) > 0) == (abs(g) < 1), "positive ⇔ |g| + |h| < 1", g=g, h=0, side=side, denominators=ends)


E_horizon = Statement(
    id="E.horizon",
    paper=PAPER,
    name="how often the experiments' homographies tear the image",
    source="Kan et al., section 3, “Homography”",
    summary="P(the horizon meets the image) = {formula}: {at[0][1]}… at σ = {at[0][0]}, {at[1][1]} at {at[1][0]}",
    claim=(
        "The denominator {let:1 + gx + hy} of the printed homography, {let:g, h ~ N(0, σ²)}, vanishes somewhere on "
        "the image {let:[−1, 1]²} exactly if |g| + |h| ≥ {corners.reach}, that is {let:|g + h| ≥ 1 or |g − h| ≥ 1}, "
        "two independent normals of variance 2σ²: probability {formula}. At σ = {at[0][0]} a share of {at[0][1]}… of "
        "all test images is torn apart at a line through them: no diffeomorphism of the image at all."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "coordinates": Hypothesis("the image is [−1, 1]², which the paper does not say", lambda side: side == 1)
    },
    clauses=(
        Clause(
            "positive on the square ⇔ |g| + |h| < {reach}",
            Route("corners and interior", Method.SMT, corners, {}, instead("reach", 2), "g h", cases=5),
            over="g h",
            assumed=("g + h and g − h are independent", "P(|t| < s) = erf(s/(√2 sd)) for a normal t"),
        ),
        Clause(
            "the numbers at σ = {at[0][0]} and {at[1][0]}",
            Route(
                "enclosed between fractions",
                Method.INTERVAL,
                torn,
                {},
                {"not squared": {"formula": ONE_SIDED}, "other digits": {"at": (("0.5", "0.2897"),)}},
                cases=2,
            ),
            finite=True,
        ),
    ),
    controls=(
        Dropped("coordinates", divided, {"g": Fraction(3, 4), "side": 16}),
        Witness("g = 2", divided),
        Witness(
            "1 − [¼, ½] = [½, ¾]",
            lambda: equal(1 - Interval(QUARTER, 2 * QUARTER), Interval(2 * QUARTER, 3 * QUARTER), what="1 − [¼, ½]"),
        ),
        Mutant("an interval that only overlaps", digits, OVERLAPS),
    ),
)
