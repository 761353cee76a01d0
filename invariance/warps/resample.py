"""Resampling of sampled images: the one place where values between pixels are made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from ..errors import ArgumentError, ArgumentTypeError, one_of
from ..images import pixel_grid
from .base import Warp
from .splines import coefficients, mirrored, pair_weights

__all__ = ["Method", "Padding", "resample", "warp_images"]

Method = Literal["bilinear", "cubic", "quintic"]
Padding = Literal["zeros", "border", "mirror"]

_DEGREE = {"cubic": 3, "quintic": 5}

_BLOCK, _CHANNELS = 2**13, 32
"""Points that are looked up at once in so many channels: with all that is made of them they stay in a core's cache. Of
2¹¹ to 2¹⁵ no one is best for both degrees and precisions; with this one none takes a third more than with its own.
"""


def resample(
    images: Float[Tensor, "b c h w"],
    points: Float[Tensor, "#b H W 2"],
    *,
    method: Method = "bilinear",
    padding: Padding = "zeros",
) -> Float[Tensor, "b c H W"]:
    """The images at `points` (x, y) of the domain [−1, 1]², pixel centres as in `pixel_grid`; differentiable in both.

    Args:
        method: "bilinear", of second order in the pixel's size; "cubic" or "quintic", the B-spline that interpolates
            the image mirrored at the centres of its border pixels (`scipy.ndimage` with mode="mirror"), of order 4
            or 6.
        padding: the image outside the centres of its border pixels. "border" repeats the nearest value there; "zeros"
            is that value fading linearly to 0 at a distance of one pixel, which is `grid_sample`'s and what a bilinear
            image surrounded by zeros does; "mirror" goes on mirrored.

    Raises:
        ArgumentError: a wrong shape, an unknown method or padding.
        ArgumentTypeError: images that are neither float32 nor float64.
    """
    _require_images(images)
    if images.dtype not in (torch.float32, torch.float64):
        raise ArgumentTypeError("images.dtype", images.dtype, "float32 or float64")
    if points.ndim != 4 or points.shape[3] != 2 or points.shape[0] not in (1, len(images)):
        raise ArgumentError("points.shape", tuple(points.shape), f"(1 or {len(images)}, height, width, 2)")
    if method not in get_args(Method):
        raise ArgumentError("method", method, one_of(method, get_args(Method)))
    if padding not in get_args(Padding):
        raise ArgumentError("padding", padding, one_of(padding, get_args(Padding)))
    points = points.to(images.dtype)
    if len(points) == 1:  # where to look, and with which weights, is the same for all: as if they were one's channels
        return _resample(images.flatten(0, 1)[None], points, method, padding)[0].unflatten(0, images.shape[:2])
    return _resample(images, points, method, padding)


def _resample(images: Tensor, points: Tensor, method: Method, padding: Padding) -> Tensor:
    if method == "bilinear" and padding != "mirror":
        return F.grid_sample(images, points, padding_mode=padding, align_corners=False)
    table = images if method == "bilinear" else coefficients(images, _DEGREE[method])
    block = max(1, _BLOCK // -(-images.shape[1] // _CHANNELS)) if images.device.type == "cpu" else points.numel()
    count = max(1, points[0, ..., 0].numel())
    together, parts = max(1, block // count), -(-count // block)
    found = [
        torch.cat([_values(t, q, images.shape[:1:-1], method, padding) for q in p.chunk(parts, 2)], 2)
        for t, p in zip(table.split(together), points.flatten(1, 2).movedim(2, 0).split(together, 1), strict=True)
    ]
    return torch.cat(found).unflatten(2, points.shape[1:3])


def _values(table: Tensor, points: Tensor, sizes: Sequence[int], method: Method, padding: Padding) -> Tensor:
    """At points "2 b n" of images of (width, height), "b c n"."""
    size = points.new_tensor(sizes)[:, None, None]
    pixels = (points + 1) * (size / 2) - 0.5
    if padding == "mirror":
        at, fade = torch.stack([mirrored(p, n) for p, n in zip(pixels, sizes, strict=True)]), None
    else:
        at = pixels.clamp(torch.zeros_like(size), size - 1)
        fade = None if padding == "border" else (1 - (pixels - at).abs()).clamp(min=0)
    if method == "bilinear":  # whose other paddings are grid_sample's own
        return _bilinear(table, at[:, None])[:, :, 0]
    return _spline(table, at, _DEGREE[method], fade)


def _require_images(images: object) -> None:
    if not isinstance(images, Tensor):
        raise ArgumentTypeError("images", type(images).__name__, "a tensor, such as torch.from_numpy(images)")
    if images.ndim != 4 or not images.numel():
        raise ArgumentError("images.shape", tuple(images.shape), "(batch, channels, height, width), none of them 0")


def _bilinear(table: Tensor, at: Tensor) -> Tensor:
    """At positions "2 k b n" in pixels, 0 at the centre of the first, "b c k n"."""
    size = at.new_tensor(table.shape[:1:-1])[:, None, None, None]
    return _sampled(table, torch.addcmul(1 / size - 1, at, 2 / size))


def _sampled(table: Tensor, at: Tensor) -> Tensor:
    """At positions "2 k b n" in [−1, 1], "b c k n"."""
    return F.grid_sample(table, at.permute(2, 1, 3, 0), padding_mode="border", align_corners=False)


def _spline(table: Tensor, at: Tensor, degree: int, fade: Tensor | None) -> Tensor:
    """Two neighbouring taps are one sample between their coefficients (Sigg and Hadwiger, 2005): ((degree + 1)/2)²
    bilinear samples do for (degree + 1)² taps. `fade` "2 b n" multiplies the values.
    """
    cell = at.floor()
    weights, share = pair_weights(at - cell, degree)
    size = at.new_tensor(table.shape[:1:-1])[:, None, None]
    first = torch.arange(0, degree + 1, 2, dtype=at.dtype, device=at.device).view(-1, 1, 1, 1)
    x, y = torch.addcmul(1 / size - 1, cell + first + share, 2 / size).unbind(1)
    u, v = (weights if fade is None else weights * fade).unbind(1)
    grid = torch.stack(torch.broadcast_tensors(x, y[:, None])).flatten(1, 2)
    weight = (u * v[:, None]).flatten(0, 1).movedim(0, 1)[:, None]
    return (_sampled(table, grid) * weight).sum(2)


def warp_images(
    images: Float[Tensor, "b c h w"],
    warp: Warp,
    *,
    method: Method = "cubic",
    padding: Padding = "zeros",
    size: tuple[int, int] | None = None,
) -> Float[Tensor, "b c H W"]:
    r"""The samples of $I\circ\varphi$, resampled from those of I; each image has its own warp, or all have one.

    `size` is (height, width) of the result, that of the images where it is not given. See `resample` for the rest.

    Raises:
        ArgumentError: neither one warp nor one for each image.
    """
    _require_images(images)
    if len(warp) not in (1, len(images)):
        raise ArgumentError("len(warp)", len(warp), f"1 or {len(images)}, one for each image")
    height, width = size or images.shape[2:]
    grid = pixel_grid(height, width, dtype=images.dtype, device=images.device)
    return resample(images, warp(grid[None]), method=method, padding=padding)
