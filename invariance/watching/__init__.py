"""E over training: a torchmetrics metric, a Lightning callback, a Hugging Face callback; each needs its library alone.

`Watch` is what they share: a fixed set of images, a warp, and what a network does to both.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..extras import NeededFor
from .watch import Watch

if TYPE_CHECKING:
    from .lightning import LightningWatch
    from .metric import Consistency, WarpError
    from .trainer import TrainerWatch

__all__ = ["Consistency", "LightningWatch", "TrainerWatch", "WarpError", "Watch"]

_ROOMS = {
    "Consistency": "metric",
    "WarpError": "metric",
    "LightningWatch": "lightning",
    "TrainerWatch": "trainer",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with NeededFor(name):
        return getattr(import_module(f".{_ROOMS[name]}", __name__), name)
