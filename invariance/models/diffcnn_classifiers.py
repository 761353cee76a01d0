"""DiffCNN in front of a classifier (Kan et al., figure 2)."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..jacobians import Scheme
from .diffcnn import DiffCNN
from .regular import RegularCNN
from .seeding import initialised_by

__all__ = ["DiffCNNRegular"]


class DiffCNNRegular(nn.Module):
    """U, its batch norm, the regular CNN on the C channels of U in place of three colours. "b 3 h w" to "b classes".

    Args:
        width: that of the regular CNN.
        channels … degenerate: as in `DiffCNN`. For every doubling of its stride the regular CNN has a pooling less.
        generator: source of all initial parameters.
    """

    def __init__(
        self,
        *,
        width: int = 32,
        in_channels: int = 3,
        classes: int = 10,
        channels: int = 8,
        kernel_size: int = 3,
        stride: int = 1,
        dilation: int = 1,
        depth: int = 1,
        symmetric: bool = False,
        cayley: tuple[float, float, float] = (0.0, 0.0, 0.0),
        surrogate: float | None = None,
        scheme: Scheme = "central",
        eps: float = 0.0,
        degenerate: Literal["zero", "nan"] = "zero",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        with initialised_by(generator):
            self.invariant = DiffCNN(
                channels,
                kernel_size,
                stride=stride,
                dilation=dilation,
                depth=depth,
                symmetric=symmetric,
                cayley=cayley,
                surrogate=surrogate,
                scheme=scheme,
                eps=eps,
                degenerate=degenerate,
            )
            self.norm = nn.BatchNorm2d(channels, affine=False)
            pools = max(0, 3 - (stride**depth - 1).bit_length())
            self.classifier = RegularCNN(width=width, in_channels=channels, classes=classes, pools=pools)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b classes"]:
        return self.classifier(self.norm(self.invariant(images)))
