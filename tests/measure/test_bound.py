"""T2.g on analytic images: the dropped term never exceeds its bound, and the bound is not idle."""

import math

import pytest
import torch

from invariance.errors import ArgumentError
from invariance.images import AnalyticImage, pixel_grid
from invariance.measure import dropped_term, lipschitz_constant
from invariance.warps import Projective, random_smooth
from invariance.warps.base import operator_norm


def test_the_lipschitz_constant_of_a_plane_wave():
    """I = cos(πk·x) in one channel: |DJ| = (π|k|)² |cos|, at most (π|k|)²."""
    image = AnalyticImage.from_waves([[[(3, 4, 1.0, 0.0)], [], []]], window=math.inf)
    torch.testing.assert_close(
        lipschitz_constant(image), torch.tensor([(5 * math.pi) ** 2]).double(), rtol=1e-3, atol=0
    )


def test_norms_are_the_largest_singular_values(generator: torch.Generator):
    image = AnalyticImage.random(3, generator=generator)
    grid, step = pixel_grid(16, 16)[None].flatten(1, 2), 1e-4
    slopes = [(image.jacobian(grid + s) - image.jacobian(grid - s)) / (2 * step) for s in step * torch.eye(2).double()]
    largest = torch.linalg.svdvals(torch.stack(slopes, -1).flatten(1, 2).movedim(1, 2))[..., 0].amax(1)
    torch.testing.assert_close(lipschitz_constant(image, size=16), largest, rtol=1e-12, atol=0)
    warp = random_smooth(3, 0.3, generator=generator)
    derivative = warp.jacobian(grid)
    largest = torch.linalg.svdvals(derivative)[..., 0]
    torch.testing.assert_close(operator_norm(derivative.movedim(1, -1)), largest, rtol=1e-12, atol=0)


@pytest.mark.parametrize("scale", [1e-3, 1e-2, 0.1, 0.4])
def test_the_dropped_term_respects_its_bound(scale: float, generator: torch.Generator):
    image = AnalyticImage.random(6, generator=generator)
    measured, bound = dropped_term(image, random_smooth(6, scale, generator=generator), size=48)
    assert (measured <= bound).all()
    assert (measured > 0.05 * bound).all()


def test_the_dropped_term_by_hand():
    """I = cos πx in one channel, φ(x, y) = (x/2, y): ½π |sin πx − sin πx/2|."""
    image = AnalyticImage.from_waves([[[(1, 0, 1.0, 0.0)], [], []]], window=math.inf)
    warp = Projective.affine(torch.tensor([[[0.5, 0.0], [0.0, 1.0]]]).double())
    measured, _ = dropped_term(image, warp, size=8)
    grid = [(2 * i + 1) / 8 - 1 for i in range(8)]
    expected = max(math.pi / 2 * abs(math.sin(math.pi * x) - math.sin(math.pi * x / 2)) for x in grid)
    assert float(measured) == pytest.approx(expected)


def test_the_bound_is_first_order_in_the_warp(generator: torch.Generator):
    image = AnalyticImage.random(2, generator=generator)
    state = generator.get_state()
    small, large = (
        dropped_term(image, random_smooth(2, scale, generator=generator.set_state(state)), size=32)[1]
        for scale in (1e-4, 1e-3)
    )
    torch.testing.assert_close(large / small, torch.full((2,), 10.0).double(), rtol=0.01, atol=0)


def test_a_warp_that_leaves_the_square_is_refused(generator: torch.Generator):
    image = AnalyticImage.random(1, generator=generator)
    with pytest.raises(ArgumentError, match="a map that reaches"):
        dropped_term(image, Projective.affine(1.5 * torch.eye(2).double()[None]), size=16)
