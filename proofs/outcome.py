"""What one check did when it was run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from invariance_proofs.evidence import Evidence, Skipped
from invariance_proofs.matrix import Matrix

__all__ = ["Outcome", "attempt", "pasteable"]


@dataclass(frozen=True)
class Outcome:
    """`evidence` is None if the check was skipped (`error` empty) or raised (`error` says what)."""

    name: str
    kind: str
    evidence: Evidence | None
    note: str = ""
    error: str = ""
    seconds: float = 0.0
    passed: bool | None = None

    @property
    def skipped(self) -> bool:
        return self.evidence is None and not self.error

    @property
    def did(self) -> str:
        """What came of it, in words."""
        if self.error:
            return f"raised {self.error}"
        if self.evidence is None:
            return f"skipped, {self.note}"
        return f"{'holds' if self.evidence.holds else 'fails'}, {self.evidence.detail}"

    def to_json(self) -> dict[str, Any]:
        found = self.evidence
        return {
            "name": self.name,
            "kind": self.kind,
            "holds": found and found.holds,
            "detail": found.detail if found else self.note,
            "error_probability": float(found.error_probability) if found else None,
            "counterexample": pasteable(found.counterexample) if found else None,
            "skipped": self.skipped,
            "error": self.error,
            "seconds": self.seconds,
        } | ({} if self.passed is None else {"passed": self.passed})


def attempt(name: str, kind: str, check: Callable[..., Evidence], data: Mapping[str, Any]) -> Outcome:
    """Run a check. What raises is never evidence."""
    start = time.process_time()
    evidence, note, error = None, "", ""
    try:
        own = {name: deepcopy(v) if isinstance(v, list | dict | set) else v for name, v in data.items()}
        found: object = check(**own)  # what it does to its data, no other check sees
        if isinstance(found, Evidence):
            evidence = found
        else:
            error = f"TypeError: it returned {found!r}, and Evidence is wanted"
    except Skipped as skipped:
        note = str(skipped)
    except KeyboardInterrupt:
        raise
    except BaseException as raised:
        error = f"{type(raised).__name__}: {raised}"
    return Outcome(name, kind, evidence, note, error, time.process_time() - start)


def pasteable(value: Any) -> Any:
    """Exact numbers as plain data: matrices as nested lists, sets in order, fractions as "p/q", keys as strings."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Matrix):
        return [[pasteable(entry) for entry in row] for row in value.rows]
    if isinstance(value, dict):
        return {str(key): pasteable(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):  # in an order of its own in every process
        return [pasteable(item) for item in sorted(value, key=str)]
    if isinstance(value, list | tuple):
        return [pasteable(item) for item in value]
    return int(value) if getattr(value, "denominator", None) == 1 else str(value)
