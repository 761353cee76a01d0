"""J3.layers, J3.diagram, J3.depth: what layers hand on, figure 1, and where a deep network keeps its symmetry."""

from __future__ import annotations

from collections.abc import Sequence

from invariance_proofs.gcnn.functions import correlate, move
from invariance_proofs.jansson import PAPER
from invariance_proofs.jansson.figure2 import Letter, M, N, W, response, turned
from invariance_proofs.routes.exact import check, equal
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.routes.smt import impossible
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
    Grade,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
    instead,
)


def one_layer(filter_too: bool = False) -> Evidence:
    """(τf ∗ λ)(x) by the substitution y ↦ ty: the filter stays where it is."""
    t, x, y = letters("t x y")
    f, psi = function("f"), function("λ")
    left = correlate(move(t, f), move(t, psi) if filter_too else psi, [y])(x)
    return reindexed(left, move(t, correlate(f, psi, [y]))(x), "τf ∗ λ = τ(f ∗ λ)", over=y, acting=[t, x])


LAYER = ("C(t(x)) = t(C(x))", "s(t(x)) = t(s(x))")
"""The convolution, and what is done at every place alike: bias and σ."""


def two_layers(rules: Sequence[str] = LAYER) -> Evidence:
    """Layers s∘C one after the other, linear or not."""
    return follows("s(C(s(C(t(x))))) = t(s(C(s(C(x)))))", rules)


def radii(slack: int = 0) -> Evidence:
    """|u| ≤ r, |v| ≤ q ⇒ |u + v| ≤ r + q: what a layer reads, and what is read of that."""
    return impossible(
        lambda u, v, r, q: [u <= r, -u <= r, v <= q, -v <= q, u + v > r + q - slack],
        "u v r q",
        what="radii add up",
        met=((0, 0, 0, 0), (1, -2, 3, 2)),
    )


def row(values: Sequence[int], bias: Sequence[int]) -> list[int]:
    """Neighbours added, a bias for each place, and max(0, ·), on a circle."""
    n = len(values)
    return [max(0, values[i] + values[(i + 1) % n] + bias[i]) for i in range(n)]


def biased(bias: Sequence[int] = (1, 1, 1, 1)) -> Evidence:
    """A shift by one of f = (3, 0, 0, 1)."""
    f = (3, 0, 0, 1)
    left, still = row((f[-1], *f[:-1]), bias), row(f, bias)
    return equal(left, [still[-1], *still[:-1]], what="Λτf = τΛf", f=f, bias=bias, t=1)


RADII = Route("along one axis", Method.SMT, radii, {}, instead("slack", 1), "u v r q")

J3_layers = Statement(
    id="J3.layers",
    paper=PAPER,
    name="layers of a continuous network",
    source="Jansson et al. (DeepMath 2020), section II (continuous CNN; translation covariance and semi-locality)",
    summary=(
        "a network of convolutions, biases and pointwise σ commutes with translations and is semi-local, in any depth"
    ),
    claim=(
        "f ↦ σ(f ∗ λ + b) commutes with translations for every λ, every b that is one number a channel, every σ; so "
        "does a chain of such layers, none of them linear. If each λ vanishes outside a ball of radius rᵢ, (Λf)(x) "
        "depends on f within Σ rᵢ of x. These two properties, and continuity, are all of a network that J3 uses."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={"one bias": Hypothesis("the same bias at every place", lambda bias: len(set(bias)) == 1)},
    clauses=(
        Clause(
            "τf ∗ λ = τ(f ∗ λ)",
            Route(
                "substitution, every group of translations",
                Method.SYMBOLIC,
                one_layer,
                {},
                instead("filter_too", True),
                "groups",
            ),
            over="groups",
        ),
        Clause(
            "layers one after the other",
            Route(
                "rewriting",
                Method.SYMBOLIC,
                two_layers,
                {},
                {"σ or bias by place": {"rules": LAYER[:1]}, "no convolution": {"rules": LAYER[1:]}},
                "maps",
            ),
            over="maps",
        ),
        Clause(
            "radii add up",
            RADII,
            over="u v r q",
        ),
    ),
    controls=(
        Dropped("one bias", biased, {"bias": (1, 0, 0, 0)}),
        Witness("one bias for all places", biased),
    ),
)

COVARIANT, INVERSE = "L(t(x)) = t(L(x))", ("t(i(x)) = x", "i(t(x)) = x")


def aligned(rule: str = COVARIANT) -> Evidence:
    """T_h⁻¹ΛT_h = Λ from ΛT_h = T_hΛ."""
    return follows("i(L(t(x))) = L(x)", [rule, *INVERSE])


def covariant(rule: str = "K(x) = i(L(t(x)))") -> Evidence:
    """For K = T_h⁻¹ΛT_h: T_hK = ΛT_h; so K = Λ gives T_hΛ = ΛT_h."""
    return follows("t(K(x)) = L(t(x))", [rule, *INVERSE[:1]])


def products(rules: Sequence[str] = (COVARIANT, "L(u2(x)) = u2(L(x))")) -> Evidence:
    return follows("L(t(u2(x))) = t(u2(L(x)))", rules)


def squares(shift: int = 1, scale: int = 1) -> Evidence:
    """(Λf)(x) = f(x)² on the line, T_h: f ↦ scale·f(· − shift), f(x) = x, at x = 3."""
    left, right = (scale * (3 - shift)) ** 2, scale * (3 - shift) ** 2
    return equal(left, right, what="ΛT_h = T_hΛ", f="x", x=3, shift=shift, scale=scale)


J3_diagram = Statement(
    id="J3.diagram",
    paper=PAPER,
    name="figure 1, covariance",
    source="Jansson et al. (arXiv 2004.14716), figure 1 (commutative diagram for a covariant feature extractor)",
    summary="the diagram commutes ⇔ T_h⁻¹ aligns the network; the h for which it does form a group",
    claim=(
        "For any Λ, linear or not: {let:ΛT_h = T_hΛ} exactly if T_h⁻¹ aligns, {let:T_h⁻¹ΛT_h = Λ}. If it holds for "
        "two transformations it holds for their product, and for inverses (rules:generators). So what a spatial "
        "transformer may undo behind a network is a group, J2 and J3 say which, and for scalings it is trivial."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={"T_h moves places only": Hypothesis("T_h does not change values", lambda scale: scale == 1)},
    clauses=(
        Clause(
            "⇒",
            Route("rewriting", Method.SYMBOLIC, aligned, {}, {"another action": {"rule": "L(t(x)) = s(L(x))"}}, "maps"),
            over="maps",
        ),
        Clause(
            "⇐",
            Route("rewriting", Method.SYMBOLIC, covariant, {}, {"T_h⁻¹Λ for it": {"rule": "K(x) = i(L(x))"}}, "maps"),
            over="maps",
        ),
        Clause(
            "products",
            Route("rewriting", Method.SYMBOLIC, products, {}, {"one only": {"rules": (COVARIANT,)}}, "maps"),
            over="maps",
        ),
    ),
    controls=(
        Dropped("T_h moves places only", squares, {"scale": 2}),
        Witness("a shift", squares),
    ),
)


L: Letter = ("#....", "#....", "#....", "#....", "#####")


def network(image: Letter, filters: Sequence[Letter], weights: Sequence[int]) -> dict[tuple[int, int], int]:
    """Two layers: a channel for each filter, squared, then a weighted sum of the channels, at every shift."""
    channels = [response(image, template) for template in filters]
    return {s: sum(w * c[s] ** 2 for w, c in zip(weights, channels, strict=True)) for s in channels[0]}


def needs_invariant_filters(filters: Sequence[Letter] = (W, M), weights: Sequence[int] = (1, 1)) -> Evidence:
    """If T_h⁻¹ aligns the network for the half-turn, are its filters symmetric under it? Images W and M, all shifts."""
    still, moved = network(W, filters, weights), network(M, filters, weights)
    aligned_ = all(moved[-s[0], -s[1]] == value for s, value in still.items())
    symmetric = [turned(template) == template for template in filters]
    return check(
        not aligned_ or all(symmetric), "T_h⁻¹ aligns ⇒ every filter is symmetric",
        filters=[list(f) for f in filters], weights=list(weights), aligned=aligned_, symmetric=symmetric,
        values=len(set(still.values())),
    )  # fmt: skip


def exchanged(rule: str = "B(s(x)) = B(x)") -> Evidence:
    """A first layer whose channels change places (s) under T_h, and a second that does not look at their order."""
    return follows("B(A(t(x))) = t(B(A(x)))", ["A(t(x)) = t(s(A(x)))", rule, "B(t(x)) = t(B(x))"])


J3_depth = Statement(
    id="J3.depth",
    paper=PAPER,
    name="rotations in depth",
    source=(
        "Jansson et al. (arXiv 2004.14716), abstract (“only for networks with … rotation- or reflection-invariant "
        "features”)"
    ),
    summary="a deep network that T_h⁻¹ aligns under a rotation has invariant filters in every layer",
    claim=(
        "If {let:T_h⁻¹ΛT_h = Λ} for a rotation or reflection T_h and a network Λ that is not constant, every filter "
        "is invariant under T_h."
    ),
    verdict=Verdict.REFUTED,
    grade=Grade.REFUTED,
    correction=(
        "Filters may come in pairs. With the filters W and M, which the half-turn exchanges, squared and added, Λ is "
        "aligned and no filter is symmetric: the first layer's channels change places, and the second does not look at "
        "their order. What is forced is that the *final* features are invariant, which is the equation itself; layer "
        "by layer channels may be permuted, as in a group CNN. In one layer the sentence is true (J1)."
    ),
    hypotheses={"Λ not constant": Hypothesis("Λ takes more than one value", lambda values: values > 1)},
    routes=(
        Route(
            "W and M",
            Method.EXACT,
            needs_invariant_filters,
            {},
            {
                "symmetric filters": {"filters": (N, N)},
                "one of the pair counts double: not aligned": {"weights": (1, 2)},
            },
        ),
        Route(
            "L, turned and not, and N",
            Method.EXACT,
            needs_invariant_filters,
            {"filters": (L, turned(L), N), "weights": (1, 1, 3)},
            {"without its turned copy": {"weights": (1, 0, 3)}},
        ),
    ),
    controls=(
        Witness("channels that change places: the general reason", exchanged),
        Witness(
            "the network squares: it is not one linear layer",
            lambda: equal(max(network(W, (W,), (1,)).values()), max(response(W, W).values()) ** 2, what="its maximum"),
        ),
        Witness("one filter alone is not aligned", needs_invariant_filters, {"filters": (W,), "weights": (1,)}),
    ),
)
