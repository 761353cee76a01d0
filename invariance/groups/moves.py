"""Groups that move entries about: permutations, cyclic shifts, the reversal of time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch

from ..errors import ArgumentError
from .element import Element
from .group import ENUMERATED, FiniteGroup, Group
from .parts import Affine, Permutation, Shift

__all__ = ["permutations", "reversal", "shifts"]

_MOST = 10_000  # items: their factorial has 36,000 digits


@dataclass(frozen=True, eq=False)
class PermutationGroup(Group):
    """S_n on the items of one slot."""

    count: int = 1

    def sample(self, generator: torch.Generator) -> Element:
        return self._of(torch.randperm(self.count, generator=generator).tolist())

    def contains(self, element: Element) -> bool:
        part = element.permutation(self.slots[0])
        fitting = {*element.parts} == {*self.slots} and part is not None and len(part.images) == self.count
        return element.is_identity or fitting

    def _of(self, images: list[int]) -> Element:
        return Element({self.slots[0]: Permutation(tuple(images))})


@dataclass(frozen=True, eq=False)
class ShiftGroup(Group):
    """Z_a × Z_b × …, rolling the last axes of a grid."""

    periods: tuple[int, ...] = ()

    def sample(self, generator: torch.Generator) -> Element:
        return self._of([int(torch.randint(p, (), generator=generator)) for p in self.periods])

    def contains(self, element: Element) -> bool:
        part = element.shift()
        fitting = {*element.parts} == {"grid"} and part is not None and part.periods == self.periods
        return element.is_identity or fitting

    def _of(self, steps: list[int]) -> Element:
        return Element({"grid": Shift(tuple(steps), self.periods)})


@cache
def permutations(count: int, on: str = "items") -> Group:
    """S_n, all orders of n items; several kinds of items are told apart by the name `on`.

    Up to n = 4 all are listed; from there on a transposition and a cycle generate them.
    """
    if not 1 <= count <= _MOST:
        raise ArgumentError("count", count, f"at least one item, and at most {_MOST}")
    name = f"S({count})" if on == "items" else f"S({count}, {on})"
    swap, cycle = [1, 0, *range(2, count)], [*range(1, count), 0]
    steps = tuple(Element({on: Permutation(tuple(s))}) for s in ((swap,) if count == 2 else (swap, cycle)) if count > 1)
    if math.factorial(count) <= ENUMERATED:
        group = FiniteGroup.generated(name, *steps)
        return FiniteGroup.of(name, group.listed, generators=steps, slots=(on,))
    return PermutationGroup(name, math.factorial(count), steps, (), (on,), count)


@cache
def shifts(*periods: int) -> ShiftGroup:
    """Cyclic shifts of the last axes of a grid, of these lengths; a length of 1 leaves its axis where it is."""
    if not periods or min(periods) < 1:
        raise ArgumentError("periods", periods, "the length of each axis that is shifted, at least 1")
    units = [tuple(int(i == axis) for i in range(len(periods))) for axis in range(len(periods)) if periods[axis] > 1]
    steps = tuple(Element({"grid": Shift(unit, periods)}) for unit in units)
    return ShiftGroup(f"shifts({', '.join(map(str, periods))})", math.prod(periods), steps, (), ("grid",), periods)


@cache
def reversal() -> FiniteGroup:
    """Time runs backwards."""
    return FiniteGroup.generated("time-reversal", Element({"time": Affine.of([[-1.0]])}, label="time reversal"))
