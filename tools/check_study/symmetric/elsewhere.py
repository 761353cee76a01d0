"""Layers of other libraries, where they are installed: escnn's R2Conv, and networks of it up to a depth of three."""

from __future__ import annotations

import random
import sys
import warnings
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from ..subject import Subject, symmetric

__all__ = ["escnn", "network"]


def escnn() -> Any:
    """escnn without lie-learn and py3nj, which its groups in space alone need."""
    parts = ["lie_learn", "representations", "SO3", "wigner_d"]
    for n in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:n]), ModuleType(".".join(parts[:n])))
    sys.modules[".".join(parts)].__dict__.setdefault("wigner_D_matrix", None)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`py3nj` package not found", category=UserWarning)
        warnings.filterwarnings("ignore", message="`torch.jit", category=DeprecationWarning)
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


class Tensors(nn.Module):
    """A network of fields, on tensors."""

    def __init__(self, layers: Any, kind: Any, *, pooled: bool) -> None:
        super().__init__()
        self.layers, self.kind, self.pooled = layers, kind, pooled

    def forward(self, x: Tensor) -> Tensor:
        from escnn.nn import GeometricTensor

        y = self.layers(GeometricTensor(x, self.kind)).tensor
        return y.mean((-2, -1)) if self.pooled else y


def network(draw: random.Random, fault: float = 0.0) -> Subject:
    """One to three R2Conv on C4, D4 or C8 with nonlinearities, some with norms or pools; then a GroupPooling."""
    package = escnn()
    f, spaces = package.nn, package.gspaces
    name = draw.choice(["C4", "D4", "C8"])
    space = spaces.flipRot2dOnR2(4) if name == "D4" else spaces.rot2dOnR2(int(name[1:]))
    kind = first = f.FieldType(space, 3 * [space.trivial_repr])
    layers: list[Any] = []
    for _ in range(draw.randint(1, 3)):
        hidden = f.FieldType(space, draw.randint(1, 2) * [space.regular_repr])
        size = draw.choice([3, 5])
        layers.append(f.R2Conv(kind, hidden, kernel_size=size, padding=size // 2))
        layers += [f.InnerBatchNorm(hidden)] if draw.random() < 0.3 else []
        layers.append(draw.choice([f.ReLU, f.ELU])(hidden))
        layers += [f.PointwiseAvgPool2D(hidden, 3, stride=2, padding=1)] if draw.random() < 0.3 else []
        layers += [f.PointwiseMaxPool2D(hidden, 3, stride=1, padding=1)] if draw.random() < 0.2 else []
        kind = hidden
    layers.append(f.GroupPooling(kind))
    size, pooled = draw.choice([9, 13, 17]), draw.random() < 0.5
    with torch.no_grad():  # filters that are expanded then are leaves, which can be copied
        model = Tensors(f.SequentialModule(*layers), first, pooled=pooled).eval()
    if fault:
        model.layers[0].filter[0, 0, 0, 0] += fault
    group, claim = "p4m" if name == "D4" else "p4", "invariant" if pooled else "equivariant"
    return Subject(model, {"input_shape": (3, size, size), "group": group, "claim": claim})


if find_spec("escnn") is not None:
    symmetric(r2conv)
