"""A network together with what is done to images before it sees them, as the training images have it."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from ..errors import DegenerateError

__all__ = ["Classifier", "WhitenedClassifier", "channel_statistics"]


class Classifier(nn.Module):
    """x ↦ net((x − mean)/std): images in [0, 1] to logits, so that whatever warps or saves it sees plain images."""

    mean: Tensor
    std: Tensor

    def __init__(self, net: nn.Module, mean: Float[Tensor, "c"], std: Float[Tensor, "c"]) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("mean", mean.clone())
        self.register_buffer("std", std.clone())

    def fit(self, images: UInt8[Tensor, "n c h w"]) -> None:
        """Mean and standard deviation of every channel of these images.

        Raises:
            DegenerateError: a channel is constant.
        """
        self.mean, self.std = channel_statistics(images)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b classes"]:
        return self.net(self.standardised(images))

    def standardised(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """What the net itself is shown."""
        return (images - self.mean[:, None, None]) / self.std[:, None, None]


class WhitenedClassifier(nn.Module):
    r"""x ↦ net(W(x̂ − m)): each image standardised by itself, x̂ = (x − mean x)/std x, then whitened over the pixels.

    m and the covariance $U\,\mathrm{diag}(s)\,U^\top$ of x̂ are those of the training images, and
    $W = U\,\mathrm{diag}(s + 10^{-5})^{-1/2}\,U^\top$ (zero-phase components). As the code of Cohen & Welling does on
    CIFAR-10. W mixes positions: the whitened image of a turned picture is not the turned whitened image, and a network
    that is equivariant behind it is not so in front of it.

    Args:
        shape: of an image, (c, h, w).
    """

    mean: Tensor
    whitening: Tensor

    def __init__(self, net: nn.Module, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.net = net
        self.shape = shape
        size = math.prod(shape)
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("whitening", torch.eye(size))

    @torch.no_grad()
    def fit(self, images: UInt8[Tensor, "n c h w"]) -> None:
        """m and W of these images, summed in float64 a thousand images at a time."""
        size = self.mean.numel()
        total, squares = (torch.zeros(s, dtype=torch.float64, device=images.device) for s in (size, (size, size)))
        for part in images.split(1000):
            flat = _standardised(part.double() / 255)
            total += flat.sum(0)
            squares += flat.mT @ flat
        mean = total / len(images)
        values, vectors = torch.linalg.eigh(squares / len(images) - torch.outer(mean, mean))
        whitening = (vectors * (values.clamp(min=0) + _REGULARISER).rsqrt()) @ vectors.mT
        self.mean, self.whitening = mean.float(), whitening.float()

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b classes"]:
        # W reaches 300: in bfloat16 its products would be off by as much as what is left of an image.
        with torch.autocast(images.device.type, enabled=False):
            white = (_standardised(images.to(self.mean.dtype)) - self.mean) @ self.whitening
        return self.net(white.unflatten(1, self.shape).to(images.dtype))


_REGULARISER = 1e-5
"""Added to the variances of the components, as in the code of Cohen & Welling."""


def _standardised(images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c*h*w"]:
    """Each image minus its mean, by its standard deviation; 0 where it is constant."""
    flat = images.flatten(1)
    flat = flat - flat.mean(1, keepdim=True)
    deviation = flat.square().mean(1, keepdim=True).sqrt()
    return flat / torch.where(deviation > 0, deviation, 1)


def channel_statistics(images: UInt8[Tensor, "n c h w"]) -> tuple[Float[Tensor, "c"], Float[Tensor, "c"]]:
    """Mean and standard deviation of every channel over all pixels of all images, in units of [0, 1].

    From the histogram of the 256 levels, so exact up to one rounding however many images there are.

    Raises:
        DegenerateError: a channel is constant.
    """
    levels = torch.arange(256, dtype=torch.float64) / 255
    moments = []
    for channel in images.unbind(1):
        weights = torch.bincount(channel.flatten().cpu(), minlength=256).double() / channel.numel()
        mean = (weights * levels).sum()
        moments.append((mean, (weights * (levels - mean).square()).sum().sqrt()))
    mean, std = (torch.stack(m).float() for m in zip(*moments, strict=True))
    if (std == 0).any():
        raise DegenerateError("images", tuple(images.shape), "channels that are not constant over the training split")
    return mean, std
