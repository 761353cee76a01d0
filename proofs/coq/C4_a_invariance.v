(* C4.a: the invariant layer for every number of channels, colours and directions, with exp(C U) instead of U. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Layer.
Variables (F : numFieldType) (m n C : nat).

Definition mean (J : 'I_C -> 'M[F]_(m, n)) := C%:R^-1 *: \sum_c J c.
Definition gram (J : 'I_C -> 'M[F]_(m, n)) (c : 'I_C) := (J c - mean J)^T *m (J c - mean J).
Definition exp_invariant (J : 'I_C -> 'M[F]_(m, n)) (c : 'I_C) :=
  \det (gram J c) ^+ C / \prod_(k < C) \det (gram J k).

Theorem gram_congruence (J : 'I_C -> 'M[F]_(m, n)) (M : 'M[F]_n) (c : 'I_C) :
  gram (fun k => J k *m M) c = M^T *m gram J c *m M.
Proof.
have -> : gram (fun k => J k *m M) c = ((J c - mean J) *m M)^T *m ((J c - mean J) *m M).
  by rewrite /gram /mean -mulmx_suml mulmxBl scalemxAl.
by rewrite trmx_mul !mulmxA.
Qed.

Theorem gram_determinant (J : 'I_C -> 'M[F]_(m, n)) (M : 'M[F]_n) (c : 'I_C) :
  \det (gram (fun k => J k *m M) c) = \det M ^+ 2 * \det (gram J c).
Proof. by rewrite gram_congruence !det_mulmx det_tr mulrAC -expr2. Qed.

Theorem layer_invariant (J : 'I_C -> 'M[F]_(m, n)) (M : 'M[F]_n) (c : 'I_C) :
  \det M != 0 -> exp_invariant (fun k => J k *m M) c = exp_invariant J c.
Proof.
move=> invertible; rewrite /exp_invariant.
under eq_bigr do rewrite gram_determinant.
rewrite big_split /= prodr_const card_ord gram_determinant exprMn.
by rewrite -mulf_div divff ?mul1r // expf_neq0 // expf_neq0.
Qed.
End Layer.
