"""What the assertions of a test measured, for the summary and the artefacts of the pytest plugin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Measurement", "record", "recording"]


@dataclass(frozen=True)
class Measurement:
    """One assertion.

    Attributes:
        what: the claim, such as "p4, equivariant".
        error: E, or the relative error; None where it is undefined.
        allowed: the floor or tolerance that it was compared with; None where a refinement ladder judged.
        report: of a check, as data.
    """

    what: str
    error: float | None
    allowed: float | None
    verdict: str
    report: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


_SINK: ContextVar[list[Measurement] | None] = ContextVar("invariance_measurements", default=None)


def record(measurement: Measurement) -> None:
    """Hand it to whoever is listening."""
    if (sink := _SINK.get()) is not None:
        sink.append(measurement)


@contextmanager
def recording() -> Iterator[list[Measurement]]:
    """The measurements made inside, as they come."""
    sink: list[Measurement] = []
    token = _SINK.set(sink)
    try:
        yield sink
    finally:
        _SINK.reset(token)
