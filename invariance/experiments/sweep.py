"""Many training runs at once, on this machine or on a cluster, through joblib.

Each run has its folder, so that one whose worker dies goes on where it was, on whichever worker it is given to next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Literal, get_args

from ..errors import ArgumentError, ArgumentTypeError, RunError, one_of
from ..extras import NeededFor
from .data import Splits, load_splits
from .fit import train
from .memory import keep_freed_memory
from .options import TrainOptions

__all__ = ["Backend", "PlannedRun", "run_name", "sweep", "train_planned"]

Backend = Literal["loky", "dask"]
"""Where runs go: processes of this machine, a Dask cluster. Not threads: dropout and the initialisation
of networks draw from torch's global generator, which threads would share."""


@dataclass(frozen=True)
class PlannedRun:
    """A training that a sweep is to run: its options, and the folder `out` that it leaves its weights and record in."""

    options: TrainOptions
    out: Path


def run_name(options: TrainOptions) -> str:
    """A folder's name for a run among others of one sweep.

    >>> run_name(TrainOptions("diffcnn-cnn:kernel_size=1", "cifar10", seed=3))
    'diffcnn-cnn_kernel_size=1-seed3'
    """
    model = options.model.replace(":", "_").replace(",", "_")
    augmented = "" if options.augment == "none" else f"-{options.augment}"
    return f"{model}{augmented}-seed{options.seed}"


def train_planned(
    run: PlannedRun, folder: str | Path | None, *, note: str = "", validation: int | None = None, device: str = "cpu"
) -> None:
    """Train a run on the data in `folder`; a process reads a data set once."""
    keep_freed_memory()
    train(run.options, _splits(run.options.data, folder, note, validation), run.out, device=device)


@cache
def _splits(name: str, folder: str | Path | None, note: str, validation: int | None) -> Splits:
    return load_splits(name, folder, note=note, validation=validation)


def sweep(
    runs: Sequence[PlannedRun],
    work: Callable[[PlannedRun], object],
    *,
    jobs: int = 1,
    backend: Backend = "loky",
    address: str | None = None,
) -> None:
    """Call `work` for every run, `jobs` at a time; one that fails does not keep the others from finishing.

    Args:
        jobs: processes of this machine, or of the local cluster that is started where no `address` is given. One with
            "loky" is this process.
        address: of the Dask cluster, which has as many workers as it has. They must see the folders of the runs
            and of the data under the same names.

    Raises:
        RunError: runs failed or their workers were killed too often; says which and why.
        ArgumentError: no jobs, an unknown backend, an address for processes of this machine.
        MissingExtraError: joblib or dask is not installed.
    """
    if jobs < 1:
        raise ArgumentError("jobs", jobs, "at least one")
    if backend not in get_args(Backend):
        raise ArgumentError("backend", backend, one_of(backend, get_args(Backend)))
    if backend == "loky" and address is not None:
        raise ArgumentError("address", address, "a cluster's, with --backend dask")
    attempt = partial(_attempt, work)
    if backend == "loky" and jobs == 1:
        failures = [attempt(run) for run in runs]
    else:
        failures = _in_parallel(attempt, runs, jobs, backend, address)
    failed = [f"{run.out.name}: {why}" for run, why in zip(runs, failures, strict=True) if why]
    if failed:
        raise RunError("sweep", f"{len(failed)} of {len(runs)} runs failed", "; ".join(failed))


def _attempt(work: Callable[[PlannedRun], object], run: PlannedRun) -> str | None:
    """Why the run failed, if it did."""
    try:
        work(run)
    except (ArgumentError, ArgumentTypeError, OSError) as error:
        return str(error)
    return None


def _in_parallel(
    attempt: Callable[[PlannedRun], str | None],
    runs: Sequence[PlannedRun],
    jobs: int,
    backend: Backend,
    address: str | None,
) -> list[str | None]:
    with NeededFor("--jobs above 1"):
        from joblib import Parallel, delayed
        from joblib.externals.loky.process_executor import TerminatedWorkerError
    try:
        with _cluster(jobs, backend, address):
            return Parallel(n_jobs=jobs)(delayed(attempt)(run) for run in runs)  # pyright: ignore[reportReturnType]
    except TerminatedWorkerError as error:
        again = "the same command again: finished runs are kept, the others go on where they were"
        raise RunError("sweep", "a worker process was killed", again) from error


@contextmanager
def _cluster(jobs: int, backend: Backend, address: str | None) -> Iterator[None]:
    from joblib import parallel_config

    if backend == "loky":
        with parallel_config(backend="loky"):
            yield
        return
    with NeededFor("--backend dask"):
        from dask.distributed import Client

    where = {"address": address} if address else {"n_workers": jobs, "threads_per_worker": 1}
    with Client(**where), parallel_config(backend="dask"):  # pyright: ignore[reportArgumentType]
        yield
