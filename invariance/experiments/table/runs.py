"""Finished training runs on disk, put together by what was trained."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ResultError
from ..options import TrainOptions
from ..run import RunFolder

__all__ = ["FinishedRun", "Recipe", "find_runs", "labels", "recipe_of"]


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
    def recipe(self) -> Recipe:
        """As `recipe_of`."""
        return recipe_of(self.training)


Recipe = tuple[tuple[str, Any], ...]


def recipe_of(training: Mapping[str, Any]) -> Recipe:
    """Of a record: all options but the seed, those too that it is older than, and on how many images."""
    options = TrainOptions(**training["options"]).to_dict()
    return *((name, value) for name, value in options.items() if name != "seed"), ("images", training["data"]["train"])


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


def labels(recipes: Collection[Recipe]) -> dict[Recipe, str]:
    """A label for each: the model, and the options in which recipes of one model differ."""
    result = {}
    for recipe in recipes:
        options = dict(recipe)
        rivals = [other for other in map(dict, recipes) if other["model"] == options["model"]]
        differ = [name for name in options if len({repr(rival[name]) for rival in rivals}) > 1]
        told = ", ".join(f"{name.replace('_', ' ')} {options[name]}" for name in differ)
        result[recipe] = f"{options['model']} ({told})" if told else options["model"]
    return result
