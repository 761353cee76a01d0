"""Ratios that survive a noisy machine: both sides in turn, in seconds of the processor, pair by pair."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Pairs", "interleaved", "paired", "seconds"]

_LEAST = 0.02
"""Seconds that a side is run for: a clock tick and a collected garbage are small beside it."""


@dataclass(frozen=True)
class Pairs:
    """Seconds of our side and of the other in each round."""

    ours: tuple[float, ...]
    other: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, float, float]:
        """First quartile, median and third quartile of the ratios of a round."""
        low, median, high = statistics.quantiles(
            [a / b for a, b in zip(self.ours, self.other, strict=True)], n=4, method="inclusive"
        )
        return low, median, high


def seconds(run: Callable[[], object]) -> float:
    """Seconds of the processor."""
    start = time.process_time()
    run()
    return time.process_time() - start


def interleaved(runs: list[Callable[[], object]], rounds: int = 9) -> list[float]:
    """Median seconds of each, after one round that does not count."""
    table = [[seconds(run) for run in runs] for _ in range(rounds + 1)][1:]
    return [statistics.median(column) for column in zip(*table, strict=True)]


def paired(ours: Callable[[], object], other: Callable[[], object], rounds: int = 7) -> Pairs:
    """In turn, after a run of each that does not count; a short one is run several times a round."""
    sides = [(run, max(1, round(_LEAST / max(1e-6, _second(run))))) for run in (ours, other)]
    gc.collect()
    table = [[_repeated(run, times) for run, times in sides] for _ in range(rounds)]
    first, second = zip(*table, strict=True)
    return Pairs(first, second)


def _second(run: Callable[[], object]) -> float:
    run()
    return seconds(run)


def _repeated(run: Callable[[], object], times: int) -> float:
    return seconds(lambda: [run() for _ in range(times)]) / times
