"""The networks by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from ..errors import ArgumentError
from .diffcnn import DiffCNN
from .plain import PlainCNN

__all__ = ["build", "list_models"]

_MODELS: dict[str, Callable[..., nn.Module]] = {"diffcnn": DiffCNN, "plain-cnn": PlainCNN}


def list_models() -> list[str]:
    """Names that `build` knows.

    >>> list_models()
    ['diffcnn', 'plain-cnn']
    """
    return sorted(_MODELS)


def build(name: str, **options: Any) -> nn.Module:
    """The network `name` with the options of its class.

    Raises:
        ArgumentError: an unknown name.
    """
    if name not in _MODELS:
        raise ArgumentError("name", name, f"one of {', '.join(list_models())}")
    return _MODELS[name](**options)
