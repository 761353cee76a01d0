"""DiffCNN in front of a classifier (Kan et al., figure 2)."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import ArgumentError, one_of
from ..jacobians import Scheme
from .checks import check_whole
from .diffcnn import DiffCNN
from .regular import RegularCNN
from .resnet import ResNet
from .seeding import initialised_by

__all__ = ["DiffCNNClassifier"]

Trunk = Literal["cnn", "resnet"]


class DiffCNNClassifier(nn.Module):
    """U, its batch norm, and a planar classifier on the C channels of U in place of three colours.

    "b 3 h w" to "b classes". What DiffCNN is invariant to, the logits are invariant to; the batch norm, without scale
    and shift, is a function of U. With its default kernel the front has C·57 parameters and 3 for its rotation.

    >>> sum(p.numel() for p in DiffCNNClassifier("cnn").parameters()) - 584746  # C·57 + 3 and 9·32·(C − 3)
    1899

    Args:
        trunk: "cnn", the regular CNN, or "resnet", the planar ResNet44.
        width: that of the trunk.
        channels … degenerate: as in `DiffCNN`. The regular CNN has a pooling less for every doubling of its stride.
        generator: source of all initial parameters.

    Raises:
        ArgumentError: an option out of range, images not in three colours.
    """

    def __init__(
        self,
        trunk: Trunk = "cnn",
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
        if trunk not in get_args(Trunk):
            raise ArgumentError("trunk", trunk, one_of(trunk, get_args(Trunk)))
        if in_channels != 3:
            raise ArgumentError("in_channels", in_channels, "3: the Jacobian field needs three colours")
        check_whole(depth=depth)
        if channels < 3:
            raise ArgumentError("channels", channels, "at least 3: with fewer U is 0 or undefined for every image")
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
            if trunk == "cnn":
                pools = max(0, 3 - (stride**depth - 1).bit_length())
                self.classifier = RegularCNN(width=width, in_channels=channels, classes=classes, pools=pools)
            else:
                self.classifier = ResNet("z2", width=width, in_channels=channels, classes=classes)

    def forward(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b classes"]:
        return self.classifier(self.norm(self.invariant(images)))
