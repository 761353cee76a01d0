"""ResNets as torchvision's, U-Nets and 3-D networks, their filters tied along the orbits of a group."""

from __future__ import annotations

import random
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..grammar import network
from ..groups import CUBE, FINITE, Acting, Sources, trivial
from ..layers import conv, dense, norm, transposed, width
from ..subject import Subject, family


class Basic(nn.Module):
    """The block of ResNet-18 and -34."""

    def __init__(self, group: Acting, before: Sources, after: Sources, stride: int) -> None:
        super().__init__()
        self.conv1 = conv(group, before, after, 3, stride=stride, padding=1, bias=False)
        self.bn1, self.relu = norm(group, after), nn.ReLU(inplace=True)
        self.conv2, self.bn2 = conv(group, after, after, 3, padding=1, bias=False), norm(group, after)
        self.downsample = _shortcut(group, before, after, stride)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """The block of ResNet-50, its stride in the 3×3 convolution."""

    def __init__(self, group: Acting, before: Sources, after: Sources, stride: int, inside: Sources) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(group, before, inside, 1, bias=False), norm(group, inside)
        self.conv2 = conv(group, inside, inside, 3, stride=stride, padding=1, bias=False)
        self.bn2, self.relu = norm(group, inside), nn.ReLU(inplace=True)
        self.conv3, self.bn3 = conv(group, inside, after, 1, bias=False), norm(group, after)
        self.downsample = _shortcut(group, before, after, stride)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


def _shortcut(group: Acting, before: Sources, after: Sources, stride: int) -> nn.Module | None:
    if stride == 1 and before == after:
        return None
    return nn.Sequential(conv(group, before, after, 1, stride=stride, bias=False), norm(group, after))


class ResNet(nn.Module):
    """Stem 7×7 of stride 2, maximum of stride 2, stages, mean, linear layer."""

    def __init__(self, draw: random.Random, group: Acting) -> None:
        super().__init__()

        def channels() -> Sources:
            return trivial(group, draw.randint(4, 8)) if draw.random() < 0.4 else group.representation(draw, 16)

        stem = channels()
        self.conv1 = conv(group, trivial(group, 3), stem, 7, stride=2, padding=3, bias=False)
        self.bn1, self.relu, self.maxpool = norm(group, stem), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        blocks, before, bottleneck = [], stem, draw.random() < 0.5
        for stage in range(draw.randint(2, 4)):
            after = channels()
            for i in range(draw.randint(1, 2)):
                stride = 2 if stage and not i else 1
                inside = [channels()] if bottleneck else []
                blocks.append((Bottleneck if bottleneck else Basic)(group, before, after, stride, *inside))
                before = after
        self.layers, self.avgpool = nn.Sequential(*blocks), nn.AdaptiveAvgPool2d((1, 1))
        self.fc = dense(group, before, trivial(group, 10))

    def forward(self, x: Tensor) -> Tensor:
        x = self.layers(self.maxpool(self.relu(self.bn1(self.conv1(x)))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


@family
def resnets_with_symmetric_filters(draw: random.Random) -> Subject:
    """Five strides at most: sizes 32k + 1."""
    group = FINITE[draw.choice(["p4", "p4m", "p2", "pm", "cm"])]
    size = draw.choice([33, 33, 65])
    return Subject(ResNet(draw, group), ((3, size, size),), group.name, group.motions())


class Double(nn.Sequential):
    """Convolution, norm, ReLU, twice."""

    def __init__(self, group: Acting, before: Sources, after: Sources) -> None:
        layers: list[nn.Module] = []
        for first in (before, after):
            layers += [conv(group, first, after, 3, padding=1), norm(group, after), nn.ReLU()]
        super().__init__(*layers)


class UNet(nn.Module):
    """2×2 maxima down, transposed convolutions or interpolations up, skips between."""

    def __init__(self, draw: random.Random, group: Acting, depth: int) -> None:
        super().__init__()
        pooled = {2: nn.MaxPool2d, 3: nn.MaxPool3d}[group.dims]
        stages = [group.representation(draw, 8) for _ in range(depth + 1)]
        self.first = Double(group, trivial(group, 2), stages[0])
        self.pool = pooled(2)
        self.down = nn.ModuleList(Double(group, a, b) for a, b in pairwise(stages))
        self.mode = draw.choice(["transposed", "nearest", "linear"])
        up, merge = [], []
        for below, beside in zip(reversed(stages[1:]), reversed(stages[:-1]), strict=True):
            risen = beside if self.mode == "transposed" else below
            up.append(
                transposed(group, below, beside, 2, stride=2) if self.mode == "transposed" else self._finer(group)
            )
            both = {g: (*beside[g], *(width(beside) + s for s in risen[g])) for g in beside}
            merge.append(Double(group, both, beside))
        self.up, self.merge = nn.ModuleList(up), nn.ModuleList(merge)
        self.last = conv(group, stages[0], trivial(group, 3), 1)

    def _finer(self, group: Acting) -> nn.Module:
        mode = self.mode if self.mode == "nearest" else {2: "bilinear", 3: "trilinear"}[group.dims]
        return nn.Upsample(scale_factor=2, mode=mode)

    def forward(self, x: Tensor) -> Tensor:
        found = [self.first(x)]
        for stage in self.down:
            found.append(stage(self.pool(found[-1])))
        x = found.pop()
        for up, merge in zip(self.up, self.merge, strict=True):
            x = merge(torch.cat([found.pop(), up(x)], 1))
        return self.last(x)


@family
def unets(draw: random.Random) -> Subject:
    group, depth = FINITE[draw.choice(["p4", "p4m", "pm", "p2"])], draw.randint(1, 3)
    size = draw.randint(1, 2) * 2**depth * 2
    return Subject(UNet(draw, group, depth), ((2, size, size),), group.name, group.motions())


@family
def volumes(draw: random.Random) -> Subject:
    """3-D networks under the 48 symmetries of the cube."""
    if draw.random() < 0.3:
        return Subject(UNet(draw, CUBE, 1), ((2, 4, 4, 4),), "cube", CUBE.motions())
    return network(draw, CUBE)
