"""Every derivative scheme has the order, and the leading error, that its docstring states."""

import math
from itertools import pairwise

import pytest
import torch

from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.images import AnalyticImage, pixel_grid, sample
from invariance.jacobians import ORDERS, exact_jacobian, jacobian

SIZES = (64, 128, 256)


def relative_error(image: AnalyticImage, size: int, scheme) -> float:
    exact = exact_jacobian(image, size)
    return float((jacobian(sample(image, size), scheme) - exact).norm() / exact.norm())


@pytest.mark.parametrize("scheme", [scheme for scheme, order in ORDERS.items() if order < math.inf])
def test_observed_order(scheme, generator: torch.Generator):
    image = AnalyticImage.random(4, generator=generator)
    errors = [relative_error(image, size, scheme) for size in SIZES]
    orders = [math.log2(coarse / fine) for coarse, fine in pairwise(errors)]
    assert orders == pytest.approx([ORDERS[scheme]] * 2, abs=0.05)


def test_spectral_derivative_is_exact_on_periodic_polynomials():
    image = AnalyticImage.from_waves([[[(2, -4, 1.0, 0.3)], [(6, 0, 0.5, 1.0)], [(0, 7, 2.0, 2.0)]]], window=math.inf)
    assert relative_error(image, 16, "spectral") < 1e-13
    assert relative_error(image, 17, "spectral") < 1e-13


def test_spectral_derivative_of_a_windowed_image_has_no_order(generator: torch.Generator):
    image = AnalyticImage.random(4, generator=generator, window=0.12)
    assert relative_error(image, 64, "spectral") < 1e-11


@pytest.mark.parametrize(("scheme", "beta"), [("central", 0), ("sobel", 1 / 4), ("least_squares", 1 / 3)])
def test_leading_error_is_as_stated(scheme, beta: float):
    """On I = x³ + 3xy² the third derivatives are constant, so the stated error is the whole of it."""
    size, h = 16, 2 / 16
    x, y = pixel_grid(size, size).unbind(-1)
    images = (x**3 + 3 * x * y**2).expand(1, 3, size, size)
    error = jacobian(images, scheme)[0, 0, 0, 0] - (3 * x**2 + 3 * y**2)
    expected = torch.full_like(error, h**2 * (6 / 6 + beta * 6))
    torch.testing.assert_close(error[1:-1, 1:-1], expected[1:-1, 1:-1])


@pytest.mark.parametrize("scheme", ["sobel", "least_squares", "central"])
def test_linear_images_are_exact_and_axes_in_place(scheme):
    x, y = pixel_grid(6, 9).unbind(-1)
    images = torch.stack((x, y, 2 * x - y)).unsqueeze(0)
    inner = jacobian(images, scheme)[..., 1:-1, 1:-1]
    expected = torch.tensor([[1, 0], [0, 1], [2, -1]], dtype=torch.float64)[None, None, :, :, None, None]
    torch.testing.assert_close(inner, expected.expand_as(inner))


def test_least_squares_is_the_fit_of_a_plane():
    images = torch.randn(1, 3, 3, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x, y = (pixel_grid(3, 3)).unbind(-1)
    design = torch.stack((x.flatten(), y.flatten(), torch.ones(9)), 1)
    plane = torch.linalg.lstsq(design, images.flatten(2)[0].mT).solution[:2]
    torch.testing.assert_close(jacobian(images, "least_squares")[0, 0, :, :, 1, 1], plane.mT)


@pytest.mark.parametrize("mode", ["replicate", "reflect", "circular", "zeros"])
def test_padding_changes_only_the_border(mode, generator: torch.Generator):
    images = torch.randn(1, 3, 6, 6, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(jacobian(images, padding_mode=mode)[..., 1:-1, 1:-1], jacobian(images)[..., 1:-1, 1:-1])


@pytest.mark.bad_input
@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 1, 8, 8), (2, 2, 8, 8), (1, 3, 1, 8)])
def test_images_of_other_shapes_are_refused(shape):
    with pytest.raises(ArgumentError, match=r"images\.shape"):
        jacobian(torch.zeros(shape))


@pytest.mark.bad_input
def test_other_bad_input_is_named():
    images = torch.zeros(1, 3, 4, 4)
    with pytest.raises(ArgumentError, match="scheme = forward: one of central"):
        jacobian(images, "forward")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentError, match="padding_mode = wrap"):
        jacobian(images, padding_mode="wrap")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentTypeError, match="uint8"):
        jacobian(images.byte())


@pytest.mark.parametrize("scheme", ["central", "sobel", "least_squares"])
def test_equal_pixels_have_no_derivative_at_all(scheme, generator: torch.Generator):
    """A remainder of rounding would make a grey or flat pixel one with a direction of its own."""
    column = torch.rand((2, 3, 9, 1), generator=generator, dtype=torch.float64)
    assert not jacobian(column.expand(2, 3, 9, 9).contiguous(), scheme)[:, :, :, 0].any()


@pytest.mark.parametrize("mode", ["replicate", "reflect", "circular", "zeros"])
@pytest.mark.parametrize("scheme", ORDERS)
def test_the_field_is_laid_out_plainly_however_the_images_are(scheme, mode, generator: torch.Generator):
    images = torch.randn(2, 3, 6, 8, generator=generator, dtype=torch.float64)
    plain = jacobian(images, scheme, padding_mode=mode)
    field = jacobian(images.contiguous(memory_format=torch.channels_last), scheme, padding_mode=mode)
    assert field.is_contiguous()
    assert torch.equal(field, plain)
