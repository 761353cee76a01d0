"""The order of an epoch: everything random follows from (seed, epoch) alone."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

__all__ = ["batches", "stream"]


def stream(seed: int, epoch: int, purpose: int) -> torch.Generator:
    """A generator of its own for every purpose of every epoch: nothing random has to be saved for a resume."""
    (state,) = np.random.SeedSequence([seed, epoch, purpose]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state) >> 1)


def batches(count: int, batch: int, *, generator: torch.Generator) -> list[Int64[Tensor, "_"]]:
    """All of 0 … count−1 in random order, in ⌈count/batch⌉ batches whose sizes differ by at most one.

    So no image is left out and no tiny last batch meets batch normalisation.

    >>> [len(b) for b in batches(201, 100, generator=torch.Generator())]
    [67, 67, 67]
    """
    order = torch.randperm(count, generator=generator)
    return list(order.tensor_split(-(-count // batch)))
