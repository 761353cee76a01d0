"""E over training: a torchmetrics metric, a Lightning callback, a Hugging Face callback; each needs its library alone.

`Watch` is what they share: a fixed set of images, a warp, and what a network does to both.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import ArgumentError
from .watch import Watch

__all__ = ["Consistency", "LightningWatch", "TrainerWatch", "WarpError", "Watch"]

_ROOMS = {
    "Consistency": ("metric", "torchmetrics"),
    "WarpError": ("metric", "torchmetrics"),
    "LightningWatch": ("lightning", "pytorch_lightning or lightning"),
    "TrainerWatch": ("trainer", "transformers"),
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room, library = _ROOMS[name]
    try:
        return getattr(import_module(f".{room}", __name__), name)
    except ModuleNotFoundError as error:
        raise ArgumentError(name, "not to be had", f"an installed {library} ({error})") from error
