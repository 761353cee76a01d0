"""Seeded layers and fields for the tests of DiffCNN."""

import torch
from torch import Tensor, nn

from invariance.layers import JacobianConv2d, LogDetInvariant, SignNonlinearity


def conv(*args, dtype=torch.float64, **options) -> JacobianConv2d:
    return JacobianConv2d(*args, dtype=dtype, generator=torch.Generator().manual_seed(1), **options)


def network(kernel_size: int, *, stride: int, dtype=torch.float64, cayley=(0.8, -1.1, 0.4)) -> nn.Sequential:
    return nn.Sequential(
        conv(1, 4, kernel_size, stride=stride, dtype=dtype),
        SignNonlinearity(cayley).to(dtype),
        LogDetInvariant(degenerate="nan"),
    )


def field(*shape: int, dtype=torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64).to(dtype)
