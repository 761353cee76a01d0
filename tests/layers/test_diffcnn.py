"""The DiffCNN layers against their formulas, their symmetries, and input that leaves nothing to compute."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from layers.jacobian_networks import conv, field, network
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from invariance.actions import PointwiseAction, block_action
from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.layers import JacobianConv2d, JacobianHead, LogDetInvariant, SignNonlinearity
from invariance.measure import invariance_error
from invariance.testing import TOLERANCES, assert_equivariant, assert_invariant
from invariance.testing.strategies import block_fields, constant_fields, jacobian_fields, smooth_fields

DTYPES = [torch.float64, torch.float32, torch.bfloat16]


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


def test_sign_is_minus_where_the_normal_is_nothing_or_rounding(generator: torch.Generator):
    """Parallel columns, whose cross product is rounding: |n|² > 0 there, in whatever precision, is no sign."""
    layer = SignNonlinearity()
    assert (layer.signs(torch.zeros(2, 3, 3, 2, 4, 4)) == -1).all()
    x = torch.randn(2, 3, 3, 1, 8, 8, generator=generator)
    parallel = torch.cat((x, x / 3), 3)
    assert (parallel[:, :, 1, 0] * parallel[:, :, 2, 1] != parallel[:, :, 2, 0] * parallel[:, :, 1, 1]).any()
    assert (layer.signs(parallel) == -1).all()
    assert (layer.signs(torch.cat((x, x.roll(1, 2)), 3)) == 1).all()


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


@pytest.mark.parametrize("layer", [LogDetInvariant(), SignNonlinearity((0.8, -1.1, 0.4))], ids=str)
def test_half_precision_is_evaluated_in_single(layer: nn.Module):
    small = 2.0**-9 * field(1, 4, 3, 2, 6, 6).half()
    assert torch.equal(layer(small), layer(small.float()).half())


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


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", DTYPES)
def test_block_invariance_on_the_gpu(card: str, dtype):
    action = block_action(8, 0.5, generator=torch.Generator().manual_seed(0), size=(12, 12), block=3)
    jac = field(8, 1, 3, 2, 12, 12)
    moved = action(jac).to(card, dtype)
    model = network(3, stride=3).to(card, dtype)
    assert_invariant(model, jac.to(card, dtype), moved)


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


@pytest.mark.parametrize("eps", [0.0, 0.1])
@pytest.mark.parametrize("cayley", [(0.0, 0.0, 0.0), (0.6, 0.0, 0.79), (0.6, 0.8, 0.0), (0.8, -1.1, 0.4)])
def test_the_head_in_one_is_layer_after_layer(cayley, eps):
    """The formulas as printed, and their gradients, on more images than a block takes and with flat pixels."""
    head = JacobianHead(conv(1, 4, 3), SignNonlinearity(cayley).double(), LogDetInvariant(eps=eps))
    jac = field(9, 1, 3, 2, 66, 66)
    jac[:, ..., :9, :] = 0
    jac[:, :, :, 1, 20:30] = 2 * jac[:, :, :, 0, 20:30]
    results = []
    for each in (head, lambda x: _as_printed(head, x, eps)):
        x = jac.clone().requires_grad_()
        out = each(x)
        (out * field(*out.shape)).sum().backward()
        results.append((out.detach(), x.grad))
    (out, grad), (printed, expected) = results
    assert (out == 0).any()
    torch.testing.assert_close(out, printed, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(grad, expected, rtol=1e-7, atol=1e-7 * float(expected.abs().max()))


def _as_printed(head: nn.Sequential, x: Tensor, eps: float) -> Tensor:
    """Equations 3 to 5 with Gram matrices; 0 where the head says that there is nothing."""
    j = head[0](x).movedim((2, 3), (-2, -1))
    normal = torch.linalg.cross(j[..., 0], j[..., 1])
    size = j.square().sum(-2).prod(-1)
    live = (normal.square().sum(-1) > 1e-25 * size) & (torch.linalg.det(j.mT @ head[1].rotation @ j) > 0)
    j = torch.where(live[..., None, None], j, -j)
    d = j - j.mean(1, keepdim=True)
    det = torch.linalg.det(d.mT @ d)
    flat = det <= 1e-25 * j.square().sum(-2).amax(1, keepdim=True).prod(-1)
    det = det.masked_fill(flat, 0) + eps if eps else det.masked_fill(flat.any(1, keepdim=True), 1)
    g = det.log()
    return g - g.mean(1, keepdim=True)


@pytest.mark.parametrize("length", [0.0, 1 - 2**-24, 1.0, 1 + 2**-23, 3.0])
@pytest.mark.parametrize("dtype", [*DTYPES, torch.float16])
def test_below_a_right_angle_the_head_needs_no_form(length: float, dtype: torch.dtype):
    """Its signs are those of the formula in full, for normals along a, across it, none, and rounding."""
    jac = field(2, 5, 3, 2, 6, 8).to(dtype)
    jac[:, 1:, 1, :, 0] = 0  # n across a
    jac[:, 1:, 1:, 0, 1] = jac[:, 1:, 1:, 1, 1] = 0  # n = 0
    jac[:, 1:, :, 1, 2] = 2 * jac[:, 1:, :, 0, 2]
    jac[..., 3, :] = 0
    sign, log_det = SignNonlinearity((length, 0.0, 0.0)), LogDetInvariant(eps=0.1)
    signs = sign.signs(jac)
    assert ((signs[:, 1:, 0] == 1).any()) == (length < 1)
    assert (signs[:, 1:, 1:4] == -1).all()
    assert (signs[..., 4:, :] == 1).any()
    assert torch.equal(log_det.after(sign, jac), log_det(jac * signs[:, :, None, None]))


def test_the_head_is_traced_where_its_rotation_has_no_value():
    jac, sign, log_det = field(2, 4, 3, 2, 6, 6), SignNonlinearity(), LogDetInvariant()
    with torch.no_grad():
        traced = make_fx(lambda jac: log_det.after(sign, jac))(jac)
        sign.cayley[:] = torch.tensor([0.8, -1.1, 0.4])
        torch.testing.assert_close(traced(jac), log_det.after(sign, jac))
    with FakeTensorMode():
        assert log_det.after(SignNonlinearity(), torch.empty(jac.shape)).shape == (2, 4, 6, 6)


def test_a_hook_on_the_sign_layer_hears_what_it_gives():
    head = JacobianHead(conv(1, 4, 3), SignNonlinearity((0.8, -1.1, 0.4)).double(), LogDetInvariant())
    jac, heard = field(2, 1, 3, 2, 8, 8), []
    plain = head(jac)
    head[1].register_forward_hook(lambda _, __, out: heard.append(out))
    torch.testing.assert_close(head(jac), plain)
    assert torch.equal(head[2](heard[0]), plain)
