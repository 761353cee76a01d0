"""Continuous CNNs: closed form against quadrature, the quadrature's own error, and the symmetries of the layers."""

import math

import pytest
import torch
from torch import Tensor, nn

from invariance.errors import ArgumentError, UndefinedError
from invariance.images import AnalyticImage, ContinuousImage
from invariance.layers.gaussian import (
    GaussianConv2d,
    GaussianMixture,
    Pointwise,
    Square,
    gaussian_network,
    quadrature_error,
)
from invariance.warps import Projective, Pullback

POINTS = torch.rand(1, 12, 2, generator=torch.Generator().manual_seed(9), dtype=torch.float64) - 0.5
BIAS = torch.tensor([0.2, -0.1, 0.4], dtype=torch.float64)


def mixture(batch: int, seed: int, **options) -> GaussianMixture:
    return GaussianMixture.random(batch, generator=torch.Generator().manual_seed(seed), **options)


IMAGES = mixture(2, 0, channels=2, degree=1)
FIRST = mixture(3, 1, channels=2, degree=1, terms=2, width=0.1) * 20.0
SECOND = mixture(1, 2, channels=3, degree=1, terms=1, width=0.1)


def two_layers(function: nn.Module, nodes: int = 16) -> nn.Sequential:
    return nn.Sequential(
        GaussianConv2d(FIRST, BIAS, nodes=nodes), function, GaussianConv2d(SECOND, nodes=nodes), function
    )


def relative(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).abs().max() / expected.square().mean().sqrt())


def test_filters_lie_at_their_angle():
    """Variances w²κ along (cos α, sin α) and w²/κ across."""
    covariance = gaussian_network([0.0], width=0.1, elongation=2.0, angle=0.3)[0].get_buffer("covariance")[0, 0]
    along = torch.tensor([math.cos(0.3), math.sin(0.3)], dtype=torch.float64)
    torch.testing.assert_close(covariance @ along, 0.02 * along)
    torch.testing.assert_close(torch.linalg.det(covariance), torch.tensor(1e-4, dtype=torch.float64))


def test_quadrature_converges_to_the_closed_form():
    """Two routes that share no formula; the error falls by orders with the nodes and is what the estimate says."""
    exact = two_layers(Square())(IMAGES)
    for nodes, allowed in ((8, 2e-2), (16, 1e-4), (32, 1e-8)):
        network = two_layers(Pointwise(torch.square), nodes)
        result = network(IMAGES)
        error = relative(result(POINTS), exact(POINTS))
        assert error < allowed
        assert quadrature_error(network, IMAGES, POINTS) == pytest.approx(error, rel=0.2)
    assert relative(result.jacobian(POINTS), exact.jacobian(POINTS)) < 1e-7


def test_closed_forms_have_no_quadrature_error():
    assert quadrature_error(two_layers(Square()), IMAGES, POINTS) == 0


def test_the_error_of_a_dead_network_is_undefined():
    with pytest.raises(UndefinedError, match="the network vanishes"):
        quadrature_error(two_layers(Pointwise(lambda z: (z - 9).relu())), IMAGES, POINTS)


def test_quadrature_is_fast_where_the_function_is_analytic_and_slow_where_it_has_kinks():
    smooth, kinked = (
        quadrature_error(two_layers(Pointwise(function))[:3], IMAGES, POINTS) for function in (torch.tanh, torch.relu)
    )
    assert smooth < 1e-4 < 1e-3 < kinked < 0.05


def test_one_layer_is_exact_for_any_function():
    result = two_layers(Pointwise(torch.tanh))[:2](IMAGES)
    inner = GaussianConv2d(FIRST, BIAS)(IMAGES)
    torch.testing.assert_close(result(POINTS), inner(POINTS).tanh(), rtol=0, atol=0)
    slope = (1 - inner(POINTS).tanh() ** 2).unsqueeze(2) * inner.jacobian(POINTS)
    torch.testing.assert_close(result.jacobian(POINTS), slope, rtol=1e-12, atol=1e-14)


def test_other_images_are_convolved_by_quadrature():
    """A wave under a Gaussian window is no mixture; the gradient commutes with the layer."""
    image = AnalyticImage.random(2, generator=torch.Generator().manual_seed(3), channels=2)
    network = two_layers(Square(), 20)[:2]
    assert quadrature_error(network, image, POINTS) < 1e-10
    points = POINTS.expand(2, -1, -1).clone().requires_grad_()
    result = network(image)
    (slope,) = torch.autograd.grad(result(points).sum(), points)
    torch.testing.assert_close(result.jacobian(POINTS).sum(1).mT, slope, rtol=1e-9, atol=1e-12)
    assert isinstance(result, ContinuousImage)
    assert (result.dtype, result.device.type) == (torch.float64, "cpu")


def test_a_mixture_and_its_pullback_are_one_image():
    h = Projective.affine(torch.tensor([[[1.1, 0.3], [-0.2, 0.9]]], dtype=torch.float64))
    network = GaussianConv2d(FIRST, BIAS, nodes=32)
    closed = network(IMAGES.transform(h.matrix[:, :2, :2]))
    assert relative(network(Pullback(IMAGES, h.inverse()))(POINTS), closed(POINTS)) < 1e-8


def test_points_keep_their_shape():
    grid = POINTS.reshape(1, 3, 4, 2)
    result = two_layers(Pointwise(torch.tanh), 6)(IMAGES)
    assert result(grid).shape == (2, 1, 3, 4)
    assert result.jacobian(grid).shape == (2, 1, 2, 3, 4)
    torch.testing.assert_close(result(grid).flatten(2), result(POINTS), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_isotropic_networks_commute_with_rotations_and_oriented_ones_do_not(depth: int):
    c, s = math.cos(0.8), math.sin(0.8)
    h = torch.tensor([[[c, -s], [s, c]]], dtype=torch.float64)
    f, biases = mixture(3, 4, terms=2), [0.0, 0.0, 0.5, 0.5][-depth:]
    for elongation, covariant in ((1.0, True), (3.0, False)):
        network = gaussian_network(biases, elongation=elongation)
        error = relative(network(f.transform(h))(POINTS @ h[0].mT), network(f)(POINTS))
        assert error < 1e-11 if covariant else error > 0.05


def test_networks_commute_with_translations():
    f, shift = mixture(3, 4, terms=2), torch.tensor([[0.3, -0.2]], dtype=torch.float64)
    network = gaussian_network([0.3, 0.5], elongation=2.0, angle=0.4)
    moved = network(f.transform(torch.eye(2, dtype=torch.float64)[None], shift))
    assert relative(moved(POINTS + shift), network(f)(POINTS)) < 1e-12


def test_filters_travel_with_the_module():
    layer = GaussianConv2d(FIRST, BIAS).to(torch.float32)
    assert layer.filters.dtype == torch.float32
    assert "bias" in layer.state_dict()


@pytest.mark.bad_input
def test_bad_input_is_named():
    with pytest.raises(ArgumentError, match=r"bias.shape = \(2,\): \(3,\)"):
        GaussianConv2d(FIRST, torch.zeros(2))
    with pytest.raises(ArgumentError, match="nodes = 0"):
        GaussianConv2d(FIRST, nodes=0)
    with pytest.raises(ArgumentError, match=r"filters.constant"):
        GaussianConv2d(Square()(GaussianConv2d(FIRST, BIAS)(IMAGES)))
    for biases, width, elongation in (([], 0.1, 1.0), ([0.0], 0.0, 1.0), ([0.0], 0.1, -1.0)):
        with pytest.raises(ArgumentError, match="biases, width, elongation"):
            gaussian_network(biases, width=width, elongation=elongation)
