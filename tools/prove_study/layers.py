"""Layers of torch whose weights are tied along the orbits of a group: what the random architectures are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .groups import Acting, Sources, tied

__all__ = ["Branches", "Excite", "Padded", "Pointwise", "Reduce", "conv", "dense", "norm", "slope", "transposed"]

_CONV: dict[int, Any] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_TRANSPOSED: dict[int, Any] = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_NORM: dict[int, Any] = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}


def _set(parameter: Tensor | None, motions: list[Callable[[Tensor], Tensor]], values: Tensor | None = None) -> None:
    if parameter is not None:
        with torch.no_grad():
            parameter.copy_(tied(parameter.clone() if values is None else values, motions))


def _enlarge(layer: nn.Module) -> None:
    """So large that features neither die nor fade behind ReLUs; torch's own start is 2.4 times smaller."""
    assert isinstance(layer.weight, Tensor)
    nn.init.kaiming_uniform_(layer.weight)


def _rows(sources: Sources) -> list[Callable[[Tensor], Tensor]]:
    return [lambda x, s=list(row): x[s] for row in sources.values()]


def width(sources: Sources) -> int:
    """Channels that a representation moves."""
    return len(next(iter(sources.values())))


def conv(group: Acting, before: Sources, after: Sources, kernel: int, **options: Any) -> nn.Module:
    """A convolution; with `groups` equal to the channels, one filter a channel."""
    layer = _CONV[group.dims](width(before), width(after), kernel, **options)
    _enlarge(layer)
    one = options.get("groups", 1) > 1

    def moved(g: str) -> Callable[[Tensor], Tensor]:
        rows, columns = list(after[g]), [0] if one else list(before[g])
        return lambda w: group.grid(g, w)[rows][:, columns]

    _set(layer.weight, [moved(g) for g in group.grids])
    _set(layer.bias, _rows(after))
    return layer


def transposed(group: Acting, before: Sources, after: Sources, kernel: int, **options: Any) -> nn.Module:
    """A transposed convolution."""
    layer = _TRANSPOSED[group.dims](width(before), width(after), kernel, **options)
    _enlarge(layer)
    _set(layer.weight, [lambda w, g=g: group.grid(g, w)[list(before[g])][:, list(after[g])] for g in group.grids])
    _set(layer.bias, _rows(after))
    return layer


def dense(group: Acting, before: Sources, after: Sources) -> nn.Linear:
    """A linear layer on channels."""
    layer = nn.Linear(width(before), width(after))
    _set(layer.weight, [lambda w, g=g: w[list(after[g])][:, list(before[g])] for g in group.grids])
    _set(layer.bias, _rows(after))
    return layer


def norm(group: Acting, sources: Sources) -> nn.Module:
    """Batch norm with statistics of its own in eval mode."""
    n, moves = width(sources), _rows(sources)
    layer = _NORM[group.dims](n)
    for values, drawn in (
        (layer.weight, 0.5 + torch.rand(n)),
        (layer.bias, 0.3 * torch.randn(n)),
        (layer.running_mean, 0.1 * torch.randn(n)),
        (layer.running_var, 0.5 + torch.rand(n)),
    ):
        _set(values, moves, drawn)
    return layer


def slope(sources: Sources) -> nn.PReLU:
    """A negative slope for each channel."""
    layer = nn.PReLU(width(sources))
    _set(layer.weight, _rows(sources), 0.1 + 0.8 * torch.rand(width(sources)))
    return layer


class Pointwise(nn.Module):
    """One of torch's functions."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Branches(nn.Module):
    """Several ways side by side: added, multiplied, or concatenated along the channels."""

    def __init__(self, how: str, *ways: nn.Module) -> None:
        super().__init__()
        self.how, self.ways = how, nn.ModuleList(ways)

    def forward(self, x: Tensor) -> Tensor:
        found = [way(x) for way in self.ways]
        if self.how == "concatenated":
            return torch.cat(found, 1)
        result = found[0]
        for other in found[1:]:
            result = result + other if self.how == "added" else result * other
        return result


class Excite(nn.Module):
    """Channels weighed by what a perceptron makes of their means."""

    def __init__(self, first: nn.Linear, second: nn.Linear) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x: Tensor) -> Tensor:
        weights = self.second(self.first(x.flatten(2).mean(2)).relu()).sigmoid()
        return x * weights.view(*weights.shape, *(1 for _ in x.shape[2:]))


class Padded(nn.Module):
    """Every axis of the grid padded on both sides."""

    def __init__(self, dims: int, pad: int, mode: str) -> None:
        super().__init__()
        self.pad, self.mode = (pad,) * (2 * dims), mode

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.pad, self.mode)


class Reduce(nn.Module):
    """The grid reduced to one number a channel."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "flat mean":
            return x.flatten(2).mean(-1)
        axes = list(range(2, x.ndim))
        if self.how == "logsumexp":
            return x.logsumexp(axes)
        return x.amax(axes) if self.how == "max" else x.sum(axes) if self.how == "sum" else x.mean(axes)
