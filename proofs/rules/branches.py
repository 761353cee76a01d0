"""Blocks with several branches: sums, residual blocks, concatenations, products, gates, highway blocks.

a, b, c are actions of one group element; F, G, T are maps of any kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from invariance_proofs.routes.exact import equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.rules import PAPER
from invariance_proofs.rules.vectors import added, apply, circulant, gated, moved
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
    Formula,
    Grade,
    Hypothesis,
    Method,
    Route,
    Statement,
    Verdict,
    Witness,
)

F_MOVES, G_MOVES = "F(a(x)) = b(F(x))", "G(a(x)) = b(G(x))"
ADDITIVE, MULTIPLIED = "b(x) + b(y) = b(x + y)", "b(x) * b(y) = b(x * y)"
BRANCHES = {
    "sum": ("F(a(x)) + G(a(x)) = b(F(x) + G(x))", (F_MOVES, G_MOVES, ADDITIVE)),
    "residual": ("a(x) + F(a(x)) = a(x + F(x))", ("F(a(x)) = a(F(x))", "a(x) + a(y) = a(x + y)")),
    "product": ("F(a(x)) * G(a(x)) = b(F(x) * G(x))", (F_MOVES, G_MOVES, MULTIPLIED)),
    "gate": ("s(a(x)) * F(a(x)) = b(s(x) * F(x))", (F_MOVES, "s(a(x)) = s(x)", "x * b(y) = b(x * y)")),
    "highway": (
        "T(a(x)) * F(a(x)) + N(T(a(x))) * G(a(x)) = b(T(x) * F(x) + N(T(x)) * G(x))",
        (F_MOVES, G_MOVES, "T(a(x)) = b(T(x))", "N(b(x)) = b(N(x))", ADDITIVE, MULTIPLIED),
    ),
    "concatenation": (
        "pair(F(a(x)), G(a(x))) = both(pair(F(x), G(x)))",
        (F_MOVES, "G(a(x)) = c(G(x))", "pair(b(x), c(y)) = both(pair(x, y))"),
    ),
}
"""Each block's law, and the rules it follows from; N is t ↦ 1 − t, both is b ⊕ c."""


def block(name: str, without: str = "") -> Evidence:
    """The law of a block from its rules, less one."""
    law, rules = BRANCHES[name]
    return follows(law, [rule for rule in rules if rule != without], what=name)


def generic_block(name: str, steps: tuple[int, int, int] = (1, 1, 1)) -> Evidence:
    """Three entries under cyclic shifts, F(x) = Wx·x, G = Vx, T = Ux with circulant W, V, U of symbolic weights.

    A step of 2 makes a matrix with F(Px) = P⁻¹F(x): a branch that moves by another action.
    """
    x, w, v, u = unknowns(x=3, w=3, v=3, u=3)
    W, V, U = (circulant(weights, step) for weights, step in zip((w, v, u), steps, strict=True))

    def layer(y: Sequence[Any]) -> tuple[Any, ...]:
        f = tuple(a * b for a, b in zip(apply(W, y), y, strict=True)) if steps[0] == 1 else apply(W, y)
        g, t = apply(V, y), apply(U, y)
        return {
            "sum": lambda: added(f, g),
            "residual": lambda: added(y, f),
            "product": lambda: tuple(a * b for a, b in zip(f, g, strict=True)),
            "gate": lambda: tuple(sum(y) * a for a in f),
            "highway": lambda: gated(t, f, g),
            "concatenation": lambda: f + g,
        }[name]()

    P = (1, 2, 0)
    want = layer(x)
    want = tuple(z for part in (want[:3], want[3:]) if part for z in moved(P, part))
    return vanishes([a - b for a, b in zip(layer(moved(P, x)), want, strict=True)], what=f"{name}, circulant weights")


SWAP = Formula("(y₁, y₂) ↦ (y₂, y₁)", lambda y: y[::-1])
SIGN = Formula("y ↦ −y", lambda y: tuple(-v for v in y))
COMPLEMENT = Formula("y ↦ 1 − y", lambda y: tuple(1 - v for v in y))
SAME = Formula.of(lambda y: y)
TOTAL = Formula("(y₁ + y₂, 0)", lambda y: (y[0] + y[1], 0))
PLUS = Formula("F + G", added)
TIMES = Formula("F·G", lambda y, z: tuple(a * b for a, b in zip(y, z, strict=True)))
CUBE = Formula("y ↦ y³", lambda y: tuple(v**3 for v in y))
HIGHWAY = Formula("F·F² + (1 − F)·G", lambda y, z: gated(y, TIMES(y, y), z))
"""T = F, and F² for what is gated."""


def joined(join: Formula, F: Formula = SAME, G: Formula = SAME, a: Formula = SWAP) -> Evidence:
    """The join of two branches at x = (1, 3): of the moved input, and moved."""
    x = (1, 3)
    return equal(
        join(F(a(x)), G(a(x))), a(join(F(x), G(x))), what=f"{join} moves by a",
        x=x, F=F, G=G, a=a, join=join, F_ax=F(a(x)), aF_x=a(F(x)), G_ax=G(a(x)), aG_x=a(G(x)),
        joined_then_moved=a(join(F(x), G(x))), moved_then_joined=join(a(F(x)), a(G(x))),
        products=(a(TIMES(F(x), G(x))), TIMES(a(F(x)), a(G(x)))), sums=(a(PLUS(F(x), G(x))), PLUS(a(F(x)), a(G(x)))),
        one=a((1, 1)),
    )  # fmt: skip


BRANCHES_AGREE = Hypothesis(
    "F(ax) = aF(x) and G(ax) = aG(x)", lambda F_ax, aF_x, G_ax, aG_x: (F_ax, G_ax) == (aF_x, aG_x)
)


def either(name: str) -> tuple[Route, Route]:
    rules = BRANCHES[name][1]
    without = {f"without {rule}": {"without": rule} for rule in rules}
    return (
        Route("rewriting", Method.SYMBOLIC, block, {"name": name}, without, "maps"),
        Route(
            "circulant layers with generic weights, three entries", Method.RING, generic_block, {"name": name},
            {"F moves backwards": {"steps": (2, 1, 1)}}, at="three entries", cases=6 if name == "concatenation" else 3,
        ),
    )  # fmt: skip


sums = Statement(
    id="sum",
    paper=PAPER,
    name="branches that are added or concatenated",
    source="slides on group CNNs: “allows use in residual blocks”; He et al. (residual blocks)",
    summary="sums, residual blocks and concatenations of equivariant branches are equivariant",
    claim=(
        "{let:F(ax) = bF(x), G(ax) = bG(x) and b(y + z) = by + bz} give b for F + G; with x for G it is the residual "
        "block, where b must be a. Concatenation needs nothing: (F, G) moves by b ⊕ c. A shortcut that moves "
        "otherwise than its branch (other channel order, a 1×1 layer with another stride phase) breaks a network of "
        "correct layers."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={
        "one action": BRANCHES_AGREE,
        "additive": Hypothesis(
            "a(y + z) = ay + az", lambda joined_then_moved, moved_then_joined: joined_then_moved == moved_then_joined
        ),
    },
    clauses=tuple(Clause(BRANCHES[n][0], *either(n), over="maps") for n in ("sum", "residual", "concatenation")),
    controls=(
        Dropped("one action", joined, {"join": PLUS, "G": TOTAL}),
        Dropped("additive", joined, {"join": PLUS, "a": COMPLEMENT}),
        Witness("a sign is additive", joined, {"join": PLUS, "a": SIGN}),
        Witness("2 + 3", lambda: equal(added((2,), (3,)), (5,), what="F + x = 5")),
    ),
)

gates = Statement(
    id="gate",
    paper=PAPER,
    name="gates, products and highway blocks",
    source="slides on group CNNs: “allows use in residual blocks and highway networks”; Srivastava et al. (highway)",
    summary=(
        "products of features keep permutations, not signs or rotations; an invariant gate keeps every linear action"
    ),
    claim=(
        "If {products pass} entry by entry then F·G moves by a; if a is also linear and keeps the constant {let:1}, "
        "as permutations do, so does the highway block {let:T·F + (1 − T)·x}. Signs and rotations do not pass: "
        "{let:(−y)(−z) = yz}. A gate s with {let:s(ax) = s(x)}, one number for all that moves together, passes under "
        "every action with {let:a(sy) = s·ay}."
    ),
    verdict=Verdict.PROVED,
    grade=Grade.DECIDED,
    hypotheses={
        "one action": BRANCHES_AGREE,
        "products pass": Hypothesis("a(y·z) = ay·az", lambda products: products[0] == products[1]),
        "sums and 1 pass": Hypothesis(
            "for highway blocks a(y + z) = ay + az and a1 = 1",
            lambda join, sums, one: join != HIGHWAY or (sums[0] == sums[1] and one == (1, 1)),
        ),
    },
    clauses=tuple(Clause(BRANCHES[n][0], *either(n), over="maps") for n in ("product", "gate", "highway")),
    controls=(
        Dropped("one action", joined, {"join": TIMES, "G": TOTAL}),
        Dropped("products pass", joined, {"join": TIMES, "a": SIGN}),
        Dropped("sums and 1 pass", joined, {"join": HIGHWAY, "a": CUBE}),
        Witness("a swap passes", joined, {"join": TIMES}),
        Witness("and a highway block", joined, {"join": HIGHWAY}),
        Witness("a cube passes a product", joined, {"join": TIMES, "a": CUBE}),
        Witness("2·3 + (1 − 2)·5", lambda: equal(gated((2,), (3,), (5,)), (1,), what="T·F + (1 − T)·x = 1")),
    ),
)
