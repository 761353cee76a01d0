"""What the strategies promise: bounds by construction, failures that shrink to something to be read."""

import pytest
import torch
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from invariance.actions import PointwiseAction
from invariance.checking.question import LADDER
from invariance.errors import ArgumentError
from invariance.groups import P4, P4M, SplitGroup
from invariance.images import AnalyticImage, pixel_grid, sample
from invariance.layers.gaussian import GaussianMixture
from invariance.testing import strategies
from invariance.warps import Pullback, Warp

SIMPLEST = settings(database=None, derandomize=True, phases=[Phase.generate, Phase.shrink])
GRID = pixel_grid(9, 9)[None]
ALL = {**strategies.FAMILIES, "compositions": strategies.compositions}
HARDEST = {
    "affine": lambda: strategies.affine_warps(size=0.4, shift=1.0),
    "shear": lambda: strategies.shears(size=100.0),
    "scale": lambda: strategies.scalings(factor=100.0),
    "homography": lambda: strategies.projective_warps(size=0.2),
    "smooth": lambda: strategies.smooth_warps(cutoff=3, gradient=0.99),
    "piecewise-linear": lambda: strategies.piecewise_linear_warps(cells=3, gradient=0.99),
    "separable": lambda: strategies.separable_warps(cells=3, gradient=0.49),
    "cpab": lambda: strategies.cpab_warps(cells=3, gradient=1.0),
}


@given(warp=st.one_of(*(family() for family in (*ALL.values(), *HARDEST.values()))))
def test_every_warp_is_certified(warp: Warp):
    assert bool(warp.certificate().require(orientation=True).invertible.all())


@pytest.mark.parametrize("family", ALL)
def test_warps_shrink_to_the_identity(family: str):
    warp = find(ALL[family](), lambda _: True, settings=SIMPLEST)
    torch.testing.assert_close(warp(GRID), GRID, rtol=0, atol=1e-15)


def test_every_family_that_is_checked_has_a_strategy():
    assert set(strategies.FAMILIES) >= set(LADDER)
    with pytest.raises(ArgumentError, match="family = twirl"):
        strategies.warps("rotation", "twirl")


@pytest.mark.parametrize(
    ("strategy", "options"),
    [
        (strategies.rotations, {"angle": 4.0}),
        (strategies.scalings, {"factor": 0.5}),
        (strategies.shears, {"size": float("inf")}),
        (strategies.affine_warps, {"size": 0.5}),
        (strategies.affine_warps, {"shift": float("nan")}),
        (strategies.projective_warps, {"size": 0.3}),
        (strategies.smooth_warps, {"gradient": 1.0}),
        (strategies.piecewise_linear_warps, {"gradient": 1.0}),
        (strategies.separable_warps, {"gradient": 0.5}),
        (strategies.cpab_warps, {"gradient": -0.1}),
    ],
)
def test_bounds_that_do_not_certify_are_refused(strategy, options):
    with pytest.raises(ArgumentError, match=next(iter(options))):
        strategy(**options)


def test_a_failing_rotation_shrinks_to_a_short_number():
    warp = find(
        strategies.rotations(), lambda warp: float(warp.displacement(9, 9).abs().max()) > 0.5, settings=SIMPLEST
    )
    assert float(warp.displacement(9, 9).abs().max()) < 0.52


def test_mixtures_shrink_to_one_gaussian_of_height_one():
    mixture = find(strategies.gaussian_mixtures(), lambda _: True, settings=SIMPLEST)
    assert mixture.terms == 1
    assert float(mixture(torch.zeros(1, 1, 2).double())) == 1
    two = find(strategies.gaussian_mixtures(channels=2), lambda mixture: mixture.terms == 2, settings=SIMPLEST)
    assert not two.mean.any()


@given(mixture=strategies.gaussian_mixtures(channels=2))
def test_mixtures_are_images(mixture: GaussianMixture):
    assert sample(mixture, 5).shape == (1, 2, 5, 5)


@given(data=st.data(), group=st.sampled_from((P4, P4M)))
def test_elements_are_of_the_group(data: st.DataObject, group: SplitGroup):
    assert data.draw(strategies.group_elements(group)) in group.elements


def test_symmetries_shrink_to_the_identity_of_the_first_group():
    assert find(strategies.symmetries(P4M, P4), lambda _: True, settings=SIMPLEST) == (P4M, 0)
    group, element = find(strategies.symmetries(P4, P4M), lambda drawn: drawn[1] > 3, settings=SIMPLEST)
    assert (group, element) == (P4M, 4)


@given(field=strategies.pointwise_fields(block=2, blocks=(2, 3), max_condition=3.0))
def test_mixed_fields_are_constant_on_blocks(field: PointwiseAction):
    full = field.field.expand(1, 2, 2, 4, 6)
    assert torch.equal(full, full[..., ::2, ::2].repeat_interleave(2, -2).repeat_interleave(2, -1))


def test_mixed_fields_shrink_to_the_identity():
    field = find(strategies.pointwise_fields(block=2, blocks=(2, 2)), lambda _: True, settings=SIMPLEST)
    assert torch.equal(field.field[0, ..., 0, 0], torch.eye(2).double())


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
