"""Modules of torch that turn with the image, on p4m and its subgroups, and filters made symmetric."""

from __future__ import annotations

import math
import random
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance import GROUPS

from ..subject import Subject, randomised, symmetric


def asked(draw: random.Random, model: Any, size: int | None = None, claim: str = "equivariant") -> Subject:
    group = draw.choice(["p4m", "p4m", "p4", "p2", "pm", "cm"])
    size = draw.randint(8, 13) if size is None else size
    return Subject(model, {"input_shape": (3, size, size), "group": group, "claim": claim})


class Symmetrised(nn.Module):
    """A convolution with the mean of its filters over p4m."""

    def __init__(self, draw: random.Random, dtype: torch.dtype) -> None:
        super().__init__()
        kernel = draw.randint(1, 7)
        taps, group = torch.randn(4, 3, kernel, kernel, dtype=dtype), GROUPS["p4m"]
        self.taps = nn.Parameter(torch.stack([group.act_on_plane(g, taps) for g in group.elements]).mean(0))
        self.padding, self.stride = draw.randint(0, kernel // 2), 1

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.taps, padding=self.padding)


class Radial(nn.Module):
    """Multiplication of the Fourier transform by a function of the frequency's length."""

    def __init__(self) -> None:
        super().__init__()
        self.profile = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))

    def forward(self, x: Tensor) -> Tensor:
        fy, fx = (torch.fft.fftfreq(n, dtype=x.dtype, device=x.device) for n in x.shape[-2:])
        length = (fy[:, None].square() + fx.square()).sqrt()
        return torch.fft.ifft2(torch.fft.fft2(x) * self.profile(length[..., None])[..., 0]).real


class Attention(nn.Module):
    """Self-attention over all pixels, without positions: it commutes with every permutation of them."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.maps = nn.ModuleList(nn.Conv2d(channels, channels, 1) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (layer(x).flatten(2) for layer in self.maps)
        weights = (query.mT @ key / math.sqrt(x.shape[1])).softmax(-1)
        return (value @ weights.mT).view_as(x)


class Statistics(nn.Module):
    """Mean, deviation, maximum and a soft maximum over the image, mixed by a perceptron."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 4))

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(2)
        return self.head(torch.cat((x.mean(2), x.std(2), x.amax(2), x.logsumexp(2)), 1))


@symmetric
def symmetrised_filters(draw: random.Random) -> Subject:
    return asked(draw, Symmetrised(draw, torch.float64))


@symmetric
def symmetrised_filters_in_float32(draw: random.Random) -> Subject:
    """Equal up to the rounding of the sums that symmetrised them."""
    return asked(draw, Symmetrised(draw, torch.float32))


@symmetric
def symmetrised_network(draw: random.Random) -> Subject:
    first, second = Symmetrised(draw, torch.float64), Symmetrised(draw, torch.float64)
    net = nn.Sequential(first, nn.BatchNorm2d(4), nn.SiLU(), nn.Conv2d(4, 3, 1), second, nn.MaxPool2d(3, 1, 1))
    return asked(draw, randomised(net).eval(), size=draw.randint(12, 15))


@symmetric
def pointwise_functions(draw: random.Random) -> Subject:
    functions = [nn.ReLU(), nn.GELU(), nn.Softplus(), nn.PReLU(3), nn.Hardswish(), torch.abs, torch.square, torch.sin]
    return asked(draw, draw.choice(functions))


@symmetric
def colour_networks(draw: random.Random) -> Subject:
    """A perceptron at every pixel."""
    return asked(draw, nn.Sequential(nn.Conv2d(3, 5, 1), nn.ELU(), nn.Conv2d(5, 2, 1), nn.Softmax(1)))


@symmetric
def planar_pools(draw: random.Random) -> Subject:
    kernel = draw.choice([2, 3])
    pools = [nn.MaxPool2d(kernel), nn.AvgPool2d(kernel), nn.LPPool2d(2, kernel), nn.MaxPool2d(3, 1, 1)]
    pools += [nn.AvgPool2d(3, 1, 1, count_include_pad=False), nn.AdaptiveAvgPool2d(5), nn.AdaptiveMaxPool2d(4)]
    return asked(draw, draw.choice(pools), size=kernel * draw.randint(3, 5))


@symmetric
def planar_norms(draw: random.Random) -> Subject:
    norms = [nn.BatchNorm2d(3), nn.InstanceNorm2d(3, affine=True), nn.GroupNorm(3, 3), nn.LocalResponseNorm(2)]
    return asked(draw, randomised(draw.choice(norms)).eval())


@symmetric
def resampling_layers(draw: random.Random) -> Subject:
    modes: list[dict[str, Any]] = [
        {"scale_factor": 2},
        {"scale_factor": 3, "mode": "bilinear"},
        {"scale_factor": 2, "mode": "bicubic"},
        {"size": 17, "mode": "bilinear", "align_corners": True},
    ]
    return asked(draw, nn.Upsample(**draw.choice(modes)))


@symmetric
def radial_spectral_filters(draw: random.Random) -> Subject:
    return asked(draw, Radial())


@symmetric
def attention_over_pixels(draw: random.Random) -> Subject:
    return asked(draw, Attention(), size=draw.randint(6, 8))


@symmetric
def statistics_of_an_image(draw: random.Random) -> Subject:
    return asked(draw, Statistics(), claim="invariant")
