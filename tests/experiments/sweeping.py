"""What the workers of a test's cluster do; they import it."""

import os
import signal
from pathlib import Path

import torch
from experiments.training.synthetic import splits

from invariance.errors import DivergedError
from invariance.experiments.fit import Listener, train
from invariance.experiments.record import Epoch, Record
from invariance.experiments.sweep import PlannedRun

__all__ = ["train_small", "train_small_and_die_once"]


class Die(Listener):
    """Kills its own process after an epoch."""

    def begin(self, record: Record, steps: int) -> None: ...

    def step(self, epoch: int, step: int, loss: float) -> None: ...

    def epoch(self, entry: Epoch) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def train_small(run: PlannedRun) -> None:
    """Train on 60 synthetic images; seed 13 fails."""
    torch.set_num_threads(1)
    if run.options.seed == 13:
        raise DivergedError("loss", "nan", "luck")
    train(run.options, splits(60), run.out)


def train_small_and_die_once(run: PlannedRun) -> None:
    """The first process that comes to seed 1 dies after an epoch."""
    torch.set_num_threads(1)
    died: Path = run.out.parent / "died"
    if run.options.seed == 1 and not died.exists():
        died.write_text(str(os.getpid()), encoding="utf-8")
        train(run.options, splits(60), run.out, listener=Die())
    train(run.options, splits(60), run.out)
