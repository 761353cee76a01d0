"""The log-determinant layer: its values, where there are none, its derivatives."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from layers.jacobian_networks import conv, field, network
from torch import Tensor, nn
from torch.autograd import forward_ad

from invariance.actions import PointwiseAction
from invariance.errors import ArgumentError
from invariance.images import AnalyticImage, sample
from invariance.jacobians import jacobian
from invariance.layers import JacobianFront, JacobianHead, LogDetInvariant, SignNonlinearity
from invariance.layers.log_determinants import log_determinants
from invariance.measure import invariance_error
from invariance.testing import assert_invariant
from invariance.testing.strategies import gl2_matrices, jacobian_fields

DTYPES = [torch.float64, torch.float32, torch.bfloat16]


def test_log_det_is_that_of_the_gram_matrices():
    jac = field(2, 5, 3, 2, 4, 4)
    d = (jac - jac.mean(1, keepdim=True)).movedim((2, 3), (-2, -1))
    g = torch.linalg.det(d.mT @ d).log()
    torch.testing.assert_close(LogDetInvariant()(jac), g - g.mean(1, keepdim=True))


@given(jac=jacobian_fields(channels=4, size=4), m=gl2_matrices())
def test_log_det_is_invariant_under_constant_fields(jac: Tensor, m: Tensor):
    moved = PointwiseAction.constant(m[None])(jac)
    layer = LogDetInvariant(degenerate="nan")
    defined = ~(layer.degenerate_pixels(jac) | layer.degenerate_pixels(moved))[:, None].expand(-1, 4, -1, -1)
    before, after = layer(jac), layer(moved)
    torch.testing.assert_close(after[defined], before[defined], rtol=1e-6, atol=1e-6)


def test_two_channels_carry_nothing_and_are_refused():
    with pytest.raises(ArgumentError, match="two leave V₁ = V₂ and so U = 0"):
        LogDetInvariant()(field(1, 2, 3, 2, 4, 4))
    with pytest.raises(ArgumentError, match="at least 3 channels"):
        LogDetInvariant()(field(1, 1, 3, 2, 4, 4))


@pytest.mark.parametrize("dtype", DTYPES)
def test_grey_images_are_degenerate_for_one_tap(dtype):
    image = AnalyticImage.random(1, generator=torch.Generator().manual_seed(3), channels=1)
    grey = sample(image, 24) * torch.tensor([0.25, 0.5, 1.0]).double()[:, None, None]
    jac = conv(1, 4, 1)(jacobian(grey)).to(dtype)
    assert LogDetInvariant().degenerate_pixels(jac).all()


def test_grey_images_are_not_degenerate_for_more_taps():
    image = AnalyticImage.random(1, generator=torch.Generator().manual_seed(3), channels=1, window=0.5)
    grey = sample(image, 24).expand(1, 3, 24, 24)
    assert LogDetInvariant().degenerate_pixels(conv(1, 4, 3)(jacobian(grey))).float().mean() < 0.01


def test_a_flat_patch_is_degenerate_and_only_that():
    jac = field(1, 4, 3, 2, 6, 6)
    jac[..., 2:4, 2:4] = 0
    flat = torch.zeros(1, 6, 6, dtype=torch.bool)
    flat[:, 2:4, 2:4] = True
    assert torch.equal(LogDetInvariant().degenerate_pixels(jac), flat)
    zero, nan, eps = (
        layer(jac) for layer in (LogDetInvariant(), LogDetInvariant(degenerate="nan"), LogDetInvariant(eps=1e-3))
    )
    assert torch.equal(nan.isnan(), flat[:, None].expand_as(nan))
    assert zero.isfinite().all()
    assert (zero.masked_select(flat[:, None]) == 0).all()
    assert torch.equal(zero.masked_select(~flat[:, None]), nan.masked_select(~flat[:, None]))
    assert eps.isfinite().all()


def test_one_degenerate_channel_is_enough():
    jac = field(1, 4, 3, 2, 1, 2)
    jac[:, 0, ..., 1] = jac[:, 1:, ..., 1].mean(1)  # so that the first channel is the mean
    layer = LogDetInvariant(degenerate="nan")
    for each in (layer, LogDetInvariant(eps=1.0)):
        assert each.degenerate_pixels(jac).tolist() == [[[False, True]]]
    assert layer(jac).isnan().all(1).tolist() == [[[False, True]]]
    assert (LogDetInvariant()(jac)[..., 1] == 0).all()


@pytest.mark.parametrize("noisy", [0, 1])
def test_noise_of_a_large_derivative_beside_a_small_one_is_degenerate(noisy: int):
    jac = 1e-6 * field(1, 4, 3, 2, 5, 5)
    jac[:, :, :, noisy] = 1 + 2e-16 * field(1, 4, 3, 5, 5).sign()
    assert LogDetInvariant().degenerate_pixels(jac).all()


def test_random_fields_have_next_to_no_degenerate_pixels():
    jac = field(4, 6, 3, 2, 64, 64)
    assert not LogDetInvariant().degenerate_pixels(jac).any()
    assert LogDetInvariant().degenerate_pixels(jac.bfloat16()).float().mean() < 0.1


def test_degenerate_pixels_send_no_gradient():
    jac = field(1, 3, 3, 2, 2, 2)
    jac[..., 0, 0] = 0
    jac.requires_grad_()
    LogDetInvariant()(jac).sin().sum().backward()
    assert jac.grad is not None
    assert jac.grad.isfinite().all()
    assert (jac.grad[..., 0, 0] == 0).all()


@given(gain=st.floats(0.1, 10), offset=st.floats(-5, 5), sign=st.sampled_from((1, -1)))
def test_contrast_and_brightness_change_nothing(gain: float, offset: float, sign: int):
    images = sample(AnalyticImage.random(1, generator=torch.Generator().manual_seed(4), window=0.5), 12)
    model = nn.Sequential(JacobianFront(), network(3, stride=1))
    assert_invariant(model, images, sign * gain * images + offset)


def test_mixing_colours_changes_the_output():
    jac = field(1, 1, 3, 2, 6, 6)
    mixed = torch.einsum("ij,bcjdhw->bcidhw", torch.tensor([[1.0, 1, 0], [0, 1, 0], [0, 0, 1]]).double(), jac)
    assert invariance_error(network(3, stride=3), jac, mixed).relative > 0.1


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # torch's own forward mode
@pytest.mark.parametrize("layer", [LogDetInvariant(), LogDetInvariant(eps=0.1)], ids=repr)
def test_every_derivative_of_the_log_determinants(layer: nn.Module):
    jac = field(2, 3, 3, 2, 3, 3).requires_grad_()
    assert torch.autograd.gradcheck(layer, (jac,), check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(layer, (jac,))


@pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")  # torch's own, of the gradient
@pytest.mark.parametrize("dims", [(0, None), (2, None), (None, 0), (0, 1)])
def test_many_batches_or_rotations_at_once(dims: tuple[int | None, int | None]):
    """Values and gradients under `torch.func.vmap` are those of one after the other."""
    jac, cayley = field(2, 3, 4, 3, 2, 5, 5), 2 * field(3, 2)
    of, by = dims
    batches = field(3, 4, 3, 2, 5, 5) if of is None else jac.movedim(0, of)
    rotations = cayley[:, 0] if by is None else cayley.movedim(1, by)

    def value(j: Tensor, a: Tensor) -> Tensor:
        return log_determinants(j, a)[0].sin().sum()

    def each(tensor: Tensor, dim: int | None) -> list[Tensor]:
        return [tensor] * 2 if dim is None else list(tensor.unbind(dim))

    run = torch.func.grad_and_value(value)
    found = torch.func.vmap(run, dims)(batches, rotations)
    pairs = zip(each(batches, of), each(rotations, by), strict=True)
    expected = map(torch.stack, zip(*(run(*pair) for pair in pairs), strict=True))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.filterwarnings("ignore:There is a performance drop:UserWarning")
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_second_derivatives_of_more_images_than_a_block_takes():
    """In reverse, and forward over reverse, against one image after the other; and gradients in batches."""
    layer, jac = LogDetInvariant(), field(9, 4, 3, 2, 64, 64)
    along = field(9, 4, 3, 2, 64, 64).roll(1, 0)

    def reverse(jac: Tensor, along: Tensor) -> Tensor:
        jac = jac.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(layer(jac).sin().sum(), jac, create_graph=True)
        return torch.autograd.grad((gradient * along).sum(), jac)[0]

    with forward_ad.dual_level():
        dual = forward_ad.make_dual(jac.clone().requires_grad_(), along)
        (gradient,) = torch.autograd.grad(layer(dual).sin().sum(), dual)
        forward = forward_ad.unpack_dual(gradient).tangent
    expected = torch.cat([reverse(jac[i : i + 1], along[i : i + 1]) for i in range(len(jac))])
    torch.testing.assert_close(reverse(jac, along), expected)
    torch.testing.assert_close(forward, expected, rtol=1e-6, atol=1e-9 * float(expected.abs().max()))
    jac.requires_grad_()
    out, weights = layer(jac), field(2, 9, 4, 64, 64)
    (found,) = torch.autograd.grad(out, jac, weights, retain_graph=True, is_grads_batched=True)
    for each, weight in zip(found, weights, strict=True):
        torch.testing.assert_close(each, torch.autograd.grad(out, jac, weight, retain_graph=True)[0])


def test_images_know_nothing_of_each_other():
    """Not even where there are more than fit into one block."""
    layer, jac = LogDetInvariant(), field(9, 4, 3, 2, 64, 64).requires_grad_()
    out = layer(jac)
    weights = field(*out.shape)
    (gradient,) = torch.autograd.grad((weights * out).sum(), jac)
    for i in range(len(jac)):
        one = jac[i : i + 1].detach().requires_grad_()
        assert torch.equal(layer(one)[0], out[i])
        (expected,) = torch.autograd.grad((weights[i] * layer(one)[0]).sum(), one)
        assert torch.equal(gradient[i], expected[0])
    assert layer(jac[:0]).shape == (0, 4, 64, 64)


@pytest.mark.parametrize("cayley", [(0.0, 0.0, 0.0), (0.6, 0.7, 0.3)])
def test_the_head_has_the_signs_of_its_layer_where_squares_underflow(cayley: tuple[float, float, float]):
    jac = 3e-11 * field(50, 3, 3, 2, 8, 8).float()
    signs, log_det = SignNonlinearity(cayley), LogDetInvariant(degenerate="zero")
    assert torch.equal(JacobianHead(signs, log_det)(jac), log_det(signs(jac)))


def test_an_overflow_is_nowhere_taken_for_a_number():
    jac = (1e12 * field(1, 3, 3, 2, 2, 2).float()).requires_grad_()
    layer = LogDetInvariant()
    assert bool(layer.degenerate_pixels(jac).all())
    layer(jac).sum().backward()
    assert jac.grad is not None
    assert jac.grad.isnan().all()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_a_trace_takes_batches_of_any_length():
    layer = SignNonlinearity((0.2, 0.1, 0.3))
    traced: Any = torch.jit.trace(layer, field(50, 3, 3, 2, 64, 64).float())
    for count in (1, 49, 60):
        jac = field(count, 3, 3, 2, 64, 64).float()
        assert torch.equal(traced(jac), layer(jac))
