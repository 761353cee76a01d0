"""How a model is called with a tree: a tuple is arguments by position, a dict by name, anything else the only one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from ..errors import ArgumentError
from .spelling import told

__all__ = ["called", "check_signature"]


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
