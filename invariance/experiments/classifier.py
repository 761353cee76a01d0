"""A network together with the standardisation of its training images."""

from __future__ import annotations

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from ..errors import DegenerateError

__all__ = ["Classifier", "channel_statistics"]


class Classifier(nn.Module):
    """x ↦ net((x − mean)/std): images in [0, 1] to logits, so that whatever warps or saves it sees plain images."""

    mean: Tensor
    std: Tensor

    def __init__(self, net: nn.Module, mean: Float[Tensor, "c"], std: Float[Tensor, "c"]) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("mean", mean.clone())
        self.register_buffer("std", std.clone())

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b classes"]:
        return self.net(self.standardised(images))

    def standardised(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """What the net itself is shown."""
        return (images - self.mean[:, None, None]) / self.std[:, None, None]


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
