r"""RotDCF + CNN, a baseline of Kan et al.: the regular network with RotDCF's convolutions and batch norms."""

from __future__ import annotations

from functools import partial
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import ArgumentError
from ..layers.gconv.checks import check_whole
from ..layers.rotdcf import AnglePool, RotDCFBatchNorm2d, RotDCFConv2d, RotDCFLift2d, RotDCFMaxPool2d
from .seeding import initialised_by

__all__ = ["RotDCFCNN"]

Head = Literal["pool", "flatten"]


class RotDCFCNN(nn.Module):
    r"""c, c, M, 2c, 2c, M, 4c, 4c, M, 8c, M maps at N_θ angles; linear. "b in h w" to "b classes".

    A number is a RotDCF convolution with bias, batch norm without scale and shift, ReLU. Padding keeps the size but at
    the last, which takes off a pixel all round as the regular network's does. The last M is the maximum over the plane.

    `width` n = N_θ c counts planar channels, maps times angles, as the regular network's does: activations are as large
    and a convolution costs k²/9 of the one it replaces. It has far fewer parameters,
    $63c^2KK_\alpha + (K\,\mathrm{in} + 22 + 8\,\mathrm{classes})\,c + \mathrm{classes}$ with head="pool". Kan et al. do
    not say what they kept; as many maps as the regular network has channels are an 8-fold width. K
    and K_α cost next to no time, so functions=12, modes=7 (85,234 parameters) is as fast and fits more.

    >>> sum(p.numel() for p in RotDCFCNN(width=32).parameters())  # RegularCNN: 584746
    25678

    With head="pool", the maximum over the angles, the logits are invariant under quarter turns of images whose sides
    are multiples of 8. With "flatten" the linear layer reads every angle by itself and they are not. Other turns are
    exact for neither: the pixel grid limits them.

    Args:
        width: n, the planar channels of the first layer, a multiple of `angles`.
        kernel_size, angles, functions, modes: k, N_θ, K, K_α of every layer, as in `RotDCFConv2d`.
        head: "pool" or "flatten".
        generator: source of all initial parameters.

    Raises:
        ArgumentError: an option out of range, or images of fewer than 24 pixels along a side.
        ArgumentTypeError: a number that is no int.
    """

    def __init__(
        self,
        *,
        width: int = 32,
        in_channels: int = 3,
        classes: int = 10,
        kernel_size: int = 5,
        angles: int = 8,
        functions: int = 5,
        modes: int = 5,
        head: Head = "pool",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check_whole(1, width=width, in_channels=in_channels, classes=classes, kernel_size=kernel_size, angles=angles)
        if width % angles:
            raise ArgumentError("width", width, f"a multiple of the number of angles, {angles}")
        if head not in get_args(Head):
            raise ArgumentError("head", repr(head), "'pool' or 'flatten'")
        maps, same = width // angles, kernel_size // 2
        lift = partial(RotDCFLift2d, angles=angles, functions=functions)
        joint = partial(RotDCFConv2d, angles=angles, functions=functions, modes=modes)
        with initialised_by(generator):
            layers = _layer(lift(in_channels, maps, kernel_size, padding=same))
            for before, after in ((1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8)):
                if before < after:
                    layers.append(RotDCFMaxPool2d(2))
                layers += _layer(joint(before * maps, after * maps, kernel_size, padding=same - (after == 8)))
            self.features = nn.Sequential(*layers)
            gather, rows = (AnglePool("max"), 8 * maps) if head == "pool" else (nn.Identity(), 8 * width)
            self.head = nn.Sequential(gather, nn.Flatten(), nn.Linear(rows, classes))

    def forward(self, images: Float[Tensor, "b in h w"]) -> Float[Tensor, "b classes"]:
        if min(images.shape[-2:]) < 24:
            raise ArgumentError("images.shape", tuple(images.shape), "height and width ≥ 24")
        return self.head(self.features(images).amax((-2, -1), keepdim=True))


def _layer(conv: RotDCFLift2d | RotDCFConv2d) -> list[nn.Module]:
    return [conv, RotDCFBatchNorm2d(conv.out_channels, affine=False), nn.ReLU()]
