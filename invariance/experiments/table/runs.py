"""Finished training runs on disk, put together by what was trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ResultError
from ..options import TrainOptions
from ..run import RunFolder

__all__ = ["FinishedRun", "find_runs", "labels"]


@dataclass(frozen=True)
class FinishedRun:
    """A folder whose training is done.

    Attributes:
        weights: SHA-256 of the weights' file.
        training: the record without its history, and with the seconds that it took.
    """

    path: Path
    weights: str
    training: dict[str, Any]

    @property
    def model(self) -> str:
        """The network as it was asked for, "name" or "name:option=value,…"."""
        return self.training["options"]["model"]

    @property
    def options(self) -> TrainOptions:
        """What it was trained with."""
        return TrainOptions(**self.training["options"])

    @property
    def recipe(self) -> tuple[tuple[str, Any], ...]:
        """All options but the seed."""
        return tuple((name, value) for name, value in self.training["options"].items() if name != "seed")


def find_runs(folder: str | Path, *, data: str, models: Sequence[str]) -> list[FinishedRun]:
    """The finished runs of `models` on data set `data` in `folder` and below, in the order of `models`, then by seed.

    Raises:
        ResultError: no such folder.
        CheckpointError: a record that is unreadable, or of another format.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ResultError("--runs", str(folder), "a folder of training runs")
    found = []
    for path in sorted(folder.rglob("record.json")):
        run = RunFolder(path.parent)
        read = run.read_record()
        options = read["options"]
        if read["finished"] and options["data"] == data and options["model"] in models:
            training = {key: value for key, value in read.items() if key not in ("history", "weights")}
            training["seconds"] = round(sum(epoch["seconds"] for epoch in read["history"]), 1)
            found.append(FinishedRun(run.out, run.check_weights(read), training))
    return sorted(found, key=lambda run: (models.index(run.model), str(run.recipe), run.training["options"]["seed"]))


def labels(runs: Sequence[FinishedRun]) -> dict[tuple[tuple[str, Any], ...], str]:
    """A label for each recipe: the model, and the options in which recipes of one model differ."""
    recipes = list(dict.fromkeys(run.recipe for run in runs))
    result = {}
    for recipe in recipes:
        options = dict(recipe)
        rivals = [dict(other) for other in recipes if dict(other)["model"] == options["model"]]
        differ = [name for name in options if len({repr(rival[name]) for rival in rivals}) > 1]
        told = ", ".join(f"{name.replace('_', ' ')} {options[name]}" for name in differ)
        result[recipe] = f"{options['model']} ({told})" if told else options["model"]
    return result
