r"""$U_c = \log\det V_c$ less its mean over channels, a few images at a time, with the derivative written out."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .normal import Vector, above_rounding, by_blocks, columns, cross, noise_of, squared_columns, squared_length

__all__ = ["log_determinants", "orientation"]


def orientation(field: Tensor, cayley: Tensor) -> Tensor:
    r"""1 where $n^\top A n > 0$ and −1 where it is not, or where $n$ is rounding: "b c h w" of a field "b c 3 2 h w".

    $(1 - |a|^2)\,|n|^2 + 2\,(a \cdot n)^2$ has the sign of $n^\top A n$, $A$ the rotation of the Cayley vector $a$.
    Where $|a| < 1$ its first term is positive for every $n \ne 0$ and its second never negative.
    """
    if torch.compiler.is_compiling():
        wide = _wide(field)
        return _signs(wide, squared_columns(wide), cayley, field.dtype).to(field.dtype)

    needed = None if _is_small(cayley, field) else cayley

    def signs(block: Tensor) -> tuple[Tensor]:
        wide = _wide(block)
        return (_signs(wide, squared_columns(wide), needed, field.dtype),)

    return by_blocks(signs, field)[0].to(field.dtype)


def log_determinants(
    field: Tensor, cayley: Tensor | None = None, eps: float = 0.0, *, kernel: bool = False
) -> tuple[Tensor, Tensor]:
    r"""$U$ "b c h w", and which determinants are no rounding, 1 or 0, "b c h w".

    Without ε one that is rounding is enough for $U$ to be 0 and for all of its pixel to be told, "b 1 h w".

    Args:
        field: "b c 3 2 h w".
        cayley: of the signs by which the field is multiplied before, see `orientation`; none where it is not.
        eps: ε, added to the determinants, of which those that are rounding are 0.
        kernel: in one kernel of a GPU, see `fused`.
    """
    if torch.compiler.is_compiling():  # what is made of straight formulas is fused, with its derivative
        out, kept, _ = _of_block(_wide(field), cayley, eps, field.dtype)
        return out.to(field.dtype), kept
    return _LogDeterminants.apply(field, cayley, eps, kernel)[:2]


class _LogDeterminants(torch.autograd.Function):
    r"""$\det V_c = |n_c|^2$ with $n_c = x_c \times y_c$ of $J_c - \bar J$ (Lagrange's identity), so that
    $\mathrm{d}\det V_c = 2\,(y_c \times n_c) \cdot \mathrm{d}x_c + 2\,(n_c \times x_c) \cdot \mathrm{d}y_c$.

    The field is all of its size that is kept for the derivative. Signs are locally constant.
    """

    @staticmethod
    def forward(field: Tensor, cayley: Tensor | None, eps: float, kernel: bool) -> tuple[Tensor, Tensor, Tensor]:
        if kernel:
            from .fused import fused

            return fused(field, cayley, eps, noise_of(field.dtype))
        small = cayley is not None and _is_small(cayley, field)

        def of(block: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            return _of_block(_wide(block), cayley, eps, field.dtype, small)

        out, kept, signs = by_blocks(of, field)
        return out.to(field.dtype), kept, signs

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *inputs: Any) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """More images, which know nothing of each other; a rotation for each is one after the other."""
        field, cayley, *rest = inputs
        of, by = in_dims[:2]
        if by is None:
            field = field.movedim(of, 0)
            found = _LogDeterminants.apply(field.flatten(0, 1), cayley, *rest)
            return tuple(part.unflatten(0, field.shape[:2]) for part in found), (0, 0, 0)
        fields = [field] * info.batch_size if of is None else field.unbind(of)
        each = [_LogDeterminants.apply(*pair, *rest) for pair in zip(fields, cayley.unbind(by), strict=True)]
        return tuple(map(torch.stack, zip(*each, strict=True))), (0, 0, 0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor]) -> None:
        field, cayley, ctx.eps, _ = inputs
        ctx.signed = cayley is not None
        ctx.save_for_backward(field, *output[1:])
        ctx.save_for_forward(field, *output[1:])
        ctx.mark_non_differentiable(*output[1:])

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, None, None, None]:
        field, kept, signs = ctx.saved_tensors

        def gradient(block: Tensor, signs: Tensor, kept: Tensor, grad: Tensor, *into: Tensor) -> tuple[Tensor, ...]:
            found = _gradient(_wide(block), signs if ctx.signed else None, ctx.eps, kept, _wide(grad), *into)
            return () if into else (found,)

        parts = field, signs, kept, grads[0]
        if torch.is_grad_enabled():
            change = by_blocks(gradient, *parts)[0]
        else:  # made of the gradients: under vmap it is of as many as they are
            change = grads[0].new_empty(field.shape, dtype=kept.dtype)
            by_blocks(gradient, *parts, change)
        return change.to(field.dtype), None, None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> tuple[Tensor, None, None]:
        field, kept, signs = ctx.saved_tensors
        turns = signs if ctx.signed else None
        x, y = columns(_deviation(_wide(field), turns))
        dx, dy = columns(_deviation(_wide(tangents[0]), turns))
        normal, left, right = cross(x, y), cross(dx, y), cross(x, dy)
        terms = [n * (a + b) for n, a, b in zip(normal, left, right, strict=True)]
        change = (terms[0] + terms[1] + terms[2]) * _rate(squared_length(normal), kept, ctx.eps)
        return (change - change.mean(1, keepdim=True)).to(field.dtype), None, None


def _wide(field: Tensor) -> Tensor:
    return field if field.dtype.itemsize > 2 else field.float()


def _squared(cayley: Tensor, field: Tensor) -> Tensor:
    """|a|², in the precision in which the field is evaluated."""
    return cayley.to(torch.promote_types(field.dtype, torch.float32)).square().sum()


def _is_small(cayley: Tensor, field: Tensor) -> bool:
    """Whether it is known that |a| < 1: a GPU would be waited for, and in a trace there is no value."""
    if cayley.device.type != "cpu" or torch.jit.is_tracing():  # pyright: ignore[reportPrivateImportUsage]
        return False
    try:
        return bool(_squared(cayley, field) < 1)
    except RuntimeError:
        return False


def _signs(field: Tensor, square: Tensor, cayley: Tensor | None, dtype: torch.dtype) -> Tensor:
    """See `orientation`; without a Cayley vector what they are for $|a| < 1$."""
    normal = cross(*columns(field))
    length = squared_length(normal)
    above = above_rounding(length, square, square, dtype)
    if cayley is not None:
        a = cayley.to(length.dtype)
        along = (a[0] * normal[0]).addcmul_(a[1], normal[1]).addcmul_(a[2], normal[2])
        form = ((1 - _squared(cayley, field)) * length).addcmul_(along, along, value=2)
        above = torch.minimum(above, form)  # positive where both are
    # 0 less it has a sign also where it is 0. A comparison would be slower, compiled the gradient half as slow again.
    return torch.copysign(above.new_ones(()), 0 - above).neg_()


def _deviation(field: Tensor, signs: Tensor | None) -> Tensor:
    if signs is None:
        return field - field.mean(1, keepdim=True)
    turned = field * signs[:, :, None, None]
    return turned.sub_(turned.mean(1, keepdim=True))


def _of_block(
    field: Tensor, cayley: Tensor | None, eps: float, dtype: torch.dtype, small: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    with torch.no_grad():
        square = squared_columns(field)
        signs = None if cayley is None else _signs(field, square, None if small else cayley, dtype)
    deviation = _deviation(field, signs)
    det = squared_length(cross(*columns(deviation)))
    with torch.no_grad():
        above = above_rounding(det, squared_columns(deviation), square.amax(1, keepdim=True), dtype)
        kept = (above if eps else above.amin(1, keepdim=True)).gt_(0)
    log_det = _argument(det, kept, eps).log()
    none = log_det.new_empty((len(log_det), 0, *log_det.shape[2:]))
    return log_det - log_det.mean(1, keepdim=True), kept, none if signs is None else signs


def _argument(det: Tensor, kept: Tensor, eps: float) -> Tensor:
    """Of the logarithm: the determinant and ε, and 1 where a pixel is not kept."""
    return torch.addcmul(det.new_full((), eps) if eps else 1 - kept, det, kept)


def _rate(det: Tensor, kept: Tensor, eps: float) -> Tensor:
    """Twice the derivative of the logarithm by the determinant."""
    return 2 * kept / _argument(det, kept, eps)


def _gradient(
    field: Tensor, signs: Tensor | None, eps: float, kept: Tensor, grad: Tensor, into: Tensor | None = None
) -> Tensor:
    """Written `into` a tensor if there is one."""
    x, y = columns(_deviation(field, signs))
    normal = cross(x, y)
    twice = (grad - grad.mean(1, keepdim=True)) * _rate(squared_length(normal), kept, eps)
    n: Vector = (twice * normal[0], twice * normal[1], twice * normal[2])
    change = twice.new_zeros(field.shape) if into is None else into.zero_()
    for axis, (u, v) in enumerate(((y, n), (n, x))):
        for i in range(3):  # u × v
            change[:, :, i, axis].addcmul_(u[i - 2], v[i - 1]).addcmul_(u[i - 1], v[i - 2], value=-1)
    change.sub_(change.mean(1, keepdim=True))
    return change if signs is None else change.mul_(signs[:, :, None, None])
