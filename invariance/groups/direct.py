"""Direct products: both act at once, on different things."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from itertools import product as combinations

import torch

from ..errors import ArgumentError
from .element import Element
from .group import ENUMERATED, FiniteGroup, Group

__all__ = ["direct_product"]


@dataclass(frozen=True, eq=False)
class ProductGroup(Group):
    """G × H × …"""

    factors: tuple[Group, ...] = ()

    def sample(self, generator: torch.Generator) -> Element:
        return reduce(Element.__matmul__, [factor.sample(generator) for factor in self.factors])

    def contains(self, element: Element) -> bool:
        known = {slot for factor in self.factors for slot in factor.slots}
        return {*element.parts} <= known and all(f.contains(element.only(f.slots)) for f in self.factors)


def direct_product(*factors: Group) -> Group:
    """The product of groups that act on different slots.

    Raises:
        ArgumentError: fewer than two factors, or two that act on the same thing.
    """
    if len(factors) < 2:
        raise ArgumentError("factors", [str(f) for f in factors], "at least two groups")
    slots = tuple(slot for factor in factors for slot in factor.slots)
    if len({*slots}) < len(slots):
        twice = next(slot for slot in slots if slots.count(slot) > 1)
        wanted = "groups that act on different things; give permutations of two kinds of items a name each, `on=`"
        raise ArgumentError("factors", f"{' × '.join(map(str, factors))}, both on {twice}", wanted)
    name = " x ".join(map(str, factors))
    orders = [factor.order for factor in factors]
    order = math.prod(o for o in orders if o is not None) if None not in orders else None
    steps = tuple(step for factor in factors for step in factor.generators)
    algebra = tuple(tangent for factor in factors for tangent in factor.algebra)
    listed = [factor.elements for factor in factors]
    if order is not None and order <= ENUMERATED and all(listed):
        tuples = combinations(*(elements or () for elements in listed))
        every = [reduce(Element.__matmul__, parts) for parts in tuples]
        return FiniteGroup.of(name, every, generators=steps, slots=slots)
    return ProductGroup(name, order, steps, algebra, slots, factors)
