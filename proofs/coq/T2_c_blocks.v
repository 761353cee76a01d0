(* T2.c: with stride K the window of an output is a block, so a field that is constant on blocks passes through. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Theorem window_is_block (K o k : nat) : (k < K)%N -> ((K * o + k) %/ K = o)%N.
Proof. by move=> k_in; rewrite mulnC divnMDl ?divn_small ?addn0 //; apply: leq_ltn_trans k_in. Qed.

Section Blocks.
Variables (R : ringType) (K a m n : nat) (channel : finType).
Variables (w : channel -> 'I_K -> 'I_K -> 'M[R]_(a, m)) (J : channel -> nat -> nat -> 'M[R]_(m, n)).

Definition convolution (I : channel -> nat -> nat -> 'M[R]_(m, n)) (s t : nat) : 'M[R]_(a, n) :=
  \sum_c \sum_k \sum_l w c k l *m I c (K * s + k)%N (K * t + l)%N.

Theorem constant_on_blocks_passes (M : nat -> nat -> 'M[R]_n) (s t : nat) :
  convolution (fun c x y => J c x y *m M (x %/ K)%N (y %/ K)%N) s t = convolution J s t *m M s t.
Proof.
rewrite /convolution mulmx_suml; apply: eq_bigr => c _; rewrite mulmx_suml; apply: eq_bigr => k _.
by rewrite mulmx_suml; apply: eq_bigr => l _; rewrite !window_is_block // mulmxA.
Qed.
End Blocks.
