"""Faults under gains of the colours and under block fields."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from invariance import DiffCNN, JacobianConv2d, LogDetInvariant, SignNonlinearity

from ..subject import Fault, Model, plant
from .layers import noise

SIZE = 10


def norm(x: Tensor, eps: float = 0.0) -> Tensor:
    return nn.functional.instance_norm(x, eps=max(eps, 0.0)) if eps else _exact_norm(x)


def _exact_norm(x: Tensor) -> Tensor:
    centred = x - x.mean((-2, -1), keepdim=True)
    return centred / centred.square().mean((-2, -1), keepdim=True).sqrt()


def gains(sound: Model, faulty: Model, claim: str) -> Fault:
    return Fault(sound, faulty, {"input_shape": (3, SIZE, SIZE), "group": "colour-gain", "claim": claim})


INVARIANT: dict[str, Model] = {
    "a variance that is regularised": lambda x: norm(x, 0.1),
    "one channel not normalised": lambda x: torch.cat((0.5 * x[:, :1], norm(x)[:, 1:]), 1),
    "normalised over all channels": lambda x: nn.functional.layer_norm(x, x.shape[1:]),
    "a bias before the norm of absolute values": lambda x: norm((x + 0.1).abs() - x.abs() + x),
    "clipped before": lambda x: norm(x.clamp(-1, 1)),
    "a trace of the input": lambda x: norm(x) + 0.03 * x,
    "another channel's deviation": lambda x: norm(x) * (x.std((-2, -1), keepdim=True).roll(1, 1)) ** 0.3,
    "rounded to eight bits before": lambda x: norm((x * 8).round() / 8),
}
for name, faulty in INVARIANT.items():
    plant(f"gains: {name}", lambda faulty=faulty: gains(norm, faulty, "invariant"))

EQUIVARIANT: dict[str, Model] = {
    "a bias": lambda x: (x + 0.1).relu(),
    "colours mixed": lambda x: x.relu() + 0.05 * x.roll(1, 1),
    "a nonlinearity that is not homogeneous": lambda x: nn.functional.gelu(x),
    "a square": lambda x: x.relu() + 0.05 * x.square(),
    "clipped": lambda x: x.relu().clamp(max=1.5),
    "a grey channel": lambda x: x.relu() + 0.1 * x.mean(1, keepdim=True),
}
for name, faulty in EQUIVARIANT.items():
    plant(f"gains: {name}", lambda faulty=faulty: gains(torch.relu, faulty, "equivariant"))


def blocks(sound: Model, faulty: Model, claim: str, *, block: int = 2, channels: int = 2) -> Fault:
    action = {"action": "jacobian"} if claim == "equivariant" else {}
    shape = (channels, 3, 2, 4 * block, 4 * block)
    options = {"input_shape": shape, "group": "block-fields", "claim": claim, "block": block, **action}
    return Fault(sound, faulty, options)


def tiled(change: Callable[[Model], Model], channels: int = 2) -> Fault:
    """A convolution on windows that tile the image, changed."""
    layer = JacobianConv2d(channels, 3, 2, stride=2).double()
    return blocks(layer, change(layer), "equivariant", channels=channels)


COVARIANT: dict[str, Callable[[Model], Model]] = {
    "a bias": lambda f: lambda j: f(j) + 0.1,
    "a nonlinearity by entries": lambda f: lambda j: nn.functional.leaky_relu(f(j), 0.8),
    "∂x and ∂y exchanged in one channel": lambda f: lambda j: torch.cat((f(j)[:, :1].flip(3), f(j)[:, 1:]), 1),
    "∂x weighed more": lambda f: lambda j: f(j) * torch.tensor([1.05, 1.0]).view(2, 1, 1),
    "∂x and ∂y mixed": lambda f: lambda j: f(j) + 0.05 * f(j).flip(3),
    "windows off by a pixel": lambda f: lambda j: f(j.roll(1, -1)),
    "a window that reaches into the next block": lambda f: lambda j: f(j + 0.1 * j.roll(1, -2)),
    "fields normalised by their length": lambda f: (
        lambda j: f(j) / (1 + 0.1 * f(j).square().mean((2, 3), keepdim=True))
    ),
    "the mean over the image taken away": lambda f: lambda j: f(j) - 0.2 * f(j).mean((-2, -1), keepdim=True),
}
for name, change in COVARIANT.items():
    plant(f"block fields: {name}", lambda change=change: tiled(change))


def overlapping() -> Fault:
    """Stride 1 where the windows should tile: compared with the same taps on tiles, at the pixels of both."""
    layer = JacobianConv2d(2, 3, 2, stride=2).double()
    dense = JacobianConv2d(2, 3, 2, stride=1).double()
    dense.load_state_dict(layer.state_dict())
    return blocks(layer, lambda j: dense(j)[..., 1::2, 1::2][..., [0, 1, 2, 2], :][..., [0, 1, 2, 2]], "equivariant")


plant("block fields: windows that overlap two blocks", overlapping)


def by_sign(j: Tensor) -> Tensor:
    return torch.where(j[:, :, :1, :1] > 0, j, -j)


plant(
    "block fields: the sign of one entry for that of the determinant",
    lambda: blocks(SignNonlinearity((1.5, 0.5, -1.0)).double(), by_sign, "equivariant", block=1),
)


def determinants(change: Callable[[Tensor], Tensor], **options: float) -> Fault:
    sound, faulty = LogDetInvariant().double(), LogDetInvariant(**options).double()  # pyright: ignore[reportArgumentType]
    return blocks(sound, lambda j: change(faulty(j)), "invariant", block=1, channels=4)


plant("block fields: ε in the logarithm", lambda: determinants(lambda u: u, eps=0.1))


def with_length(j: Tensor) -> Tensor:
    return LogDetInvariant()(j) + 0.1 * j.square().sum((2, 3)).log()


plant(
    "block fields: the length beside the determinant",
    lambda: blocks(LogDetInvariant(), with_length, "invariant", block=1, channels=4),
)


def head() -> Fault:
    """A DiffCNN head with a bias before its last layer."""
    net = DiffCNN(4, 2, stride=2, cayley=(1.5, 0.5, -1.0)).double().head
    assert isinstance(net, nn.Sequential)
    bias = 0.3 * noise(1, 4, 3, 2, 1, 1)
    return blocks(net, lambda j: net[-1](net[:-1](j) + bias), "invariant", channels=1)


plant("block fields: a bias inside a DiffCNN", head)
