"""A network computed as its own code says, but for some operations of torch, which are replaced while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from ..errors import ArgumentError
from ..fields import image
from ..groups import as_group
from ..measure.error import Model

__all__ = ["Overridden", "SymmetricFilters", "balanced_padding", "centred_sampling", "circular_padding",
           "kept_precision", "polyphase"]  # fmt: skip

Swap = Callable[..., Any]
"""`swap(call, *arguments, **named)`: `call` is the operation itself."""


class Overridden(nn.Module):
    """The network with operations replaced, by the name of the function in torch, also in exported programs."""

    def __init__(self, net: Model, swaps: Mapping[str, Swap]) -> None:
        super().__init__()
        self.net = net
        self._swaps = dict(swaps)

    def forward(self, *inputs: Any, **named: Any) -> Any:
        with _Swapping(self._swaps):
            return self.net(*inputs, **named)


class _Swapping(TorchFunctionMode):
    def __init__(self, swaps: Mapping[str, Swap]) -> None:
        super().__init__()
        self._swaps = swaps

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, _, _ = getattr(func, "__name__", "").partition(".")  # in an exported program "conv2d.default"
        swap = self._swaps.get(name)
        if swap is None:
            return func(*args, **(kwargs or {}))
        return swap(func, *args, **(kwargs or {}))


def circular_padding() -> dict[str, Swap]:
    """Zero padding of convolutions becomes circular: what leaves at one side comes in at the other."""

    def conv2d(call: Any, x: Tensor, weight: Tensor, bias: Any = None, stride: Any = 1, padding: Any = 0,
               dilation: Any = 1, groups: int = 1) -> Tensor:  # fmt: skip
        if isinstance(padding, str) or not any(sides := _pair(padding)):
            return call(x, weight, bias, stride, padding, dilation, groups)
        padded = F.pad(x, (sides[1], sides[1], sides[0], sides[0]), "circular")
        return call(padded, weight, bias, stride, 0, dilation, groups)

    def pad(call: Any, x: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Tensor:
        wraps = mode == "constant" and not value and x.ndim == 4 and len(pad) == 4 and min(pad) >= 0
        return call(x, pad, "circular") if wraps and max(pad) <= min(x.shape[-2:]) else call(x, pad, mode, value)

    return {"conv2d": conv2d, "pad": pad}


def balanced_padding() -> dict[str, Swap]:
    """As many rows on each side: padding on one side moves the grid against the image."""

    def pad(call: Any, x: Tensor, pad: Any, mode: str = "constant", value: Any = None) -> Tensor:
        sides = list(pad)
        for axis in range(0, len(sides) - 1, 2):
            total = sides[axis] + sides[axis + 1]
            if total % 2 == 0:
                sides[axis : axis + 2] = [total // 2] * 2
        return call(x, sides, mode, value)

    return {"pad": pad}


def polyphase() -> dict[str, Swap]:
    """Strided layers take, for each image, the phase in which their input is largest, in place of the first one.

    The phases of a shifted image are the same ones in another order, so that the choice moves along (Chaman and
    Dokmanić, "Truly shift-invariant convolutional neural networks", 2021); exact on the torus, where the stride divides
    the image's sides. Of the input, and not of the output as there: branches that begin at one tensor then agree.
    """

    def conv2d(call: Any, x: Tensor, weight: Tensor, bias: Any = None, stride: Any = 1, padding: Any = 0,
               dilation: Any = 1, groups: int = 1) -> Tensor:  # fmt: skip
        sides = (0, 0) if isinstance(padding, str) else _pair(padding)
        wide = F.pad(x, (sides[1], sides[1], sides[0], sides[0]), "circular") if any(sides) else x
        reach = [(k - 1) * d - 2 * p for k, d, p in zip(weight.shape[2:], _pair(dilation), sides, strict=True)]
        if _pair(stride) == (1, 1) or isinstance(padding, str):
            return call(wide, weight, bias, stride, padding if isinstance(padding, str) else 0, dilation, groups)
        dense = call(_wrapped(wide, reach), weight, bias, 1, 0, dilation, groups)
        return _largest_phase(dense, x, _pair(stride))

    def pool(call: Any, x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, *more: Any,
             **named: Any) -> Tensor:  # fmt: skip
        steps, sides = _pair(stride or kernel_size), _pair(padding)
        wide = F.pad(x, (sides[1], sides[1], sides[0], sides[0]), "circular") if any(sides) else x
        reach = [k - 1 - 2 * p for k, p in zip(_pair(kernel_size), sides, strict=True)]
        if steps == (1, 1):
            return call(wide, kernel_size, 1, 0, *more, **named)
        dense = call(_wrapped(wide, reach), kernel_size, 1, 0, *more, **named)
        return _largest_phase(dense, x, steps)

    return {**circular_padding(), "conv2d": conv2d, "max_pool2d": pool, "avg_pool2d": pool}


def _wrapped(x: Tensor, reach: list[int]) -> Tensor:
    """Goes on at the other side by what windows of stride 1 reach beyond."""
    down, right = (max(0, r) for r in reach)
    return F.pad(x, (0, right, 0, down), "circular") if down or right else x


def _largest_phase(dense: Tensor, x: Tensor, steps: tuple[int, int]) -> Tensor:
    judged = x if x.shape[2:] == dense.shape[2:] else dense
    chosen = _phases(judged, steps).flatten(2).double().square().sum(2).argmax(0)
    return _phases(dense, steps)[chosen, torch.arange(dense.shape[0], device=dense.device)]


def _phases(x: Tensor, steps: tuple[int, int]) -> Tensor:
    height, width = (n - n % s for n, s in zip(x.shape[2:], steps, strict=True))
    cut = x[..., :height, :width]
    return torch.stack([cut[..., i :: steps[0], j :: steps[1]] for i in range(steps[0]) for j in range(steps[1])])


def centred_sampling(nearest: str) -> dict[str, Swap]:
    """Resizing by `align_corners=False`, and by another mode than the nearest corner: neither prefers a side."""

    def interpolate(call: Any, x: Tensor, *sizes: Any, **named: Any) -> Tensor:
        mode = named.get("mode", sizes[2] if len(sizes) > 2 else "nearest")
        if mode in ("nearest", "nearest-exact") and len(sizes) <= 2:
            named["mode"] = nearest
        if len(sizes) <= 3 and named.get("align_corners"):
            named["align_corners"] = False
        return call(x, *sizes, **named)

    def grid_sample(call: Any, *inputs: Any, **named: Any) -> Tensor:
        return call(*inputs, **(named | {"align_corners": False} if len(inputs) < 5 else named))

    def affine_grid(call: Any, *inputs: Any, **named: Any) -> Tensor:
        return call(*inputs, **(named | {"align_corners": False} if len(inputs) < 3 else named))

    def upsample_bilinear2d(call: Any, x: Tensor, size: Any, _: bool, *scales: Any) -> Tensor:
        return call(x, size, False, *scales)

    def upsample_nearest2d(call: Any, x: Tensor, size: Any, *scales: Any) -> Tensor:
        if nearest == "bilinear":
            return torch.ops.aten.upsample_bilinear2d(x, size, False, *scales)
        return torch.ops.aten._upsample_nearest_exact2d(x, size, *scales)

    return {
        **{"interpolate": interpolate, "grid_sample": grid_sample, "affine_grid": affine_grid},
        **{"upsample_bilinear2d": upsample_bilinear2d, "upsample_nearest2d": upsample_nearest2d},
    }


def kept_precision() -> dict[str, Swap]:
    """Casts to a lower precision are left out."""
    low = (torch.float16, torch.bfloat16, torch.float32)

    def shorter(call: Any, x: Tensor, *_: Any, **__: Any) -> Tensor:
        return x.double()

    def to(call: Any, x: Tensor, *targets: Any, **named: Any) -> Tensor:
        wanted = [torch.float64 if target in low else target for target in targets if not isinstance(target, Tensor)]
        named = {name: torch.float64 if value in low else value for name, value in named.items()}
        return call(x, *(wanted if len(wanted) == len(targets) else targets), **named)

    return {"half": shorter, "bfloat16": shorter, "float": shorter, "to": to, "type": to}


class SymmetricFilters(Overridden):
    r"""Each filter becomes its mean over the group, $\frac{1}{|G|} \sum_g gw$.

    A filter that the code applies to several poses of one input is part of a sum over the group, and needs no symmetry.
    If poses are missing there, that sum is what is wrong, and a symmetric filter would hide it.

    Raises:
        ArgumentError: when it is called, if a filter meets some poses of an input and not all of them.
    """

    def __init__(self, net: Model, group: str) -> None:
        super().__init__(net, {"conv2d": self._conv2d})
        elements = as_group(group).elements
        assert elements is not None
        self._elements = elements
        self._met: list[tuple[Tensor, Tensor, set[int]]] = []

    def forward(self, *inputs: Any, **named: Any) -> Any:
        self._met = []
        output = super().forward(*inputs, **named)
        for weight, _, poses in self._met:
            if 1 < len(poses) < len(self._elements):
                wanted = f"all {len(self._elements)} poses of its input, or one: the code leaves out some of the group"
                raise ArgumentError("filter", f"{tuple(weight.shape)} on {len(poses)} poses", wanted)
        self._met = []
        return output

    def _conv2d(self, call: Any, x: Tensor, weight: Tensor, *more: Any, **named: Any) -> Tensor:
        if weight.shape[-1] != weight.shape[-2]:
            return call(x, weight, *more, **named)
        self._meets(weight, x)
        field = image(weight.shape[1], weight.shape[2], weight.shape[3])
        mean = torch.stack([field.act(g, weight) for g in self._elements]).mean(0)
        return call(x, mean, *more, **named)

    def _meets(self, weight: Tensor, x: Tensor) -> None:
        for known, first, poses in self._met:
            if known is weight and first.shape == x.shape and x.shape[-1] == x.shape[-2]:
                field = image(x.shape[-3], x.shape[-2], x.shape[-1])
                turned = (i for i, g in enumerate(self._elements) if torch.equal(field.act(g, first), x))
                poses.update(next(([i] for i in turned), []))
                return
        self._met.append((weight, x, {0}))  # the first element is the identity


def _pair(value: Any) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    first, *rest = value
    return int(first), int(rest[0] if rest else first)
