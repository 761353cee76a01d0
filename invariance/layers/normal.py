r"""The normal $n = x \times y$ of a Jacobian field "b c 3 2 h w" with columns $x, y$, and what is rounding in it.

Sums are made in place of their first term, which nothing else knows of, and tests are numbers that are positive or not:
a comparison costs four times what an addition does on a CPU, and a choice by its outcome thirty times.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = [
    "Vector",
    "above_rounding",
    "by_blocks",
    "columns",
    "cross",
    "is_rounding",
    "noise_of",
    "squared_columns",
    "squared_length",
]

Vector = tuple[Tensor, Tensor, Tensor]
"""Three components of one shape."""

_BLOCK = 2**19
"""Numbers of a block, as measured: of smaller ones the calls take longer, larger ones leave the cache."""


def by_blocks(function: Callable[..., tuple[Tensor, ...]], field: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
    """`function` of all images, taken so many at a time as make a block of `field`; a GPU has no use for it.

    What a block gives is copied to its place at once, so that the next block is computed in the same memory, which is
    in the cache. With gradients the blocks are concatenated instead: the derivative of such copies is slow.
    """
    size = max(1, _BLOCK * len(field) // max(1, field.numel()))
    if field.device.type != "cpu" or len(field) <= size or torch.jit.is_tracing():  # pyright: ignore[reportPrivateImportUsage]
        return function(field, *others)
    parts = (function(*each) for each in zip(*(tensor.split(size) for tensor in (field, *others)), strict=True))
    if torch.is_grad_enabled():
        return tuple(map(torch.cat, zip(*parts, strict=True)))
    wholes: tuple[Tensor, ...] = ()
    for start, found in zip(range(0, len(field), size), parts, strict=True):
        wholes = wholes or tuple(part.new_empty((len(field), *part.shape[1:])) for part in found)
        for whole, part in zip(wholes, found, strict=True):
            whole[start : start + size] = part
    return wholes


def columns(field: Tensor) -> tuple[Vector, Vector]:
    """∂x and ∂y, components "b c h w"."""
    x1, y1, x2, y2, x3, y3 = field.flatten(2, 3).unbind(2)
    return (x1, x2, x3), (y1, y2, y3)


def cross(u: Vector, v: Vector) -> Vector:
    """u × v."""
    return _minor(u[1], v[2], u[2], v[1]), _minor(u[2], v[0], u[0], v[2]), _minor(u[0], v[1], u[1], v[0])


def squared_length(vector: tuple[Tensor, ...]) -> Tensor:
    """Several times as fast as a reduction over so short an axis."""
    a, b, c = vector
    return (a * a).addcmul_(b, b).addcmul_(c, c)


def squared_columns(field: Tensor) -> Tensor:
    """|x|², |y|² "b c 2 h w"."""
    return squared_length(field.unbind(2))


def above_rounding(length: Tensor, square: Tensor, size: Tensor, dtype: torch.dtype) -> Tensor:
    """|x × y|² less what its rounding error may be.

    `square` "b c 2 h w" are |x|² and |y|², `size` the squared lengths that they were rounded at, in `dtype`.
    """
    error = (size[:, :, 0] * square[:, :, 1]).addcmul_(size[:, :, 1], square[:, :, 0])
    return torch.sub(length, error, alpha=noise_of(dtype) ** 2)  # NaN, and so not above, where both are infinite


def noise_of(dtype: torch.dtype) -> float:
    """What a component may be off by, as a part of its vector's length.

    Sums over taps and actions of condition number ten cost up to two digits; half precision has none to spare.
    """
    return (64 if dtype.itemsize > 2 else 4) * torch.finfo(dtype).eps


def is_rounding(length: Tensor, square: Tensor, size: Tensor, dtype: torch.dtype) -> Tensor:
    """Where |x × y|² is no larger than its rounding error; see `above_rounding`."""
    return above_rounding(length, square, size, dtype) <= 0


def _minor(a: Tensor, d: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return (a * d).addcmul_(b, c, value=-1)
