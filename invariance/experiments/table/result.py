"""A table as data: every answer to every image, and what made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ...errors import ArgumentError
from ...measure.accuracy import AccuracyCurve
from ...measure.interval import bootstrap_mean, quantile_interval
from ..evaluation import Answers, Column, Displacement, Protocol
from ..kept import parsing
from ..packed import Arrays, read_packed, save_packed

__all__ = ["FORMAT", "Row", "RunResult", "Table", "load_table"]

FORMAT = "invariance table 2"


@dataclass(frozen=True, eq=False)
class RunResult:
    """What one trained network answers.

    Attributes:
        name: of the run's folder.
        weights: SHA-256 of its weights' file.
        training: its record without the history.
    """

    name: str
    weights: str
    training: dict[str, Any]
    answers: Answers

    @property
    def seed(self) -> int:
        """Of the weights, the order of the images, augmentation and dropout."""
        return self.training["options"]["seed"]


@dataclass(frozen=True, eq=False)
class Row:
    """Runs of one network that differ in their seed alone."""

    model: str
    label: str
    runs: tuple[RunResult, ...]

    @property
    def accuracy(self) -> Float[Tensor, "cells"]:
        """Mean over runs and images."""
        return self.by_run.mean(0)

    @property
    def by_run(self) -> Float[Tensor, "runs cells"]:
        """Accuracy of each run in each cell, in [0, 1]: the mean of its correct answers over the test images."""
        return torch.stack([run.answers.correct.double().mean(1) for run in self.runs])

    @property
    def correct(self) -> Float[Tensor, "cells n"]:
        """The part of the runs that is right, for each image."""
        return torch.stack([run.answers.correct for run in self.runs]).double().mean(0)

    def interval(self) -> Float[Tensor, "2 cells"]:
        """95 % bootstrap interval of `accuracy` over test images, the trained networks being given."""
        return quantile_interval(bootstrap_mean(self.correct, generator=torch.Generator().manual_seed(0)))

    def loss(self, cell: int, reference: int = 0) -> tuple[float, float, float]:
        """How much accuracy falls from cell `reference` to `cell`, with its paired interval over images."""
        fall = self.correct[reference] - self.correct[cell]
        ends = quantile_interval(bootstrap_mean(fall, generator=torch.Generator().manual_seed(0)))
        return float(fall.mean()), float(ends[0]), float(ends[1])


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of networks, columns of cells.

    Attributes:
        name: "diffcnn", "rotmnist" or "cifar-gcnn".
        data: name, note, number and fingerprint of the test images.
        made: provenance of the evaluation.
        missing: networks that were asked for and have no finished run.
    """

    name: str
    protocol: Protocol
    data: dict[str, Any]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    made: Mapping[str, Any]
    missing: tuple[str, ...] = ()

    def cell(self, family: str | None, scale: float) -> int:
        """The column of a family at a scale.

        Raises:
            ArgumentError: there is none.
        """
        for i, column in enumerate(self.columns):
            if (column.family, column.scale) == (family, scale):
                return i
        raise ArgumentError("cell", (family, scale), "a family and a scale of the table's protocol")

    def curves(self, family: str) -> Iterator[AccuracyCurve]:
        """Accuracy by scale and displacement under `family`, a curve for each row."""
        cells = [i for i, column in enumerate(self.columns) if column.family == family]
        scales = tuple(self.columns[i].scale for i in cells)
        moved = tuple(d.mean for i in cells if (d := self.columns[i].displacement) is not None)
        for row in self.rows:
            correct = torch.stack([run.answers.correct[cells] for run in row.runs])
            yield AccuracyCurve(row.label, family, scales, moved, correct)

    def to_kept(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """A summary for JSON and the answers to each image, packed; `from_kept` makes the table of both.

        Accuracies and intervals are there for the reader alone: they follow from the answers.
        """
        answers: dict[str, np.ndarray] = {}
        content = {
            "format": FORMAT,
            "table": self.name,
            "protocol": self.protocol.to_dict(),
            "data": self.data,
            "made": dict(self.made),
            "missing": list(self.missing),
            "columns": [asdict(column) for column in self.columns],
            "rows": [_keep_row(i, row, answers) for i, row in enumerate(self.rows)],
        }
        return content, answers

    @classmethod
    def from_kept(cls, content: Any, answers: Arrays) -> Table:
        """The inverse of `to_kept`.

        Raises:
            ResultError: not a table of this format.
        """
        with parsing(content, FORMAT):
            columns = tuple(_column(column) for column in content["columns"])
            shape = len(columns), int(content["data"]["images"])
            rows = tuple(_row(row, shape, answers) for row in content["rows"])
            protocol = Protocol.from_dict(content["protocol"])
            if [(c.family, c.scale) for c in protocol.cells] != [(c.family, c.scale) for c in columns]:
                raise ValueError("columns that are not the protocol's")
            plain = content["table"], protocol, content["data"], columns, rows, content["made"]
            return cls(*plain, tuple(content["missing"]))

    def save(self, path: str | Path) -> tuple[Path, Path]:
        """As JSON, the answers to each image packed beside it; the names of both files."""
        return save_packed(path, *self.to_kept())


def load_table(path: str | Path) -> Table:
    """The table that was saved at `path`.

    Raises:
        ResultError: the file, or the one beside it, is missing or holds something else.
    """
    return read_packed(path, Table.from_kept)


def _keep_row(place: int, row: Row, answers: dict[str, np.ndarray]) -> dict[str, Any]:
    """The summary of a row; its answers go to `answers`, a bit for each image."""
    runs = []
    for i, run in enumerate(row.runs):
        name = f"row {place} run {i}"
        answers[name] = np.packbits(run.answers.correct.numpy(), axis=1)
        summary = {
            "name": run.name,
            "weights": run.weights,
            "training": run.training,
            "accuracy": run.answers.correct.double().mean(1).tolist(),
            "undefined": run.answers.undefined.tolist(),
            "correct": name,
        }
        runs.append(summary)
    told = {"accuracy": row.accuracy.tolist(), "interval": row.interval().mT.tolist()}
    return {"model": row.model, "label": row.label, **told, "runs": runs}


def _row(content: dict[str, Any], shape: tuple[int, int], answers: Arrays) -> Row:
    runs = []
    for run in content["runs"]:
        correct = _unpack(answers[run["correct"]], shape)
        undefined = torch.tensor(run["undefined"], dtype=torch.int64)
        if len(undefined) != shape[0]:
            raise ValueError(f"{len(undefined)} counts for {shape[0]} columns")
        run["training"]["options"]["seed"]
        runs.append(RunResult(run["name"], run["weights"], run["training"], Answers(correct, undefined)))
    if not runs:
        raise ValueError(f"no runs of {content['label']}")
    return Row(content["model"], content["label"], tuple(runs))


def _column(content: dict[str, Any]) -> Column:
    moved = content["displacement"]
    return Column(**{**content, "displacement": None if moved is None else Displacement(**moved)})


def _unpack(packed: np.ndarray, shape: tuple[int, int]) -> Tensor:
    """Bits of this shape.

    Raises:
        ValueError: not as many bytes.
    """
    cells, images = shape
    if packed.dtype != np.uint8 or packed.shape != (cells, -(-images // 8)):
        raise ValueError(f"{packed.shape} bytes for {cells} cells of {images} images")
    return torch.from_numpy(np.unpackbits(packed, axis=1, count=images).astype(bool))
