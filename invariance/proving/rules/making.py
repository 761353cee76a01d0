"""Constants that have the shape or the type of a tensor: nothing else of it is read."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..registry import Step, rule
from ..trace import Symbol
from ..values import Constant, Refusal
from .pointwise import CITES


@rule("aten.zeros_like.default", "aten.ones_like.default", cites=CITES)
def like(step: Step, input: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any, memory_format: Any) -> Any:
    """A constant of the same shape."""
    return _filled(step, 0.0 if "zeros" in step.op else 1.0)


@rule("aten.new_zeros.default", "aten.new_ones.default", cites=CITES)
def new(step: Step, input: Any, size: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any) -> Any:
    """A constant; nothing of the tensor is read but its type."""
    return _filled(step, 0.0 if "zeros" in step.op else 1.0)


@rule("aten.full_like.default", cites=CITES)
def full_like(
    step: Step, input: Any, fill_value: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any, memory_format: Any
) -> Any:
    """A constant of the same shape."""
    if isinstance(fill_value, Symbol):
        raise Refusal("a constant that depends on the batch size: samples are treated differently")
    return _filled(step, fill_value)


def _filled(step: Step, number: float) -> Constant:
    """The number as the type of the result has it: 1.5 is 1 among whole numbers."""
    kept = torch.full((), number, dtype=step.dtype)
    return Constant.of(np.full(step.shape, (kept.double() if kept.is_floating_point() else kept).numpy()), step.batch)
