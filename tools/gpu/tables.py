"""Tables of the trainings that are done, made where they ran: the weights of wide networks are too heavy to carry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from .deadline import Deadline
from .machine import Machine
from .trainings import Training

__all__ = ["MADE", "make_tables"]

MADE = {
    "kan": ("diffcnn", "diffcnn-paper"),
    "rotmnist/theirs": ("rotmnist", "rotmnist-authors"),
    "rotmnist/meant": ("rotmnist", "rotmnist-meant"),
    "rotmnist/ours": ("rotmnist", "rotmnist-ours"),
    "rotmnist/parts": ("rotmnist", "rotmnist-parts"),
    "cohen": ("cifar-gcnn", "cifar-gcnn-authors"),
}
"""Of each folder of trainings: which table of `invariance table`, and in which folder it is left."""


def make_tables(
    trainings: tuple[Training, ...],
    done: set[str],
    data: Path,
    runs: Path,
    out: Path,
    machine: Machine,
    *,
    deadline: Deadline,
    note: str = "",
) -> dict[str, Any]:
    """A table of each folder that has a training that is `done`, one after the other as long as there is time."""
    failed: dict[str, str] = {}
    made, waiting = [], []
    for folder, (table, name) in MADE.items():
        here = [training for training in trainings if training.folder == folder]
        if not any(training.name in done for training in here):
            continue
        line = [sys.executable, "-m", "invariance", "table", table, "--no-train", f"--data={data}"]
        line += [f"--runs={runs / folder}", f"--out={out / name}", f"--device={machine.device}"]
        line += [f"--model={model}" for model in dict.fromkeys(training.model for training in here)]
        line += [f"--note={note}"] if note else []
        line += ["--add"] if (out / name / f"{table}.json").exists() else []
        line += ["--images=16"] if machine.dry else []
        try:
            said = subprocess.run(line, capture_output=True, text=True, check=False, timeout=deadline.left() or 0.001)
        except subprocess.TimeoutExpired:
            waiting.append(name)
            continue
        if said.returncode:
            failed[name] = (said.stderr.strip() or "no word").splitlines()[-1]
        else:
            made.append(name)
    return {"made": made, "waiting": waiting, "failed": failed}
