"""Networks with circular padding, under cyclic shifts of sequences, planes and volumes."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import nn

from tools.check_study.subject import randomised

from ..layers import Branches, Reduce
from ..subject import Motion, Subject, family

CONV: dict[int, Any] = {1: nn.Conv1d, 2: nn.Conv2d}
NORM: dict[int, Any] = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}


def shifts(dims: int, step: int = 1) -> dict[str, Motion]:
    """One generator an axis."""
    return {f"shift {i}": lambda x, i=i: (torch.roll(x, step, 2 + i),) for i in range(dims)}


def layer(draw: random.Random, dims: int, before: int, after: int, size: int) -> nn.Module:
    kernel = draw.choice([1, 3, 3, 5])
    dilation = draw.choice([1, 1, 2])
    reach = dilation * (kernel - 1) // 2
    if reach > size:
        kernel, dilation, reach = 3, 1, 1
    groups = before if after == before and draw.random() < 0.2 else 1
    options: dict[str, Any] = {"padding": reach, "padding_mode": "circular", "dilation": dilation, "groups": groups}
    return CONV[dims](before, after, kernel, **options)


@family
def circular_networks(draw: random.Random) -> Subject:
    dims = draw.choice([1, 2, 2])
    size = draw.randint(6, 14) if dims == 1 else draw.randint(5, 9)
    before = start = draw.randint(1, 3)
    layers: list[nn.Module] = []
    for _ in range(draw.randint(1, 4)):
        after = draw.choice([before, draw.randint(2, 8)])
        one = layer(draw, dims, before, after, size)
        layers.append(Branches("added", nn.Identity(), one) if after == before and draw.random() < 0.3 else one)
        if draw.random() < 0.6:
            layers.append(NORM[dims](after))
        layers.append(draw.choice([nn.ReLU, nn.GELU, nn.Tanh])())
        before = after
    if draw.random() < 0.6:
        layers += [Reduce(draw.choice(["mean", "max", "flat mean"])), nn.Linear(before, 4)]
    group = f"shifts {dims}"
    return Subject(randomised(nn.Sequential(*layers)), ((start, *(size,) * dims),), group, shifts(dims))
