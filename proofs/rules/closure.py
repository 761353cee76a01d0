"""What networks are built from: if the parts keep a symmetry, so does the whole.

a, b, c, d are the actions of one group element on the spaces between the parts; F, G, T are maps of any kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any

from invariance_proofs.routes.exact import equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.rewriting import follows
from invariance_proofs.rules.vectors import added, apply, circulant, gated, moved, symmetric_group
from invariance_proofs.evidence import Evidence

F_MOVES, G_MOVES = "F(a(x)) = b(F(x))", "G(a(x)) = b(G(x))"
ADDITIVE, MULTIPLIED = "b(x) + b(y) = b(x + y)", "b(x) * b(y) = b(x * y)"


def chains(first: str = "b", second: str = "b") -> Evidence:
    """G∘F, where F ends with the action `first` and G starts from `second`; a chain of any length by induction."""
    return follows("G(F(a(x))) = c(G(F(x)))", [f"F(a(x)) = {first}(F(x))", f"G({second}(x)) = c(G(x))"])


def on_small_sets(first: int = 1, second: int = 1) -> Evidence:
    """All maps F, G of three points into themselves, an action for each space: x ↦ x + 1, and the two middle ones."""
    maps = list(product(range(3), repeat=3))

    def keeps(f: Sequence[int], start: int, end: int) -> bool:
        return all(f[(x + start) % 3] == (f[x] + end) % 3 for x in range(3))

    pairs = [(f, g) for f in maps for g in maps if keeps(f, 1, first) and keeps(g, second, 2)]
    return for_all(pairs, lambda p: keeps([p[1][y] for y in p[0]], 1, 2), "(F, G): G∘F moves x ↦ x + 1 to y ↦ y + 2")


def generated(word: str = "b(a(x))", image: str = "d(c(F(x)))") -> Evidence:
    """F keeps a and b (with c and d on its outputs): then it keeps every product, and in a finite group all of it."""
    return follows(f"F({word}) = {image}", ["F(a(x)) = c(F(x))", "F(b(x)) = d(F(x))"])


def invariant(head: str = "P(b(x)) = P(x)") -> Evidence:
    return follows("P(F(a(x))) = P(F(x))", [F_MOVES, head])


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


def at_numbers(law: str, left: Any, right: Any, **numbers: Any) -> Evidence:
    return equal(left, right, what=law, **numbers)
