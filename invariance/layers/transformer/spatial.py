"""Spatial transformers: an image is warped as a localisation network says, and gradients reach that network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import ArgumentError, one_of
from ...warps import CPAB, Padding, Projective, Tessellation, Warp, warp_images
from .localisation import Localisation

__all__ = ["AffineTransformer", "CPABTransformer", "SpatialTransformer"]

_CELLS = Tessellation(2, 2)


class SpatialTransformer(nn.Module, ABC):
    r"""$I \mapsto I \circ \varphi_{\theta(I)}$ by bilinear interpolation (Jaderberg et al. 2015).

    The localisation network starts at θ = 0, so a new transformer changes nothing. Under autocast only its convolutions
    run in half precision: a grid computed in bfloat16 is off by up to 1/8 pixel at 32×32.

    Args:
        parameters: the number of entries of θ.
        size: (height, width) of the images.
        padding: the image beyond its border pixels, as in `resample`.
        generator: source of the initial parameters.

    Raises:
        ArgumentError: an unknown padding; a size or, on a call, a shape that `Localisation` refuses.
    """

    def __init__(
        self,
        in_channels: int,
        parameters: int,
        *,
        size: tuple[int, int] = (32, 32),
        padding: Padding = "zeros",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if padding not in get_args(Padding):
            raise ArgumentError("padding", padding, one_of(padding, get_args(Padding)))
        self.padding: Padding = padding
        self.localisation = Localisation(in_channels, parameters, size=size, generator=generator)

    @abstractmethod
    def warp(self, theta: Float[Tensor, "b d"]) -> Warp:
        r"""$\varphi_\theta$, the identity for θ = 0."""

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        theta = self.localisation(images)
        with torch.autocast(images.device.type, enabled=False):
            wide = torch.promote_types(theta.dtype, torch.float32)
            warp = self.warp(theta.to(wide))
            return warp_images(images.to(wide), warp, method="bilinear", padding=self.padding).to(images.dtype)

    def extra_repr(self) -> str:
        return f"padding={self.padding}"


class AffineTransformer(SpatialTransformer):
    r"""$\varphi(x) = A x + t$ with $(A \mid t) = (1 \mid 0) + \theta$ (Jaderberg et al. 2015, eq. 1)."""

    def __init__(
        self,
        in_channels: int,
        *,
        size: tuple[int, int] = (32, 32),
        padding: Padding = "zeros",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(in_channels, 6, size=size, padding=padding, generator=generator)

    def warp(self, theta: Float[Tensor, "b 6"]) -> Projective:
        identity = torch.eye(3, dtype=theta.dtype, device=theta.device)
        return Projective(identity + F.pad(theta, (0, 3)).unflatten(1, (3, 3)))


class CPABTransformer(SpatialTransformer):
    r"""$\varphi_\theta = \exp(v_\theta)$, the flow of a continuous piecewise affine velocity (Detlefsen et al. 2018).

    Args:
        tessellation: where the velocity is affine; 2×2 rectangles of four triangles by default.
        steps: as in `CPAB`.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        tessellation: Tessellation = _CELLS,
        steps: int = 2,
        size: tuple[int, int] = (32, 32),
        padding: Padding = "zeros",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(in_channels, tessellation.dimension, size=size, padding=padding, generator=generator)
        if steps < 1:
            raise ArgumentError("steps", steps, "1 or more")
        self.tessellation, self.steps = tessellation, steps

    def warp(self, theta: Float[Tensor, "b d"]) -> CPAB:
        return CPAB(theta, self.tessellation, self.steps)

    def extra_repr(self) -> str:
        return f"{self.tessellation}, steps={self.steps}, {super().extra_repr()}"
