r"""Which image sizes keep a network with strides exactly equivariant to rotations and reflections.

A window of k pixels with padding p and stride s samples an image of n pixels at places that a flip or a turn of the
image maps to each other if and only if $(n + 2p - k) \bmod s = 0$; else pixels are left over on one side alone. Where
every convolution and pooling layer meets it, the network is exact; where one does not, no choice of the others repairs
it in general. A 3×3 layer of stride 2 and padding 1 wants an odd length, and the All-CNN, which has two of them, is
exact at 33 pixels and not at the 32 of CIFAR-10.

The network is run on the meta device, where shapes are exact and nothing is computed; it is left as it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import nn
from torch.func import functional_call

from .errors import ArgumentError

__all__ = ["Window", "check_exact_size", "exact_sizes", "size_defects"]

Channels = int | tuple[int, ...] | None


@dataclass(frozen=True)
class Window:
    """A layer's sliding window met by an image `length` pixels long; `kernel` counts its dilation."""

    layer: str
    kind: str
    length: int
    kernel: int
    stride: int
    padding: tuple[int, int]

    @property
    def exact(self) -> bool:
        """Whether the samples are centred: nothing left over, and the same padding on both sides."""
        return self.padding[0] == self.padding[1] and self.remainder == 0

    @property
    def remainder(self) -> int:
        r"""$(n + 2p - k) \bmod s$ for n pixels, padding p on both sides, a kernel k and stride s: 0 keeps quarter
        turns.
        """
        return (self.length + sum(self.padding) - self.kernel) % self.stride

    def __str__(self) -> str:
        where = f"{self.layer} ({self.kind})" if self.layer else self.kind
        before, after = self.padding
        if before != after:
            return f"{where}: pads {before} before and {after} after, at every size"
        return (
            f"{where}: (n + 2p − k) mod s = "
            f"({self.length} + 2·{before} − {self.kernel}) mod {self.stride} = {self.remainder}"
        )


def size_defects(module: nn.Module, size: int, *, channels: Channels = None) -> list[Window]:
    """The layers that break the condition on an image of `size`×`size` pixels, in the order in which they are met.

    Layers are recognised by `kernel_size` and `stride`; all others, adaptive pooling among them, are taken to be exact.

    Args:
        channels: the axes of the input between batch and height; by default the `in_channels` of the first layer.

    Raises:
        ArgumentError: no layer tells the channels. What the module itself raises at this size is passed on.
    """
    return [window for window in _windows(module, size, channels) if not window.exact]


def exact_sizes(module: nn.Module, sizes: Iterable[int], *, channels: Channels = None) -> list[int]:
    """Those of the sizes at which no layer breaks the condition; options as in `size_defects`.

    Sizes that the module refuses, too small ones or those that do not fit a linear head, are left out.

    Raises:
        ArgumentError: no layer tells the channels. What the module raises is passed on where it refuses every size.
    """
    exact, refusals, taken = [], [], 0
    for size in sizes:
        try:
            defects = size_defects(module, size, channels=channels)
        except (RuntimeError, ValueError) as refusal:
            refusals.append(refusal)
            continue
        taken += 1
        if not defects:
            exact.append(size)
    if refusals and not taken:
        raise refusals[-1]
    return exact


def check_exact_size(module: nn.Module, size: int, *, channels: Channels = None) -> None:
    """Nothing where `size` is exact; options as in `size_defects`.

    Raises:
        ArgumentError: it is not; names the first layer that breaks the condition, and the nearest sizes that do not.
    """
    windows = _windows(module, size, channels)
    defects = [window for window in windows if not window.exact]
    if defects:
        # The sizes that suit a chain of strides repeat with the product of the strides.
        reach = prod(window.stride for window in windows)
        around = exact_sizes(module, range(max(1, size - reach), size + reach + 1), channels=channels)
        nearest = {*[n for n in around if n < size][-1:], *[n for n in around if n > size][:1]}
        advice = f"exact at {' and '.join(map(str, sorted(nearest)))}" if nearest else "no size near it is exact"
        raise ArgumentError("size", size, f"{advice}; {defects[0]}")


def _windows(module: nn.Module, size: int, channels: Channels) -> list[Window]:
    """Every window in the order of evaluation; a layer with equal windows on both axes gives one."""
    if channels is None:
        stated = (getattr(layer, "in_channels", None) for layer in module.modules())
        channels = next((count for count in stated if isinstance(count, int)), None)
    if channels is None:
        raise ArgumentError("channels", None, "the channels of the input: no layer has in_channels")
    met: list[Window] = []

    def meet(layer: nn.Module, inputs: tuple[Any, ...], name: str) -> None:
        shape = getattr(inputs[0], "shape", ()) if inputs else ()  # escnn's GeometricTensor is no Tensor
        if len(shape) >= 4:
            met.extend(dict.fromkeys(_window(name, layer, shape[axis], axis) for axis in (-2, -1)))

    hooks = [
        layer.register_forward_pre_hook(lambda m, x, name=name: meet(m, x, name))
        for name, layer in module.named_modules()
        if hasattr(layer, "kernel_size") and hasattr(layer, "stride") and not getattr(layer, "transposed", False)
    ]
    state = {name: t.detach().to("meta") for name, t in (*module.named_parameters(), *module.named_buffers())}
    dtype = next((t.dtype for t in state.values() if t.is_floating_point()), None)
    shape = (2, *((channels,) if isinstance(channels, int) else channels), size, size)
    try:
        with torch.device("meta"), torch.no_grad():
            functional_call(module, state, (torch.empty(shape, dtype=dtype),))
    finally:
        for hook in hooks:
            hook.remove()
    return met


def _window(name: str, layer: nn.Module, length: int, axis: int) -> Window:
    def along(attribute: str, default: int) -> int:
        value = getattr(layer, attribute, default)
        return value if isinstance(value, int) else value[axis]

    kernel = along("dilation", 1) * (along("kernel_size", 1) - 1) + 1
    match getattr(layer, "padding", 0):
        case "same":
            padding = (kernel - 1) // 2, kernel // 2
        case "valid":
            padding = 0, 0
        case _:
            padding = along("padding", 0), along("padding", 0)
    stride = kernel if layer.stride is None else along("stride", 1)
    return Window(name, type(layer).__name__, length, kernel, stride, padding)
