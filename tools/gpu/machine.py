"""What the measurements are made on, and time as the card tells it."""

from __future__ import annotations

import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

__all__ = ["Machine", "NoCardError", "milliseconds"]

_WARM = 3  # passes before the clock runs: allocations, and the search for the fastest convolution


class NoCardError(RuntimeError):
    """There is nothing to measure on."""


@dataclass(frozen=True)
class Machine:
    """Attributes:

    device: "cuda", or "cpu", which runs the same code at small sizes.
    name: the card's own name, or "CPU".
    """

    device: str
    name: str

    @classmethod
    def here(cls, *, dry: bool) -> Machine:
        """The card; the CPU in its place for a dry run.

        Raises:
            NoCardError: no card, and no dry run.
        """
        if dry:
            return cls("cpu", "CPU")
        if not torch.cuda.is_available():
            raise NoCardError(f"torch {torch.__version__} sees no card; on a CPU run `make gpu DRY=1`")
        return cls("cuda", torch.cuda.get_device_name())

    @property
    def dry(self) -> bool:
        return self.device == "cpu"

    def size(self, large: int, small: int) -> int:
        """Of a measurement on a card, and of a dry run."""
        return small if self.dry else large

    def about(self) -> dict[str, Any]:
        """For every record: the card or "CPU", versions, the commit."""
        head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent)
        return {
            "card": self.name,
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "python": platform.python_version(),
            "commit": head.stdout.strip() or None,
            "date": time.strftime("%Y-%m-%d"),
        }


def milliseconds(runs: list[Callable[[], object]], machine: Machine, rounds: int = 20) -> list[float]:
    """The median of each, by events of the card; the runs take turns, so that whatever heats the card falls on all."""
    rounds = machine.size(rounds, 2)
    for run in runs:
        for _ in range(machine.size(_WARM, 1)):
            run()
    table = [[_once(run, machine) for run in runs] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*table, strict=True)]


def _once(run: Callable[[], object], machine: Machine) -> float:
    if machine.dry:
        start = time.perf_counter()
        run()
        return 1e3 * (time.perf_counter() - start)
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    run()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end)
