"""A Hugging Face callback: E at the end of epochs, through the trainer's own log."""

from __future__ import annotations

from typing import Any

import torch
from transformers import Trainer, TrainerCallback  # pyright: ignore[reportMissingImports]

from ..errors import ArgumentTypeError
from .watch import Watch

__all__ = ["TrainerWatch"]


class TrainerWatch(TrainerCallback):
    """`TrainerWatch(images, warp="rotation", scale=30).added_to(trainer)` logs "rotation 30/error" after every epoch.

    Networks of transformers take `pixel_values` and return an object with `logits`; others are called as they are, with
    `call=lambda net, x: net(x)`.
    """

    def __init__(self, images: torch.Tensor, *, call: Any = None, **watch: Any) -> None:
        self.watch = Watch(images, call=call or (lambda net, x: net(pixel_values=x).logits), **watch)
        self._trainer: Trainer | None = None

    def added_to(self, trainer: Trainer) -> Trainer:
        """The trainer, which a callback is not told of and whose log it needs.

        Raises:
            ArgumentTypeError: no trainer.
        """
        if not isinstance(trainer, Trainer):
            raise ArgumentTypeError("trainer", type(trainer).__name__, "a transformers.Trainer")
        self._trainer = trainer
        trainer.add_callback(self)
        return trainer

    def on_epoch_end(self, args: Any, state: Any, control: Any, *, model: Any = None, **_: Any) -> None:
        if self._trainer is None:
            raise ArgumentTypeError("callbacks", "TrainerWatch", "TrainerWatch(…).added_to(trainer), for its log")
        if state.is_world_process_zero:
            self._trainer.log(self.watch(model))
