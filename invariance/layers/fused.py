r"""Signs, determinants and their logarithms of a Jacobian field in one kernel of a GPU, where Triton is installed.

The field is read once and nothing of its size is written but the signs, which the gradient needs. It is compared with
`log_determinants` by Triton's interpreter on a CPU and, where there is one, on a card (`tests/layers/test_fused.py`).
A form of it that read the field twice took 0.18 of the time of the layers in torch on an H100 (`results/gpu`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

__all__ = ["fused"]

triton: Any = import_module("triton")
tl: Any = import_module("triton.language")
if TYPE_CHECKING:
    constexpr = Any
else:
    constexpr = tl.constexpr

_ENTRIES = 1024
"""Channels times pixels of a program: eight to a thread, so that the twelve numbers of each stay in registers."""


def fused(field: Tensor, cayley: Tensor | None, eps: float, noise: float) -> tuple[Tensor, Tensor, Tensor]:
    """U, the determinants that are no rounding, and the signs, as `log_determinants` and `orientation` have them."""
    batch, channels, _, _, height, width = field.shape
    field, wide = field.contiguous(), torch.promote_types(field.dtype, torch.float32)
    out = field.new_empty((batch, channels, height, width), dtype=wide)
    signs = torch.empty_like(out) if cayley is not None else out[:, :0]
    kept = out.new_empty((batch, channels if eps else 1, height, width))
    # The rotation and two numbers in the field's precision: Triton would round a number of Python to float32.
    given = out.new_zeros(5)
    if cayley is not None:
        given[:3] = cayley.detach()
    given[3].fill_(eps)
    given[4].fill_(noise**2)
    rows = triton.next_power_of_2(channels)
    columns = max(32, _ENTRIES // rows)
    _kernel[triton.cdiv(height * width, columns), batch](
        field, given, out, kept, signs if cayley is not None else out, height * width,
        SIGNED=cayley is not None, REGULAR=eps > 0, CHANNELS=channels, ROWS=rows, COLUMNS=columns,
        num_warps=4 if rows * columns <= _ENTRIES else 8,
    )  # fmt: skip
    return out.to(field.dtype), kept, signs


@triton.jit
def _cross(x1, x2, x3, y1, y2, y3):
    return x2 * y3 - x3 * y2, x3 * y1 - x1 * y3, x1 * y2 - x2 * y1


@triton.jit
def _centred(x, sign, channels):
    x = sign * x
    return x - tl.sum(x, axis=0)[None, :] / channels


@triton.jit
def _kernel(
    field, given, out, kept, signs, pixels,
    SIGNED: constexpr, REGULAR: constexpr, CHANNELS: constexpr, ROWS: constexpr, COLUMNS: constexpr,
):  # fmt: skip
    place = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    channel = tl.arange(0, ROWS)[:, None]
    image = tl.program_id(1).to(tl.int64)
    real = channel < CHANNELS
    inside = real & (place < pixels)
    kind = out.dtype.element_ty
    at = field + image * CHANNELS * 6 * pixels + channel * 6 * pixels + place
    there = image * CHANNELS * pixels + channel * pixels + place
    a1, a2, a3 = tl.load(given), tl.load(given + 1), tl.load(given + 2)
    eps, noise = tl.load(given + 3), tl.load(given + 4)
    x1 = tl.load(at, mask=inside, other=0.0).to(kind)
    y1 = tl.load(at + pixels, mask=inside, other=0.0).to(kind)
    x2 = tl.load(at + 2 * pixels, mask=inside, other=0.0).to(kind)
    y2 = tl.load(at + 3 * pixels, mask=inside, other=0.0).to(kind)
    x3 = tl.load(at + 4 * pixels, mask=inside, other=0.0).to(kind)
    y3 = tl.load(at + 5 * pixels, mask=inside, other=0.0).to(kind)
    square_x, square_y = x1 * x1 + x2 * x2 + x3 * x3, y1 * y1 + y2 * y2 + y3 * y3
    size_x, size_y = tl.max(square_x, axis=0)[None, :], tl.max(square_y, axis=0)[None, :]
    sign = tl.full((ROWS, COLUMNS), 1, kind)
    if SIGNED:
        n1, n2, n3 = _cross(x1, x2, x3, y1, y2, y3)
        length, along = n1 * n1 + n2 * n2 + n3 * n3, a1 * n1 + a2 * n2 + a3 * n3
        rest = 1 - (a1 * a1 + a2 * a2 + a3 * a3)
        above = length - noise * 2 * square_x * square_y
        sign = tl.where((above > 0) & (rest * length + 2 * along * along > 0), sign, -sign)
        tl.store(signs + there, sign, mask=inside)
    x1, x2, x3 = _centred(x1, sign, CHANNELS), _centred(x2, sign, CHANNELS), _centred(x3, sign, CHANNELS)
    y1, y2, y3 = _centred(y1, sign, CHANNELS), _centred(y2, sign, CHANNELS), _centred(y3, sign, CHANNELS)
    n1, n2, n3 = _cross(x1, x2, x3, y1, y2, y3)
    det = n1 * n1 + n2 * n2 + n3 * n3
    error = size_x * (y1 * y1 + y2 * y2 + y3 * y3) + size_y * (x1 * x1 + x2 * x2 + x3 * x3)
    live = (det - noise * error > 0) | (channel >= CHANNELS)
    if REGULAR:
        tl.store(kept + there, live.to(kind), mask=inside)
        det = tl.where(live, det, 0) + eps
    else:
        sound = tl.min(live.to(tl.int32), axis=0)[None, :]
        first = inside & (channel == 0)
        tl.store(kept + image * pixels + channel + place, tl.broadcast_to(sound, ROWS, COLUMNS).to(kind), mask=first)
        det = tl.where(sound == 1, det, 1)
    value = tl.where(real, tl.log(tl.where(real, det, 1)), 0)
    tl.store(out + there, value - tl.sum(value, axis=0)[None, :] / CHANNELS, mask=inside)
