"""The figures of the report: each is measured, drawn, and said in a sentence that follows from what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..actions import block_action, smooth_action
from ..images import AnalyticImage, sample
from ..jacobians import jacobian
from ..measure import (
    Claim,
    InvarianceCurve,
    Ladder,
    dropped_term,
    invariance_curve,
    refinement_ladder,
    resampling_floor,
    warp_error,
)
from ..models import DiffCNN, PlainCNN
from ..plots import plot_bound, plot_gallery, plot_invariance, plot_ladder
from ..warps import WARP_FAMILIES, Pullback, warp_images

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "Result", "networks"]

CHANNELS = 8
CAYLEY = (1.2, -0.8, 0.5)
SIGMAS = (0.01, 0.05, 0.1, 0.5)
"""The paper's scales."""


@dataclass(frozen=True)
class Result:
    """One figure: its name, title, what it shows in words, the picture, and everything measured as plain data."""

    name: str
    title: str
    text: str
    figure: Figure
    data: Any


def networks(*, dilation: int = 1) -> dict[str, nn.Module]:
    """DiffCNN with one tap, with overlapping and with non-overlapping 3×3 windows, and a plain CNN; fixed seed."""
    options: dict[str, dict[str, Any]] = {
        "DiffCNN, K = 1": {"kernel_size": 1},
        "DiffCNN, K = 3, stride 1": {"kernel_size": 3, "dilation": dilation},
        "DiffCNN, K = 3, stride 3": {"kernel_size": 3, "stride": 3},
    }
    nets: dict[str, nn.Module] = {
        name: DiffCNN(CHANNELS, cayley=CAYLEY, degenerate="nan", generator=_seeded(), **chosen)
        for name, chosen in options.items()
    }
    nets["plain CNN, 3×3"] = PlainCNN(CHANNELS, 3, dilation=dilation, generator=_seeded())
    return {name: net.double().requires_grad_(False) for name, net in nets.items()}


def _seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)
