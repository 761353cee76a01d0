"""Group features "b c |H| h w" as ordinary planar channels: in memory while computing, and in exported networks.

The flattened channel is c·|H| + h. Features in `torch.channels_last` have c innermost in memory and h next, so that
batch norm finds the channels where torch wants them; there the planar channel is h·C + c, and no layer copies.
"""

from __future__ import annotations

import copy
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from ...groups import SplitGroup

__all__ = ["flatten_group", "from_planar", "is_channels_last", "to_planar", "unflatten_group"]


def is_channels_last(features: Tensor) -> bool:
    """Whether "b c |H| h w" lies in memory as b, h, w, |H|, c."""
    return features.stride()[1:3] == (1, features.shape[1])


def flatten_group(features: Tensor, channels_last: bool) -> Tensor:
    """The planar channels: h·C + c if `channels_last`, else c·|H| + h."""
    return (features.transpose(1, 2) if channels_last else features).flatten(1, 2)


def unflatten_group(planar: Tensor, channels: int, order: int, channels_last: bool) -> Tensor:
    """The inverse of `flatten_group`."""
    if channels_last:
        return planar.unflatten(1, (order, channels)).transpose(1, 2)
    return planar.unflatten(1, (channels, order))


@runtime_checkable
class _Exports(Protocol):
    def to_planar(self) -> nn.Module: ...


def to_planar(module: nn.Module) -> nn.Module:
    """The network with every group layer replaced by its planar equal: `torch.nn.Conv2d`, `BatchNorm2d`, …

    Features "b c |H| h w" become "b c·|H| h w"; with them flattened the outputs are those of `module` in `eval()`. (In
    training, batch norm would take its statistics channel by channel.) The weights are copies; `module` is untouched.
    Layers that know no group are taken over, so they must not care about the group axis, as pointwise ones do not.
    """
    return _export(copy.deepcopy(module))


def _export(module: nn.Module) -> nn.Module:
    if isinstance(module, _Exports):
        return module.to_planar()
    for name, child in module._modules.items():
        if child is not None:
            setattr(module, name, _export(child))
    return module


def from_planar(group: SplitGroup, module: nn.Module) -> nn.Sequential:
    """A layer on "b c |H| h w" to be fed with "b c·|H| h w"."""
    return _FromPlanar(nn.Unflatten(1, (-1, group.order)), module)


class _FromPlanar(nn.Sequential):
    """Exported already, though what it holds could be again."""

    def to_planar(self) -> nn.Module:
        return self
