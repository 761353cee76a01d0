r"""Warp error: what a real warp does to a model, on images known exactly or on samples of them.

Two claims are kept apart. *Invariant*: $F(I \circ \varphi) = F(I)$ at the same pixel, what the paper says.
*Equivariant*: $F(I \circ \varphi) = F(I) \circ \varphi$, a scalar field that moves with the image, what can be true.
"""

from __future__ import annotations

from typing import get_args

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..errors import ArgumentError, ArgumentTypeError
from ..images import ContinuousImage, pixel_grid, sample
from ..verdicts import Claim
from ..warps import Method, Pullback, Warp, warp_images
from .error import ErrorReport, Model, equivariance_error

__all__ = ["Claim", "inside", "require_images", "require_manner", "sample_pair", "warp_error"]


def warp_error(
    model: Model,
    images: ContinuousImage | Tensor,
    warp: Warp,
    *,
    claim: Claim = "equivariant",
    size: int | None = None,
    margin: float = 0.1,
    method: Method = "cubic",
) -> ErrorReport:
    r"""Error of `model`, images "b c h w" to fields "b k h' w'" over the same domain, under a warp.

    Continuous images are sampled at `size`, before and after the warp, without any resampling; tensors are resampled by
    `method`, and so is $F(I)\circ\varphi$. Output pixels count where both $x$ and $\varphi(x)$ are inside the domain by
    `margin`. The grid of the output is taken to cover the domain: a model that trims its borders needs padding.

    Raises:
        ArgumentError: an unknown claim, a size that is missing or superfluous, a margin outside [0, 1); an image
            without a batch; the claim equivariant of an output without a plane.
    """
    require_manner(claim, margin)
    require_images(images)
    inputs, transformed = sample_pair(images, warp, size=size, method=method)

    def action(output: Tensor) -> Tensor:
        if claim == "equivariant" and output.ndim < 4:
            wanted = f"invariant: the output {tuple(output.shape[1:])} of an image has no plane that could move"
            raise ArgumentError("claim", claim, wanted)
        return warp_images(output, warp, method=method) if claim == "equivariant" else output

    def region(height: int, width: int) -> Bool[Tensor, "b 1 h w"]:
        return inside(warp, height, width, 1 - margin, inputs)

    return equivariance_error(model, inputs, transformed, output_action=action, region=region)


def require_manner(claim: Claim, margin: float) -> None:
    """Raises ArgumentError for an unknown claim and for a margin outside [0, 1)."""
    if claim not in get_args(Claim):
        raise ArgumentError("claim", claim, f"one of {', '.join(get_args(Claim))}")
    if not 0 <= margin < 1:
        raise ArgumentError("margin", margin, "a part of the half-width of the domain, in [0, 1)")


def require_images(images: object) -> None:
    """Raises ArgumentTypeError for arrays that are no tensors, ArgumentError for one image without a batch axis."""
    if not isinstance(images, Tensor | ContinuousImage):
        wanted = "a tensor of images, such as torch.from_numpy(images), or images known at every point"
        raise ArgumentTypeError("images", type(images).__name__, wanted)
    if isinstance(images, Tensor) and images.ndim < 4:
        wanted = "(batch, channels, height, width), two images or more: torch.stack((first, second))"
        raise ArgumentError("images.shape", tuple(images.shape), wanted)


def sample_pair(
    images: ContinuousImage | Float[Tensor, "b c h w"], warp: Warp, *, size: int | None, method: Method
) -> tuple[Float[Tensor, "b c h w"], Float[Tensor, "b c h w"]]:
    r"""Samples of $I$ and of $I\circ\varphi$: exact for continuous images, resampled by `method` for sampled ones.

    Raises:
        ArgumentError: a size that is missing for continuous images, or superfluous for sampled ones.
    """
    if isinstance(images, Tensor):
        if size is not None:
            raise ArgumentError("size", size, "None for sampled images, which have their size")
        return images, warp_images(images, warp, method=method)
    if size is None:
        raise ArgumentError("size", size, "the number of pixels to sample continuous images at")
    return sample(images, size), sample(Pullback(images, warp), size)


def inside(warp: Warp, height: int, width: int, reach: float, like: Tensor) -> Bool[Tensor, "b 1 h w"]:
    r"""Pixels x of the grid with x and $\varphi(x)$ in $[-r, r]^2$, r = `reach`."""
    points = pixel_grid(height, width, dtype=like.dtype, device=like.device)[None]
    return torch.maximum(points.abs(), warp(points).abs()).amax(-1).le(reach).unsqueeze(1)
