"""What so many seeds and images would have shown, against drawn seeds and images."""

import math

import pytest
import torch
from experiments.table.tables import by_hand

from invariance.errors import ResultError
from invariance.experiments.evaluation import Answers
from invariance.experiments.table import Row, RunResult, Table, smallest_difference


def drawn(images: int, spread: float, networks: int, generator: torch.Generator) -> Table:
    """Networks that are alike: each of three runs is right on an image with a probability of its own."""
    (run, *_), like = by_hand([[0.5, 0.5, 0.5]], images).rows[0].runs, by_hand([[0.5, 0.5, 0.5]], images)
    rows = []
    for network in range(networks):
        runs = []
        for seed in range(3):
            rate = 0.6 + spread * float(torch.randn((), generator=generator, dtype=torch.float64))
            right = torch.rand(3, images, generator=generator) < rate
            runs.append(RunResult(str(seed), f"{network} {seed}", run.training, Answers(right, run.answers.undefined)))
        rows.append(Row("cnn", f"cnn {network}", tuple(runs)))
    return Table(like.name, like.protocol, like.data, like.columns, tuple(rows), {})


@pytest.mark.parametrize(("images", "spread"), [(4000, 0.03), (400, 0.0)], ids=["seeds", "images"])
def test_networks_that_are_alike_differ_by_more_one_time_in_twenty_at_most(images, spread, generator):
    beyond, trials = 0, 100
    for _ in range(trials):
        table = drawn(images, spread, 4, generator)
        first, second = table.rows[:2]
        apart = float((first.accuracy - second.accuracy)[0])
        beyond += abs(apart) > smallest_difference(table, first, second, 0)
    assert beyond <= 0.05 * trials + 2 * math.sqrt(0.05 * 0.95 * trials)


def test_it_is_the_formula():
    table = by_hand([[0.80, 0.80, 0.70], [0.84, 0.84, 0.71], [0.82, 0.82, 0.72]])
    (row,) = table.rows
    # s = 0.02, two degrees of freedom; a row against itself differs on no image.
    assert smallest_difference(table, row, row, 0) == pytest.approx(4.3027 * 0.02 * math.sqrt(2 / 3), rel=1e-4)
    falls = torch.tensor([0.10, 0.13, 0.10], dtype=torch.float64)
    wanted = 4.3027 * float(falls.std()) * math.sqrt(2 / 3)
    assert smallest_difference(table, row, row, 2, reference=0) == pytest.approx(wanted, rel=1e-4)


def test_one_seed_each_tells_nothing_of_seeds():
    table = by_hand([[0.8, 0.8, 0.7]])
    with pytest.raises(ResultError, match="two runs"):
        smallest_difference(table, table.rows[0], table.rows[0], 0)
