"""What `check` is pointed at: a module and the question; and the lists that families and faults enter themselves in."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["FAMILIES", "FAULTS", "Fault", "Subject", "drawn", "plant", "randomised", "symmetric"]

Model = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Subject:
    """A module and the arguments of `check` for it."""

    model: Model
    options: dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """A module with a fault, and the sound one to compare with; both answer the same question."""

    sound: Model
    faulty: Model
    options: dict[str, Any]


Family = Callable[[random.Random], Subject]

FAMILIES: dict[str, Family] = {}
"""Modules known to be symmetric; a family draws one of them."""

FAULTS: dict[str, Callable[[], Fault]] = {}
"""Different faults, by name."""


def symmetric(family: Family) -> Family:
    """Enter a family under its name."""
    FAMILIES[family.__name__.replace("_", " ")] = family
    return family


def plant(name: str, build: Callable[[], Fault]) -> None:
    """Enter a fault; a name that is taken is a mistake in the list."""
    assert name not in FAULTS, name
    FAULTS[name] = build


def drawn(name: str, seed: int) -> Subject:
    """One module of a family. Its layers start from torch's global generator, which is put back."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return FAMILIES[name](random.Random(seed))


def randomised(module: nn.Module) -> nn.Module:
    """The module with biases, scales and running statistics that are not 0 and 1."""
    for layer in module.modules():
        for name, values in (*layer.named_parameters(recurse=False), *layer.named_buffers(recurse=False)):
            with torch.no_grad():
                if name == "bias" or name == "running_mean":
                    values.normal_(std=0.3)
                elif name == "running_var" or (name == "weight" and values.ndim == 1):
                    values.uniform_(0.5, 2)
    return module
