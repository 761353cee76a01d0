"""G9.plane: p4 over its rotations is the plane."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.controls import BACK, FORWARD
from invariance_proofs.gcnn.functions import move, pool
from invariance_proofs.gcnn.motions import ONE, P4, STEPS, Motion, shift, window
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import (
    Clause,
    Evidence,
    Formula,
    Method,
    Mutant,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

TURNED = Formula.of(lambda s, t, x: (~s)(~t)(x)(s))
MOVED = Formula.of(lambda s, t, x: (~t)(x))


def plane_in_words(at: Formula = TURNED) -> Evidence:
    """F(x) = ⊕_{k ∈ R} f(xk) at translations x. For h = ts, h⁻¹x = x′s⁻¹ with the translation x′ = s⁻¹t⁻¹xs = h⁻¹·x."""
    t, s, x, k = letters("t s x k")
    f, h = function("f"), t(s)
    return reindexed(
        pool(move(h, f), [k])(x), pool(f, [k])(at(s, t, x)), "(P L_h f)(x) = (Pf)(h⁻¹x)", over=k, acting=[s]
    )


def plane_in_p4(out: Formula = FORWARD) -> Evidence:
    """f = identity, all turns and unit steps h, x in a window: pooling over R turns L_h on p4 into L_h on Z²."""

    def right(case: tuple[Motion, tuple[int, int]]) -> bool:
        h, x = case
        moved = pool(move(h, lambda g: g), P4, frozenset)(shift(*x))
        return moved == pool(lambda g: g, P4, frozenset)(shift(*(~out(h))(x)))

    motions = [step(h) for h in P4 for step in (ONE, *STEPS)]
    return for_all(product(motions, window(-1, 1)), right, "(h, x): (P L_h f)(x) = (Pf)(h⁻¹x)")


def every_element_once(turns: Sequence[Motion] = P4) -> Evidence:
    """Every g ∈ p4 lies in the coset xR of one translation x, here for |x| ≤ 1."""
    elements = [shift(*x)(r) for x in window(-1, 1) for r in turns]
    return check(len(set(elements)) == 36, "th, t ∈ Z², h ∈ R: no two are equal")


def one_translation(turns: Sequence[Motion] = P4) -> Evidence:
    """The coset of t r, t symbolic: of the t r k, k ∈ R, exactly one is a translation, and it is t."""
    u, v = unknowns(u=1, v=1)
    cosets = [[shift(u, v)(r)(k) for k in turns] for r in P4]
    found = [[g for g in coset if g[:4] == P4[0][:4]] for coset in cosets]
    return vanishes(
        [len(some) - 1 for some in found],
        [x - y for some in found for g in some for x, y in zip(g, shift(u, v), strict=True)],
        what="one translation in each coset, and it is t",
    )


def normal() -> Evidence:
    """Whether gR = Rg, as it would have to be for p4/R to be a group."""
    g = STEPS[0]
    left, right = ({x.matrix() for x in some} for some in ([g(r) for r in P4], [r(g) for r in P4]))
    return check(left == right, "gR = Rg", g=g.matrix(), not_in_Rg=sorted(map(str, left - right)))


G9_plane = Statement(
    id="G9.plane",
    paper=PAPER,
    name="p4 over the rotations is the plane",
    source="Cohen & Welling, section 6.3 (slides: Z² ≅ p4/R)",
    summary="pooling p4 over the rotations gives a map on Z² that h ∈ p4 moves as an image",
    claim=(
        "Every coset of R, the turns about the origin, in p4 holds one translation, so p4/R is Z² by tR ↦ t, and "
        "pooling over R turns L_h on functions on p4 into L_h on images: (P L_h f)(x) = (Pf)({at}) {let:for h = ts}, "
        "which is h⁻¹x. This is an isomorphism of sets with an action of p4, not of groups: R is not normal, p4/R "
        "has no product. The same for every Z² ⋊ H over H."
    ),
    verdict=Verdict.PROVED,
    clauses=(
        Clause(
            "(P L_h f)(x) = (Pf)(h⁻¹x)",
            Route("substitution k ↦ sk", Method.SYMBOLIC, plane_in_words, mutants=instead("at", MOVED), over="groups"),
            Route("p4, turns and unit steps", Method.EXHAUSTIVE, plane_in_p4, mutants=instead("out", BACK), cases=108),
            over="groups",
        ),
        Clause(
            "every coset of R holds one translation",
            Route(
                "symbolic translations",
                Method.RING,
                one_translation,
                {},
                {"half the turns": {"turns": P4[:2]}},
                cases=28,
            ),
            Route(
                "near 0", Method.EXHAUSTIVE, every_element_once, mutants={"a turn twice": {"turns": (*P4[:3], P4[2])}}
            ),
        ),
    ),
    controls=(Mutant("R is normal, p4/R a group", normal), Witness("the translations fill p4", every_element_once)),
)
