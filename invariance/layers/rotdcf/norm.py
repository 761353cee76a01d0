"""Batch norm with statistics shared over the angles, at the speed of torch's on as many planar channels."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ...errors import ArgumentError
from ..gconv.checks import check_shape

__all__ = ["RotDCFBatchNorm2d"]


class RotDCFBatchNorm2d(nn.BatchNorm2d):
    """Batch norm with one mean, variance, scale and shift a map, over batch, angles and plane: equivariant.

    Options and state are those of `torch.nn.BatchNorm2d`; the values are those of `torch.nn.BatchNorm3d`, which
    channels-last memory makes copy. The gradient can be taken once.

    Raises:
        ArgumentError: the features are not "b num_features angles h w", or in training there is one value a map.
    """

    def forward(self, input: Float[Tensor, "b c angles h w"]) -> Float[Tensor, "b c angles h w"]:
        check_shape(input, channels=self.num_features, angles=None)
        angles, planar = input.shape[2], input.transpose(1, 2).flatten(1, 2)
        if self.training or self.running_mean is None or self.running_var is None:
            mean, var = _statistics(planar.detach(), angles)
            if self.training:
                self._track(mean, var, planar.numel() // self.num_features)
            out = _Normalise.apply(planar, mean.repeat(angles), var.repeat(angles), angles, self.eps)
        else:
            running = self.running_mean.repeat(angles), self.running_var.repeat(angles)
            out = torch.batch_norm(planar, None, None, *running, False, 0.0, self.eps, False)
        features = out.unflatten(1, (angles, self.num_features)).transpose(1, 2)
        if self.affine:
            scale, shift = (parameter.to(features.dtype)[:, None, None, None] for parameter in (self.weight, self.bias))
            features = features * scale + shift
        return features

    @torch.no_grad()
    def _track(self, mean: Tensor, var: Tensor, count: int) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        momentum = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), momentum)
        self.running_var.lerp_((var * (count / (count - 1))).to(self.running_var.dtype), momentum)


def _statistics(planar: Tensor, angles: int) -> tuple[Tensor, Tensor]:
    """Mean and variance of each map: those of its planar channels, and the variance of their means."""
    if planar.numel() // planar.shape[1] * angles < 2:
        raise ArgumentError("features.shape", tuple(planar.shape), "two values of each map at least, in training")
    dtype = torch.promote_types(planar.dtype, torch.float32)
    zeros, ones = planar.new_zeros(planar.shape[1], dtype=dtype), planar.new_ones(planar.shape[1], dtype=dtype)
    # Running statistics in `dtype` make torch return these in it too, and not in bfloat16.
    means, variances = (s.view(angles, -1) for s in torch.batch_norm_update_stats(planar, zeros, ones, 0.0))
    mean = means.mean(0)
    return mean, (variances + (means - mean).square()).mean(0)


class _Normalise(torch.autograd.Function):
    r"""$\hat x = (x - \mu)/\sqrt{v + ε}$ with μ and v the shared statistics of x itself; backward counts on that."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, mean: Tensor, var: Tensor, angles: int, eps: float) -> Tensor:
        ctx.save_for_backward(x, mean, var)
        ctx.angles, ctx.eps = angles, eps
        return torch.batch_norm(x, None, None, mean, var, False, 0.0, eps, False)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        r"""$(g - \langle g\rangle - \hat x\,\langle g\hat x\rangle)/\sqrt{v + ε}$, means over each map."""
        x, mean, var = ctx.saved_tensors
        inverse = (var + ctx.eps).rsqrt()  # given, with the mean, once more: channels-last on a card asks for these
        sums = torch.ops.aten.native_batch_norm_backward(
            grads[0], x, torch.ones_like(mean), mean, var, mean, inverse, False, ctx.eps, [True, True, True]
        )
        direct, (along, total) = sums[0], (-s.view(ctx.angles, -1).mean(0).repeat(ctx.angles) for s in sums[1:])
        rate = inverse * (x.shape[1] / x.numel())
        through = torch.batch_norm(x, along * rate, total * rate, mean, var, False, 0.0, ctx.eps, False)
        return direct + through, None, None, None, None
