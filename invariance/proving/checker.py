r"""The proof checker's reading of a certificate: T(gx)_j = s(j) T(x)_π(j) for every tensor T of the graph."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

__all__ = ["RefusedError", "motion"]


class RefusedError(ValueError):
    """The certificate does not prove what it says; the message names the part."""


def need(holds: Any, part: str) -> None:
    if not bool(holds):
        raise RefusedError(part)


def motion(said: Any, part: str) -> tuple[Tensor, Tensor]:
    """π and s on the entries of one sample: π(i)_a = tables[a][i_turn[a]]; a block over the axes that it ties."""
    shape, turn, block = said["shape"], said["turn"], said["block"]
    rank, tied = len(shape), block["axes"] if block else []
    strides = [math.prod(shape[a + 1 :]) for a in range(rank)]
    index, scale = torch.zeros(shape, dtype=torch.long), torch.ones(shape, dtype=torch.float64)

    def listed(runs: list[list[int]]) -> Tensor:
        return torch.tensor([first + step * k for first, step, count in runs for k in range(count)], dtype=torch.long)

    def along(values: Tensor, axis: int) -> Tensor:
        return values.view([-1 if a == axis else 1 for a in range(rank)])

    for a in set(range(rank)) - set(tied):
        index = index + along(listed(said["tables"].get(str(a), [[0, 1, shape[a]]])) * strides[a], turn[a])
    for a, factors in said["scales"].items():
        scale = scale * along(torch.tensor(factors, dtype=torch.float64), int(a))
    if block:
        inner = [shape[a] if a in tied else 1 for a in range(rank)]
        parts = torch.unravel_index(listed(block["index"]), [shape[a] for a in tied])
        for p, a in zip(parts, tied, strict=True):
            index = index + p.view(inner) * strides[a]
        scale = scale * torch.tensor(block["scale"], dtype=torch.float64).view(inner) if block["scale"] else scale
    index, scale = index.flatten(), scale.flatten()
    need(torch.equal(index.sort().values, torch.arange(math.prod(shape))), f"{part}: no permutation")
    need((scale.frexp().mantissa.abs() == 0.5).all(), f"{part}: factors other than signs and powers of two")
    return index, scale
