r"""Pooling of feature maps on G over subgroups, and over the plane (Cohen & Welling 2016, section 6.3).

Pooling over the group axis is exact always. Pooling over the plane is exact where its windows are centred,
$(n + 2p - k) \bmod s = 0$ for both lengths n; `invariance.sizes` finds such sizes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import ArgumentError
from ...groups import SplitGroup
from .checks import check_shape, check_whole, check_window
from .planar import flatten_group, from_planar, is_channels_last, unflatten_group

__all__ = ["CosetPool", "GroupAvgPool2d", "GroupMaxPool2d", "GroupPool", "Reduce"]

Reduce = Literal["max", "mean"]


def _reduce(features: Tensor, axis: int, reduce: Reduce) -> Tensor:
    return features.amax(axis) if reduce == "max" else features.mean(axis)


def _check(reduce: Reduce) -> None:
    if reduce not in get_args(Reduce):
        raise ArgumentError("reduce", repr(reduce), "'max' or 'mean'")


class GroupPool(nn.Module):
    """Max or mean over H, a map on the plane that turns as an image does: "b c |H| h w" to "b c h w"."""

    def __init__(self, group: SplitGroup, reduce: Reduce = "max") -> None:
        super().__init__()
        self.group = group
        self.reduce: Reduce = reduce
        _check(reduce)

    def forward(self, features: Float[Tensor, "b c group h w"]) -> Float[Tensor, "b c h w"]:
        check_shape(features, channels=None, group=self.group.order)
        if self.reduce == "max" and is_channels_last(features):  # several times as fast as amax and its gradient
            plane = features.movedim(2, -1).flatten(2, 3)
            pooled = F.max_pool2d(plane, (1, self.group.order))
            return pooled.squeeze(-1).unflatten(2, features.shape[-2:])
        return _reduce(features, 2, self.reduce)

    def to_planar(self) -> nn.Module:
        """The same numbers from the folded layout "b c·|H| h w"."""
        return from_planar(self.group, self)

    def extra_repr(self) -> str:
        return f"{self.group.name}, {self.reduce}"


class CosetPool(nn.Module):
    r"""$Pf(x, gK) = \max_{k \in K} f(x, gk)$ or the mean: features on G to features on G/K.

    "b c |H| h w" to "b c |H|/|K| h w". Invariant to the right action of K; the left action permutes the cosets:
    `group.act(g, pooled, subgroup=K)`.

    Args:
        subgroup: the elements of K; the cosets come in the order of `group.left_cosets(K)`.

    Raises:
        ArgumentError: K is no subgroup of H.
    """

    members: Tensor

    def __init__(self, group: SplitGroup, subgroup: Iterable[int], reduce: Reduce = "max") -> None:
        super().__init__()
        self.group, self.subgroup = group, group.check_subgroup(subgroup)
        self.reduce: Reduce = reduce
        _check(reduce)
        self.register_buffer("members", torch.tensor(group.left_cosets(self.subgroup)), persistent=False)

    def forward(self, features: Float[Tensor, "b c group h w"]) -> Float[Tensor, "b c cosets h w"]:
        check_shape(features, channels=None, group=self.group.order)
        cosets = features.index_select(2, self.members.flatten()).unflatten(2, self.members.shape)
        return _reduce(cosets, 3, self.reduce)

    def to_planar(self) -> nn.Module:
        """The same numbers from and to the folded layout "b c·|H| h w"."""
        return from_planar(self.group, self).append(nn.Flatten(1, 2))

    def extra_repr(self) -> str:
        return f"{self.group.name}, {self.subgroup}, {self.reduce}"


class _PlanePool(nn.Module, ABC):
    """The same planar pooling at every element of the group."""

    def __init__(self, kernel_size: int, stride: int | None = None, padding: int = 0) -> None:
        super().__init__()
        stride = kernel_size if stride is None else stride
        check_whole(1, kernel_size=kernel_size, stride=stride)
        check_whole(0, padding=padding)
        if 2 * padding > kernel_size:
            raise ArgumentError("padding", padding, f"at most half of the kernel, {kernel_size}/2")
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    @abstractmethod
    def _pool(self, planar: Tensor) -> Tensor: ...

    def forward(self, features: Float[Tensor, "b c group h w"]) -> Float[Tensor, "b c group h2 w2"]:
        check_shape(features, channels=None, group=None)
        check_window(features, self.kernel_size, self.padding)
        channels, order = features.shape[1:3]
        channels_last = is_channels_last(features)
        return unflatten_group(self._pool(flatten_group(features, channels_last)), channels, order, channels_last)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class GroupMaxPool2d(_PlanePool):
    """`torch.nn.MaxPool2d` at every element, "b c group h w" to "b c group h2 w2"; stride = kernel_size by default."""

    def _pool(self, planar: Tensor) -> Tensor:
        return F.max_pool2d(planar, self.kernel_size, self.stride, self.padding)

    def to_planar(self) -> nn.MaxPool2d:
        """The same numbers on the folded layout "b c·|H| h w": each orientation is a channel."""
        return nn.MaxPool2d(self.kernel_size, self.stride, self.padding)


class GroupAvgPool2d(_PlanePool):
    """`torch.nn.AvgPool2d` at every element, "b c group h w" to "b c group h2 w2"; stride = kernel_size by default."""

    def _pool(self, planar: Tensor) -> Tensor:
        return F.avg_pool2d(planar, self.kernel_size, self.stride, self.padding)

    def to_planar(self) -> nn.AvgPool2d:
        """The same numbers on the folded layout "b c·|H| h w": each orientation is a channel."""
        return nn.AvgPool2d(self.kernel_size, self.stride, self.padding)
