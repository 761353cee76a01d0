"""Randomness comes from a `torch.Generator` that is given, and from nothing else."""

from __future__ import annotations

import torch

from .errors import ArgumentTypeError

__all__ = ["require_generator"]


def require_generator(generator: object) -> None:
    """Raises ArgumentTypeError for what is no generator, such as a seed, and says how one is made of it."""
    if not isinstance(generator, torch.Generator):
        wanted = f"torch.Generator().manual_seed({generator if isinstance(generator, int) else 0})"
        raise ArgumentTypeError("generator", generator, wanted)
