"""Values and gradients of analytic images, and the grid they are sampled on."""

import math

import pytest
import torch
from hypothesis import given

from invariance.errors import ArgumentError
from invariance.images import AnalyticImage, pixel_grid, sample
from invariance.testing.strategies import analytic_images


def test_grid_is_that_of_affine_grid():
    theta = torch.eye(2, 3, dtype=torch.float64)[None]
    expected = torch.nn.functional.affine_grid(theta, [1, 1, 5, 8], align_corners=False)[0]
    torch.testing.assert_close(pixel_grid(5, 8), expected, rtol=0, atol=1e-15)


def test_grid_is_symmetric_to_the_last_bit():
    grid = pixel_grid(7, 12)
    assert torch.equal(grid.flip(0, 1), -grid)


@given(image=analytic_images(batch=2))
def test_jacobian_is_the_derivative_of_the_value(image: AnalyticImage):
    points = pixel_grid(3, 4)[None].requires_grad_()
    values = image(points)
    for channel in range(3):
        for index in range(2):
            (expected,) = torch.autograd.grad(values[index, channel].sum(), points, retain_graph=True)
            actual = image.jacobian(points)[index, channel].movedim(0, -1)
            torch.testing.assert_close(actual, expected[0], rtol=1e-10, atol=1e-10)


def test_a_single_wave_by_hand():
    image = AnalyticImage.from_waves([[[(1, 0, 2.0, 0.3)]]], window=0.5)
    value = image(torch.tensor([[[0.25, 0.5]]], dtype=torch.float64))
    expected = 2 * math.cos(math.pi / 4 + 0.3) * math.exp(-(0.25**2 + 0.5**2) / (2 * 0.25))
    torch.testing.assert_close(value, torch.tensor([[[expected]]], dtype=torch.float64))


@given(image=analytic_images(batch=2))
def test_repr_pastes_back(image: AnalyticImage):
    again = eval(repr(image), {"AnalyticImage": AnalyticImage})
    torch.testing.assert_close(sample(again, 8), sample(image, 8), rtol=0, atol=1e-12)


def test_random_images_vanish_on_the_border(generator: torch.Generator):
    image = AnalyticImage.random(4, generator=generator)
    edge = torch.stack((torch.ones(50), torch.linspace(-1, 1, 50)), -1).double()[None]
    assert image(edge).abs().max() < 1e-4 * sample(image, 64).abs().max()


def test_random_images_repeat_with_their_generator():
    first, second = (
        AnalyticImage.random(2, generator=torch.Generator().manual_seed(3), dtype=dtype)
        for dtype in (torch.float64, torch.float32)
    )
    torch.testing.assert_close(sample(first, 9).float(), sample(second, 9), rtol=1e-4, atol=1e-5)


def test_random_waves_are_uniform_in_the_disc(generator: torch.Generator):
    radius = AnalyticImage.random(100, generator=generator, cutoff=3.0, waves=100).waves.norm(dim=-1)
    inner = (radius[..., None] <= 3 * torch.tensor([0.25, 0.5, 0.75])).double().mean((0, 1))
    torch.testing.assert_close(inner, torch.tensor([0.25, 0.5, 0.75]).double() ** 2, rtol=0, atol=0.02)


def test_slices_keep_their_images(generator: torch.Generator):
    image = AnalyticImage.random(4, generator=generator)
    torch.testing.assert_close(sample(image[1:3], 8), sample(image, 8)[1:3])


@pytest.mark.bad_input
def test_bad_arguments_are_named(generator: torch.Generator):
    image = AnalyticImage.random(2, generator=generator)
    with pytest.raises(ArgumentError, match=r"points\.shape = \(1, 5, 3\)"):
        image(torch.zeros(1, 5, 3).double())
    with pytest.raises(ArgumentError, match=r"points\.shape = \(3, 5, 2\)"):
        image(torch.zeros(3, 5, 2).double())
    with pytest.raises(ArgumentError, match=r"amplitude\.shape"):
        AnalyticImage(image.waves, image.amplitude[:1], image.phase)
    with pytest.raises(ArgumentError, match="window = 0"):
        AnalyticImage(image.waves, image.amplitude, image.phase, window=0.0)
    with pytest.raises(ArgumentError, match="at least one wave"):
        AnalyticImage.from_waves([[[], []]])
    with pytest.raises(ArgumentError, match="height = 0"):
        pixel_grid(0, 4)
