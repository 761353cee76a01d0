"""How a model is called with a tree: a tuple is arguments by position, a dict by name, anything else the only one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from ..errors import ArgumentError, ArgumentTypeError
from .spelling import told

__all__ = ["called", "check_samples", "check_signature"]


def called(model: Callable[..., Any], inputs: Any) -> Any:
    if isinstance(inputs, tuple) and not hasattr(inputs, "_fields"):
        return model(*inputs)
    return model(**inputs) if isinstance(inputs, dict) else model(inputs)


def check_signature(model: Callable[..., Any], inputs: Any) -> None:
    """Raises ArgumentError where the model cannot be called so."""
    function = model.forward if isinstance(model, nn.Module) else model
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        called(signature.bind, inputs)
    except TypeError as error:
        name = type(model).__name__ if isinstance(model, nn.Module) else getattr(model, "__name__", "model")
        wanted = f"inputs that fit {name}{signature}: {error}; a tuple is arguments by position, a dict by name"
        raise ArgumentError("inputs", told(inputs), wanted) from None


def check_samples(name: str, tensor: Any, count: int) -> None:
    """Raises ArgumentError, ArgumentTypeError unless it is a tensor of this many samples, two or more, and finite."""
    if not isinstance(tensor, Tensor) or not tensor.ndim:
        raise ArgumentTypeError(name, type(tensor).__name__, "a tensor with an axis of samples")
    if len(tensor) != count or count < 2:
        wanted = f"{count} samples, as the first input has" if count > 1 else "at least two samples, to compare them"
        raise ArgumentError(name, f"{len(tensor)} samples", wanted)
    if tensor.is_floating_point() and not tensor.isfinite().all():
        raise ArgumentError(name, "NaN or infinite entries", "finite numbers")
