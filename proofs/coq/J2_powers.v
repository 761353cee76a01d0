(* J2: what bounded powers force, in every dimension. F is any archimedean field with an absolute value, C any
   algebraically closed one: the complex numbers; a real matrix is a complex one. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Definition archimedean (F : numFieldType) := forall x : F, exists n : nat, `|x| < n%:R.
Definition bounded_powers (F : numFieldType) (N : nat) (A : 'M[F]_N.+1) :=
  exists b : F, forall n i j, `|(A ^+ n) i j| <= b.

Section Powers.
Variables (F : numFieldType) (N : nat) (A : 'M[F]_N.+1).
Hypothesis archi : archimedean F.
Implicit Types (a d : F) (u v w : 'rV[F]_N.+1).

Lemma no_growth (c K : F) : (forall n, n%:R * `|c| <= K) -> c = 0.
Proof.
move=> small; apply/eqP/negPn/negP => c_nonzero; have c_positive : 0 < `|c| by rewrite normr_gt0.
have [n] := archi (K / `|c|); rewrite normrM normfV normr_id.
rewrite ltr_pdivr_mulr // => /lt_le_trans/(_ (small n)); rewrite ger0_norm ?ltxx //.
by apply: le_trans (small 0%N); rewrite mul0r.
Qed.

Lemma successor n : n.+1%:R = n%:R + 1 :> F.
Proof. exact: mulrSr. Qed.

Lemma bernoulli d n : 0 <= d -> 1 + n%:R * d <= (1 + d) ^+ n.
Proof.
move=> d_positive; elim: n => [|n step]; first by rewrite mul0r addr0 expr0.
have one_d : 0 <= 1 + d by rewrite addr_ge0 ?ler01.
rewrite exprSr; apply: le_trans (ler_wpmul2r one_d step).
rewrite mulrDl mul1r successor mulrDl mul1r -addrA [n%:R * d + d]addrC ler_add2l ler_add2l.
by rewrite mulrDr mulr1 ler_addl !mulr_ge0 ?ler0n.
Qed.

Lemma through_powers v a n : v *m A = a *: v -> v *m A ^+ n = a ^+ n *: v.
Proof.
move=> eigen; elim: n => [|n step]; first by rewrite !expr0 mulmx1 scale1r.
by rewrite exprSr -mulmxE mulmxA step -scalemxAl eigen scalerA -exprSr.
Qed.

Lemma bounded_rows v : bounded_powers A -> exists K, forall n j, `|(v *m A ^+ n) 0 j| <= K.
Proof.
case=> b small; exists (\sum_i `|v 0 i| * b) => n j; rewrite mxE.
apply: le_trans (ler_norm_sum _ _ _) _; apply: ler_sum => i _.
by rewrite normrM ler_wpmul2l.
Qed.

Theorem eigenvalues_inside v a : bounded_powers A -> v *m A = a *: v -> v != 0 -> `|a| <= 1.
Proof.
move=> bounded eigen; apply: contraNT; rewrite -real_ltNge ?realE ?normr_ge0 ?ler01 // => beyond.
have [K small] := bounded_rows v bounded.
apply/eqP/rowP => j; rewrite mxE; apply/(mulfI (x := `|a| - 1)); first by rewrite subr_eq0 gt_eqF.
rewrite mulr0; apply: (@no_growth _ K) => n; have d_positive : 0 <= `|a| - 1 by rewrite subr_ge0 ltW.
apply: le_trans (small n j); rewrite (through_powers n eigen) mxE !normrM normrX mulrA ler_wpmul2r //.
rewrite ger0_norm //; apply: le_trans (_ : 1 + n%:R * (`|a| - 1) <= _); first by rewrite ler_addr ler01.
by apply: le_trans (bernoulli n d_positive) _; rewrite addrC subrK.
Qed.

Lemma chain_powers u v a n : v *m A = a *: v + u -> u *m A = a *: u ->
  v *m A ^+ n.+1 = a ^+ n.+1 *: v + (n.+1%:R * a ^+ n) *: u.
Proof.
move=> first second; elim: n => [|n step]; first by rewrite !expr1 expr0 mulr1 scale1r first.
rewrite exprSr -mulmxE mulmxA step mulmxDl -!scalemxAl first second scalerDr !scalerA -exprSr -addrA -scalerDl.
by congr (_ + _ *: _); rewrite -mulrA -exprSr -{1}[a ^+ n.+1]mul1r -mulrDl addrC -successor.
Qed.

Theorem no_jordan_chain u v a :
  bounded_powers A -> `|a| = 1 -> v *m A = a *: v + u -> u *m A = a *: u -> u = 0.
Proof.
move=> bounded modulus first second; have [K small] := bounded_rows v bounded.
apply/rowP => j; rewrite mxE; apply: (@no_growth _ (K + `|v 0 j|)) => -[|n].
  rewrite mul0r addr_ge0 //; exact: le_trans (small 0%N j).
have := small n.+1 j; rewrite (chain_powers n first second) !mxE => near.
have -> : n.+1%:R * `|u 0 j| = `|n.+1%:R * a ^+ n * u 0 j|.
  by rewrite !normrM normrX modulus expr1n mulr1 normr_nat.
rewrite -[X in `|X|](addKr (a ^+ n.+1 * v 0 j)) addrC; apply: le_trans (ler_norm_add _ _) _.
by rewrite normrN normrM normrX modulus expr1n mul1r ler_add2r.
Qed.
End Powers.

Lemma repeated (T : eqType) (rs : seq T) : ~~ uniq rs -> exists (a : T) (rest : seq T), perm_eq rs [:: a, a & rest].
Proof.
elim: rs => //= b rs step; rewrite negb_and negbK => /orP[b_in|/step[a [rest same]]].
  by exists b, (rem b rs); rewrite perm_cons perm_to_rem.
exists a, (b :: rest); rewrite -(perm_cons b) in same; apply: perm_trans same _.
by rewrite (perm_catCA [:: b] [:: a; a]).
Qed.

Section Closed.
Variables (C : numClosedFieldType) (N : nat) (A : 'M[C]_N.+1).
Hypothesis archi : archimedean C.
Hypothesis invertible : A \in unitmx.
Hypothesis forwards : bounded_powers A.
Hypothesis backwards : bounded_powers (invmx A).
Implicit Types (a : C) (u v w : 'rV[C]_N.+1).

Theorem eigenvalues_on_the_circle v a : v *m A = a *: v -> v != 0 -> `|a| = 1.
Proof.
move=> eigen v_nonzero; have a_nonzero : a != 0.
  apply: contraNneq v_nonzero => a_zero.
  by rewrite -(mulmxK invertible v) eigen a_zero scale0r mul0mx.
have back : v *m invmx A = a^-1 *: v.
  by rewrite -{1}[v](scalerK a_nonzero) -eigen -scalemxAl mulmxK.
apply/eqP; rewrite eq_le (eigenvalues_inside archi forwards eigen v_nonzero) /=.
have := eigenvalues_inside archi backwards back v_nonzero.
by rewrite normfV invf_le1 ?normr_gt0.
Qed.

Theorem powers_diagonalise : diagonalizable A.
Proof.
have [rs] := closed_field_poly_normal (mxminpoly A); rewrite (eqP (mxminpoly_monic A)) scale1r => split.
apply/diagonalizableP; exists rs; last by rewrite split dvdpp.
apply/negPn/negP => /repeated [a [rest same]].
have {split same} twice : mxminpoly A = ('X - a%:P) * (('X - a%:P) * \prod_(z <- rest) ('X - z%:P)).
  by rewrite split (perm_big _ same) !big_cons.
set q := \prod_(z <- rest) _ in twice; pose B := A - a%:M.
have at_A p : horner_mx A (('X - a%:P) * p) = B *m horner_mx A p.
  by rewrite rmorphM rmorphB /= horner_mx_X horner_mx_C.
have commute p : B *m horner_mx A p = horner_mx A p *m B.
  by rewrite -at_A mulrC rmorphM rmorphB /= horner_mx_X horner_mx_C.
have root : horner_mx A q *m B *m B = 0.
  by rewrite -commute -mulmxA -commute mulmxA -mulmxA -at_A -at_A -twice mx_root_minpoly.
have less : horner_mx A q *m B != 0.
  rewrite -commute -at_A; apply/negP => /eqP /mxminpoly_min; rewrite twice.
  have q_nonzero : ('X - a%:P) * q != 0.
    by rewrite mulf_neq0 ?polyXsubC_eq0 // monic_neq0 ?monic_prod_XsubC.
  by move=> /(dvdp_leq q_nonzero); rewrite size_monicM ?monicXsubC // size_XsubC ltnn.
case/eqP: less; apply/row_matrixP => k; rewrite row0 row_mul.
set v := row k _; have first : v *m A = a *: v + v *m B by rewrite mulmxBr mul_mx_scalar addrC subrK.
have second : v *m B *m A = a *: (v *m B).
  apply/eqP; rewrite -subr_eq0 -mul_mx_scalar -mulmxBr -/B; apply/eqP.
  by rewrite /v -!row_mul root row0.
have [//|u_nonzero] := eqVneq (v *m B) 0.
exact: (no_jordan_chain archi forwards (eigenvalues_on_the_circle second u_nonzero) first second).
Qed.

Definition adjoint m n (M : 'M[C]_(m, n)) := (map_mx conjC M)^T.

Lemma adjointM m n p (M : 'M[C]_(m, n)) (K : 'M[C]_(n, p)) : adjoint (M *m K) = adjoint K *m adjoint M.
Proof. by rewrite /adjoint map_mxM trmx_mul. Qed.

Lemma adjointK m n (M : 'M[C]_(m, n)) : adjoint (adjoint M) = M.
Proof. by apply/matrixP => i j; rewrite !mxE; exact: conjCK. Qed.

Lemma squared_norm w : w != 0 -> 0 < (w *m adjoint w) 0 0.
Proof.
move=> w_nonzero; rewrite mxE; have [j entry] : exists j, w 0 j != 0.
  apply/existsP; apply: contraNT w_nonzero; rewrite negb_exists => /forallP zero.
  by apply/eqP/rowP => j; rewrite mxE; apply/eqP/negPn/zero.
have square k : w 0 k * adjoint w k 0 = `|w 0 k| ^+ 2 by rewrite !mxE normCK.
rewrite (bigD1 j) //= square ltr_spaddl ?exprn_gt0 ?normr_gt0 //.
by apply: sumr_ge0 => k _; rewrite square exprn_ge0.
Qed.

Theorem keeps_a_form : exists H : 'M[C]_N.+1,
  [/\ adjoint H = H, forall v, v != 0 -> 0 < (v *m H *m adjoint v) 0 0 & A *m H *m adjoint A = H].
Proof.
have [P P_unit /diagonalizable_forPex[d /(simmxP P_unit) eigen]] := powers_diagonalise.
have row_eigen i : row i P *m A = d 0 i *: row i P 
  by rewrite -row_mul eigen mul_diag_mx; apply/rowP => j; rewrite !mxE.
have modulus i : `|d 0 i| = 1.
  apply: (eigenvalues_on_the_circle (row_eigen i)); apply: contraTneq P_unit => zero.
  rewrite -row_free_unit; apply/negP => /row_freeP [K one]; have := congr1 (row i) one.
  rewrite row_mul zero mul0mx => /rowP/(_ i); rewrite !mxE eqxx => /eqP; by rewrite eq_sym oner_eq0.
pose Q := invmx P; have back : A *m Q = Q *m diag_mx d.
  by rewrite -[LHS]mul1mx -(mulVmx P_unit) -!mulmxA -/Q; congr (_ *m _); rewrite mulmxA eigen mulmxK.
have turning : diag_mx d *m adjoint (diag_mx d) = 1%:M.
  apply/matrixP => i j; rewrite mul_diag_mx !mxE eq_sym; have [->|_] := eqVneq i j.
    by rewrite !mulr1n -normCK modulus expr1n.
  by rewrite !mulr0n rmorph0 mulr0.
exists (Q *m adjoint Q); split.
- by rewrite adjointM adjointK.
- move=> v v_nonzero; rewrite mulmxA -mulmxA -adjointM; apply: squared_norm.
  by apply: contraNneq v_nonzero => zero; rewrite -[v](mulmxKV P_unit) -/Q zero mul0mx.
- by rewrite mulmxA back -!mulmxA -adjointM back adjointM [_ *m (_ *m adjoint Q)]mulmxA turning mul1mx.
Qed.

Definition real (m n : nat) (M : 'M[C]_(m, n)) := map_mx conjC M = M.

Theorem real_maps_keep_a_real_form : real A -> exists S : 'M[C]_N.+1,
  [/\ real S, S^T = S, forall v, real v -> v != 0 -> 0 < (v *m S *m v^T) 0 0 & A *m S *m A^T = S].
Proof.
have twice m n (M : 'M[C]_(m, n)) : map_mx conjC (map_mx conjC M) = M.
  by apply/matrixP => i j; rewrite !mxE; exact: conjCK.
move=> A_real; have [H [symmetric definite kept]] := keeps_a_form.
have adjoint_A : adjoint A = A^T by rewrite /adjoint A_real.
have H_transposed : H^T = map_mx conjC H by rewrite -{1}symmetric /adjoint trmxK.
exists (H + map_mx conjC H); split.
- by rewrite /real map_mxD twice addrC.
- by rewrite linearD /= H_transposed map_trmx H_transposed twice addrC.
- move=> v v_real v_nonzero; have := definite v v_nonzero.
  rewrite /adjoint v_real => positive; rewrite mulmxDr mulmxDl mxE addr_gt0 //.
  have -> : v *m map_mx conjC H *m v^T = map_mx conjC (v *m H *m v^T).
    by rewrite !map_mxM -map_trmx v_real.
  by rewrite mxE lt_def conjC_eq0 gt_eqF // conjC_ge0 ltW.
- rewrite mulmxDr mulmxDl; congr (_ + _); first by rewrite -adjoint_A kept.
  by rewrite -{1 2}A_real map_trmx -!map_mxM; congr (map_mx _ _); rewrite -adjoint_A kept.
Qed.
End Closed.
