"""The layers as torch modules: state, dtype, gradients, compilation, export, and what they refuse."""

import copy
import inspect

import pytest
import torch
from torch import Tensor, nn

from invariance.errors import ArgumentError, ArgumentTypeError
from invariance.groups import P3, P4, P4M, SplitGroup
from invariance.layers.gconv import (
    CosetPool,
    GroupAvgPool2d,
    GroupBatchNorm2d,
    GroupConv2d,
    GroupMaxPool2d,
    GroupPool,
    LiftingConv2d,
    P4ConvP4,
    P4ConvZ2,
    P4MConvP4M,
    P4MConvZ2,
    Residual,
    Subsample,
    to_planar,
)

NAMED = pytest.mark.parametrize("kind", [P4ConvZ2, P4ConvP4, P4MConvZ2, P4MConvP4M])


def network(group: SplitGroup, generator: torch.Generator) -> nn.Sequential:
    """A net with every kind of layer, in eval, with statistics and biases that are not trivial."""

    def conv(kernel_size: int, stride: int, padding: int = 0) -> GroupConv2d:
        return GroupConv2d(group, 4, 4, kernel_size, stride, padding, generator=generator)

    turns = group.generate([1])
    net = nn.Sequential(
        LiftingConv2d(group, 3, 4, 2, generator=generator),
        GroupBatchNorm2d(group, 4, eps=0.1),
        nn.ReLU(),
        Residual(nn.Sequential(conv(3, 2, 1), GroupBatchNorm2d(group, 4), nn.Tanh()), conv(1, 2)),
        GroupMaxPool2d(3, 1, 1),
        GroupAvgPool2d(2),
        Subsample(group, turns),
        GroupPool(group.restrict(turns), "mean"),
    )
    for tensor in (*net.parameters(), *net.buffers()):
        if tensor.is_floating_point():
            tensor.data += torch.rand(tensor.shape, generator=generator)
    return net.double().eval()


@NAMED
def test_signature_shapes_and_state(kind: type[P4ConvP4], generator: torch.Generator) -> None:
    names = ["in_channels", "out_channels", "kernel_size", "stride", "padding", "bias"]
    parameters = inspect.signature(kind).parameters
    assert list(parameters)[:6] == names
    assert [parameters[name].default for name in names[3:]] == [1, 0, True]
    layer, bare = kind(3, 5, 3, 2, 1, generator=generator), kind(3, 5, 3, bias=False)
    lifts, order = isinstance(layer, LiftingConv2d), layer.group.order
    assert layer.weight.shape == (5, 3, 1 if lifts else order, 3, 3)
    assert layer(torch.zeros(2, 3, *(() if lifts else (order,)), 9, 7)).shape == (2, 5, order, 5, 4)
    assert set(layer.state_dict()) == {"weight", "bias"}
    assert set(bare.state_dict()) == {"weight"}
    assert repr(layer) == f"{kind.__name__}({layer.group.name}, 3, 5, kernel_size=3, stride=2, padding=1, bias=True)"


@NAMED
def test_initial_weights_have_the_published_scale_and_follow_the_seed(kind: type[P4ConvP4]) -> None:
    layers = [kind(16, 32, 5, generator=torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    fan_in = layers[0].weight[0].numel()
    assert float(layers[0].weight.detach().std() * fan_in**0.5) == pytest.approx(1, abs=0.05)
    assert torch.equal(layers[0].weight, layers[1].weight)
    assert not torch.equal(layers[0].weight, layers[2].weight)


def test_state_is_the_same_in_training_and_evaluation(generator: torch.Generator) -> None:
    net = network(P4M, generator)
    x = torch.randn(2, 3, 10, 10, generator=generator, dtype=torch.float64)
    for layer in net.modules():
        if isinstance(layer, GroupBatchNorm2d):
            layer.momentum = 0.0
    before = {name: t.clone() for name, t in net.train().state_dict().items()}
    y = net.eval()(x)
    assert list(before) == list(net.state_dict())
    other = network(P4M, torch.Generator().manual_seed(7))
    other.load_state_dict(before)
    assert torch.equal(other(x), y)
    assert torch.equal(copy.deepcopy(net)(x), y)


@pytest.mark.parametrize("group", [P4, P4M], ids=repr)
def test_the_planar_export_computes_the_same(group: SplitGroup, generator: torch.Generator) -> None:
    net = network(group, generator)
    x = torch.randn(2, 3, 10, 10, generator=generator, dtype=torch.float64)
    planar = to_planar(net)
    torch.testing.assert_close(planar(x), net(x), rtol=0, atol=1e-12)
    assert any(type(m) is nn.Conv2d for m in planar.modules())
    assert not any(isinstance(m, (GroupConv2d, LiftingConv2d, GroupBatchNorm2d)) for m in planar.modules())
    assert isinstance(net[0], LiftingConv2d)
    assert torch.equal(to_planar(planar)(x), planar(x))
    for parameter in planar.parameters():
        parameter.data.zero_()
    assert net(x).any()


@NAMED
@pytest.mark.parametrize("bias", [True, False])
def test_conv2d_is_the_layer_on_flattened_channels(
    kind: type[P4ConvP4], bias: bool, generator: torch.Generator
) -> None:
    layer = kind(2, 3, 3, 2, 1, bias, generator=generator, dtype=torch.float64)
    x = torch.randn(2, 2, *(() if kind in (P4ConvZ2, P4MConvZ2) else (layer.group.order,)), 7, 7, dtype=torch.float64)
    before = torch.get_rng_state()
    conv = layer.to_conv2d()
    assert torch.equal(torch.get_rng_state(), before)
    assert type(conv) is nn.Conv2d
    assert all(parameter.is_leaf and parameter.requires_grad for parameter in conv.parameters())
    assert torch.equal(conv(x.flatten(1, -3)), layer(x).flatten(1, 2))
    assert set(conv.state_dict()) == set(nn.Conv2d(1, 1, 1, bias=bias).state_dict())


def test_a_coset_pool_exports_too(generator: torch.Generator) -> None:
    net = nn.Sequential(P4MConvZ2(1, 2, 3, generator=generator), CosetPool(P4M, (0, 5)), nn.ReLU())
    x = torch.randn(2, 1, 6, 6, generator=generator)
    assert torch.equal(to_planar(net)(x), net(x).flatten(1, 2))


def test_an_exported_batch_norm_shares_nothing() -> None:
    norm = GroupBatchNorm2d(P4, 2)
    planar = norm.to_planar()
    for tensor in planar.state_dict().values():
        tensor.add_(1)
    assert all(
        torch.equal(value, fresh)
        for value, fresh in zip(norm.state_dict().values(), GroupBatchNorm2d(P4, 2).state_dict().values(), strict=True)
    )


def test_padding_counts_towards_the_smallest_image() -> None:
    assert P4ConvP4(1, 1, 3, padding=1)(torch.zeros(1, 1, 4, 1, 1)).shape == (1, 1, 4, 1, 1)


@NAMED
def test_gradients(kind: type[P4ConvP4], generator: torch.Generator) -> None:
    layer = kind(2, 2, 2, 2, 1, generator=generator, dtype=torch.float64)
    group = () if kind in (P4ConvZ2, P4MConvZ2) else (layer.group.order,)
    x = torch.randn(1, 2, *group, 4, 4, generator=generator, dtype=torch.float64, requires_grad=True)

    def run(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return torch.func.functional_call(layer, {"weight": weight, "bias": bias}, (x,))

    bias = torch.randn(2, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(run, (x, layer.weight, bias))


def test_float64_is_not_rounded_on_the_way(generator: torch.Generator) -> None:
    layer = P4ConvP4(1, 1, 1, bias=False, dtype=torch.float64)
    layer.weight.data.zero_()[0, 0, 0] = 1
    x = torch.randn(1, 1, 4, 3, 3, generator=generator, dtype=torch.float64)
    assert layer(x).dtype == torch.float64
    assert torch.equal(layer(x), x)


@pytest.mark.bad_input
def test_compiles_into_one_graph(generator: torch.Generator) -> None:
    net = network(P4, generator)
    x = torch.randn(2, 3, 10, 10, generator=generator, dtype=torch.float64)
    compiled = torch.compile(net, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), net(x), rtol=0, atol=1e-12)


@pytest.mark.gpu
def test_the_gpu_computes_the_same(card: str, generator: torch.Generator) -> None:
    net = network(P4M, generator)
    x = torch.randn(2, 3, 10, 10, generator=generator, dtype=torch.float64)
    y = net(x)
    torch.testing.assert_close(net.to(card)(x.to(card)).cpu(), y, rtol=0, atol=1e-12)
    layer = P4MConvP4M(2, 3, 3, dtype=torch.float64)
    layer.weight.data = torch.randint(-4, 5, layer.weight.shape, generator=generator).double()
    whole = torch.randint(-4, 5, (2, 2, 8, 7, 7), generator=generator).double()
    with torch.backends.cudnn.flags(enabled=False):
        y = layer(whole)
        assert torch.equal(layer.to(card)(whole.to(card)).cpu(), y)


# --- what is refused


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (P4ConvZ2(3, 4, 3), (2, 3, 4, 8, 8), r"\(batch, channels = 3, height, width\)"),
        (P4ConvZ2(3, 4, 3), (3, 8, 8), r"\(batch, channels = 3, height, width\)"),
        (P4ConvP4(3, 4, 3), (2, 3, 8, 8), r"\(batch, channels = 3, group = 4, height, width\)"),
        (P4ConvP4(3, 4, 3), (2, 3, 8, 8, 8), "group = 4"),
        (P4ConvP4(3, 4, 3), (2, 2, 4, 8, 8), "channels = 3"),
        (P4ConvP4(3, 4, 3), (2, 3, 4, 8, 2), "height and width ≥ 3"),
        (GroupBatchNorm2d(P4, 3), (2, 3, 8, 8, 8), "group = 4"),
        (GroupBatchNorm2d(P4, 3), (2, 12, 8, 8), "group = 4"),
        (GroupPool(P4M), (2, 3, 4, 8, 8), "group = 8"),
        (CosetPool(P4M, (0, 4)), (2, 3, 4, 8, 8), "group = 8"),
        (Subsample(P4, (0, 2)), (2, 3, 8, 8, 8), "group = 4"),
        (GroupMaxPool2d(2), (2, 12, 8, 8), "batch, channels, group"),
        (GroupMaxPool2d(3), (2, 3, 4, 2, 8), "height and width ≥ 3"),
        (Residual(P4ConvP4(3, 3, 3)), (2, 3, 4, 8, 8), "that of body"),
    ],
)
def test_features_that_do_not_fit_are_named(layer: nn.Module, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        layer(torch.zeros(shape))


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("make", "options", "error", "message"),
    [
        (P4ConvZ2, (0, 4, 3), ArgumentError, "in_channels = 0"),
        (P4ConvZ2, (3, 4, 3, 0), ArgumentError, "stride = 0"),
        (P4ConvZ2, (3, 4, 3, 1, -1), ArgumentError, "padding = -1"),
        (P4ConvZ2, (3, 4, (3, 3)), ArgumentTypeError, "one int, for both axes"),
        (P4ConvZ2, (3, 4, 2, 1, "same"), ArgumentTypeError, "padding = same"),
        (GroupConv2d, (P3, 3, 4, 3), ArgumentError, "group = p3: matrices that are signed permutations"),
        (CosetPool, (P4, (0, 1)), ArgumentError, r"subgroup = \(0, 1\)"),
        (Subsample, (P4, (1, 3)), ArgumentError, r"subgroup = \(1, 3\)"),
        (GroupPool, (P4, "sum"), ArgumentError, "'max' or 'mean'"),
        (GroupMaxPool2d, (2, 1, 2), ArgumentError, "at most half"),
    ],
)
def test_bad_options_are_named(make: type[nn.Module], options: tuple, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        make(*options)


@pytest.mark.bad_input
def test_a_filter_of_the_wrong_rank_is_named() -> None:
    layer = P4ConvP4(2, 3, 3)
    layer.weight = nn.Parameter(torch.zeros(3, 8, 3, 3))
    with pytest.raises(ArgumentError, match=r"weight.shape = \(3, 8, 3, 3\): \(3, 2, 4, 3, 3\)"):
        layer(torch.zeros(1, 2, 4, 5, 5))
