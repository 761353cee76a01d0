"""Windows that are as wide as a part of the image stay so on finer grids; those of a few pixels shrink to points."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from invariance.checking import CheckReport, check


def spectral(stretch: float, *, pooled: bool = False):
    """A difference of Gaussians of fixed width in the image, by its transfer function: an isotropic neural operator."""

    def model(x: Tensor) -> Tensor:
        fy, fx = (torch.fft.fftfreq(n, d=2 / n, dtype=x.dtype) for n in x.shape[-2:])
        square = (torch.pi * fx).square() + (torch.pi * stretch * fy[:, None]).square()
        filtered = torch.fft.ifft2(torch.fft.fft2(x) * ((-0.01 * square).exp() - (-0.05 * square).exp())).real.tanh()
        return filtered.square().mean((-2, -1)) if pooled else filtered

    return model


def asked(model, claim: str = "equivariant") -> CheckReport:
    options = {"group": "rotation", "claim": claim, "sizes": (32, 40, 48, 64, 96), "images": 6}
    return check(model, input_shape=(1, 32, 32), **options)


@pytest.mark.parametrize("pooled", [False, True])
def test_wide_filters_are_judged(pooled: bool):
    claim = "invariant" if pooled else "equivariant"
    assert asked(spectral(1, pooled=pooled), claim).verdict == "consistent"
    assert asked(spectral(1.3, pooled=pooled), claim).verdict == "violated"


@pytest.mark.parametrize("kernel_size", [3, 9])
def test_narrow_filters_are_not(kernel_size: int):
    torch.manual_seed(0)
    conv = nn.Conv2d(1, 3, kernel_size, padding=kernel_size // 2, padding_mode="circular")
    report = asked(nn.Sequential(conv, nn.Tanh(), nn.Conv2d(3, 2, 1)))
    assert report.verdict != "consistent"
    assert asked(lambda x: F.avg_pool2d(x.tanh(), 1)).verdict == "consistent"
