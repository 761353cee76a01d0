"""Bounds hold where they must, and say so where they do not."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from invariance.actions import constant_action
from invariance.errors import ArgumentError
from invariance.images import AnalyticImage, sample
from invariance.layers import LogDetInvariant
from invariance.measure import (
    InvarianceCurve,
    dropped_term_curve,
    fitted_slope,
    invariance_curve,
    lipschitz_bound,
    regularised_bound,
)
from invariance.warps import random_smooth

SCALES = (0.0, 0.003, 0.01, 0.03, 0.1)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def brightness(x: Tensor) -> Tensor:
    return x.square().sum(1, keepdim=True)


def position(x: Tensor) -> Tensor:
    """A field without slope whose value depends on where in the image the light is: invariant to nothing."""
    ramp = torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype)
    return (brightness(x) * ramp).sum((-2, -1), keepdim=True).expand(-1, -1, *x.shape[-2:])


def test_an_equivariant_model_respects_the_lipschitz_bound_and_another_does_not(generator: torch.Generator):
    images = AnalyticImage.random(5, generator=generator)
    setup = {"warp": "smooth", "size": 32}
    curve = invariance_curve(brightness, images, scales=SCALES, generator=seeded(), draws=2, **setup)
    bound = lipschitz_bound(curve, brightness, images, generator=seeded(), **setup)
    assert bound.verdict(curve, generator=generator) == "respected"
    assert 0.1 < bound.sharpness(curve) < 1
    assert bound.values[0] == 0

    def doubled(x: Tensor) -> Tensor:
        return brightness(x).expand(-1, 2, -1, -1)

    torch.testing.assert_close(
        lipschitz_bound(curve, doubled, images, generator=seeded(), **setup).values, bound.values
    )
    samples = lipschitz_bound(curve, brightness, sample(images, 32), warp="smooth", generator=seeded())
    torch.testing.assert_close(samples.values, bound.values)
    moving = invariance_curve(position, images, scales=SCALES, generator=seeded(), draws=2, **setup)
    assert lipschitz_bound(moving, position, images, generator=seeded(), **setup).verdict(
        moving, generator=generator
    ) == ("violated")


def test_a_bound_inside_the_interval_decides_nothing(generator: torch.Generator):
    images = AnalyticImage.random(5, generator=generator)
    setup = {"warp": "smooth", "size": 16}
    curve = invariance_curve(brightness, images, scales=SCALES, generator=seeded(), **setup)
    bound = lipschitz_bound(curve, brightness, images, generator=seeded(), **setup)
    tight = replace(bound, values=0.99 * curve.error)
    assert tight.verdict(curve, generator=generator) == "undecided"
    with pytest.raises(ArgumentError, match="those of the bound"):
        bound.verdict(replace(curve, scales=(0.0, 1.0, 2.0, 3.0, 4.0)), generator=generator)


@pytest.mark.parametrize("eps", [1e-4, 1.0])
def test_the_regularised_layer_respects_its_bound(eps: float, generator: torch.Generator):
    fields = torch.randn((4, 4, 3, 2, 6, 6), generator=generator, dtype=torch.float64)
    layer = LogDetInvariant(eps=eps)
    curve = invariance_curve(layer, fields, warp=constant_action, scales=SCALES, generator=seeded(), draws=3)
    bound = regularised_bound(curve, fields, actions=constant_action, eps=eps, generator=seeded())
    assert bound.verdict(curve, generator=generator) == "respected"
    assert bound.sharpness(curve) > 0.2
    smaller = regularised_bound(curve, fields, actions=constant_action, eps=eps / 100, generator=seeded())
    assert smaller.verdict(curve, generator=generator) == "violated"


def test_the_dropped_term_respects_its_bound(generator: torch.Generator):
    images = AnalyticImage.random(4, generator=generator)
    curve, bound = dropped_term_curve(images, warp="smooth", scales=SCALES, generator=generator, size=32, draws=2)
    assert bound.verdict(curve, generator=generator) == "respected"
    assert bound.sharpness(curve) > 0.1
    slope, (low, high) = curve.slope(generator=generator)
    assert low < 1.01
    assert high > 0.99
    assert slope == pytest.approx(1, abs=0.05)


def power_law(exponent: float) -> InvarianceCurve:
    noise = torch.rand((5, 1, 30), generator=seeded(), dtype=torch.float64) + 0.5
    difference = (0.5 * torch.tensor(SCALES, dtype=torch.float64) ** exponent).square()[:, None, None] * noise
    counts = torch.ones_like(difference, dtype=torch.int64)
    return InvarianceCurve("law", "invariant", SCALES, difference, torch.ones(30).double(), counts, counts)


def test_slopes_are_fitted_and_judged(generator: torch.Generator):
    curve = power_law(2.0)
    fit = fitted_slope(curve, generator=generator, predicted=2)
    assert fit.exponent == pytest.approx(2, abs=0.05)
    assert fit.scales == SCALES[1:]
    torch.testing.assert_close(fit.values, curve.error[1:], rtol=0.2, atol=0)
    assert fit.verdict(curve, generator=generator) == "respected"
    assert replace(fit, predicted=1.0).verdict(curve, generator=generator) == "violated"
    assert replace(fit, predicted=None).verdict(curve, generator=generator) == "undecided"
    assert fit.name.startswith("fit: slope 1.99 in [")


@pytest.mark.bad_input
def test_bad_input_is_named(generator: torch.Generator):
    images, curve = AnalyticImage.random(2, generator=generator), power_law(1.0)
    options = {"warp": "smooth", "generator": generator}
    with pytest.raises(ArgumentError, match="invariant: the bound"):
        lipschitz_bound(replace(curve, claim="equivariant"), brightness, images, size=8, **options)
    with pytest.raises(ArgumentError, match="size = None"):
        lipschitz_bound(curve, brightness, images, **options)
    with pytest.raises(ArgumentError, match="pointwise actions move nothing"):
        lipschitz_bound(curve, brightness, images, warp=constant_action, size=8, generator=generator)
    with pytest.raises(ArgumentError, match="pointwise actions drop nothing"):
        dropped_term_curve(images, warp=constant_action, scales=(0.1,), generator=generator)
    fields = torch.ones((2, 3, 3, 2, 2, 2), dtype=torch.float64)
    with pytest.raises(ArgumentError, match="eps"):
        regularised_bound(curve, fields, actions=constant_action, eps=0, generator=generator)
    with pytest.raises(ArgumentError, match="a family of pointwise actions"):
        regularised_bound(curve, fields, actions=random_smooth, eps=1, generator=generator)
