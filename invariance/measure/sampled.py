"""Networks on pixels as networks on continuous images: sampled at the entrance, a spline at the exit."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError
from ..images import ContinuousImage, pixel_grid
from ..warps import Method, resample
from .error import Model

__all__ = ["SampledFeatures", "SampledNetwork"]


@dataclass(frozen=True, eq=False)
class SampledFeatures:
    """The spline through samples on the square $[-e, e]^2$; a `ContinuousImage`, constant across the border.

    Attributes:
        extent: e, in units of the domain.
    """

    values: Float[Tensor, "b c h w"]
    extent: float = 1.0
    method: Method = "quintic"

    @property
    def dtype(self) -> torch.dtype:
        return self.values.dtype

    @property
    def device(self) -> torch.device:
        return self.values.device

    def __len__(self) -> int:
        return len(self.values)

    def __call__(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b c *n"]:
        flat = points.flatten(1, -2).unsqueeze(1) / self.extent
        values = resample(self.values, flat, method=self.method, padding="border")
        return values.reshape(*values.shape[:2], *points.shape[1:-1])

    def jacobian(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b c 2 *n"]:
        """(∂x, ∂y) of the spline at `points`, per unit of the domain."""
        with torch.enable_grad():
            at = points.detach().expand(len(self), *points.shape[1:]).clone().requires_grad_()
            channels = self(at).unbind(1)
            slopes = [torch.autograd.grad(channel.sum(), at, retain_graph=True)[0] for channel in channels]
        return torch.stack(slopes, 1).movedim(-1, 2)


@dataclass(frozen=True, eq=False)
class SampledNetwork:
    """`model`, images "b c h w" to fields "b k h' w'" over the same square, between continuous images.

    Attributes:
        size: pixels along a side of the square.
        extent: half the side; above 1 it keeps the model's border away from what is measured in [−1, 1]².
    """

    model: Model
    size: int
    extent: float = 1.0
    method: Method = "quintic"

    def __post_init__(self) -> None:
        if not self.extent > 0:
            raise ArgumentError("extent", self.extent, "a positive half-width")

    @torch.no_grad()
    def __call__(self, image: ContinuousImage) -> SampledFeatures:
        grid = self.extent * pixel_grid(self.size, self.size, dtype=image.dtype, device=image.device)
        return SampledFeatures(self.model(image(grid[None])), self.extent, self.method)
