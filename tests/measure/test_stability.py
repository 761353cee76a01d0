"""Relative stability against what it is for maps where it is known."""

import pytest
import torch
from torch import Tensor

from invariance.errors import ArgumentError, UndefinedError
from invariance.images import AnalyticImage, sample
from invariance.measure import relative_stability
from invariance.warps import Identity, Pullback, random_smooth


def blur(x: Tensor) -> Tensor:
    return torch.nn.functional.avg_pool2d(x, 8)


def test_the_identity_map(generator: torch.Generator):
    r"""$R = \langle d^2\rangle / \langle d\rangle^2 \ge 1$ with $d = \|\tau x - x\|$, whatever the scale of f."""
    images = AnalyticImage.random(5, generator=generator)
    warp = random_smooth(5, 0.2, generator=generator)
    moved = (sample(Pullback(images, warp), 24) - sample(images, 24)).flatten(1).norm(dim=1)
    for factor in (1.0, 100.0):
        found = relative_stability(lambda x, f=factor: f * x, images, warp, generator=generator, size=24)
        assert found.relative == pytest.approx(float(moved.square().mean() / moved.mean().square()), rel=1e-12)
        assert found.noise_norm == pytest.approx(float(moved.mean()), rel=1e-12)
        assert found.relative == pytest.approx(found.diffeomorphism / found.noise)


def test_smooth_warps_pass_a_blur_and_noise_does_not(generator: torch.Generator):
    images = AnalyticImage.random(8, generator=generator)
    warp = random_smooth(8, 0.2, generator=generator)
    rough = relative_stability(blur, images, warp, generator=generator, size=32)
    high = relative_stability(lambda x: x - x.roll(1, -1), images, warp, generator=generator, size=32)
    assert high.relative < 0.5 < 2 < rough.relative
    low, top = rough.interval(generator=generator)
    assert low < rough.relative < top


def test_sampled_images_are_resampled(generator: torch.Generator):
    images = AnalyticImage.random(4, generator=generator, cutoff=2)
    warp = random_smooth(4, 0.2, generator=generator)
    state = generator.get_state()
    exact = relative_stability(blur, images, warp, generator=generator, size=64)
    close = relative_stability(blur, sample(images, 64), warp, generator=generator.set_state(state))
    assert close.relative == pytest.approx(exact.relative, rel=1e-3)


@pytest.mark.bad_input
def test_bad_input_is_named(generator: torch.Generator):
    images = AnalyticImage.random(2, generator=generator)
    warp = random_smooth(2, 0.2, generator=generator)
    with pytest.raises(UndefinedError, match="tells images apart"):
        _ = relative_stability(torch.zeros_like, images, warp, generator=generator, size=8).relative
    with pytest.raises(ArgumentError, match="moves something"):
        relative_stability(blur, images, Identity(), generator=generator, size=8)
    with pytest.raises(ArgumentError, match="at least two"):
        relative_stability(blur, images[:1], warp[:1], generator=generator, size=8)
    with pytest.raises(ArgumentError, match="size"):
        relative_stability(blur, images, warp, generator=generator)
