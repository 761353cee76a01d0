"""How traps are asked about: images of three colours under the flip of the rows, unless they say otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..families.circular import shifts
from ..families.sets import permutations
from ..groups import FINITE
from ..subject import Motion, Subject, Wanted

SIZE = 6


class Plain(nn.Module):
    """A function and the numbers it reads, as buffers."""

    def __init__(self, function: Callable[..., Tensor], **tables: Tensor) -> None:
        super().__init__()
        self.function, self.names = function, list(tables)
        for name, table in tables.items():
            self.register_buffer(name, table)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *(getattr(self, name) for name in self.names))


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def image(model: Any, wanted: Wanted = "refused", group: str = "pm", size: int = SIZE) -> Subject:
    model = model if isinstance(model, nn.Module) else Plain(model)
    return Subject(model.eval(), ((3, size, size),), group, FINITE[group].motions(), wanted)


def sequence(model: nn.Module, wanted: Wanted = "refused", n: int = 5, d: int = 4) -> Subject:
    return Subject(model.eval(), ((n, d),), f"points {n}", permutations(n, (1,)), wanted)


def channels(model: Any, wanted: Wanted = "refused") -> Subject:
    """Colours that change places."""
    return image(model, wanted, "colours")


def sign(model: Any, wanted: Wanted = "refused") -> Subject:
    negated: dict[str, Motion] = {"negation": lambda x: (-x,)}
    model = model if isinstance(model, nn.Module) else Plain(model)
    return Subject(model.eval(), ((3, SIZE, SIZE),), "sign", negated, wanted)


def shifted(model: Any, wanted: Wanted = "refused", size: int = SIZE) -> Subject:
    model = model if isinstance(model, nn.Module) else Plain(model)
    return Subject(model.eval(), ((3, size, size),), "shifts 2", shifts(2), wanted)


def even(taps: Tensor) -> Tensor:
    """Filters that the flips of rows, columns and diagonals leave alone, bit for bit."""
    half = torch.maximum(taps, taps.flip(-1))
    half = torch.maximum(half, half.flip(-2))
    return torch.maximum(half, half.mT)


def flat(*shape: int) -> Tensor:
    """A table that the flip of the rows leaves alone."""
    table = noise(*shape)
    return torch.maximum(table, table.flip(-2))


ROWS = noise(SIZE, 1).abs() + 0.5
