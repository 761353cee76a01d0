"""J3: many layers, through the three properties that are all the proof needs."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from invariance_proofs.jansson import PAPER
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
)
from invariance_proofs.jansson.powers import INTEGER, flatten, growth, slab, small_matrices, turning
from invariance_proofs.jansson.simple import inverse
from invariance_proofs.jansson.theorem1_inverse import QUARTER_TURN, commutation, moving_translations
from invariance_proofs.matrix import Matrix
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.smt import impossible
from invariance_proofs.routes.symbolic import free, induction, same
from invariance_proofs.statement import Dropped, Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of

STRETCH, SQUEEZE = 2 * Matrix.identity(2), Matrix.diagonal(2, Fraction(1, 2))


def unrolled(sign: int = 1) -> Evidence:
    """(Λf)(x) = (ΛT_hf)(A(x − w)) n times: (ΛT_hⁿf)(Aⁿx − s_n), s_{n+1} = A(s_n + w), reads f about x − A⁻ⁿs_n."""
    A, P, x, s, w = free("A P x s w")
    return all_of(
        induction(
            base=(x - 0 * s, x),
            step=(A * ((P * x - s) - sign * w), A * P * x - A * (s + w)),
            what="the argument Aⁿx − s_n",
        ),
        same(P**-1 * (P * x - s), x - P**-1 * s, what="back through T_hⁿ"),
    )


def layers() -> Evidence:
    """A layer on top keeps covariance, and the radii of semi-locality add up."""
    L, K, t = free("L K t")
    return same((K * L) * t - K * (L * t - t * L) - (K * t - t * K) * L, t * (K * L), what="KLτ = τKL if both commute")


def proof() -> Evidence:
    return all_of(moving_translations(), commutation(), unrolled(), layers(), growth(), turning())


def contraction() -> Evidence:
    """|u| ≤ r, |v| ≤ q: |u + v| ≤ r + q, so radii add; and the slab of a large row of Aⁿ is thin."""
    return all_of(
        impossible(
            lambda u, v, r, q: [u <= r, -u <= r, v <= q, -v <= q, u + v > r + q], "u v r q", what="radii add up"
        ),
        slab(),
    )


def dependence() -> Evidence:
    """What (Λf)(x) can depend on, for all 496 small matrices: |B ∩ A⁻ⁿB| goes below |B|/8 unless A has finite order."""
    return all_of(small_matrices(INTEGER), flatten(INTEGER[::4]))


def aligned(operator: Operator, A: Matrix) -> Evidence:
    """Whether an operator that T_h⁻¹ aligns is constant on three images."""
    values = [[operator(f, x) for x in POINTS] for f in (*IMAGES, ZERO)]
    constant = len({value for row in values for value in row}) == 1
    return check(
        not commutes(operator, A, inverse(A)) or constant,
        "T_gΛT_h = Λ ⇒ Λ is constant",
        operator=operator.name, T_h=A, T_g=inverse(A), images=[f.parts for f in (*IMAGES, ZERO)], x=POINTS,
        values=values,
    )  # fmt: skip


def table(lacking: dict[str, list[str]]) -> Evidence:
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

J3 = Statement(
    id="J3",
    paper=PAPER,
    name="many layers",
    source="Jansson et al. (DeepMath 2020), third theorem",
    summary="not all |eigenvalues| of T_h are 1, T_g Λ T_h = Λ ⇒ Λ constant, for Λ continuous, covariant, semi-local",
    claim=(
        "Let Λ have the three properties: f ↦ (Λf)(x) continuous in the L¹ distance at every x, Λτ_y = τ_yΛ, and "
        "(Λf)(x) a function of f near x. Continuous CNNs with bounded filters of compact support have them, in any "
        "depth. If T_gΛT_h = Λ and the powers of the linear part A of T_h are not bounded (some eigenvalue of modulus "
        "other than 1, or a shear), Λ is one constant for all images. Proof: if GA ≠ I, Λf does not change along (GA − "
        "I)y (J1.g) and is Λ0 far away, so it is Λ0. If GA = I then (Λf)(x) = (ΛT_hⁿf)(Aⁿx − s_n) depends on f in a "
        "translate of A⁻ⁿB only, and in B + x: on a set whose area comes arbitrarily close to 0. Without it f is as "
        "close to f as we like, so (Λf)(x) = (Λ0)(x), and Λ0 is constant by covariance."
    ),
    sizes="all N, all depths; 496 integer matrices in the plane",
    verdict=Verdict.PROVED,
    hypotheses={
        "unbounded powers": "not all eigenvalues of A have modulus 1, or A is a shear",
        "continuity": "‖f_n − f‖₁ → 0 ⇒ (Λf_n)(x) → (Λf)(x) for every x",
        "translation covariance": "Λτ_y = τ_yΛ for every y",
        "semi-locality": "(Λf)(x) depends on f in a bounded neighbourhood of x only",
    },
    routes=(
        Route("commutation, unrolling, growth of powers", Method.SYMBOLIC, proof),
        Route("radii and slabs", Method.SMT, contraction),
        Route("what the value at x can depend on", Method.EXHAUSTIVE, dependence),
    ),
    controls=(
        Dropped("unbounded powers", partial(aligned, CONVOLUTION, QUARTER_TURN)),
        Dropped("continuity", partial(aligned, SAMPLE, STRETCH)),
        Dropped("translation covariance", partial(aligned, WINDOW, STRETCH)),
        Dropped("semi-locality", partial(aligned, INTEGRAL, SQUEEZE)),
        Mutant("s_{n+1} = A(s_n − w)", partial(unrolled, -1)),
        Mutant("GA and AG confused", partial(commutation, "AG")),
        Mutant("modulus-1 eigenvalues only ever turn", partial(small_matrices, INTEGER, lambda A: A.det() in (1, -1))),
        Mutant("the convolution lacks continuity", partial(table, LACKING | {CONVOLUTION.name: ["continuity"]})),
        Witness("each counterexample lacks its own property and no other", partial(table, LACKING)),
        Witness(
            "the convolution is not aligned by T_h⁻¹ under a stretch",
            lambda: check(not commutes(CONVOLUTION, STRETCH, inverse(STRETCH)), "not aligned"),
        ),
    ),
    assumed=(
        "f·1_D → f in L¹ as the area of the complement of D goes to 0",
        "images of compact support are dense; semi-locality carries the result to all images",
        "bounded filters and continuous σ make (Λf)(x) continuous in f; filters that are only integrable do so for "
        "images under one common bound, which are enough",
        "entries of Aⁿ, n ∈ Z, are bounded iff A is conjugate to an orthogonal matrix",
    ),
)

J3_map = Statement(
    id="J3.map",
    paper=PAPER,
    name="continuity as a map L¹_loc → L¹_loc",
    source="Jansson et al. (DeepMath 2020), remark after the third theorem",
    summary="the third theorem holds for every continuous, semi-local, translation-covariant Λ: V → V, V = L¹_loc",
    claim=(
        "If Λ: L¹_loc → L¹_loc is continuous, semi-local and translation-covariant, T_gΛT_h = Λ and not all "
        "eigenvalues of T_h have modulus 1, then Λ is constant."
    ),
    sizes="two operators, one T_h",
    verdict=Verdict.REFUTED,
    correction=(
        "The identity Λf = f is all of that and commutes with every T_h; so is every f ↦ F∘f with F continuous and "
        "bounded. What the proof needs is continuity of the value "
        "at a point, f ↦ (Λf)(x), which a convolution with a bounded filter has and the identity has not (J3). For a "
        "continuous CNN the theorem stands."
    ),
    routes=(
        Route("the identity under a stretch", Method.EXACT, partial(aligned, SAMPLE, STRETCH)),
        Route("min(1, |f|) under a stretch", Method.EXACT, partial(aligned, CLIPPED, STRETCH)),
    ),
    controls=(
        Witness("its values are not continuous in f", partial(table, LACKING)),
        Witness("the convolution obeys", partial(aligned, CONVOLUTION, STRETCH)),
    ),
)
