"""The layers of one architecture, planar or on a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from torch import nn

from ..errors import ArgumentError, one_of
from ..groups import P4, P4M, SplitGroup
from ..layers import GroupBatchNorm2d, GroupConv2d, GroupPool, LiftingConv2d

__all__ = ["Layers", "Symmetry", "layers_of"]

Symmetry = Literal["z2", "p4", "p4m"]


@dataclass(frozen=True)
class Layers:
    """Features are "b c h w" without a group and "b c |H| h w" on one."""

    group: SplitGroup | None

    @property
    def order(self) -> int:
        """|H|, 1 without a group."""
        return 1 if self.group is None else self.group.order

    def lift(self, before: int, after: int, kernel_size: int, **options: Any) -> nn.Module:
        """A convolution that reads images."""
        if self.group is None:
            return nn.Conv2d(before, after, kernel_size, **options)
        return LiftingConv2d(self.group, before, after, kernel_size, **options)

    def conv(self, before: int, after: int, kernel_size: int, **options: Any) -> nn.Module:
        """A convolution that reads features."""
        if self.group is None:
            return nn.Conv2d(before, after, kernel_size, **options)
        return GroupConv2d(self.group, before, after, kernel_size, **options)

    def norm(self, channels: int) -> nn.Module:
        """Batch norm, its statistics and parameters shared over the group."""
        return nn.BatchNorm2d(channels) if self.group is None else GroupBatchNorm2d(self.group, channels)

    def mean(self) -> nn.Module:
        """The mean over the group: features to "b c h w"."""
        return nn.Identity() if self.group is None else GroupPool(self.group, "mean")


def layers_of(symmetry: Symmetry) -> Layers:
    """The layers of planar networks, "z2", or of those on "p4" or "p4m".

    Raises:
        ArgumentError: another name.
    """
    if symmetry not in get_args(Symmetry):
        raise ArgumentError("symmetry", symmetry, one_of(symmetry, get_args(Symmetry)))
    return Layers({"z2": None, "p4": P4, "p4m": P4M}[symmetry])
