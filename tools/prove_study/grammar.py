"""Random architectures on grids that are symmetric by construction, their group and the action on the output known."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from .groups import FINITE, Acting, Sources, shuffled, summed, trivial
from .layers import Branches, Excite, Padded, Pointwise, Reduce, conv, dense, norm, slope, transposed, width
from .subject import Subject

__all__ = ["network"]

SMOOTH: list[Callable[[], nn.Module]] = [
    nn.ReLU, nn.Tanh, nn.GELU, nn.SiLU, nn.ELU, nn.Softplus, nn.Hardswish, nn.Sigmoid, nn.LeakyReLU, nn.Softsign,
    lambda: Pointwise(torch.abs), lambda: Pointwise(torch.square), lambda: Pointwise(torch.sin),
    lambda: nn.Hardtanh(-1, 2), lambda: Pointwise(lambda x: x.clamp(min=-0.5)), nn.ReLU6, nn.Mish,
]  # fmt: skip


@dataclass
class Drawing:
    """A network while it grows: its layers, and what its last tensor is."""

    draw: random.Random
    group: Acting
    channels: Sources
    size: int
    layers: list[nn.Module]

    def put(self, layer: nn.Module, channels: Sources | None = None, size: int | None = None) -> None:
        self.layers.append(layer)
        self.channels, self.size = channels or self.channels, size or self.size


def network(draw: random.Random, group: Acting | None = None) -> Subject:
    """A drawing of two to six steps, with or without a head."""
    group = group or FINITE[draw.choice(["p2", "pm", "cm", "p4", "p4", "p4m", "p4m", "colours"])]
    colours = len(next(iter(group.colours.values()), (0, 0, 0)))
    size = draw.randint(7, 12) if group.dims == 2 else draw.randint(5, 7)
    start = group.colours or trivial(group, colours)
    net = Drawing(draw, group, start, size, [])
    convolution(net)
    for _ in range(draw.randint(1, 5)):
        draw.choice(STEPS)(net)
    head(net)
    return Subject(nn.Sequential(*net.layers), ((colours, *(size,) * group.dims),), group.name, group.motions())


def convolution(net: Drawing) -> None:
    """Any kernel, padding and dilation; a stride where the size suits it."""
    draw, after = net.draw, net.group.representation(net.draw)
    kernel = draw.choice([1, 2, 3, 3, 3, 5] if net.group.dims == 2 else [1, 3])
    dilation = draw.choice([1, 1, 1, 2]) if kernel == 3 else 1
    reach = dilation * (kernel - 1)
    padding = draw.randint(0, reach // 2)
    if net.size + 2 * padding - reach < 4:
        padding = reach // 2
    stride = draw.choice([1, 1, 2, 3])
    across = net.size + 2 * padding - reach - 1
    if across % stride or across // stride < 3:
        stride = 1
    mode = draw.choice(["zeros", "zeros", "reflect", "replicate", "circular"]) if padding else "zeros"
    options = {"dilation": dilation, "padding": padding, "stride": stride, "padding_mode": mode}
    layer = conv(net.group, net.channels, after, kernel, bias=draw.random() < 0.7, **options)
    net.put(layer, after, across // stride + 1)


def depthwise(net: Drawing) -> None:
    net.put(conv(net.group, net.channels, net.channels, 3, padding=1, groups=width(net.channels)))


def normalise(net: Drawing) -> None:
    net.put(norm(net.group, net.channels))


def planar_norm(net: Drawing) -> None:
    layers = [nn.GroupNorm(1, width(net.channels), affine=False)]
    layers += [nn.InstanceNorm2d(width(net.channels))] if net.group.dims == 2 else []
    net.put(net.draw.choice(layers))


def activate(net: Drawing) -> None:
    net.put(slope(net.channels) if net.draw.random() < 0.1 else net.draw.choice(SMOOTH)())


def softmax(net: Drawing) -> None:
    net.put(nn.Softmax(1))


def pool(net: Drawing) -> None:
    """A maximum or mean, over windows that the mirror maps to windows."""
    dims, kernel = net.group.dims, net.draw.choice([2, 3])
    stride, padding = net.draw.choice([1, kernel]), net.draw.choice([0, kernel // 2])
    across = net.size + 2 * padding - kernel
    if across % stride or across // stride < 3:
        return
    kinds: list[Any] = {2: [nn.MaxPool2d, nn.AvgPool2d], 3: [nn.MaxPool3d, nn.AvgPool3d]}[dims]
    net.put(net.draw.choice(kinds)(kernel, stride, padding), size=across // stride + 1)


def adaptive(net: Drawing) -> None:
    kinds: dict[int, list[Any]] = {
        2: [nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d],
        3: [nn.AdaptiveAvgPool3d, nn.AdaptiveMaxPool3d],
    }
    size = net.draw.randint(3, net.size)
    net.put(net.draw.choice(kinds[net.group.dims])(size), size=size)


def residual(net: Drawing) -> None:
    draw, group, inside = net.draw, net.group, net.group.representation(net.draw)
    first = conv(group, net.channels, inside, 3, padding=1)
    second = conv(group, inside, net.channels, draw.choice([1, 3]), padding="same")
    body = nn.Sequential(first, norm(group, inside), nn.ReLU(), second)
    net.put(Branches(draw.choice(["added", "added", "multiplied"]), nn.Identity(), body))


def fork(net: Drawing) -> None:
    """Two ways, concatenated."""
    parts = [net.group.representation(net.draw, 8) for _ in range(2)]
    kernels = [net.draw.choice([1, 3]) for _ in parts]
    ways = [conv(net.group, net.channels, p, k, padding=k // 2) for p, k in zip(parts, kernels, strict=True)]
    net.put(Branches("concatenated", *ways), summed(parts))


def excite(net: Drawing) -> None:
    inside = net.group.representation(net.draw, 8)
    net.put(Excite(dense(net.group, net.channels, inside), dense(net.group, inside, net.channels)))


def finer(net: Drawing) -> None:
    """A transposed convolution or an interpolation to twice the size."""
    if net.size > 7 or net.group.dims == 3:
        return
    after = net.group.representation(net.draw, 8)
    if net.draw.random() < 0.5:
        kernel, padding = net.draw.choice([(2, 0), (3, 1), (4, 1)])
        layer = transposed(net.group, net.channels, after, kernel, stride=2, padding=padding)
        net.put(layer, after, 2 * (net.size - 1) - 2 * padding + kernel)
    else:
        mode = net.draw.choice(["nearest", "bilinear"])
        net.put(Pointwise(lambda x: F.interpolate(x, scale_factor=2, mode=mode)), size=2 * net.size)


def pad(net: Drawing) -> None:
    net.put(
        Padded(net.group.dims, 1, net.draw.choice(["constant", "reflect", "replicate", "circular"])), None, net.size + 2
    )


def tokens(net: Drawing) -> None:
    """Attention over the places of the grid, without positions."""
    if net.size <= 7 and net.group.dims == 2:
        inside = net.group.representation(net.draw, 8)
        query, key = (dense(net.group, net.channels, inside) for _ in range(2))
        net.put(Attend(query, key, dense(net.group, net.channels, net.channels)))


class Attend(nn.Module):
    """softmax(qkᵀ)v over places; the channels of q and k move alike."""

    def __init__(self, query: nn.Linear, key: nn.Linear, value: nn.Linear) -> None:
        super().__init__()
        self.query, self.key, self.value = query, key, value

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        places = x.flatten(2).mT
        weights = (self.query(places) @ self.key(places).mT / 3).softmax(-1)
        return (weights @ self.value(places)).mT.reshape(x.shape)


STEPS = [convolution, convolution, activate, activate, activate, normalise, residual, pool, depthwise, planar_norm,
         softmax, adaptive, fork, excite, finer, pad, tokens]  # fmt: skip


def head(net: Drawing) -> None:
    """Nothing; a mean or maximum of the grid and a linear layer to channels that move, or that do not."""
    kind = net.draw.choice(["none", "moved", "invariant", "invariant"])
    if kind == "none":
        return
    net.put(Reduce(net.draw.choice(["mean", "max", "sum", "flat mean", "logsumexp"])))
    after = trivial(net.group, 5) if kind == "invariant" else shuffled(net.draw, net.group.cosets(net.draw))
    net.put(dense(net.group, net.channels, after), after)
