"""A network and what should hold of it; and the list that families of them enter themselves in."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from invariance.fields import leaves
from invariance.symmetry import Symmetry

__all__ = ["FAMILIES", "Case", "drawn", "family", "flat", "perceptron"]


@dataclass(frozen=True)
class Case:
    """`model` has the symmetry by construction; `broken`, where there is one, has one element of the group in error."""

    model: nn.Module
    symmetry: Symmetry
    broken: nn.Module | None = None


FAMILIES: dict[str, Callable[[random.Random], Case]] = {}
"""By group: a family draws fields, a claim and a network."""


def family(name: str) -> Callable[[Callable[[random.Random], Case]], Callable[[random.Random], Case]]:
    """Enter a family under the name of its group."""

    def enter(build: Callable[[random.Random], Case]) -> Callable[[random.Random], Case]:
        assert name not in FAMILIES, name
        FAMILIES[name] = build
        return build

    return enter


def drawn(name: str, seed: int) -> Case:
    """Layers start from torch's global generator, which is put back. Fields that the group leaves alone are drawn anew:
    of those `check` refuses to speak.
    """
    draw = random.Random(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        while not _moves(case := FAMILIES[name](draw)):
            pass
        return case


def _moves(case: Case) -> bool:
    generator = torch.Generator().manual_seed(0)
    inputs = case.symmetry.sample(2, generator)
    for g in case.symmetry.group.tried(generator, 2):
        pairs = zip(leaves(case.symmetry.act(g, inputs)), leaves(inputs), strict=True)
        if any(not torch.equal(moved, plain) for (_, moved), (_, plain) in pairs):
            return True
    return False


def perceptron(draw: random.Random, inputs: int, outputs: int) -> nn.Module:
    """Two or three layers of any common unit, in float64 so that no rounding of parameters is in the way."""
    unit: Any = draw.choice([nn.Tanh, nn.ReLU, nn.GELU, nn.Softplus])
    width = draw.choice([4, 8, 16])
    deep = [unit(), nn.Linear(width, width)] if draw.random() < 0.5 else []
    return nn.Sequential(nn.Linear(inputs, width), *deep, unit(), nn.Linear(width, outputs)).double()


def flat(*tensors: Tensor) -> Tensor:
    """One row a sample."""
    kinds = [x.dtype for x in tensors if x.is_floating_point()] or [torch.float64]
    return torch.cat([x.flatten(1).to(kinds[0]) for x in tensors], 1)
