"""What the strategies promise: bounds by construction, failures that shrink to something to be read."""

import pytest
import torch
from hypothesis import find, given, settings

from invariance.errors import ArgumentError
from invariance.images import AnalyticImage, pixel_grid, sample
from invariance.testing import strategies
from invariance.warps import Pullback, Warp

GRID = pixel_grid(9, 9)[None]
FAMILIES = [
    strategies.projective_warps,
    strategies.smooth_warps,
    strategies.piecewise_linear_warps,
    strategies.separable_warps,
]


@given(warp=strategies.warps())
def test_every_warp_is_certified(warp: Warp):
    assert bool(warp.certificate().require(orientation=True).invertible.all())


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_warps_shrink_to_the_identity(family):
    warp = find(family(), lambda _: True, settings=settings(database=None, derandomize=True))
    torch.testing.assert_close(warp(GRID), GRID, rtol=0, atol=0)


def test_images_shrink_to_single_waves():
    image = find(
        strategies.analytic_images(channels=1),
        lambda image: bool(sample(image, 8).abs().max() > 0.5),
        settings=settings(database=None, derandomize=True),
    )
    assert repr(image) == "AnalyticImage.from_waves([[[(1, 0, 1.0, 0.0)]]], window=0.25)"


def test_matrices_shrink_to_the_identity():
    matrix = find(strategies.gl2_matrices(), lambda _: True, settings=settings(database=None, derandomize=True))
    assert torch.equal(matrix, torch.eye(2).double())


@given(warp=strategies.warps(), image=strategies.analytic_images())
def test_pullbacks_have_the_chain_rule(warp: Warp, image: AnalyticImage):
    pulled = Pullback(image, warp)
    chain = (image.jacobian(warp(GRID)).movedim((1, 2), (-2, -1)) @ warp.jacobian(GRID)).movedim((-2, -1), (1, 2))
    torch.testing.assert_close(pulled.jacobian(GRID), chain)


@pytest.mark.parametrize("bound", [0.5, float("inf"), float("nan")])
def test_condition_numbers_below_one_are_refused(bound: float):
    with pytest.raises(ArgumentError, match="max_condition"):
        strategies.gl2_matrices(max_condition=bound)
