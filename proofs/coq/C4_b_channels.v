(* C4.b: one channel leaves nothing and two channels carry nothing, for every number of colours and directions. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Channels.
Variables (F : numFieldType) (m n : nat).

Definition mean C (J : 'I_C -> 'M[F]_(m, n)) := C%:R^-1 *: \sum_c J c.
Definition gram C (J : 'I_C -> 'M[F]_(m, n)) (c : 'I_C) := (J c - mean J)^T *m (J c - mean J).

Theorem one_channel (J : 'I_1 -> 'M[F]_(m, n)) (c : 'I_1) : gram J c = 0.
Proof. by rewrite /gram /mean big_ord1 invr1 scale1r (ord1 c) subrr mulmx0. Qed.

Theorem two_channels (J : 'I_2 -> 'M[F]_(m, n)) : gram J ord0 = gram J ord_max.
Proof.
have opposite : J ord0 - mean J = - (J ord_max - mean J).
  apply/eqP; rewrite -addr_eq0 addrACA -opprD -mulr2n -scaler_nat scalerA mulfV ?pnatr_eq0 // scale1r.
  by rewrite big_ord_recl big_ord1 (_ : lift _ _ = ord_max) ?subrr //; apply: val_inj.
have transposed (D : 'M[F]_(m, n)) : (- D)^T = - D^T by apply/matrixP => i j; rewrite !mxE.
by rewrite /gram opposite transposed mulNmx mulmxN opprK.
Qed.
End Channels.
