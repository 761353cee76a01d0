"""Resampling of sampled images: the one place where values between pixels are made up."""

from __future__ import annotations

from itertools import product
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from ..errors import ArgumentError, ArgumentTypeError, one_of
from ..images import pixel_grid
from .base import Warp
from .splines import mirrored, prefilter, tap_weights

__all__ = ["Method", "Padding", "resample", "warp_images"]

Method = Literal["bilinear", "cubic", "quintic"]
Padding = Literal["zeros", "border", "mirror"]

_DEGREE = {"cubic": 3, "quintic": 5}


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
    points = points.to(images.dtype).expand(len(images), *points.shape[1:])
    if method == "bilinear" and padding != "mirror":
        return F.grid_sample(images, points, padding_mode=padding, align_corners=False)
    height, width = images.shape[2:]
    x, y = (((p + 1) * n - 1) / 2 for p, n in zip(points.unbind(-1), (width, height), strict=True))
    u, v = (mirrored(p, n) if padding == "mirror" else p.clamp(0, n - 1) for p, n in ((x, width), (y, height)))
    values = _bilinear(images, u, v) if method == "bilinear" else _spline(images, u, v, _DEGREE[method])
    if padding == "zeros":
        fade = [(1 - (p - q).abs()).clamp(min=0) for p, q in ((x, u), (y, v))]
        return values * (fade[0] * fade[1]).unsqueeze(1)
    return values


def _require_images(images: object) -> None:
    if not isinstance(images, Tensor):
        raise ArgumentTypeError("images", type(images).__name__, "a tensor, such as torch.from_numpy(images)")
    if images.ndim != 4 or not images.numel():
        raise ArgumentError("images.shape", tuple(images.shape), "(batch, channels, height, width), none of them 0")


def _bilinear(images: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Values at positions (x, y) in pixels, 0 at the centre of the first."""
    height, width = images.shape[2:]
    grid = torch.stack(((2 * x + 1) / width - 1, (2 * y + 1) / height - 1), -1)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _spline(images: Tensor, x: Tensor, y: Tensor, degree: int) -> Tensor:
    """Two neighbouring taps are one sample between their coefficients (Sigg and Hadwiger, 2005): ((degree + 1)/2)²
    bilinear samples do for (degree + 1)² taps.
    """
    rows, columns = (prefilter(n, degree, images.dtype, images.device) for n in images.shape[2:])
    coefficients = rows @ images @ columns.mT
    values = images.new_zeros(())
    for (i, v), (j, u) in product(_paired_taps(y, degree), _paired_taps(x, degree)):
        values = values + (u * v).unsqueeze(1) * _bilinear(coefficients, j, i)
    return values


def _paired_taps(p: Tensor, degree: int) -> list[tuple[Tensor, Tensor]]:
    """Positions among the padded coefficients, and weights."""
    cell = p.floor()
    left, right = tap_weights(p - cell, degree).unflatten(0, (-1, 2)).unbind(1)
    weights = left + right
    return [(cell + 2 * k + r / w, w) for k, (r, w) in enumerate(zip(right, weights, strict=True))]


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
