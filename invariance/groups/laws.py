"""The laws of a group, as its user can break them: each failure names the elements that show it."""

from __future__ import annotations

from itertools import islice, product

import torch

from ..errors import ArgumentError, ArgumentTypeError, SingularError
from .element import Element
from .group import CLOSE, Group
from .parts import Affine

__all__ = ["check_group_laws"]


def check_group_laws(group: Group, generator: torch.Generator, *, count: int = 3) -> None:
    """Closed, associative, with an identity and inverses, on up to `count` elements of each.

    Raises:
        ArgumentError: the law that fails, and the elements at which it does.
    """
    chosen = list(islice(group.tried(generator, count), 2 * count))
    chosen += [group.sample(generator) for _ in range(count)]
    for g in chosen:
        _require_element(group, g)
        _require(group.contains(g), group, "{} is drawn or listed", "only its own elements", g)
        same = max(group.product(group.identity, g).distance(g), group.product(g, group.identity).distance(g))
        _require(same < CLOSE, group, "1·g ≠ g for g = {}", "an identity", g)
        undone = group.product(group.inverse(g), g).distance(group.identity)
        _require(undone < CLOSE * _size(g), group, "g⁻¹g ≠ 1 for g = {}", "inverses", g)
    for g, h in product(chosen[:count], repeat=2):
        _require(group.contains(group.product(g, h)), group, "the product of {} and {}", "closed under products", g, h)
    for g, h, k in product(chosen[:2], repeat=3):
        left, right = group.product(group.product(g, h), k), group.product(g, group.product(h, k))
        far = left.distance(right) > CLOSE * _size(left)
        _require(not far, group, "(gh)k ≠ g(hk) for {}, {}, {}", "associative", g, h, k)

    for tangent in group.algebra:
        g = tangent.at(torch.tensor(0.3, dtype=torch.float64))
        drawn = f"exp(0.3 X), {{}}, for X = {tangent.name} of its algebra"
        _require(group.contains(g), group, drawn, "only its own elements", g)


def _require_element(group: Group, g: object) -> None:
    if not isinstance(g, Element):
        raise ArgumentTypeError("group", f"{group}: {type(g).__name__} is drawn or listed", "an Element")
    for slot, part in g.parts.items():
        if isinstance(part, Affine) and not torch.linalg.matrix_rank(part.matrix) == part.dimension:
            raise SingularError("group", f"{group}: {g} is drawn or listed", f"a group: maps of {slot} with an inverse")


def _size(element: Element) -> float:
    return 1 + element.distance(Element())


def _require(holds: bool, group: Group, found: str, wanted: str, *elements: Element) -> None:
    if not holds:
        raise ArgumentError("group", f"{group}: {found.format(*elements)}", f"a group: {wanted}")
