"""Pooling and turning of features "b c angles h w"."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import ArgumentError
from ..gconv.checks import check_shape, check_whole, check_window

__all__ = ["AnglePool", "RotDCFMaxPool2d", "turn_features"]


class RotDCFMaxPool2d(nn.Module):
    """`torch.nn.MaxPool2d(kernel_size)` at every angle: exact for quarter turns if it divides both lengths."""

    def __init__(self, kernel_size: int = 2) -> None:
        super().__init__()
        check_whole(1, kernel_size=kernel_size)
        self.kernel_size = kernel_size

    def forward(self, features: Float[Tensor, "b c angles h w"]) -> Float[Tensor, "b c angles h2 w2"]:
        check_shape(features, channels=None, angles=None)
        check_window(features, self.kernel_size, 0)
        planar = features.transpose(1, 2)
        return F.max_pool2d(planar.flatten(1, 2), self.kernel_size).unflatten(1, planar.shape[1:3]).transpose(1, 2)

    def extra_repr(self) -> str:
        return f"{self.kernel_size}"


class AnglePool(nn.Module):
    """Max or mean over the angles, "b c angles h w" to "b c h w": a map on the plane that turns as an image does."""

    def __init__(self, reduce: Literal["max", "mean"] = "max") -> None:
        super().__init__()
        if reduce not in get_args(Literal["max", "mean"]):
            raise ArgumentError("reduce", repr(reduce), "'max' or 'mean'")
        self.reduce = reduce

    def forward(self, features: Float[Tensor, "b c angles h w"]) -> Float[Tensor, "b c h w"]:
        check_shape(features, channels=None, angles=None)
        return features.amax(2) if self.reduce == "max" else features.mean(2)

    def extra_repr(self) -> str:
        return self.reduce


def turn_features(
    features: Shaped[Tensor, "*batch angles h w"], quarter_turns: int
) -> Shaped[Tensor, "*batch angles h2 w2"]:
    r"""$(L_g f)(x, \alpha) = f(R_g^{-1}x, \alpha - g)$ for g quarter turns counter-clockwise on the screen.

    Raises:
        ArgumentError: no axes of angles and plane, or a number of angles that is no multiple of 4.
    """
    if features.ndim < 3 or features.shape[-3] % 4:
        raise ArgumentError("features.shape", tuple(features.shape), "(…, a multiple of 4 angles, height, width)")
    step = features.shape[-3] // 4
    return torch.rot90(features, quarter_turns, (-2, -1)).roll(step * quarter_turns, -3)
