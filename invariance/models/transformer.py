"""ST + CNN, a baseline of Kan et al.: a spatial transformer in front of the regular network."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..layers.transformer import AffineTransformer
from ..warps import Padding
from .regular import RegularCNN

__all__ = ["STCNN"]


class STCNN(nn.Module):
    """An affine spatial transformer, then `RegularCNN`, whose logits these are at first. "b in size size".

    The paper gives no localisation network; that of Detlefsen et al. adds 21,092 parameters at 3×32×32.

    >>> sum(p.numel() for p in STCNN().parameters()) - sum(p.numel() for p in RegularCNN().parameters())
    21092

    Args:
        size: height and width of the images, 22 or more.
        padding: the image beyond its border, as in `AffineTransformer`.
        generator: source of all initial parameters; the trunk's come first and are those of the trunk alone.

    Raises:
        ArgumentError: an option out of range, or images of another shape.
    """

    def __init__(
        self,
        *,
        width: int = 32,
        in_channels: int = 3,
        classes: int = 10,
        size: int = 32,
        padding: Padding = "zeros",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        trunk = RegularCNN(width=width, in_channels=in_channels, classes=classes, generator=generator)
        self.transformer = AffineTransformer(in_channels, size=(size, size), padding=padding, generator=generator)
        self.features, self.head = trunk.features, trunk.head

    def forward(self, images: Float[Tensor, "b in h w"]) -> Float[Tensor, "b classes"]:
        return self.head(self.features(self.transformer(images)))
