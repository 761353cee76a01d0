"""Gains of the colours, and the block fields of Kan et al. on Jacobian fields."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor, nn

from invariance import DiffCNN, JacobianConv2d, LogDetInvariant, SignNonlinearity

from ..subject import Subject, symmetric


def gains(draw: random.Random, model: Any, claim: str) -> Subject:
    size = draw.randint(8, 14)
    return Subject(model, {"input_shape": (3, size, size), "group": "colour-gain", "claim": claim})


def blocks(model: nn.Module, shape: tuple[int, ...], claim: str = "equivariant", **options: Any) -> Subject:
    action = {"action": "jacobian"} if claim == "equivariant" else {}
    return Subject(model, {"input_shape": shape, "group": "block-fields", "claim": claim, **action, **options})


@symmetric
def homogeneous_layers(draw: random.Random) -> Subject:
    kernel = draw.choice([1, 3, 5])
    own = nn.Conv2d(3, 3, kernel, groups=3, bias=False, padding=kernel // 2)
    return gains(draw, nn.Sequential(own, draw.choice([nn.ReLU(), nn.PReLU(3), nn.MaxPool2d(2)])), "equivariant")


@symmetric
def normalised_colours(draw: random.Random) -> Subject:
    def by_length(x: Tensor) -> Tensor:
        return x / x.square().mean((-2, -1), keepdim=True).sqrt()

    def by_sum(x: Tensor) -> Tensor:
        return x.abs() / x.abs().sum((-2, -1), keepdim=True)

    norms: list[Any] = [nn.InstanceNorm2d(3, eps=0), by_length, by_sum, torch.sign]
    return gains(draw, draw.choice(norms), "invariant")


@symmetric
def normalised_colours_and_a_network(draw: random.Random) -> Subject:
    net = nn.Sequential(nn.InstanceNorm2d(3, eps=0), nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3))
    return gains(draw, net, "invariant")


@symmetric
def jacobian_convolutions(draw: random.Random) -> Subject:
    kernel = draw.choice([1, 2, 3, 4])
    layer = JacobianConv2d(2, 3, kernel, stride=kernel, symmetric=draw.random() < 0.5)
    side = kernel * draw.randint(2, 4)
    return blocks(layer, (2, 3, 2, side, side))


@symmetric
def sign_layers(draw: random.Random) -> Subject:
    kernel = draw.choice([1, 2, 3])
    turn = tuple(draw.uniform(-2, 2) for _ in range(3))
    net = nn.Sequential(JacobianConv2d(2, 3, kernel, stride=kernel), SignNonlinearity(turn))
    side = kernel * draw.randint(2, 4)
    return blocks(net, (2, 3, 2, side, side))


@symmetric
def log_determinants(draw: random.Random) -> Subject:
    side = draw.randint(4, 9)
    return blocks(LogDetInvariant(), (draw.randint(3, 5), 3, 2, side, side), "invariant", block=1)


@symmetric
def diffcnn_heads(draw: random.Random) -> Subject:
    kernel = draw.choice([1, 2, 3])
    turn = (draw.uniform(-2, 2), draw.uniform(-2, 2), draw.uniform(-2, 2))
    net = DiffCNN(draw.randint(3, 5), kernel, stride=kernel, cayley=turn, symmetric=draw.random() < 0.5)
    side = kernel * draw.randint(3, 5)
    return blocks(net.head, (1, 3, 2, side, side), "invariant")


@symmetric
def deep_diffcnn_heads(draw: random.Random) -> Subject:
    """Two layers of windows that do not overlap: blocks of the square of their side."""
    kernel = draw.choice([1, 2])
    net = DiffCNN(4, kernel, stride=kernel, depth=2, cayley=(1.5, 0.5, -1.0))
    side = kernel**2 * draw.randint(2, 3)
    return blocks(net.head, (1, 3, 2, side, side), "invariant", block=kernel**2)
