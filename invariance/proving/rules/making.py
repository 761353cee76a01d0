"""Constants that have the shape or the type of a tensor: nothing else of it is read."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..registry import Step, rule
from ..trace import Symbol
from ..values import Constant, Refusal
from .pointwise import CITES


@rule("aten.zeros_like.default", "aten.ones_like.default", cites=CITES)
def like(step: Step, input: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any, memory_format: Any) -> Any:
    """A constant of the same shape."""
    fill = 0.0 if "zeros" in step.op else 1.0
    return Constant.of(np.full(step.shape, fill), step.batch)


@rule("aten.new_zeros.default", "aten.new_ones.default", cites=CITES)
def new(step: Step, input: Any, size: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any) -> Any:
    """A constant; nothing of the tensor is read but its type."""
    return Constant.of(np.full(step.shape, 0.0 if "zeros" in step.op else 1.0), step.batch)


@rule("aten.full_like.default", cites=CITES)
def full_like(
    step: Step, input: Any, fill_value: Any, dtype: Any, layout: Any, device: Any, pin_memory: Any, memory_format: Any
) -> Any:
    """A constant of the same shape."""
    if isinstance(fill_value, Symbol):
        raise Refusal("a constant that depends on the batch size: samples are treated differently")
    return Constant.of(np.full(step.shape, float(fill_value)), step.batch)
