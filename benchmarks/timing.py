"""Ratios that survive a noisy machine: both sides run in turn, medians are compared."""

import statistics
import time
from collections.abc import Callable

__all__ = ["interleaved", "seconds"]


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def interleaved(runs: list[Callable[[], object]], rounds: int = 9) -> list[float]:
    """Median seconds of each, after one round that does not count."""
    table = [[seconds(run) for run in runs] for _ in range(rounds + 1)][1:]
    return [statistics.median(column) for column in zip(*table, strict=True)]
