"""Export of a network on group features to one on ordinary planar channels, the flattened channel c·|H| + h."""

from __future__ import annotations

import copy
from typing import Protocol, runtime_checkable

from torch import nn

from ...groups import SplitGroup

__all__ = ["from_planar", "to_planar"]


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
    return nn.Sequential(nn.Unflatten(1, (-1, group.order)), module)
