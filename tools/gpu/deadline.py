"""The time that is left, which is none once this process is told to end."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Deadline"]


class Deadline:
    """So many seconds from now; SIGTERM within `heeded` ends them, and what is under way is stopped and kept."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, never below 0."""
        return max(0.0, self._until - time.monotonic())

    def less(self, seconds: float) -> Deadline:
        """So many seconds before it; ended together with it."""
        return _Earlier(self, seconds)

    def end(self) -> None:
        self._until = time.monotonic()

    @contextmanager
    def heeded(self) -> Iterator[None]:
        before = signal.signal(signal.SIGTERM, lambda *_: self.end())
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)


class _Earlier(Deadline):
    def __init__(self, later: Deadline, seconds: float) -> None:
        self._later, self._seconds = later, seconds

    def left(self) -> float:
        return max(0.0, self._later.left() - self._seconds)

    def end(self) -> None:
        self._later.end()
