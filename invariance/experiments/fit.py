"""Training a classifier: resumable after every epoch, to the bit on a CPU."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch

from .checkpoint import load_tensors, save_json, save_tensors
from .distributed import Processes, process_group
from .options import TrainOptions
from .record import Epoch, Record, new_record
from .run import RunFolder
from .trainer import Trainer

if TYPE_CHECKING:
    from .data import Splits

__all__ = ["Listener", "train"]


class Listener(Protocol):
    """What a progress display implements."""

    def begin(self, record: Record, steps: int) -> None:
        """Before the first step; `steps` an epoch."""
        ...

    def step(self, epoch: int, step: int, loss: float) -> None:
        """Every few steps, with the mean loss of the epoch so far."""
        ...

    def epoch(self, entry: Epoch) -> None:
        """After validation, with everything saved."""
        ...


def train(
    options: TrainOptions,
    splits: Splits,
    out: Path,
    *,
    device: torch.device | str = "cpu",
    listener: Listener | None = None,
) -> Record:
    """Train, or go on training, and leave the run in `out`; a finished run is returned at once.

    The weights of the epoch with the best validation accuracy (the first of equals) are kept; the test split is not
    looked at. Order, augmentation and dropout of an epoch follow from (seed, epoch), so that a run killed at any time
    and resumed ends in the same bits on the same CPU with the same number of threads.

    Under torchrun the processes share each batch, and the first one writes.

    Raises:
        RunError: `out` is no folder, or holds another run.
        CheckpointError: a file in `out` is unreadable.
        DivergedError: the loss or the weights stopped being finite; names epoch and step.
        OSError: a file cannot be written; the state of the last epoch stays valid.
    """
    with process_group(torch.device(device)) as processes:
        return _train(options, splits, RunFolder(out), processes, listener if processes.first else None)


def _train(
    options: TrainOptions, splits: Splits, folder: RunFolder, processes: Processes, listener: Listener | None
) -> Record:
    record = new_record(options, splits, device=processes.device, processes=processes.count)
    trainer = Trainer(options, record, splits.train[: options.limit], splits.validation, processes)
    record["parameters"] = sum(p.numel() for p in trainer.classifier.parameters())
    state: Any = None
    if processes.first:
        record = folder.claim(record)
        if folder.state.exists() and not record["finished"]:
            state = load_tensors(folder.state)
    record, state = processes.from_first((record, state))
    if record["finished"]:
        return record
    record["history"], record["best"] = [], None
    if state:
        tensors, about = state
        trainer.restore(tensors, about["scaler"])
        record["history"], record["best"] = about["history"], about["best"]
    if listener:
        listener.begin(record, trainer.steps)

    def report(step: int, loss: float) -> None:
        if listener:
            listener.step(len(record["history"]) + 1, step, loss)

    while len(record["history"]) < options.epochs:
        entry = trainer.epoch(len(record["history"]), report)
        _record_epoch(record, entry, trainer, folder)
        if listener:
            listener.epoch(entry)
    record["finished"] = True
    if processes.first:
        save_json(folder.record, record)
    return record


def _record_epoch(record: Record, entry: Epoch, trainer: Trainer, folder: RunFolder) -> None:
    """The state last but for the record: what was written before it, a resumed run writes again, the same."""
    record["history"].append(entry)
    best = record["best"]
    if best is None or entry["validation_accuracy"] > best["validation_accuracy"]:
        best = {"epoch": entry["epoch"], "validation_accuracy": entry["validation_accuracy"]}
    improved, record["best"] = best is not record["best"], best
    if not trainer.processes.first:
        return
    if improved:
        save_tensors(folder.model, trainer.classifier.state_dict(), best)
    about = {"history": record["history"], "best": record["best"], "scaler": trainer.scaler.state_dict()}
    save_tensors(folder.state, trainer.tensors(), about)
    save_json(folder.record, record)
