"""Jacobian fields, invertible matrices, and the pointwise actions on Jacobian fields."""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from jaxtyping import Float
from torch import Tensor

from ...actions import PointwiseAction
from ...errors import ArgumentError
from ...images import AnalyticImage, sample
from ...jacobians import exact_jacobian
from .images import analytic_images

__all__ = ["block_fields", "constant_fields", "gl2_matrices", "jacobian_fields", "pointwise_fields", "smooth_fields"]


def jacobian_fields(
    *, batch: int = 1, channels: int = 1, size: int = 6, max_waves: int = 2
) -> st.SearchStrategy[Float[Tensor, "b c 3 2 h w"]]:
    """Exact Jacobian fields of analytic images, one independent colour image for each channel."""
    images = analytic_images(batch=batch, channels=3 * channels, max_waves=max_waves, window=0.5)
    return images.map(lambda image: exact_jacobian(image, size).unflatten(2, (channels, 3)).squeeze(1))


def gl2_matrices(*, max_condition: float = 10.0, reflections: bool = True) -> st.SearchStrategy[Float[Tensor, "2 2"]]:
    r"""$R(\alpha)\,\mathrm{diag}(r\sqrt\kappa, \pm r/\sqrt\kappa)\,R(\beta)$ with κ at most `max_condition` and
    $1/4 \le r \le 4$; simplest the identity."""
    if not 1 <= max_condition < math.inf:
        raise ArgumentError("max_condition", max_condition, "a finite number ≥ 1")

    def matrix(alpha: float, beta: float, log_condition: float, log_size: float, reflect: bool) -> Tensor:
        wide, narrow = math.exp(log_size + log_condition / 2), math.exp(log_size - log_condition / 2)
        narrow = -narrow if reflect else narrow
        (ca, sa), (cb, sb) = ((math.cos(angle), math.sin(angle)) for angle in (alpha, beta))
        rows = (
            (ca * wide * cb - sa * narrow * sb, -ca * wide * sb - sa * narrow * cb),
            (sa * wide * cb + ca * narrow * sb, -sa * wide * sb + ca * narrow * cb),
        )
        return torch.tensor(rows, dtype=torch.float64)

    angle = st.floats(0, math.tau)
    return st.builds(
        matrix,
        angle,
        angle,
        st.floats(0, math.log(max_condition)),
        st.floats(-math.log(4), math.log(4)),
        st.booleans() if reflections else st.just(False),
    )


def constant_fields(*, batch: int = 1, max_condition: float = 10.0) -> st.SearchStrategy[PointwiseAction]:
    r"""$J(x) \mapsto J(x) M$ with one M of GL(2) for each sample, of condition number at most `max_condition`."""
    return _stacked(batch, max_condition).map(PointwiseAction.constant)


def block_fields(
    *, block: int, blocks: tuple[int, int], batch: int = 1, max_condition: float = 10.0
) -> st.SearchStrategy[PointwiseAction]:
    """Independent matrices on rows × columns = `blocks` squares of `block`×`block` pixels."""
    rows, columns = blocks
    return _stacked(batch * rows * columns, max_condition).map(
        lambda stack: PointwiseAction.blocks(stack.unflatten(0, (batch, rows, columns)).movedim((1, 2), (3, 4)), block)
    )


def smooth_fields(*, size: int, batch: int = 1, max_condition: float = 10.0) -> st.SearchStrategy[PointwiseAction]:
    r"""$M(x) = R(\alpha(x))\,\mathrm{diag}(\sqrt{\kappa(x)}, 1/\sqrt{\kappa(x)})$, angle and $\log\kappa$ smooth."""

    def field(images: AnalyticImage) -> PointwiseAction:
        alpha, wave = sample(images, size).unbind(1)
        stretch = (wave.tanh() * math.log(max_condition) / 2).exp()
        cos, sin = alpha.cos(), alpha.sin()
        rows = (cos * stretch, -sin / stretch), (sin * stretch, cos / stretch)
        return PointwiseAction(torch.stack([torch.stack(row, 1) for row in rows], 1))

    return analytic_images(batch=batch, channels=2).map(field)


def pointwise_fields(
    *, block: int, blocks: tuple[int, int], batch: int = 1, max_condition: float = 10.0
) -> st.SearchStrategy[PointwiseAction]:
    """A constant field, a block field, or one after the other; simplest the identity everywhere."""
    constant = constant_fields(batch=batch, max_condition=max_condition)
    varied = block_fields(block=block, blocks=blocks, batch=batch, max_condition=max_condition)
    return st.one_of(constant, varied, st.builds(lambda first, then: first @ then, constant, varied))


def _stacked(count: int, max_condition: float) -> st.SearchStrategy[Float[Tensor, "n 2 2"]]:
    matrices = gl2_matrices(max_condition=max_condition)
    return st.lists(matrices, min_size=count, max_size=count).map(torch.stack)
