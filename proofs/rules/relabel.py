"""Gather and scatter: message passing and index tables under a relabelling of what they point at.

A tensor is a function x of places; P moves it to x∘p with p = P⁻¹. An index table s sends edges to nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from invariance_proofs.matrix import dot
from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.routes.symbolic import free, matrices, same, same_matrix
from invariance_proofs.routes.words import function, letters, reindexed
from invariance_proofs.rules import PAPER
from invariance_proofs.rules.fibres import bag
from invariance_proofs.rules.vectors import moved, signed, symmetric_group
from invariance_proofs.statement import (
    Chain,
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

INVERSE_NODES, INVERSE_EDGES = "p(P(x)) = x", "q(Q(x)) = x"


def gathered(rules: Sequence[str] = (INVERSE_NODES,)) -> Evidence:
    """The table P∘s∘q read on X∘p is s read on X, moved by q: gather′(PX) = Q gather(X)."""
    return follows("X(p(P(s(q(x))))) = X(s(q(x)))", rules, what="gather")


def scattered(rules: Sequence[str] = (INVERSE_EDGES,)) -> Evidence:
    """S′ = P S q on Q m is P S m; that the transposed table is this S′ is `transposed`."""
    return follows("P(S(q(Q(x)))) = P(S(x))", rules, what="scatter")


def transposed(back: bool = True) -> Evidence:
    """(Q G Pᵀ)ᵀ = P Gᵀ Qᵀ: scatter-sum is the transpose of gather, for any number of nodes and edges."""
    Q, G, P = matrices(Q=("e", "e"), G=("e", "n"), P=("n", "n"))
    return same_matrix((Q * G * P.T).T, P * G.T * (Q.T if back else Q), what="(Q G Pᵀ)ᵀ")


def any_reduction(receiver: str = "moved") -> Evidence:
    """⊕_j of the messages m(i, j) that i has from all j, none where there is no edge: at i on the moved graph it is
    ⊕_j m(g⁻¹i, g⁻¹j), which is what g⁻¹i has on the graph. The receiver is written into the message's name.
    """
    g, i, j = letters("g i j")
    back = (~g)(i)
    at = back if receiver == "moved" else i
    return reindexed(function(f"m[{back}]")((~g)(j)), function(f"m[{at}]")(j), "⊕ of messages", over=j, acting=[g])


Edges = Sequence[tuple[int, int]]


def message(x: Sequence[Any], edges: Edges, reduce: Callable[[list[Any]], Any] = bag) -> list[Any]:
    """out_i = ⊕ over edges (i, j) of (xᵢ, xⱼ), beside xᵢ."""
    return [(x[i], reduce([(x[a], x[b]) for a, b in edges if a == i])) for i in range(len(x))]


def relabelled(edges: Edges, by: Sequence[int]) -> list[tuple[int, int]]:
    """New node i is old node by[i]; the edges follow, in another order."""
    new = {old: i for i, old in enumerate(by)}
    return sorted((new[a], new[b]) for a, b in edges)


def first_message(messages: list[Any]) -> list[Any]:
    return messages[:1]


def every_graph(follow: bool = True, reduce: Callable[[list[Any]], Any] = bag) -> Evidence:
    """All 512 directed graphs on three nodes (loops too), all six relabellings, any reduction of the messages."""
    pairs = list(product(range(3), range(3)))
    graphs = [[pair for bit, pair in enumerate(pairs) if code >> bit & 1] for code in range(512)]

    def moves(case: tuple[Edges, tuple[int, ...]]) -> bool:
        edges, by = case
        after = message(moved(by, "abc"), relabelled(edges, by) if follow else edges, reduce)
        return after == list(moved(by, message("abc", edges, reduce)))

    return for_all(product(graphs, symmetric_group(3)), moves, "(edges, P): the messages move with the nodes")


def one_graph(follow: bool = True, weights: Sequence[int] = (1, 1)) -> Evidence:
    """Two nodes with x = (1, 2), the edge 0 → 1, and both nodes exchanged; weights belong to node *numbers*."""
    x, edges, by = (1, 2), [(0, 1)], (1, 0)

    def out(y: Sequence[int], table: Edges) -> list[int]:
        return [weights[i] * y[i] + sum(y[b] for a, b in table if a == i) for i in range(2)]

    left = out(moved(by, x), relabelled(edges, by) if follow else edges)
    return equal(
        left,
        list(moved(by, out(x, edges))),
        what="the output moves with the nodes",
        x=x,
        edges=edges,
        P=by,
        weights=weights,
        follow=follow,
    )


relabelling = Statement(
    id="relabelling",
    paper=PAPER,
    name="gather, scatter and message passing",
    source="Gilmer et al. (2017), message passing; index tables of graph networks",
    summary="gather, scatter and message passing move with the nodes if the index table does: {let:s′ = P∘s∘Q⁻¹}",
    claim=(
        "With the table {let:s′ = P∘s∘Q⁻¹} in place of s, {let:gather′(PX) = Q gather(X)}, and {let:scatter′(QM) = P "
        "scatter(M)}, the transposed matrix, for any number of nodes and edges; so a message passing layer moves "
        "with its nodes under any relabelling, whatever the reduction over incoming edges, if messages do not use "
        "node numbers. It is the *values* of an edge list that move: permuting a tensor of indices as if it were "
        "features proves something else."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={
        "the table follows": Hypothesis("edges point at the moved nodes", lambda follow: follow),
        "no node numbers": Hypothesis("one weight for all nodes", lambda weights: len(set(weights)) == 1),
    },
    clauses=(
        Clause(
            "gather′(PX) = Q gather(X)",
            Route("rewriting", Method.SYMBOLIC, gathered, {}, {"p is not P⁻¹": {"rules": ()}}, "maps"),
            over="maps",
        ),
        Clause(
            "scatter′(QM) = P scatter(M)",
            Chain(
                "the transposed table, then rewriting",
                Route("(QGPᵀ)ᵀ = PGᵀQᵀ", Method.SYMBOLIC, transposed, {}, instead("back", False), "e n"),
                Route("rewriting", Method.SYMBOLIC, scattered, {}, {"q is not Q⁻¹": {"rules": ()}}, "maps"),
            ),
            over="maps e n",
        ),
        Clause(
            "any reduction of messages",
            Route("substitution j ↦ gj", Method.SYMBOLIC, any_reduction, {}, instead("receiver", "stays"), "groups"),
            Route(
                "512 graphs, six relabellings, labels for values",
                Method.EXHAUSTIVE,
                every_graph,
                {},
                {"edges stay": {"follow": False}, "the first message only": {"reduce": first_message}},
                cases=3072,
            ),
            over="groups",
        ),
    ),
    controls=(
        Dropped("the table follows", one_graph, {"follow": False}),
        Dropped("no node numbers", one_graph, {"weights": (1, 3)}),
        Witness("both hold", one_graph),
    ),
)


def through_inverses(between: str = "inverse") -> Evidence:
    """(X P⁻¹)(P Y) = X Y: letters for matrices of every size, P any invertible action on what is contracted."""
    X, Y, P = free("X Y P")
    return same((X * (P**-1 if between == "inverse" else P)) * (P * Y), X * Y, what="(XP⁻¹)(PY)")


def signed_contraction(n: int = 3, sign_on_both: bool = True) -> Evidence:
    """Σ_c x_c y_c with x and y moved by one signed permutation of n entries; signs on one side alone fail."""
    x, y = unknowns(x=n, y=n)
    residuals = [
        dot(moved(by, x, signs), moved(by, y, signs if sign_on_both else None)) - dot(x, y) for by, signs in signed(n)
    ]
    return vanishes(residuals, what="Σ (Px)_c (Py)_c = Σ x_c y_c")


def contracted(left: tuple[int, ...] = (1, 0), right: tuple[int, ...] = (1, 0)) -> Evidence:
    """q = (1, 2), k = (3, 5), each with a permutation of its own."""
    q, k = (1, 2), (3, 5)
    return equal(
        dot(moved(left, q), moved(right, k)), dot(q, k), what="q·k is kept", q=q, k=k, left_P=left, right_P=right
    )


contraction = Statement(
    id="contraction",
    paper=PAPER,
    name="matrix products",
    source="attention scores q·k, bilinear layers; the rule by which a prover passes a matrix product",
    summary=(
        "XY is kept if what is contracted moves by P⁻¹ on one side and P on the other: one signed permutation on both"
    ),
    claim=(
        "{let:(XP⁻¹)(PY) = XY} for every invertible P. For vectors of features, {let:q·k = Σ q_c k_c}, it asks for "
        "one permutation and one choice of signs on both sides, where signs cancel; two different permutations, each "
        "harmless to a pointwise layer, do not pass in general. What is not contracted moves the product as it moves "
        "the factor."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={"one P": Hypothesis("the same P on both sides", lambda left_P, right_P: left_P == right_P)},
    routes=(
        Route("free algebra", Method.SYMBOLIC, through_inverses, {}, {"P for P⁻¹": {"between": "P"}}, "X Y"),
        Route(
            "48 signed permutations",
            Method.RING,
            signed_contraction,
            {},
            instead("sign_on_both", False),
            at="three features",
            cases=48,
        ),
    ),
    over="X Y",
    controls=(
        Dropped("one P", contracted, {"right": (0, 1)}),
        Witness("both exchanged", contracted),
    ),
)
