(* C4.c: det(D^T D) is the sum of the squared 2x2 minors of D, for every number of colours and commutative ring. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Lagrange.
Variables (R : comRingType) (n : nat).

Theorem lagrange (a b : 'I_n -> R) :
  (\sum_i a i ^+ 2) * (\sum_i b i ^+ 2) - (\sum_i a i * b i) ^+ 2
  = \sum_(i < n) \sum_(j < n | (i < j)%N) (a i * b j - a j * b i) ^+ 2.
Proof.
pose g i j := a i ^+ 2 * b j ^+ 2 - (a i * b i) * (a j * b j).
have -> : (\sum_i a i ^+ 2) * (\sum_i b i ^+ 2) - (\sum_i a i * b i) ^+ 2 = \sum_i \sum_j g i j.
  rewrite expr2 !big_distrlr /= -sumrB; apply: eq_bigr => i _; by rewrite -sumrB.
have split (i : 'I_n) : \sum_j g i j = \sum_(j < n | (i < j)%N) g i j + \sum_(j < n | (j < i)%N) g i j.
  rewrite (bigID (fun j : 'I_n => (i < j)%N)) /=; congr (_ + _).
  have diagonal : g i i = 0 by rewrite /g !expr2 mulrACA subrr.
  rewrite (bigD1 i) ?ltnn //= diagonal add0r; apply: eq_bigl => j.
  by rewrite -leqNgt ltn_neqAle andbC.
rewrite (eq_bigr _ (fun i _ => split i)) big_split /=.
have -> : \sum_(i < n) \sum_(j < n | (j < i)%N) g i j = \sum_(i < n) \sum_(j < n | (i < j)%N) g j i.
  by rewrite (exchange_big_dep xpredT).
rewrite -big_split /=; apply: eq_bigr => i _; rewrite -big_split /=; apply: eq_bigr => j _.
rewrite /g sqrrB !exprMn [a j * b j * _]mulrC.
have -> : a i * b j * (a j * b i) = a i * b i * (a j * b j) by rewrite mulrACA [b j * _]mulrC -mulrACA.
by rewrite addrACA -opprD -mulr2n addrAC.
Qed.

Lemma det_two (A : 'M[R]_2) : \det A = A 0 0 * A 1 1 - A 0 1 * A 1 0.
Proof.
rewrite (expand_det_row _ 0) !big_ord_recl big_ord0 addr0 /cofactor !det_mx11 !mxE /= expr0 expr1 mul1r mulN1r mulrN.
by congr (A _ _ * A _ _ - A _ _ * A _ _); apply: val_inj.
Qed.

Theorem gram_determinant (D : 'M[R]_(n, 2)) :
  \det (D^T *m D) = \sum_(i < n) \sum_(j < n | (i < j)%N) (D i 0 * D j 1 - D j 0 * D i 1) ^+ 2.
Proof.
rewrite -(lagrange (fun i => D i 0) (fun i => D i 1)) det_two !mxE.
congr (_ - _); first by congr (_ * _); apply: eq_bigr => i _; rewrite !mxE expr2.
by rewrite expr2; congr (_ * _); apply: eq_bigr => i _; rewrite !mxE // mulrC.
Qed.
End Lagrange.
