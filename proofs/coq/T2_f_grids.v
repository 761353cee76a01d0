(* T2.f: on a grid of n x m cells, of any size and with any lines X, Y, one component of a map is affine on each cell,
   a x + b y + c; it is continuous iff it is p(x) + q(y) with p, q continuous and affine between the lines. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory.
Local Open Scope ring_scope.

Section Grid.
Variables (R : idomainType) (n m : nat) (X Y : nat -> R).
Hypotheses (X_apart : forall i, X i.+1 != X i) (Y_apart : forall j, Y j.+1 != Y j).
Implicit Types (a b c : nat -> nat -> R) (p q : nat -> R).

Definition cell a b c (i j : nat) (x y : R) := a i j * x + b i j * y + c i j.
Definition upright a b c := forall i j, (i.+1 < n)%N -> (j < m)%N -> forall y, y \in [:: Y j; Y j.+1] ->
  cell a b c i j (X i.+1) y = cell a b c i.+1 j (X i.+1) y.
Definition level a b c := forall i j, (i < n)%N -> (j.+1 < m)%N -> forall x, x \in [:: X i; X i.+1] ->
  cell a b c i j x (Y j.+1) = cell a b c i j.+1 x (Y j.+1).
Definition continuous a b c := upright a b c /\ level a b c.
Definition piecewise (k : nat) (Z p p' : nat -> R) :=
  forall i, (i.+1 < k)%N -> p i * Z i.+1 + p' i = p i.+1 * Z i.+1 + p' i.+1.

Lemma two_points (s s' d d' z z' : R) : z' != z -> s * z + d = s' * z + d' -> s * z' + d = s' * z' + d' -> s = s'.
Proof.
move=> apart one two; apply/eqP; rewrite -subr_eq0 -(mulIr_eq0 _ (mulIf (_ : z' - z != 0))) ?subr_eq0 //.
have move_d u : s * u + d = s' * u + d' -> (s - s') * u = d' - d.
  by move=> e; rewrite mulrBl; apply/eqP; rewrite subr_eq addrAC eq_sym subr_eq eq_sym [d' + _]addrC; apply/eqP.
by rewrite mulrBr (move_d _ two) (move_d _ one) subrr.
Qed.

Lemma across a b c i j : upright a b c -> (i.+1 < n)%N -> (j < m)%N -> b i j = b i.+1 j.
Proof.
move=> edge i_in j_in; apply: (@two_points _ _ (a i j * X i.+1 + c i j) (a i.+1 j * X i.+1 + c i.+1 j) _ _ (Y_apart j)).
  by have := edge i j i_in j_in (Y j); rewrite inE eqxx /cell => /(_ isT); rewrite addrAC [_ + b i.+1 j * _ + _]addrAC ![_ + b _ _ * _]addrC.
by have := edge i j i_in j_in (Y j.+1); rewrite !inE eqxx orbT /cell => /(_ isT); rewrite addrAC [_ + b i.+1 j * _ + _]addrAC ![_ + b _ _ * _]addrC.
Qed.

Lemma along a b c i j : level a b c -> (i < n)%N -> (j.+1 < m)%N -> a i j = a i j.+1.
Proof.
move=> edge i_in j_in; apply: (@two_points _ _ (b i j * Y j.+1 + c i j) (b i j.+1 * Y j.+1 + c i j.+1) _ _ (X_apart i)).
  by have := edge i j i_in j_in (X i); rewrite inE eqxx /cell => /(_ isT); rewrite !addrA.
by have := edge i j i_in j_in (X i.+1); rewrite !inE eqxx orbT /cell => /(_ isT); rewrite !addrA.
Qed.

Lemma columns a b c i j : continuous a b c -> (i < n)%N -> (j < m)%N -> a i j = a i 0%N.
Proof. by case=> _ edge i_in; elim: j => // j step j_in; rewrite -(along edge i_in j_in) step // ltnW. Qed.

Lemma rows a b c i j : continuous a b c -> (i < n)%N -> (j < m)%N -> b i j = b 0%N j.
Proof. by case=> edge _ i_in j_in; elim: i i_in => // i step i_in; rewrite -(across edge i_in j_in) step // ltnW. Qed.

Lemma jump a b c i j : continuous a b c -> (i.+1 < n)%N -> (j < m)%N -> c i.+1 j - c i j = (a i 0%N - a i.+1 0%N) * X i.+1.
Proof.
move=> smooth i_in j_in; have i_in' := ltnW i_in; have [edge _] := smooth.
have := edge i j i_in j_in (Y j); rewrite inE eqxx /cell => /(_ isT).
rewrite (columns smooth i_in' j_in) (columns smooth i_in j_in) (rows smooth i_in' j_in) (rows smooth i_in j_in).
rewrite ![_ + b _ _ * _]addrC -!addrA => /addrI e.
by rewrite mulrBl; apply/eqP; rewrite subr_eq addrAC eq_sym subr_eq [c i.+1 j + _]addrC; apply/eqP.
Qed.

Theorem continuous_iff_sum a b c : (0 < n)%N -> (0 < m)%N ->
  continuous a b c <-> exists p p' q q', [/\ piecewise n X p p', piecewise m Y q q' &
    forall i j, (i < n)%N -> (j < m)%N -> [/\ a i j = p i, b i j = q j & c i j = p' i + q' j]].
Proof.
move=> n_in m_in; split=> [smooth|[p [p' [q [q' [p_piece q_piece sum]]]]]].
  exists (fun i => a i 0%N), (fun i => c i 0%N), (fun j => b 0%N j), (fun j => c 0%N j - c 0%N 0%N).
  have [edge edge'] := smooth; split=> [i i_in|j j_in|i j i_in j_in].
  - have := edge i 0%N i_in m_in (Y 0%N); rewrite inE eqxx /cell => /(_ isT).
    by rewrite (across edge i_in m_in) ![_ + b _ _ * _]addrC -!addrA => /addrI.
  - have := edge' 0%N j n_in j_in (X 0%N); rewrite inE eqxx /cell => /(_ isT).
    by rewrite (along edge' n_in j_in) -!addrA => /addrI; rewrite !addrA => ->.
  - split; [exact: columns smooth i_in j_in|exact: rows smooth i_in j_in|].
    elim: i i_in => [|i step] i_in; first by rewrite addrC subrK.
    have := jump smooth i_in j_in; rewrite -(jump smooth i_in m_in) => same.
    rewrite -[LHS](subrK (c i j)) same step; last exact: ltnW.
    by rewrite addrA subrK.
split=> [i j i_in j_in y _|i j i_in j_in x _]; rewrite /cell.
  have [-> -> ->] := sum _ _ (ltnW i_in) j_in; have [-> -> ->] := sum _ _ i_in j_in.
  by rewrite addrAC addrA p_piece // [in RHS]addrAC addrA.
have [-> -> ->] := sum _ _ i_in (ltnW j_in); have [-> -> ->] := sum _ _ i_in j_in.
rewrite -!addrA; congr (_ + _); rewrite addrCA q_piece // addrCA //.
Qed.

Lemma jump' a b c i j :
  continuous a b c -> (i < n)%N -> (j.+1 < m)%N -> c i j.+1 - c i j = (b 0%N j - b 0%N j.+1) * Y j.+1.
Proof.
move=> smooth i_in j_in; have j_in' := ltnW j_in; have [_ edge] := smooth.
have := edge i j i_in j_in (X i); rewrite inE eqxx /cell => /(_ isT).
rewrite (columns smooth i_in j_in') (columns smooth i_in j_in) (rows smooth i_in j_in') (rows smooth i_in j_in).
rewrite -!addrA => /addrI e.
by rewrite mulrBl; apply/eqP; rewrite subr_eq addrAC eq_sym subr_eq [c i j.+1 + _]addrC; apply/eqP.
Qed.

(* n slopes p, m slopes q and one constant: n + m + 1 numbers, all of them free *)
Theorem degrees_of_freedom p q start : (0 < n)%N -> (0 < m)%N -> exists c,
  [/\ continuous (fun i _ => p i) (fun _ j => q j) c, c 0%N 0%N = start &
    forall d, continuous (fun i _ => p i) (fun _ j => q j) d -> d 0%N 0%N = start ->
      forall i j, (i < n)%N -> (j < m)%N -> d i j = c i j].
Proof.
have refill u v s : u + s = v + (s + (u - v)) :> R by rewrite addrCA [v + _]addrC subrK addrC.
move=> n_in m_in; pose shift (r Z : nat -> R) k := \sum_(l < k) (r l - r l.+1) * Z l.+1.
have shifted (r Z : nat -> R) k : shift r Z k.+1 = shift r Z k + (r k - r k.+1) * Z k.+1 by rewrite /shift big_ord_recr.
pose c i j := start + shift p X i + shift q Y j; exists c.
have smooth : continuous (fun i _ => p i) (fun _ j => q j) c.
  apply/continuous_iff_sum => //; exists p, (fun i => start + shift p X i), q, (shift q Y); split=> [k _|k _|i j _ _].
  - by rewrite shifted mulrBl [start + (_ + _)]addrA; apply: refill.
  - by rewrite shifted mulrBl; apply: refill.
  - by split.
have c_zero : c 0%N 0%N = start by rewrite /c /shift !big_ord0 !addr0.
split=> [||d d_smooth d_zero i j i_in j_in]; [exact: smooth|exact: c_zero|].
clearbody c.
elim: i i_in => [|i step] i_in.
  elim: j j_in => [|j step] j_in; first by rewrite d_zero c_zero.
  rewrite -[LHS](subrK (d 0%N j)) -[RHS](subrK (c 0%N j)) (jump' d_smooth) // (jump' smooth) // step //.
  exact: ltnW.
rewrite -[LHS](subrK (d i j)) -[RHS](subrK (c i j)) (jump d_smooth) // (jump smooth) // step //.
exact: ltnW.
Qed.

Theorem smooth_is_affine a b c : continuous a b c ->
  (forall i j, (i.+1 < n)%N -> (j < m)%N -> a i j = a i.+1 j) ->
  (forall i j, (i < n)%N -> (j.+1 < m)%N -> b i j = b i j.+1) ->
  forall i j, (i < n)%N -> (j < m)%N -> [/\ a i j = a 0%N 0%N, b i j = b 0%N 0%N & c i j = c 0%N 0%N].
Proof.
move=> smooth a_same b_same i j i_in j_in; have n_in := leq_ltn_trans (leq0n i) i_in.
have m_in := leq_ltn_trans (leq0n j) j_in.
have a_one k : (k < n)%N -> a k 0%N = a 0%N 0%N by elim: k => // k step k_in; rewrite -a_same // step // ltnW.
have b_one k : (k < m)%N -> b 0%N k = b 0%N 0%N by elim: k => // k step k_in; rewrite -b_same // step // ltnW.
split; first by rewrite (columns smooth) // a_one.
  by rewrite (rows smooth) // b_one.
have -> : c i j = c 0%N j.
  elim: i i_in => // i step i_in; rewrite -[LHS](subrK (c i j)) (jump smooth) //.
  rewrite (a_one i) ?(ltnW i_in) // (a_one i.+1) // subrr mul0r add0r.
  by rewrite step // ltnW.
elim: j j_in => // j step j_in; rewrite -[LHS](subrK (c 0%N j)) (jump' smooth) //.
rewrite (b_one j) ?(ltnW j_in) // (b_one j.+1) // subrr mul0r add0r.
by rewrite step // ltnW.
Qed.
End Grid.
