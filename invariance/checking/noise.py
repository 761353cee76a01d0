r"""Rounding made visible: every operation that rounds is given arguments that are off by a part of their last bit.

*Monte Carlo arithmetic* (Parker, *Monte Carlo arithmetic: exploiting randomness in floating-point arithmetic*, 1997).
The differences between runs are the rounding of all operations, each in its own precision, also behind a saturated
unit or a threshold, which passes no change of the input on; a norm divides such rounding by next to nothing.

Operations that only choose, move or compare numbers round nothing and are left alone, so that what was equal stays so.
Arguments shrink, so that none leaves the range that its function is defined on.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

__all__ = ["Noise"]

_EXACT = frozenset(
    (
        *("abs", "neg", "sign", "sgn", "relu", "relu_", "clamp", "clamp_min", "clamp_max", "hardtanh", "threshold"),
        *("floor", "ceil", "round", "trunc", "where", "masked_fill", "masked_fill_", "copy_", "clone", "_to_copy"),
        *("max", "min", "amax", "amin", "argmax", "argmin", "maximum", "minimum", "sort", "topk", "kthvalue", "median"),
        *("eq", "ne", "lt", "le", "gt", "ge", "isfinite", "isnan", "logical_and", "logical_or", "logical_not", "any"),
        *("max_pool2d_with_indices", "max_pool3d_with_indices", "adaptive_max_pool2d", "constant_pad_nd"),
        *("reflection_pad1d", "reflection_pad2d", "replication_pad1d", "replication_pad2d", "upsample_nearest2d"),
        *("cat", "stack", "index", "index_put_", "index_select", "gather", "scatter", "embedding", "flip", "roll"),
        *("fill_", "zero_", "zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_empty"),
        *("_local_scalar_dense", "equal", "all", "nonzero"),
    )
)


class Noise(TorchDispatchMode):
    """A context in which operations round anew."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._generator = torch.Generator().manual_seed(number)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func.is_view or func.overloadpacket.__name__ in _EXACT or func._schema.is_mutable:
            return func(*args, **kwargs)
        return func(*tree_map_only(Tensor, self._rounded, args), **tree_map_only(Tensor, self._rounded, kwargs))

    def _rounded(self, value: Tensor) -> Tensor:
        if not value.is_floating_point() or value.layout != torch.strided:
            return value
        part = torch.rand(value.shape, generator=self._generator, dtype=torch.float64).to(value.device)
        return (value.double() * (1 - torch.finfo(value.dtype).eps * part)).to(value.dtype)
