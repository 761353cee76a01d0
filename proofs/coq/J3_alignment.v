(* J1.g and J3: what T_g L T_h = L forces, for any map L of images that commutes with translations, linear or not.
   T_h x = A x + t and T_g x = G x + w; an image f is moved to f o T_h^-1. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Definition translate (V : zmodType) (T : Type) (y : V) (f : V -> T) (x : V) := f (x - y).
Definition move (V : zmodType) (T : Type) (back : V -> V) (t : V) (f : V -> T) (x : V) := f (back (x - t)).
Definition covariant (V : zmodType) (T U : Type) (L : (V -> T) -> V -> U) :=
  (forall f g, f =1 g -> L f =1 L g) /\ forall f y x, L (translate y f) x = translate y (L f) x.
Definition aligned (V : zmodType) (T U : Type) (L : (V -> T) -> V -> U) (A' G' : V -> V) (t w : V) :=
  forall f x, move G' w (L (move A' t f)) x = L f x.

Section Aligned.
Variables (V : zmodType) (T U : Type) (L : (V -> T) -> V -> U) (A G : {additive V -> V}) (A' G' : V -> V) (t w : V).
Hypotheses (AK : cancel A A') (GK : cancel G G') (A'K : cancel A' A) (G'K : cancel G' G).
Hypotheses (covariance : covariant L) (alignment : aligned L A' G' t w).

Lemma backB (H : {additive V -> V}) (H' : V -> V) x y : cancel H H' -> cancel H' H -> H' (x - H y) = H' x - y.
Proof. by move=> HK H'K; rewrite -{1}(H'K x) -raddfB HK. Qed.

Theorem aligned_does_not_change f x y : L f (x + (G (A y) - y)) = L f x.
Proof.
have [ext cov] := covariance.
have moved z : move A' t (translate y f) z = translate (A y) (move A' t f) z.
  by rewrite /move /translate addrAC (backB _ _ AK A'K).
have through u : L f (u - y) = L f (u - G (A y)).
  rewrite -[L f (u - y)]cov -alignment /move (ext _ _ moved) cov /translate.
  by rewrite -(backB _ _ GK G'K) addrAC -[RHS]alignment.
by rewrite -[x in RHS](addrK (G (A y))) -through addrA.
Qed.

Theorem aligned_unrolled f x n : G' =1 A -> L f x = L (iter n (move A' t) f) (iter n (fun u => A (u - w)) x).
Proof. by move=> inverse; elim: n f x => // n step f x; rewrite -alignment /move inverse step -iterSr -iterSr. Qed.

Definition semi_local (B : V -> Prop) := forall f g x, (forall z, B (z - x) -> f z = g z) -> L f x = L g x.

Theorem aligned_reads (B : V -> Prop) x n : semi_local B -> G' =1 A ->
  exists c, forall f g, (forall z, B (iter n A (z - c)) -> f z = g z) -> L f x = L g x.
Proof.
move=> local inverse; pose h u := A u + t; pose h' u := A' (u - t).
have hK : cancel h h' by move=> u; rewrite /h' /h addrK AK.
have h'K : cancel h' h by move=> u; rewrite /h' /h A'K subrK.
have iterK m : cancel (iter m h') (iter m h) by elim: m => // m step u; rewrite iterSr iterS h'K step.
have difference m u v : iter m h u - iter m h v = iter m A (u - v).
  by elim: m => //= m <-; rewrite /h raddfB opprD addrACA subrr addr0.
have pulled m f : iter m (move A' t) f =1 fun u => f (iter m h' u).
  by elim: m f => // m step f u; rewrite iterSr step /move -/(h' _) -iterS.
exists (iter n h' (iter n (fun u => A (u - w)) x)) => f g agree.
rewrite (aligned_unrolled f x n inverse) (aligned_unrolled g x n inverse).
apply: local => z near; rewrite !pulled; apply: agree.
by rewrite -difference !iterK.
Qed.
End Aligned.

Theorem only_the_inverse_aligns (R : archiFieldType) (n : nat) (T U : Type) (L : ('rV[R]_n -> T) -> 'rV[R]_n -> U)
    (A G : {additive 'rV[R]_n -> 'rV[R]_n}) (A' G' : 'rV[R]_n -> 'rV[R]_n) (t w : 'rV[R]_n) :
  cancel A A' -> cancel G G' -> cancel A' A -> cancel G' G -> covariant L -> aligned L A' G' t w ->
  (exists y, G (A y) != y) ->
  forall f (r : R) (far : U), (forall (x : 'rV[R]_n) (j : 'I_n), r < `|x 0 j| -> L f x = far) -> forall x, L f x = far.
Proof.
move=> AK GK A'K G'K covariance alignment [y moves] f r far outside x.
pose v := G (A y) - y; have [j entry] : exists j, v 0 j != 0.
  apply/existsP; apply: contraNT moves; rewrite negb_exists => /forallP zero.
  by rewrite -subr_eq0; apply/eqP/rowP => j; rewrite [RHS]mxE; apply/eqP/negPn/zero.
have same m : L f (x + v *+ m) = L f x.
  elim: m => [|m <-]; first by rewrite mulr0n addr0.
  by rewrite mulrSr addrA (aligned_does_not_change AK GK A'K G'K covariance alignment).
pose m := Num.bound ((`|r| + `|x 0 j|) / `|v 0 j|); rewrite -(same m); apply: (outside _ j).
have : (`|r| + `|x 0 j|) / `|v 0 j| < m%:R by apply: archi_boundP; rewrite divr_ge0 ?addr_ge0.
rewrite ltr_pdivr_mulr ?normr_gt0 // => large; apply: le_lt_trans (ler_norm r) _.
rewrite -(ltr_add2r `|x 0 j|); apply: lt_le_trans large _.
have -> : m%:R * `|v 0 j| = `|(x + v *+ m) 0 j - x 0 j|.
  have -> : (x + v *+ m) 0 j = v 0 j *+ m + x 0 j by rewrite addrC mxE mulmxnE.
  by rewrite addrK normrMn mulr_natl.
by rewrite -[`|x 0 j| in X in _ <= X]normrN ler_norm_add.
Qed.
