"""Our own stand-in for libraries of steerable filters: float32 filters, expanded once and kept with their graph."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.checking import check
from invariance.errors import ArgumentError
from invariance.layers import P4ConvZ2


class Expanded(nn.Module):
    """A p4 lifting layer whose filters are sums over a symmetrised basis, in float32."""

    def __init__(self, kernel_size: int, *, seed: int, change: Callable[[Tensor], Tensor] | None = None) -> None:
        super().__init__()
        taps = kernel_size**2
        draw = torch.Generator().manual_seed(seed)
        self.weights = nn.Parameter(torch.randn(2, 3, taps, generator=draw))
        basis = torch.randn(taps, kernel_size, kernel_size, generator=draw) / math.sqrt(taps)
        turned = torch.stack([torch.rot90(basis, k, (-2, -1)) for k in range(4)])
        # Mixed by angle and back again, as Fourier bases are: equal up to rounding, no longer bit for bit.
        angles = torch.arange(4) * math.pi / 2
        mix = torch.stack([torch.ones(4), angles.cos(), angles.sin(), (2 * angles).cos()])
        turned = torch.einsum("gk, kh, hbxy -> gbxy", torch.linalg.inv(mix), mix, turned)
        filters = torch.einsum("ocb, gbxy -> ogcxy", self.weights, turned).flatten(0, 1)
        self.register_buffer("filters", change(filters) if change else filters)

    def forward(self, x: Tensor) -> Tensor:
        filters = self.get_buffer("filters")
        return F.conv2d(x, filters, padding=filters.shape[-1] // 2).unflatten(1, (-1, 4))


def verdict(model: nn.Module) -> str:
    return check(model, input_shape=(3, 12, 12), group="p4", claim="equivariant", action="regular").verdict


@pytest.mark.parametrize("kernel_size", [1, 3, 5, 7, 9])
def test_filters_that_are_symmetric_up_to_their_precision_are_symmetric(kernel_size: int):
    models = [Expanded(kernel_size, seed=seed) for seed in range(20)]
    assert {verdict(model) for model in models} == {"consistent"}
    assert all(not model.get_buffer("filters").is_leaf for model in models)


@pytest.mark.parametrize("size", [1e-4, 3e-2])
def test_noise_on_the_filters_is_found(size: float):
    noise = torch.Generator().manual_seed(0)
    models = [
        Expanded(5, seed=seed, change=lambda f: f * (1 + size * torch.randn(f.shape, generator=noise)))
        for seed in range(5)
    ]
    assert {verdict(model) for model in models} == {"violated"}


def test_permuted_taps_are_found():
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    assert verdict(Expanded(3, seed=0, change=lambda f: f.flatten(-2)[..., order].view_as(f))) == "violated"


def test_what_cannot_be_copied_is_said():
    class Locked(nn.Conv2d):
        def __deepcopy__(self, memo: object) -> nn.Module:
            raise TypeError("not today")

    with pytest.raises(ArgumentError, match=r"model = Locked: .*not today"):
        verdict(Locked(3, 8, 3))


def test_our_own_filters_are_exact():
    assert verdict(P4ConvZ2(3, 2, 3, padding=1)) == "consistent"
