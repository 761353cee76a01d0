"""Strides at a size that does not suit them; the sound module is the mean of the faulty one over the group."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance import P4, P4M
from invariance.layers import GroupAvgPool2d, GroupMaxPool2d, GroupPool, P4ConvP4, P4ConvZ2, P4MConvZ2, Subsample

from ..subject import Fault, Model, plant
from .borders import taps


def averaged(model: Model, group: Any, *, features_in: bool = False, features_out: bool = False) -> Model:
    r"""$\frac{1}{|H|} \sum_g \rho(g)^{-1} F(gx)$, the nearest map that is equivariant."""

    def act(element: int, values: Tensor, features: bool) -> Tensor:
        return group.act(element, values) if features else group.act_on_plane(element, values)

    def mean(x: Tensor) -> Tensor:
        turned = [act(group.inverse[g], model(act(g, x, features_in)), features_out) for g in group.elements]
        return torch.stack(turned).mean(0)

    return mean


def fault(model: Any, size: int, shape: tuple[int, ...] = (3,), group: Any = P4, **options: Any) -> Fault:
    model = model.double() if isinstance(model, nn.Module) else model
    options = {"claim": "equivariant", **options}
    sound = averaged(model, group, features_in=len(shape) > 1, features_out=options.get("action") == "regular")
    fibre = {"fibre": "regular"} if len(shape) > 1 else {}
    return Fault(sound, model, {"input_shape": (*shape, size, size), "group": group.name, **fibre, **options})


def strided(kernel: int, stride: int, padding: int) -> Model:
    return lambda x: F.conv2d(x, taps(kernel), stride=stride, padding=padding)


PLANAR: dict[str, tuple[Any, int]] = {
    "convolution 3, stride 2, padding 1, at 10": (strided(3, 2, 1), 10),
    "convolution 3, stride 2, no padding, at 10": (strided(3, 2, 0), 10),
    "convolution 5, stride 2, padding 2, at 12": (strided(5, 2, 2), 12),
    "convolution 2, stride 2, at 11": (strided(2, 2, 0), 11),
    "convolution 1, stride 2, at 10": (strided(1, 2, 0), 10),
    "convolution 3, stride 3, at 11": (strided(3, 3, 0), 11),
    "convolution 7, stride 4, padding 3, at 16": (strided(7, 4, 3), 16),
    "patches of 4 at 14": (strided(4, 4, 0), 14),
    "maximum over 2 at 11": (nn.MaxPool2d(2), 11),
    "maximum over 2 at 11, windows that overhang": (nn.MaxPool2d(2, ceil_mode=True), 11),
    "mean over 2 at 11": (nn.AvgPool2d(2), 11),
    "maximum over 3, stride 2, padding 1, at 10": (nn.MaxPool2d(3, 2, 1), 10),
    "mean over 3, stride 2, at 10": (nn.AvgPool2d(3, 2), 10),
    "power mean over 2 at 9": (nn.LPPool2d(2, 2), 9),
    "every other pixel at 10": (lambda x: x[..., ::2, ::2], 10),
    "every third pixel at 11": (lambda x: x[..., ::3, ::3], 11),
    "nearest pixel, 10 to 7": (lambda x: F.interpolate(x, size=7), 10),
    "nearest pixel, 9 to 14": (lambda x: F.interpolate(x, size=14), 9),
    "pixels into channels": (nn.PixelUnshuffle(2), 10),
    "channels into pixels": (nn.Sequential(nn.Conv2d(3, 12, 1), nn.PixelShuffle(2)), 8),
    "transposed convolution of stride 2, cut on one side": (
        lambda x: F.conv_transpose2d(x, taps(3).transpose(0, 1)[:, :3].transpose(0, 1), stride=2)[..., 1:, 1:],
        8,
    ),
}
for name, (model, size) in PLANAR.items():
    plant(name, lambda model=model, size=size: fault(model, size))


def twice() -> nn.Module:
    return nn.Sequential(
        P4ConvZ2(3, 2, 3, padding=1), nn.ReLU(), P4ConvP4(2, 2, 3, stride=2, padding=1), nn.ReLU(),
        P4ConvP4(2, 2, 3, stride=2, padding=1),
    )  # fmt: skip


def classifier() -> nn.Module:
    return nn.Sequential(twice(), GroupPool(P4), nn.AdaptiveAvgPool2d(1), nn.Flatten())


REGULAR: dict[str, Any] = {"claim": "equivariant", "action": "regular"}
plant("p4 convolution of stride 2 at 10", lambda: fault(P4ConvZ2(3, 2, 3, 2, 1), 10, **REGULAR))
plant("p4m convolution of stride 2 at 10", lambda: fault(P4MConvZ2(3, 2, 3, 2, 1), 10, group=P4M, **REGULAR))
plant("two p4 convolutions of stride 2 at 15", lambda: fault(twice(), 15, **REGULAR))
plant("p4 maximum over 2 at 9", lambda: fault(GroupMaxPool2d(2), 9, (2, 4), **REGULAR))
plant("p4 mean over 2 at 9", lambda: fault(GroupAvgPool2d(2), 9, (2, 4), **REGULAR))
plant("every other pixel of p4 features at 8", lambda: fault(Subsample(P4, stride=2), 8, (2, 4), **REGULAR))


def invariant(model: nn.Module, size: int) -> Fault:
    model = model.double()

    def mean(x: Tensor) -> Tensor:
        return torch.stack([model(P4.act_on_plane(g, x)) for g in P4.elements]).mean(0)

    return Fault(mean, model, {"input_shape": (3, size, size), "group": "p4", "claim": "invariant"})


plant("a p4 classifier with two strides at 16", lambda: invariant(classifier(), 16))
plant("a p4 classifier with two strides at 18", lambda: invariant(classifier(), 18))
