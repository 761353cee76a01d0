(* T2.b: a field on a grid of any size that agrees at any two pixels within K >= 1 of one another is constant. *)
From mathcomp Require Import all_ssreflect.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

Section Chains.
Variables (T : Type) (K width height : nat) (M : nat -> nat -> T).
Hypothesis K_positive : 0 < K.

Definition near (x y : nat) := (x <= y + K) && (y <= x + K).

Hypothesis literal : forall x1 y1 x2 y2 : nat,
  x1 < width -> x2 < width -> y1 < height -> y2 < height ->
  near x1 x2 -> near y1 y2 -> M x1 y1 = M x2 y2.

Lemma near_step (x : nat) : near x.+1 x.
Proof. by rewrite /near -addn1 leq_add2l K_positive -addnA leq_addr. Qed.

Lemma near_refl (x : nat) : near x x.
Proof. by rewrite /near leq_addr. Qed.

Theorem literal_fields_are_constant (x y : nat) : x < width -> y < height -> M x y = M 0 0.
Proof.
move=> x_in y_in; have -> : M x y = M 0 y.
  elim: x x_in => [//|x step] x_in; have x_in' := ltnW x_in.
  by rewrite -(step x_in'); apply: literal; rewrite ?near_step ?near_refl.
have width_in : 0 < width by apply: leq_ltn_trans x_in.
elim: y y_in => [//|y step] y_in; have y_in' := ltnW y_in.
by rewrite -(step y_in'); apply: literal; rewrite ?near_step ?near_refl.
Qed.
End Chains.
