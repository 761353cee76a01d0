"""Real warps: one tap is covariant, exactly where derivatives are, and in the limit where they are differences."""

import pytest
import torch
from hypothesis import given
from torch import Tensor, nn

from invariance.errors import ArgumentError
from invariance.images import AnalyticImage, pixel_grid, sample
from invariance.layers import JacobianConv2d, LogDetInvariant, SignNonlinearity
from invariance.measure import Claim, Ladder, refinement_ladder, warp_error
from invariance.models import DiffCNN
from invariance.testing import assert_consistent
from invariance.testing.strategies import analytic_images, warps
from invariance.warps import Identity, Projective, Pullback, Separable, Smooth, Warp, random_separable, random_smooth

POINTS = pixel_grid(6, 6)[None]


def network(kernel_size: int, *, dilation: int = 1) -> nn.Module:
    generator = torch.Generator().manual_seed(1)
    return (
        DiffCNN(4, kernel_size, dilation=dilation, degenerate="nan", generator=generator).double().requires_grad_(False)
    )


@given(image=analytic_images(), warp=warps())
def test_one_tap_is_covariant_under_every_warp(image: AnalyticImage, warp: Warp):
    """T2.h with exact derivatives: U[I∘φ](x) = U[I](φ(x)), to rounding, at every point where both are defined."""
    head = nn.Sequential(
        JacobianConv2d(1, 4, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64),
        SignNonlinearity((0.3, 0.2, 0.1)).double(),
        LogDetInvariant(degenerate="nan"),
    )
    warped = head(Pullback(image, warp).jacobian(POINTS).unsqueeze(1))
    moved = head(image.jacobian(warp(POINTS)).unsqueeze(1))
    defined = warped.isfinite() & moved.isfinite()
    torch.testing.assert_close(warped[defined], moved[defined], rtol=1e-6, atol=1e-6)


def climb(net_at, claim: Claim = "equivariant") -> Ladder:
    generator = torch.Generator().manual_seed(0)
    images = AnalyticImage.random(6, generator=generator, cutoff=2, window=0.35)
    warp = random_smooth(6, 0.2, generator=generator)
    sizes = (32, 48, 64, 96, 128)
    return refinement_ladder(
        lambda size: warp_error(net_at(size), images, warp, size=size, claim=claim), sizes=sizes, generator=generator
    )


def test_differences_with_one_tap_converge_to_covariance():
    ladder = assert_consistent(climb(lambda size: network(1)))
    assert 0.7 < ladder.order < 2.2


def test_a_window_of_fixed_extent_does_not_converge():
    ladder = climb(lambda size: network(3, dilation=size // 16))
    assert ladder.verdict == "violated"
    assert ladder.limit_interval[0] > 0.1


def test_nothing_that_moves_with_the_image_is_invariant():
    assert climb(lambda size: network(1), claim="invariant").verdict == "violated"


def test_an_impostor_with_ten_percent_anisotropy_is_found_out():
    """One resolution cannot tell it from the true functional: at N = 32 their errors are nearly the same."""

    def gradient_size(anisotropy: float) -> Ladder:
        def functional(images: Tensor) -> Tensor:
            dx, dy = (torch.gradient(images, spacing=2 / images.shape[-1], dim=d)[0] for d in (-1, -2))
            return (dx.square() + (1 + anisotropy) * dy.square()).sum(1, keepdim=True).mean((-2, -1), keepdim=True)

        generator = torch.Generator().manual_seed(0)
        images = AnalyticImage.random(16, generator=generator)
        angle = torch.tensor(17 * torch.pi / 180).double()
        turn = torch.stack((angle.cos(), -angle.sin(), angle.sin(), angle.cos())).view(1, 2, 2)
        warp = Projective.affine(turn)
        return refinement_ladder(
            lambda size: warp_error(functional, images, warp, size=size, claim="invariant", margin=0),
            sizes=(32, 48, 64, 96, 128),
            generator=generator,
        )

    assert_consistent(gradient_size(0.0))
    assert gradient_size(0.1).verdict == "violated"


def test_the_identity_changes_nothing(generator: torch.Generator):
    images = AnalyticImage.random(2, generator=generator)
    assert warp_error(network(3), images, Identity(), size=24).normalised < 1e-12


def test_a_separable_warp_is_a_block_field_of_its_own(generator: torch.Generator):
    """T2.f: dφ is constant on every cell, so that stride K sees one matrix in each window."""
    warp: Separable = random_separable(1, 0.2, generator=generator, cells=8)
    field = warp.jacobian(pixel_grid(24, 24)[None]).unflatten(2, (8, 3)).unflatten(1, (8, 3))
    assert torch.equal(field, field[:, :, :1, :, :1].expand_as(field))


def test_sampled_images_are_resampled(generator: torch.Generator):
    images = AnalyticImage.random(3, generator=generator, cutoff=2, window=0.35)
    warp = random_smooth(3, 0.1, generator=generator)
    exact = warp_error(network(3), images, warp, size=96)
    resampled = warp_error(network(3), sample(images, 96), warp, method="quintic")
    assert resampled.normalised == pytest.approx(exact.normalised, rel=0.1)


def test_the_margin_leaves_the_border_out(generator: torch.Generator):
    images = AnalyticImage.random(2, generator=generator)
    shift = Projective.affine(torch.eye(2).double()[None], torch.tensor([[0.5, 0.0]]).double())
    everywhere, inside = (warp_error(network(1), images, shift, size=20, margin=margin) for margin in (0.0, 0.2))
    assert everywhere.defined.tolist() == [15 * 20 * 4] * 2
    assert inside.defined.tolist() == [11 * 16 * 4] * 2


@pytest.mark.bad_input
def test_bad_input_is_named(generator: torch.Generator):
    images = AnalyticImage.random(2, generator=generator)
    warp = Smooth(torch.zeros(1, 2, 1, 1, dtype=torch.float64))
    with pytest.raises(ArgumentError, match="claim = perfect"):
        warp_error(network(1), images, warp, size=8, claim="perfect")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentError, match="margin = 1"):
        warp_error(network(1), images, warp, size=8, margin=1.0)
    with pytest.raises(ArgumentError, match="size = None"):
        warp_error(network(1), images, warp)
    with pytest.raises(ArgumentError, match="size = 8: None for sampled"):
        warp_error(network(1), sample(images, 8), warp, size=8)
    with pytest.raises(ArgumentError, match="two leave V₁ = V₂"):
        warp_error(DiffCNN(2, 1, generator=generator).double(), images, warp, size=8)


@pytest.mark.gpu
def test_covariance_on_the_gpu(card: str, generator: torch.Generator):
    images = AnalyticImage.random(4, generator=generator, device=card)
    warp = random_smooth(4, 0.2, generator=generator, device=card)
    errors = [warp_error(network(1).to(card), images, warp, size=size).normalised for size in (32, 128)]
    assert errors[1] < 0.5 * errors[0]
