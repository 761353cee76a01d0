"""What the strategies promise: bounds by construction, failures that shrink to something to be read."""

import pytest
import torch
from hypothesis import find, given, settings
from hypothesis import strategies as st

from invariance.errors import ArgumentError
from invariance.groups import P4, P4M, SplitGroup
from invariance.images import AnalyticImage, pixel_grid, sample
from invariance.layers.gaussian import GaussianMixture
from invariance.testing import strategies
from invariance.testing.check.question import LADDER
from invariance.warps import Pullback, Warp

SIMPLEST = settings(database=None, derandomize=True)
GRID = pixel_grid(9, 9)[None]
FAMILIES = [
    strategies.projective_warps,
    strategies.smooth_warps,
    strategies.piecewise_linear_warps,
    strategies.separable_warps,
]


@given(warp=st.one_of(*(family() for family in strategies.FAMILIES.values())))
def test_every_named_family_is_certified(warp: Warp):
    assert bool(warp.certificate().require(orientation=True).invertible.all())


@given(warp=strategies.warps())
def test_every_warp_is_certified(warp: Warp):
    assert bool(warp.certificate().require(orientation=True).invertible.all())


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_warps_shrink_to_the_identity(family):
    warp = find(family(), lambda _: True, settings=SIMPLEST)
    torch.testing.assert_close(warp(GRID), GRID, rtol=0, atol=0)


@pytest.mark.parametrize("family", strategies.FAMILIES)
def test_warps_of_each_name_shrink_to_the_identity(family: str):
    warp = find(strategies.FAMILIES[family](), lambda _: True, settings=SIMPLEST)
    torch.testing.assert_close(warp(GRID), GRID, rtol=0, atol=1e-15)


def test_names_are_those_of_the_families():
    assert set(strategies.FAMILIES) == set(LADDER)


def test_a_failing_rotation_shrinks_to_a_short_number():
    warp = find(
        strategies.rotations(), lambda warp: float(warp.displacement(9, 9).abs().max()) > 0.5, settings=SIMPLEST
    )
    assert float(warp.displacement(9, 9).abs().max()) < 0.52


def test_mixtures_shrink_to_one_gaussian_of_height_one():
    mixture = find(strategies.mixtures(), lambda _: True, settings=SIMPLEST)
    assert mixture.terms == 1
    assert float(mixture(torch.zeros(1, 1, 2).double())) == 1
    two = find(strategies.mixtures(channels=2), lambda mixture: mixture.terms == 2, settings=SIMPLEST)
    assert not two.mean.any()


@given(mixture=strategies.mixtures(channels=2))
def test_mixtures_are_images(mixture: GaussianMixture):
    assert sample(mixture, 5).shape == (1, 2, 5, 5)


@given(data=st.data(), group=st.sampled_from((P4, P4M)))
def test_elements_are_of_the_group(data: st.DataObject, group: SplitGroup):
    assert data.draw(strategies.group_elements(group)) in group.elements


@pytest.mark.parametrize("group", [P4, P4M])
def test_elements_shrink_to_the_identity(group: SplitGroup):
    assert find(strategies.group_elements(group), lambda _: True, settings=SIMPLEST) == 0


def test_images_shrink_to_single_waves():
    image = find(
        strategies.analytic_images(channels=1),
        lambda image: bool(sample(image, 8).abs().max() > 0.5),
        settings=SIMPLEST,
    )
    assert repr(image) == "AnalyticImage.from_waves([[[(1, 0, 1.0, 0.0)]]], window=0.25)"


def test_matrices_shrink_to_the_identity():
    matrix = find(strategies.gl2_matrices(), lambda _: True, settings=SIMPLEST)
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
