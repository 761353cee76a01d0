"""A Lightning callback: E at the end of epochs, logged beside the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from ..errors import ArgumentError
from .watch import Watch

if TYPE_CHECKING:
    from pytorch_lightning import Callback, LightningModule, Trainer
else:
    try:  # one library of two names, whose classes do not know each other: the one that the training uses
        from lightning.pytorch import Callback, LightningModule, Trainer
    except ModuleNotFoundError:
        from pytorch_lightning import Callback, LightningModule, Trainer

__all__ = ["LightningWatch"]


class LightningWatch(Callback):
    """`Trainer(callbacks=[LightningWatch(images, warp="rotation", scale=30)])` logs "rotation 30/error" and what else
    `Watch` gives, every so many epochs; checkpoints and early stopping may look at it.

    Args:
        images, watch: of `Watch`.
        every: epochs.

    Raises:
        ArgumentError, ArgumentTypeError: as `Watch`; fewer than one epoch.
    """

    def __init__(self, images: torch.Tensor, *, every: int = 1, **watch: Any) -> None:
        if every < 1:
            raise ArgumentError("every", every, "at least one epoch")
        self.watch, self.every = Watch(images, **watch), every

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log what `Watch` measures, after every `every`-th epoch."""
        if (trainer.current_epoch + 1) % self.every == 0:
            pl_module.log_dict(self.watch(pl_module), sync_dist=False, rank_zero_only=True)
