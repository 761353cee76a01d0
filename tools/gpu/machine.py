"""What the measurements are made on, and time as the card tells it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from invariance.experiments.record import provenance

__all__ = ["Machine", "NoCardError", "milliseconds"]

_SEED = 0
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

    def normal(self, *shape: int) -> Tensor:
        """Independent N(0, 1) on the device, the same ones in each run: a time is not to depend on them."""
        return torch.randn(*shape, generator=torch.Generator(self.device).manual_seed(_SEED), device=self.device)

    def about(self) -> dict[str, Any]:
        """For every record: the card or "CPU", versions, the commit and whether files differ from it."""
        made = provenance(torch.device(self.device))
        return {"card": self.name, **made, "cuda": torch.version.cuda, "seed": _SEED, "date": time.strftime("%Y-%m-%d")}


def milliseconds(runs: Sequence[Callable[[], object]], machine: Machine, rounds: int = 20) -> list[float]:
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
