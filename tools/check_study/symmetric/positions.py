"""Positions in front of what sees the whole plane: norms, squeeze and excitation, attention, a transformer's blocks."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor, nn

from ..subject import Subject

__all__ = ["attended", "placed"]


class Placed(nn.Module):
    """A ramp, `fault` high, in front of what pools over the plane."""

    def __init__(self, after: nn.Module, fault: float) -> None:
        super().__init__()
        self.conv, self.after, self.fault = nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular"), after, fault

    def forward(self, x: Tensor) -> Tensor:
        return self.after(self.conv(x) + self.fault * torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype))


class Excitation(nn.Module):
    """Channels weighted by what they are on the mean."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weights = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weights(x.mean((-2, -1))).sigmoid()[..., None, None]


class Vision(nn.Module):
    """Patches as tokens, transformer blocks, and the tokens as a field again; positions of size `fault` are learnt."""

    def __init__(self, size: int, patch: int, depth: int, fault: float) -> None:
        super().__init__()
        self.patches = nn.Conv2d(2, 4, patch, patch)
        self.positions = nn.Parameter(fault * torch.randn((size // patch) ** 2, 4))
        options: dict[str, Any] = {"dropout": 0.0, "batch_first": True, "activation": "gelu"}
        self.blocks = nn.Sequential(*(nn.TransformerEncoderLayer(4, 2, 8, **options) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        y = self.patches(x)
        tokens = self.blocks(y.flatten(2).mT + self.positions)
        return tokens.mT.reshape(y.shape)


def placed(draw: random.Random, fault: float = 0.0) -> Subject:
    after = draw.choice([nn.GroupNorm(1, 4), nn.GroupNorm(2, 4), nn.InstanceNorm2d(4), Excitation(4)])
    size = draw.randint(8, 14)
    return Subject(Placed(after, fault), _field(size))


def attended(draw: random.Random, fault: float = 0.0) -> Subject:
    patch = draw.choice([1, 2])
    size = patch * draw.randint(6, 8)
    return Subject(Vision(size, patch, draw.randint(1, 2), fault).eval(), _field(size))


def _field(size: int) -> dict[str, Any]:
    return {"input_shape": (2, size, size), "group": "translation", "claim": "equivariant"}
