(* C3.c: where I + S is invertible and S is skew, (I - S)(I + S)^-1 is orthogonal with determinant 1, for every size. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Cayley.
Variables (R : comUnitRingType) (n : nat) (S : 'M[R]_n).
Hypothesis skew : S^T = - S.
Hypothesis invertible : 1%:M + S \in unitmx.

Definition cayley := (1%:M - S) *m invmx (1%:M + S).

Lemma transposed_plus : (1%:M + S)^T = 1%:M - S.
Proof. by rewrite linearD /= trmx1 skew. Qed.

Lemma transposed_minus : (1%:M - S)^T = 1%:M + S.
Proof. by rewrite linearB /= trmx1 skew opprK. Qed.

Lemma minus_invertible : 1%:M - S \in unitmx.
Proof. by rewrite -transposed_plus unitmx_tr. Qed.

Lemma factors_commute : (1%:M + S) *m (1%:M - S) = (1%:M - S) *m (1%:M + S).
Proof. by rewrite mulmxBr mulmxBl !mulmxDr !mulmxDl !mulmx1 !mul1mx. Qed.

Theorem cayley_orthogonal : cayley^T *m cayley = 1%:M.
Proof.
rewrite /cayley trmx_mul trmx_inv transposed_plus transposed_minus mulmxA.
by rewrite -(mulmxA (invmx _)) factors_commute mulmxA mulVmx ?minus_invertible // mul1mx mulmxV.
Qed.

Theorem cayley_determinant : \det cayley = 1.
Proof.
by rewrite /cayley det_mulmx det_inv -transposed_plus det_tr mulrV.
Qed.
End Cayley.
