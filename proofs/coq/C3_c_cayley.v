(* C3.c: where I + S is invertible and S is skew, (I - S)(I + S)^-1 is orthogonal with determinant 1, for every size;
   every orthogonal A with I + A invertible is the value of one skew S, if 2 is invertible. *)
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

Section Onto.
Variables (R : comUnitRingType) (n : nat) (A : 'M[R]_n).
Hypothesis orthogonal : A^T *m A = 1%:M.
Hypothesis invertible : 1%:M + A \in unitmx.
Hypothesis two : 2%:R \is a @GRing.unit R.

Theorem skew_of_orthogonal : (cayley A)^T = - cayley A.
Proof.
have invertible' : (1%:M + A)^T \in unitmx by rewrite unitmx_tr.
rewrite /cayley trmx_mul trmx_inv; apply: (can_inj (mulKmx invertible')); apply: (can_inj (mulmxK invertible)).
rewrite mulKVmx // mulmxN mulNmx -!mulmxA mulVmx // mulmx1.
rewrite [(1%:M - A)^T]linearB [(1%:M + A)^T]linearD /= trmx1.
have -> : (1%:M - A^T) *m (1%:M + A) = A - A^T.
  by rewrite mulmxDr mulmx1 mulmxBl mul1mx orthogonal addrC addrA subrK.
have -> : (1%:M + A^T) *m (1%:M - A) = A^T - A.
  by rewrite mulmxBr mulmx1 mulmxDl mul1mx orthogonal opprD addrC addrA subrK addrC.
by rewrite opprB.
Qed.

Theorem cayley_involutive : cayley (cayley A) = A.
Proof.
pose P := 1%:M + A; have plus : 1%:M + cayley A = 2%:R *: invmx P.
  by rewrite /cayley -{1}(mulmxV invertible) -mulmxDl addrACA subrr addr0 -mulr2n -scaler_nat -scalemxAl mul1mx.
have minus : 1%:M - cayley A = 2%:R *: (A *m invmx P).
  rewrite /cayley -{1}(mulmxV invertible) -mulmxBl opprB addrC addrA subrK -mulr2n -scaler_nat -scalemxAl //.
have P_unit : P \in unitmx by [].
rewrite [LHS]/cayley plus minus invmxZ ?unitmxZ ?unitmx_inv // invmxK -scalemxAl -scalemxAr scalerA mulrV // scale1r.
by rewrite mulmxKV.
Qed.
End Onto.
