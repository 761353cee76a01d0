"""Sweeps: here, in processes, on a Dask cluster of which a worker is killed; always the same table."""

import logging
from pathlib import Path

import pytest
import torch
from experiments.sweeping import train_small, train_small_and_die_once
from experiments.training.synthetic import splits

from invariance.errors import ArgumentError, RunError
from invariance.experiments.evaluation import Protocol
from invariance.experiments.options import TrainOptions
from invariance.experiments.sweep import PlannedRun, run_name, sweep
from invariance.experiments.table import Table, find_runs, make_table


def plan(folder: Path, *seeds: int, model: str = "cnn") -> list[PlannedRun]:
    options = [TrainOptions(model, "synthetic", epochs=2, width=2, batch=30, seed=seed) for seed in seeds]
    return [PlannedRun(option, folder / run_name(option)) for option in options]


def table(folder: Path) -> Table:
    runs = find_runs(folder, data="synthetic", models=("cnn",))
    return make_table("diffcnn", runs, splits(60).validation, Protocol(("affine",), (0.1,)))


def weights(table: Table) -> list[str]:
    return [run.weights for row in table.rows for run in row.runs]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Table:
    folder = tmp_path_factory.mktemp("here")
    sweep(plan(folder, 0, 1, 2), train_small)
    return table(folder)


def test_one_that_fails_does_not_stop_the_others(here, tmp_path):
    with pytest.raises(RunError, match=r"1 of 3 runs failed.*cnn-seed13: loss = nan"):
        sweep(plan(tmp_path, 0, 13, 2), train_small)
    assert weights(table(tmp_path)) == [weights(here)[0], weights(here)[2]]


def test_a_cluster_that_loses_a_worker_makes_the_same_table(here, tmp_path):
    distributed = pytest.importorskip("dask.distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": logging.CRITICAL}
    with distributed.LocalCluster(**options) as cluster:
        address = cluster.scheduler_address
        sweep(plan(tmp_path, 0, 1, 2), train_small_and_die_once, jobs=2, backend="dask", address=address)
    assert (tmp_path / "died").exists()
    found = table(tmp_path)
    assert weights(found) == weights(here)
    assert torch.equal(found.rows[0].accuracy, here.rows[0].accuracy)


def test_processes_of_this_machine_make_the_same_table(here, tmp_path):
    pytest.importorskip("joblib")
    sweep(plan(tmp_path, 0, 1), train_small, jobs=2)
    assert weights(table(tmp_path)) == weights(here)[:2]


def test_names_tell_runs_apart():
    options = [
        TrainOptions("cnn", "cifar10"),
        TrainOptions("cnn", "cifar10", seed=1),
        TrainOptions("cnn", "cifar10", augment="crop-flip"),
        TrainOptions("diffcnn-cnn:kernel_size=1,stride=1", "cifar10"),
    ]
    assert len({run_name(option) for option in options}) == 4
    assert not any(set(run_name(option)) & set("/:, ") for option in options)


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"jobs": 0}, "jobs = 0"),
        ({"backend": "threading"}, "backend = threading"),
        ({"address": "tcp://nowhere:1"}, "address"),
    ],
)
def test_mistakes_are_named(options, said, tmp_path):
    with pytest.raises(ArgumentError, match=said):
        sweep(plan(tmp_path, 0), train_small, **options)
