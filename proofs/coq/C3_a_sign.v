(* C3.a: the determinant law, over every commutative ring and for every size, and what it gives the sign layer. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem determinant_law (R : comRingType) (n : nat) (M G : 'M[R]_n) : \det (M^T *m G *m M) = \det M ^+ 2 * \det G.
Proof. by rewrite !det_mulmx det_tr mulrAC -expr2. Qed.

Section Sign.
Variables (R : realDomainType) (m n : nat) (A : 'M[R]_m).

Definition flip (J : 'M[R]_(m, n)) := if 0 < \det (J^T *m A *m J) then J else - J.

Theorem flip_commutes (J : 'M[R]_(m, n)) (M : 'M[R]_n) : \det M != 0 -> flip (J *m M) = flip J *m M.
Proof.
move=> invertible; rewrite /flip trmx_mul.
have -> : M^T *m J^T *m A *m (J *m M) = M^T *m (J^T *m A *m J) *m M by rewrite !mulmxA.
rewrite determinant_law pmulr_rgt0 ?mulNmx; last by rewrite exprn_even_gt0.
by case: ifP; rewrite ?mulNmx.
Qed.
End Sign.
