"""The ledger's own tester: statements that must not prove do not, and nothing that raises counts as evidence."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from invariance_proofs.diffcnn.corollary3_a_sign import C3_a, two_by_two
from invariance_proofs.explain import explain
from invariance_proofs.judge import run
from invariance_proofs.matrix import Matrix
from invariance_proofs.outcome import pasteable
from invariance_proofs.statement import (
    Clause,
    Dropped,
    Evidence,
    Method,
    Mutant,
    Paper,
    Route,
    Skipped,
    Statement,
    StatementError,
    Verdict,
    Witness,
    all_of,
)

TRUE, FALSE = Evidence(True, "so it is"), Evidence(False, "it is not")
REFUTED = Evidence(False, "it is not", counterexample={"x": Fraction(1, 2)})
LIKELY = Evidence(True, "at a random point", Fraction(1, 2**60))


def route(evidence: Evidence) -> Route:
    return Route("a route", Method.EXACT, lambda: evidence)


def statement(*routes: Route, **changes: Any) -> Statement:
    fields: dict[str, Any] = {
        "id": "X1",
        "name": "a name",
        "paper": Paper("x", "A paper", "@misc{x}"),
        "source": "a paper",
        "summary": "a line",
        "claim": "a claim",
        "sizes": "all n",
        "verdict": Verdict.PROVED,
        "routes": routes,
        "controls": (Mutant("changed", lambda: FALSE), Witness("possible", lambda: TRUE)),
    }
    return Statement(**fields | changes)


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
    entry = run(statement(route(TRUE), Route("fragile", Method.RING, raises)))
    assert entry.verdict is Verdict.UNKNOWN
    assert entry.reason == "fragile raised ZeroDivisionError: division by zero"
    assert not entry.agreed
    assert "raised ZeroDivisionError" in explain(entry)


def test_a_raising_control_has_not_failed_as_it_must() -> None:
    controls = (Mutant("changed", raises), Witness("possible", lambda: TRUE))
    assert run(statement(route(TRUE), controls=controls)).verdict is Verdict.UNKNOWN


def test_skipped_routes_leave_the_verdict_to_the_others() -> None:
    tool = Route("by a tool", Method.SMT, skips)
    entry = run(statement(route(TRUE), tool))
    assert entry.verdict is Verdict.PROVED
    assert entry.routes[1].skipped
    assert entry.methods == ("exact rationals",)
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
    wrong = Route("wrong exponent", Method.RING, lambda: two_by_two(exponent))
    for routes in ((wrong,), (*C3_a.clauses[0].routes, wrong)):
        assert run(replace(C3_a, clauses=(Clause("law", *routes),))).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "changes",
    [
        {"routes": ()},
        {"controls": ()},
        {"controls": (Mutant("changed", lambda: FALSE),)},
        {"hypotheses": {"x ≠ 0": "x is not 0"}},
        {"correction": "they forgot"},
        {"verdict": Verdict.REFUTED},
        {"verdict": Verdict.CORRECTED},
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
