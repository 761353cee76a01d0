r"""Continuous CNNs: $(\Lambda^{(k)} f)_c = \sigma\big(\sum_m (\Lambda^{(k-1)} f)_m * \lambda_{mc} + b_c\big)$.

Jansson, Maydanskiy, Finnveden, Lindeberg (2020), section II. Layers take a `ContinuousImage` and return one.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...errors import ArgumentError, UndefinedError
from ...images import ContinuousImage
from .mixture import GaussianMixture
from .products import convolve, merged, square
from .quadrature import Applied, Convolved

__all__ = ["GaussianConv2d", "Pointwise", "Square", "gaussian_network", "quadrature_error"]


class GaussianConv2d(nn.Module):
    r"""$f \mapsto f * \lambda + b$: in closed form on a `GaussianMixture`, by quadrature on any other image.

    Args:
        filters: `filters[o]` is the filter of output channel o, with a channel for each input channel.
        bias: for each output channel, none by default.
        nodes: along each axis, for the quadrature; each layer that needs it costs nodes² evaluations of the one below.

    Raises:
        ArgumentError: filters with a constant, a bias of the wrong shape, nodes below 1; see `convolve` for the rest.
    """

    def __init__(self, filters: GaussianMixture, bias: Float[Tensor, "o"] | None = None, *, nodes: int = 16) -> None:
        super().__init__()
        outputs = len(filters)
        if filters.constant.any():
            raise ArgumentError("filters.constant", filters.constant.tolist(), "0: a constant is not integrable")
        if bias is not None and bias.shape != (outputs,):
            raise ArgumentError("bias.shape", tuple(bias.shape), f"({outputs},), one for each filter")
        if nodes < 1:
            raise ArgumentError("nodes", nodes, "1 or more")
        self.nodes = nodes
        for name in ("mean", "covariance", "polynomial", "constant"):
            self.register_buffer(name, getattr(filters, name))
        self.register_buffer("bias", filters.mean.new_zeros(outputs) if bias is None else bias)

    @property
    def filters(self) -> GaussianMixture:
        """The filters as images, one for each output channel."""
        return GaussianMixture(*(self.get_buffer(n) for n in ("mean", "covariance", "polynomial", "constant")))

    def forward(self, image: ContinuousImage) -> ContinuousImage:
        bias = self.get_buffer("bias")
        if isinstance(image, GaussianMixture):
            result = convolve(image, self.filters)
            return replace(result, constant=result.constant + bias)
        return Convolved(image, self.filters, bias, self.nodes)


class Pointwise(nn.Module):
    r"""$f \mapsto \sigma \circ f$ for any σ that torch can differentiate; exact at every point."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, image: ContinuousImage) -> ContinuousImage:
        return Applied(image, self.function)


class Square(nn.Module):
    r"""$f \mapsto f^2$: a mixture stays a mixture, with equal terms merged.

    Terms grow from T to at most T (T + 1) / 2, and T more where there is a bias: three terms and no bias are 6, 21,
    231, 26796 after four layers. Merging leaves 6, 15, 45, 153 of them if the terms had one covariance and every filter
    is one Gaussian. `MAX_COEFFICIENTS` is where it is refused.
    """

    def forward(self, image: ContinuousImage) -> ContinuousImage:
        if isinstance(image, GaussianMixture):
            return merged(square(image))
        return Applied(image, torch.square)


def gaussian_network(
    biases: Sequence[float], *, width: float = 0.12, elongation: float = 1.0, angle: float = 0.0, gain: float = 2.0
) -> nn.Sequential:
    r"""`GaussianConv2d` and `Square` for each of the `biases`, one channel, every filter one Gaussian.

    Its axes have the deviations width·√elongation, at `angle` to the x-axis, and width/√elongation: isotropic at
    elongation 1, oriented otherwise; its integral is `gain`, against the fading that blurring and squaring bring.
    """
    if not biases or not width > 0 or not elongation > 0:
        raise ArgumentError("biases, width, elongation", (biases, width, elongation), "at least one layer; positive")
    along = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
    across = torch.tensor([-math.sin(angle), math.cos(angle)], dtype=torch.float64)
    covariance = width**2 * (elongation * torch.outer(along, along) + torch.outer(across, across) / elongation)
    peak = torch.full((1, 1, 1, 1, 1), gain / (2 * math.pi * width**2), dtype=torch.float64)
    filters = GaussianMixture(along.new_zeros(1, 1, 2), covariance[None, None], peak, along.new_zeros(1, 1))
    return nn.Sequential(
        *(layer for bias in biases for layer in (GaussianConv2d(filters, along.new_tensor([bias])), Square()))
    )


def quadrature_error(network: nn.Module, image: ContinuousImage, points: Float[Tensor, "#b *n 2"]) -> float:
    """The largest change of the network's output at `points` when all its sums have twice the nodes, relative to the
    output's root mean square: an estimate of the quadrature's error, 0 where all is in closed form.

    Raises:
        UndefinedError: the output vanishes.
    """
    finer = copy.deepcopy(network)
    for module in finer.modules():
        if isinstance(module, GaussianConv2d):
            module.nodes *= 2
    coarse, fine = network(image)(points), finer(image)(points)
    if not (size := float(fine.square().mean().sqrt())) > 0:
        raise UndefinedError("quadrature_error", "0/0", "an output to be relative to: the network vanishes")
    return float((coarse - fine).abs().max()) / size
