"""The regular CNN: the classifier of Kan et al.'s comparison, alone and behind every front."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import ArgumentError
from .checks import check_whole
from .seeding import initialised_by

__all__ = ["RegularCNN"]


class RegularCNN(nn.Module):
    r"""n, n, M, 2n, 2n, M, 4n, 4n, M, 8n, M; linear. "b in h w" to "b classes".

    A number is a 3×3 convolution with bias, batch norm without scale and shift, ReLU; padding 1 but for the last one's
    0. M is a 2×2 max-pooling; the last M takes the maximum over what is left, 2×2 at 32×32. The network of
    pytorch-playground for CIFAR-10, $567 n^2 + (9\,\mathrm{in} + 22 + 8\,\mathrm{classes})\,n + \mathrm{classes}$
    parameters.

    >>> [sum(p.numel() for p in RegularCNN(width=n).parameters()) for n in (32, 128)]
    [584746, 9306250]

    Args:
        width: n, the channels of the first layer.
        pools: how many of the first three M there are, the later ones: for inputs already reduced.
        generator: source of all initial parameters.

    Raises:
        ArgumentError: an option out of range, or images of fewer than 3·2^pools pixels along a side.
    """

    def __init__(
        self,
        *,
        width: int = 32,
        in_channels: int = 3,
        classes: int = 10,
        pools: int = 3,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_whole(width=width, in_channels=in_channels, classes=classes)
        check_whole(0, pools=pools)
        if pools > 3:
            raise ArgumentError("pools", pools, "at most 3")
        self.pools = pools
        layers: list[nn.Module] = []
        before = in_channels
        with initialised_by(generator):
            for stage in range(3):
                for _ in range(2):
                    layers += _layer(before, width << stage)
                    before = width << stage
                if stage >= 3 - pools:
                    layers.append(nn.MaxPool2d(2))
            layers += _layer(before, 8 * width, padding=0)
            self.features = nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1))
            self.head = nn.Sequential(nn.Flatten(), nn.Linear(8 * width, classes))

    def forward(self, images: Float[Tensor, "b in h w"]) -> Float[Tensor, "b classes"]:
        least = 3 << self.pools
        if min(images.shape[-2:]) < least:
            raise ArgumentError("images.shape", tuple(images.shape), f"height and width ≥ {least}")
        return self.head(self.features(images))


def _layer(before: int, after: int, padding: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, padding=padding), nn.BatchNorm2d(after, affine=False), nn.ReLU()]
