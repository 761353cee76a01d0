"""The queue of trainings, in the order of what they would tell, each going on where it was cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from invariance.errors import DataError
from invariance.experiments.data import DATASETS
from invariance.experiments.table.kinds import TABLES

from .deadline import Deadline
from .machine import Machine

__all__ = ["KINDS", "QUEUE", "Training", "progress", "readable", "run_queue"]

_SAVE = 20.0  # seconds in which a training that is told to stop ends; it keeps the state that it wrote last

_WIDE = 5  # side by side, of those whose steps fill the card: with so many and seven narrow ones an H100 never waited

_THEIRS: dict[str, str | int | float | bool] = {
    "dataset": "rotmnist",
    **{"train_on": "all", "select": "last", "schedule": "constant", "statistics": "training"},
    "augment": "rotation:3.14",
}
"""What the authors' code of rotated MNIST does, in degrees as it reads."""

_NETWORKS = {"p4cnn-autorotation": "p4cnn-autorotation:norm_first=True"}
"""As the authors' code has them, where ours are others."""


@dataclass(frozen=True)
class Training:
    """A run of `invariance train`: a folder's name, the network, options as on the command line."""

    name: str
    model: str
    options: dict[str, str | int | float | bool] = field(default_factory=dict)

    @property
    def data(self) -> str:
        """The data set's name."""
        return str(self.options.get("dataset", "cifar10"))

    @property
    def folder(self) -> str:
        """Of the trainings that make one table."""
        return self.name.rpartition("/")[0]

    @property
    def wide(self) -> bool:
        """Whether a step of it fills a card: several side by side would wait for each other."""
        return self.data == "cifar10"

    def command(self, data: Path, runs: Path, machine: Machine, note: str = "") -> list[str]:
        options = self.options | ({"epochs": 1, "limit": 32, "batch": 16} if machine.dry else {})
        if machine.dry:
            options |= {"width": 4} if self.options.get("width") else {}
        written = [
            f"--{key.replace('_', '-')}" + ("" if value is True else f"={value}") for key, value in options.items()
        ]
        line = [sys.executable, "-m", "invariance", "train", self.model, f"--data={data}", f"--device={machine.device}"]
        return [*line, *written, *([f"--note={note}"] if note else []), f"--out={runs / self.name}"]


def queue() -> Iterator[Training]:
    """Table 1 of Kan et al. by its text, what the theory puts beside it, then the tables of group convolutions."""
    table, wide = TABLES["diffcnn"], {"width": 128, "schedule": "constant"}
    for seed in (0, 1, 2):
        for model in table.models:
            yield Training(f"kan/{model}-{seed}", model, wide | table.options(model) | {"seed": seed})
    for seed in (0, 1, 2):
        for model in ("diffcnn-cnn:kernel_size=1", "diffcnn-weighted", "surface", "surface-4", "surface+cnn"):
            name = model.replace(":", "-").replace("=", "")
            yield Training(f"kan/{name}-{seed}", model, {"epochs": 100, "schedule": "constant", "seed": seed})
    yield from _rotated()
    yield from _coloured()
    yield from _parts()


def _coloured() -> Iterator[Training]:
    """CIFAR-10 and CIFAR10+ by the authors' code; 350 epochs as in Springenberg et al., whose rate of 0.05 it is.

    The learning rate of Cohen & Welling is not stated, nor how long their ResNet44 learns: here less than half as long.
    """
    theirs = {"optimizer": "sgd", "learning_rate": 0.05, "weight_decay": 1e-3, "batch": 128, "standardise": "zca"}
    theirs |= {"train_on": "all", "select": "last"}
    lengths = {"allcnn": {"epochs": 350, "schedule": "steps:200,250,300"}}
    lengths |= {"resnet44": {"epochs": 150, "schedule": "steps:80,120"}}
    for augment in ("none", "shift-flip:2"):
        for model in ("allcnn-z2", "allcnn-p4", "allcnn-p4m", "resnet44-z2", "resnet44-p4m"):
            kind = model.partition("-")[0]
            name = f"cohen/{model}-{augment.partition(':')[0]}"
            spec = f"{model}:initial_std=0.035" if kind == "allcnn" else model
            yield Training(name, spec, theirs | lengths[kind] | {"augment": augment})


def _rotated() -> Iterator[Training]:
    """Rotated MNIST by three protocols: ours, the authors' code, and that as it was meant."""
    table = TABLES["rotmnist"]
    protocols = {"theirs": _THEIRS, "meant": _THEIRS | {"augment": "rotation:180"}, "ours": {"dataset": "rotmnist"}}
    for protocol, options in protocols.items():
        for seed in range(5):
            for model in table.models:
                network = model if protocol == "ours" else _NETWORKS.get(model, model)
                given = table.options(model) | options | {"seed": seed}
                yield Training(f"rotmnist/{protocol}/{model}-{seed}", network, given)


def _parts() -> Iterator[Training]:
    """What each part of the authors' protocol of rotated MNIST is worth: that with one part as ours has it."""
    table = TABLES["rotmnist"]
    ours = {
        "no-turns": {"augment": "none"},
        "10000-images": {"train_on": "split"},
        "cosine": {"schedule": "cosine"},
        "clean-statistics": {"statistics": "evaluation"},
    }
    for seed in range(5):
        for model in table.models:
            given = table.options(model) | _THEIRS | {"seed": seed}
            for part, options in ours.items():
                yield Training(f"rotmnist/parts/{part}-{model}-{seed}", _NETWORKS.get(model, model), given | options)
            if model in _NETWORKS:
                yield Training(f"rotmnist/parts/norm-last-{model}-{seed}", model, given)


QUEUE = tuple(queue())
KINDS = tuple({training.name.partition("/")[0]: training for training in reversed(QUEUE)}.values())
"""The most wanted of each table, for a dry run."""


def readable(trainings: tuple[Training, ...], data: Path) -> tuple[tuple[Training, ...], dict[str, str]]:
    """Those whose data set can be read, and by data set why others cannot: each would cost a card seconds to fail."""
    unread: dict[str, str] = {}
    for name in dict.fromkeys(training.data for training in trainings):
        try:
            DATASETS[name].read(data)
        except DataError as error:
            unread[name] = str(error)
    return tuple(training for training in trainings if training.data not in unread), unread


def run_queue(
    trainings: tuple[Training, ...],
    data: Path,
    runs: Path,
    machine: Machine,
    *,
    side: int,
    deadline: Deadline,
    note: str = "",
) -> dict[str, Any]:
    """Train `side` at a time as long as there is time, `_WIDE` of them wide; how far each is, and what failed."""
    threads = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // side))}
    waiting = [t for t in trainings if not progress(runs / t.name)["finished"]]
    running: dict[str, subprocess.Popen[bytes]] = {}
    failed: dict[str, str] = {}
    try:
        while (waiting or running) and deadline.left() > _SAVE * (not machine.dry):
            while training := _next(waiting, [t for t in trainings if t.name in running], side):
                waiting.remove(training)
                command = training.command(data, runs, machine, note)
                with _log(runs, training.name).open("wb") as log:
                    running[training.name] = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | threads)
            time.sleep(0.05 if machine.dry else 1.0)
            for name, process in list(running.items()):
                if process.poll() is not None:
                    if process.returncode:
                        said = _log(runs, name).read_text(encoding="utf-8", errors="replace").split("\n")
                        failed[name] = next((line for line in reversed(said) if line.strip()), "no word")
                    del running[name]
    finally:
        _stop(running.values())
    told = {t.name: progress(runs / t.name) for t in trainings if (runs / t.name).exists()}
    return {"runs": told, "failed": failed, "waiting": len(waiting)}


def _next(waiting: list[Training], running: list[Training], side: int) -> Training | None:
    """The first that finds a place: a wide one where a narrow one would leave most of the card to it."""
    if len(running) >= side:
        return None
    full = sum(training.wide for training in running) >= _WIDE
    return next((training for training in waiting if not (training.wide and full)), None)


def _stop(processes: Collection[subprocess.Popen[bytes]]) -> None:
    """Tell all, then wait for each: the state of its last whole epoch is kept."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    until = time.monotonic() + _SAVE
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()


def _log(runs: Path, name: str) -> Path:
    """What a training says."""
    folder = runs.parent / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name.replace('/', '-')}.txt"


def progress(run: Path) -> dict[str, Any]:
    """Epochs done, accuracy and seconds an epoch, of a run's record."""
    try:
        record = json.loads((run / "record.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {"finished": False, "epochs": 0}
    history = record["history"]
    seconds = sorted(entry["seconds"] for entry in history)
    return {
        "finished": record["finished"],
        "epochs": len(history),
        "best": record["best"],
        "images_per_s": record["data"]["train"] / seconds[len(seconds) // 2] if seconds else None,
    }
