"""Runs one statement: every route and control, timed, and the verdict that follows from them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from invariance_proofs.matrix import Matrix
from invariance_proofs.statement import Control, Evidence, Route, Skipped, Statement, Verdict

__all__ = ["Entry", "Outcome", "judge", "pasteable", "run"]

Part = TypeVar("Part", Route, Control)


@dataclass(frozen=True)
class Outcome(Generic[Part]):
    """What one check did. `evidence` is None if it was skipped (`error` empty) or raised (`error` says what)."""

    part: Part
    evidence: Evidence | None
    note: str
    error: str
    seconds: float

    @property
    def skipped(self) -> bool:
        return self.evidence is None and not self.error

    def to_json(self) -> dict[str, Any]:
        found = self.evidence
        return {
            "name": self.part.name,
            "holds": found and found.holds,
            "detail": found.detail if found else self.note,
            "error_probability": float(found.error_probability) if found else None,
            "counterexample": pasteable(found.counterexample) if found else None,
            "skipped": self.skipped,
            "error": self.error,
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Entry:
    """A statement that has been run."""

    statement: Statement
    verdict: Verdict
    reason: str
    routes: tuple[Outcome[Route], ...]
    controls: tuple[Outcome[Control], ...]

    @property
    def id(self) -> str:
        return self.statement.id

    @property
    def recorded(self) -> Verdict:
        return self.statement.verdict

    @property
    def agreed(self) -> bool:
        """Whether the computed verdict is the recorded one."""
        return self.verdict is self.recorded

    @property
    def seconds(self) -> float:
        """CPU seconds of all checks."""
        return sum(outcome.seconds for outcome in (*self.routes, *self.controls))

    @property
    def methods(self) -> tuple[str, ...]:
        """How the routes that were not skipped decide, without repeats."""
        return tuple(dict.fromkeys(str(o.part.method) for o in self.routes if not o.skipped))

    @property
    def counterexample(self) -> dict[str, Any] | None:
        """The numbers that refute the claim as stated, ready to paste; None unless refuted."""
        found = (o.evidence.counterexample for o in self.routes if o.evidence and not o.evidence.holds)
        return next((pasteable(numbers) for numbers in found if numbers), None)

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, strings, numbers."""
        said = self.statement
        return {
            "id": said.id,
            "name": said.name,
            "source": said.source,
            "summary": said.summary,
            "claim": said.claim,
            "sizes": said.sizes,
            "hypotheses": dict(said.hypotheses),
            "assumed": list(said.assumed),
            "correction": said.correction,
            "verdict": str(self.verdict),
            "recorded": str(self.recorded),
            "agreed": self.agreed,
            "reason": self.reason,
            "counterexample": self.counterexample,
            "seconds": self.seconds,
            "routes": [outcome.to_json() | {"method": str(outcome.part.method)} for outcome in self.routes],
            "controls": [
                outcome.to_json() | {"kind": type(outcome.part).__name__.lower(), "passed": _passed(outcome)}
                for outcome in self.controls
            ],
        }


def run(statement: Statement) -> Entry:
    """Run every route and control of a statement and judge it.

    A check that raises is never evidence: the entry becomes UNKNOWN and its reason says what was raised.
    """
    routes = tuple(_attempt(route) for route in statement.routes)
    controls = tuple(_attempt(control) for control in statement.controls)
    verdict, reason = judge(statement, routes, controls)
    return Entry(statement, verdict, reason, routes, controls)


def judge(
    statement: Statement, routes: Sequence[Outcome[Route]], controls: Sequence[Outcome[Control]]
) -> tuple[Verdict, str]:
    """The verdict that the outcomes force, and why.

    UNKNOWN if anything raised, a control came out wrong, the routes disagree, or a failing claim has no counterexample;
    SAMPLED if every route that holds may err.
    """
    for outcome in (*routes, *controls):
        if outcome.error:
            return Verdict.UNKNOWN, f"{outcome.part.name} raised {outcome.error}"
    for outcome in controls:
        if _passed(outcome) is False:
            return Verdict.UNKNOWN, f"control came out wrong: {type(outcome.part).__name__} {outcome.part.name}"
    found = [outcome.evidence for outcome in routes if outcome.evidence]
    if not found:
        return Verdict.UNKNOWN, "every route was skipped"
    if len({evidence.holds for evidence in found}) == 2:
        return Verdict.UNKNOWN, "the routes disagree"
    if not found[0].holds:
        if any(evidence.counterexample for evidence in found):
            return Verdict.REFUTED, "an exact counterexample"
        return Verdict.UNKNOWN, "no route proves it and none shows a counterexample"
    if all(evidence.error_probability for evidence in found):
        return Verdict.SAMPLED, f"wrong with probability ≤ {float(max(e.error_probability for e in found)):.1e}"
    agreed = f"{len(found)} routes agree" if len(found) > 1 else "one route"
    return (Verdict.CORRECTED if statement.correction else Verdict.PROVED), agreed


def pasteable(value: Any) -> Any:
    """Exact numbers as plain data: matrices as nested lists, fractions as "p/q", keys as strings."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Matrix):
        return [[pasteable(entry) for entry in row] for row in value.rows]
    if isinstance(value, dict):
        return {str(key): pasteable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [pasteable(item) for item in value]
    return int(value) if getattr(value, "denominator", None) == 1 else str(value)


def _attempt(part: Part) -> Outcome[Part]:
    start = time.process_time()
    evidence, note, error = None, "", ""
    try:
        evidence = part.check()
    except Skipped as skipped:
        note = str(skipped)
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    return Outcome(part, evidence, note, error, time.process_time() - start)


def _passed(outcome: Outcome[Control]) -> bool | None:
    return None if outcome.evidence is None else outcome.part.passed(outcome.evidence)
