"""I∘φ for analytic images: value, chain rule, functoriality."""

import pytest
import torch

from invariance.errors import ArgumentError
from invariance.images import AnalyticImage, pixel_grid, sample
from invariance.warps import WARP_FAMILIES, Pullback, random_affine, random_smooth

POINTS = pixel_grid(6, 7)[None]


@pytest.mark.parametrize("name", WARP_FAMILIES)
def test_the_chain_rule(name, generator):
    image = AnalyticImage.random(3, generator=generator, window=0.6)
    pulled = Pullback(image, WARP_FAMILIES[name](3, 0.2, generator=generator))
    points = POINTS.expand(3, -1, -1, -1).clone().requires_grad_()
    channels = [torch.autograd.grad(c.sum(), points, retain_graph=True)[0] for c in pulled(points).unbind(1)]
    expected = torch.stack(channels, 1).movedim(-1, 2)
    torch.testing.assert_close(pulled.jacobian(points.detach()), expected, rtol=1e-11, atol=1e-12)


def test_values_are_those_of_the_image_where_the_warp_points(generator):
    image = AnalyticImage.random(3, generator=generator)
    warp = random_affine(1, 0.2, generator=generator)
    assert torch.equal(Pullback(image, warp)(POINTS), image(warp(POINTS)))


def test_two_pullbacks_are_that_of_the_composition(generator):
    image = AnalyticImage.random(2, generator=generator)
    outer, inner = random_affine(2, 0.1, generator=generator), random_smooth(2, 0.2, generator=generator)
    twice, once = Pullback(Pullback(image, outer), inner), Pullback(image, outer @ inner)
    torch.testing.assert_close(twice(POINTS), once(POINTS))
    torch.testing.assert_close(twice.jacobian(POINTS), once.jacobian(POINTS))


def test_it_is_an_image(generator):
    image = AnalyticImage.random(2, generator=generator, dtype=torch.float32)
    pulled = Pullback(image, random_affine(2, 0.1, generator=generator))
    assert (len(pulled), pulled.dtype, pulled.device) == (2, torch.float32, image.device)
    assert sample(pulled, 5).dtype == torch.float32


def test_another_number_of_warps_is_refused(generator):
    with pytest.raises(ArgumentError, match="warp"):
        Pullback(AnalyticImage.random(2, generator=generator), random_affine(3, 0.1, generator=generator))
