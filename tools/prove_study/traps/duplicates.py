"""Duplicate filters, whose permutation is not unique (27)."""

from __future__ import annotations

import torch
from torch import nn

from ..subject import trap
from .asked import image, noise


def duplicates() -> nn.Sequential:
    """Filters that come twice, read with unlike weights."""
    first = nn.Conv2d(3, 4, 3, bias=False)
    second = nn.Conv2d(4, 1, 1, bias=False)
    with torch.no_grad():
        w = noise(1, 3, 3, 3)
        first.weight.copy_(torch.cat([w, w, w.flip(-2), w.flip(-2)]))
        second.weight.copy_(torch.tensor([1.0, 2, 3, 4]).view(1, 4, 1, 1))
    return nn.Sequential(first, nn.ReLU(), second)


def duplicates_that_agree() -> nn.Module:
    net = duplicates()
    with torch.no_grad():
        net[2].get_parameter("weight").copy_(torch.tensor([1.0, 2, 2, 1]).view(1, 4, 1, 1))
    return net


trap("27: duplicate filters, read with unlike weights")(lambda: image(duplicates()))
trap("27: duplicate filters that only one permutation serves")(lambda: image(duplicates_that_agree(), "either"))
trap("27: duplicate filters whose sum is right")(lambda: image(merged(), "either"))


def merged() -> nn.Module:
    """1 + 3 = 2 + 2: symmetric once duplicates are merged, by no permutation before."""
    net = duplicates()
    with torch.no_grad():
        net[2].get_parameter("weight").copy_(torch.tensor([1.0, 3, 2, 2]).view(1, 4, 1, 1))
    return net
