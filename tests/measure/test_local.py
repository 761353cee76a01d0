"""The Lie derivative: rounding where a map is equivariant, the derivative along the group where it is not."""

import math

import pytest
import torch
from torch import Tensor, nn

from invariance.errors import ArgumentError, UndefinedError
from invariance.images import AnalyticImage, sample
from invariance.jacobians import spectral_gradient
from invariance.measure import VELOCITIES, local_error
from invariance.warps import Projective, Pullback

CIRCULAR = {"padding": 1, "padding_mode": "circular"}


class Square(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.square()


class Energy(nn.Module):
    r"""$\sum_{xy} (I_x^2 + \lambda I_y^2)$ by spectral derivatives: invariant to rotations for λ = 1 only."""

    def __init__(self, ratio: float) -> None:
        super().__init__()
        self.ratio = ratio

    def forward(self, x: Tensor) -> Tensor:
        dx, dy = spectral_gradient(x).square().mean((-2, -1)).unbind(2)
        return dx + self.ratio * dy


def periodic(generator: torch.Generator, cutoff: int = 2) -> AnalyticImage:
    waves = torch.randint(-cutoff, cutoff + 1, (4, 6, 2), generator=generator).double()
    amplitude, phase = torch.rand((2, 4, 3, 6), generator=generator, dtype=torch.float64) + 0.5
    return AnalyticImage(waves, amplitude, 7 * phase, window=math.inf)


def convolutions() -> nn.Sequential:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3, **CIRCULAR), Square(), nn.Conv2d(4, 4, 3, stride=2, **CIRCULAR)
    return nn.Sequential(*layers, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten()).double()


@pytest.mark.parametrize("along", ["translation-x", "translation-y"])
def test_band_limited_layers_are_exactly_equivariant_to_translations(along: str, generator: torch.Generator):
    report = local_error(convolutions(), periodic(generator), along=along, size=32)
    assert max(layer.relative or math.inf for layer in report.layers[:3]) < 1e-14
    relu = report.layers[3]
    assert (relu.relative or 0) > 0.1
    assert relu.kind == "ReLU"
    assert report.layers[-1].relative is None
    assert (report.layers[-1].error or 0) > 1e-3
    assert str(report).count("\n") == len(report.rows()) == 6


def test_exact_and_spectral_derivatives_of_the_input_agree(generator: torch.Generator):
    images, net = periodic(generator), convolutions()
    exact, spectral = local_error(net, images, size=32), local_error(net, sample(images, 32))
    for ours, theirs in zip(exact.layers[3:], spectral.layers[3:], strict=True):
        assert ours.local_error == pytest.approx(theirs.local_error, rel=1e-9)


@pytest.mark.parametrize("along", VELOCITIES)
def test_it_is_the_derivative_along_the_group(along: str, generator: torch.Generator):
    """For an output that should not move, d/dt of f(I ∘ exp(−tX)), by differences of exactly warped images."""
    images = AnalyticImage.random(3, generator=generator)
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Softplus(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).double()
    x, y = VELOCITIES[along](torch.tensor([0.0, 1, 0]), torch.tensor([0.0, 0, 1]))
    velocity = torch.stack((x, y)).double()
    field = torch.zeros(3, 3, dtype=torch.float64)
    field[:2, 2] = velocity[:, 0]
    field[:2, :2] = velocity[:, 1:] - velocity[:, :1]

    def moved(t: float) -> Tensor:
        with torch.no_grad():
            return net(sample(Pullback(images, Projective(torch.matrix_exp(-t * field)[None])), 24))

    t = 5e-4  # the pixel is 0.08, and the output varies with its period
    slope = (8 * (moved(t) - moved(-t)) - (moved(2 * t) - moved(-2 * t))) / (12 * t)  # of order 4
    report = local_error(net, images, along=along, size=24)
    assert report.output.square is not None
    torch.testing.assert_close(report.output.square, slope.square().mean(1), rtol=1e-6, atol=1e-18)


def test_the_isotropic_energy_is_told_from_the_impostor(generator: torch.Generator):
    images = AnalyticImage.random(6, generator=generator)
    invariant, impostor = (local_error(Energy(ratio), images, size=64, along="rotation") for ratio in (1.0, 1.1))
    assert (invariant.output.error or 1) < 1e-3
    assert (impostor.output.error or 0) > 0.02


def test_forward_differences_would_not_do(generator: torch.Generator):
    """The same map, taken for far from equivariant: the figures of a difference in the place of the derivative."""
    images = sample(periodic(generator, 4), 64)
    conv = nn.Conv2d(3, 4, 3, **CIRCULAR).double()
    with torch.no_grad():
        out = conv(images)
        forward = (out.roll(-1, -1) - out) * 32
        exact = spectral_gradient(out)[:, :, 0]
    assert (forward - exact).norm() / exact.norm() > 0.05
    assert (local_error(conv, images).output.relative or 1) < 1e-14


def test_margins_leave_the_border_out(generator: torch.Generator):
    net = nn.Conv2d(3, 4, 3, padding=1, bias=False).double()
    images = periodic(generator)
    full, inner = (local_error(net, images, size=32, margin=margin).output.square for margin in (0.0, 0.5))
    assert full is not None
    assert inner is not None
    assert full.mean() > 2 * inner.mean()


def test_constant_layers_have_no_error(generator: torch.Generator):
    class Zero(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return 0 * x

    layer = local_error(Zero(), periodic(generator), size=8).output
    assert (layer.error, layer.relative, layer.local_error) == (None, None, 0)


@pytest.mark.bad_input
def test_bad_input_is_named(generator: torch.Generator):
    images = periodic(generator)

    class Pair(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return x, x

    with pytest.raises(ArgumentError, match="along = spin"):
        local_error(nn.ReLU(), images, size=8, along="spin")
    with pytest.raises(ArgumentError, match="margin"):
        local_error(nn.ReLU(), images, size=8, margin=1.0)
    with pytest.raises(ArgumentError, match="size = None"):
        local_error(nn.ReLU(), images)
    with pytest.raises(ArgumentError, match="size = 8"):
        local_error(nn.ReLU(), sample(images, 8), size=8)
    with pytest.raises(UndefinedError, match="no layer"):
        local_error(Pair(), images, size=8)
