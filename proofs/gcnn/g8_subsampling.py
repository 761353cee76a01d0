"""G8: subsampling on a subgroup K is K-equivariant and not G-equivariant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.functions import Function, given, move
from invariance_proofs.gcnn.motions import ONE, P4, P4M, STEPS, TURN, Motion, shift, subgroups, window
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.words import Word, function, letters, reindexed
from invariance_proofs.statement import (
    Dropped,
    Evidence,
    Formula,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

IN_K = Formula("h ∈ K", lambda h, u: h)
OUTSIDE = Formula("u ∉ K", lambda h, u: u)
NOWHERE = function("no value at")(Word(()))


def restrict(f: Function, kept: Callable[[Any], bool]) -> Function:
    """f on the elements that are kept; outside it has no value, which None stands for."""
    return lambda k: f(k) if kept(k) else None


def any_group(by: Formula = IN_K) -> Evidence:
    """h and k are letters of K, u is none: R L_h f(k) = L_h R f(k), and h⁻¹k is a word in K, where R f has a value."""
    h, k, u = letters("h k u")
    inside = {word.spelling[0][0] for word in (h, k)}

    def in_subgroup(word: Word) -> bool:
        return {letter for letter, _ in word.spelling} <= inside

    moving = by(h, u)
    f = function("f")
    left, right = restrict(move(moving, f), in_subgroup)(k), move(moving, restrict(f, in_subgroup))(k)
    return reindexed(left or NOWHERE, right or NOWHERE, "R L_h f = L_h R f")


def every_subgroup(between: int = 0) -> Evidence:
    """sZ² ⋊ K for s ≤ 3 and the ten subgroups K of p4m's point group, at K and the steps by s; f = identity."""
    cases = [(s, K) for s in (1, 2, 3) for K in subgroups(P4M)]

    def commutes(case: tuple[int, frozenset[Motion]]) -> bool:
        s, K = case
        some = [shift(s * i, s * j + between * j)(h) for h in K for i, j in ((0, 0), (1, 0), (0, 1))]

        def kept(g: Motion) -> bool:
            return g.u % s == g.v % s == 0 and g._replace(u=0, v=0) in K

        def f(g: Motion) -> Motion:
            return g

        kept_of_all = sum(kept(shift(*t)(h)) for t in window(0, s - 1) for h in P4M)  # one of each class modulo sZ²
        equal_there = all(restrict(move(h, f), kept)(k) == move(h, restrict(f, kept))(k) for h in some for k in some)
        return equal_there and kept_of_all == len(K)

    return for_all(cases, commutes, "(s, K): R L_h f = L_h R f for h ∈ sZ² ⋊ K, one element in 8s²/|K|")


def even(g: Motion) -> bool:
    """2Z² ⋊ p4."""
    return g.u % 2 == g.v % 2 == 0


def half_turns(g: Motion) -> bool:
    """Z² ⋊ p2 in Z² ⋊ p4."""
    return g._replace(u=0, v=0) in (P4[0], P4[2])


def closed(kept: Callable[[Motion], bool]) -> bool:
    """Whether products of kept elements are kept, for turns and translations up to 2."""
    some = [g for t in window(-2, 2) for h in P4 if kept(g := shift(*t)(h))]
    return all(kept(g(h)) for g in some for h in some)


def hidden(u: Motion, kept: Callable[[Motion], bool] = even) -> Evidence:
    """f = 1 at u⁻¹, 0 elsewhere. If R L_u = T R for any map T and R f = 0 = R 0, then R L_u f = R L_u 0 = 0.

    R f vanishes away from u⁻¹ and R L_u f away from 1: what is kept of these two elements tells all.
    """
    f, elements = given({~u: 1}), [k for k in (ONE, ~u) if kept(k)]
    still, moved = ([image(k) for k in elements] for image in (restrict(f, kept), restrict(move(u, f), kept)))
    return check(
        any(still) or not any(moved),
        "R f = 0 ⇒ R L_u f = 0",
        f_is_1_at=(~u).matrix(),
        u=u.matrix(),
        R_f=still,
        R_L_u_f=moved,
        at=[k.matrix() for k in elements],
        u_in_K=kept(u),
        K_closed=closed(kept),
    )


def unclosed(some: Sequence[Motion] = (ONE, TURN)) -> Evidence:
    """Subsampling on {1, turn}, no subgroup: at h = turn, k = 1 the value wanted is at turn⁻¹, which is not kept."""

    def kept(g: Motion) -> bool:
        return g in some

    f = given({~TURN: 1})
    left, right = restrict(move(TURN, f), kept)(ONE), move(TURN, restrict(f, kept))(ONE)
    numbers = {"f_is_1_at": (~TURN).matrix(), "u_in_K": kept(TURN), "K_closed": closed(kept)}
    return equal(left, "none" if right is None else right, what="R L_h f(1) = L_h R f(1)", **numbers)


G8 = Statement(
    id="G8",
    paper=PAPER,
    name="subsampling is equivariant to the subgroup",
    source="Cohen & Welling, section 6.3 (slides: subsampling)",
    summary="subsampling on a subgroup K of G is K-equivariant",
    claim=(
        "Let {let:(Rf)(k) = f(k)} for k in a subgroup K of G. Then R commutes with L_h for every {by}. For sZ² ⋊ H "
        "this is the usual stride s: translations in multiples of s and all of H about a pixel that is kept are left."
    ),
    over="groups",
    verdict=Verdict.PROVED,
    hypotheses={
        "h ∈ K": Hypothesis("the motion is in the subgroup", lambda u_in_K: u_in_K),
        "K a subgroup": Hypothesis("closed under products", lambda K_closed: K_closed),
    },
    routes=(
        Route("words in the letters of K", Method.SYMBOLIC, any_group, mutants=instead("by", OUTSIDE), over="groups"),
        Route(
            "s ≤ 3: sZ² ⋊ K, every K in p4m", Method.EXHAUSTIVE, every_subgroup, mutants=instead("between", 1), cases=30
        ),
    ),
    controls=(
        Dropped("h ∈ K", hidden, {"u": STEPS[1]}),
        Dropped("K a subgroup", unclosed),
        Witness("all turns", unclosed, {"some": P4}),
        Witness("a step by 2", hidden, {"u": shift(0, 2)}),
        Witness("a quarter turn", hidden, {"u": TURN}),
    ),
)

G8_full = Statement(
    id="G8.full",
    paper=PAPER,
    name="full equivariance by subsampling, as the slide has it",
    source="slides: “Full G equivariance performed by subsampling on a subgroup H ⊂ G”",
    summary="subsampling on a proper subgroup is G-equivariant",
    claim="After subsampling on a subgroup H ⊂ G there is an action T of G with {let:R L_u = T_u R} for every u ∈ G.",
    at="2Z² ⋊ p4 and Z² ⋊ p2 in p4",
    hypotheses={"H a subgroup": Hypothesis("closed under products", lambda K_closed: K_closed)},
    verdict=Verdict.REFUTED,
    correction=(
        "What is left is equivariance to H (G8), as the slide's next line and the paper say; full G-equivariance is "
        "what is given up. For u ∉ H the functions 0 and δ at u⁻¹ have the same restriction, 0, while L_u moves the "
        "second one onto H: no map T at all, linear or not, gives R L_u = T R."
    ),
    routes=(
        Route("a step by 1 on 2Z² ⋊ p4", Method.EXACT, hidden, {"u": STEPS[1]}, {"a step by 2": {"u": shift(0, 2)}}),
        Route(
            "a quarter turn on Z² ⋊ p2", Method.EXACT, hidden, {"u": TURN, "kept": half_turns}, {"half": {"u": P4[2]}}
        ),
    ),
    controls=(
        Witness("a step by 2 on 2Z² ⋊ p4", hidden, {"u": shift(0, 2)}),
        Witness("a half turn on Z² ⋊ p2", hidden, {"u": P4[2], "kept": half_turns}),
    ),
)
