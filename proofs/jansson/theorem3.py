"""J3: many layers, through the three properties that are all the proof needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.any_dimension import BEYOND, DEFINITE, JORDAN
from invariance_proofs.jansson.checked import BOUNDED, ONLY_INVERSE, THIN
from invariance_proofs.jansson.depth import RADII
from invariance_proofs.jansson.operators import (
    CLIPPED,
    CONVOLUTION,
    IMAGES,
    INTEGRAL,
    OPERATORS,
    POINTS,
    PROPERTIES,
    SAMPLE,
    WINDOW,
    ZERO,
    Operator,
    commutes,
    continuous,
    covariant,
    semi_local,
)
from invariance_proofs.jansson.powers import (
    GROWTH,
    SLAB,
    TURNING,
    conjugate_to_orthogonal,
    flatten,
    on_the_circle,
    small_matrices,
)
from invariance_proofs.jansson.simple import inverse
from invariance_proofs.jansson.theorem1_inverse import COMMUTATION, QUARTER_TURN
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.routes.symbolic import free, induction, same
from invariance_proofs.statement import (
    Chain,
    Clause,
    Dropped,
    Evidence,
    Grade,
    Hypothesis,
    Method,
    Mutant,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

STRETCH, SQUEEZE = 2 * Matrix.identity(2), Matrix.diagonal(2, Fraction(1, 2))


def unrolled(sign: int = 1) -> Evidence:
    """(Λf)(x) = (ΛT_hf)(A(x − w)) n times: (ΛT_hⁿf)(Aⁿx − s_n), s_{n+1} = A(s_n + w)."""
    A, P, x, s, w = free("A P x s w")
    step = (A * ((P * x - s) - sign * w), A * P * x - A * (s + w))
    return induction(base=(x - 0 * s, x), step=step, over="n", what="the argument Aⁿx − s_n")


def read_about(sign: int = 1) -> Evidence:
    """It reads f about x − A⁻ⁿs_n."""
    P, x, s = free("P x s")
    return same(P**-1 * (P * x - s), x - sign * P**-1 * s, what="back through T_hⁿ")


def layers(rule: str = "K(t(x)) = t(K(x))") -> Evidence:
    """A layer on top keeps covariance, linear or not: KLτ = τKL from Lτ = τL and Kτ = τK."""
    return follows("K(L(t(x))) = t(K(L(x)))", ["L(t(x)) = t(L(x))", rule])


def aligned(operator: Operator, A: Matrix) -> Evidence:
    """Whether an operator that T_h⁻¹ aligns is constant on three images."""
    values = [[operator(f, x) for x in POINTS] for f in (*IMAGES, ZERO)]
    constant = len({value for row in values for value in row}) == 1
    return check(
        not commutes(operator, A, inverse(A)) or constant,
        "T_gΛT_h = Λ ⇒ Λ is constant",
        operator=operator, T_h=A, T_g=inverse(A), images=[f.parts for f in (*IMAGES, ZERO)], x=POINTS,
        values=values,
    )  # fmt: skip


def table(lacking: Mapping[str, list[str]]) -> Evidence:
    """Which operators lack which property."""
    found = {o.name: [name for name, holds in PROPERTIES.items() if not holds(o)] for o in OPERATORS}
    return for_all(
        OPERATORS, lambda o: found[o.name] == lacking.get(o.name, []), "operator: lacks exactly what is listed"
    )


LACKING = {
    SAMPLE.name: ["continuity"],
    CLIPPED.name: ["continuity"],
    WINDOW.name: ["translation covariance"],
    INTEGRAL.name: ["semi-locality"],
}

ONLY_TURNS = {"modulus-1 eigenvalues only ever turn": {"rule": lambda A: A.det() in (1, -1)}}

J3 = Statement(
    id="J3",
    paper=PAPER,
    name="many layers",
    source="Jansson et al. (DeepMath 2020), third theorem",
    summary=(
        "not all eigenvalues of T_h on the unit circle, {let:T_g Λ T_h = Λ} ⇒ Λ constant, for Λ continuous, "
        "covariant, semi-local"
    ),
    claim=(
        "Let Λ have the three properties: f ↦ (Λf)(x) continuous in the L¹ distance at every x, {let:Λτ_y = τ_yΛ}, "
        "and (Λf)(x) a function of f near x. Continuous CNNs with bounded filters of compact support have them, in "
        "any depth. If {let:T_gΛT_h = Λ} and the powers of the linear part A of T_h are not bounded (some eigenvalue "
        "off the unit circle, or a shear), Λ is one constant for all images. Proof: if {let:GA ≠ I}, Λf does not "
        "change along ({conjugate} − I)y (J1.g) and is Λ0 far away, so it is Λ0. If {let:GA = I} then {let:(Λf)(x) = "
        "(ΛT_hⁿf)(Aⁿx − s_n)} depends on f in a translate of A⁻ⁿB only, and in B + x: on a set whose area comes "
        "arbitrarily close to zero. What f is there, with zero elsewhere, gives the same value and tends to zero in "
        "L¹: so {let:(Λf)(x) = (Λ0)(x)}, and Λ0 is constant by covariance."
    ),
    grade=Grade.MODULO,
    verdict=Verdict.PROVED,
    hypotheses={
        "unbounded powers": Hypothesis(
            "not all eigenvalues of A have modulus 1, or A is a shear", lambda T_h: not conjugate_to_orthogonal(T_h)
        ),
        "continuity": Hypothesis("‖f_n − f‖₁ → 0 ⇒ (Λf_n)(x) → (Λf)(x) for every x", continuous),
        "translation covariance": Hypothesis("Λτ_y = τ_yΛ for every y", covariant),
        "semi-locality": Hypothesis("(Λf)(x) depends on f in a bounded neighbourhood of x only", semi_local),
    },
    clauses=(
        Clause(
            "GA ≠ I: Λf does not change along (GA − I)y",
            COMMUTATION,
            ONLY_INVERSE,
            assumed=("images of compact support are dense; semi-locality carries the result to all images",),
        ),
        Clause(
            "GA = I: (Λf)(x) = (ΛT_hⁿf)(Aⁿx − s_n), which reads f about x − A⁻ⁿs_n",
            Chain(
                "unrolling",
                Route("n steps", Method.SYMBOLIC, unrolled, mutants=instead("sign", -1), over="n", cases=2),
                Route("back", Method.SYMBOLIC, read_about, mutants=instead("sign", -1)),
            ),
            THIN,
            over="n",
        ),
        Clause(
            "layers keep covariance, and radii of semi-locality add up",
            Chain(
                "one layer more",
                Route("covariance", Method.SYMBOLIC, layers, mutants=instead("rule", "K(t(x)) = K(x)")),
                replace(RADII, over=""),
            ),
            assumed=(
                "bounded filters and continuous σ make (Λf)(x) continuous in f; filters that are only integrable do "
                "so for images under one common bound, which are enough",
            ),
        ),
        Clause(
            "a large entry of Aⁿ flattens every box, in any dimension",
            SLAB,
            assumed=("f·1_D → f in L¹ as the area of the complement of D goes to 0",),
        ),
        Clause(
            "entries are not bounded if A keeps no definite form, in any dimension",
            Chain("powers that grow", replace(BEYOND, assumed=DEFINITE), JORDAN),
            BOUNDED,
        ),
        Clause(
            "in the plane: which matrices these are, by trace and determinant",
            Chain("growth, rotations, slabs", *(replace(route, over="") for route in GROWTH), *TURNING, SLAB),
            Chain(
                "496 integer matrices",
                Route("rule", Method.EXHAUSTIVE, small_matrices, mutants=ONLY_TURNS, cases=496),
                Route("area", Method.EXHAUSTIVE, flatten, mutants=instead("slack", 2), cases=620),
            ),
            at="N = 2",
        ),
    ),
    controls=(
        Dropped("unbounded powers", aligned, {"operator": CONVOLUTION, "A": QUARTER_TURN}),
        Dropped("continuity", aligned, {"operator": SAMPLE, "A": STRETCH}),
        Dropped("translation covariance", aligned, {"operator": WINDOW, "A": STRETCH}),
        Dropped("semi-locality", aligned, {"operator": INTEGRAL, "A": SQUEEZE}),
        Witness("the convolution obeys", aligned, {"operator": CONVOLUTION, "A": STRETCH}),
        Mutant("the convolution lacks continuity", table, {"lacking": LACKING | {CONVOLUTION.name: ["continuity"]}}),
        Witness("each counterexample lacks its own property and no other", table, {"lacking": LACKING}),
        Witness(
            "the convolution is not aligned by T_h⁻¹ under a stretch",
            lambda: check(not commutes(CONVOLUTION, STRETCH, inverse(STRETCH)), "not aligned"),
        ),
    ),
)

OBEYS = {"a convolution": {"operator": CONVOLUTION}}

J3_map = Statement(
    id="J3.map",
    paper=PAPER,
    name="continuity as a map L¹_loc → L¹_loc",
    source="Jansson et al. (DeepMath 2020), remark after the third theorem",
    summary="the third theorem holds for every continuous, semi-local, translation-covariant Λ of L¹_loc into itself",
    claim=(
        "If Λ: L¹_loc → L¹_loc is continuous, semi-local and translation-covariant, {let:T_gΛT_h = Λ} and not all "
        "eigenvalues of T_h lie on the unit circle, then Λ is constant."
    ),
    at="two operators, one T_h",
    hypotheses={
        "unbounded powers": Hypothesis("not all eigenvalues of T_h have modulus 1", lambda T_h: not on_the_circle(T_h)),
        "translation covariance": Hypothesis("Λτ_y = τ_yΛ for every y", covariant),
        "semi-locality": Hypothesis("(Λf)(x) depends on f near x only", semi_local),
    },
    verdict=Verdict.REFUTED,
    correction=(
        "The identity Λf = f is all of that and commutes with every T_h; so is every f ↦ F∘f with F continuous and "
        "bounded. What the proof needs is continuity of the value "
        "at a point, f ↦ (Λf)(x), which a convolution with a bounded filter has and the identity has not (J3). For a "
        "continuous CNN the theorem stands."
    ),
    routes=(
        Route("the identity", Method.EXACT, aligned, {"operator": SAMPLE, "A": STRETCH}, OBEYS),
        Route("min(1, |f|)", Method.EXACT, aligned, {"operator": CLIPPED, "A": STRETCH}, OBEYS),
    ),
    controls=(
        Witness("its values are not continuous in f", table, {"lacking": LACKING}),
        Witness("the convolution obeys", aligned, {"operator": CONVOLUTION, "A": STRETCH}),
    ),
)
