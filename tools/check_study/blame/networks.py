"""Random networks on images that are exactly invariant under p4, of every build that blame has to see through."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.groups import P4
from invariance.layers.gconv import GroupConv2d, GroupPool, LiftingConv2d

from .slips import Slip

__all__ = ["BUILDS", "Stage", "Symmetrised", "build"]


def four_fold(inputs: int, outputs: int, size: int = 3) -> nn.Conv2d:
    """A convolution whose filters are symmetric under quarter turns."""
    conv = nn.Conv2d(inputs, outputs, size, padding=size // 2).double()
    weight = conv.weight.detach()
    conv.weight = nn.Parameter(sum((torch.rot90(weight, k, (2, 3)) for k in range(1, 4)), weight) / 2)
    return conv


class Stage(nn.Module):
    """A module with places in its `forward` where something may slip in."""

    places = 1

    def __init__(self) -> None:
        super().__init__()
        self.slips: dict[int, Slip] = {}

    def at(self, place: int, x: Tensor) -> Tensor:
        return self.slips[place](x) if place in self.slips else x

    def moved(self, place: int, x: Tensor) -> Tensor:
        """The same on a tensor with channels last."""
        return self.slips[place](x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1) if place in self.slips else x


class Plain(Stage):
    places = 2

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv, self.norm, self.act = four_fold(width, width), nn.BatchNorm2d(width), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.at(0, self.conv(x))
        return self.at(1, self.act(self.norm(x)))


class Residual(Stage):
    places = 3

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.norm, self.second = four_fold(width, width), nn.GroupNorm(1, width), four_fold(width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.at(0, self.first(x)).relu()
        y = self.at(1, self.second(self.norm(y)))
        return self.at(2, x + 0.5 * y)


class UNet(Stage):
    places = 3

    def __init__(self, width: int) -> None:
        super().__init__()
        self.down, self.inner, self.up = four_fold(width, width), four_fold(width, width), four_fold(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        high = self.at(0, self.down(x).relu())
        low = self.at(1, self.inner(F.avg_pool2d(high, 2)).tanh())
        both = torch.cat((high, F.interpolate(low, scale_factor=2.0)), 1)
        return self.at(2, self.up(both))


class ConvNeXt(Stage):
    places = 2

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise, self.norm = four_fold(width, width, 5), nn.LayerNorm(width)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.depthwise(x).permute(0, 2, 3, 1)
        y = self.moved(0, self.norm(y))
        y = self.narrow(F.gelu(self.wide(y)))
        return self.at(1, x + y.permute(0, 3, 1, 2))


class Attention(Stage):
    """Of all pixels, without positions."""

    places = 2

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.qkv, self.out = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.norm(self.at(0, x).flatten(2).transpose(1, 2))
        query, key, value = self.qkv(tokens).chunk(3, -1)
        seen = F.scaled_dot_product_attention(query, key, value)
        y = self.out(seen).transpose(1, 2).unflatten(2, x.shape[-2:])
        return self.at(1, x + y)


class Windows(Stage):
    """Swin: attention in windows of 4, every other block shifted by 2 in a cycle."""

    places = 2

    def __init__(self, width: int) -> None:
        super().__init__()
        self.shift = 2 * (width % 2)
        self.norm, self.qkv, self.out = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        y = self.moved(0, self.norm(x.permute(0, 2, 3, 1)))
        y = y.roll((-self.shift, -self.shift), (1, 2))
        y = y.view(b, h // 4, 4, w // 4, 4, c).transpose(2, 3).reshape(-1, 16, c)
        query, key, value = self.qkv(y).chunk(3, -1)
        y = self.out((query @ key.mT / c**0.5).softmax(-1) @ value)
        y = y.view(b, h // 4, w // 4, 4, 4, c).transpose(2, 3).reshape(b, h, w, c)
        y = y.roll((self.shift, self.shift), (1, 2))
        return self.at(1, x + y.permute(0, 3, 1, 2))


class Symmetrised(Stage):
    """A layer without symmetry, summed over the group."""

    places = 1

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        turned = [torch.rot90(self.inner(torch.rot90(x, k, (2, 3))).relu(), -k, (2, 3)) for k in range(4)]
        return self.at(0, torch.stack(turned).sum(0))


class Regular(Stage):
    """Functions on p4, "b c 4 h w", and their maximum over the group."""

    places = 2

    def __init__(self, width: int) -> None:
        super().__init__()
        self.lift, self.conv, self.pool = (
            LiftingConv2d(P4, width, 3, 3, 1, 1),
            GroupConv2d(P4, 3, width, 3, 1, 1),
            GroupPool(P4),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.at(0, self.lift(x)).relu()
        return self.at(1, self.pool(self.conv(y)))


BUILDS: dict[str, tuple[Callable[[int], Stage], ...]] = {
    "sequential": (Plain,),
    "residual": (Residual, Plain),
    "U-Net": (UNet, Residual),
    "channels last": (ConvNeXt,),
    "attention": (Attention, Plain),
    "windows": (Windows, ConvNeXt),
    "symmetrised": (Symmetrised, Plain),
    "group convolutions": (Regular, Plain),
}


def build(name: str, rng: random.Random) -> nn.Sequential:
    """A stem, two to four stages, a head."""
    width = rng.choice((4, 5, 6))
    stages = [rng.choice(BUILDS[name])(width) for _ in range(rng.choice((2, 3, 4)))]
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 3)
    return nn.Sequential(four_fold(3, width), *stages, nn.Tanh(), *head).double().eval()
