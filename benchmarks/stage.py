"""DiffCNN's stage, convolution, sign and log-determinant, against the planar convolution of as many operations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from invariance.layers import JacobianConv2d, JacobianHead, LogDetInvariant, SignNonlinearity

from .machine import copy_rate
from .row import Row, Rows, timed

__all__ = ["planar", "rows"]

_SECTION = "DiffCNN's stage"


def planar(layer: JacobianConv2d) -> nn.Conv2d:
    """The convolution with the same filter bank, laid out beforehand."""
    weight = layer.weight.detach().permute(0, 4, 1, 5, 2, 3).flatten(2, 3).flatten(0, 1)
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], layer.kernel_size, stride=layer.stride, bias=False)
    conv.weight = nn.Parameter(weight)
    return conv


def rows() -> Rows:
    generator = torch.Generator().manual_seed(0)
    for channels, batch in ((1, 64), (16, 32)):
        conv = JacobianConv2d(channels, 16, 3, generator=generator)
        jac = torch.randn(batch, channels, 3, 2, 32, 32, generator=generator)
        jac[..., :3, :] = 0  # photographs have flat pixels
        yield from _stage(JacobianHead(conv, SignNonlinearity(), LogDetInvariant()), conv, jac)
    field = torch.randn(64, 16, 3, 2, 30, 30, generator=generator)
    rate = copy_rate()
    with torch.no_grad():
        for layer, moved in ((SignNonlinearity(), 2.0), (LogDetInvariant(), 1 + 1 / 6)):
            yield _roofline(layer, field, moved * field.nbytes / rate)


def _stage(head: nn.Module, conv: JacobianConv2d, jac: Tensor) -> Rows:
    """As it is, and compiled, which takes a C++ compiler and some seconds before the first row."""
    flat = planar(conv)
    same = jac.permute(0, 3, 1, 2, 4, 5).flatten(0, 1).flatten(1, 2).contiguous()
    for net, how, goals in ((head, "eager", (2.0, 1.3)), (torch.compile(head, dynamic=False), "compiled", (1.5, 1.5))):
        name = f"stage, {conv.in_channels} to 16 channels, K = 3, {len(jac)}×32², {how}"
        with torch.no_grad():
            yield timed(_SECTION, f"{name}, forward", "Conv2d", partial(net, jac), partial(flat, same), goals[0])
        if conv.in_channels > 1:
            jac.requires_grad_()
            same.requires_grad_()
        steps = partial(_step, net, jac), partial(_step, flat, same)
        yield timed(_SECTION, f"{name}, forward and backward", "Conv2d", *steps, goals[1])


def _step(net: Callable[[Tensor], Tensor], x: Tensor) -> None:
    x.grad = None
    net(x).sum().backward()


def _roofline(layer: nn.Module, field: Tensor, least: float) -> Row:
    """Against the time in which the memory gives what goes in and takes what comes out."""
    row = timed(_SECTION, f"{type(layer).__name__}, forward", "its memory roofline", partial(layer, field), field.clone)
    low, middle, high = (r * row.other / (1e3 * least) for r in row.quartiles)
    return Row(row.section, row.what, row.beside, row.ours, 1e3 * least, (low, middle, high))
