"""What a check finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Evidence", "Skipped", "StatementError", "all_of"]


class StatementError(ValueError):
    """A statement contradicts itself: a route without a mutant, a hypothesis that no control drops, …"""


class Skipped(Exception):  # noqa: N818 - an outcome, not an error
    """Raised by a check whose optional tool is missing; the verdict then rests on the other routes."""


@dataclass(frozen=True)
class Evidence:
    """What one check found: whether the sentence it looked at holds, and the numbers if it does not.

    `error_probability` bounds the chance that `holds` is wrongly True; 0 for a decision. A `holds` of False is always
    exact. `counterexample` maps names to exact numbers and matrices that can be pasted into a shell. `unknowns` are
    the names of what was left unknown in the identity that was decided: the evidence is for all their values. `cases`
    counts what was looked at: cases, residuals, questions.

    Raises `StatementError` for a `holds` that is not True or False: 1 and numpy's True are not.
    """

    holds: bool
    detail: str
    error_probability: Fraction = Fraction(0)
    counterexample: Mapping[str, object] | None = None
    unknowns: frozenset[str] = frozenset()
    cases: int = 1

    def __post_init__(self) -> None:
        if not isinstance(self.holds, bool):
            raise StatementError(f"holds = {self.holds!r} ({type(self.holds).__name__}): wanted is True or False")


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
        unknowns=frozenset().union(*(part.unknowns for part in parts)),
        cases=sum(part.cases for part in parts),
    )
