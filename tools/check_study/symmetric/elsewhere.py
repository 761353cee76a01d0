"""Layers of other libraries, where they are installed: escnn's R2Conv on C4."""

from __future__ import annotations

import random
import sys
import warnings
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from torch import Tensor, nn

from ..subject import Subject, symmetric

__all__ = ["escnn"]


def escnn() -> Any:
    """escnn without lie-learn and py3nj, which its groups in space alone need."""
    parts = ["lie_learn", "representations", "SO3", "wigner_d"]
    for n in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:n]), ModuleType(".".join(parts[:n])))
    sys.modules[".".join(parts)].__dict__.setdefault("wigner_D_matrix", None)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`py3nj` package not found", category=UserWarning)
        import_module("escnn.nn")
        return import_module("escnn")


class Plain(nn.Module):
    """An R2Conv on tensors: "b 3 h w" to "b c 4 h w"."""

    def __init__(self, conv: Any) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, x: Tensor) -> Tensor:
        from escnn.nn import GeometricTensor

        return self.conv(GeometricTensor(x, self.conv.in_type)).tensor.unflatten(1, (-1, 4))


def r2conv(draw: random.Random) -> Subject:
    package = escnn()
    space = package.gspaces.rot2dOnR2(4)
    kinds = [package.nn.FieldType(space, n * [r]) for n, r in ((3, space.trivial_repr), (2, space.regular_repr))]
    kernel = draw.choice([1, 3, 5, 7])
    conv = package.nn.R2Conv(*kinds, kernel_size=kernel, padding=kernel // 2).train(draw.random() < 0.5)
    size = draw.randint(9, 13)
    options = {"input_shape": (3, size, size), "group": "p4", "claim": "equivariant", "action": "regular"}
    return Subject(Plain(conv), options)


if find_spec("escnn") is not None:
    symmetric(r2conv)
