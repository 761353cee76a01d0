"""How large a difference between two networks so many runs and images would have shown."""

from __future__ import annotations

import math

from jaxtyping import Float
from torch import Tensor

from ...errors import ResultError
from .result import Row, Table

__all__ = ["smallest_difference"]


def smallest_difference(table: Table, first: Row, second: Row, cell: int, reference: int | None = None) -> float:
    r"""The smallest difference of two rows of `table` in column `cell` that would be significant at 5 %, in [0, 1].

    Of accuracies, or of what they fall by from column `reference`. √(a² + b²), of which

        a = t(0.975, f) s √(1/n₁ + 1/n₂)     is what the n₁ and n₂ seeds allow for,
        b = 1.96 σ / √N                      is what the N test images do, which both networks saw.

    s² is the variance between seeds, pooled over all rows with more than one, f = Σ (n − 1) its degrees of freedom,
    Student's t; σ is the standard deviation of the difference of the two over images.

    Raises:
        ResultError: no row has two runs.
    """
    from scipy.stats import t as student

    runs = [value for row in table.rows if len(value := _by_run(row, cell, reference)) > 1]
    free = sum(len(value) - 1 for value in runs)
    if not free:
        raise ResultError("table", table.name, "a row of two runs: seeds tell how far runs differ by themselves")
    variance = sum(float(value.var()) * (len(value) - 1) for value in runs) / free
    shares = 1 / len(first.runs) + 1 / len(second.runs)
    seeds = float(student.ppf(0.975, free)) * math.sqrt(variance * shares)
    apart = _by_image(first, cell, reference) - _by_image(second, cell, reference)
    return math.hypot(seeds, 1.96 * float(apart.std()) / math.sqrt(len(apart)))


def _by_run(row: Row, cell: int, reference: int | None) -> Float[Tensor, "runs"]:
    values = row.by_run
    return values[:, cell] if reference is None else values[:, reference] - values[:, cell]


def _by_image(row: Row, cell: int, reference: int | None) -> Float[Tensor, "n"]:
    values = row.correct
    return values[cell] if reference is None else values[reference] - values[cell]
