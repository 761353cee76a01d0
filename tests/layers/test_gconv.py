"""Equivariance of every layer over the whole group: equality on whole numbers, 1e-12 on random float64."""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from invariance.groups import CM, P2, P4, P4M, PM, SplitGroup
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
)

GROUPS = [P2, PM, CM, P4, P4M]


class Case(NamedTuple):
    """A layer, the quotients G/K its input and output live on, and the elements that it should commute with."""

    group: SplitGroup
    layer: nn.Module
    size: tuple[int, int] = (5, 6)
    source: tuple[int, ...] = (0,)
    target: tuple[int, ...] = (0,)
    lifts: bool = False
    flat: bool = False

    def input(self, make: Callable[..., Tensor]) -> Tensor:
        return make(2, 3, *(() if self.lifts else (self.group.order,)), *self.size)

    def move_input(self, g: int, x: Tensor) -> Tensor:
        return self.group.act_on_plane(g, x) if self.lifts else self.group.act(g, x)

    def move_output(self, g: int, y: Tensor) -> Tensor:
        return self.group.act_on_plane(g, y) if self.flat else self.group.act(g, y, subgroup=self.target)


def convolutions(group: SplitGroup) -> list[Case]:
    fits = (
        (1, 1, 0, (5, 6)),
        (2, 1, 0, (5, 6)),
        (3, 1, 1, (5, 6)),
        (4, 1, 1, (5, 6)),
        (3, 2, 1, (5, 7)),
        (2, 2, 0, (4, 6)),
    )
    return [
        Case(group, kind(group, 3, 4, k, stride, padding).double(), size, lifts=kind is LiftingConv2d)
        for kind in (LiftingConv2d, GroupConv2d)
        for k, stride, padding, size in fits
    ]


def poolings(group: SplitGroup) -> list[Case]:
    cases = [
        Case(group, GroupMaxPool2d(2), (4, 6)),
        Case(group, GroupMaxPool2d(3, 2, 1), (5, 7)),
        Case(group, GroupAvgPool2d(4, 2), (4, 6)),
        Case(group, GroupAvgPool2d(2, 1, 1)),
        Case(group, Subsample(group, stride=2), (5, 7)),
    ]
    for reduce in ("max", "mean"):
        cases.append(Case(group, GroupPool(group, reduce), flat=True))
        cases += [Case(group, CosetPool(group, K, reduce), target=K) for K in group.subgroups()]
    return cases


def composites(group: SplitGroup) -> list[Case]:
    body = nn.Sequential(GroupConv2d(group, 3, 3, 3, 2, 1), nn.ReLU(), GroupConv2d(group, 3, 3, 3, 1, 1))
    return [
        Case(group, nn.LeakyReLU(0.5)),
        Case(group, Residual(body, GroupConv2d(group, 3, 3, 1, 2)).double(), (5, 7)),
        Case(group, Residual(GroupConv2d(group, 3, 3, 3, 1, 1)).double()),
        Case(group, GroupBatchNorm2d(group, 3, eps=0).double().eval()),
    ]


CASES = [case for group in GROUPS for kind in (convolutions, poolings, composites) for case in kind(group)]
EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group.name}-{case.layer}".split("\n")[0])


def set_parameters(layer: nn.Module, make: Callable[..., Tensor]) -> None:
    """New weights, biases, batch norm scales and running statistics; a bias of zero would hide faults."""
    for tensor in (*layer.parameters(), *layer.buffers()):
        if tensor.is_floating_point():
            tensor.data = make(*tensor.shape)
    for norm in layer.modules():
        if isinstance(norm, GroupBatchNorm2d) and norm.running_var is not None:
            norm.running_var.fill_(4.0)


def gap(case: Case, x: Tensor, g: int) -> float:
    with torch.no_grad():
        moved, y = case.layer(case.move_input(g, x)), case.layer(x)
    return float((moved - case.move_output(g, y)).abs().max() / y.std())


@EVERY
def test_equal_on_whole_numbers(case: Case, generator: torch.Generator) -> None:
    def whole(*shape: int) -> Tensor:
        return torch.randint(-4, 5, shape, generator=generator).double()

    set_parameters(case.layer, whole)
    x = case.input(whole)
    for g in case.group.elements:
        with torch.no_grad():
            assert torch.equal(case.layer(case.move_input(g, x)), case.move_output(g, case.layer(x)))


@EVERY
def test_close_on_random_numbers(case: Case, generator: torch.Generator) -> None:
    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    set_parameters(case.layer, normal)
    x = case.input(normal)
    assert max(gap(case, x, g) for g in case.group.elements) <= 1e-12


@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_batch_norm_in_training(group: SplitGroup, generator: torch.Generator) -> None:
    case = Case(group, GroupBatchNorm2d(group, 3).double())
    x = case.input(lambda *shape: torch.randn(shape, generator=generator, dtype=torch.float64))
    set_parameters(case.layer, lambda *shape: torch.randn(shape, generator=generator, dtype=torch.float64))
    assert max(gap(case, x, g) for g in group.elements) <= 1e-12


@pytest.mark.parametrize("group", [P4, P4M], ids=repr)
def test_subsampling_keeps_the_subgroup_and_no_more(group: SplitGroup, generator: torch.Generator) -> None:
    x = torch.randn(2, 3, group.order, 5, 7, generator=generator)
    for K in group.subgroups():
        layer, smaller = Subsample(group, K, stride=2), group.restrict(K)
        y = layer(x)
        assert y.shape == (2, 3, len(K), 3, 4)
        for i, k in enumerate(K):
            assert torch.equal(layer(group.act(k, x)), smaller.act(i, y))
        for g in set(group.elements) - set(K):
            # No order of the group axis makes the two equal: the values are those of another coset.
            assert not torch.equal(layer(group.act(g, x)).sort(2).values, group.act_on_plane(g, y).sort(2).values)


def test_pooling_and_residual_values() -> None:
    x = torch.arange(64.0).view(1, 2, 8, 2, 2)
    assert torch.equal(GroupPool(P4M)(x), x[:, :, -1])
    assert torch.equal(GroupPool(P4M, "mean")(x), x[:, :, 0] + 14)
    assert torch.equal(CosetPool(P4M, (0, 4))(x), x[:, :, [4, 7, 6, 5]])
    assert torch.equal(CosetPool(P4M, (0, 4), "mean")(x), x[:, :, :4] + torch.tensor([8.0, 12, 8, 4])[:, None, None])
    assert torch.equal(GroupMaxPool2d(2)(x), x[..., 1:, 1:])
    assert torch.equal(GroupAvgPool2d(2)(x), x[..., :1, :1] + 1.5)
    assert torch.equal(Residual(nn.LeakyReLU(0.5))(-x), -1.5 * x)


@pytest.mark.parametrize(("size", "stride", "padding"), [(2, 2, 0), (3, 2, 1)])
def test_pooling_over_the_plane_is_that_of_torch(
    size: int, stride: int, padding: int, generator: torch.Generator
) -> None:
    x = torch.randn(2, 3, 4, 5, 7, generator=generator)
    for ours, torch_s in ((GroupMaxPool2d, nn.MaxPool2d), (GroupAvgPool2d, nn.AvgPool2d)):
        expected = torch_s(size, stride, padding)(x.flatten(1, 2))
        assert torch.equal(ours(size, stride, padding)(x).flatten(1, 2), expected)


@pytest.mark.parametrize("group", [P4, P4M], ids=repr)
def test_coset_pooling_is_invariant_to_the_right_action(group: SplitGroup, generator: torch.Generator) -> None:
    x = torch.randn(2, 3, group.order, 4, 4, generator=generator)
    for K, reduce in itertools.product(group.subgroups(), ("max", "mean")):
        pool = CosetPool(group, K, reduce)
        for k in K:
            right = x[:, :, [group.product[h][k] for h in group.elements]]
            torch.testing.assert_close(pool(right), pool(x), rtol=0, atol=1e-6 if reduce == "mean" else 0)
    everything = CosetPool(group, group.elements)
    assert torch.equal(everything(x).squeeze(2), GroupPool(group)(x))


# --- the index conventions


def test_filters_of_p4_follow_the_published_rule(generator: torch.Generator) -> None:
    lift, conv = P4ConvZ2(2, 3, 3, generator=generator), P4ConvP4(2, 3, 2, generator=generator)
    lifted, bank = lift.filter_bank().view(3, 4, 2, 3, 3), conv.filter_bank().view(3, 4, 2, 4, 2, 2)
    for r, s in itertools.product(range(4), repeat=2):
        assert torch.equal(lifted[:, r], torch.rot90(lift.weight[:, :, 0], r, (-2, -1)))
        assert torch.equal(bank[:, r, :, s], torch.rot90(conv.weight[:, :, (s - r) % 4], r, (-2, -1)))


def test_filters_of_p4m_follow_the_published_rule(generator: torch.Generator) -> None:
    lift, conv = P4MConvZ2(2, 3, 3, generator=generator), P4MConvP4M(2, 3, 3, generator=generator)
    lifted, bank = lift.filter_bank().view(3, 8, 2, 3, 3), conv.filter_bank().view(3, 8, 2, 8, 3, 3)
    for g, h in itertools.product(range(8), repeat=2):
        r, s = g % 4, h % 4
        source = [[(s - r) % 4, 4 + (s + r) % 4], [4 + (s + r) % 4, (s - r) % 4]][g // 4][h // 4]
        for transformed, weight in (
            (bank[:, g, :, h], conv.weight[:, :, source]),
            (lifted[:, g], lift.weight[:, :, 0]),
        ):
            turned = torch.rot90(weight, r, (-2, -1))
            assert torch.equal(transformed, turned.flip(-2) if g >= 4 else turned)


@pytest.mark.parametrize("group", GROUPS, ids=repr)
def test_the_layer_is_the_sum_over_the_group(group: SplitGroup, generator: torch.Generator) -> None:
    """[f ⋆ ψ](g) = Σ_{h ∈ G} f(h) ψ(g⁻¹h), summed element by element with homogeneous matrices and no convolution."""
    f, psi = (torch.randint(-4, 5, (group.order, n, n), generator=generator).double() for n in (5, 3))
    layer = GroupConv2d(group, 1, 1, 3, 1, 1, bias=False).double()
    layer.weight.data = psi[None, None]
    y = layer(f[None, None])[0, 0]
    for g, u, v in itertools.product(group.elements, range(5), range(5)):
        back = torch.tensor(group.homogeneous(group.inverse[g])) @ torch.tensor([[1, 0, -u], [0, 1, -v], [0, 0, 1]])
        total = 0.0
        for h, i, j in itertools.product(group.elements, range(5), range(5)):
            row, column, _ = (back @ torch.tensor([i, j, 1])).tolist()
            if max(abs(row), abs(column)) <= 1:
                k = group.product[group.inverse[g]][h]
                total += float(f[h, i, j] * psi[k, row + 1, column + 1])
        assert total == y[g, u, v]
