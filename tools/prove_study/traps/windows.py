"""Transposed convolutions (12); padding, strides and pools (13)."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from ..subject import trap
from .asked import Plain, even, image, noise


def transposed(**options: Any) -> nn.Module:
    layer = nn.ConvTranspose2d(3, 2, 3, **options)
    with torch.no_grad():
        layer.weight.copy_(even(noise(3, 2, 3, 3)))
        nn.init.constant_(layer.get_parameter("bias"), 0.3)
    return layer


trap("12: ConvTranspose2d, output_padding=1")(lambda: image(transposed(stride=2, padding=1, output_padding=1)))
trap("12: ConvTranspose2d")(lambda: image(transposed(stride=2, padding=1), "either"))
trap("12: ConvTranspose2d, dilation")(lambda: image(transposed(stride=2, padding=2, dilation=2), "either"))
trap("12: ConvTranspose2d, output_padding and a crop")(
    lambda: image(
        nn.Sequential(transposed(stride=2, padding=1, output_padding=1), Plain(lambda x: x[..., :-1, :-1])), "either"
    )
)


def conv(kernel: int, **options: Any) -> nn.Conv2d:
    layer = nn.Conv2d(3, 2, kernel, **options)
    with torch.no_grad():
        layer.weight.copy_(even(noise(*layer.weight.shape)))
        nn.init.constant_(layer.get_parameter("bias"), 0.3)
    return layer


trap("13: padding=same, kernel 2")(lambda: image(conv(2, padding="same")))
trap("13: padding=same, kernel 4")(lambda: image(conv(4, padding="same")))
trap("13: padding=same, kernel 3")(lambda: image(conv(3, padding="same"), "either"))
trap("13: stride 2 at 6, padding 1")(lambda: image(conv(3, stride=2, padding=1)))
trap("13: stride 2 at 7, padding 1")(lambda: image(conv(3, stride=2, padding=1), "either", size=7))
trap("13: ceil_mode that overhangs")(lambda: image(nn.MaxPool2d(2, ceil_mode=True), size=7))
trap("13: ceil_mode that does not")(lambda: image(nn.MaxPool2d(2, ceil_mode=True), "either"))
trap("13: ceil_mode of a mean")(lambda: image(nn.AvgPool2d(2, ceil_mode=True), size=7))
trap("13: ceil_mode of a padded mean")(lambda: image(nn.AvgPool2d(3, 2, 1, ceil_mode=True), "either"))
trap("13: dilated maximum that misses the last row")(lambda: image(nn.MaxPool2d(2, 2, dilation=2), "either", size=8))
trap("13: dilated maximum of stride 2")(lambda: image(nn.MaxPool2d(2, 2, dilation=2), "either", size=7))
trap("13: count_include_pad=False")(lambda: image(nn.AvgPool2d(3, 2, 1, count_include_pad=False), "either", size=7))
trap("13: count_include_pad=False at 6")(lambda: image(nn.AvgPool2d(3, 2, 1, count_include_pad=False)))
trap("13: divisor_override")(lambda: image(nn.AvgPool2d(3, 1, 1, divisor_override=5), "either"))
trap("13: adaptive mean of 6 to 4")(lambda: image(nn.AdaptiveAvgPool2d(4), "either"))
trap("13: adaptive maximum of 7 to 3")(lambda: image(nn.AdaptiveMaxPool2d(3), "either", size=7))
trap("13: maximum of stride 2 at 7")(lambda: image(nn.MaxPool2d(2), size=7))
trap("13: padded on one side")(
    lambda: image(Plain(lambda x, w: F.conv2d(F.pad(x, (1, 1, 2, 0)), w), w=even(noise(2, 3, 3, 3))))
)
trap("13: reflected on one side")(
    lambda: image(Plain(lambda x, w: F.conv2d(F.pad(x, (1, 1, 2, 0), "reflect"), w), w=even(noise(2, 3, 3, 3))))
)
trap("13: another value above than below")(
    lambda: image(lambda x: F.pad(F.pad(x, (0, 0, 1, 0), value=1.0), (0, 0, 0, 1), value=2.0), "either")
)
trap("13: unfolded with a stride that leaves a row")(lambda: image(lambda x: x.unfold(2, 2, 3).sum(-1)))
