"""What a recorded number depends on beside its seeds."""

from __future__ import annotations

from typing import Any

import torch

__all__ = ["environment"]


def environment() -> dict[str, Any]:
    """The version of torch and the number of threads: the last bits of sums depend on them."""
    return {"torch": torch.__version__, "threads": torch.get_num_threads()}
