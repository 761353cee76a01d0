"""What a claim is: its source, its scope, what it assumes, the routes that decide it, the controls that must fail.

A statement is data and a few checks; nothing here runs anything (`judge` does). The direction of every check
is carried by its type: a `Route` looks at the claim *as stated*, a `Mutant` or `Dropped` must come out false, a
`Witness` must come out true.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

__all__ = [
    "Check",
    "Control",
    "Dropped",
    "Evidence",
    "Method",
    "Mutant",
    "Route",
    "Skipped",
    "Statement",
    "StatementError",
    "Verdict",
    "Witness",
    "all_of",
]


class Verdict(StrEnum):
    """What the machine says of a claim."""

    PROVED = "PROVED"
    CORRECTED = "PROVED WITH CORRECTION"
    REFUTED = "REFUTED AS STATED"
    SAMPLED = "SAMPLED"
    UNKNOWN = "UNKNOWN"


class Method(StrEnum):
    """How a route decides."""

    RING = "ring normal form"
    SYMBOLIC = "symbolic size"
    EXHAUSTIVE = "exhaustive"
    EXACT = "exact rationals"
    RANDOM = "Schwartz–Zippel"
    SMT = "z3"
    COQ = "Coq"


class StatementError(ValueError):
    """A statement contradicts itself: no route, a control of a hypothesis that it does not have, …"""


class Skipped(Exception):  # noqa: N818 - an outcome, not an error
    """Raised by a check whose optional tool is missing; the verdict then rests on the other routes."""


@dataclass(frozen=True)
class Evidence:
    """What one check found: whether the sentence it looked at holds, and the numbers if it does not.

    `error_probability` bounds the chance that `holds` is wrongly True; 0 for a decision. A `holds` of False is always
    exact. `counterexample` maps names to exact numbers and matrices that can be pasted into a shell.
    """

    holds: bool
    detail: str
    error_probability: Fraction = Fraction(0)
    counterexample: Mapping[str, object] | None = None


def all_of(*parts: Evidence) -> Evidence:
    """The conjunction: holds when every part does; the first counterexample is kept, error probabilities add up."""
    if not parts:
        raise StatementError("parts = (): a conjunction of nothing proves nothing")
    failed = [part for part in parts if not part.holds]
    return Evidence(
        holds=not failed,
        detail="; ".join(part.detail for part in failed or parts),
        error_probability=sum((part.error_probability for part in parts), Fraction(0)),
        counterexample=next((part.counterexample for part in failed if part.counterexample), None),
    )


Check = Callable[[], Evidence]


@dataclass(frozen=True)
class Route:
    """One way to decide the claim as stated. Its evidence holds iff the claim does."""

    name: str
    method: Method
    check: Check


@dataclass(frozen=True)
class Control(ABC):
    """A check whose outcome is known beforehand: the test of the prover, not of the claim."""

    name: str
    check: Check

    @abstractmethod
    def passed(self, evidence: Evidence) -> bool:
        """Whether the evidence is what it must be."""


@dataclass(frozen=True)
class Mutant(Control):
    """A changed claim (exponent, side, sign, constant) that must not prove."""

    def passed(self, evidence: Evidence) -> bool:
        return not evidence.holds


@dataclass(frozen=True)
class Dropped(Control):
    """The claim without the hypothesis `name`: must be false, and shown so by an exact counterexample."""

    def passed(self, evidence: Evidence) -> bool:
        return not evidence.holds and bool(evidence.counterexample)


@dataclass(frozen=True)
class Witness(Control):
    """Something that must be true: the hypotheses can be met, the claim is not vacuous, the repaired claim holds."""

    def passed(self, evidence: Evidence) -> bool:
        return evidence.holds


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One entry of the ledger.

    `id` is the label ("T2.d"); `summary` the claim in one line; `claim` the claim in full; `sizes` what is symbolic
    and which sizes are fixed; `hypotheses` name ↦ formula; `assumed` the analytic steps that no check covers;
    `correction` what the paper says wrongly and what is true instead; `verdict` the recorded verdict.

    Raises `StatementError` if there is no route, no `Witness`, or (unless refuted) no `Mutant`; if the hypotheses and
    the `Dropped` controls are not the same; or if the recorded verdict and `correction` disagree.
    """

    id: str
    name: str
    source: str
    summary: str
    claim: str
    sizes: str
    verdict: Verdict
    routes: tuple[Route, ...]
    controls: tuple[Control, ...]
    hypotheses: Mapping[str, str] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    correction: str = ""

    def __post_init__(self) -> None:
        kinds = {type(control) for control in self.controls}
        wanted = {Witness} if self.verdict is Verdict.REFUTED else {Witness, Mutant}
        if not self.routes or not wanted <= kinds:
            raise StatementError(
                f"{self.id}: wanted are a route and {' and '.join(k.__name__ for k in wanted)} controls"
            )
        dropped = [control.name for control in self.controls if isinstance(control, Dropped)]
        if set(dropped) != set(self.hypotheses):
            raise StatementError(
                f"{self.id}: dropped = {dropped}: each of {list(self.hypotheses)} must be dropped, and nothing else"
            )
        if bool(self.correction) != (self.verdict in {Verdict.CORRECTED, Verdict.REFUTED}):
            raise StatementError(
                f"{self.id}: a correction goes with {Verdict.CORRECTED} or {Verdict.REFUTED}, not {self.verdict}"
            )
