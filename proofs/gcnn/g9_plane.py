"""G9.plane: p4 over its rotations is the plane."""

from __future__ import annotations

from functools import partial
from itertools import product

from invariance_proofs.gcnn import PAPER
from invariance_proofs.gcnn.functions import move, pool
from invariance_proofs.gcnn.motions import ONE, P4, STEPS, Motion, shift, window
from invariance_proofs.routes.exact import check, for_all
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import Evidence, Method, Mutant, Route, Statement, Verdict, Witness, all_of


def plane_in_words(turned_back: bool = True) -> Evidence:
    """F(x) = ⊕_{k ∈ R} f(xk) at translations x. For h = ts, h⁻¹x = x′s⁻¹ with the translation x′ = s⁻¹t⁻¹xs = h⁻¹·x."""
    t, s, x, k = letters("t s x k")
    f, h = function("f"), t(s)
    place = (~s)(~t)(x)(s) if turned_back else (~t)(x)
    return reindexed(pool(move(h, f), [k])(x), pool(f, [k])(place), "(P L_h f)(x) = (Pf)(h⁻¹x)", over=k, acting=[s])


def plane_in_p4() -> Evidence:
    """f = identity, all turns and unit steps h, x in a window: pooling over R turns L_h on p4 into L_h on Z²."""

    def right(case: tuple[Motion, tuple[int, int]]) -> bool:
        h, x = case
        moved = pool(move(h, lambda g: g), P4, frozenset)(shift(*x))
        return moved == pool(lambda g: g, P4, frozenset)(shift(*(~h)(x)))

    motions = [step(h) for h in P4 for step in (ONE, *STEPS)]
    return for_all(product(motions, window(-1, 1)), right, "(h, x): (P L_h f)(x) = (Pf)(h⁻¹x)")


def every_element_once() -> Evidence:
    """Every g ∈ p4 lies in the coset xR of one translation x, here for |x| ≤ 1."""
    elements = [shift(*x)(r) for x in window(-1, 1) for r in P4]
    return check(len(set(elements)) == 36, "th, t ∈ Z², h ∈ R: no two are equal")


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
        "Every coset of R = {turns about 0} in p4 holds one translation, so p4/R is Z² by tR ↦ t, and pooling over R "
        "turns L_h on functions on p4 into L_h on images: (P L_h f)(x) = (Pf)(h⁻¹x). This is an isomorphism of sets "
        "with an action of p4, not of groups: R is not normal, p4/R has no product. The same for every Z² ⋊ H over H."
    ),
    sizes="every split group N ⋊ H; p4 written out",
    verdict=Verdict.PROVED,
    routes=(
        Route("substitution k ↦ sk, every split group", Method.SYMBOLIC, plane_in_words),
        Route("p4, turns and unit steps", Method.EXHAUSTIVE, lambda: all_of(plane_in_p4(), every_element_once())),
    ),
    controls=(
        Mutant("(Pf)(t⁻¹x): the plane does not turn", partial(plane_in_words, turned_back=False)),
        Mutant("R is normal, p4/R a group", normal),
        Witness("the cosets of translations fill p4", every_element_once),
    ),
)
