"""The four networks of the report, with fixed seeds."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ..models import DiffCNN, PlainCNN
from .orders import FIRST, HALF, POLES, Order

__all__ = ["CHANNELS", "ORDERS", "networks", "seeded"]

CHANNELS = 4


ORDERS: dict[str, Order] = {
    "DiffCNN, K = 1": POLES,
    "DiffCNN, K = 3, stride 1": POLES,
    "DiffCNN, K = 3, stride 1, live sign layer": HALF,
    "DiffCNN, K = 3, stride 3": POLES,
    "plain CNN, 3×3": FIRST,
}
"""How the error of a network grows with the size of what it is not invariant to."""


def seeded() -> torch.Generator:
    """A generator of seed 0: every figure draws the same numbers wherever it is made."""
    return torch.Generator().manual_seed(0)


def networks(*, dilation: int = 1) -> dict[str, nn.Module]:
    """DiffCNN with one tap, with overlapping and with non-overlapping 3×3 windows, and a plain CNN; fixed seed.

    The sign layers are as they are initialised, $A = I$, where they do nothing; one network has them alive.
    """
    options: dict[str, dict[str, Any]] = {
        "DiffCNN, K = 1": {"kernel_size": 1},
        "DiffCNN, K = 3, stride 1": {"kernel_size": 3, "dilation": dilation},
        "DiffCNN, K = 3, stride 1, live sign layer": {
            "kernel_size": 3,
            "dilation": dilation,
            "cayley": (1.2, -0.8, 0.5),
        },
        "DiffCNN, K = 3, stride 3": {"kernel_size": 3, "stride": 3},
    }
    nets: dict[str, nn.Module] = {
        name: DiffCNN(CHANNELS, degenerate="nan", generator=seeded(), **chosen) for name, chosen in options.items()
    }
    nets["plain CNN, 3×3"] = PlainCNN(CHANNELS, 3, dilation=dilation, generator=seeded())
    return {name: net.double().requires_grad_(False) for name, net in nets.items()}
