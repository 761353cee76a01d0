"""Operators that trust their arguments to fit each other, and read beyond them where they do not.

torch calls them after it has looked at their arguments itself; a saved program may call them with any. So these are
looked at before each call. Which operators they are was found by `tools/odd_arguments`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["looked_at"]


def looked_at(operator: Any) -> Any:
    """The operator; of those that trust their arguments, a function that raises where these do not fit each other.

    Raises, when that is called:
        ValueError: they do not fit.
    """
    fits = _FITS.get(str(operator))
    if fits is None:
        return operator
    names = [argument.name for argument in operator._schema.arguments]
    defaults = {a.name: a.default_value for a in operator._schema.arguments if a.has_default_value()}

    def call(*args: Any, **kwargs: Any) -> Any:
        given = defaults | dict(zip(names, args, strict=False)) | kwargs
        if not fits(**{"x" if name in ("self", "input", "query", "v") else name: given[name] for name in names}):
            raise ValueError(f"{operator} of arguments that do not fit each other")
        return operator(*args, **kwargs)

    return call


def _batch_norm(x: Tensor, weight: Any, bias: Any, running_mean: Any, running_var: Any, **_: Any) -> bool:
    """Of as many channels as x, in its dtype or, beside half precision, in single."""
    given = [part for part in (weight, bias, running_mean, running_var) if part is not None]
    return (
        x.ndim >= 2
        and _has_floats(x)
        and all(part.shape == x.shape[1:2] and part.dtype == given[0].dtype for part in given)
        and all(part.dtype in (x.dtype, torch.float32) and part.is_contiguous() for part in given)
    )


def _batch_norm_of_batch(x: Tensor, weight: Any, bias: Any, training: bool, **_: Any) -> bool:
    return training and _batch_norm(x, weight, bias, None, None)


def _fourier(x: Tensor, dim: Sequence[int], normalization: int, **_: Any) -> bool:
    axes = range(x.ndim)
    return x.numel() > 0 and len(set(dim)) == len(dim) and all(d in axes for d in dim) and normalization in range(3)


def _fourier_back(x: Tensor, dim: Sequence[int], normalization: int, last_dim_size: int) -> bool:
    return (
        bool(dim)
        and _fourier(x, dim, normalization)
        and last_dim_size > 0
        and x.shape[dim[-1]] == last_dim_size // 2 + 1
    )


def _attention(
    x: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None,
    dropout_p: float,
    enable_gqa: bool = False,
    **_: Any,
) -> bool:
    """One key for each value, as long as a query; a score or a choice for each pair of a query and a key."""
    if not 2 <= x.ndim == key.ndim == value.ndim or dropout_p:
        return False
    scores, grouped = (*x.shape[:-1], key.shape[-2]), enable_gqa and x.ndim == 4 and key.shape[1] > 0
    return (
        (x.shape[0] == key.shape[0] and x.shape[1] % key.shape[1] == 0 if grouped else x.shape[:-2] == key.shape[:-2])
        and key.shape[:-2] == value.shape[:-2]
        and x.shape[-1] == key.shape[-1]
        and key.shape[-2] == value.shape[-2]
        and all(_has_floats(part) and part.dtype == x.dtype for part in (x, key, value))
        and (attn_mask is None or (attn_mask.dtype in (x.dtype, torch.bool) and _spreads(attn_mask.shape, scores)))
    )


def _attention_of_heads(x: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None, **rest: Any) -> bool:
    """Of batches of heads, whose entries lie side by side."""
    return (
        _attention(x, key, value, attn_mask, **rest)
        and x.ndim == 4
        and x.shape[-1] == value.shape[-1]
        and all(part.stride(-1) == 1 for part in (x, key, value))
        and (attn_mask is None or attn_mask.ndim in (2, 4))
    )


def _spreads(shape: Sequence[int], wanted: Sequence[int]) -> bool:
    """Whether it is broadcast to what is wanted."""
    pairs = zip(reversed(shape), reversed(wanted), strict=False)
    return 2 <= len(shape) <= len(wanted) and all(n in (1, m) for n, m in pairs)


def _group_norm(x: Tensor, weight: Any, bias: Any, N: int, C: int, HxW: int, group: int, **_: Any) -> bool:
    given = [part for part in (weight, bias) if part is not None]
    return (
        _has_floats(x)
        and tuple(x.shape[:2]) == (N, C)
        and x.numel() == N * C * HxW
        and group > 0
        and C % group == 0
        and all(part.shape == (C,) and part.dtype == x.dtype and part.is_contiguous() for part in given)
    )


def _weight_norm(x: Tensor, g: Tensor, dim: int) -> bool:
    """One length for each row or column, which is what `torch.nn.utils` makes."""
    return (
        _has_floats(x)
        and dim in (0, x.ndim - 1)
        and g.dtype == x.dtype
        and x.is_contiguous()
        and g.is_contiguous()
        and g.shape == tuple(n if axis == dim else 1 for axis, n in enumerate(x.shape))
    )


def _adaptive_pool(x: Tensor, output_size: Sequence[int]) -> bool:
    return x.numel() > 0 and all(size > 0 for size in output_size)


def _median(x: Tensor, **_: Any) -> bool:
    """Of entries that lie apart: of one that is repeated in place it writes over what it reads."""
    return all(step or size < 2 for step, size in zip(x.stride(), x.shape, strict=True))


def _recurrent(gates: int) -> Callable[..., bool]:
    def fits(
        x: Tensor,
        hx: Any,
        params: Sequence[Tensor],
        has_biases: bool,
        num_layers: int,
        bidirectional: bool,
        batch_first: bool,
        **_: Any,
    ) -> bool:
        """Weights of the input and of the state, biases of both, and a projection of the state where it is smaller."""
        states = [hx] if isinstance(hx, Tensor) else list(hx)
        if x.ndim != 3 or len(states) != (2 if gates == 4 else 1) or any(state.ndim != 3 for state in states):
            return False
        ways, hidden, out = 1 + bidirectional, states[-1].shape[2], states[0].shape[2]
        first = (num_layers * ways, x.shape[0 if batch_first else 1])
        shapes = [(gates * hidden, out), *[(gates * hidden,)] * (2 * has_biases), *[(out, hidden)] * (out != hidden)]
        wanted = [
            shape
            for layer in range(min(num_layers, len(params)))
            for _ in range(ways)
            for shape in ((gates * hidden, ways * out if layer else x.shape[2]), *shapes)
        ]
        return (
            [tuple(part.shape) for part in params] == wanted
            and all(tuple(state.shape[:2]) == first for state in states)
            and all(_has_floats(part) and part.dtype == x.dtype for part in (x, *states, *params))
        )

    return fits


def _has_floats(x: Tensor) -> bool:
    return x.numel() > 0 and x.is_floating_point()


_FITS: dict[str, Callable[..., bool]] = {
    "aten._adaptive_avg_pool2d.default": _adaptive_pool,
    "aten._adaptive_avg_pool3d.default": _adaptive_pool,
    "aten._fft_c2c.default": _fourier,
    "aten._fft_c2r.default": _fourier_back,
    "aten._fft_r2c.default": _fourier,
    "aten._native_batch_norm_legit.no_stats": _batch_norm_of_batch,
    "aten._native_batch_norm_legit_no_training.default": _batch_norm,
    "aten._scaled_dot_product_flash_attention_for_cpu.default": _attention_of_heads,
    "aten._weight_norm.default": _weight_norm,
    "aten._weight_norm_interface.default": _weight_norm,
    "aten.adaptive_avg_pool2d.default": _adaptive_pool,
    "aten.adaptive_avg_pool3d.default": _adaptive_pool,
    "aten.adaptive_max_pool2d.default": _adaptive_pool,
    "aten.adaptive_max_pool3d.default": _adaptive_pool,
    "aten.gru.input": _recurrent(3),
    "aten.lstm.input": _recurrent(4),
    "aten.median.dim": _median,
    "aten.native_group_norm.default": _group_norm,
    "aten.rnn_relu.input": _recurrent(1),
    "aten.rnn_tanh.input": _recurrent(1),
    "aten.scaled_dot_product_attention.default": _attention,
}
