r"""Grey images: what of the promise rotations leave. A field that a filter makes moves with rotations alone."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import ArgumentError
from ..images import pixel_grid
from ..jacobians import gradient
from ..layers import SurfacePool2d
from .checks import check_dropout, check_whole
from .seeding import initialised_by
from .surface import FreeHead, Pointwise, log_area

__all__ = ["RotationSurface", "rotation_scalars"]

SCALARS = 4


def rotation_scalars(images: Float[Tensor, "b 1 h w"], sigma: float = 1.0) -> Float[Tensor, "b 4 h w"]:
    r"""$J[I] = (I_\sigma, \log(1 + |\nabla I_\sigma|^2), \Delta I_\sigma, |x|^2)$: $J[I\circ R] = J[I]\circ R$ for
    rotations and reflections R about the centre, in the continuum, and for no other diffeomorphism.

    A grey image has rank one and no normal; the four together span a surface in R⁴ that has a bivector. $I_\sigma$ is
    smoothed by a Gaussian of σ pixels, 0 from outside, and derivatives are central differences per pixel.

    Raises:
        ArgumentError: other than one channel.
    """
    if images.ndim != 4 or images.shape[1] != 1:
        raise ArgumentError("images.shape", tuple(images.shape), "(batch, 1, height, width): grey images")
    height, width = images.shape[-2:]
    reach = int(4 * sigma + 0.5)
    kernel = torch.arange(-reach, reach + 1, dtype=images.dtype, device=images.device).div(sigma).square().div(-2).exp()
    kernel = kernel / kernel.sum()
    smooth = F.conv2d(images, kernel.view(1, 1, -1, 1), padding=(reach, 0))
    smooth = F.conv2d(smooth, kernel.view(1, 1, 1, -1), padding=(0, reach))
    pixel = images.new_tensor((2 / width, 2 / height)).view(2, 1, 1)
    slope = gradient(smooth)[:, 0] * pixel
    curvature = (gradient(slope) * pixel)[:, (0, 1), (0, 1)].sum(1, keepdim=True)
    radius = pixel_grid(height, width, dtype=images.dtype, device=images.device).square().sum(-1)
    steepness = slope.square().sum(1, keepdim=True).log1p()
    return torch.cat((smooth, steepness, curvature, radius.expand_as(smooth)), 1)


class RotationSurface(nn.Module):
    """Means over the surface of `rotation_scalars` of learnt functions; a perceptron on them: invariant to rotations
    about the centre, in the continuum. "b 1 h w" to "b classes".

    Rotations keep areas, so that for them alone a mean over pixels would do as well; `certify` has nothing to say, as a
    filter's output is not carried along by a mesh that is moved.

    >>> sum(p.numel() for p in RotationSurface().parameters())
    101354

    Args:
        width, hidden, dropout: as in `SurfaceClassifier`.
        sigma: of `rotation_scalars`, in pixels.
        generator: source of all initial parameters.

    Raises:
        ArgumentError: an option out of range, images that are not grey.
    """

    def __init__(
        self,
        *,
        width: int = 32,
        hidden: int = 256,
        in_channels: int = 1,
        classes: int = 10,
        sigma: float = 1.0,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if in_channels != 1:
            wanted = "1: grey images; three colours span a surface by themselves, see `surface`"
            raise ArgumentError("in_channels", in_channels, wanted)
        check_whole(width=width, hidden=hidden, classes=classes)
        check_dropout(dropout)
        if not 0 < sigma < math.inf:
            raise ArgumentError("sigma", sigma, "a finite number of pixels > 0")
        self.sigma, functions = sigma, 3 * width
        pairs = math.comb(SCALARS, 2)
        with initialised_by(generator):
            integrand = Pointwise(SCALARS + pairs * (pairs + 1) // 2, 2 * width, functions)
            self.pool = SurfacePool2d(integrand, discretisation="quads")
            self.head = FreeHead(functions + 1, hidden, classes, dropout)

    def forward(self, images: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b classes"]:
        surface = self.pool.surface(rotation_scalars(images, self.sigma))
        return self.head(self.pool.pool(surface), log_area(surface))
