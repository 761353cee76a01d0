r"""$\det V_c$ of the log-determinant layer, a few images at a time, with the derivative written out."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .normal import blocks, columns, cross, is_rounding, squared_columns, squared_length

__all__ = ["determinants"]


def determinants(field: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    r"""$\det V_c$, $V_c = (J_c - \bar J)^\top (J_c - \bar J)$, and where it is rounding, both "b c h w".

    Args:
        field: "b c 3 2 h w".
        dtype: in which it was rounded.
    """
    return _Determinants.apply(field, dtype)


class _Determinants(torch.autograd.Function):
    r"""$\det V_c = |n_c|^2$ with $n_c = x_c \times y_c$ (Lagrange's identity), so that
    $\mathrm{d}\det V_c = 2\,(y_c \times n_c) \cdot \mathrm{d}x_c + 2\,(n_c \times x_c) \cdot \mathrm{d}y_c$.

    The field is all that is kept for the derivative.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(field: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        det, flat = zip(*(_of_block(block, dtype) for block in blocks(field, field)), strict=True)
        return torch.cat(det), torch.cat(flat)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, torch.dtype], output: tuple[Tensor, Tensor]) -> None:
        ctx.save_for_backward(inputs[0])
        ctx.save_for_forward(inputs[0])
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, None]:
        (field,) = ctx.saved_tensors
        parts = zip(blocks(field, field), blocks(grads[0], field), strict=True)
        return torch.cat([_gradient(*part) for part in parts]), None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> tuple[Tensor, None]:
        (field,) = ctx.saved_tensors
        (x, y), (dx, dy) = columns(_deviation(field)), columns(_deviation(tangents[0]))
        normal, left, right = cross(x, y), cross(dx, y), cross(x, dy)
        terms = [n * (a + b) for n, a, b in zip(normal, left, right, strict=True)]
        return 2 * (terms[0] + terms[1] + terms[2]), None


def _deviation(field: Tensor) -> Tensor:
    return field - field.mean(1, keepdim=True)


def _of_block(field: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    deviation = _deviation(field)
    det = squared_length(cross(*columns(deviation)))
    return det, is_rounding(det, squared_columns(deviation), squared_columns(field).amax(1, keepdim=True), dtype)


def _gradient(field: Tensor, grad: Tensor) -> Tensor:
    x, y = columns(_deviation(field))
    twice = 2 * grad
    a, b, c = cross(x, y)
    n = twice * a, twice * b, twice * c
    (x1, x2, x3), (y1, y2, y3) = cross(y, n), cross(n, x)
    return _deviation(torch.stack((x1, y1, x2, y2, x3, y3), 2).reshape(field.shape))
