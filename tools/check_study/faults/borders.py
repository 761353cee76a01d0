"""Faults at the border: padding on one side, windows off centre, rows that are cut off."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ..subject import Fault, Model, plant

SIZE = 9


def taps(kernel: int) -> Tensor:
    """A filter bank of every symmetry of the square."""
    x = torch.linspace(-1, 1, kernel, dtype=torch.float64)
    square = x.square() + x[:, None].square()
    mix = torch.randn((4, 3, 1, 1), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return (mix * square).cos() / kernel**2


def conv(padding: tuple[int, int, int, int], mode: str = "constant", value: float = 0.0, kernel: int = 3) -> Model:
    def model(x: Tensor) -> Tensor:
        padded = F.pad(x, padding, mode, value) if mode == "constant" else F.pad(x, padding, mode)
        return F.conv2d(padded, taps(kernel))

    return model


def then(model: Model, step: Model) -> Model:
    return lambda x: step(model(x))


def both(first: Model, second: Model) -> Model:
    return lambda x: first(second(x))


even = conv((1, 1, 1, 1))


def fault(faulty: Model, sound: Model = even, claim: str = "equivariant", size: int = SIZE) -> Fault:
    return Fault(sound, faulty, {"input_shape": (3, size, size), "group": "p4", "claim": claim})


def same_right(x: Tensor) -> Tensor:
    return F.pad(x, (0, 1, 0, 1))


CASES: dict[str, Model] = {
    "padding on the left": then(conv((2, 0, 1, 1)), lambda y: y),
    "padding at the top": conv((1, 1, 2, 0)),
    "padding at the left and the top": conv((2, 0, 2, 0)),
    "another value in the padding of one side": then(
        lambda x: F.pad(F.pad(x, (1, 1, 0, 1)), (0, 0, 1, 0), value=0.5), lambda x: F.conv2d(x, taps(3))
    ),
    "reflection on one side, zeros on the others": then(
        lambda x: F.pad(F.pad(x, (1, 0, 0, 0), "reflect"), (0, 1, 1, 1)), lambda x: F.conv2d(x, taps(3))
    ),
    "circular rows, zero columns": then(
        lambda x: F.pad(F.pad(x, (1, 1, 0, 0), "circular"), (0, 0, 1, 1)), lambda x: F.conv2d(x, taps(3))
    ),
    "an even kernel with padding on one side": then(lambda x: F.pad(x, (1, 0, 1, 0)), lambda x: F.conv2d(x, taps(2))),
    "an output that is off by a pixel": then(even, lambda y: y.roll(1, -1)),
    "the last column cut off and filled with zeros": then(even, lambda y: F.pad(y[..., :-1], (0, 1))),
    "the first row repeated": then(even, lambda y: torch.cat((y[..., :1, :], y[..., :-1, :]), -2)),
    "a crop that starts a pixel late": lambda x: F.conv2d(F.pad(x, (2, 2, 2, 2)), taps(3))[..., 2:, 1:-1],
    "the border on one side set to zero": then(even, lambda y: F.pad(y[..., 1:], (1, 0))),
    "padding that grows with the depth on one side": then(
        both(even, lambda x: x[:, :3]), lambda y: F.pad(y, (1, 0, 0, 0))[..., :-1]
    ),
}
for name, faulty in CASES.items():
    plant(name, lambda faulty=faulty: fault(faulty))

POOLED: dict[str, tuple[Model, Model]] = {
    "a mean that weighs the first column twice": (
        lambda y: y.mean((-2, -1)),
        lambda y: torch.cat((y[..., :1], y), -1).mean((-2, -1)),
    ),
    "a maximum that does not see the last rows": (
        lambda y: y.amax((-2, -1)),
        lambda y: y[..., :-3, :].amax((-2, -1)),
    ),
}
for name, (sound, faulty) in POOLED.items():
    plant(name, lambda sound=sound, faulty=faulty: fault(then(even, faulty), then(even, sound), claim="invariant"))
