"""How float32 is multiplied while a network is asked: as float32, whatever torch is set to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["products"]


@contextmanager
def products(*, tf32: bool = False) -> Iterator[None]:
    """Products of float32 as such, or in TF32, of 11 bits, where the device has it.

    On a card torch multiplies convolutions in TF32 unless it is told not to. The rounding of that is a thousand times
    what the bounds of float32 allow for, and a symmetric network would be undecided.
    """
    matmul, convolutions = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    torch.backends.cudnn.allow_tf32 = tf32
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(matmul)
        torch.backends.cudnn.allow_tf32 = convolutions
