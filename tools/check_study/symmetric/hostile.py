"""What a check could take for a fault, or a fault could hide behind, each family with faults of its own.

Loud channels, heavy tails, float32 inside, borders that reach everything, positions that are pooled over, images in
[0, 1].
"""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib.util import find_spec

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..subject import Fault, Subject, plant, symmetric
from .elsewhere import network
from .positions import attended, placed

After = Callable[[Tensor, Tensor], Tensor]
FAULTS_EACH = 30


class Filters(nn.Module):
    """Four-fold filters, each channel with its size, then something; `fault` is added to one tap of the quietest."""

    def __init__(self, draw: random.Random, sizes: list[float], after: After, fault: float = 0.0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(draw.randrange(2**31))
        taps = torch.randn(len(sizes), 3, 3, 3, generator=generator, dtype=torch.float64) / 5
        taps = torch.stack([torch.rot90(taps, r, (-2, -1)) for r in range(4)]).mean(0)
        quiet = min(range(len(sizes)), key=sizes.__getitem__)
        taps[quiet, 0, 0, 0] += fault
        self.taps = nn.Parameter(taps * torch.tensor(sizes, dtype=torch.float64).view(-1, 1, 1, 1))
        self.after = after

    def forward(self, x: Tensor) -> Tensor:
        return self.after(F.conv2d(x, self.taps.to(x.dtype), padding=1), x)


def turned(draw: random.Random, sizes: list[float], after: After, fault: float = 0.0) -> Subject:
    size = draw.randint(8, 11)
    model = Filters(draw, sizes, after, fault)
    return Subject(model, {"input_shape": (3, size, size), "group": "p4", "claim": "equivariant"})


def loud(draw: random.Random, fault: float = 0.0) -> Subject:
    return turned(draw, [10.0 ** draw.randint(-9, 9) for _ in range(3)], lambda y, x: y, fault)


def tailed(draw: random.Random, fault: float = 0.0) -> Subject:
    k = draw.uniform(3, 10)
    return turned(draw, [1.0, 1.5, 0.5], lambda y, x: (k * y).clamp(-300, 300).exp(), fault)


def cast(draw: random.Random, fault: float = 0.0) -> Subject:
    after = draw.choice(
        [lambda y, x: y.float(), lambda y, x: y.float().sigmoid(), lambda y, x: y.float().double().tanh()]
    )
    return turned(draw, [1.0, 2.0, 0.5], after, fault)


def bright(draw: random.Random, fault: float = 0.0) -> Subject:
    after = draw.choice([lambda y, x: y.abs() * x[:, :1].sqrt(), lambda y, x: y.abs() + x[:, :1].log1p()])
    return turned(draw, [1.0, 1.0], lambda y, x: after(y, x), fault)


def bordered(draw: random.Random, fault: float = 0.0) -> Subject:
    """Zero padding that reaches everything; the fault is a ramp."""
    layers: list[nn.Module] = []
    for _ in range(draw.randint(4, 8)):
        layers += [nn.Conv2d(2, 2, 3, padding=1), draw.choice([nn.Tanh, nn.SiLU])()]
        layers += [nn.GroupNorm(1, 2)] if draw.random() < 0.3 else []
    body, pooled = nn.Sequential(*layers), draw.random() < 0.5
    size = draw.randint(10, 14)

    def model(x: Tensor) -> Tensor:
        ramp = fault * torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype)
        y = body.to(x.dtype)(x) * (1 + ramp)
        return y.mean((-2, -1)) if pooled else y

    claim = "invariant" if pooled else "equivariant"
    return Subject(model, {"input_shape": (2, size, size), "group": "translation", "claim": claim})


KINDS = {
    "loud channels": (loud, 0.1),
    "heavy tails": (tailed, 0.3),
    "float32 inside": (cast, 0.1),
    "images in the unit interval": (bright, 0.1),
    "borders that reach": (bordered, 0.5),
    "positions behind pools": (placed, 0.5),
    "positions before attention": (attended, 0.5),
}
if find_spec("escnn") is not None:
    KINDS["escnn networks"] = (network, 0.3)


def _planted(build: Callable[..., Subject], fault: float, seed: int) -> Fault:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        sound = build(random.Random(seed))
        torch.manual_seed(seed)
        faulty = build(random.Random(seed), fault)
    return Fault(sound.model, faulty.model, sound.options)


for _name, (_build, _size) in KINDS.items():

    def _family(draw: random.Random, build: Callable[..., Subject] = _build) -> Subject:
        return build(draw)

    _family.__name__ = _name
    symmetric(_family)
    for _seed in range(FAULTS_EACH):
        plant(f"{_name}, {_seed}", lambda b=_build, f=_size, s=_seed: _planted(b, f, s))
