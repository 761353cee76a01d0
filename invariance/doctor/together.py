"""Changes on top of each other: all of them at once, and then without each that is not needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .case import Case, Outcome
from .remedies import OF_THE_NETWORK, OF_THE_QUESTION, Remedy

__all__ = ["Tried", "together", "tried_on"]


@dataclass(frozen=True)
class Tried:
    """A change, the case after it and what `check` says of that; `share` of the squared error is then gone."""

    remedy: Remedy
    case: Case
    outcome: Outcome
    share: float | None


def tried_on(case: Case, before: Outcome, remedy: Remedy) -> Tried:
    """Make the change and ask again; of another question an error that is only smaller says nothing."""
    made = remedy.made(case)
    after = made.examined(blame=False)
    return Tried(remedy, made, after, after.share_of(before) if remedy.partly or after.holds else None)


def together(case: Case, before: Outcome) -> tuple[Tried, ...]:
    """The changes that are needed and enough, each without which it does not hold; none where all are not enough.

    Two faults may hide each other: filters without symmetry err at every size, so that none looks better than another.
    With all changes made, and then one taken back at a time (delta debugging: Zeller, 1999), no fault hides behind
    another. The first is the one without which the error is largest.
    """
    chosen = [remedies[-1] for family in OF_THE_NETWORK if (remedies := list(family(case, before)))]
    whole = _made(case, chosen)
    outcome = whole.examined()
    if not outcome.holds:
        asked = (remedy for family in OF_THE_QUESTION for remedy in family(whole, outcome))
        last = next((r for r in asked if r.made(whole).examined(blame=False).holds), None)
        if last is None:
            return ()
        chosen.append(last)
    left: dict[Remedy, float] = {}
    for remedy in tuple(chosen):
        others = [each for each in chosen if each is not remedy]
        without = _made(case, others).examined(blame=False)
        if without.holds:
            chosen = others
        else:
            left[remedy] = math.inf if without.error is None else without.error
    steps: list[Tried] = []
    for remedy in sorted(chosen, key=lambda each: -left[each]):
        here, said = (steps[-1].case, steps[-1].outcome) if steps else (case, before)
        steps.append(tried_on(here, said, remedy))
    return tuple(steps)


def _made(case: Case, remedies: Sequence[Remedy]) -> Case:
    for remedy in remedies:
        case = remedy.made(case)
    return case
