r"""What a warp is: a map $\varphi$ of the plane with its derivative and a proof that it is invertible.

A warp maps output to input coordinates, $(I\circ\varphi)(x) = I(\varphi(x))$, in the domain $[-1,1]^2$ of
`invariance.images`. A warp object is a batch of them, one for each image; a batch of one serves all.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..errors import ArgumentError
from ..images import pixel_grid
from .certificate import Certificate

__all__ = ["Composition", "Identity", "Warp", "identity_matrix", "operator_norm"]

W = TypeVar("W", bound="Warp")


@dataclass(frozen=True, eq=False)
class Warp(ABC):
    """A batch of maps of the plane; subclasses are frozen dataclasses of tensors whose first axis is the batch.

    Values have the dtype and device of the points; arithmetic is in the wider dtype of points and parameters.

    Attributes:
        redraws: how many folding draws each warp replaces; None where it was not drawn at random.
    """

    redraws: Int[Tensor, "b"] | None = field(default=None, kw_only=True)

    # Coordinates come before points here, which makes the arithmetic several times faster.
    @abstractmethod
    def _value(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 n"]: ...

    @abstractmethod
    def _derivative(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 2 n"]: ...

    @abstractmethod
    def certificate(self) -> Certificate:
        """What is proved about invertibility, in float64 for the parameters as they are."""

    def __call__(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b *n 2"]:
        r"""$\varphi(x)$; the last axis is (x, y), and a batch of one set of points serves every warp."""
        return self._evaluate(type(self)._value, points)

    def jacobian(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b *n 2 2"]:
        r"""$d\varphi(x)_{ij} = \partial_j \varphi_i(x)$, exact."""
        return self._evaluate(type(self)._derivative, points)

    def displacement(self, height: int, width: int) -> Float[Tensor, "b h w 2"]:
        r"""$\varphi(x) - x$ at the pixel centres, in pixels."""
        grid = pixel_grid(height, width, dtype=self.dtype, device=self.device)[None]
        return (self(grid) - grid) * grid.new_tensor((width / 2, height / 2))

    def __len__(self) -> int:
        return max((len(tensor) for tensor in self._tensors()), default=1)

    def __getitem__(self: W, index: int | slice | Tensor) -> W:
        """Some of the warps, as a batch."""
        size = len(self)
        if isinstance(index, int):
            row = range(size)[index]
            index = slice(row, row + 1)
        return self._map(lambda tensor: tensor[index] if len(tensor) == size else tensor)

    def __matmul__(self, inner: Warp) -> Composition:
        """`(self @ inner)(x) = self(inner(x))`."""
        return Composition(self, inner)

    @property
    def dtype(self) -> torch.dtype:
        """The widest one of the parameters."""
        dtypes = (tensor.dtype for tensor in self._tensors() if tensor.is_floating_point())
        return reduce(torch.promote_types, dtypes, torch.float32)

    @property
    def device(self) -> torch.device:
        """Where its parameters are."""
        return next((tensor.device for tensor in self._tensors()), torch.device("cpu"))

    def to(self: W, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> W:
        """The same map on another device or in another dtype."""
        return self._map(lambda tensor: tensor.to(device, dtype if tensor.is_floating_point() else None))

    def _map(self: W, change: Callable[[Tensor], Tensor]) -> W:
        changed = {n: v._map(change) if isinstance(v, Warp) else change(v) for n, v in self._parts()}
        return dataclasses.replace(self, **changed)

    def _tensors(self) -> Iterator[Tensor]:
        for _, part in self._parts():
            if isinstance(part, Warp):
                yield from part._tensors()
            else:
                yield part

    def _parts(self) -> Iterator[tuple[str, Tensor | Warp]]:
        for item in dataclasses.fields(self):
            part = getattr(self, item.name)
            if isinstance(part, Tensor | Warp):
                yield item.name, part

    def _evaluate(self: W, function: Callable[[W, Tensor], Tensor], points: Tensor) -> Tensor:
        batch = len(self)
        if points.ndim < 2 or points.shape[-1] != 2 or (batch > 1 and points.shape[0] not in (1, batch)):
            raise ArgumentError(
                "points.shape", tuple(points.shape), f"({'any' if batch == 1 else f'1 or {batch}'}, …, 2)"
            )
        dtype = torch.promote_types(self.dtype, points.dtype)
        planes = points.to(dtype).reshape(points.shape[0], -1, 2).mT
        values = function(self.to(points.device, dtype), planes).movedim(-1, 1).to(points.dtype)
        return values.reshape(values.shape[0], *points.shape[1:-1], *values.shape[2:])


@dataclass(frozen=True, eq=False)
class Identity(Warp):
    r"""$\varphi(x) = x$, exactly."""

    def _value(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "p 2 n"]:
        return points

    def _derivative(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "p 2 2 n"]:
        return identity_matrix(points).expand(points.shape[0], 2, 2, points.shape[2])

    def certificate(self) -> Certificate:
        eye = torch.eye(2, dtype=torch.float64).expand(1, 1, 2, 2)
        return Certificate.from_pieces(eye, "the identity", keeps_square=True)


@dataclass(frozen=True, eq=False)
class Composition(Warp):
    r"""$\varphi\circ\psi$ with $d(\varphi\circ\psi) = d\varphi(\psi)\,d\psi$; $\varphi$ is `outer`, $\psi$ is `inner`.

    Raises:
        ArgumentError: batches of different size, neither of them one.
    """

    outer: Warp
    inner: Warp

    def __post_init__(self) -> None:
        if len(self.outer) != len(self.inner) and 1 not in (len(self.outer), len(self.inner)):
            raise ArgumentError("len(inner)", len(self.inner), f"1 or {len(self.outer)}, as many as outer warps")

    def _value(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 n"]:
        return self.outer._value(self.inner._value(points))

    def _derivative(self, points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "b 2 2 n"]:
        outer, inner = self.outer._derivative(self.inner._value(points)), self.inner._derivative(points)
        return (outer.unsqueeze(3) * inner.unsqueeze(1)).sum(2)

    def certificate(self) -> Certificate:
        return self.outer.certificate() @ self.inner.certificate()


def identity_matrix(points: Float[Tensor, "p 2 n"]) -> Float[Tensor, "2 2 1"]:
    return torch.eye(2, dtype=points.dtype, device=points.device).unsqueeze(-1)


def operator_norm(matrix: Float[Tensor, "b 2 2 *n"]) -> Float[Tensor, "b *n"]:
    r"""$\|A\|$, the larger singular value, from the conformal and the anticonformal part of A."""
    (a, b), (c, d) = (row.unbind(1) for row in matrix.unbind(1))
    return (torch.hypot(a + d, c - b) + torch.hypot(a - d, b + c)) / 2
