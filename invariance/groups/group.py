"""The protocol: an identity, products, inverses and names; and elements, or ways to draw and generate them.

`elements` lists all of a finite group that is small enough; a check of others uses `generators`, `algebra`, `sample`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import torch

from ..errors import ArgumentError, ArgumentTypeError
from .element import Element
from .parts import Affine

__all__ = ["ENUMERATED", "FiniteGroup", "Group", "Tangent"]

ENUMERATED = 48
"""The largest order of a group whose elements are all tried: that of the cube's symmetries."""

_MOST = 5000  # elements, before a set of generators is taken to generate no finite group
CLOSE = 1e-8


@dataclass(frozen=True, eq=False)
class Tangent:
    r"""An element X of the Lie algebra, acting on one slot by $\dot x = Xx + v$; `at(t)` is $e^{tX}$."""

    name: str
    slot: str
    velocity: Affine

    def at(self, t: torch.Tensor) -> Element:
        """Differentiable in t; at t = 0 it is the identity, and never taken for a mere movement of entries."""
        n = self.velocity.dimension
        constant = self.velocity.translation
        if constant is None:
            return Element({self.slot: Affine(torch.linalg.matrix_exp(t * self.velocity.matrix), None, smooth=True)})
        rate = torch.zeros((n + 1, n + 1), dtype=torch.float64)
        rate[:n, :n], rate[:n, n] = self.velocity.matrix, constant
        grown = torch.linalg.matrix_exp(t * rate)
        return Element({self.slot: Affine(grown[:n, :n], grown[:n, n], smooth=True)})

    def near(self, t: torch.Tensor) -> Element:
        r"""1 + tX, which has the derivative of $e^{tX}$ at t = 0, where alone it stands for an element."""
        one = torch.eye(self.velocity.dimension, dtype=torch.float64)
        constant = self.velocity.translation
        moved = None if constant is None else t * constant
        return Element({self.slot: Affine(one + t * self.velocity.matrix, moved, smooth=True)})

    def __str__(self) -> str:
        return f"{self.name}, to first order"


G = TypeVar("G", bound="Group")


@dataclass(frozen=True, eq=False)
class Group(ABC):
    """What all groups share; those that are not listed element by element say how to `sample`, and what they `contain`.

    Attributes:
        name: also how the command line and files spell it.
        order: None for infinitely many elements.
        generators: of a finite group, or of the components of a Lie group beside that of the identity.
        algebra: a basis of the Lie algebra; empty for a discrete group.
        slots: the names of the parts that its elements have.
    """

    name: str
    order: int | None
    generators: tuple[Element, ...]
    algebra: tuple[Tangent, ...] = ()
    slots: tuple[str, ...] = ("space",)

    def __new__(cls: type[G], *_: Any, **__: Any) -> G:
        if missing := sorted(cls.__abstractmethods__):
            raise ArgumentTypeError(
                "group", cls.__name__, f"a group with {' and '.join(missing)}, as `groups.Group` says"
            )
        return object.__new__(cls)

    @property
    def identity(self) -> Element:
        """The neutral element: $1g = g1 = g$. It moves nothing."""
        return Element()

    @property
    def elements(self) -> tuple[Element, ...] | None:
        """All of them, the identity first; None where they are infinitely many or too many to be tried."""
        return None

    def product(self, left: Element, right: Element) -> Element:
        """`right`, then `left`."""
        return left @ right

    def inverse(self, element: Element) -> Element:
        r"""The element with $g\,g^{-1} = 1$."""
        return element.inverse()

    def name_of(self, element: Element) -> str:
        """Words for reports, such as "90°" or "a turn by 37°"."""
        return str(element)

    @abstractmethod
    def sample(self, generator: torch.Generator) -> Element:
        """A random element: uniform (Haar) where the group is compact."""

    @abstractmethod
    def contains(self, element: Element) -> bool:
        """Whether it is one, up to rounding."""

    def tried(self, generator: torch.Generator, count: int) -> list[Element]:
        """What a check tries: all elements but the identity, or the generators and `count` random elements."""
        if self.elements is not None:
            return list(self.elements[1:])
        return [*self.generators, *(self.sample(generator) for _ in range(count))]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False)
class FiniteGroup(Group):
    """A group by the list of its elements, the identity first.

    Products and inverses are elements of the list, so that no rounding piles up.

    Raises:
        ArgumentError: two elements that are equal, or a product that is not in the list: the elements are named.
    """

    listed: tuple[Element, ...] = ()

    def __post_init__(self) -> None:
        if not self.listed or not self.listed[0].is_identity:
            raise ArgumentError("elements", [str(e) for e in self.listed[:1]], "the identity first")
        if len(self._places) < len(self.listed):
            twice = next(e for i, e in enumerate(self.listed) if self._places[e.key()] != i)
            raise ArgumentError("elements", str(twice), "distinct: this one is there twice")
        for element in self.listed:
            for step in (*self.generators, element.inverse()):
                self.index(step @ element if step in self.generators else step)

    @classmethod
    def of(
        cls, name: str, elements: Sequence[Element], *, generators: Iterable[Element] = (), slots: Iterable[str] = ()
    ) -> FiniteGroup:
        """A group by its elements; generators are found where none are given."""
        listed = tuple(elements)
        found = tuple(generators) or _generating(listed)
        used = tuple(slots) or tuple(dict.fromkeys(slot for e in (*listed, *found) for slot in e.parts))
        return cls(name, len(listed), found, (), used, listed)

    @classmethod
    def generated(cls, name: str, *generators: Element) -> FiniteGroup:
        """The group that some elements generate, in the order in which products find it.

        Raises:
            ArgumentError: they generate more than 5,000 elements, so that it may be no finite group.
        """
        listed = [Element()]
        seen = {listed[0].key()}
        for element in listed:
            for step in generators:
                if (new := step @ element).key() not in seen:
                    listed.append(new)
                    seen.add(new.key())
            if len(listed) > _MOST:
                told = " and ".join(map(str, generators))
                raise ArgumentError(
                    "generators", told, f"those of a finite group: these give more than {_MOST} elements"
                )
        return cls.of(name, listed, generators=generators)

    @property
    def elements(self) -> tuple[Element, ...] | None:
        return self.listed if len(self.listed) <= ENUMERATED else None

    @property
    def identity(self) -> Element:
        """The neutral element, first in the list: $1g = g1 = g$."""
        return self.listed[0]

    def product(self, left: Element, right: Element) -> Element:
        return self.listed[self.index(left @ right)]

    def inverse(self, element: Element) -> Element:
        r"""The element of the list with $g\,g^{-1} = 1$."""
        return self.listed[self.index(element.inverse())]

    def index(self, element: Element) -> int:
        """Its place in the list; parts that this group does not have do not count.

        Raises:
            ArgumentError: it is none of the group's.
        """
        place = self._places.get(element.only(self.slots).key())
        if place is None:
            raise ArgumentError("element", str(element), f"one of the {len(self.listed)} elements of {self.name}")
        return place

    def contains(self, element: Element) -> bool:
        return {*element.parts} <= {*self.slots} and element.key() in self._places

    def sample(self, generator: torch.Generator) -> Element:
        return self.listed[int(torch.randint(len(self.listed), (), generator=generator))]

    def name_of(self, element: Element) -> str:
        """The name that the list has for it, such as "90°"."""
        place = self._places.get(element.key())
        return str(element if place is None else self.listed[place])

    @cached_property
    def _places(self) -> dict[tuple[object, ...], int]:
        return {element.key(): place for place, element in reversed([*enumerate(self.listed)])}


def _generating(listed: tuple[Element, ...]) -> tuple[Element, ...]:
    """A generating set, greedily: the first element that is not generated yet, and so on."""
    chosen: list[Element] = []
    reached = {listed[0].key()}
    for element in listed:
        if element.key() in reached:
            continue
        chosen.append(element)
        grown = [listed[0]]
        reached = {listed[0].key()}
        for member in grown:
            for step in chosen:
                if (new := step @ member).key() not in reached:
                    grown.append(new)
                    reached.add(new.key())
            if len(reached) > len(listed):
                raise ArgumentError("elements", str(grown[-1]), "closed: this product is not in the list")
    return tuple(chosen)
