"""J1.g: which T_g can align a layer."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.checked import ONLY_INVERSE
from invariance_proofs.jansson.simple import INVERTIBLE, Point, Simple, box, inverse, reach
from invariance_proofs.jansson.theorem1 import IMAGE
from invariance_proofs.jansson.theorem1_sign import SQUARE
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.symbolic import free, same
from invariance_proofs.statement import (
    Chain,
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

POINTS = [(0, 0), (2, 1), (-1, 2), (1, -1), (-2, -1), (-1, 0), (2, 2), (3, 1), (-3, 0)]
ORIGIN = (0, 0)
QUARTER_TURN = Matrix.of([[0, -1], [1, 0]])


BY_A = Formula.of(lambda A, y: A * y)
PLAIN = Formula.of(lambda A, y: y)
GA = Formula("GA", lambda g, h, t: g * (h * t * h**-1) * g**-1)
AG = Formula("AG", lambda g, h, t: h * (g * t * g**-1) * h**-1)


def moving_translations(by: Formula = BY_A) -> Evidence:
    """T_h τ_y = τ_{Ay} T_h, as maps of arguments: both send x to A⁻¹(x − t) − y."""
    A, t, x, y = free("A t x y")
    return same(A**-1 * (x - t) - y, A**-1 * ((x - by(A, y)) - t), what="T_h τ_y = τ_{Ay} T_h")


def commutation(conjugate: Formula = GA) -> Evidence:
    """From T_gΛT_h = Λ and Λτ = τΛ: τ_{GAy}Λ = Λτ_y, where τ_{Ay} = T_h τ T_h⁻¹ and so on.

    Letters: g, h, L, t = τ_y. Covariance is used once, to move Λ past τ_{Ay}: g (hth⁻¹) L h = g L (hth⁻¹) h.
    """
    g, h, L, t = free("g h L t")
    through_h = h * t * h**-1
    return all_of(
        same(conjugate(g, h, t) * (g * L * h), g * through_h * L * h, what=f"τ_{conjugate}y Λ, Λ written as T_gΛT_h"),
        same(g * L * through_h * h, (g * L * h) * t, what="and Λτ_y after covariance"),
    )


@cache
def response(A: Matrix, x: Point, kernel: Simple) -> Any:
    """(T_h f ∗ λ)(x)."""
    return IMAGE.moved(A).convolved(kernel, x)


def aligned(G: Matrix, A: Matrix, kernel: Simple, w: Point = ORIGIN) -> bool:
    """Whether (Λ T_h f)(T_g⁻¹x) = (Λf)(x) at every point, T_g x = Gx + w."""
    back = inverse(G)
    one = Matrix.identity(2)
    return all(response(A, reach(back, (x[0] - w[0], x[1] - w[1])), kernel) == response(one, x, kernel) for x in POINTS)


SYMMETRY = Formula("A is a symmetry of the square", lambda A: Matrix.identity(2) == A @ A.T)
ANY = Formula("whatever A", lambda A: True)


INVERSE = Formula("T_h⁻¹", inverse)
ITSELF = Formula("T_h", lambda A: A)


def all_pairs(symmetric: Formula = SYMMETRY, back: Formula = INVERSE) -> Evidence:
    """48 × 48 pairs: T_g aligns the centred square's layer iff T_g = T_h⁻¹ and T_h is a symmetry of the square."""
    return for_all(
        product(INVERTIBLE, INVERTIBLE),
        lambda pair: aligned(*pair, SQUARE) == (pair[0] == back(pair[1]) and symmetric(pair[1])),
        "(T_g, T_h): T_g aligns ⇔ T_g = T_h⁻¹ and T_h is a symmetry of λ",
    )


def must_be_inverse(G: Matrix, kernel: Simple, w: Point = ORIGIN) -> Evidence:
    """For the quarter-turn T_h."""
    is_inverse = inverse(QUARTER_TURN) == G and w == ORIGIN
    return check(
        not aligned(G, QUARTER_TURN, kernel, w) or is_inverse,
        "T_g aligns ⇒ T_g = T_h⁻¹",
        filter=kernel.parts, T_h=QUARTER_TURN, T_g_linear=G, T_g_translation=w, f=IMAGE.parts, x=POINTS,
        both_sides=[response(Matrix.identity(2), x, kernel) for x in POINTS],
    )  # fmt: skip


OFF_CENTRE = Simple.on(box(1, -1, 3, 1))
"""The square about p = (2, 0): for the quarter-turn R, p − R⁻¹p = (2, 2)."""

COMMUTATION = Chain(
    "commutation with translations",
    Route("T_h τ_y = τ_{Ay} T_h", Method.SYMBOLIC, moving_translations, mutants=instead("by", PLAIN)),
    Route("τ_{GAy}Λ = Λτ_y", Method.SYMBOLIC, commutation, mutants=instead("conjugate", AG), cases=2),
)

J1_g = Statement(
    id="J1.g",
    paper=PAPER,
    name="only the inverse aligns",
    source="Jansson et al. (DeepMath 2020), first theorem",
    summary="{let:T_g Λ_λ T_h = Λ_λ} ⇒ T_g = {back}",
    claim=(
        "Let Λ, a layer, not be constant and {let:T_gΛT_h = Λ} with T_h, T_g linear. Then T_g = {back}. Proof: T_h "
        "τ_y = τ_({by}) T_h and {let:Λτ_y = τ_yΛ} give {let:τ_vΛ = Λ} for every v = ({conjugate} − I)y; if f has "
        "compact support, {let:Λf = σ(b)} outside a compact set, so for v other than zero Λf takes that value "
        "everywhere, for all these f, and Λ is constant. If T_h and T_g are affine the same argument gives the "
        "linear part of T_g, and Λ_λ fixes the translation."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.CORRECTED,
    correction=(
        "λ = 0 or a constant σ must be excluded. And the paper's “affine” has to be read as linear, as it defines it: "
        "with translations T_g need not be T_h⁻¹. If λ is symmetric about a point p ≠ 0, T_g x = T_h⁻¹x + p − A⁻¹p "
        "aligns and T_h⁻¹ does not."
    ),
    hypotheses={
        "Λ not constant": Hypothesis("λ ≠ 0 (here σ(z) = z)", lambda filter: bool(filter)),
        "T_g, T_h linear": Hypothesis("no translation part", lambda T_g_translation: T_g_translation == ORIGIN),
    },
    routes=(
        COMMUTATION,
        Route(
            "all pairs of small matrices on the square",
            Method.EXHAUSTIVE,
            all_pairs,
            mutants=instead("symmetric", ANY) | instead("back", ITSELF),
            cases=2304,
        ),
        ONLY_INVERSE,
    ),
    controls=(
        Dropped("Λ not constant", must_be_inverse, {"G": Matrix.identity(2), "kernel": Simple(())}),
        Dropped("T_g, T_h linear", must_be_inverse, {"G": inverse(QUARTER_TURN), "kernel": OFF_CENTRE, "w": (2, 2)}),
        Witness("only T_h⁻¹ may", must_be_inverse, {"G": -QUARTER_TURN, "kernel": SQUARE}),
        Witness("T_h⁻¹ does align the square", lambda: check(aligned(-QUARTER_TURN, QUARTER_TURN, SQUARE), "aligned")),
        Witness(
            "T_h⁻¹ does not align the square off the centre",
            lambda: check(not aligned(-QUARTER_TURN, QUARTER_TURN, OFF_CENTRE), "not aligned"),
        ),
    ),
    assumed=("Λ_λf = σ(b) outside the bounded set supp f + supp λ", "simple functions are dense in L¹_loc"),
)
