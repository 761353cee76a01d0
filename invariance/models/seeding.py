"""Initial weights from one generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["initialised_by"]


@contextmanager
def initialised_by(generator: torch.Generator | None) -> Iterator[None]:
    """Layers built inside take their initial weights from `generator` alone; torch's global one is left as it was.

    torch's own layers know the global generator only. Without a generator nothing is changed.
    """
    if generator is None:
        yield
        return
    seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also reach CUDA's
        yield
