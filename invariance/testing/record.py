"""What the assertions of a test measured, handed to the pytest plugin."""

from __future__ import annotations

import math
import sys
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Measurement", "record"]


@dataclass(frozen=True)
class Measurement:
    """One assertion.

    Attributes:
        what: the claim, such as "p4, equivariant".
        error: E, or the relative error; None where it is undefined.
        allowed: the floor or tolerance that it was compared with; None where a refinement ladder judged.
        report: of a check, as data, where its model can be found again.
    """

    what: str
    error: float | None
    allowed: float | None
    verdict: str
    report: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON has."""
        data = asdict(self)
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in data.items()}


def record(measurement: Measurement) -> None:
    """Hand it to the plugin, where it is loaded and a test runs."""
    plugin = sys.modules.get("pytest_invariance")
    if plugin is not None and (sink := plugin.MEASURED.get()) is not None:
        sink.append(measurement)
