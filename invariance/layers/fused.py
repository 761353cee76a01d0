r"""Signs, determinants and their logarithms of a Jacobian field in one kernel of a GPU, where Triton is installed.

The field is read twice and nothing of its size is written. It was compared with `log_determinants` by Triton's
interpreter on a CPU (`tests/layers/test_fused.py`), and was not timed.
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

_PIXELS = 128
"""Of a program: a warp's lanes times four."""


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
    grid = triton.cdiv(height * width, _PIXELS), batch
    _kernel[grid](
        field, given, out, kept, signs if cayley is not None else out, channels, height * width,
        SIGNED=cayley is not None, REGULAR=eps > 0, PIXELS=_PIXELS,
    )  # fmt: skip
    return out.to(field.dtype), kept, signs


@triton.jit
def _components(field, at, pixels, inside, out):
    kind = out.dtype.element_ty
    x1 = tl.load(field + at, mask=inside, other=0.0).to(kind)
    y1 = tl.load(field + at + pixels, mask=inside, other=0.0).to(kind)
    x2 = tl.load(field + at + 2 * pixels, mask=inside, other=0.0).to(kind)
    y2 = tl.load(field + at + 3 * pixels, mask=inside, other=0.0).to(kind)
    x3 = tl.load(field + at + 4 * pixels, mask=inside, other=0.0).to(kind)
    y3 = tl.load(field + at + 5 * pixels, mask=inside, other=0.0).to(kind)
    return x1, x2, x3, y1, y2, y3


@triton.jit
def _cross(x1, x2, x3, y1, y2, y3):
    return x2 * y3 - x3 * y2, x3 * y1 - x1 * y3, x1 * y2 - x2 * y1


@triton.jit
def _kernel(
    field, given, out, kept, signs, channels, pixels,
    SIGNED: constexpr, REGULAR: constexpr, PIXELS: constexpr,
):  # fmt: skip
    place = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)
    image = tl.program_id(1).to(tl.int64)
    inside = place < pixels
    field += image * channels * 6 * pixels
    out += image * channels * pixels
    signs += image * channels * pixels
    kept += image * (channels if REGULAR else 1) * pixels
    a1, a2, a3 = tl.load(given), tl.load(given + 1), tl.load(given + 2)
    eps, noise = tl.load(given + 3), tl.load(given + 4)
    rest = 1 - (a1 * a1 + a2 * a2 + a3 * a3)
    zero = tl.zeros((PIXELS,), dtype=out.dtype.element_ty)
    m1, m2, m3, k1, k2, k3, size_x, size_y = zero, zero, zero, zero, zero, zero, zero, zero
    for c in range(channels):
        x1, x2, x3, y1, y2, y3 = _components(field, c * 6 * pixels + place, pixels, inside, out)
        square_x, square_y = x1 * x1 + x2 * x2 + x3 * x3, y1 * y1 + y2 * y2 + y3 * y3
        size_x, size_y = tl.maximum(size_x, square_x), tl.maximum(size_y, square_y)
        sign = zero + 1
        if SIGNED:
            n1, n2, n3 = _cross(x1, x2, x3, y1, y2, y3)
            length, along = n1 * n1 + n2 * n2 + n3 * n3, a1 * n1 + a2 * n2 + a3 * n3
            above = length - noise * 2 * square_x * square_y
            sign = tl.where((above > 0) & (rest * length + 2 * along * along > 0), sign, -sign)
            tl.store(signs + c * pixels + place, sign, mask=inside)
        m1, m2, m3 = m1 + sign * x1, m2 + sign * x2, m3 + sign * x3
        k1, k2, k3 = k1 + sign * y1, k2 + sign * y2, k3 + sign * y3
    m1, m2, m3 = m1 / channels, m2 / channels, m3 / channels
    k1, k2, k3 = k1 / channels, k2 / channels, k3 / channels
    flat = zero
    for c in range(channels):
        x1, x2, x3, y1, y2, y3 = _components(field, c * 6 * pixels + place, pixels, inside, out)
        sign = zero + 1
        if SIGNED:
            sign = tl.load(signs + c * pixels + place, mask=inside, other=1.0)
        x1, x2, x3 = sign * x1 - m1, sign * x2 - m2, sign * x3 - m3
        y1, y2, y3 = sign * y1 - k1, sign * y2 - k2, sign * y3 - k3
        n1, n2, n3 = _cross(x1, x2, x3, y1, y2, y3)
        det = n1 * n1 + n2 * n2 + n3 * n3
        error = size_x * (y1 * y1 + y2 * y2 + y3 * y3) + size_y * (x1 * x1 + x2 * x2 + x3 * x3)
        live = (det - noise * error > 0).to(out.dtype.element_ty)
        if REGULAR:
            tl.store(kept + c * pixels + place, live, mask=inside)
            det = det * live + eps
        flat = tl.maximum(flat, 1 - live)
        tl.store(out + c * pixels + place, det, mask=inside)
    if not REGULAR:
        tl.store(kept + place, 1 - flat, mask=inside)
    mean = zero
    for c in range(channels):
        det = tl.load(out + c * pixels + place, mask=inside, other=1.0)
        if not REGULAR:
            det = det * (1 - flat) + flat
        value = tl.log(det)
        mean += value
        tl.store(out + c * pixels + place, value, mask=inside)
    for c in range(channels):
        value = tl.load(out + c * pixels + place, mask=inside, other=0.0)
        tl.store(out + c * pixels + place, value - mean / channels, mask=inside)
