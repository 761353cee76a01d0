(* G4 and G5: correlation is equivariant, for every group that acts on a set, finite or not, over every ring.
   The set is Z^2 (or any abelian group V) for lifting correlation, the group itself for group correlation; the group
   is the semidirect product of V and any finite group H of automorphisms of V: p4, p4m, p6, ... *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Correlation.
Variables (R : ringType) (G : Type) (X : eqType).
Variables (mul : G -> G -> G) (one : G) (inv : G -> G) (act : G -> X -> X).
Hypothesis mulV : forall g, mul (inv g) g = one.
Hypothesis actM : forall g h x, act (mul g h) x = act g (act h x).
Hypothesis act1 : forall x, act one x = x.

Definition translate (u : G) (f : X -> R) (x : X) := f (act (inv u) x).

(* a finite list that holds, once, every point where the filter psi, moved by g, is not 0 *)
Definition covers (psi : X -> R) (g : G) (t : seq X) := uniq t /\ forall x, psi (act (inv g) x) != 0 -> x \in t.

Definition correlation (t : seq X) (f psi : X -> R) (g : G) := \sum_(x <- t) f x * psi (act (inv g) x).

Lemma actK (g : G) : cancel (act g) (act (inv g)).
Proof. by move=> x; rewrite -actM mulV act1. Qed.

Lemma actKV (g : G) : cancel (act (inv g)) (act g).
Proof. by move=> x; apply: (can_inj (actK (inv g))); rewrite actK. Qed.

Lemma act_inv (u g : G) (x : X) : act (inv (mul (inv u) g)) x = act (inv g) (act u x).
Proof.
have -> : x = act (mul (inv u) g) (act (inv g) (act u x)) by rewrite actM actKV actK.
by rewrite actK actM actKV actKV.
Qed.

Lemma correlation_support (s t : seq X) (f psi : X -> R) (g : G) :
  covers psi g s -> covers psi g t -> correlation s f psi g = correlation t f psi g.
Proof.
move=> [us hs] [ut ht]; rewrite /correlation.
rewrite (bigID (fun x => psi (act (inv g) x) != 0)) [RHS](bigID (fun x => psi (act (inv g) x) != 0)) /=.
have zero r : \sum_(x <- r | ~~ (psi (act (inv g) x) != 0)) f x * psi (act (inv g) x) = 0.
  by apply: big1 => x /negbNE/eqP ->; rewrite mulr0.
rewrite !zero !addr0 -big_filter -[RHS]big_filter.
apply: perm_big; apply: uniq_perm; rewrite ?filter_uniq // => x; rewrite !mem_filter.
by case: (boolP (psi _ != 0)) => //= nonzero; rewrite hs ?ht.
Qed.

Theorem correlation_equivariant (s t : seq X) (f psi : X -> R) (u g : G) :
  covers psi g s -> covers psi (mul (inv u) g) t ->
  correlation s (translate u f) psi g = correlation t f psi (mul (inv u) g).
Proof.
move=> [us hs] ht; rewrite -(@correlation_support (map (act (inv u)) s) t) //.
  by rewrite /correlation big_map; apply: eq_bigr => x _; rewrite /translate act_inv actKV.
split=> [|x]; first by rewrite map_inj_uniq //; apply: can_inj (actKV u).
by rewrite act_inv => /hs ux_in; rewrite -(actK u x) map_f.
Qed.
End Correlation.

Section SplitGroup.
Variables (V : zmodType) (H : finGroupType) (turn : H -> V -> V).
Hypothesis turnM : forall g h v, turn (g * h)%g v = turn g (turn h v).
Hypothesis turn1 : forall v, turn 1%g v = v.
Hypothesis turnB : forall h v w, turn h (v - w) = turn h v - turn h w.

Definition smul (g h : V * H) := (g.1 + turn g.2 h.1, (g.2 * h.2)%g).
Definition sone : V * H := (0, 1%g).
Definition sinv (g : V * H) := (- turn (g.2^-1)%g g.1, (g.2^-1)%g).
Definition smove (g : V * H) (v : V) := g.1 + turn g.2 v.

Lemma turn0 h : turn h 0 = 0.
Proof. by rewrite -[X in turn h X](subrr (0 : V)) turnB subrr. Qed.

Lemma turnN h v : turn h (- v) = - turn h v.
Proof. by rewrite -(sub0r v) turnB turn0 sub0r. Qed.

Lemma turnD h v w : turn h (v + w) = turn h v + turn h w.
Proof. by rewrite -{1}(opprK w) turnB turnN opprK. Qed.

Lemma smulA g h k : smul g (smul h k) = smul (smul g h) k.
Proof. by rewrite /smul /= turnD turnM addrA mulgA. Qed.

Lemma smul1 g : smul sone g = g.
Proof. by case: g => v h; rewrite /smul /= turn1 add0r; congr (_, _); apply: mul1g. Qed.

Lemma smulV g : smul (sinv g) g = sone.
Proof. by rewrite /smul /sinv /= addNr mulVg. Qed.

Lemma smoveM g h v : smove (smul g h) v = smove g (smove h v).
Proof. by rewrite /smove /= turnD turnM addrA. Qed.

Lemma smove1 v : smove sone v = v.
Proof. by rewrite /smove /= turn1 add0r. Qed.

Theorem lifting_equivariant (R : ringType) (s t : seq V) (f psi : V -> R) (u g : V * H) :
  covers sinv smove psi g s -> covers sinv smove psi (smul (sinv u) g) t ->
  correlation sinv smove s (translate sinv smove u f) psi g = correlation sinv smove t f psi (smul (sinv u) g).
Proof. exact: (correlation_equivariant smulV smoveM smove1). Qed.

Theorem group_equivariant (R : ringType) (s t : seq (V * H)) (f psi : V * H -> R) (u g : V * H) :
  covers sinv smul psi g s -> covers sinv smul psi (smul (sinv u) g) t ->
  correlation sinv smul s (translate sinv smul u f) psi g = correlation sinv smul t f psi (smul (sinv u) g).
Proof. by apply: (correlation_equivariant smulV) => [g1 g2 x|x]; rewrite ?smulA ?smul1. Qed.
End SplitGroup.
