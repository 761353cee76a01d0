"""The nearest symmetric weights, and bounds of the forward error: true where numbers cancel or vanish."""

from typing import Any

import torch
from proving.functions import FLIP, Of, doubles
from torch import nn

from invariance.proving import prove


def test_what_is_no_weight_alone_is_not_changed() -> None:
    """The nearest symmetric network has other weights: not other numbers in forward, nor half of a shared storage."""
    made = Of(lambda x: x + torch.tensor([1.0, 1 + 1e-7], dtype=torch.float64))
    assert prove(made, **FLIP).backward is None
    base = doubles(2, 1, 1 + 1e-7)
    assert prove(Of(lambda x, a, b: x * b + a[0], base[:2], base[1:]), **FLIP).backward is None
    assert prove(Of(lambda x, a, b: x * b + a[0], base[:2].clone(), base[1:]), **FLIP).backward is not None


def test_a_forward_error_over_a_shift_that_cancels() -> None:
    """The shift of a batch norm is known to the rounding of what cancels in it."""
    norm = nn.BatchNorm1d(1).double().eval()
    norm.get_buffer("running_mean").fill_(7e16)
    with torch.no_grad():
        slope = norm.weight / (norm.get_buffer("running_var") + norm.eps).sqrt()
        norm.bias.copy_(slope * 7e16)
        mixing = nn.Conv1d(1, 1, 3, padding=1, bias=False).double()
        mixing.weight.copy_(doubles(1, 1, 1 + 1e-9).view(1, 1, 3))
    network = nn.Sequential(norm, mixing)
    asked: dict[str, Any] = FLIP | {"input_shape": (1, 3)}
    found = prove(network, **asked).forward
    assert found is None or found.bound > 6.9e-9  # with 300 bits


def test_a_forward_error_of_products_that_are_too_small() -> None:
    """1e-200 · 1e-200 is 0 in floating-point numbers, and comes back by 1e300."""
    sizes = [[1e-200], [1e-200], [1e300], [1, 1, 1 + 1e-9], [1e300]]
    layers = [nn.Conv1d(1, 1, len(s), padding=len(s) // 2, bias=False).double() for s in sizes]
    with torch.no_grad():
        for layer, size in zip(layers, sizes, strict=True):
            layer.weight.copy_(doubles(*size).view(1, 1, -1))
    asked: dict[str, Any] = FLIP | {"input_shape": (1, 3)}
    found = prove(nn.Sequential(*layers), **asked).forward
    assert found is None or found.bound > 1e191
