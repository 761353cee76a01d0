(* T2.a: a matrix that is constant on a window passes through the convolution.
   Any ring of coefficients, commutative or not; any number of input channels, taps, colours and directions. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Window.
Variables (R : ringType) (o m n p : nat) (channel tap : finType).
Variables (w : channel -> tap -> 'M[R]_(o, m)) (J : channel -> tap -> 'M[R]_(m, n)).

Theorem constant_matrix_passes (M : 'M[R]_(n, p)) :
  \sum_c \sum_k w c k *m (J c k *m M) = (\sum_c \sum_k w c k *m J c k) *m M.
Proof.
rewrite mulmx_suml; apply: eq_bigr => c _; rewrite mulmx_suml.
by apply: eq_bigr => k _; rewrite mulmxA.
Qed.

Theorem constant_field_passes (F : channel -> tap -> 'M[R]_(n, p)) (M : 'M[R]_(n, p)) :
  (forall c k, F c k = M) -> \sum_c \sum_k w c k *m (J c k *m F c k) = (\sum_c \sum_k w c k *m J c k) *m M.
Proof.
move=> constant; rewrite -constant_matrix_passes.
by apply: eq_bigr => c _; apply: eq_bigr => k _; rewrite constant.
Qed.
End Window.
