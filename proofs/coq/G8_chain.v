(* G8.chain: a chain of any number of windows misses the mirror image by its mixed-radix remainder, which is 0 iff each
   layer's remainder is. The first layer of the list is the one that reads the image; stdlib alone. *)
From Coq Require Import ZArith List Lia.
Import ListNotations.
Open Scope Z_scope.

Record layer := Layer { stride : Z; kernel : Z; padding : Z; remainder : Z }.

(* pixels in front of the chain, if its last layer has q + 1 outputs *)
Fixpoint size (q : Z) (l : list layer) : Z :=
  match l with
  | [] => q + 1
  | a :: l' => stride a * (size q l' - 1) + remainder a + kernel a - 2 * padding a
  end.

(* the pixel that output o of the last layer reads through these taps, one a layer *)
Fixpoint read (l : list layer) (taps : list Z) (o : Z) : Z :=
  match l, taps with
  | a :: l', j :: js => stride a * read l' js o + j - padding a
  | _, _ => o
  end.

Fixpoint mirrored (l : list layer) (taps : list Z) : list Z :=
  match l, taps with
  | a :: l', j :: js => (kernel a - 1 - j) :: mirrored l' js
  | _, _ => []
  end.

Fixpoint offset (l : list layer) : Z :=
  match l with [] => 0 | a :: l' => remainder a + stride a * offset l' end.

Theorem chain_misses_by_offset (l : list layer) (taps : list Z) (q o : Z) : length taps = length l ->
  size q l - 1 - read l taps o - read l (mirrored l taps) (q - o) = offset l.
Proof.
revert taps; induction l as [|a l IH]; intros [|j js] H; try discriminate; cbn [size read mirrored offset]; [ring|].
injection H as H; rewrite <- (IH js H); ring.
Qed.

Lemma offset_nonnegative (l : list layer) :
  (forall a, In a l -> 0 < stride a /\ 0 <= remainder a) -> 0 <= offset l.
Proof.
induction l as [|a l IH]; intros H; cbn [offset]; [lia|].
assert (0 <= offset l) by (apply IH; intros b B; apply H; right; exact B).
destruct (H a) as [S R]; [left; reflexivity|nia].
Qed.

Theorem offset_vanishes (l : list layer) :
  (forall a, In a l -> 0 < stride a /\ 0 <= remainder a) ->
  (offset l = 0 <-> forall a, In a l -> remainder a = 0).
Proof.
induction l as [|a l IH]; intros H; cbn [offset]; [split; [intros _ b []|reflexivity]|].
assert (T : forall b, In b l -> 0 < stride b /\ 0 <= remainder b) by (intros b B; apply H; right; exact B).
assert (N := offset_nonnegative l T); destruct (H a) as [S R]; [left; reflexivity|].
split.
- intros Z b [<-|B]; [nia|]; apply (IH T); [nia|exact B].
- intros Z; rewrite (Z a (or_introl eq_refl)), (proj2 (IH T)); [ring|]; intros b B; apply Z; right; exact B.
Qed.
