"""A group element as data: what it does to space, to items, to channels; products combine part by part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch

from ..errors import ArgumentError
from .parts import Affine, Part, Permutation, Shift, part_from_dict

__all__ = ["Element"]

P = TypeVar("P", Affine, Permutation, Shift)


@dataclass(frozen=True, eq=False)
class Element:
    """Parts by the name of what they act on; what is not named stays.

    The names in use: *space* and *time*, affine maps of coordinates; *grid*, cyclic shifts; *items*, or any name given
    to several kinds of items, permutations; *channels*, maps or permutations of what a pixel holds.

    >>> quarter = Element({"space": Affine.of([[0, 1], [-1, 0]])})
    >>> print(quarter @ quarter, "|", quarter.inverse())
    180° | 270°
    """

    parts: Mapping[str, Part] = field(default_factory=dict)
    label: str = ""

    def __matmul__(self, first: Element) -> Element:
        """The product: `first`, then this one."""
        joint = dict(self.parts)
        for slot, part in first.parts.items():
            if slot not in joint:
                joint[slot] = part
            elif type(mine := joint[slot]) is not type(part):
                raise ArgumentError(slot, part, f"a part of the same kind as the other factor's, {mine.kind}")
            else:
                joint[slot] = mine @ part  # pyright: ignore[reportOperatorIssue]
        return Element(joint)

    def inverse(self) -> Element:
        r"""$g^{-1}$, part by part: $g\,g^{-1} = 1$."""
        return Element({slot: part.inverse() for slot, part in self.parts.items()})

    def affine(self, slot: str = "space") -> Affine | None:
        """What it does to coordinates; None for nothing."""
        return self._part(slot, Affine)

    def permutation(self, slot: str = "items") -> Permutation | None:
        """The permutation of the items called `slot`; None where the element moves none of these."""
        return self._part(slot, Permutation)

    def shift(self, slot: str = "grid") -> Shift | None:
        """The cyclic shift of the grid called `slot`; None where the element shifts none of this name."""
        return self._part(slot, Shift)

    def _part(self, slot: str, kind: type[P]) -> P | None:
        part = self.parts.get(slot)
        if part is not None and not isinstance(part, kind):
            raise ArgumentError(slot, str(part), f"a part of the kind {kind.kind}")
        return part

    @property
    def is_identity(self) -> bool:
        """Whether every part moves nothing."""
        return all(part.is_identity for part in self.parts.values())

    @property
    def moves_only(self) -> bool:
        """Whether every part only moves entries and changes signs."""
        return all(part.moves_only for part in self.parts.values())

    def only(self, slots: Iterable[str]) -> Element:
        """The element without its other parts."""
        return Element({slot: self.parts[slot] for slot in slots if slot in self.parts})

    def key(self) -> tuple[Any, ...]:
        """Equal for elements that are equal up to rounding; parts that do nothing do not count."""
        return tuple((slot, part.key()) for slot, part in sorted(self.parts.items()) if not part.is_identity)

    def distance(self, other: Element) -> float:
        """The largest difference between entries; 1 where one has something that the other lacks or differs in."""
        slots = {*self.parts, *other.parts}
        pairs = [(self.parts.get(slot), other.parts.get(slot)) for slot in slots]
        return max((_distance(a, b) for a, b in pairs), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, part by part."""
        return {slot: part.to_dict() for slot, part in self.parts.items()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Element:
        """Raises ArgumentError where it is none."""
        if not isinstance(data, dict):
            raise ArgumentError("element", data, "parts by name")
        return cls({str(slot): part_from_dict(part) for slot, part in data.items()})

    def __str__(self) -> str:
        if self.label:
            return self.label
        told = [_told(slot, part) for slot, part in self.parts.items() if not part.is_identity]
        return " and ".join(told) or "identity"


def _told(slot: str, part: Part) -> str:
    if isinstance(part, Permutation) and slot != "items":
        return f"{part} of {slot}"
    if not isinstance(part, Affine) or slot != "channels":
        return str(part)
    gains = part.matrix.diagonal()
    if part.translation is None and not (part.matrix - torch.diag(gains)).any():
        return f"channels times {tuple(round(v, 3) for v in gains.tolist())}"
    return f"channels: {part}"


def _distance(one: Part | None, other: Part | None) -> float:
    if one is None or other is None:
        there = one or other
        if isinstance(there, Affine):
            return there.distance(Affine(torch.eye(there.dimension, dtype=torch.float64)))
        return 0.0 if there is None or there.is_identity else 1.0
    return one.distance(other) if type(one) is type(other) else 1.0  # pyright: ignore[reportArgumentType]
