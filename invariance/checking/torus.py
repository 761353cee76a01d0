r"""The circular twin: the same model with the same weights on a torus, where there is no border.

Every window that slides, of a convolution or a pool, sees the image wrapped around, so that a stride s makes n/s
pixels of n; padding by itself does nothing there. So a model that keeps shifts by itself keeps them exactly on the
torus, whatever its padding does on the plane.

What has a border for other reasons is noted as a doubt: a stride that does not divide the size, a slice, interpolation,
a recurrence, a matrix or a mask that knows which places are near to each other.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["SLICE", "Torus"]

SLICE = "a slice of the plane"
PAIRS = "a matrix for the pairs of places, as a band or a mask is"
LOOP = "a loop over the places of the plane"

_ATEN = torch.ops.aten
_PADS = {
    _ATEN.constant_pad_nd.default,
    _ATEN.reflection_pad1d.default,
    _ATEN.reflection_pad2d.default,
    _ATEN.replication_pad1d.default,
    _ATEN.replication_pad2d.default,
}
_POOLS = {_ATEN.max_pool2d_with_indices.default: 4, _ATEN.avg_pool2d.default: None}
_CUTS = {_ATEN.slice.Tensor, _ATEN.split.Tensor, _ATEN.split_with_sizes.default}
_PLACES = {
    _ATEN.cat.default: "a concatenation along the plane",
    _ATEN.index.Tensor: "pixels chosen by their places",
    _ATEN.index_select.default: "pixels chosen by their places",
    _ATEN.gather.default: "pixels chosen by their places",
    _ATEN.unfold.default: "windows cut out of the plane",
}
_PRODUCTS = ("matmul", "__matmul__", "__rmatmul__", "mm", "einsum")
_MASKING = ("add", "sub", "mul", "where", "masked_fill", "scaled_dot_product_attention")
_STRIDES = (1, 2, 4, 8)
_RECURRENCES = ("gru", "lstm", "rnn_tanh", "rnn_relu")
_EDGES = ("upsample_bilinear", "upsample_bicubic", "upsample_linear", "grid_sampler", "cumsum", "im2col")


class Torus:
    """A context in which models run on the torus; enter it anew for each pass.

    Args:
        plane: height and width of the images; the height is 1 of sequences.
        sequences: the last axis of three is that of a sequence.

    Attributes:
        wrapped: how many operations were changed.
        doubts: what has a border that this does not take away.
        strides: those that do not divide the size.
    """

    def __init__(self, plane: tuple[int, int], *, sequences: bool = False) -> None:
        self.sequences = sequences
        sizes = [(-(-plane[0] // s), -(-plane[1] // s)) for s in _STRIDES]
        self.lengths = {n for size in sizes for n in size if n > 1}
        self.tokens = {h * w for h, w in sizes}
        self.wrapped = 0
        self.doubts: dict[str, None] = {}
        self.strides: set[int] = set()

    def __enter__(self) -> Torus:
        self._modes = (_Pads(self), _Windows(self))
        for mode in self._modes:
            mode.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        for mode in reversed(self._modes):
            mode.__exit__(*error)

    def doubt(self, what: str) -> None:
        self.doubts[what] = None


class _Pads(TorchFunctionMode):
    """`F.pad` of the plane, by zeros or otherwise, leaves the torus as it is."""

    def __init__(self, torus: Torus) -> None:
        super().__init__()
        self.torus = torus

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") in _RECURRENCES:
            self.torus.doubt("a recurrence, which begins at one end")
        name = getattr(func, "__name__", "")
        if self._knows_pairs(name, args, kwargs or {}):
            self.torus.doubt(PAIRS)
        named = dict(zip(("input", "pad", "mode", "value"), args, strict=False)) | (kwargs or {})
        if func is F.pad and _of_the_plane(named["input"], named["pad"]):
            self.torus.wrapped += 1
            return named["input"].clone()
        return func(*args, **(kwargs or {}))

    def _knows_pairs(self, name: str, args: Any, kwargs: Any) -> bool:
        """Whether a matrix that is the same for all samples goes into it, with places of the plane on both axes."""
        if kwargs.get("attn_mask") is not None or kwargs.get("is_causal"):
            return True
        given = [part for part in (*args, *kwargs.values()) if isinstance(part, Tensor) and part.ndim > 1]
        if name in ("tril", "triu", "tril_", "triu_"):
            return bool(given) and _is_square(given[0], self.torus.tokens | self.torus.lengths)
        same = [part for part in given if part.shape[:-2].numel() == 1]
        if name in _PRODUCTS:
            return any(_is_square(part, self.torus.lengths | self.torus.tokens) for part in same)
        most = max((part.numel() for part in given), default=0)
        masks = same if name.strip("_").removeprefix("r") in _MASKING else ()
        return any(_is_square(part, self.torus.tokens) and part.numel() < most for part in masks)


class _Windows(TorchDispatchMode):
    def __init__(self, torus: Torus) -> None:
        super().__init__()
        self.torus = torus
        self._taken: Counter[int] = Counter()  # single places, by the length of the axis

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _PADS and _of_the_plane(args[0], args[1]):
            self.torus.wrapped += 1
            return args[0].clone()
        if func is _ATEN.convolution.default and args[0].ndim > 2:
            return self._convolved(func, *args)
        if func in _POOLS:
            return self._pooled(func, _POOLS[func], args, kwargs)
        if func in _CUTS:
            found = func(*args, **kwargs)
            for part in [found] if isinstance(found, Tensor) else found:
                if self._is_cut(args[0], part):
                    self.torus.doubt(SLICE)
            return found
        if func is _ATEN.select.int and args[1] % args[0].ndim in self._planes(args[0]):
            length = args[0].shape[args[1]]
            self._taken[length] += 1
            if self._taken[length] >= length > 1:
                self.torus.doubt(LOOP)
        if func in _PLACES and self._goes_along_the_plane(func, args):
            self.torus.doubt(_PLACES[func])
        if any(name in str(func) for name in _EDGES):
            self.torus.doubt(str(func).removeprefix("aten.").split(".")[0])
        return func(*args, **kwargs)

    def _planes(self, x: Tensor) -> range:
        """The axes of the plane, of batches of fields."""
        return range(2, x.ndim) if x.ndim > 3 or (self.torus.sequences and x.ndim == 3) else range(0)

    def _is_cut(self, whole: Tensor, part: Tensor) -> bool:
        return part.ndim == whole.ndim and any(part.shape[axis] < whole.shape[axis] for axis in self._planes(whole))

    def _goes_along_the_plane(self, func: Any, args: Any) -> bool:
        x = args[0][0] if isinstance(args[0], list | tuple) else args[0]
        if func is _ATEN.index.Tensor:
            axes = [axis for axis, places in enumerate(args[1]) if places is not None]
        else:
            axes = [(args[1] if len(args) > 1 else 0) % x.ndim]
        return any(axis in self._planes(x) for axis in axes)

    def _convolved(self, func: Any, x: Tensor, weight: Tensor, bias: Any, *options: Any) -> Any:
        stride, padding, dilation, transposed, output_padding, groups = options
        planes = x.ndim - 2
        stride, padding, dilation = (list(v) * (planes if len(v) == 1 else 1) for v in (stride, padding, dilation))
        for axis in range(planes):
            reach = dilation[axis] * (weight.shape[2 + axis] - 1)
            if transposed:
                turns = -(-reach // stride[axis])
                x = self._around(x, 2 + axis, turns, turns)
                padding[axis] += turns * stride[axis]
            else:
                x = self._window(x, 2 + axis, reach + 1, stride[axis], padding[axis])
                padding[axis] = 0
        return func(x, weight, bias, stride, padding, dilation, transposed, output_padding, groups)

    def _pooled(self, func: Any, dilations: int | None, args: Any, kwargs: Any) -> Any:
        x, kernel = args[0], _pair(args[1])
        stride = _pair(args[2]) if len(args) > 2 and args[2] else kernel
        padding = _pair(args[3]) if len(args) > 3 else [0, 0]
        dilation = _pair(args[dilations]) if dilations and len(args) > dilations else [1, 1]
        for axis in range(2):
            reach = dilation[axis] * (kernel[axis] - 1)
            x = self._window(x, axis - 2, reach + 1, stride[axis], padding[axis])
        return func(x, kernel, stride, [0, 0], *args[4:], **kwargs)

    def _window(self, x: Tensor, axis: int, length: int, stride: int, padding: int) -> Tensor:
        size = x.shape[axis]
        if size % stride:
            self.torus.doubt(f"a stride of {stride} that does not divide {size}")
            self.torus.strides.add(stride)
        self.torus.wrapped += padding > 0
        extra = max(0, length - stride)
        left = min(padding, extra)
        return self._around(x, axis, left, extra - left)

    def _around(self, x: Tensor, axis: int, left: int, right: int) -> Tensor:
        if left == right == 0:
            return x
        self.torus.wrapped += 1
        size = x.shape[axis]
        return x.index_select(axis, torch.arange(-left, size + right, device=x.device) % size)


def _is_square(x: Tensor, sizes: set[int]) -> bool:
    return x.shape[-1] == x.shape[-2] and x.shape[-1] in sizes


def _pair(value: Any) -> list[int]:
    value = [value] if isinstance(value, int) else list(value)
    return value * 2 if len(value) == 1 else value


def _of_the_plane(x: Tensor, pad: Any) -> bool:
    """Whether padding adds to the last two axes alone, of batches of fields."""
    pad = list(pad)
    plane, rest = pad[: 2 * max(1, min(2, x.ndim - 2))], pad[2 * max(1, min(2, x.ndim - 2)) :]
    return x.ndim > 2 and min(pad) >= 0 and any(plane) and not any(rest)
