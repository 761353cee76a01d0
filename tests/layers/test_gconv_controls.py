"""What must break equivariance, and by how much: each control is one step away from a layer that keeps it."""

import pytest
import torch
from torch import Tensor, nn

from invariance.groups import P4, P4M, SplitGroup
from invariance.layers.gconv import (
    GroupBatchNorm2d,
    GroupConv2d,
    GroupMaxPool2d,
    GroupPool,
    LiftingConv2d,
    P4ConvP4,
    P4ConvZ2,
    to_planar,
)
from invariance.layers.gconv.correlation import Correlation

BROKEN = 1e-2


def normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def error(layer: nn.Module, group: SplitGroup, x: Tensor) -> float:
    """The largest relative L2 error over H of a map of features on G to features on G, images or class scores."""
    with torch.no_grad():
        y = layer(x)
        act = {5: group.act, 4: group.act_on_plane, 2: lambda g, scores: scores}
        gaps = [layer(act[x.ndim](g, x)) - act[y.ndim](g, y) for g in group.elements]
    return max(float(gap.norm() / y.norm()) for gap in gaps)


def planar(layer: Correlation, change: nn.Module) -> nn.Module:
    """The layer, and a module that acts on each planar channel by itself."""
    return nn.Sequential(layer, nn.Flatten(1, 2), change, nn.Unflatten(1, (layer.out_channels, layer.group.order)))


@pytest.mark.parametrize("group", [P4, P4M], ids=repr)
def test_taps_that_are_permuted_break_it(group: SplitGroup, generator: torch.Generator) -> None:
    for kind, x in (
        (GroupConv2d, normal(generator, 1, 2, group.order, 6, 6)),
        (LiftingConv2d, normal(generator, 1, 2, 6, 6)),
    ):
        layer = kind(group, 2, 3, 3, generator=generator).double()
        assert error(layer, group, x) <= 1e-12
        taps = layer.taps.view(group.order, -1)
        taps[1] = taps[1].roll(1)
        assert error(layer, group, x) > BROKEN


def test_a_swapped_product_breaks_p4m_alone(generator: torch.Generator) -> None:
    """ψ(hg⁻¹) for ψ(g⁻¹h): the same in the commutative p4, wrong in p4m."""
    for group, breaks in ((P4, False), (P4M, True)):
        x = normal(generator, 1, 2, group.order, 6, 6)
        layer = GroupConv2d(group, 2, 3, 3, bias=False, generator=generator).double()
        swapped = [
            group.act_on_plane(g, layer.weight[:, :, [group.product[h][group.inverse[g]] for h in group.elements]])
            for g in group.elements
        ]
        bank = torch.stack(swapped, 1).flatten(2, 3).flatten(0, 1)
        conv = layer.to_conv2d()
        conv.weight.data = bank.detach()
        net = nn.Sequential(nn.Flatten(1, 2), conv, nn.Unflatten(1, (3, group.order)))
        assert (error(net, group, x) > BROKEN) is breaks


def test_a_filter_with_noise_on_one_orientation_breaks_it(generator: torch.Generator) -> None:
    x = normal(generator, 1, 2, 4, 6, 6)
    conv = P4ConvP4(2, 3, 3, generator=generator).double().to_conv2d()
    net = nn.Sequential(nn.Flatten(1, 2), conv, nn.Unflatten(1, (3, 4)))
    assert error(net, P4, x) <= 1e-12
    conv.weight.data[0] *= 1.03
    assert error(net, P4, x) > 1e-3


def test_a_bias_for_each_planar_channel_breaks_it(generator: torch.Generator) -> None:
    x = normal(generator, 1, 2, 4, 6, 6)
    layer = P4ConvP4(2, 3, 3, generator=generator).double()
    layer.bias = nn.Parameter(normal(generator, 3))
    assert error(layer, P4, x) <= 1e-12
    conv = layer.to_conv2d()
    conv.bias = nn.Parameter(normal(generator, 12))
    assert error(nn.Sequential(nn.Flatten(1, 2), conv, nn.Unflatten(1, (3, 4))), P4, x) > BROKEN


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("entry", ["weight", "bias", "running_mean", "running_var"])
def test_batch_norm_for_each_planar_channel_breaks_it(entry: str, training: bool, generator: torch.Generator) -> None:
    """With one exception: in training the statistics are those of the batch, and they travel with the channels."""
    x = normal(generator, 2, 2, 4, 6, 6)
    layer = P4ConvP4(2, 3, 3, generator=generator).double()
    right, wrong = GroupBatchNorm2d(P4, 3).double(), nn.BatchNorm2d(12).double()
    for norm in (right, wrong):
        getattr(norm, entry).data = 1 + torch.rand(norm.num_features, generator=generator, dtype=torch.float64)
    assert error(nn.Sequential(layer, right).train(training), P4, x) <= 1e-12
    travels = training and entry.startswith("running")
    assert (error(planar(layer, wrong).train(training), P4, x) <= 1e-12) is travels


def test_a_head_that_flattens_the_group_is_not_invariant(generator: torch.Generator) -> None:
    x = normal(generator, 1, 2, 6, 6)
    lift = P4ConvZ2(2, 3, 3, generator=generator).double()
    torch.manual_seed(0)
    flat = nn.Sequential(lift, nn.AdaptiveAvgPool3d((4, 1, 1)), nn.Flatten(), nn.Linear(12, 5)).double()
    pooled = nn.Sequential(lift, GroupPool(P4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 5)).double()
    assert error(flat, P4, x) > BROKEN
    assert error(pooled, P4, x) <= 1e-12


@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_stride_keeps_turns_exactly_where_nothing_is_left_over(
    kernel: int, padding: int, stride: int, generator: torch.Generator
) -> None:
    conv = P4ConvP4(2, 2, kernel, stride, padding, generator=generator).double()
    pools = [GroupMaxPool2d(kernel, stride, padding)] if 2 * padding <= kernel else []
    for length in range(5, 11):
        x = normal(generator, 1, 2, 4, length, length)
        exact = (length + 2 * padding - kernel) % stride == 0
        assert (error(conv, P4, x) <= 1e-12) is exact
        assert all((error(pool, P4, x) <= 1e-12) is exact for pool in pools)


def all_cnn(width: int, generator: torch.Generator) -> nn.Sequential:
    """The p4 All-CNN (Cohen & Welling 2016, section 8.2; Springenberg et al. 2015), `width` and twice that wide."""

    def block(conv: Correlation) -> list[nn.Module]:
        conv = conv.double()
        return [conv, GroupBatchNorm2d(P4, conv.out_channels).double(), nn.ReLU()]

    def group(source: int, target: int, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
        return block(P4ConvP4(source, target, kernel, stride, kernel // 2, generator=generator))

    wide = 2 * width
    return nn.Sequential(
        *block(P4ConvZ2(3, width, 3, 1, 1, generator=generator)),
        *group(width, width),
        *group(width, width, stride=2),
        *group(width, wide),
        *group(wide, wide),
        *group(wide, wide, stride=2),
        *group(wide, wide),
        *group(wide, wide, 1),
        *group(wide, 10, 1),
        GroupPool(P4, "mean"),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    ).eval()


@pytest.mark.parametrize(("size", "exact"), [(32, False), (33, True), (37, True)])
def test_all_cnn_is_invariant_at_33_and_not_at_32(size: int, exact: bool, generator: torch.Generator) -> None:
    net, x = all_cnn(4, generator), normal(generator, 2, 3, size, size)
    for form in (net, to_planar(net)):
        relative = error(form, P4, x)
        assert relative <= 1e-12 if exact else relative > BROKEN


def test_all_cnn_has_as_many_parameters_as_published(generator: torch.Generator) -> None:
    assert sum(p.numel() for p in all_cnn(48, generator).parameters()) == 1_371_006
