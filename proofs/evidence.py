"""What a check finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import wraps
from typing import Any, ParamSpec

__all__ = ["RISK", "Evidence", "Skipped", "StatementError", "all_of", "changed", "procedure"]

Arguments = ParamSpec("Arguments")


RISK = Fraction(1, 2**40)
"""The largest error probability that is accepted."""


class StatementError(ValueError):
    """A statement contradicts itself: a route without a mutant, a hypothesis that no control drops, …"""


class Skipped(Exception):  # noqa: N818 - an outcome, not an error
    """Raised by a check whose optional tool is missing; the verdict then rests on the other routes."""


@dataclass(frozen=True)
class Evidence:
    """What one check found: whether the sentence it looked at holds, and the numbers if it does not.

    Attributes:
        holds: True or False itself: 1 and numpy's True are not.
        detail: What was looked at and what came out, in words.
        error_probability: A bound on the chance that `holds` is wrongly True; 0 for a decision. False is always exact.
        counterexample: Names ↦ exact numbers and matrices that can be pasted into a shell.
        unknowns: What was left unknown in the identity that was decided: the evidence is for all their values.
        cases: How many cases, residuals or questions were looked at.
        listed: Size ↦ the values of it that the cases had, in order.
        about: The numbers that a check of given numbers looked at, whatever came out.
        by: The procedures of `routes` that found it; nothing where it was written by hand. No argument sets it.

    Raises `StatementError` for an attribute of another type and an error probability outside [0, 2⁻⁴⁰].
    """

    holds: bool
    detail: str
    error_probability: Fraction = Fraction(0)
    counterexample: Mapping[str, object] | None = None
    unknowns: frozenset[str] = frozenset()
    cases: int = 1
    listed: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    about: Mapping[str, object] = field(default_factory=dict)
    by: frozenset[str] = field(default=frozenset(), init=False, compare=False)

    def __post_init__(self) -> None:
        for name, allowed, wanted in _KINDS:
            value = getattr(self, name)
            if not isinstance(value, allowed):
                kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
                raise StatementError(f"{name} = {str(value)[:60]} ({kind}): wanted is {wanted}")
        if not 0 <= self.error_probability <= RISK:
            raise StatementError(f"error_probability = {self.error_probability}: wanted is a number from 0 to 2⁻⁴⁰")
        if self.cases < 1:
            raise StatementError(f"cases = {self.cases}: wanted is how many were looked at, from 1")
        if odd := [name for name, values in self.listed.items() if not isinstance(values, tuple)]:
            raise StatementError(f"listed: {odd[0]} = {self.listed[odd[0]]!r}: wanted is a tuple of its values")

    @property
    def general(self) -> bool:
        """Whether a procedure of `routes` decided it for unknowns: not at given numbers, and not by its own word."""
        about_numbers = self.by & _AT_NUMBERS or ("vanishes" in self.by and not self.unknowns)
        return bool(self.by) and not about_numbers


_AT_NUMBERS = frozenset({"equal", "check", "for_all", "equal_numbers", "less", "digits"})

_KINDS: tuple[tuple[str, Any, str], ...] = (
    ("holds", bool, "True or False"),
    ("detail", str, "text"),
    ("error_probability", Fraction | int, "a Fraction"),
    ("counterexample", Mapping | None, "a dict of names and numbers, or None"),
    ("unknowns", frozenset, "a frozenset of names"),
    ("cases", int, "a whole number"),
    ("listed", Mapping, "a dict of sizes and their values"),
    ("about", Mapping, "a dict of names and numbers"),
)


def all_of(*parts: Evidence) -> Evidence:
    """The conjunction: holds when every part does; the first counterexample is kept, error probabilities add up.

    It is for all values of unknowns only if every part has some: one about given numbers says nothing of others.
    """
    if not parts:
        raise StatementError("parts = (): a conjunction of nothing proves nothing")
    failed = [part for part in parts if not part.holds]
    whole = Evidence(
        holds=not failed,
        detail="; ".join(part.detail for part in failed or parts),
        error_probability=sum((part.error_probability for part in parts), Fraction(0)),
        counterexample=next((part.counterexample for part in failed if part.counterexample), None),
        unknowns=frozenset().union(*(p.unknowns for p in parts)) if all(p.unknowns for p in parts) else frozenset(),
        cases=sum(part.cases for part in parts),
        listed={
            name: tuple(sorted({value for part in parts for value in part.listed.get(name, ())}))
            for name in dict.fromkeys(name for part in parts for name in part.listed)
        },
        about={name: value for part in parts for name, value in part.about.items()},
    )
    return _marked(whole, frozenset().union(*(p.by for p in parts)) if all(p.by for p in parts) else frozenset())


def procedure(function: Callable[Arguments, Evidence]) -> Callable[Arguments, Evidence]:
    """What the function returns is marked as found by it.

    Raises `StatementError` for a function outside `invariance_proofs.routes`: another prover's word is believed as an
    assumption, which the entry then names.
    """
    if not function.__module__.startswith("invariance_proofs.routes."):
        raise StatementError(
            f"{function.__qualname__}: only the procedures of invariance_proofs.routes mark what they find"
        )

    @wraps(function)
    def marking(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Evidence:
        return _marked(function(*args, **kwargs), frozenset({function.__name__}))

    return marking


def changed(evidence: Evidence, **changes: Any) -> Evidence:
    """The evidence with other numbers to show; who found it stays."""
    return _marked(replace(evidence, **changes), evidence.by)


def _marked(evidence: Evidence, by: frozenset[str]) -> Evidence:
    object.__setattr__(evidence, "by", by)
    return evidence
