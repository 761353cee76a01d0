"""Small surface networks with random weights, and noise to show them."""

import torch
from torch import Tensor

from invariance.models import SurfaceClassifier


def network(generator: torch.Generator, **options) -> SurfaceClassifier:
    options = {"windows": 3, "width": 4, "hidden": 12, "head": "lipschitz", "sharpness": 200.0} | options
    net = SurfaceClassifier(generator=generator, **options).double()
    net(torch.randn(40, 3, 10, 10, generator=generator, dtype=torch.float64))  # batch norm's statistics
    return net.eval().requires_grad_(False)


def pictures(count: int, generator: torch.Generator) -> Tensor:
    return torch.randn(count, 3, 10, 10, generator=generator, dtype=torch.float64)
