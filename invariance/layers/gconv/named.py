"""The four layers of Cohen & Welling (2016) by their usual names, in torch's order of arguments."""

from __future__ import annotations

from typing import Any, ClassVar

from ...groups import P4, P4M, SplitGroup
from .correlation import Correlation, GroupConv2d, LiftingConv2d

__all__ = ["P4ConvP4", "P4ConvZ2", "P4MConvP4M", "P4MConvZ2"]


class _Named(Correlation):
    GROUP: ClassVar[SplitGroup]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(self.GROUP, in_channels, out_channels, kernel_size, stride, padding, bias, **options)


class P4ConvZ2(_Named, LiftingConv2d):
    """Images "b in h w" to p4 features "b out 4 h2 w2"; weight "out in 1 k k"."""

    GROUP = P4


class P4ConvP4(_Named, GroupConv2d):
    """p4 features "b in 4 h w" to "b out 4 h2 w2"; weight "out in 4 k k"."""

    GROUP = P4


class P4MConvZ2(_Named, LiftingConv2d):
    """Images "b in h w" to p4m features "b out 8 h2 w2"; weight "out in 1 k k"."""

    GROUP = P4M


class P4MConvP4M(_Named, GroupConv2d):
    """p4m features "b in 8 h w" to "b out 8 h2 w2"; weight "out in 8 k k"."""

    GROUP = P4M
