"""Whether numbers are finite, where that can be asked."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["all_finite"]


def all_finite(numbers: Tensor) -> bool:
    """Whether all are; also said while a CUDA graph is recorded, when no number is known yet.

    A network with transformers makes its warps anew in each step of a training, which looks at its losses and weights.
    """
    if numbers.is_cuda and torch.cuda.is_current_stream_capturing():
        return True
    return bool(numbers.isfinite().all())
