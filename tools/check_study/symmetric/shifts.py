"""Modules that move with shifts by their stride, or that shifts do not change."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor, nn

from ..subject import Subject, randomised, symmetric
from .planar import Attention, Statistics


def asked(model: Any, size: int, claim: str = "equivariant") -> Subject:
    return Subject(model, {"input_shape": (3, size, size), "group": "translation", "claim": claim})


def pooled(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def circular(draw: random.Random, channels: int = 3) -> nn.Conv2d:
    kernel = draw.choice([1, 3, 5])
    dilation = draw.choice([1, 1, 2])
    return nn.Conv2d(channels, 3, kernel, padding=kernel // 2 * dilation, dilation=dilation, padding_mode="circular")


class Filter(nn.Module):
    """Multiplication of the Fourier transform by any complex numbers: every circular convolution."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 3, size, size, 2))

    def forward(self, x: Tensor) -> Tensor:
        weight = torch.view_as_complex(self.weight)
        return torch.fft.ifft2(torch.einsum("oihw, bihw -> bohw", weight, torch.fft.fft2(x) + 0j)).real


class PowerSpectrum(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.rfft2(x).abs().square().log1p().flatten(1)


@symmetric
def circular_convolutions(draw: random.Random) -> Subject:
    return asked(nn.Sequential(circular(draw), nn.Tanh(), circular(draw)), draw.randint(9, 16))


@symmetric
def padded_convolutions(draw: random.Random) -> Subject:
    kernel = draw.randint(1, 5)
    mode: Any = draw.choice(["zeros", "reflect", "replicate"])
    conv = nn.Conv2d(3, 3, kernel, padding=draw.randint(0, kernel // 2), padding_mode=mode)
    return asked(nn.Sequential(conv, nn.ReLU()), draw.randint(16, 24))


@symmetric
def strided_convolutions(draw: random.Random) -> Subject:
    stride = draw.choice([2, 2, 3, 4])
    kernel = draw.randint(1, 5)
    conv = nn.Conv2d(3, 3, kernel, stride, padding=draw.randint(0, kernel // 2))
    return asked(nn.Sequential(conv, nn.ReLU(), nn.Conv2d(3, 2, 3, padding=1)), draw.randint(40, 48))


@symmetric
def uneven_strides(draw: random.Random) -> Subject:
    return asked(nn.Conv2d(3, 3, 3, stride=draw.choice([(2, 1), (1, 3), (4, 2)]), padding=1), draw.randint(40, 48))


@symmetric
def strided_pools(draw: random.Random) -> Subject:
    stride = draw.choice([1, 2, 3])
    return asked(draw.choice([nn.MaxPool2d, nn.AvgPool2d])(draw.choice([2, 3]), stride), draw.randint(30, 36))


@symmetric
def finer_outputs(draw: random.Random) -> Subject:
    layers = [
        nn.ConvTranspose2d(3, 2, 4, stride=2, padding=1),
        nn.ConvTranspose2d(3, 2, 3, stride=3),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.PixelShuffle(2)),
    ]
    return asked(draw.choice(layers), draw.randint(24, 28))


@symmetric
def padded_networks(draw: random.Random) -> Subject:
    layers: list[nn.Module] = []
    for _ in range(draw.randint(1, 3)):
        layers += [nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU()]
    return asked(randomised(nn.Sequential(*layers)).eval(), draw.randint(18, 24))


@symmetric
def networks_and_their_mean(draw: random.Random) -> Subject:
    net = pooled(circular(draw), nn.BatchNorm2d(3), nn.ReLU(), circular(draw))
    return asked(randomised(net).eval(), draw.randint(9, 16), claim="invariant")


@symmetric
def padded_networks_and_their_mean(draw: random.Random) -> Subject:
    kernel = draw.choice([3, 5])
    net = pooled(nn.Conv2d(3, 4, kernel, padding=kernel // 2, bias=False), nn.ReLU())
    return asked(net, draw.randint(16, 20), claim="invariant")


@symmetric
def norms_over_the_image(draw: random.Random) -> Subject:
    net = nn.Sequential(circular(draw), nn.InstanceNorm2d(3, affine=True), nn.ReLU(), circular(draw))
    return asked(randomised(net), draw.randint(10, 16))


@symmetric
def spectral_filters(draw: random.Random) -> Subject:
    size = draw.randint(8, 13)
    return asked(nn.Sequential(Filter(size), nn.ReLU(), Filter(size)), size)


@symmetric
def power_spectra(draw: random.Random) -> Subject:
    return asked(PowerSpectrum(), draw.randint(8, 14), claim="invariant")


@symmetric
def attention_without_positions(draw: random.Random) -> Subject:
    return asked(Attention(), draw.randint(6, 8))


@symmetric
def statistics_of_features(draw: random.Random) -> Subject:
    return asked(nn.Sequential(circular(draw), Statistics()), draw.randint(8, 13), claim="invariant")
