"""Tensors of whole numbers and of truth values: ends of edges, kinds of items, masks, labels; and boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Shaped
from torch import Tensor
from torch.nn import functional as F

from ..errors import ArgumentError
from ..groups import Element
from .field import Field

__all__ = ["Adjacency", "Boxes", "EdgeIndex", "Labels", "Mask", "Types"]


@dataclass(frozen=True)
class EdgeIndex(Field):
    """`(batch, 2, edges)` of places: a permutation of the nodes moves the *values*, σ(i) for i; the order of the edges
    moves by permutations of their own.

    Random ones have each edge both ways and no loops, so that messages pass.
    """

    spec: str
    nodes: int = 2
    edges: int = 2
    slot: str = "items"
    linear = False
    dtype = torch.int64

    def __post_init__(self) -> None:
        if self.nodes < 2 or self.edges < 2 or self.edges % 2 or self.edges > self.nodes * (self.nodes - 1):
            most = self.nodes * (self.nodes - 1)
            raise ArgumentError(
                "edges", self.edges, f"an even number, each edge both ways, 2 to {most} for these nodes"
            )

    @property
    def shape(self) -> tuple[int, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """(2, e) for e edges: the nodes that each goes from and to."""
        return (2, self.edges)

    def act(self, g: Element, tensor: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "b ..."]:
        nodes, order = g.permutation(self.slot), g.permutation("edges")
        named = tensor if nodes is None else nodes.on_values(tensor)
        return named if order is None else order.on_axis(named, 2)

    def moves_only(self, g: Element) -> bool:
        return g.permutation(self.slot) is None

    def check(self, name: str, tensor: object) -> Tensor:
        ends = super().check(name, tensor)
        if ends.numel() and int(ends.max()) >= self.nodes:
            raise ArgumentError(name, f"an edge to node {int(ends.max())}", f"nodes from 0 to {self.nodes - 1}, {self}")
        return ends

    def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> Shaped[Tensor, "b ..."]:
        pairs = torch.triu_indices(self.nodes, self.nodes, 1)
        chosen = torch.stack(
            [pairs[:, torch.randperm(pairs.shape[1], generator=generator)[: self.edges // 2]] for _ in range(batch)]
        )
        return torch.cat((chosen, chosen.flip(1)), 2)


@dataclass(frozen=True)
class _OfItems(Field):
    """`(batch, n)`: one thing for each item, which moves with it."""

    spec: str
    count: int = 1
    slot: str = "items"
    linear = False

    @property
    def shape(self) -> tuple[int, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """(n,) for n items."""
        return (self.count,)

    def act(self, g: Element, tensor: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "b ..."]:
        part = g.permutation(self.slot)
        return tensor if part is None else part.on_axis(tensor, 1)

    def moves_only(self, g: Element) -> bool:
        return True


@dataclass(frozen=True)
class Mask(_OfItems):
    """`(batch, n)` of truth values: which items are there; random ones are of unequal size, at least half of them."""

    dtype = torch.bool

    def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> Shaped[Tensor, "b ..."]:
        least = (self.count + 1) // 2
        sizes = torch.randint(least, self.count + 1, (batch, 1), generator=generator)
        sizes[0] = least  # a full one is moved by no permutation
        return torch.arange(self.count) < sizes


@dataclass(frozen=True)
class Types(_OfItems):
    """`(batch, n)` of whole numbers below `kinds`: what each item is, such as the number of an atom's element."""

    kinds: int = 2
    dtype = torch.int64

    def check(self, name: str, tensor: object) -> Tensor:
        types = super().check(name, tensor)
        if types.numel() and not 0 <= int(types.min()) <= int(types.max()) < self.kinds:
            found = f"whole numbers from {int(types.min())} to {int(types.max())}"
            raise ArgumentError(name, found, f"from 0 to {self.kinds - 1}, {self}")
        return types

    def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> Shaped[Tensor, "b ..."]:
        return torch.randint(self.kinds, (batch, self.count), generator=generator)

    def encode(self, tensor: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "b ..."]:
        return F.one_hot(tensor.long(), self.kinds)


@dataclass(frozen=True)
class Adjacency(Field):
    """`(batch, n, n)` of 0 and 1, symmetric and without loops, moved on both axes."""

    spec: str
    count: int = 2
    slot: str = "items"

    @property
    def shape(self) -> tuple[int, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """(n, n) for n nodes."""
        return (self.count, self.count)

    def act(self, g: Element, tensor: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "b ..."]:
        part = g.permutation(self.slot)
        return tensor if part is None else part.on_axis(part.on_axis(tensor, 1), 2)

    def moves_only(self, g: Element) -> bool:
        return True

    def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> Shaped[Tensor, "b ..."]:
        drawn = torch.rand((batch, self.count, self.count), generator=generator, dtype=torch.float64) < 0.4
        upper = drawn.double().triu(1)
        return upper + upper.mT

    def varied(self, kind: str, tensor: Shaped[Tensor, "b ..."], generator: torch.Generator) -> Shaped[Tensor, "b ..."]:
        if kind != "special values":
            return tensor
        node = int(torch.randint(self.count, (), generator=generator))
        alone, hub = tensor.clone(), tensor.clone()
        alone[:, node], alone[:, :, node] = 0, 0
        hub[:, node], hub[:, :, node], hub[:, node, node] = 1, 1, 0
        full = (1 - torch.eye(self.count, dtype=tensor.dtype)).expand_as(tensor)
        special = torch.stack((alone, hub, full, torch.zeros_like(tensor)))
        return special[torch.arange(len(tensor)) % len(special), torch.arange(len(tensor))]


@dataclass(frozen=True)
class Labels(Field):
    """`(batch, …)` of class numbers, which stay; compared as one-hot codes, so that E counts the changed ones.

    Attributes:
        classes: how many there are.
        exchanged: for each class the one that it becomes under an element other than the identity, such as left hand
            and right hand under a flip; by default none does.
    """

    spec: str
    classes: int = 2
    exchanged: tuple[int, ...] | None = None
    shape: tuple[int, ...] = (-1,)
    linear = False
    dtype = torch.int64

    def act(self, g: Element, tensor: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "b ..."]:
        if self.exchanged is None or g.is_identity:
            return tensor
        return torch.tensor(self.exchanged, device=tensor.device)[tensor.long()]

    def moves_only(self, g: Element) -> bool:
        return self.exchanged is None

    def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> Shaped[Tensor, "b ..."]:
        return torch.randint(self.classes, (batch,), generator=generator)

    def encode(self, tensor: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "b ..."]:
        if tensor.is_floating_point() or int(tensor.min()) < 0 or int(tensor.max()) >= self.classes:
            raise ArgumentError("labels", tensor.dtype, f"whole numbers from 0 to {self.classes - 1}")
        return F.one_hot(tensor.long(), self.classes)


@dataclass(frozen=True)
class Boxes(Field):
    """`(batch, n, 4)`: boxes on an image of the given size in pixels; a turned box is the smallest that holds it.

    Attributes:
        form: "xyxy", two corners, or "cxcywh", centre and size.
    """

    spec: str
    count: int = 1
    size: tuple[int, int] = (32, 32)
    form: Literal["xyxy", "cxcywh"] = "xyxy"
    linear = False

    @property
    def shape(self) -> tuple[int, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """(n, 4) for n boxes."""
        return (self.count, 4)

    def act(self, g: Element, tensor: Shaped[Tensor, "b ..."]) -> Shaped[Tensor, "b ..."]:
        part = g.affine()
        if part is None:
            return tensor
        height, width = self.size
        centre = torch.tensor([width / 2, height / 2]).to(tensor)
        lower, upper = self._corners(tensor)
        x, y = (torch.stack((lower[..., i], upper[..., i]), -1) for i in range(2))
        corners = torch.stack((x[..., [0, 0, 1, 1]], y[..., [0, 1, 0, 1]]), -1) - centre
        moved = part.on_axis(corners, corners.ndim - 1, linear=False) + (centre.flip(0) if self._turns(g) else centre)
        lower, upper = moved.amin(-2), moved.amax(-2)
        if self.form == "xyxy":
            return torch.cat((lower, upper), -1)
        return torch.cat(((lower + upper) / 2, upper - lower), -1)

    def moves_only(self, g: Element) -> bool:
        return g.affine() is None

    def sample(self, batch: int, generator: torch.Generator, *, smooth: bool = False) -> Shaped[Tensor, "b ..."]:
        size = torch.tensor(self.size[::-1], dtype=torch.float64)
        middle = (0.25 + torch.rand((batch, self.count, 2), generator=generator, dtype=torch.float64) / 2) * size
        extent = (0.1 + torch.rand((batch, self.count, 2), generator=generator, dtype=torch.float64) / 5) * size
        if self.form == "cxcywh":
            return torch.cat((middle, extent), -1)
        return torch.cat((middle - extent / 2, middle + extent / 2), -1)

    def _corners(self, tensor: Tensor) -> tuple[Tensor, Tensor]:
        first, second = tensor[..., :2], tensor[..., 2:]
        return (first, second) if self.form == "xyxy" else (first - second / 2, first + second / 2)

    def _turns(self, g: Element) -> bool:
        """Whether width and height change places, and the centre with them."""
        part = g.affine()
        return part is not None and part.signed is not None and part.signed[0][0] == 1
