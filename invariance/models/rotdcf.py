r"""RotDCF + CNN, a baseline of Kan et al.: the regular network with RotDCF's convolutions and batch norms."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import ArgumentError
from ..layers.rotdcf import AnglePool, RotDCFBatchNorm2d, RotDCFConv2d, RotDCFLift2d, RotDCFMaxPool2d

__all__ = ["RotDCFCNN"]

Head = Literal["pool", "flatten"]


class RotDCFCNN(nn.Module):
    r"""c, c, M, 2c, 2c, M, 4c, 4c, M, 8c, M maps on SE(2), c = width/angles; max over angles; linear. "b in 32 32".

    `width` counts planar channels, maps times angles, as that of the regular network does: features are as large and a
    convolution of the same kernel costs the same, k²/9 of the regular network's with k² taps. It has far fewer
    parameters, $63c^2 K K_\alpha$ and little else where the regular one has $567\,(8c)^2$: 25,678 and 584,746 at
    width 32. Kan et al. do not say which they kept; maps as many as the regular network's channels n are width 8n.

    With head="pool" the logits are invariant under quarter turns, at sizes that the poolings halve; with "flatten" the
    linear layer reads every angle by itself and they are not. Other turns are limited by the pixel grid.

    Args:
        width: planar channels of the first layer, a multiple of `angles`.
        kernel_size, angles, functions, modes: k, N_θ, K, K_α of every layer, as in `RotDCFConv2d`.
        head: "pool" or "flatten".
        generator: source of all initial parameters.

    Raises:
        ArgumentError: an option out of range.
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
        if width < 1 or width % angles:
            raise ArgumentError("width", width, f"a multiple of the number of angles, {angles}")
        if head not in get_args(Head):
            raise ArgumentError("head", repr(head), "'pool' or 'flatten'")
        options = {"angles": angles, "functions": functions, "generator": generator}
        same, maps = kernel_size // 2, width // angles
        lift = RotDCFLift2d(in_channels, maps, kernel_size, padding=same, **options)
        layers: list[nn.Module] = [lift, RotDCFBatchNorm2d(maps, affine=False), nn.ReLU()]
        plan = ((1, 1, True), (1, 2, False), (2, 2, True), (2, 4, False), (4, 4, True), (4, 8, True))
        for before, after, pooled in plan:
            # The regular network's last convolution has no padding: 4×4 to 2×2 pixels, whatever the kernel here.
            padding = same - (after == 8)
            conv = RotDCFConv2d(before * maps, after * maps, kernel_size, padding=padding, modes=modes, **options)
            layers += [conv, RotDCFBatchNorm2d(after * maps, affine=False), nn.ReLU()]
            if pooled:
                layers.append(RotDCFMaxPool2d(2))
        self.features = nn.Sequential(*layers)
        last = nn.Linear(8 * maps * (angles if head == "flatten" else 1), classes, device="meta").to_empty(device="cpu")
        bound = last.in_features**-0.5
        for parameter in last.parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)
        gather = AnglePool("max") if head == "pool" else nn.Identity()
        self.head = nn.Sequential(gather, nn.Flatten(), last)

    def forward(self, images: Float[Tensor, "b in h w"]) -> Float[Tensor, "b classes"]:
        return self.head(self.features(images))
