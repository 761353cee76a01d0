"""The ledger's own tester: statements that must not prove do not, and nothing that raises counts as evidence."""

import sys
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from a_statement import statement

from invariance_proofs.diffcnn.corollary3_a_sign import C3_a, two_by_two
from invariance_proofs.evidence import changed, procedure
from invariance_proofs.explain import explain
from invariance_proofs.judge import run
from invariance_proofs.matrix import Matrix
from invariance_proofs.outcome import pasteable
from invariance_proofs.routes.coq import KERNEL
from invariance_proofs.routes.exact import check, equal
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.statement import (
    Chain,
    Clause,
    Dropped,
    Evidence,
    Grade,
    Hypothesis,
    Method,
    Mutant,
    Route,
    Skipped,
    StatementError,
    Verdict,
    Witness,
    all_of,
)

x, n = unknowns(x=1, n=1)
TRUE, FALSE = vanishes(0 * x, of=x, what="so it is"), Evidence(False, "it is not")
REFUTED = Evidence(False, "it is not", counterexample={"x": Fraction(1, 2)})
LIKELY = Evidence(True, "at a random point", Fraction(1, 2**60))


def route(evidence: Evidence, mutated: Evidence | None = None) -> Route:
    """A route whose claim has this evidence, and its mutant the opposite."""
    opposite = mutated or (FALSE if evidence.holds else TRUE)
    return Route("a route", Method.RING, lambda data=evidence: data, mutants={"changed": {"data": opposite}})


CHANGED: dict[str, dict[str, Any]] = {"changed": {}}


def raises() -> Evidence:
    raise ZeroDivisionError("division by zero")


def skips() -> Evidence:
    raise Skipped("no such tool")


@pytest.mark.parametrize(
    ("routes", "verdict"),
    [
        ([TRUE], Verdict.PROVED),
        ([TRUE, LIKELY], Verdict.PROVED),
        ([LIKELY], Verdict.SAMPLED),
        ([REFUTED, FALSE], Verdict.REFUTED),
        ([FALSE], Verdict.UNKNOWN),
        ([TRUE, REFUTED], Verdict.UNKNOWN),
    ],
)
def test_verdict_follows_from_the_routes(routes: list[Evidence], verdict: Verdict) -> None:
    entry = run(statement(*map(route, routes)))
    assert entry.verdict is verdict
    if verdict is Verdict.PROVED:
        assert entry.reason == ("two routes that share no function agree" if len(routes) == 2 else "one route")


def test_a_correction_makes_it_proved_with_correction() -> None:
    entry = run(statement(route(TRUE), correction="they forgot", verdict=Verdict.CORRECTED))
    assert entry.verdict is Verdict.CORRECTED
    assert entry.agreed


def test_a_raising_route_is_unknown_and_says_so() -> None:
    entry = run(statement(route(TRUE), Route("fragile", Method.RING, raises, mutants=CHANGED)))
    assert entry.verdict is Verdict.UNKNOWN
    assert entry.reason == "fragile raised ZeroDivisionError: division by zero"
    assert not entry.agreed
    assert "raised ZeroDivisionError" in explain(entry)


@pytest.mark.parametrize(("check", "said"), [(lambda: None, "it returned None"), (lambda: sys.exit(0), "SystemExit")])
def test_what_returns_nothing_or_leaves_is_named(check: Any, said: str) -> None:
    entry = run(statement(Route("strange", Method.RING, check, mutants={"none": {}})))
    assert entry.verdict is Verdict.UNKNOWN
    assert said in entry.reason


def test_a_raising_control_has_not_failed_as_it_must() -> None:
    controls = (Mutant("changed", raises), Witness("possible", lambda: TRUE))
    assert run(statement(route(TRUE), controls=controls)).verdict is Verdict.UNKNOWN


def test_skipped_routes_leave_the_verdict_to_the_others() -> None:
    tool = Route("by a tool", Method.SMT, skips, mutants=CHANGED)
    entry = run(statement(route(TRUE), tool))
    assert entry.verdict is Verdict.PROVED
    assert entry.routes[1].skipped
    assert entry.methods == ("ring normal form",)
    assert "skipped, no such tool" in explain(entry)
    assert run(statement(tool)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "control",
    [Mutant("proves", lambda: TRUE), Mutant("may prove", lambda: LIKELY), Witness("impossible", lambda: REFUTED)],
)
def test_a_control_that_comes_out_wrong_is_unknown(control: Mutant | Witness) -> None:
    good = (Mutant("changed", lambda: FALSE), Witness("possible", lambda: TRUE))
    entry = run(statement(route(TRUE), controls=(*good, control)))
    assert entry.verdict is Verdict.UNKNOWN
    assert control.name in entry.reason


@pytest.mark.parametrize(("evidence", "passed"), [(REFUTED, True), (FALSE, False), (TRUE, False)])
def test_a_dropped_hypothesis_needs_a_counterexample(evidence: Evidence, passed: bool) -> None:
    assert Dropped("x ≠ 0", lambda: evidence).passed(evidence) is passed


@pytest.mark.parametrize("exponent", [0, 1, 3])
def test_a_planted_exponent_does_not_prove(exponent: int) -> None:
    wrong = Route("wrong exponent", Method.RING, two_by_two, {"exponent": exponent}, {"right": {"exponent": 2}})
    for routes in ((wrong,), (*C3_a.clauses[0].routes, wrong)):
        said = replace(C3_a, summary="the law", claim="the law", clauses=(Clause("law", *routes),))
        assert run(said).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "changes",
    [
        {"routes": ()},
        {"controls": ()},
        {"controls": (Mutant("changed", lambda: FALSE),)},
        {"hypotheses": {"x ≠ 0": Hypothesis("x is not 0", lambda x: x != 0)}},
        {"hypotheses": {"x ≠ 0": "x is not 0"}},
        {"routes": (Route("without a mutant", Method.RING, lambda: TRUE),)},
        {"correction": "they forgot"},
        {"verdict": Verdict.REFUTED},
        {"verdict": Verdict.CORRECTED},
        {"routes": (), "clauses": (Clause("one", route(TRUE)),), "assumed": ("a limit that no clause takes",)},
        {"finite": True, "at": "n ≤ 5"},
        {"finite": True, "over": "n"},
    ],
)
def test_contradictory_statements_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(StatementError, match="X1"):
        statement(route(TRUE), **changes)


def test_a_control_for_an_unknown_hypothesis_is_refused() -> None:
    good = statement(route(TRUE)).controls
    with pytest.raises(StatementError, match="must be dropped"):
        statement(route(TRUE), controls=(*good, Dropped("x ≠ 0", lambda: REFUTED)))


def test_all_of() -> None:
    both = all_of(LIKELY, LIKELY)
    assert both.holds
    assert both.error_probability == Fraction(1, 2**59)
    assert all_of(TRUE, REFUTED, FALSE).counterexample == {"x": Fraction(1, 2)}
    assert not all_of(TRUE, FALSE).holds
    with pytest.raises(StatementError, match="nothing"):
        all_of()


def test_pasteable_numbers() -> None:
    numbers = {"M": Matrix.of([[1, Fraction(1, 2)]]), "f": {(0, 1): Fraction(4, 2)}, "t": (1, None)}
    assert pasteable(numbers) == {"M": [[1, "1/2"]], "f": {"(0, 1)": 2}, "t": [1, None]}
    text = explain(run(statement(route(replace(REFUTED, counterexample=numbers)))))
    assert "M = [[1, 1/2]]\nf = {(0, 1): 2}\n" in text


def test_explain_tells_when_the_recorded_verdict_differs() -> None:
    assert "recorded verdict is **PROVED**" in explain(run(statement(route(REFUTED))))


def proves(evidence: Evidence, **changes: Any) -> Route:
    return replace(route(evidence), **changes)


def listed(n: tuple[int, ...]) -> Evidence:
    return Evidence(max(n) < 5, "n < 5")


KNOWN = vanishes(0 * n, of=n, what="so it is")
TOLD = Evidence(True, "my prover says so", unknowns=frozenset({"n"}))
CHECKED = changed(KNOWN)
object.__setattr__(CHECKED, "by", frozenset({KERNEL}))  # as if Coq had run
NUMBERS = equal(2 * 2, 2 + 2, what="n² = 2n")


@pytest.mark.parametrize(
    ("route", "grade", "sizes"),
    [
        (proves(KNOWN, over="n"), Grade.DECIDED, "all n"),
        (proves(KNOWN), Grade.LISTED, ""),
        (proves(KNOWN, over="n", at="C = 3"), Grade.LISTED, "all n, C = 3"),
        (proves(KNOWN, over="n", assumed=("a limit",)), Grade.MODULO, "all n"),
        (proves(KNOWN, over="n", method=Method.EXHAUSTIVE), Grade.LISTED, "all n"),
        (proves(KNOWN, over="n", method=Method.COQ), Grade.DECIDED, "all n"),
        (proves(CHECKED, over="n", method=Method.COQ), Grade.KERNEL, "all n"),
        (proves(TOLD, over="n", method=Method.COQ), Grade.MODULO, "all n"),
        (proves(TOLD, over="n", method=Method("my prover")), Grade.MODULO, "all n"),
        (proves(NUMBERS, method=Method.RING), Grade.LISTED, ""),
        (
            Route("listed", Method.RING, listed, {"n": (1, 2, 3, 4)}, {"5": {"n": (5,)}}, "n"),
            Grade.LISTED,
            "n = 1, …, 4",
        ),
    ],
)
def test_scope_and_grade_are_computed(route: Route, grade: Grade, sizes: str) -> None:
    entry = run(statement(route, over="n"))
    assert (entry.grade, entry.sizes) == (grade, sizes)


def test_what_is_not_found_by_a_procedure_is_named() -> None:
    entry = run(statement(proves(TOLD, over="n"), over="n", grade=Grade.MODULO))
    assert entry.agreed
    assert entry.assumed == ("“a route” (ring normal form) is right: no procedure of the ledger has found it",)
    assert entry.assumed[0] in explain(entry)
    assert not run(statement(proves(KNOWN, over="n"), over="n")).assumed


def test_no_argument_says_who_found_it() -> None:
    flags: dict[Any, dict[str, Any]] = {Method: {"kernel": True}, Evidence: {"by": frozenset({KERNEL})}}
    for kind, flag in flags.items():
        with pytest.raises(TypeError, match=next(iter(flag))):
            kind("strange", **flag)
    with pytest.raises(StatementError, match="only the procedures of"):
        procedure(lambda: TRUE)
    assert all_of(KNOWN, TRUE).by == {"vanishes"}
    assert not all_of(KNOWN, TOLD).by


def test_a_check_that_remembers_its_calls_is_noticed() -> None:
    calls: list[int] = []

    def first(k: int = 1) -> Evidence:
        calls.append(k)
        return KNOWN if len(calls) == 1 else FALSE

    entry = run(statement(Route("the first time", Method.RING, first, mutants={"k = 2": {"k": 2}})))
    assert entry.verdict is Verdict.UNKNOWN
    assert "asked again it fails" in entry.reason


def test_all_is_said_of_unknowns_only() -> None:
    entry = run(statement(proves(TRUE, over="n"), over="n"))
    assert entry.verdict is Verdict.UNKNOWN
    assert "over = 'n': neither in data nor looked at nor an unknown" in entry.reason
    with pytest.raises(StatementError, match="what is fixed is not"):
        proves(TRUE, at="all n")


def test_a_kernel_may_say_more_than_is_recorded_and_no_other_may() -> None:
    for evidence, agreed in ((CHECKED, True), (KNOWN, False), (TOLD, False)):
        routes = (proves(KNOWN), proves(evidence, over="n", method=Method.COQ))
        entry = run(statement(over="n", routes=routes, grade=Grade.LISTED))
        assert (entry.agreed, bool(entry.fixed)) == (agreed, False)


def test_a_kernel_that_was_not_asked_is_a_missing_tool() -> None:
    alone = Route("Coq alone", Method.COQ, skips, mutants={"changed": {}})
    for routes in ((alone,), (proves(KNOWN, over="n"), alone)):
        entry = run(statement(over="n", routes=routes, grade=Grade.KERNEL))
        assert entry.missing == f"Coq did not run ({Method.COQ.tool})"


def test_the_weakest_clause_decides() -> None:
    clauses = (Clause("exact", route(TRUE)), Clause("on numbers", replace(route(TRUE), method=Method.EXACT)))
    entry = run(statement(clauses=clauses, routes=()))
    assert entry.grade is Grade.LISTED
    assert entry.reason.startswith("the weakest of 2 clauses")
    assert not entry.agreed


def test_a_chain_holds_when_every_step_does() -> None:
    assert run(statement(Chain("two steps", route(TRUE), route(TRUE)))).verdict is Verdict.PROVED
    assert run(statement(Chain("two steps", route(TRUE), route(FALSE)))).verdict is Verdict.UNKNOWN


def test_a_route_that_nods_is_named_with_what_it_did() -> None:
    entry = run(statement(route(TRUE, mutated=TRUE)))
    assert entry.verdict is Verdict.UNKNOWN
    assert entry.reason == "control came out wrong: mutant changed [a route] holds, so it is: normal form 0, 1 times"


NOT_ZERO = Hypothesis("x ≠ 0", lambda x: x != 0)
POSITIVE = Hypothesis("y > 0", lambda y: y > 0)


def said_of(numbers: dict[str, int], so: bool = False) -> Evidence:
    return check(so, "so it is", **numbers)


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ({"x": 0, "y": 1}, ""),
        ({"x": 1, "y": 1}, "its counterexample meets x"),
        ({"x": 0, "y": 0}, "its counterexample breaks y"),
        ({"x": 0}, "the counterexample does not say y"),
    ],
)
def test_a_dropped_hypothesis_is_the_one_that_is_broken(numbers: dict[str, int], why: str) -> None:
    dropped = Dropped("x", said_of, {"numbers": numbers})
    other = Dropped("y", said_of, {"numbers": {"x": 1, "y": 0}})
    controls = (dropped, other, Witness("possible", said_of, {"numbers": {"x": 1, "y": 1}, "so": True}))
    entry = run(statement(route(TRUE), hypotheses={"x": NOT_ZERO, "y": POSITIVE}, controls=controls))
    assert entry.agreed is (not why)
    assert why in entry.reason


@pytest.mark.parametrize(("x", "agreed"), [(1, True), (0, False)])
def test_what_refutes_meets_the_hypotheses(x: int, agreed: bool) -> None:
    refuting = replace(FALSE, counterexample={"x": x})
    changes = {"verdict": Verdict.REFUTED, "grade": Grade.REFUTED, "correction": "it is false"}
    assert run(statement(route(refuting), hypotheses={"x": NOT_ZERO}, **changes)).agreed is agreed


def test_a_recorded_verdict_is_the_one_that_comes_out() -> None:
    """What is likely is no proof, though its grade be recorded as it is."""
    likely = statement(route(LIKELY), grade=Grade.SAMPLED)
    assert run(likely).grade is likely.grade
    assert not run(likely).agreed
    assert run(replace(likely, verdict=Verdict.SAMPLED)).agreed


def test_what_a_route_is_called_decides_nothing() -> None:
    """One case looked at is one case, whatever the method says."""
    entry = run(statement(route(equal(1, 1, what="1 = 1"))))
    assert entry.grade is Grade.LISTED
    assert not entry.agreed
