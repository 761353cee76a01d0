"""What `prove` is asked about: a network, how a group moves its inputs, and what the answer has to be."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

__all__ = ["FAMILIES", "TRAPS", "Family", "Motion", "Subject", "Wanted", "drawn", "family", "trap"]

Motion = Callable[..., tuple[Tensor, ...]]
"""Batches of inputs to batches of inputs: how a generator moves them."""

Wanted = Literal["proved", "refused", "either"]


@dataclass(frozen=True)
class Subject:
    """A network and a question.

    Args:
        model: its forward takes one batch for each of `shapes` and returns one tensor.
        shapes: of one sample, without the batch, for each input.
        group: the key in `ask.GROUPS` under which the prover is asked.
        motions: the generators by name.
        wanted: *proved*: symmetric by construction; *refused*: a proof would be wrong; *either*: numbers decide.
    """

    model: nn.Module
    shapes: tuple[tuple[int, ...], ...]
    group: str
    motions: Mapping[str, Motion]
    wanted: Wanted = "proved"


Family = Callable[[random.Random], Subject]
"""Draws its architecture from the argument alone and its weights from torch's global generator alone, so that other
weights of the same architecture can be swapped in."""

FAMILIES: dict[str, Family] = {}
"""Networks that are symmetric by construction."""

TRAPS: dict[str, Callable[[], Subject]] = {}
"""Networks that a careless rule proves, and their sound twins."""


def family(build: Family) -> Family:
    """Enter a family under its name."""
    FAMILIES[build.__name__.replace("_", " ")] = build
    return build


def trap(name: str) -> Callable[[Callable[[], Subject]], Callable[[], Subject]]:
    """Enter a trap; a name that is taken is a mistake in the list."""

    def enter(build: Callable[[], Subject]) -> Callable[[], Subject]:
        assert name not in TRAPS, name
        TRAPS[name] = build
        return build

    return enter


def drawn(build: Family, seed: Any, weights: int = 0) -> Subject:
    """One network of a family; torch's global generator is put back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(weights)
        subject = build(random.Random(str(seed)))
    subject.model.eval()
    return subject
