"""Layers and networks of group convolutions, on p2, pm, cm, p4 and p4m."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor, nn

from invariance import GROUPS, SplitGroup, exact_sizes
from invariance.layers import (
    CosetPool,
    GroupAvgPool2d,
    GroupBatchNorm2d,
    GroupConv2d,
    GroupMaxPool2d,
    GroupPool,
    LiftingConv2d,
    Residual,
    to_planar,
)

from ..subject import Subject, randomised, symmetric

REGULAR = {"claim": "equivariant", "action": "regular"}


def a_group(draw: random.Random) -> SplitGroup:
    return GROUPS[draw.choice(["p2", "pm", "cm", "p4", "p4", "p4m", "p4m"])]


def sides(draw: random.Random, group: SplitGroup) -> tuple[int, int]:
    """Height and width; also other than square where no axes change places, and in half of the other cases."""
    height = draw.randint(9, 14)
    return (height, height if group.name == "cm" or draw.random() < 0.6 else draw.randint(9, 14))


def asked(model: nn.Module, group: SplitGroup, shape: tuple[int, ...], **claim: Any) -> Subject:
    fibre = {"fibre": "regular"} if len(shape) > 3 else {}
    return Subject(model, {"input_shape": shape, "group": group.name, **fibre, **(claim or REGULAR)})


def stack(draw: random.Random, group: SplitGroup, *, depth: int | None = None, stride: int = 1) -> list[nn.Module]:
    """Lifting, then norm, nonlinearity and group convolution in turn; three colours in, two channels out."""
    kernel = draw.choice([1, 2, 3, 3, 5])
    layers: list[nn.Module] = [LiftingConv2d(group, 3, 2, kernel, padding=draw.randint(0, kernel // 2))]
    for _ in range(draw.randint(1, 3) if depth is None else depth):
        kernel = draw.choice([1, 3, 3])
        conv = GroupConv2d(group, 2, 2, kernel, stride, draw.randint(0, 1), bias=draw.random() < 0.7)
        layers += [GroupBatchNorm2d(group, 2), draw.choice([nn.ReLU, nn.Tanh, nn.GELU])(), conv]
    return layers


@symmetric
def lifting_layer(draw: random.Random) -> Subject:
    group, kernel = a_group(draw), draw.randint(1, 7)
    layer = LiftingConv2d(group, 3, draw.randint(1, 3), kernel, padding=draw.randint(0, kernel // 2))
    return asked(randomised(layer), group, (3, *sides(draw, group)))


@symmetric
def group_layer(draw: random.Random) -> Subject:
    group, kernel = a_group(draw), draw.randint(1, 7)
    layer = GroupConv2d(group, 2, draw.randint(1, 3), kernel, padding=draw.randint(0, kernel // 2))
    return asked(randomised(layer), group, (2, group.order, *sides(draw, group)))


@symmetric
def group_network(draw: random.Random) -> Subject:
    group = a_group(draw)
    return asked(randomised(nn.Sequential(*stack(draw, group))).eval(), group, (3, *sides(draw, group)))


@symmetric
def group_network_in_training(draw: random.Random) -> Subject:
    group = a_group(draw)
    subject = asked(randomised(nn.Sequential(*stack(draw, group))), group, (3, *sides(draw, group)))
    return Subject(subject.model, subject.options | {"batch": 64})


@symmetric
def group_network_in_float32(draw: random.Random) -> Subject:
    group = a_group(draw)
    options = {"input_shape": (3, *sides(draw, group)), "group": group.name, "dtype": torch.float32, **REGULAR}
    return Subject(randomised(nn.Sequential(*stack(draw, group))).eval(), options)


@symmetric
def strided_group_network(draw: random.Random) -> Subject:
    group = a_group(draw)
    net = randomised(nn.Sequential(*stack(draw, group, depth=2, stride=2))).eval()
    size = draw.choice(exact_sizes(net, range(11, 24)))
    return asked(net, group, (3, size, size))


@symmetric
def pooling_over_the_group(draw: random.Random) -> Subject:
    group = a_group(draw)
    pool = GroupPool(group, draw.choice(["max", "mean"]))
    net = nn.Sequential(*stack(draw, group), pool, *([nn.Conv2d(2, 3, 1)] if draw.random() < 0.5 else []))
    return asked(randomised(net).eval(), group, (3, *sides(draw, group)), claim="equivariant")


@symmetric
def group_classifier(draw: random.Random) -> Subject:
    group = a_group(draw)
    head = [GroupPool(group), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 10)]
    net = randomised(nn.Sequential(*stack(draw, group), *head)).eval()
    return asked(net, group, (3, *sides(draw, group)), claim="invariant")


@symmetric
def pooling_over_cosets(draw: random.Random) -> Subject:
    group = a_group(draw)
    subgroup = draw.choice(group.subgroups())
    net = nn.Sequential(*stack(draw, group), CosetPool(group, subgroup, draw.choice(["max", "mean"])))

    def action(element: int, output: Tensor) -> Tensor:
        return group.act(element, output, subgroup=subgroup)

    return asked(net.eval(), group, (3, *sides(draw, group)), claim="equivariant", action=action)


@symmetric
def pooling_over_the_plane(draw: random.Random) -> Subject:
    group, kernel = a_group(draw), draw.choice([2, 3])
    pool = draw.choice([GroupMaxPool2d, GroupAvgPool2d])(kernel, draw.choice([1, kernel]))
    size = kernel * draw.randint(3, 5)
    return asked(pool, group, (2, group.order, size, size))


@symmetric
def residual_network(draw: random.Random) -> Subject:
    group = a_group(draw)

    def block() -> nn.Module:
        layers = [GroupBatchNorm2d(group, 2), nn.ReLU(), GroupConv2d(group, 2, 2, 3, padding=1)] * 2
        return Residual(nn.Sequential(*layers))

    net = nn.Sequential(LiftingConv2d(group, 3, 2, 3, padding=1), block(), block())
    return asked(randomised(net).eval(), group, (3, *sides(draw, group)))


@symmetric
def exported_group_network(draw: random.Random) -> Subject:
    """Planar layers that have forgotten the group; the output is told how to move."""
    group = a_group(draw)
    net = to_planar(randomised(nn.Sequential(*stack(draw, group))).eval())

    def action(element: int, output: Tensor) -> Tensor:
        return group.act(element, output.unflatten(1, (-1, group.order))).flatten(1, 2)

    return asked(net, group, (3, *sides(draw, group)), claim="equivariant", action=action)
