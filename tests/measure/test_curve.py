"""Curves keep their samples, repeat with their generator, and refuse what makes no curve."""

import math
from functools import partial

import pytest
import torch
from torch import nn

from invariance.actions import block_action
from invariance.errors import ArgumentError, UndefinedError
from invariance.images import AnalyticImage, sample
from invariance.jacobians import jacobian
from invariance.measure import InvarianceCurve, invariance_curve, matched_spectrum, resampling_floor
from invariance.models import DiffCNN, PlainCNN
from invariance.pictures import photographs

SCALES = (0.001, 0.003, 0.01, 0.03)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def net() -> nn.Module:
    return PlainCNN(4, 3, generator=seeded()).double().requires_grad_(False)


@pytest.fixture
def images() -> AnalyticImage:
    return AnalyticImage.random(5, generator=seeded(), cutoff=2, window=0.35)


def test_a_smooth_network_errs_to_first_order(net: nn.Module, images: AnalyticImage):
    curve = invariance_curve(net, images, warp="smooth", scales=SCALES, generator=seeded(), size=32, draws=2)
    assert curve.difference.shape == (4, 2, 5)
    slope, (low, high) = curve.slope(generator=seeded())
    assert slope == pytest.approx(1, abs=0.03)
    assert low <= slope <= high
    assert (curve.interval(generator=seeded())[0] <= curve.error).all()
    assert (curve.error <= curve.interval(generator=seeded())[1]).all()


def test_curves_repeat_with_their_generator(net: nn.Module, images: AnalyticImage):
    first, second = (
        invariance_curve(net, images, warp="affine", scales=SCALES, generator=seeded(), size=16) for _ in range(2)
    )
    assert torch.equal(first.difference, second.difference)


def test_block_fields_at_stride_k_leave_rounding_and_at_stride_one_an_error():
    jac = jacobian(photographs(12))
    family = partial(block_action, size=(12, 12), block=3)
    options = {"warp": family, "scales": (0.01, 0.1), "generator": seeded()}
    aligned, overlapping = (
        invariance_curve(DiffCNN(4, 3, stride=s, degenerate="nan", generator=seeded()).double().head, jac, **options)
        for s in (3, 1)
    )
    assert aligned.error.max() < 1e-9
    assert overlapping.error.min() > 1e-3


def test_json_keeps_everything(net: nn.Module, images: AnalyticImage):
    curve = invariance_curve(net, images, warp="separable", scales=(0, 0.1), generator=seeded(), size=16, label="net")
    again = InvarianceCurve.from_json(curve.to_json())
    assert (again.label, again.claim, again.scales) == ("net", "invariant", (0.0, 0.1))
    for name in ("difference", "spread", "defined", "undefined"):
        assert torch.equal(getattr(again, name), getattr(curve, name))
    assert curve.error[0] == 0


def test_frames_have_a_row_for_each_sample(net: nn.Module, images: AnalyticImage):
    curve = invariance_curve(net, images, warp="affine", scales=SCALES, generator=seeded(), size=16, draws=3)
    frame = curve.to_frame()
    assert len(frame) == 4 * 3 * 5
    by_hand = (frame.groupby("scale")["difference"].mean() / frame["spread"].mean()) ** 0.5
    assert by_hand.tolist() == pytest.approx(curve.error.tolist())


def test_degenerate_entries_are_counted():
    flat = photographs(12)
    flat[:, :, :6] = 0.5
    net = DiffCNN(4, 1, degenerate="nan", generator=seeded()).double()
    curve = invariance_curve(net, flat, warp="affine", scales=(0.01,), generator=seeded(), margin=0)
    assert (curve.undefined > 0).all()
    assert (curve.defined > 0).all()


def test_the_floor_shrinks_with_the_order_of_the_spline(net: nn.Module):
    images = photographs(24)
    bilinear, cubic, quintic = (
        float(resampling_floor(net, images, warp="affine", scales=(0.1,), generator=seeded(), method=method).error)
        for method in ("bilinear", "cubic", "quintic")
    )
    assert bilinear > cubic > quintic > 0


def test_matched_spectra_match():
    images = photographs(32)
    twins = sample(matched_spectrum(images.repeat(8, 1, 1, 1), generator=seeded(), waves=256), 32)
    actual, expected = (x.var((-2, -1)).mean(0) for x in (twins, images))
    torch.testing.assert_close(actual, expected, rtol=0.25, atol=0)

    def roughness(x: torch.Tensor) -> torch.Tensor:
        return (x.diff(dim=-1).square().mean() / x.var((-2, -1)).mean()).sqrt()

    assert 0.3 < roughness(twins) / roughness(images) < 2


def test_matched_waves_have_the_direction_of_the_image():
    """Stripes that vary along x alone, four periods to a side."""
    x = torch.linspace(0, 8 * torch.pi, 33)[:-1].double()
    stripes = x.cos().expand(2, 3, 32, 32)
    waves = matched_spectrum(stripes, generator=seeded(), waves=200).waves.abs()
    torch.testing.assert_close(waves.mean((0, 1)), torch.tensor([4.0, 0.0]).double(), rtol=0, atol=0.7)


def test_a_constant_network_has_no_curve(images: AnalyticImage):
    curve = invariance_curve(torch.ones_like, images, warp="affine", scales=(0.1,), generator=seeded(), size=8)
    with pytest.raises(UndefinedError, match="constant, not invariant"):
        _ = curve.error


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scales": ()}, "scales"),
        ({"scales": (0.1, 0.01)}, "scales"),
        ({"scales": (-0.1,)}, "scales"),
        ({"scales": (math.nan,)}, "scales"),
        ({"warp": "twirl"}, "warp = twirl: one of affine"),
        ({"draws": 0}, "draws = 0"),
        ({"claim": "perfect"}, "claim"),
        ({"size": None}, "size = None"),
    ],
)
def test_bad_input_is_named(net: nn.Module, images: AnalyticImage, options: dict, said: str):
    with pytest.raises(ArgumentError, match=said):
        invariance_curve(
            net, images, **{"warp": "affine", "scales": SCALES, "generator": seeded(), "size": 8} | options
        )


def test_more_bad_input(net: nn.Module, images: AnalyticImage):
    with pytest.raises(ArgumentError, match="pointwise actions act on tensors"):
        invariance_curve(
            net, images, warp=partial(block_action, size=(6, 6), block=3), scales=(0.1,), generator=seeded(), size=6
        )
    with pytest.raises(ArgumentError, match="at least 2 independent images"):
        invariance_curve(net, images[:1], warp="affine", scales=(0.1,), generator=seeded(), size=8)
    with pytest.raises(ArgumentError, match="pointwise actions resample nothing"):
        resampling_floor(
            net, photographs(12), warp=partial(block_action, size=(12, 12), block=3), scales=(0.1,), generator=seeded()
        )
    curve = invariance_curve(net, images, warp="affine", scales=(0, 0.01), generator=seeded(), size=8)
    with pytest.raises(UndefinedError, match="two positive scales"):
        curve.slope(generator=seeded())
