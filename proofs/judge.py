"""Runs one statement: every route, mutant and control, and the verdict and grade that follow from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from invariance_proofs.entry import ClauseRun, Entry, RouteRun
from invariance_proofs.independence import functions
from invariance_proofs.outcome import Outcome, attempt
from invariance_proofs.routes.coq import KERNEL
from invariance_proofs.scope import drifted, ranges, sizes, within
from invariance_proofs.statement import (
    Chain,
    Check,
    Clause,
    Control,
    Dropped,
    Grade,
    Method,
    Route,
    Statement,
    StatementError,
    Verdict,
    Witness,
)

__all__ = ["Ran", "judge", "run", "tried"]


@dataclass(frozen=True)
class Ran:
    """What the checks of a statement did: for each route its claim and its mutants, then the other controls.

    `failed` says why there is no answer of any: their process ended, or was ended.
    """

    leaves: tuple[tuple[Outcome, tuple[Outcome, ...]], ...]
    controls: tuple[Outcome, ...]
    failed: str = ""


def run(statement: Statement) -> Entry:
    """Run every check of a statement and judge it.

    A check that raises is never evidence: the entry becomes UNKNOWN and its reason says what was raised.
    """
    return judge(statement, tried(statement))


def tried(statement: Statement) -> Ran:
    """Every route on the claim's data and on its mutants', and every control."""
    leaves = tuple((_claimed(leaf), _mutants(leaf)) for leaf in statement.leaves)
    leaves = tuple(
        (_again(leaf, claim), mutants) for leaf, (claim, mutants) in zip(statement.leaves, leaves, strict=True)
    )
    leaves = tuple((claim, tuple(_opposite(claim, mutant) for mutant in mutants)) for claim, mutants in leaves)
    controls = [_controlled(statement, control) for control in statement.controls]
    controls += _never_met(statement, controls, [claim for claim, _ in leaves])
    if statement.verdict is Verdict.REFUTED:
        controls += [_meets_all(statement, claim) for claim, _ in leaves if claim.evidence and _numbers(claim)]
    return Ran(leaves, tuple(controls))


def judge(statement: Statement, ran: Ran) -> Entry:
    """The verdict and grade that the outcomes force, and why.

    UNKNOWN if anything raised, a control came out wrong or did not run, the routes to a clause disagree, a failing
    claim has no counterexample, a text gives a bound or a count other than what was looked at, or a tool is missing
    without which the recorded grade of a clause is not reached; otherwise the weakest clause decides.
    """
    claims = tuple(claim for claim, _ in ran.leaves)
    controls = (*(mutant for _, mutants in ran.leaves for mutant in mutants), *ran.controls)
    by_leaf = {id(leaf): claim for leaf, claim in zip(statement.leaves, claims, strict=True)}
    clauses = tuple(_clause(part, by_leaf) for part in statement.parts)
    weakest = min(clauses, key=lambda part: part.grade.rank)
    grade, reason, missing = weakest.grade, weakest.reason, ""
    if len(clauses) > 1 and grade is not Grade.UNKNOWN:
        reason = f"the weakest of {len(clauses)} clauses: {reason}"
    fallen = [part for part in clauses if statement.clauses and part.fallen]
    if wrong := ran.failed or _wrong((*claims, *controls)) or next(_drifted(clauses), ""):
        grade, reason = Grade.UNKNOWN, wrong
    elif (fallen or grade.rank < statement.grade.rank) and (lacking := _lacking(statement, claims)):
        missing = f"{lacking[0]} did not run ({lacking[0].tool})"
        without = f"; without it the clause “{fallen[0].clause.told}” is {fallen[0].grade}" if fallen else ""
        grade, reason = Grade.UNKNOWN, f"{missing}{without}"
    elif skipped := [control for control in ran.controls if control.skipped]:
        missing = f"control {skipped[0].name} did not run ({skipped[0].note})"
        grade, reason = Grade.UNKNOWN, missing
    elif fallen and grade is not Grade.UNKNOWN:
        reason = f"{reason}; the clause “{fallen[0].clause.told}” is less firm than recorded: {fallen[0].grade}"
    return Entry(statement, _verdict(statement, grade), grade, reason, clauses, claims, controls, missing, wrong)


def _drifted(clauses: Iterable[ClauseRun]) -> Iterator[str]:
    """What the texts say was looked at, where what ran says otherwise."""
    for part in clauses:
        held = [evidence for ran in part.routes for evidence in ran.found if evidence.holds]
        if held:
            yield from (f"at = {part.clause.at!r}: {why}" for why in drifted(part.clause.at, held))
        for ran in part.routes:
            for leaf, step in zip(ran.route.leaves, ran.steps, strict=True):
                if step.evidence and step.evidence.holds and leaf.method.numbers:
                    found = [step.evidence]
                    yield from (f"{leaf.name}: {why}" for text in (leaf.name, leaf.at) for why in drifted(text, found))


def _lacking(statement: Statement, claims: Sequence[Outcome]) -> list[Method]:
    """The methods that were skipped for want of a tool; those on request only where nothing else is recorded."""
    skipped = [leaf.method for leaf, claim in zip(statement.leaves, claims, strict=True) if claim.skipped]
    nothing_else = statement.grade is Grade.KERNEL or len(skipped) == len(claims)
    return [method for method in skipped if method.tool and (nothing_else or not method.on_request)]


def _verdict(statement: Statement, grade: Grade) -> Verdict:
    named = {Grade.UNKNOWN: Verdict.UNKNOWN, Grade.REFUTED: Verdict.REFUTED, Grade.SAMPLED: Verdict.SAMPLED}
    return named.get(grade, Verdict.CORRECTED if statement.correction else Verdict.PROVED)


def _clause(clause: Clause, by_leaf: Mapping[int, Outcome]) -> ClauseRun:
    routes = tuple(_route(clause, route, by_leaf) for route in clause.routes)
    found = [route for route in routes if route.holds is not None]
    if not found:
        return ClauseRun(clause, routes, Grade.UNKNOWN, "every route was skipped", "")
    if len({route.holds for route in found}) == 2:
        return ClauseRun(clause, routes, Grade.UNKNOWN, "the routes disagree", "")
    if not found[0].holds:
        if any(evidence.counterexample for route in found for evidence in route.found if not evidence.holds):
            return ClauseRun(clause, routes, Grade.REFUTED, "an exact counterexample", clause.at)
        return ClauseRun(clause, routes, Grade.UNKNOWN, "no route proves it and none shows a counterexample", "")
    grade = max((route.grade for route in found), key=lambda grade: grade.rank)
    best = [route for route in found if route.grade is grade]
    scope = "; ".join(dict.fromkeys([*([clause.at] if clause.at else []), *(r.sizes for r in best if r.sizes)]))
    return ClauseRun(clause, routes, grade, _agreement(found), scope)


def _route(clause: Clause, route: Route | Chain, by_leaf: Mapping[int, Outcome]) -> RouteRun:
    steps = tuple(by_leaf[id(leaf)] for leaf in route.leaves)
    ran = RouteRun(route, steps, Grade.UNKNOWN)
    if not ran.holds:
        return ran
    where = ranges(route, ran.found)
    methods = [leaf.method for leaf in route.leaves]
    at_numbers = any(m.numbers for m in methods) or not all(e.general or e.unknowns for e in ran.found)
    if not all(method.exact for method in methods) or any(e.error_probability for e in ran.found):
        grade = Grade.SAMPLED
    elif not clause.finite and (at_numbers or not within(clause, route, where, ran.found)):
        grade = Grade.LISTED
    elif clause.assumed or ran.assumed:
        grade = Grade.MODULO
    else:
        grade = Grade.KERNEL if all(evidence.by == {KERNEL} for evidence in ran.found) else Grade.DECIDED
    return replace(ran, grade=grade, sizes=sizes(route, where))


def _agreement(found: Sequence[RouteRun]) -> str:
    """Two routes agree only if no function is in both."""
    risk = max((e.error_probability for route in found for e in route.found), default=0)
    if all(any(e.error_probability for e in route.found) for route in found):
        return f"wrong with probability ≤ {float(risk):.1e}"
    if len(found) == 1:
        return "one route"
    reached = [functions(route.route) for route in found]
    apart = any(not first & second for first, second in combinations(reached, 2))
    return "two routes that share no function agree" if apart else f"{len(found)} routes, which share functions"


def _wrong(outcomes: Iterable[Outcome]) -> str:
    for outcome in outcomes:
        if outcome.error:
            return f"{outcome.name} {outcome.did}"
        if outcome.passed is False:
            why = f" ({outcome.note})" if outcome.note else ""
            return f"control came out wrong: {outcome.kind} {outcome.name} {outcome.did}{why}"
    return ""


def _claimed(leaf: Route) -> Outcome:
    outcome = attempt(leaf.name, "route", leaf.check, leaf.data)
    if outcome.evidence and outcome.evidence.holds:
        found = outcome.evidence.cases
        if leaf.cases not in (None, found):
            return replace(
                outcome, evidence=None, error=f"StatementError: it looked at {found} cases, not {leaf.cases}"
            )
        try:
            ranges(leaf, [outcome.evidence])
        except StatementError as error:
            return replace(outcome, evidence=None, error=f"StatementError: {error}")
    return outcome


def _again(leaf: Route, claim: Outcome) -> Outcome:
    """Asked a second time, after all else: a check that remembers its calls is none. Only where that takes no time."""
    if claim.evidence is None or claim.seconds > _QUICK:
        return claim
    second = attempt(leaf.name, "route", leaf.check, leaf.data)
    if second.evidence and second.evidence.holds is claim.evidence.holds:
        return claim
    return replace(claim, evidence=None, error=f"StatementError: asked again it {second.did}")


_QUICK = 0.02
"""Seconds: nine of ten of our checks take less, which makes the whole ledger a tenth slower."""


def _mutants(leaf: Route) -> tuple[Outcome, ...]:
    unknown = {name for changes in leaf.mutants.values() for name in changes} - set(leaf.data)
    if unknown:
        error = f"StatementError: changes {', '.join(sorted(unknown))}, which is not in data"
        return (Outcome(leaf.name, "mutant", None, error=error),)
    return tuple(
        attempt(f"{name} [{leaf.name}]", "mutant", leaf.check, {**leaf.data, **changes})
        for name, changes in leaf.mutants.items()
    )


def _opposite(claim: Outcome, mutant: Outcome) -> Outcome:
    if not claim.evidence or mutant.error:
        return mutant
    if not mutant.evidence:
        return replace(mutant, error=f"Skipped where the claim was not: {mutant.note}")
    kind = "mutant" if claim.evidence.holds else "true twin"
    return replace(mutant, kind=kind, passed=mutant.evidence.holds is not claim.evidence.holds)


def _controlled(statement: Statement, control: Control) -> Outcome:
    kind = "dropped hypothesis" if isinstance(control, Dropped) else type(control).__name__.lower()
    outcome = attempt(control.name, kind, control.check, control.data)
    if outcome.evidence is None:
        return outcome
    try:
        passed = control.passed(outcome.evidence)
        if passed and isinstance(control, Witness):
            return _held_against(statement, outcome, control.without, outcome.evidence.about, all_told=False)
    except Exception as error:
        return replace(outcome, evidence=None, error=f"{type(error).__name__}: {error}")
    if passed and isinstance(control, Dropped):
        return _held_against(statement, outcome, control.name, _numbers(outcome))
    return replace(outcome, passed=bool(passed))


def _never_met(statement: Statement, controls: Sequence[Outcome], claims: Sequence[Outcome]) -> list[Outcome]:
    """Each hypothesis that is dropped by a check which no witness, and no route, shows to hold where it is met."""
    held = [
        (control.check, outcome.evidence.about)
        for control, outcome in (
            *((c, o) for c, o in zip(statement.controls, controls, strict=True) if isinstance(c, Witness) and o.passed),
            *zip(statement.leaves, claims, strict=True),
        )
        if outcome.evidence and outcome.evidence.holds
    ]
    return [
        Outcome(control.name, "dropped hypothesis", None, error=f"StatementError: {_MET.format(_named(control.check))}")
        for control, outcome in zip(statement.controls, controls, strict=True)
        if isinstance(control, Dropped) and outcome.passed
        if not any(check is control.check and _meets(statement, control.name, about) for check, about in held)
    ]


_MET = "no Witness through its check `{}` looks at numbers that meet it"


def _named(check: Check) -> str:
    return getattr(check, "__name__", str(check))


def _meets(statement: Statement, name: str, numbers: Mapping[str, object]) -> bool:
    hypothesis = statement.hypotheses[name]
    return hypothesis.told_by(numbers) and hypothesis.holds(numbers)


def _meets_all(statement: Statement, claim: Outcome) -> Outcome:
    return _held_against(statement, replace(claim, kind="hypotheses of", seconds=0.0), "", _numbers(claim))


def _held_against(
    statement: Statement, outcome: Outcome, broken: str, numbers: Mapping[str, object], all_told: bool = True
) -> Outcome:
    """Whether the numbers break the hypothesis `broken` and meet all others, or all others that they tell of."""
    asked = {name: h for name, h in statement.hypotheses.items() if all_told or name == broken or h.told_by(numbers)}
    try:
        met = {name: hypothesis.holds(numbers) for name, hypothesis in asked.items()}
    except Exception as error:
        return replace(outcome, evidence=None, error=f"{type(error).__name__}: {error}")
    wrong = [name for name, held in met.items() if held is (name == broken)]
    whose = "its counterexample" if outcome.evidence and not outcome.evidence.holds else "what it looks at"
    note = f"{whose} {'meets' if wrong == [broken] else 'breaks'} {', '.join(wrong)}" if wrong else ""
    return replace(outcome, passed=not wrong, note=note)


def _numbers(outcome: Outcome) -> Mapping[str, object]:
    return (outcome.evidence and outcome.evidence.counterexample) or {}
