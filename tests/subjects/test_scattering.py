"""kymatio's scattering transform: nearly invariant to shifts, the more the larger J; stable to deformations."""

import pytest
import torch
from subjects.third_party import scattering
from torch import Tensor, nn

from invariance import AnalyticImage, invariance_curve, invariance_error, sample
from invariance.checking import check
from invariance.measure import fitted_slope


class Scattering(nn.Module):
    """ "b 1 n n" to the coefficients "b c n/2ᴶ n/2ᴶ" of order 0 to 2."""

    def __init__(self, scale: int, size: int) -> None:
        super().__init__()
        self.transform = scattering()(J=scale, shape=(size, size), L=4)

    def forward(self, x: Tensor) -> Tensor:
        return self.transform(x.contiguous()).flatten(1, 2)


@pytest.fixture(scope="module")
def images() -> AnalyticImage:
    generator = torch.Generator().manual_seed(0)
    return AnalyticImage.random(6, generator=generator, cutoff=3, window=0.3, channels=1)


def test_shifts_by_the_stride():
    report = check(Scattering(1, 32), input_shape=(1, 32, 32), group="translation", claim="equivariant")
    assert report.verdict == "consistent"


def test_other_shifts_change_it():
    """It pads in its own code, which no circular twin can undo: the border may be what is seen."""
    report = check(Scattering(2, 32), input_shape=(1, 32, 32), group="translation")
    assert report.verdict == "undecided"
    assert any("padding" in sentence or "border" in sentence for sentence in report.diagnosis)


def test_a_larger_scale_is_more_invariant(images: AnalyticImage):
    """Mallat's bound on a shift by c falls like |c|/2ᴶ."""
    pictures = sample(images, 32)
    errors = []
    for scale in (1, 2, 3):
        model = Scattering(scale, 32).double()
        errors.append(invariance_error(model, pictures, pictures.roll(1, -1)).relative)
    assert errors[0] > errors[1] > errors[2]


@pytest.mark.parametrize("scale", [1, 2])
def test_the_error_is_proportional_to_the_deformation(scale: int, images: AnalyticImage):
    """Stability to deformations: ‖S(x∘φ) − S(x)‖ ≤ C‖∇τ‖‖x‖ (Mallat 2012, theorem 2.12)."""
    draw = torch.Generator().manual_seed(1)
    curve = invariance_curve(
        Scattering(scale, 48).double(), images, warp="smooth", scales=(0.01, 0.03, 0.1), generator=draw, size=48
    )
    fit = fitted_slope(curve, generator=draw, predicted=1.0, below=1.0)
    assert fit.verdict(curve, generator=draw) == "respected"
    assert fit.exponent == pytest.approx(1, abs=0.05)
