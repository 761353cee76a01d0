"""No affine map realigns feature maps, but for rotations and isotropic filters (Jansson et al., 2020)."""

import copy
import math
from collections.abc import Iterator

import jaxtyping
import pytest
import torch
from torch import nn

from invariance.errors import ArgumentError, SingularError, UndefinedError
from invariance.images import AnalyticImage, ContinuousImage, pixel_grid
from invariance.layers.gaussian import (
    GaussianConv2d,
    GaussianMixture,
    Pointwise,
    gaussian_network,
    matched_filters,
    strokes,
)
from invariance.measure.alignment import Alignment, align_features, transformed
from invariance.measure.feature_maps import feature_maps
from invariance.measure.field_of_view import field_of_view
from invariance.measure.sampled import SampledFeatures, SampledNetwork
from invariance.warps import Projective, Pullback

ALIGNED, APART = 1e-9, 0.03
DEPTHS = [1, 2, 3, 4]


def affine(*rows: tuple[float, float], shift: tuple[float, float] = (0.0, 0.0)) -> Projective:
    return Projective.affine(torch.tensor([rows], dtype=torch.float64), torch.tensor([shift], dtype=torch.float64))


def rotation(angle: float, **options) -> Projective:
    c, s = math.cos(angle), math.sin(angle)
    return affine((c, -s), (s, c), **options)


ROTATION = rotation(0.7, shift=(0.1, -0.05))
REFLECTION = affine((math.cos(0.5), math.sin(0.5)), (math.sin(0.5), -math.cos(0.5)))
SCALING, SHEAR = affine((1.4, 0.0), (0.0, 1.4)), affine((1.0, 0.7), (0.0, 1.0))
IMAGES = GaussianMixture.random(12, generator=torch.Generator().manual_seed(0), terms=2)


def network(depth: int, elongation: float) -> nn.Sequential:
    return gaussian_network([0.0, 0.0, 0.5, 0.5][-depth:], elongation=elongation, angle=0.3)


@pytest.fixture
def unchecked_shapes() -> Iterator[None]:
    """Checking shapes costs ten times the arithmetic of small mixtures, and other tests do it for the same calls."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def search(
    model, h: Projective, *, images: ContinuousImage = IMAGES, size: int = 12, starts: int = 1, **options
) -> Alignment:
    generator = torch.Generator().manual_seed(1)
    return align_features(model, images, h, generator=generator, size=size, candidates=6, starts=starts, **options)


def assert_apart(found: Alignment) -> None:
    low, high = found.interval(generator=torch.Generator().manual_seed(2))
    assert APART < low < found.residual < high
    assert found.residual <= found.inverse.normalised


# Mixtures


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("h", [ROTATION, REFLECTION], ids=["rotation", "reflection"])
def test_isotropic_filters_let_rotations_and_reflections_be_undone_by_the_inverse_only(depth: int, h: Projective):
    found = search(network(depth, 1.0), h, size=10 if depth == 4 else 12)
    assert max(found.residual, found.inverse.normalised, found.deviation) < ALIGNED
    torch.testing.assert_close(found.g.matrix, h.inverse().matrix, rtol=0, atol=1e-9)
    # The start at h⁻¹ is one of these; the other was told nothing.
    assert found.starts[1] < ALIGNED < APART < found.starts[-1]


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("elongation", [1.0, 3.0], ids=["isotropic", "oriented"])
@pytest.mark.parametrize("h", [SCALING, SHEAR], ids=["scaling", "shear"])
def test_scaling_and_shear_cannot_be_undone(depth: int, elongation: float, h: Projective):
    assert_apart(search(network(depth, elongation), h))


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("depth", DEPTHS)
def test_oriented_filters_do_not_let_rotations_be_undone(depth: int):
    assert_apart(search(network(depth, 3.0), ROTATION))


def test_half_a_turn_is_undone_for_filters_with_that_symmetry():
    """A finite group that the filters do have: elongated Gaussians under 180°."""
    found = search(network(2, 3.0), rotation(math.pi))
    assert max(found.residual, found.deviation) < ALIGNED


@pytest.mark.usefixtures("unchecked_shapes")
def test_the_input_can_be_aligned_and_no_feature_map_after_it():
    """A spatial transformer before the first and after the first of two oriented layers."""
    layers = network(2, 3.0)
    found = search(lambda image: image, SCALING, head=layers, starts=0)
    assert max(found.residual, found.deviation) < 1e-7
    assert_apart(search(layers[:2], SCALING, head=layers[2:], starts=0))


def test_the_search_is_a_function_of_its_generator():
    first, second = (search(network(1, 3.0), SHEAR) for _ in range(2))
    assert torch.equal(first.g.matrix, second.g.matrix)
    assert torch.equal(first.starts, second.starts)


def test_random_searches_look_at_both_orientations():
    """Told nothing but the identity and h⁻¹'s orientation at random: a reflection and a rotation are both found."""
    for h in (ROTATION, REFLECTION):
        found = search(network(1, 1.0), h, starts=4)
        assert int((found.starts < ALIGNED).sum()) >= 3


def test_the_jacobian_is_the_derivative_of_the_residuals():
    from invariance.measure.alignment import _Problem

    problem = _Problem(network(2, 3.0), IMAGES, SHEAR, None, 6)
    entries = SHEAR.matrix[0, :2].flatten() + 0.05
    at = entries.clone().requires_grad_()
    expected = torch.autograd.functional.jacobian(problem.residuals, at, vectorize=False)
    torch.testing.assert_close(problem.jacobian(entries), expected, rtol=1e-9, atol=1e-12)


# Networks on pixels

CNN_IMAGES = AnalyticImage.random(8, generator=torch.Generator().manual_seed(0), channels=1, window=0.15)


def cnn(symmetric: bool) -> nn.Sequential:
    generator = torch.Generator().manual_seed(3)
    layers = nn.Sequential(nn.Conv2d(1, 3, 5, padding=2), nn.Tanh(), nn.Conv2d(3, 2, 5, padding=2), nn.Tanh()).double()
    for parameter in layers.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) / 4
        if symmetric and parameter.ndim == 4:
            parameter.data = torch.stack([torch.rot90(parameter.data, r, (2, 3)) for r in range(4)]).mean(0)
    return layers


@pytest.mark.parametrize(("symmetric", "aligned"), [(True, True), (False, False)])
def test_quarter_turns_of_a_network_on_pixels(symmetric: bool, aligned: bool):
    model = SampledNetwork(cnn(symmetric), 48, extent=1.5)
    found = search(model, rotation(math.pi / 2), images=CNN_IMAGES)
    if aligned:
        assert max(found.residual, found.deviation) < ALIGNED
    else:
        assert_apart(found)


@pytest.mark.parametrize("h", [SCALING, SHEAR], ids=["scaling", "shear"])
def test_scaling_and_shear_of_a_network_on_pixels(h: Projective):
    assert_apart(search(SampledNetwork(cnn(True), 48, extent=1.5), h, images=CNN_IMAGES))


@pytest.mark.parametrize("h", [ROTATION, SCALING, SHEAR], ids=["rotation", "scaling", "shear"])
def test_the_input_of_a_network_on_pixels_can_be_aligned_and_no_feature_map_after_it(h: Projective):
    layers = cnn(False)
    first, rest, whole = (SampledNetwork(part, 40, extent=1.5) for part in (layers[:2], layers[2:], layers))
    found = search(lambda image: image, h, images=CNN_IMAGES, head=whole, starts=0)
    assert max(found.residual, found.deviation) < 1e-7
    assert_apart(search(first, h, images=CNN_IMAGES, head=rest, starts=0))


def test_sampled_features_are_the_image_they_sample():
    features = SampledNetwork(lambda samples: 2 * samples, 96, extent=1.2)(CNN_IMAGES)
    points = 0.5 * pixel_grid(7, 9)[None]
    torch.testing.assert_close(features(points), 2 * CNN_IMAGES(points), rtol=0, atol=1e-5)
    torch.testing.assert_close(features.jacobian(points), 2 * CNN_IMAGES.jacobian(points), rtol=0, atol=1e-3)
    assert len(features) == 8
    assert (features.dtype, features.device.type) == (torch.float64, "cpu")


def test_sampled_features_take_points_for_each_image():
    features = SampledFeatures(CNN_IMAGES(pixel_grid(32, 32)[None]))
    points = torch.rand(8, 5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) - 0.5
    one = SampledFeatures(features.values[3:4])
    torch.testing.assert_close(features.jacobian(points)[3:4], one.jacobian(points[3:4]))


def test_transforming_is_closed_or_pulled_back():
    assert isinstance(transformed(SHEAR, IMAGES), GaussianMixture)
    assert isinstance(transformed(SHEAR, CNN_IMAGES), Pullback)
    points = pixel_grid(4, 4)[None]
    torch.testing.assert_close(
        transformed(ROTATION, IMAGES)(points), Pullback(IMAGES, ROTATION.inverse())(points), rtol=1e-12, atol=1e-14
    )


# Figures 2 and 3

W = [
    ((-0.5, -0.35), (-0.28, 0.35)),
    ((-0.28, 0.35), (0.0, -0.15)),
    ((0.0, -0.15), (0.28, 0.35)),
    ((0.28, 0.35), (0.5, -0.35)),
]
M = [((-a, -b), (-c, -d)) for (a, b), (c, d) in W]
LETTERS = strokes([W, M])


def test_another_channel_answers_to_the_letter_turned_round():
    half = rotation(math.pi)
    model = nn.Sequential(
        GaussianConv2d(matched_filters(LETTERS), torch.full((2,), -0.052, dtype=torch.float64)), Pointwise(torch.relu)
    )
    maps = feature_maps(model, LETTERS[:1], half, size=64)
    peaks = maps.features.amax((2, 3))
    assert (peaks > 0).tolist() == [[True, False], [False, True], [False, True]]
    torch.testing.assert_close(maps.images[2], maps.images[0])
    torch.testing.assert_close(maps.images[1], LETTERS[1:](pixel_grid(64, 64)[None])[0], rtol=0, atol=1e-12)
    torch.testing.assert_close(maps.features[2, 1], maps.features[1, 1].flip(0, 1), rtol=0, atol=1e-12)
    # The best that is left to do is to move the answer out of sight: |Λf| against |Λf − Λf'| = √2 |Λf|.
    found = search(model, half, images=LETTERS, size=48)
    assert found.residual == pytest.approx(1 / math.sqrt(2), abs=1e-6)
    assert found.inverse.normalised == pytest.approx(1)


def test_maps_are_transformed_back_by_the_inverse_or_the_map_that_is_given():
    model, points = network(1, 1.0), pixel_grid(32, 32)[None]
    maps = feature_maps(model, IMAGES[:1], ROTATION, size=32)
    for before, after in ((maps.images[0], maps.images[2]), (maps.features[0], maps.features[2])):
        torch.testing.assert_close(after, before, rtol=1e-9, atol=1e-12)
    given = feature_maps(model, IMAGES[:1], ROTATION, g=SHEAR, size=32)
    expected = model(transformed(ROTATION, IMAGES[:1]))(SHEAR.inverse()(points))[0]
    torch.testing.assert_close(given.features[2], expected, rtol=1e-9, atol=1e-12)


def test_a_scaled_object_does_not_fit_into_the_filters_view():
    filters = matched_filters(LETTERS[:1])
    scales = (0.5, 1.0, 2.0)
    view = field_of_view(GaussianConv2d(filters), filters, LETTERS[:1], scales, size=96, extent=1.5)
    small, fitting, large = view.high.tolist()
    assert max(small, large) < 0.7 * fitting
    width, height = (view.boxes[:, 2:] - view.boxes[:, :2]).unbind(1)
    torch.testing.assert_close(width, width[:1].expand(3))
    assert 1.0 < float(width[0]) < 2.0 > float(height[0]) > 0.7
    aside = transformed(affine((1.0, 0.0), (0.0, 1.0), shift=(0.4, 0.2)), LETTERS[:1])
    boxes = field_of_view(GaussianConv2d(filters), filters, aside, (1.0,), size=96, extent=1.5).boxes
    torch.testing.assert_close((boxes[0, :2] + boxes[0, 2:]) / 2, torch.tensor([0.4, 0.2]).double(), rtol=0, atol=0.06)
    twice = LETTERS[:1](0.75 * pixel_grid(96, 96)[None])[0, 0]
    torch.testing.assert_close(view.images[2], twice, rtol=0, atol=1e-12)
    assert torch.equal(view.images[1], LETTERS[:1](1.5 * pixel_grid(96, 96)[None])[0, 0])
    # A dilation of the filter that makes up for it: Λ_μ with μ = |det T_h| T_h⁻¹λ takes the same values.
    wide = filters.transform(2 * torch.eye(2, dtype=torch.float64)[None]) * 0.25
    again = field_of_view(GaussianConv2d(wide), wide, LETTERS[:1], (2.0, 1.0), size=96, extent=3.0)
    assert float(again.high[0]) == pytest.approx(fitting, rel=1e-9)


# Bad input


@pytest.mark.bad_input
def test_bad_input_is_named():
    model, eye = network(1, 1.0), torch.eye(3, dtype=torch.float64)
    with pytest.raises(ArgumentError, match=r"h = .*: one affine map"):
        search(model, Projective(eye.repeat(2, 1, 1)))
    with pytest.raises(ArgumentError, match=r"h = .*: one affine map"):
        search(model, Projective(eye[None] + 0.1 * eye.flip(0)[None]))
    with pytest.raises(ArgumentError, match="starts = 7: at least 0 and at most 6"):
        search(model, SHEAR, starts=7)
    with pytest.raises(SingularError):
        search(model, affine((1.0, 2.0), (0.5, 1.0)))
    with pytest.raises(SingularError):
        search(SampledNetwork(cnn(True), 16), affine((1.0, 2.0), (0.5, 1.0)), images=CNN_IMAGES)
    with pytest.raises(UndefinedError):
        search(model, SHEAR, images=IMAGES[:1])
    with pytest.raises(ArgumentError, match="extent = 0"):
        SampledNetwork(cnn(True), 16, extent=0.0)
    with pytest.raises(ArgumentError, match="image = a batch of 12"):
        feature_maps(model, IMAGES, SHEAR)
    filters = matched_filters(LETTERS[:1])
    for scales in ((), (1.0, -1.0)):
        with pytest.raises(ArgumentError, match="scales"):
            field_of_view(model, filters, LETTERS[:1], scales)
    with pytest.raises(ArgumentError, match="image = a batch of 2"):
        field_of_view(model, filters, LETTERS, (1.0,))
    with pytest.raises(ArgumentError, match="network = 2 channels"):
        field_of_view(GaussianConv2d(LETTERS), filters, LETTERS[:1], (1.0,))


def test_a_constant_network_is_undefined_not_aligned():
    dead = nn.Sequential(network(1, 1.0), Pointwise(lambda z: 0 * z + 1))
    with pytest.raises(UndefinedError, match="constant"):
        search(dead, SHEAR)
    assert copy.deepcopy(dead)(IMAGES)(pixel_grid(2, 2)[None]).unique().tolist() == [1.0]
