"""Spatial transformers: the identity at first, the right warp afterwards, gradients, precision, no symmetry."""

import math
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from invariance.errors import ArgumentError
from invariance.images import AnalyticImage, sample
from invariance.layers.transformer import AffineTransformer, CPABTransformer, Localisation, SpatialTransformer
from invariance.testing import assert_equivariant
from invariance.warps import CPAB, Tessellation, Warp, warp_images

KINDS = pytest.mark.parametrize("kind", [AffineTransformer, CPABTransformer])


def last(transformer: SpatialTransformer) -> nn.Linear:
    layer = transformer.localisation.head[-1]
    assert isinstance(layer, nn.Linear)
    return layer


def says(transformer: SpatialTransformer, theta: torch.Tensor) -> SpatialTransformer:
    """The localisation network gives θ for every image."""
    with torch.no_grad():
        last(transformer).bias.copy_(theta)
    return transformer


def trained(transformer: SpatialTransformer, generator: torch.Generator, size: float = 0.2) -> SpatialTransformer:
    with torch.no_grad():
        last(transformer).weight.normal_(0, size, generator=generator)
    return transformer


@pytest.fixture
def images(generator: torch.Generator) -> torch.Tensor:
    return sample(AnalyticImage.random(4, generator=generator, window=0.5), 32).float()


@KINDS
def test_a_new_transformer_changes_nothing(kind, images: torch.Tensor, generator: torch.Generator):
    assert torch.equal(kind(3, generator=generator)(images), images)
    smaller = images[:, :, :28, :24]  # pixel centres that are no binary fractions
    out = kind(3, size=(28, 24), generator=generator)(smaller)
    torch.testing.assert_close(out, smaller, rtol=0, atol=1e-5)


@KINDS
def test_gradients_reach_the_localisation_network_from_the_start(kind, images: torch.Tensor, generator):
    transformer = kind(3, generator=generator)
    (transformer(images) * images.roll(1, 3)).sum().backward()
    for parameter in last(transformer).parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()
        assert parameter.grad.abs().amin(-1).max() > 0
    trained(transformer, generator)(images).square().sum().backward()
    assert all(float(p.grad.abs().max()) > 0 for p in transformer.parameters() if p.grad is not None)


def test_the_affine_warp_is_torchs_own(images: torch.Tensor, generator: torch.Generator):
    theta = 0.2 * torch.randn(6, generator=generator)
    out = says(AffineTransformer(3, generator=generator), theta)(images)
    matrix = (torch.eye(2, 3) + theta.view(2, 3)).expand(len(images), 2, 3)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    expected = F.grid_sample(images, grid, align_corners=False)
    torch.testing.assert_close(out, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("padding", ["zeros", "border", "mirror"])
def test_the_flow_is_that_of_the_warp(padding, images: torch.Tensor, generator: torch.Generator):
    tessellation = Tessellation(3, 2)
    transformer = CPABTransformer(3, tessellation=tessellation, steps=3, padding=padding, generator=generator)
    theta = 0.3 * torch.randn(tessellation.dimension, generator=generator)
    warp = CPAB(theta[None], tessellation, 3)
    expected = warp_images(images, warp, method="bilinear", padding=padding)
    assert torch.equal(says(transformer, theta)(images), expected)


@KINDS
def test_each_image_has_its_own_warp(kind, images: torch.Tensor, generator: torch.Generator):
    transformer = trained(kind(3, generator=generator), generator)
    theta = transformer.localisation(images).detach()
    assert float((theta - theta[0])[1:].abs().amin(1).max()) > 1e-3
    torch.testing.assert_close(transformer(images)[2:3], transformer(images[2:3]), rtol=0, atol=1e-5)


def test_the_localisation_network_is_that_of_the_published_code(images: torch.Tensor, generator: torch.Generator):
    """tanh before the pooling there, after it here."""
    net = Localisation(3, 5, generator=generator)
    trained_last = net.head[-1]
    assert isinstance(trained_last, nn.Linear)
    nn.init.normal_(trained_last.weight, generator=generator)
    x = images
    convolutions = [layer for layer in net.features if isinstance(layer, nn.Conv2d)]
    assert [c.weight.shape for c in convolutions] == [(16, 3, 3, 3), (32, 16, 3, 3), (32, 32, 3, 3)]
    for convolution in convolutions:
        x = F.max_pool2d(convolution(x).tanh(), 2)
    assert x.flatten(1).shape[1] == 128
    units, _, outputs = net.head
    torch.testing.assert_close(net(images), outputs(units(x.flatten(1)).tanh()))


@pytest.mark.parametrize(("size", "features"), [((22, 22), 32), ((28, 28), 32), ((32, 48), 256), ((23, 40), 96)])
def test_localisation_takes_any_size_that_it_was_built_for(size, features: int, generator: torch.Generator):
    net = Localisation(1, 4, size=size, generator=generator)
    assert isinstance(net.head[0], nn.Linear)
    assert net.head[0].in_features == features
    assert net(torch.zeros(2, 1, *size)).shape == (2, 4)


def test_initial_parameters_come_from_the_generator():
    state = torch.random.get_rng_state()
    one, two = (CPABTransformer(3, generator=torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(state, torch.random.get_rng_state())
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b)
    for layer in one.localisation.features:
        if isinstance(layer, nn.Conv2d):
            bound = (9 * layer.in_channels) ** -0.5
            assert 0.9 * bound < float(layer.weight.detach().abs().max()) <= bound
    assert not any(p.any() for p in last(one).parameters())


@KINDS
def test_under_autocast_coordinates_stay_in_single_precision(kind, images: torch.Tensor, generator, monkeypatch):
    transformer = kind(3, generator=generator)
    theta = 0.2 * torch.randn(last(transformer).out_features, generator=generator)
    says(transformer, theta)
    wide = transformer(images)
    calls: list[bool] = []

    def warp(theta: torch.Tensor) -> Warp:
        calls.append(torch.is_autocast_enabled("cpu"))
        return kind.warp(transformer, theta)

    monkeypatch.setattr(transformer, "warp", warp)
    with torch.autocast("cpu", torch.bfloat16):
        assert transformer.localisation(images).dtype == torch.float32
        assert torch.equal(transformer(images), wide)
        half = transformer(images.bfloat16())
    assert not any(calls)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), wide, rtol=2**-7, atol=2**-7)


def test_a_grid_in_bfloat16_is_wrong_by_an_eighth_of_a_pixel(generator: torch.Generator):
    """What the transformers avoid."""
    matrix = torch.eye(2, 3) + 0.1 * torch.randn(50, 2, 3, generator=generator)
    exact = F.affine_grid(matrix, [50, 1, 32, 32], align_corners=False)
    with torch.autocast("cpu", torch.bfloat16):
        base = F.pad(F.affine_grid(torch.eye(2, 3)[None], [1, 1, 32, 32], align_corners=False), (0, 1), value=1.0)
        narrow = (base.view(1, -1, 3) @ matrix.mT).float().view_as(exact)
    assert 1 / 16 < float((narrow - exact).abs().max()) * 16 < 1 / 4


def test_double_precision(images: torch.Tensor, generator: torch.Generator):
    transformer = trained(CPABTransformer(3, generator=generator), generator)
    low, high = transformer(images), transformer.double()(images.double())
    assert high.dtype == torch.float64
    torch.testing.assert_close(low.double(), high, rtol=0, atol=1e-4)


@KINDS
def test_transformers_are_not_equivariant(kind, images: torch.Tensor, generator: torch.Generator):
    """Nothing makes them so; a new one is, since it does nothing."""

    def turn(x: torch.Tensor) -> torch.Tensor:
        return torch.rot90(x, 1, (2, 3))

    transformer = kind(3, generator=generator)
    assert_equivariant(transformer, images, turn(images), output_action=turn)
    with pytest.raises(AssertionError, match="not equivariant"):
        assert_equivariant(trained(transformer, generator), images, turn(images), output_action=turn)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: AffineTransformer(3, size=(21, 32)), r"size = \(21, 32\): 22 pixels each way or more"),
        (lambda: AffineTransformer(0), "in_channels = 0"),
        (
            lambda: AffineTransformer(3, padding="wrap"),  # pyright: ignore[reportArgumentType]
            "padding = wrap: one of zeros, border, mirror",
        ),
        (lambda: CPABTransformer(3, steps=0), "steps = 0"),
        (lambda: Localisation(3, 0), "outputs = 0"),
    ],
)
def test_bad_options_are_refused(build: Any, message: str):
    with pytest.raises(ArgumentError, match=message):
        build()


@pytest.mark.bad_input
@pytest.mark.parametrize("shape", [(2, 3, 32, 31), (2, 1, 32, 32), (3, 32, 32)])
def test_images_of_another_shape_are_refused(shape: tuple[int, ...]):
    with pytest.raises(ArgumentError, match=r"images\.shape = .*\(batch, 3, 32, 32\)"):
        AffineTransformer(3)(torch.zeros(shape))


@KINDS
def test_a_localisation_network_that_diverged_is_an_error(kind, images: torch.Tensor, generator: torch.Generator):
    transformer = kind(3, generator=generator)
    says(transformer, torch.full_like(last(transformer).bias, math.nan))
    with pytest.raises(ArgumentError, match="NaN or infinite"):
        transformer(images)


@pytest.mark.gpu
@KINDS
def test_on_a_gpu(kind, images: torch.Tensor, card: str, generator: torch.Generator):
    transformer = trained(kind(3, generator=generator), generator)
    expected = transformer(images)
    torch.testing.assert_close(transformer.to(card)(images.to(card)).cpu(), expected, rtol=0, atol=1e-3)
