r"""Small groups that move grids and channels, and weights tied along their orbits.

A generator moves a tensor's entries, (g t)[j] = t[s(j)]. A layer whose weight is constant on the orbits of the joint
motion of outputs, inputs and taps commutes with the generators bit for bit: no sum is rounded in making it so.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from .subject import Motion

__all__ = ["CUBE", "FINITE", "Acting", "Sources", "tied", "trivial"]

Sources = Mapping[str, tuple[int, ...]]
"""For each generator the channel that is moved to each place."""


@dataclass(frozen=True)
class Acting:
    """A finite group by generators: permuted and mirrored axes of a grid, and permuted colours.

    Args:
        name: the key under which the prover is asked.
        dims: axes of the grid.
        grids: for each generator the order of the axes and those mirrored afterwards.
        colours: for each generator how the input's channels move, if they do.
    """

    name: str
    dims: int
    grids: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]
    colours: Sources = field(default_factory=dict)

    def grid(self, generator: str, x: Tensor) -> Tensor:
        """The last axes moved."""
        order, mirrored = self.grids[generator]
        first = x.ndim - self.dims
        return x.permute(*range(first), *(first + axis for axis in order)).flip([first + axis for axis in mirrored])

    def move(self, generator: str, x: Tensor, sources: Sources | None = None) -> Tensor:
        """A batch of features, "b c *grid"."""
        moved = self.grid(generator, x)
        return moved[:, list(sources[generator])] if sources else moved

    def motions(self) -> dict[str, Motion]:
        """On batches of inputs."""
        return {g: lambda x, g=g: (self.move(g, x, self.colours or None),) for g in self.grids}

    @cached_property
    def elements(self) -> list[tuple[int, ...]]:
        """As permutations of a small grid and the colours."""
        found = [tuple(range(len(next(iter(self._generators.values())))))]
        known = set(found)
        for element in found:  # grows while it is read
            for step in self._generators.values():
                product = _then(element, step)
                if product not in known:
                    known.add(product)
                    found.append(product)
        return found

    @cached_property
    def _generators(self) -> dict[str, tuple[int, ...]]:
        cells = torch.arange(3**self.dims).view((3,) * self.dims)
        size = cells.numel()
        return {
            g: (*self.grid(g, cells).flatten().tolist(), *(size + c for c in self.colours.get(g, ())))
            for g in self.grids
        }

    def representation(self, draw: random.Random, most: int = 24) -> Sources:
        """A random sum of permutation representations on cosets, of at most so many channels, in a random order."""
        chosen = [self.cosets(draw) for _ in range(draw.randint(1, 3))]
        while len(chosen) > 1 and sum(map(_size, chosen)) > most:
            chosen.pop()
        return shuffled(draw, summed(chosen))

    def cosets(self, draw: random.Random) -> Sources:
        """The action on the cosets Ke of a random subgroup K."""
        kernel = {self.elements[0]}
        for _ in range(draw.choice([0, 1, 1, 2])):
            kernel = self._closure(kernel | {draw.choice(self.elements)})
        index: dict[tuple[int, ...], int] = {}
        heads: list[tuple[int, ...]] = []
        for element in self.elements:
            if element not in index:
                for k in kernel:
                    index[_then(k, element)] = len(heads)
                heads.append(element)
        return {g: tuple(index[_then(head, step)] for head in heads) for g, step in self._generators.items()}

    def _closure(self, seeds: Iterable[tuple[int, ...]]) -> set[tuple[int, ...]]:
        found = list(seeds)
        known = set(found)
        for a in found:
            for b in list(found):
                for c in (_then(a, b), _then(b, a)):
                    if c not in known:
                        known.add(c)
                        found.append(c)
        return known


def _then(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(first[j] for j in second)


def _size(sources: Sources) -> int:
    return len(next(iter(sources.values())))


def trivial(group: Acting, channels: int) -> Sources:
    """Channels that stay where they are."""
    return dict.fromkeys(group.grids, tuple(range(channels)))


def summed(parts: list[Sources]) -> Sources:
    """Channels one behind the other."""
    found: dict[str, tuple[int, ...]] = dict.fromkeys(parts[0], ())
    for part in parts:
        found = {g: (*row, *(len(row) + s for s in part[g])) for g, row in found.items()}
    return found


def shuffled(draw: random.Random, sources: Sources) -> Sources:
    """The same representation with its channels in a random order."""
    order = list(range(_size(sources)))
    draw.shuffle(order)
    place = {c: i for i, c in enumerate(order)}
    return {g: tuple(place[row[c]] for c in order) for g, row in sources.items()}


def tied(values: Tensor, motions: Iterable[Callable[[Tensor], Tensor]]) -> Tensor:
    """Each entry replaced by the first one of its orbit."""
    index = torch.arange(values.numel()).view(values.shape)
    edges = [(index.flatten().numpy(), motion(index).flatten().numpy()) for motion in motions]
    if not edges:
        return values
    rows, columns = (np.concatenate(side) for side in zip(*edges, strict=True))
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(values.numel(),) * 2)
    _, labels = connected_components(graph, directed=False)
    _, first = np.unique(labels, return_index=True)
    return values.flatten()[torch.from_numpy(first[labels])].view(values.shape)


CUBE = Acting("cube", 3, {"turn": ((0, 2, 1), (1,)), "cycle": ((1, 2, 0), ()), "mirror": ((0, 1, 2), (0,))})

FINITE: dict[str, Acting] = {
    group.name: group
    for group in (
        Acting("p2", 2, {"half turn": ((0, 1), (0, 1))}),
        Acting("pm", 2, {"flip": ((0, 1), (0,))}),
        Acting("cm", 2, {"transposition": ((1, 0), ())}),
        Acting("p4", 2, {"quarter turn": ((1, 0), (0,))}),
        Acting("p4m", 2, {"quarter turn": ((1, 0), (0,)), "flip": ((0, 1), (0,))}),
        Acting("colours", 2, {"swap": ((0, 1), ()), "cycle": ((0, 1), ())}, {"swap": (1, 0, 2), "cycle": (1, 2, 0)}),
        CUBE,
    )
}
