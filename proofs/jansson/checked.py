"""What a kernel has checked of J1.g, J2 and J3: the algebra, for every dimension and every network.

Left to analysis: integrals (that Λ_λ commutes with translations and is one constant far from the image), measures (that
|S| = |A⁻ⁿS| ≤ |B ∩ A⁻ⁿB| + 2|S − B|), and continuity in L¹.
"""

from __future__ import annotations

from invariance_proofs.routes.coq import pinned
from invariance_proofs.statement import Method, Route

__all__ = ["BOUNDED", "ONLY_INVERSE", "THIN"]

IMAGES = "fun (V : zmodType) (T : Type)"
MAPS = "fun (V : zmodType) (T U : Type) (L : (V -> T) -> V -> U)"
ALIGNED = {
    "translate": f"{IMAGES} (y : V) (f : V -> T) (x : V) => f (x - y)",
    "move": f"{IMAGES} (back : V -> V) (t : V) (f : V -> T) (x : V) => f (back (x - t))",
    "covariant": rf"{MAPS} => (forall f g, f =1 g -> L f =1 L g) /\ "
    "forall f y x, L (translate y f) x = translate y (L f) x",
    "aligned": f"{MAPS} (A' G' : V -> V) (t w : V) => forall f x, move G' w (L (move A' t f)) x = L f x",
}
"""T_g Λ T_h = Λ for T_h x = Ax + t, T_g x = Gx + w with inverses A′, G′ of A, G."""

LINEAR = "(A G : {additive V -> V}) (A' G' : V -> V) (t w : V), "
INVERSES = "cancel A A' -> cancel G G' -> cancel A' A -> cancel G' G -> "
GIVEN = f"forall (V : zmodType) (T U : Type) (L : (V -> T) -> V -> U) {LINEAR}"
SYMMETRIC = INVERSES + "covariant L -> aligned L A' G' t w -> "
STANDS = "forall f x y, L f (x + (G (A y) - y)) = L f x"
CONSTANT = "forall f (r : R) (far : U), (forall (x : 'rV[R]_n) (j : 'I_n), r < `|x 0 j| -> L f x = far) -> "
ON_VECTORS = (
    "forall (R : archiFieldType) (n : nat) (T U : Type) (L : ('rV[R]_n -> T) -> 'rV[R]_n -> U) "
    + LINEAR.replace("V", "'rV[R]_n")
    + SYMMETRIC
)
ELSEWHERE = "(exists y, G (A y) != y) -> "

ONLY_INVERSE = Route(
    "any Λ that commutes with translations",
    Method.COQ,
    pinned,
    {
        "theory": "J3_alignment",
        "said": {
            "aligned_does_not_change": GIVEN + SYMMETRIC + STANDS,
            "only_the_inverse_aligns": f"{ON_VECTORS}{ELSEWHERE}{CONSTANT}forall x, L f x = far",
        },
        "defined": ALIGNED,
    },
    {"T_g = T_h⁻¹ too": {"said": {"only_the_inverse_aligns": f"{ON_VECTORS}{CONSTANT}forall x, L f x = far"}}},
    over="n",
)
"""GA ≠ I: Λf does not change along (GA − I)y; if it is one value far from 0 it is this value everywhere."""

READS = (
    GIVEN.replace("(A G :", "(A :")
    + "cancel A A' -> cancel A' A -> aligned L A' G' t w -> forall (B : V -> Prop) x (n : nat), semi_local L B -> "
    "G' =1 A -> exists c, forall f g, (forall z, B (iter n A (z - {})) -> f z = g z) -> L f x = L g x"
)
LOCAL = f"{MAPS} (B : V -> Prop) => forall f g x, (forall z, B (z - x) -> f z = g z) -> L f x = L g x"
THIN = Route(
    "any semi-local Λ that T_h⁻¹ aligns",
    Method.COQ,
    pinned,
    {
        "theory": "J3_alignment",
        "said": {"aligned_reads": READS.replace("{}", "c")},
        "defined": ALIGNED | {"semi_local": LOCAL},
    },
    {"always about 0": {"said": {"aligned_reads": READS.replace("{}", "0")}}},
    over="n",
)
"""GA = I: for every n, (Λf)(x) depends on f in a translate of A⁻ⁿB only."""

REAL = "forall (C : numClosedFieldType) (N : nat) (A : 'M[C]_N.+1), archimedean C -> A \\in unitmx -> "
BOTH_WAYS = "bounded_powers A -> bounded_powers (invmx A) -> "
KEPT = (
    "real A -> exists S : 'M[C]_N.+1, [/\\ real S, S^T = S, "
    "forall v : 'rV[C]_N.+1, real v -> v != 0 -> 0 < (v *m S *m v^T) 0 0 & A *m S *m A^T = S]"
)
CIRCLE = "forall (v : 'rV[C]_N.+1) (a : C), v *m A = a *: v -> v != 0 -> `|a| = 1"
BOUNDED = Route(
    "archimedean fields",
    Method.COQ,
    pinned,
    {
        "theory": "J2_powers",
        "said": {
            "eigenvalues_on_the_circle": REAL + BOTH_WAYS + CIRCLE,
            "powers_diagonalise": REAL + BOTH_WAYS + "diagonalizable A",
            "real_maps_keep_a_real_form": REAL + BOTH_WAYS + KEPT,
        },
        "defined": {
            "archimedean": "fun F : numFieldType => forall x : F, exists n : nat, `|x| < n%:R",
            "bounded_powers": "fun (F : numFieldType) (N : nat) (A : 'M[F]_N.+1) => "
            "exists b : F, forall n i j, `|(A ^+ n) i j| <= b",
            "real": "fun (C : numClosedFieldType) (m n : nat) (M : 'M[C]_(m, n)) => map_mx conjC M = M",
        },
    },
    {"powers bounded one way": {"said": {"eigenvalues_on_the_circle": f"{REAL}bounded_powers A -> {CIRCLE}"}}},
    over="N",
)
"""Powers Aⁿ, n ∈ Z, that are bounded: eigenvalues of modulus 1, no Jordan chain, and a definite form that A keeps."""
