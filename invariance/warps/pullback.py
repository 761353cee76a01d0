r"""$I\circ\varphi$ for images known at every point: evaluated, never resampled."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import ArgumentError
from ..images import ContinuousImage
from .base import Warp

__all__ = ["Pullback"]


@dataclass(frozen=True, eq=False)
class Pullback:
    r"""The image $I\circ\varphi$, with $d(I\circ\varphi)(x) = dI(\varphi(x))\,d\varphi(x)$; again a `ContinuousImage`.

    Raises:
        ArgumentError: neither one warp nor one for each image.
    """

    image: ContinuousImage
    warp: Warp

    def __post_init__(self) -> None:
        if len(self.warp) not in (1, len(self.image)):
            raise ArgumentError("len(warp)", len(self.warp), f"1 or {len(self.image)}, one for each image")

    @property
    def dtype(self) -> torch.dtype:
        """Of the image."""
        return self.image.dtype

    @property
    def device(self) -> torch.device:
        """Of the image."""
        return self.image.device

    def __len__(self) -> int:
        return len(self.image)

    def __call__(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b c *n"]:
        return self.image(self.warp(points))

    def jacobian(self, points: Float[Tensor, "#b *n 2"]) -> Float[Tensor, "b c 2 *n"]:
        """Exact (∂x, ∂y) at `points`, per unit of the domain."""
        outer = self.image.jacobian(self.warp(points))
        inner = self.warp.jacobian(points).movedim((-2, -1), (1, 2))
        return (outer.unsqueeze(3) * inner.unsqueeze(1)).sum(2)
