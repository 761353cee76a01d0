"""What a person sees of a training: a bar in a terminal, a line an epoch elsewhere."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..experiments.fit import Listener
from ..experiments.record import Epoch, Record

__all__ = ["TrainingProgress"]


class TrainingProgress(Listener):
    """Draws on stderr."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self._console,
            refresh_per_second=2,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> TrainingProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._progress.stop()

    def begin(self, record: Record, steps: int) -> None:
        epochs, done = record["options"]["epochs"], len(record["history"])
        self._epochs, self._steps, self._accuracy = epochs, steps, ""
        self._bar = self._progress.add_task("", total=epochs * steps, completed=done * steps, told="")
        after = f", resumed after epoch {done}" if done else ""
        self._console.print(f"{record['options']['model']}: {record['parameters']:,} parameters{after}")

    def step(self, epoch: int, step: int, loss: float) -> None:
        done = (epoch - 1) * self._steps + step
        told = f"loss {loss:.4f}{self._accuracy}"
        self._progress.update(self._bar, completed=done, told=told, description=f"epoch {epoch}/{self._epochs}")

    def epoch(self, entry: Epoch) -> None:
        accuracy = entry["validation_accuracy"]
        self._accuracy = "" if accuracy is None else f", validation {accuracy:.2%}"
        told = f"loss {entry['train_loss']:.4f}{self._accuracy}"
        self._progress.update(self._bar, told=told)
        self._console.print(f"epoch {entry['epoch']}/{self._epochs}: {told}, {entry['seconds']:.1f} s")
