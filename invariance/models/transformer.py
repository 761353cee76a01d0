"""ST + CNN, baselines of Kan et al.: a spatial transformer in front of the regular network."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..layers.gconv.checks import check_whole
from ..layers.transformer import AffineTransformer, CPABTransformer, SpatialTransformer
from ..warps import Padding, Tessellation
from .regular import RegularCNN

__all__ = ["CPABCNN", "STCNN"]


class _TransformerCNN(nn.Module):
    """The trunk draws its parameters first, so that they are those of the trunk alone with the same generator."""

    def __init__(self, trunk: RegularCNN, transformer: SpatialTransformer) -> None:
        super().__init__()
        self.transformer, self.features, self.head = transformer, trunk.features, trunk.head

    def forward(self, images: Float[Tensor, "b in h w"]) -> Float[Tensor, "b classes"]:
        return self.head(self.features(self.transformer(images)))


class STCNN(_TransformerCNN):
    """An affine spatial transformer, then `RegularCNN`, whose logits these are at first. "b in size size".

    The paper gives no localisation network; that of Detlefsen et al. adds 21,092 parameters at 3×32×32.

    >>> sum(p.numel() for p in STCNN().parameters()) - sum(p.numel() for p in RegularCNN().parameters())
    21092

    Args:
        size: height and width of the images, 22 or more.
        padding: the image beyond its border, as in `resample`.
        generator: source of all initial parameters; the trunk's are those of the trunk alone.

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
        trunk = RegularCNN(width=width, in_channels=in_channels, classes=classes, generator=generator)
        transformer = AffineTransformer(in_channels, size=(size, size), padding=padding, generator=generator)
        super().__init__(trunk, transformer)


class CPABCNN(_TransformerCNN):
    """A CPAB spatial transformer, then `RegularCNN`, whose logits these are at first. "b in size size".

    On 2×2 cells with free boundary the localisation network adds 22,112 parameters at 3×32×32.

    >>> sum(p.numel() for p in CPABCNN().parameters()) - sum(p.numel() for p in RegularCNN().parameters())
    22112

    Args:
        cells: rectangles each way, as in `Tessellation`.
        zero_boundary: whether the boundary slides along itself.
        steps: of the numerical flow.
        size, padding, generator: as in `STCNN`.

    Raises:
        ArgumentError: an option out of range, or images of another shape.
    """

    def __init__(
        self,
        *,
        width: int = 32,
        in_channels: int = 3,
        classes: int = 10,
        cells: int = 2,
        zero_boundary: bool = False,
        steps: int = 2,
        size: int = 32,
        padding: Padding = "zeros",
        generator: torch.Generator | None = None,
    ) -> None:
        check_whole(1, cells=cells, steps=steps)
        trunk = RegularCNN(width=width, in_channels=in_channels, classes=classes, generator=generator)
        transformer = CPABTransformer(
            in_channels,
            tessellation=Tessellation(cells, cells, zero_boundary),
            steps=steps,
            size=(size, size),
            padding=padding,
            generator=generator,
        )
        super().__init__(trunk, transformer)
