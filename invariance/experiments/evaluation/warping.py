"""A batch of images under a batch of warps, some of which fold: every pixel gets a finite value."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ...images import pixel_grid
from ...warps import Projective, resample
from .protocol import Protocol

__all__ = ["warped"]

_FAR = 1e4  # in half-widths of the image; points this far out are as good as at infinity


def warped(images: Float[Tensor, "b c h w"], warp: Projective, protocol: Protocol) -> Float[Tensor, "b c h w"]:
    r"""The samples of $I\circ\varphi$ by the protocol's interpolation and padding.

    With horizon "zeros" a pixel from behind the horizon is 0 under any padding, since it has no source.
    """
    grid = pixel_grid(*images.shape[2:], dtype=images.dtype, device=images.device)[None]
    warp = warp.to(images.device, images.dtype)
    points = warp(grid).nan_to_num(nan=_FAR).clamp(-_FAR, _FAR)
    result = resample(images, points, method=protocol.interpolation, padding=protocol.padding)
    if protocol.horizon == "divide":
        return result
    return torch.where(warp.in_front(grid).unsqueeze(1), result, 0)
