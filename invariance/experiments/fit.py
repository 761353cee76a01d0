"""Training a classifier: resumable after every epoch, to the bit on a CPU; on a card after some seconds of epochs."""

from __future__ import annotations

import time
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import CheckpointError
from ..files import write_json
from .checkpoint import load_state, save_tensors
from .data import Splits
from .distributed import Processes, join_processes
from .options import TrainOptions
from .record import Epoch, Record, new_record, provenance
from .run import RunFolder
from .trainer import Trainer

__all__ = ["Listener", "train"]

_SAVED = 10.0  # seconds of a card's work that may be lost; to write 9 million weights with moments takes one


class Listener:
    """What hears of a training's progress: override what is of interest."""

    def begin(self, record: Record, steps: int) -> None:
        """Before the first step; `steps` an epoch."""

    def step(self, epoch: int, step: int, loss: float) -> None:
        """Every few steps, with the mean loss of the epoch so far."""

    def epoch(self, entry: Epoch) -> None:
        """After validation."""


def train(
    options: TrainOptions,
    splits: Splits,
    out: str | Path,
    *,
    device: torch.device | str = "cpu",
    listener: Listener | None = None,
) -> Record:
    """Train, or go on training, and leave the run in `out`; a finished run is returned at once.

    The weights of the epoch with the best validation accuracy (the first of equals), or those of the last epoch where
    `options.select` says so, are kept; the test split is not looked at. Order, augmentation and dropout of an epoch
    follow from (seed, epoch), so that a run killed at any time and resumed ends in the same bits on the same CPU with
    the same number of threads.

    Under torchrun the processes share each batch, and the first one writes.

    Raises:
        RunError: `out` is no folder, or holds another run.
        CheckpointError: a file in `out` is unreadable.
        DivergedError: the loss or the weights stopped being finite; names epoch and step.
        OSError: a file cannot be written; the state of the last epoch stays valid.
    """
    folder = RunFolder(Path(out))
    processes = join_processes(torch.device(device))
    with folder.locked() if processes.first else nullcontext():
        return _train(options, splits, folder, processes, listener if listener and processes.first else Listener())


def _train(
    options: TrainOptions, splits: Splits, folder: RunFolder, processes: Processes, listener: Listener
) -> Record:
    record = new_record(options, splits, device=processes.device, processes=processes.count)
    found = processes.from_first(folder.same_run(record) if processes.first else None)
    if found and found["finished"]:
        return found
    trainer = Trainer(options, record, splits.train[: options.limit], splits.validation, processes)
    run = _Run(folder, found or record, trainer)
    state = processes.from_first(load_state(folder.state) if processes.first and folder.state.exists() else None)
    if state:
        run.resume(*state)
    run.publish()
    listener.begin(run.record, trainer.steps)
    while not run.record["finished"]:
        number = len(run.record["history"])
        entry = trainer.epoch(number, partial(listener.step, number + 1))
        run.add(entry)
        if run.due():
            run.save()
            run.publish()
        listener.epoch(entry)
    return run.record


class _Run:
    """A run at the end of an epoch. The state file alone says how far it is; the others are written from it."""

    def __init__(self, folder: RunFolder, record: Record, trainer: Trainer) -> None:
        self.folder, self.record, self.trainer = folder, record, trainer
        self.best: dict[str, Tensor] = {}
        self.saved = 0.0
        parameters = sum(p.numel() for p in trainer.classifier.parameters())
        record.update(parameters=parameters, history=[], best=None)

    def resume(self, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
        """Go on from what `save` wrote."""
        path = self.folder.state
        self.best = {k.removeprefix("best/"): v for k, v in tensors.items() if k.startswith("best/")}
        try:
            self.trainer.restore({k: v for k, v in tensors.items() if not k.startswith("best/")}, about["scaler"], path)
            self.record.update(history=about["history"], best=about["best"])
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            if isinstance(error, CheckpointError):
                raise
            raise CheckpointError(path.name, path, f"a state with {error}; remove it to start again") from error
        self.record["finished"] = len(self.record["history"]) >= self.trainer.options.epochs
        if not self.record["finished"]:
            processes = self.trainer.processes
            now = {"after": len(self.record["history"]), **provenance(processes.device, processes.count)}
            self.record["resumed"] = [*self.record.get("resumed", []), now]

    def add(self, entry: Epoch) -> None:
        """An epoch more; of equally good ones the first stays the best, unless the last is asked for."""
        self.record["history"].append(entry)
        if self._is_better(entry):
            self.record["best"] = {"epoch": entry["epoch"], "validation_accuracy": entry["validation_accuracy"]}
            self.best = {k: v.detach().clone() for k, v in self.trainer.classifier.state_dict().items()}
        self.record["finished"] = len(self.record["history"]) >= self.trainer.options.epochs

    def _is_better(self, entry: Epoch) -> bool:
        best, accuracy = self.record["best"], entry["validation_accuracy"]
        return best is None or self.trainer.options.select == "last" or accuracy > best["validation_accuracy"]

    def due(self) -> bool:
        """Whether to save now: always, but on a card, whose epochs can be shorter than their writing."""
        often = self.trainer.processes.device.type != "cuda"
        return often or self.record["finished"] or time.monotonic() - self.saved > _SAVED

    def save(self) -> None:
        """The state."""
        self.saved = time.monotonic()
        about = {"history": self.record["history"], "best": self.record["best"]}
        about["scaler"] = self.trainer.scaler.state_dict()
        if self.trainer.processes.first:
            best = {f"best/{name}": value for name, value in self.best.items()}
            save_tensors(self.folder.state, self.trainer.tensors() | best, about)

    def publish(self) -> None:
        """What follows from the state: the best model and the record."""
        if self.trainer.processes.first:
            if self.best and self.record["best"]:
                self.record["weights"] = save_tensors(self.folder.model, self.best, self.record["best"])
            write_json(self.folder.record, self.record)
