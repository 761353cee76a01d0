"""Which trainings a table still needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..options import TrainOptions
from ..sweep import PlannedRun, run_name
from .kinds import TableKind
from .runs import find_runs

__all__ = ["missing_runs"]


def missing_runs(
    kind: TableKind, models: Sequence[str], seeds: Sequence[int], folder: str | Path, **options: Any
) -> list[PlannedRun]:
    """Every model from every seed, by the paper's recipe changed by `options`, unless a finished run is in `folder`.

    Raises:
        ArgumentError: an option of the training outside its range.
    """
    folder = Path(folder)
    recipes: dict[str, dict[str, Any]] = {model: kind.options(model) | options for model in models}
    wanted = [TrainOptions(model, kind.data, **recipes[model], seed=seed) for model in models for seed in seeds]
    finished = [run.options for run in find_runs(folder, data=kind.data, models=models)] if folder.is_dir() else []
    return [PlannedRun(plan, folder / run_name(plan)) for plan in wanted if plan not in finished]
