r"""The Jacobian field $dI$ of a sampled colour image, by finite differences or by the Fourier transform.

Every 3×3 stencil is a central difference along one axis and an average $(\beta, 1-2\beta, \beta)$ along the other,
so for $\partial_x$ the error is $h^2 (I_{xxx}/6 + \beta I_{xyy}) + O(h^4)$: order 2 for all three, with different
constants (central β = 0, Sobel β = 1/4, 3×3 least squares β = 1/3).
The spectral derivative is exact for band-limited images that are periodic on $[-1,1]^2$: no order limits it.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from .errors import ArgumentError, ArgumentTypeError, one_of
from .images import ContinuousImage, pixel_grid

__all__ = ["ORDERS", "PaddingMode", "Scheme", "exact_jacobian", "gradient", "jacobian", "spectral_gradient"]

Scheme = Literal["central", "sobel", "least_squares", "spectral"]
PaddingMode = Literal["replicate", "reflect", "circular", "zeros"]

ORDERS: dict[Scheme, float] = {"central": 2, "sobel": 2, "least_squares": 2, "spectral": math.inf}
"""Order of accuracy in the grid step of each scheme on a smooth image."""

_SMOOTHING = {"central": 0.0, "sobel": 1 / 4, "least_squares": 1 / 3}


def exact_jacobian(image: ContinuousImage, height: int, width: int | None = None) -> Float[Tensor, "b 1 c 2 h w"]:
    """The exact Jacobian field of a continuous image at the pixel centres."""
    grid = pixel_grid(height, width or height, dtype=image.dtype, device=image.device)
    return image.jacobian(grid[None]).unsqueeze(1)


def jacobian(
    images: Float[Tensor, "b 3 h w"], scheme: Scheme = "central", *, padding_mode: PaddingMode = "replicate"
) -> Float[Tensor, "b 1 3 2 h w"]:
    """$dI$ per unit of the domain [−1, 1]², of the images' size; `padding_mode` continues them by one pixel.

    The spectral scheme takes the image as periodic and ignores `padding_mode`.

    Raises:
        ArgumentError: not a batch of three-channel images of at least 2×2 pixels, or an unknown scheme.
        ArgumentTypeError: the images are not floating point.
    """
    if images.ndim != 4 or images.shape[1] != 3 or min(images.shape[-2:]) < 2:
        raise ArgumentError(
            "images.shape",
            tuple(images.shape),
            "(batch, 3, height, width) of at least 2×2 pixels: the Jacobian field needs three colours",
        )
    if not images.is_floating_point():
        raise ArgumentTypeError("images.dtype", images.dtype, "a floating-point dtype")
    if scheme not in ORDERS:
        raise ArgumentError("scheme", scheme, one_of(scheme, ORDERS))
    if padding_mode not in get_args(PaddingMode):
        raise ArgumentError("padding_mode", padding_mode, one_of(padding_mode, get_args(PaddingMode)))
    if scheme == "spectral":
        return spectral_gradient(images).unsqueeze(1)
    return _stencil(images, _SMOOTHING[scheme], "constant" if padding_mode == "zeros" else padding_mode).unsqueeze(1)


def gradient(fields: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c 2 h w"]:
    """(∂x, ∂y) per unit of the domain [−1, 1]² by central differences, one-sided at half weight on the border."""
    return _stencil(fields, 0.0, "replicate")


def _stencil(images: Tensor, beta: float, mode: str) -> Tensor:
    """Differences first: equal pixels give exactly 0, which a convolution with fused multiply-adds does not."""
    # A field with its components innermost would be copied by the convolution and walked in strides by all after it.
    padded = F.pad(images.contiguous(), (1, 1, 1, 1), mode=mode)
    return torch.stack([_along(padded, dim, beta) for dim in (-1, -2)], 2)


def _along(padded: Tensor, dim: int, beta: float) -> Tensor:
    size, across = padded.shape[dim] - 2, -3 - dim
    difference = (padded.narrow(dim, 2, size) - padded.narrow(dim, 0, size)) * (size / 4)
    before, middle, after = (difference.narrow(across, start, padded.shape[across] - 2) for start in range(3))
    return beta * (before + after) + (1 - 2 * beta) * middle if beta else middle


def spectral_gradient(fields: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c 2 h w"]:
    """(∂x, ∂y) per unit of the domain [−1, 1]², exact for band-limited fields that are periodic on it."""

    def along(dim: int) -> Tensor:
        size = fields.shape[dim]
        wave = torch.fft.fftfreq(size, 2 / size, dtype=fields.dtype, device=fields.device)
        if size % 2 == 0:
            wave[size // 2] = 0  # the Nyquist wave has no sign, hence no derivative
        factor = (2j * math.pi * wave).reshape(-1, *[1] * (-1 - dim))
        return torch.fft.ifft(factor * torch.fft.fft(fields, dim=dim), dim=dim).real

    return torch.stack((along(-1), along(-2)), dim=2)
