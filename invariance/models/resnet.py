"""ResNet44 on the plane and on groups (He et al. 2016; Cohen & Welling, ICML 2016, section 8.2)."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..layers import Residual
from .checks import check_whole
from .seeding import initialised_by
from .symmetry import Layers, Symmetry, layers_of

__all__ = ["ResNet"]


class ResNet(nn.Module):
    r"""Stem, three stages of pre-activation blocks, batch norm, ReLU, mean, 1×1 convolution. "b in h w" to "b classes".

    A block is batch norm, ReLU, 3×3 convolution, twice, beside the identity; the first block of stages 2 and 3 has
    stride 2, and a 1×1 convolution with stride 2 beside it. The channels of the stages are $w, 2w, 4w$ over
    $\sqrt{|H|}$, so that networks of one `width` have about as many parameters: 32, 64, 128 on the plane, 16, 32, 64 on
    p4, 11, 23, 45 on p4m. On a group the logits are invariant under it where the strides meet odd lengths: at 33×33
    pixels, not at 32×32.

    The 1×1 convolution is one on the group, as the published numbers of parameters tell; the mean over the group that
    follows leaves only the sums of its filters over the group to count.

    The paper's 2.64M on the plane and 2.62M on p4m with errors on CIFAR-10 of 9.45 and 6.46 % (5.61, 4.94 % with small
    translations and flips) are

    >>> [sum(p.numel() for p in ResNet(symmetry).parameters()) for symmetry in ("z2", "p4", "p4m")]
    [2639434, 2635434, 2622878]

    Args:
        symmetry: "z2" (planar), "p4" (not in the paper) or "p4m".
        width: w.
        blocks: blocks a stage; 7 make the 44 layers.
        generator: source of all initial parameters.

    Raises:
        ArgumentError: an option out of range.
    """

    def __init__(
        self,
        symmetry: Symmetry = "z2",
        *,
        width: int = 32,
        in_channels: int = 3,
        classes: int = 10,
        blocks: int = 7,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        kit = layers_of(symmetry)
        check_whole(width=width, in_channels=in_channels, classes=classes, blocks=blocks)
        channels = [max(1, round((width << stage) / math.sqrt(kit.order))) for stage in range(3)]
        with initialised_by(generator):
            layers, before = [kit.lift(in_channels, channels[0], 3, padding=1)], channels[0]
            for stage, after in enumerate(channels):
                for i in range(blocks):
                    layers.append(_block(kit, before, after, stride=2 if stage and not i else 1))
                    before = after
            self.features = nn.Sequential(*layers, kit.norm(before), nn.ReLU())
            self.head = nn.Sequential(kit.conv(before, classes, 1), kit.mean(), nn.Flatten())

    def forward(self, images: Float[Tensor, "b in h w"]) -> Float[Tensor, "b classes"]:
        return self.head(self.features(images).mean((-2, -1), keepdim=True))


def _block(kit: Layers, before: int, after: int, stride: int) -> Residual:
    body = nn.Sequential(
        *(kit.norm(before), nn.ReLU(), kit.conv(before, after, 3, stride=stride, padding=1)),
        *(kit.norm(after), nn.ReLU(), kit.conv(after, after, 3, padding=1)),
    )
    return Residual(body, None if stride == 1 else kit.conv(before, after, 1, stride=stride))
