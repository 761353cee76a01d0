"""Where a field lives: a grid of pixels, a set of items, pairs of items; and how a group element moves the places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Shaped
from torch import Tensor
from torch.nn import functional as F

from ..errors import ArgumentError
from ..groups import Affine, Element
from ..warps.resample import resample

__all__ = ["Domain", "Grid", "Items", "Pairs"]

_MARGIN = 1.5  # pixels at the rim of what is resampled that are left out of comparisons: the nearest taps of a spline


@dataclass(frozen=True)
class Domain:
    """A single place, and what the others override; places are the last axes of a tensor."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes over which the values lie, without the batch; () for one value."""
        return ()

    def act(self, g: Element, values: Shaped[Tensor, "..."]) -> Shaped[Tensor, "..."]:
        """Every place moved."""
        return values

    def moves_only(self, g: Element) -> bool:
        """Whether places go to places, so that nothing is resampled."""
        return True

    def region(self, g: Element) -> Bool[Tensor, "..."] | None:
        """The places whose values come from inside; None for all."""
        return None


@dataclass(frozen=True)
class Grid(Domain):
    """Pixels, voxels or samples in time; coordinates (x, y, z) lie along the last, second last, third last axis.

    Maps of n-dimensional space act about the centre on the last n axes, in units of pixels; where they do not permute
    the axes up to signs, values in between are a quintic spline's in the plane, and linear in time and in volumes.

    Attributes:
        sizes: lengths of the axes.
        timed: whether the first axis is time, which the part *time* of an element acts on.
    """

    sizes: tuple[int, ...] = ()
    timed: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths along the axes of the grid, such as (height, width)."""
        return self.sizes

    def act(self, g: Element, values: Shaped[Tensor, "..."]) -> Shaped[Tensor, "..."]:
        if (shift := g.shift()) is not None:
            if len(shift.steps) > len(self.sizes):
                raise ArgumentError("tensor.shape", self.sizes, f"a grid of {len(shift.steps)} axes")
            values = shift.on_grid(values)
        for part, first, last in self._maps(g):
            values = _moved(part, values, first, last)
        return values

    def moves_only(self, g: Element) -> bool:
        return all(part.moves_only for part, _, _ in self._maps(g))

    def region(self, g: Element) -> Bool[Tensor, "..."] | None:
        inside = None
        for part, first, last in self._maps(g):
            if part.moves_only:
                continue
            sizes = self.sizes[len(self.sizes) + first : len(self.sizes) + last]
            points = _sources(part, sizes)
            half = torch.tensor([n / 2 - _MARGIN for n in reversed(sizes)], dtype=torch.float64)
            kept = (points.abs() <= half).all(-1)
            kept = kept.view(*kept.shape, *[1] * -last)
            inside = kept if inside is None else inside & kept
        return None if inside is None else inside.expand(self.sizes)

    def _maps(self, g: Element) -> Iterable[tuple[Affine, int, int]]:
        """The maps that act, with the axes that they act on, counted from the end."""
        count = len(self.sizes)
        space = count - self.timed
        if (part := g.affine()) is not None and space:
            if part.dimension > space:
                raise ArgumentError(
                    "tensor.shape", self.sizes, f"a grid of {part.dimension} axes in space, not {space}"
                )
            yield part, -part.dimension, 0
        if (part := g.affine("time")) is not None:
            if not self.timed:
                raise ArgumentError("tensor.shape", self.sizes, "an axis of time, as a sequence or a video has")
            yield part, -count, 1 - count


@dataclass(frozen=True)
class Items(Domain):
    """A set of n items of the kind that the part `slot` of an element permutes."""

    count: int = 1
    slot: str = "items"

    @property
    def shape(self) -> tuple[int, ...]:
        """(n,) for n items."""
        return (self.count,)

    def act(self, g: Element, values: Shaped[Tensor, "..."]) -> Shaped[Tensor, "..."]:
        part = g.permutation(self.slot)
        return values if part is None else part.on_axis(values, -1)


@dataclass(frozen=True)
class Pairs(Items):
    """All ordered pairs of items: adjacency matrices, edge features, attention."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, n) for the pairs of n items."""
        return (self.count, self.count)

    def act(self, g: Element, values: Shaped[Tensor, "..."]) -> Shaped[Tensor, "..."]:
        part = g.permutation(self.slot)
        return values if part is None else part.on_axis(part.on_axis(values, -1), -2)


def _moved(part: Affine, values: Tensor, first: int, last: int) -> Tensor:
    """(L_g f)(x) = f(A⁻¹(x − t)) on the axes from `first` to `last`, both counted from the end."""
    count = values.ndim
    axes = list(range(count + first, count + last))
    coordinates = axes[::-1]
    if part.moves_only and part.signed is not None:
        order = list(range(count))
        for i, (j, _) in enumerate(part.signed):
            order[coordinates[i]] = coordinates[j]
        return values.permute(order).flip([coordinates[i] for i, (_, sign) in enumerate(part.signed) if sign < 0])
    if not values.is_floating_point():
        raise ArgumentError("tensor.dtype", values.dtype, "floating-point numbers, where values are resampled")
    sizes = [values.shape[axis] for axis in axes]
    points = _sources(part, sizes).to(values.device, values.dtype)
    lengths = torch.tensor(sizes[::-1], dtype=values.dtype, device=values.device)
    at = 2 * points / lengths
    lead = values.movedim(axes, list(range(count - len(axes), count)))
    flat = lead.reshape(1, -1, *sizes)
    match len(axes):
        case 1:
            plane = F.pad(at[None, None], (0, 1))
            moved = F.grid_sample(flat.unsqueeze(2), plane, align_corners=False).squeeze(2)
        case 2:
            moved = resample(flat, at[None], method="quintic")
        case 3:
            moved = F.grid_sample(flat, at[None], align_corners=False)
        case n:
            raise ArgumentError("tensor.shape", tuple(values.shape), f"a grid of at most 3 axes to resample, not {n}")
    return moved.reshape(lead.shape).movedim(list(range(count - len(axes), count)), axes)


def _sources(part: Affine, sizes: Any) -> Tensor:
    """For each place its point before the map, in pixels about the centre; coordinates in the order (x, y, z)."""
    lines = [torch.arange(n, dtype=torch.float64) - (n - 1) / 2 for n in sizes]
    points = torch.stack(torch.meshgrid(*lines, indexing="ij")[::-1], -1)
    back = part.inverse()
    return back.on_axis(points, points.ndim - 1, linear=False)
