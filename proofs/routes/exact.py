"""Exact comparison at given numbers, and exhaustive checks over finite sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from invariance_proofs.evidence import Evidence, StatementError

__all__ = ["check", "equal", "for_all"]

Case = TypeVar("Case")


def equal(left: object, right: object, /, what: str, **numbers: object) -> Evidence:
    """Whether left = right exactly; if not, `numbers` and both sides are the counterexample.

    >>> equal(2 * 2, 2 + 2, what="2·2 = 2+2").holds
    True
    """
    if left == right:
        return Evidence(True, f"{what} at the given numbers")
    return Evidence(False, f"{what} is false", counterexample={**numbers, "left": left, "right": right})


def check(condition: bool, /, what: str, **numbers: object) -> Evidence:
    """A yes-or-no fact about exact `numbers`, which become the counterexample if it is false."""
    return Evidence(condition, what if condition else f"not so: {what}", counterexample=None if condition else numbers)


def for_all(cases: Iterable[Case], condition: Callable[[Case], bool], /, what: str) -> Evidence:
    """Every case of a finite, non-empty collection; the first that fails is the counterexample."""
    tried = list(cases)
    if not tried:
        raise StatementError(f"{what}: no cases, so nothing was checked")
    for case in tried:
        if not condition(case):
            return Evidence(False, f"{what} is false", counterexample={"case": case})
    return Evidence(True, f"{what}: all {len(tried)} cases", cases=len(tried))
