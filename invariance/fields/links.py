"""Edges from items of one kind to items of another, as `HeteroData` has them: `links:6x4x10:on=atom:to=bond`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Shaped
from torch import Tensor

from ..errors import ArgumentError
from ..groups import Element
from .field import Field

__all__ = ["Links"]


@dataclass(frozen=True)
class Links(Field):
    """`(batch, 2, number)` of places: permutations of each kind of items move the *values* of its row; the order of the
    links moves by permutations of "edges". Random ones are different pairs.
    """

    spec: str
    sources: int = 1
    targets: int = 1
    number: int = 1
    slots: tuple[str, str] = ("items", "items")
    linear = False
    dtype = torch.int64

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.sources * self.targets:
            raise ArgumentError("number", self.number, f"1 to {self.sources * self.targets} links for these items")

    @property
    def shape(self) -> tuple[int, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """(2, e) for e links: the nodes that each goes from and to."""
        return (2, self.number)

    def act(self, g: Element, tensor: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "b ..."]:
        order = g.permutation("edges")
        rows = []
        for slot, row in zip(self.slots, tensor.unbind(1), strict=True):
            part = g.permutation(slot)
            rows.append(row if part is None else part.on_values(row))
        moved = torch.stack(rows, 1)
        return moved if order is None else order.on_axis(moved, 2)

    def moves_only(self, g: Element) -> bool:
        return all(g.permutation(slot) is None for slot in self.slots)

    def check(self, name: str, tensor: object) -> Tensor:
        ends = super().check(name, tensor)
        for row, count in zip(ends.unbind(1), (self.sources, self.targets), strict=True):
            if row.numel() and int(row.max()) >= count:
                raise ArgumentError(name, f"a link to item {int(row.max())}", f"items from 0 to {count - 1}, {self}")
        return ends

    def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> Shaped[Tensor, "b ..."]:
        pairs = self.sources * self.targets
        chosen = torch.stack([torch.randperm(pairs, generator=generator)[: self.number] for _ in range(batch)])
        return torch.stack((chosen // self.targets, chosen % self.targets), 1)
