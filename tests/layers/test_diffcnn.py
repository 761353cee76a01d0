"""The DiffCNN layers against their formulas, their symmetries, and input that leaves nothing to compute."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from invariance.actions import PointwiseAction, block_action
from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.images import AnalyticImage, sample
from invariance.jacobians import jacobian
from invariance.layers import JacobianConv2d, JacobianFront, LogDetInvariant, SignNonlinearity
from invariance.measure import invariance_error
from invariance.testing import TOLERANCES, assert_equivariant, assert_invariant
from invariance.testing.strategies import block_fields, constant_fields, gl2_matrices, jacobian_fields, smooth_fields

DTYPES = [torch.float64, torch.float32, torch.bfloat16]


def conv(*args, dtype=torch.float64, **options) -> JacobianConv2d:
    return JacobianConv2d(*args, dtype=dtype, generator=torch.Generator().manual_seed(1), **options)


def network(kernel_size: int, *, stride: int, dtype=torch.float64, cayley=(0.8, -1.1, 0.4)) -> nn.Sequential:
    return nn.Sequential(
        conv(1, 4, kernel_size, stride=stride, dtype=dtype),
        SignNonlinearity(cayley).to(dtype),
        LogDetInvariant(degenerate="nan"),
    )


def field(*shape: int, dtype=torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64).to(dtype)


# The convolution


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
@pytest.mark.parametrize("symmetric", [False, True])
def test_parameters_of_a_kernel(kernel_size: int, symmetric: bool):
    layer = conv(1, 1, kernel_size, symmetric=symmetric)
    count = sum(parameter.numel() for parameter in layer.parameters())
    assert count == 3 + (3 if symmetric else 6) * kernel_size**2
    assert sum(p.numel() for p in conv(2, 5, kernel_size, symmetric=symmetric).parameters()) == 10 * count


@pytest.mark.parametrize("options", [{}, {"stride": 2}, {"padding": 1}, {"dilation": 2}, {"symmetric": True}])
def test_convolution_is_the_sum_over_taps(options: dict):
    layer = conv(2, 3, 3, **options)
    jac = field(2, 2, 3, 2, 8, 7)
    padded = nn.functional.pad(jac, [layer.padding] * 4)
    step, stride = layer.dilation, layer.stride
    rows, columns = ((n - 2 * step - 1) // stride + 1 for n in padded.shape[-2:])
    expected = torch.zeros(2, 3, 3, 2, rows, columns, dtype=torch.float64)
    for i in range(rows):
        for j in range(columns):
            window = padded[..., i * stride :: step, j * stride :: step][..., :3, :3]
            expected[..., i, j] = torch.einsum("ocklpq,bcqdkl->bopd", layer.weight, window)
    torch.testing.assert_close(layer(jac), expected)


def test_taps_of_a_kernel_share_their_singular_values():
    layer = conv(2, 3, 3)
    values = torch.linalg.svdvals(layer.weight)
    expected = layer.scale.sort(-1, descending=True).values[:, :, None, None].expand_as(values)
    torch.testing.assert_close(values, expected)
    assert not torch.allclose(layer.weight, layer.weight.mT)


@pytest.mark.parametrize("symmetric", [False, True])
def test_a_tap_by_hand(symmetric: bool):
    """R(π/2, 0, 0) diag(2, 3, 5) R(β) with β = (0, π/2, 0): a quarter turn about z, and one about y."""
    layer = conv(1, 1, 1, symmetric=symmetric)
    layer.scale.data[:] = torch.tensor([2.0, 3.0, 5.0])
    layer.left.data[:] = torch.tensor([math.pi / 2, 0.0, 0.0])
    if layer.right is not None:
        layer.right.data[:] = torch.tensor([0.0, math.pi / 2, 0.0])
    expected = [[3, 0, 0], [0, 2, 0], [0, 0, 5]] if symmetric else [[0, -3, 0], [0, 0, 2], [-5, 0, 0]]
    torch.testing.assert_close(layer.weight.squeeze(), torch.tensor(expected).double(), rtol=0, atol=1e-6)


def test_symmetric_taps_are_symmetric():
    weight = conv(1, 2, 3, symmetric=True).weight
    torch.testing.assert_close(weight, weight.mT)


def test_initial_gain_is_about_one():
    out = conv(16, 64, 3)(field(4, 16, 3, 2, 9, 9))
    assert 0.7 < out.std() < 1.5


def test_parameters_come_from_the_generator():
    assert torch.equal(conv(1, 2, 3).weight, conv(1, 2, 3).weight)


# The nonlinearity


@given(jac=jacobian_fields(channels=2), cayley=st.tuples(*[st.floats(-3, 3)] * 3))
def test_sign_is_that_of_the_determinant(jac: Tensor, cayley):
    layer = SignNonlinearity(cayley).double()
    j = jac.movedim((2, 3), (-2, -1))
    det = torch.linalg.det(j.mT @ layer.rotation @ j)
    scale = j.square().sum((-2, -1)).square()
    clear = det.abs() > 1e-9 * scale
    kept = (layer(jac) == jac).all(2).all(2)
    assert torch.equal(kept[clear], (det > 0)[clear])


@given(cayley=st.tuples(*[st.floats(-10, 10)] * 3))
def test_cayley_gives_a_rotation_by_twice_the_arctangent(cayley):
    layer = SignNonlinearity(cayley).double()
    a, rotation = layer.cayley, layer.rotation
    torch.testing.assert_close(rotation @ rotation.mT, torch.eye(3).double(), rtol=0, atol=1e-12)
    torch.testing.assert_close(torch.linalg.det(rotation), torch.tensor(1.0).double())
    torch.testing.assert_close(rotation @ a, a)
    torch.testing.assert_close(rotation.trace(), 1 + 2 * (2 * a.norm().atan()).cos(), rtol=0, atol=1e-12)


@given(
    jac=jacobian_fields(channels=2, size=6), m=st.one_of(block_fields(block=3, blocks=(2, 2)), smooth_fields(size=6))
)
def test_sign_layer_is_equivariant_under_any_field(jac: Tensor, m: PointwiseAction):
    layer = SignNonlinearity((0.8, -1.1, 0.4)).double()
    assert_equivariant(layer, jac, m(jac), output_action=m)


def test_sign_layer_is_dead_up_to_a_right_angle():
    jac = field(2, 3, 3, 2, 20, 20)
    assert torch.equal(SignNonlinearity((0.6, 0.0, 0.79)).double()(jac), jac)
    assert not torch.equal(SignNonlinearity((0.6, 0.0, 0.81)).double()(jac), jac)


def test_sign_layer_gives_its_rotation_no_gradient():
    layer = SignNonlinearity((1.0, 1.0, 0.0)).double()
    jac = field(1, 1, 3, 2, 3, 3).requires_grad_()
    layer(jac).square().sum().backward()
    assert layer.cayley.grad is None
    torch.testing.assert_close(jac.grad, 2 * jac.detach())


# The invariant layer


def test_the_surrogate_changes_no_output_and_trains_the_rotation(generator: torch.Generator):
    """The gradient of a is that of tanh(q/τ)·J, by central differences on q written out."""
    tau, a = 0.3, torch.tensor([0.8, -1.1, 0.4]).double()
    field, weight = torch.randn(2, 2, 4, 3, 2, 5, 5, generator=generator).double()
    layer = SignNonlinearity(a.tolist(), surrogate=tau).double()
    out = layer(field)
    assert torch.equal(out, SignNonlinearity(a.tolist()).double()(field))
    (out * weight).sum().backward()

    def soft(a: torch.Tensor) -> float:
        normal = torch.nn.functional.normalize(torch.linalg.cross(*field.unbind(3), dim=2), dim=2)
        q = 1 - a.square().sum() + 2 * (a[:, None, None] * normal).sum(2) ** 2
        return float(((q / tau).tanh()[:, :, None, None] * field * weight).sum())

    steps = 1e-5 * torch.eye(3).double()
    expected = torch.stack([torch.tensor((soft(a + d) - soft(a - d)) / 2e-5) for d in steps])
    torch.testing.assert_close(layer.cayley.grad, expected.double(), rtol=1e-6, atol=1e-6)


def test_no_surrogate_moves_the_identity(generator: torch.Generator):
    layer = SignNonlinearity(surrogate=0.1).double()
    layer(torch.randn(1, 3, 3, 2, 4, 4, generator=generator).double()).square().sum().backward()
    assert layer.cayley.grad is not None
    assert not layer.cayley.grad.any()


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
    assert layer.degenerate_pixels(jac).tolist() == [[[False, True]]]
    assert layer(jac).isnan().all(1).tolist() == [[[False, True]]]
    assert (LogDetInvariant()(jac)[..., 1] == 0).all()


@pytest.mark.parametrize("noisy", [0, 1])
def test_noise_of_a_large_derivative_beside_a_small_one_is_degenerate(noisy: int):
    jac = 1e-6 * field(1, 4, 3, 2, 5, 5)
    jac[:, :, :, noisy] = 1 + 2e-16 * field(1, 4, 3, 5, 5).sign()
    assert LogDetInvariant().degenerate_pixels(jac).all()


@pytest.mark.parametrize("layer", [LogDetInvariant(), SignNonlinearity((0.8, -1.1, 0.4))], ids=str)
def test_half_precision_is_evaluated_in_single(layer: nn.Module):
    small = 2.0**-9 * field(1, 4, 3, 2, 6, 6).half()
    assert torch.equal(layer(small), layer(small.float()).half())


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


# The whole of it


@pytest.mark.parametrize("kernel_size", [1, 2, 3])
@given(data=st.data())
def test_stride_k_is_invariant_under_block_fields(kernel_size: int, data: st.DataObject):
    jac = data.draw(jacobian_fields(size=2 * kernel_size))
    moved = data.draw(block_fields(block=kernel_size, blocks=(2, 2)))(jac)
    model = network(kernel_size, stride=kernel_size)
    before, after = model(jac), model(moved)
    defined = before.isfinite() & after.isfinite()
    torch.testing.assert_close(after[defined], before[defined], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kernel_size", [1, 2, 3])
def test_block_invariance_to_the_rounding_of_the_dtype(kernel_size: int, dtype, generator: torch.Generator):
    size = (6 * kernel_size, 6 * kernel_size)
    action = block_action(8, 0.3, generator=generator, size=size, block=kernel_size)
    jac = field(8, 1, 3, 2, *size)
    report = invariance_error(
        network(kernel_size, stride=kernel_size, dtype=dtype), jac.to(dtype), action(jac).to(dtype)
    )
    assert 0 < report.relative < 40 * torch.finfo(dtype).eps
    assert report.relative <= TOLERANCES[dtype]


@given(jac=jacobian_fields(size=6), m=constant_fields())
def test_constant_fields_need_no_stride(jac: Tensor, m: PointwiseAction):
    layer = conv(1, 3, 3, padding=1)
    assert_equivariant(layer, jac, m(jac), output_action=m)


def test_stride_one_breaks_block_fields(generator: torch.Generator):
    action = block_action(4, 0.5, generator=generator, size=(12, 12), block=3)
    jac = field(4, 1, 3, 2, 12, 12)
    assert invariance_error(network(3, stride=1), jac, action(jac)).normalised > 0.1
    with pytest.raises(AssertionError, match="not invariant"):
        assert_invariant(network(3, stride=1), jac, action(jac))


@pytest.mark.parametrize(
    "layer",
    [
        conv(2, 3, 3, stride=2, padding=1),
        conv(2, 3, 2, symmetric=True),
        LogDetInvariant(),
        LogDetInvariant(eps=0.1),
        SignNonlinearity((1.0, 2.0, 0.0)).double(),
    ],
    ids=repr,
)
def test_gradients(layer: nn.Module):
    channels = 2 if isinstance(layer, JacobianConv2d) else 3
    jac = field(1, channels, 3, 2, 4, 4).requires_grad_()
    parameters = [p for p in layer.parameters() if isinstance(layer, JacobianConv2d)]
    assert torch.autograd.gradcheck(lambda x, *_: layer(x), (jac, *parameters))


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # torch's own forward mode
@pytest.mark.parametrize("layer", [LogDetInvariant(), LogDetInvariant(eps=0.1)], ids=repr)
def test_every_derivative_of_the_log_determinants(layer: nn.Module):
    jac = field(2, 3, 3, 2, 3, 3).requires_grad_()
    assert torch.autograd.gradcheck(layer, (jac,), check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(layer, (jac,))


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


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", DTYPES)
def test_block_invariance_on_the_gpu(dtype):
    action = block_action(8, 0.5, generator=torch.Generator().manual_seed(0), size=(12, 12), block=3)
    jac = field(8, 1, 3, 2, 12, 12)
    moved = action(jac).to("cuda", dtype)
    model = network(3, stride=3).to("cuda", dtype)
    assert_invariant(model, jac.to("cuda", dtype), moved)


@pytest.mark.bad_input
def test_bad_input_is_named():
    with pytest.raises(ArgumentError, match="kernel_size = 0"):
        JacobianConv2d(1, 1, 0)
    with pytest.raises(ArgumentError, match="padding = -1"):
        JacobianConv2d(1, 1, 3, padding=-1)
    with pytest.raises(ArgumentError, match="2 channels on axis 1"):
        conv(2, 3, 3)(field(1, 1, 3, 2, 4, 4))
    for layer in (conv(1, 3, 1), SignNonlinearity(), LogDetInvariant()):
        with pytest.raises(ArgumentError, match=r"jac\.shape"):
            layer(field(1, 6, 4, 4))
        with pytest.raises(ArgumentTypeError, match="int64"):
            layer(torch.zeros(1, 3, 3, 2, 4, 4, dtype=torch.int64))
    with pytest.raises(ArgumentError, match="three finite numbers"):
        SignNonlinearity((math.nan, 0.0, 0.0))
    with pytest.raises(ArgumentError, match="surrogate"):
        SignNonlinearity(surrogate=0.0)
    with pytest.raises(ArgumentError, match="eps = -1"):
        LogDetInvariant(eps=-1)
    with pytest.raises(ArgumentError, match="degenerate = ignore"):
        LogDetInvariant(degenerate="ignore")  # pyright: ignore[reportArgumentType]
