"""Try the explanations one after the other; where none is enough alone, together; else name the place to blame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from ..checking.variants import check_variants, require_variants
from ..measure.error import Model
from .case import Case, Outcome
from .remedies import REMEDIES, Remedy, last_resort
from .together import Tried, together, tried_on

__all__ = ["Diagnosis", "Tried", "blamed", "diagnose"]

_TELLING = 0.3
"""Of the squared error: a change that takes away less is one of many small ones, not a cause."""


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found.

    Attributes:
        causes: empty for a network that has the symmetry; otherwise the one that accounts for most first.
        place: the layer or line that `check` blames, in its words; empty where it names none.
        tried: every change that could be tried.
        steps: those that mend it, in order; after them `check` says *consistent*. Empty where nothing does.
    """

    case: Case
    before: Outcome
    causes: tuple[str, ...]
    place: str = ""
    tried: tuple[Tried, ...] = ()
    steps: tuple[Tried, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether `check` was *consistent* before any change."""
        return not self.causes and self.before.holds

    @property
    def mended(self) -> Case | None:
        """The case after all steps."""
        return self.steps[-1].case if self.steps else None

    @property
    def first_line(self) -> str:
        """The sentence that names the cause, and the place where one is blamed."""
        if self.healthy:
            return "no cause: it has the symmetry"
        if not self.causes:
            measured = "E is measured; give a tolerance to judge it by"
            return f"no cause found: {measured if self.before.verdict == 'measured' else self.before.verdict}"
        found = f"cause: {self.causes[0]}"
        if len(self.steps) > 1:
            return f"{found}, together with {' and '.join(self.causes[1:])}"
        return f"{found}, {self.place}" if self.place else found

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a file: the verdict before, every change that was tried, and those that mend it."""
        return {
            "kind": "doctor",
            "causes": list(self.causes),
            "place": self.place,
            "verdict": self.before.verdict,
            "error": self.before.error,
            "refusal": self.before.refusal,
            "tried": [_plain(tried) for tried in self.tried],
            "mends": [_plain(tried) for tried in self.steps],
        }

    def __str__(self) -> str:
        lines = [self.first_line]
        if len(self.steps) > 1 and self.place:
            lines.append(f"first broken by {self.place}")
        if not self.causes and self.before.report is not None:
            lines += () if self.healthy else self.before.report.diagnosis
        if self.before.error is not None and not self.healthy:
            lines.append(f"before: E = {self.before.error:.1e}, {self.before.verdict}")
        elif self.before.refusal:
            lines.append(f"before: {self.before.refusal}")
        for step in self.steps:
            error = "" if step.outcome.error is None else f": E = {step.outcome.error:.1e}"
            lines.append(f"change: {step.remedy.change}\nafter{error}, {step.outcome.verdict}")
        if self.causes and not self.steps:
            lines.append("change: none that was tried makes it hold")
        best: dict[str, float] = {}
        for tried in self.tried:
            best[tried.remedy.cause] = max(best.get(tried.remedy.cause, 0.0), tried.share or 0.0)
        if best and not self.healthy:
            told = ", ".join(f"{cause} {share:.0%}" for cause, share in best.items())
            lines.append(f"of the squared error each change alone takes away: {told}")
        return "\n".join(lines)


def _plain(tried: Tried) -> dict[str, Any]:
    return {
        "cause": tried.remedy.cause,
        "change": tried.remedy.change,
        "verdict": tried.outcome.verdict,
        "error": tried.outcome.error,
        "share": tried.share,
    }


def diagnose(model: Model, *, variants: Sequence[str] = (), **options: Any) -> Diagnosis:
    """Why does `model` not have the symmetry that is asked for?

    The first change after which `check` says *consistent* is the explanation; where none is, the one that takes away
    most of the error, and then another. What no change explains is a layer's fault, or that of the code between.

    Args:
        variants: names of `checking.VARIANTS` that are checked where the network itself has the symmetry.
        options: those of `check`.

    Raises:
        ArgumentError: the question makes no sense, for this or any network.
    """
    require_variants(variants)
    return _diagnosed(Case(model, options), variants)


def _diagnosed(case: Case, variants: Sequence[str] = ()) -> Diagnosis:
    before = case.examined()
    if before.holds:
        return _of_variants(case, before, variants)
    tried = _alone(case, before)
    steps = tried[-1:] if tried and tried[-1].outcome.holds else ()
    if not steps and before.error_raised is not None:
        return _once_answered(case, before, tried)
    if steps := steps or together(case, before):
        return Diagnosis(case, before, _causes(step.remedy.cause for step in steps), _place(before), tried, steps)
    if before.verdict != "violated":
        return Diagnosis(case, before, (), tried=tried)
    cause, place = blamed(before, case.model)
    rest = last_resort(case, cause)
    last = None if rest is None else tried_on(case, before, rest)
    partly = [t.remedy.cause for t in sorted(tried, key=lambda t: -(t.share or 0)) if (t.share or 0) > _TELLING]
    steps = (last,) if last is not None and last.outcome.holds else ()
    return Diagnosis(case, before, _causes((cause, *partly)), place, tried, steps)


def _alone(case: Case, before: Outcome) -> tuple[Tried, ...]:
    """Each change by itself, up to the first after which it holds."""
    tried: list[Tried] = []
    for family in REMEDIES:
        for remedy in family(case, before):
            tried.append(tried_on(case, before, remedy))
            if tried[-1].outcome.holds:
                return tuple(tried)
    return tuple(tried)


def _once_answered(case: Case, before: Outcome, tried: tuple[Tried, ...]) -> Diagnosis:
    """A question that is refused until a change is made, which is asked again after it."""
    first = next((t for t in tried if t.outcome.report is not None and t.remedy.partly), None)
    if first is None:
        assert before.error_raised is not None
        raise before.error_raised
    rest = _diagnosed(first.case)
    steps = (first, *rest.steps) if rest.steps else ()
    return Diagnosis(case, before, _causes((first.remedy.cause, *rest.causes)), rest.place, (first, *rest.tried), steps)


def _causes(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _of_variants(case: Case, before: Outcome, variants: Sequence[str]) -> Diagnosis:
    """A compiled, exported or less precise twin that does not keep what the network has."""
    if not variants:
        return Diagnosis(case, before, ())
    found = check_variants(case.model, variants=variants, **case.options)
    broken = [v for v in found.variants if v.verdict == "violated"]
    if not broken:
        return Diagnosis(case, before, ())
    place = ", ".join(f"{v.name} (E = {v.error or 0:.1e})" for v in broken)
    as_it_is = Remedy("variant", "use the network as it is, which has the symmetry", lambda case: case)
    mend = Tried(as_it_is, case, before, 1.0)
    return Diagnosis(case, before, ("variant",), place, steps=(mend,))


def _place(outcome: Outcome) -> str:
    said = outcome.report.diagnosis if outcome.report is not None else ()
    return next((line.removeprefix("first broken by ") for line in said if line.startswith("first broken by ")), "")


def blamed(outcome: Outcome, model: Model) -> tuple[str, str]:
    """What is left to name: a stride, the claim where no layer breaks it, the layer, or the code between."""
    said, place = outcome.report.diagnosis if outcome.report else (), _place(outcome)
    if " mod " in " ".join(said):
        return "size and stride", place
    if "by multiples of its stride" in place:
        return "aliasing", place
    if otherwise := next((line for line in said if line.startswith("no layer breaks it")), ""):
        return "claim", otherwise
    in_code = "the code of" in place or not isinstance(model, nn.Module)
    return ("code" if in_code else "layer"), place or next((line for line in said if "no layer is named" in line), "")
