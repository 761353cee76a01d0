"""From finished runs to a table: every network on the same warped images, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from ...errors import ResultError
from ..data import Dataset
from ..evaluation import Answers, Protocol, draw_all, evaluate
from ..record import fingerprint, provenance
from ..run import load_run
from .result import Row, RunResult, Table
from .runs import FinishedRun, Recipe, labels, recipe_of

__all__ = ["make_table"]


def make_table(
    name: str,
    runs: Sequence[FinishedRun],
    test: Dataset,
    protocol: Protocol,
    *,
    note: str = "",
    models: Sequence[str] = (),
    known: Table | None = None,
    add: bool = False,
    batch: int = 500,
    device: torch.device | str = "cpu",
    tick: Callable[[int, int], None] | None = None,
) -> Table:
    """The table of `runs` on the images of `test`.

    Args:
        note: what has to be said of the data.
        models: those asked for; which of them have no run is recorded.
        known: a table made before under the same protocol and of the same images; weights that it has answers of are
            not run again.
        add: the runs of `known` are in the table, too, first, whether they are among `runs` or not.
        tick: called with the images times cells just done and their total.

    Raises:
        ResultError: no runs, or `known` is another table.
        CheckpointError: a run's weights cannot be read.
    """
    if not runs:
        raise ResultError("runs", 0, f"at least one finished run of {', '.join(models) or name}")
    data = {
        "name": runs[0].training["data"]["name"],
        "note": note,
        "images": len(test),
        "classes": list(test.classes),
        "sha256": fingerprint(test),
    }
    answers: dict[str, Answers] = {}
    if known is not None:
        theirs = {"table": known.name} | known.protocol.to_dict() | known.data
        ours = {"table": name} | protocol.to_dict() | data
        for item, value in ours.items():
            if theirs.get(item) != value:
                wanted = f"{item} {value}, to go on with that table; make another one elsewhere"
                raise ResultError("known", f"a table with {item} {theirs.get(item)}", wanted)
        answers = {run.weights: run.answers for row in known.rows for run in row.runs}
    draws = draw_all(protocol, len(test), (int(test.images.shape[2]), int(test.images.shape[3])))
    new = {run.weights: load_run(run.path)[0] for run in runs if run.weights not in answers}
    if new:
        total = len(test) * len(draws)
        step = None if tick is None else lambda done: tick(done, total)
        answers |= evaluate(new, test, protocol, draws=draws, batch=batch, device=device, tick=step)
    results = [RunResult(run.path.name, run.weights, run.training, answers[run.weights]) for run in runs]
    if add and known is not None:
        kept = [run for row in known.rows for run in row.runs]
        results = kept + [run for run in results if run.weights not in {other.weights for other in kept}]
        models = tuple(dict.fromkeys((*(row.model for row in known.rows), *models)))
    rows = _rows(results)
    missing = tuple(model for model in models if model not in {row.model for row in rows})
    columns = tuple(drawn.column for drawn in draws)
    return Table(name, protocol, data, columns, tuple(rows), provenance(torch.device(device)), missing)


def _rows(results: Sequence[RunResult]) -> list[Row]:
    """Runs of one recipe together, by seed, where the first of them is."""
    recipes: dict[Recipe, list[RunResult]] = {}
    for run in results:
        recipes.setdefault(recipe_of(run.training), []).append(run)
    titles = labels(recipes)
    return [
        Row(dict(recipe)["model"], titles[recipe], tuple(sorted(group, key=lambda run: run.seed)))
        for recipe, group in recipes.items()
    ]
