"""Layers one after the other, generators of a group, and invariance as a special case.

a, b, c, d are actions of group elements; F, G, P are maps of any kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product

from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.routes.smt import impossible
from invariance_proofs.rules import PAPER
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
    Formula,
    Grade,
    Hypothesis,
    Method,
    Mutant,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)

F_MOVES = "F(a(x)) = b(F(x))"


def chains(first: str = "b", second: str = "b", law: str = "G(F(a(x))) = c(G(F(x)))") -> Evidence:
    """G∘F, where F ends with the action `first` and G starts from `second`; a chain of any length by induction."""
    return follows(law, [f"F(a(x)) = {first}(F(x))", f"G({second}(x)) = c(G(x))"])


def on_small_sets(first: int = 1, second: int = 1) -> Evidence:
    """All maps F, G of three points into themselves, an action for each space: x ↦ x + 1, and the two middle ones."""
    maps = list(product(range(3), repeat=3))

    def keeps(f: Sequence[int], start: int, end: int) -> bool:
        return all(f[(x + start) % 3] == (f[x] + end) % 3 for x in range(3))

    pairs = [(f, g) for f in maps for g in maps if keeps(f, 1, first) and keeps(g, second, 2)]
    return for_all(pairs, lambda p: keeps([p[1][y] for y in p[0]], 1, 2), "(F, G): G∘F moves x ↦ x + 1 to y ↦ y + 2")


def composed(
    F: tuple[int, ...] = (0, 1, 2), G: tuple[int, ...] = (0, 1, 2), first: int = 1, second: int = 1
) -> Evidence:
    """Maps of three points: F moves x ↦ x + 1 to y ↦ y + first, G takes y ↦ y + second to z ↦ z + 2."""
    left, right = [G[F[(x + 1) % 3]] for x in range(3)], [(G[F[x]] + 2) % 3 for x in range(3)]
    return equal(left, right, what="G(F(x + 1)) = G(F(x)) + 2", F=F, G=G, first=first, second=second)


def generated(word: str = "b(a(x))", image: str = "d(c(F(x)))") -> Evidence:
    """F keeps a and b (with c and d on its outputs): then it keeps every product, and in a finite group all of it."""
    return follows(f"F({word}) = {image}", ["F(a(x)) = c(F(x))", "F(b(x)) = d(F(x))"])


def inverted(rule: str = "a(A(x)) = x") -> Evidence:
    """cF(Ax) = F(x), with the law read from right to left."""
    return follows("c(F(A(x))) = F(x)", ["c(F(x)) = F(a(x))", rule])


def one_letter_more(stretch: int = 1) -> Evidence:
    """Off by e ≤ nδ so far, which the last action carries on times `stretch` at most, and by e′ ≤ δ for the last."""
    return impossible(
        lambda n, d, e, f, c: [n >= 1, d >= 0, e <= n * d, f <= d, e >= 0, c <= stretch * e, c + f > (n + 1) * d],
        "n d e f c",
        what="c + e′ ≤ (n + 1)δ",
        met=((1, 1, 1, 1, 1), (3, Fraction(1, 2), 1, 0, 0), (5, 0, 0, -1, 0)),
    )


def repeated(delta: Fraction, times: int, stretch: int = 1, letters: int | None = None) -> Evidence:
    """F(n + 1) = c F(n) + δ, F(0) = 1, c times `stretch`: is F within nδ of an equivariant map for n letters?"""
    found = Fraction(1)
    for _ in range(times):
        found = stretch * found + delta
    off = found - stretch**times
    bound = delta * (times if letters is None else letters)
    return check(off <= bound, f"within {bound}", delta=delta, times=times, stretch=stretch, error=off)


def invariant(head: str = "P(b(x)) = P(x)") -> Evidence:
    return follows("P(F(a(x))) = P(F(x))", [F_MOVES, head])


def special(identity: str = "b(x) = x") -> Evidence:
    return follows("F(a(x)) = F(x)", [F_MOVES, identity])


def head(P: Formula) -> Evidence:
    """F the identity on x = (1, 3), a the swap."""
    before, after = P((1, 3)), P((3, 1))
    return equal(after, before, what="P(F(ax)) = P(F(x))", x=(1, 3), P=P, P_by=after, P_y=before)


composition = Statement(
    id="composition",
    paper=PAPER,
    name="layers one after the other",
    source="slides on group CNNs: “symmetry preserved through layers”; Cohen & Welling, section 3",
    summary="equivariant layers one after the other are equivariant, if each starts from the action the last ends with",
    claim=(
        "{let:F(ax) = bF(x) and G(by) = cG(y)} give {law}, for maps of any kind on any sets; so a network of any "
        "depth keeps what each of its layers keeps. It matters where a layer keeps the symmetry under *another* "
        "action on its input than the one it is handed: each is right, the network is not."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={"one action between": Hypothesis("b is the same for F and G", lambda first, second: first == second)},
    routes=(
        Route(
            "rewriting",
            Method.SYMBOLIC,
            chains,
            {},
            {"another action between": {"second": "d"}, "another action": {"law": "G(F(a(x))) = b(G(F(x)))"}},
            "maps",
        ),
        Route("all maps of three points", Method.EXHAUSTIVE, on_small_sets, {}, instead("second", 2), cases=9),
    ),
    over="maps",
    controls=(
        Dropped("one action between", composed, {"second": 2}),
        Witness("not vacuous: nine pairs of maps", composed, {"first": 2, "second": 2, "F": (0, 2, 1)}),
    ),
)

generators = Statement(
    id="generators",
    paper=PAPER,
    name="generators suffice",
    source="folklore of groups; what a proof about one network rests on",
    summary="a map that keeps the generators of a group keeps all of it, exactly; errors add up: nδ for n letters",
    claim=(
        "If {let:F(ax) = cF(x) and F(bx) = dF(x)}, then F({word}) = {image}, and {let:F(a⁻¹x) = c⁻¹F(x)}. So two "
        "permutations prove S_n, a quarter turn and a flip prove D₄. Only exactly: within δ for each letter is "
        "within nδ for a word of n letters, where the actions on the outputs stretch no distance, as permutations, "
        "signs and rotations do; and no better."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.MODULO,
    hypotheses={
        "no stretching": Hypothesis("|cy − cz| ≤ |y − z| for the actions on the outputs", lambda stretch: stretch <= 1)
    },
    clauses=(
        Clause(
            "F({word}) = {image}",
            Route(
                "rewriting",
                Method.SYMBOLIC,
                generated,
                {},
                {"c and d swapped": {"image": "c(d(F(x)))"}, "a and b swapped": {"word": "a(b(x))"}},
                "maps",
            ),
            over="maps",
        ),
        Clause(
            "F(a⁻¹x) = c⁻¹F(x)",
            Route(
                "rewriting, A for a⁻¹",
                Method.SYMBOLIC,
                inverted,
                {},
                {"A is no inverse": {"rule": "A(a(x)) = x"}},
                "maps",
            ),
            over="maps",
        ),
        Clause(
            "within δ for each letter is within nδ for n letters",
            Route("one letter more", Method.SMT, one_letter_more, {}, instead("stretch", 10), "n d"),
            over="n d",
            assumed=("|F(bax) − dcF(x)| ≤ |F(b(ax)) − dF(ax)| + |dF(ax) − dcF(x)|",),
        ),
    ),
    controls=(
        Dropped("no stretching", repeated, {"delta": Fraction(1, 10), "times": 2, "stretch": 10}),
        Mutant("within δ for any word", repeated, {"delta": Fraction(1, 10), "times": 2, "letters": 1}),
        Witness("two letters", repeated, {"delta": Fraction(1, 10), "times": 2}),
    ),
)

invariance = Statement(
    id="invariance",
    paper=PAPER,
    name="invariance as a special case",
    source="slides on group CNNs: “Invariance: special case of equivariance”",
    summary=(
        "invariance is equivariance with the identity as action; an invariant head makes an equivariant trunk invariant"
    ),
    claim=(
        "{let:F(ax) = bF(x)} with the identity for b says {let:F(ax) = F(x)}. And {let:P(F(ax)) = P(F(x))} if "
        "{let:F(ax) = bF(x)} and {the head is invariant}: a network is made invariant at its head, once, and loses "
        "nothing before it."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={"the head is invariant": Hypothesis("P(by) = P(y)", lambda P_by, P_y: P_by == P_y)},
    clauses=(
        Clause(
            "F(ax) = F(x) if b is the identity",
            Route("rewriting", Method.SYMBOLIC, special, {}, {"b is any action": {"identity": "b(b(x)) = x"}}, "maps"),
            over="maps",
        ),
        Clause(
            "P(F(ax)) = P(F(x))",
            Route("rewriting", Method.SYMBOLIC, invariant, {}, {"P keeps c": {"head": "P(c(x)) = P(x)"}}, "maps"),
            over="maps",
        ),
    ),
    controls=(
        Dropped("the head is invariant", head, {"P": Formula("y₁", lambda y: y[0])}),
        Witness("the sum", head, {"P": Formula("y₁ + y₂", sum)}),
    ),
)
