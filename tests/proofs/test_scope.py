"""All is said of what is unknown in the question, and bounds and counts in texts are those of what ran."""

from typing import Any

import pytest
from a_statement import statement

from invariance_proofs.judge import run
from invariance_proofs.ledger import statements
from invariance_proofs.routes.exact import check, equal, for_all
from invariance_proofs.routes.identity import unknowns, vanishes
from invariance_proofs.routes.smt import impossible
from invariance_proofs.statement import (
    Chain,
    Dropped,
    Evidence,
    Hypothesis,
    Method,
    Route,
    StatementError,
    Verdict,
    Witness,
    all_of,
    instead,
)


def route(check: Any, method: Method = Method.RING, over: str = "n", at: str = "") -> Route:
    return Route("a route", method, check, mutants=instead("k", 3), over=over, at=at)


def multiplied_by_zero(k: int = 2) -> Evidence:
    """n² = 2n for all n, by a symbol that never enters."""
    (n,) = unknowns(n=1)
    return vanishes(0 * n + (k - 2), what="n² = kn")


def cancelled(k: int = 2) -> Evidence:
    (n,) = unknowns(n=1)
    return vanishes((n - n) + (k - 2), what="n² = kn")


def pinned(k: int = 2) -> Evidence:
    return impossible(lambda n: [n == 2, n * n != k * n], "n", what="n² = kn")


def bounded(k: int = 2) -> Evidence:
    return impossible(lambda n: [n >= -1, n <= 1, n * n > k - 1], "n", what="n² ≤ k − 1")


def beside(k: int = 2) -> Evidence:
    (n,) = unknowns(n=1)
    return all_of(vanishes(n * (k - 2), what="n"), vanishes(2 * 2 - 2 * k, what="at 2"))


@pytest.mark.parametrize(
    ("check", "method"),
    [
        (multiplied_by_zero, Method.RING),
        (cancelled, Method.RING),
        (beside, Method.RING),
        (pinned, Method.SMT),
        (bounded, Method.SMT),
    ],
)
def test_all_n_is_not_had_for_nothing(check: Any, method: Method) -> None:
    entry = run(statement(route(check, method), over="n"))
    assert not entry.agreed
    assert "over = 'n': neither in data nor looked at nor an unknown" in entry.reason


def through_an_integral(told: bool = True) -> Evidence:
    """∫₀¹ 2nx dx = n: once n is integrated out of both sides, only `of` tells that it was there."""
    n, x = unknowns(n=1, x=1)
    moved = 2 * n * x
    left = moved.ring.from_dict({(1, 0): 1, (0, 0): 0})  # by hand: the integral, no arithmetic
    return vanishes(left - left, what="∫ 2nx dx = n", of=moved if told else ())


def test_what_went_into_an_integral_is_told() -> None:
    assert through_an_integral().unknowns == {"n", "x"}
    assert through_an_integral(told=False).unknowns <= {"n"}


def symbolic(k: int = 2) -> Evidence:
    (n,) = unknowns(n=1)
    return vanishes((n + 1) ** 2 - n**2 - k * n - 1, what="a square")


def at_two(k: int = 2) -> Evidence:
    return vanishes(2**2 - 2 * k, what="n = 2: n² = 2n")


def test_a_step_at_given_numbers_does_not_ride_on_another() -> None:
    """One step has n, the step that decides looks at n = 2."""
    assert not run(statement(Chain("two steps", route(symbolic), route(at_two, over="")), over="n")).agreed
    assert run(statement(Chain("two steps", route(symbolic), route(symbolic)), over="n")).sizes == "all n"


def test_what_z3_is_asked_can_be_met() -> None:
    with pytest.raises(StatementError, match="contradicts itself"):
        impossible(lambda n: [n > 1, n < 0, n > 5], "n", what="nothing")
    with pytest.raises(StatementError, match="nothing can deny this"):
        impossible(lambda n: [n > 1, n != n], "n", what="nothing")
    free = impossible(lambda n, m: [n >= 1, m == 2 * n, m < n], "n m", what="2n ≥ n")
    assert free.unknowns == {"n", "m"}
    beside = impossible(lambda n, m: [n >= 1, m >= 1, m < 0], "n m", what="m ≥ 0, which is not said of n")
    assert beside.unknowns == {"m"}


POSITIVE = {"x": Hypothesis("x > 0", lambda x: x > 0)}


def of(x: int, y: int = 0) -> Evidence:
    return check(x + y > 0, "x + y is positive", x=x, y=y)


def silent(x: int = 1) -> Evidence:
    return check(x > 0, "x is positive")


@pytest.mark.parametrize(
    "witness",
    [
        Witness("through another check", lambda: equal(1, 1, what="1 = 1", x=1)),
        Witness("that says nothing of x", silent),
        Witness("that breaks it", of, {"x": -1, "y": 2}, without="x"),
    ],
)
def test_a_dropped_hypothesis_could_have_held(witness: Witness) -> None:
    """Else a control that fails whatever it looks at passes for one that needs the hypothesis."""
    controls = (witness, Dropped("x", of, {"x": -1}))
    entry = run(statement(route(symbolic), over="n", hypotheses=POSITIVE, controls=controls))
    assert "x raised StatementError: no Witness through its check `of` looks at numbers that meet it" in entry.reason


def listed(most: int = 4, k: int = 2) -> Evidence:
    cases = [(n, (m, "a")) for n in range(1, most + 1) for m in (2, 5)]
    return for_all(cases, lambda c: k == 2, "(n, (m, A)): something")


def test_sizes_are_those_of_the_cases() -> None:
    assert listed().detail == "(n, (m, A)): something: all 8 cases, n = 1, …, 4, m = 2, 5, 1 A"
    entry = run(statement(route(listed, Method.EXHAUSTIVE, over="n m"), over="n m"))
    assert entry.sizes == "n = 1, …, 4, m = 2, 5"


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("n ≤ 4", ""),
        ("n ≤ 4, m ≤ 5, one window", ""),
        ("n ≤ 9", "“n ≤ 9”: n went to 4"),
        ("n and m ≤ 4", "“m ≤ 4”: m went to 5"),
        ("k ≤ 4", "nothing tells how far k went"),
        ("12 windows", "“12 …”: what ran has no such number"),
    ],
)
def test_a_text_says_what_was_looked_at(at: str, why: str) -> None:
    entry = run(statement(route(listed, Method.EXHAUSTIVE, over="", at=at)))
    assert why in entry.reason
    assert (entry.verdict is Verdict.UNKNOWN) is bool(why)


def test_every_list_of_ours_says_how_long_it_is() -> None:
    """Otherwise a list that loses cases, or a conjunction that loses a part, is not noticed."""
    for said in statements():
        for leaf in said.leaves:
            if leaf.cases is None and not leaf.method.on_request:
                found = leaf.check(**leaf.data)
                assert found.cases == 1 or not found.holds, f"{said.id}, {leaf.name}: cases={found.cases}"


@pytest.mark.parametrize(
    ("witness", "why"),
    [
        (Witness("one", of, {"x": 1}), ""),
        (Witness("minus one", of, {"x": -1, "y": 2}), "what it looks at breaks x"),
        (Witness("minus one, and yet", of, {"x": -1, "y": 2}, without="x"), ""),
        (Witness("no exception", of, {"x": 1}, without="x"), "what it looks at meets x"),
        (Witness("of other numbers", lambda: equal(1, 1, what="1 = 1", z=1)), ""),
    ],
)
def test_a_witness_meets_the_hypotheses(witness: Witness, why: str) -> None:
    controls = (witness, Dropped("x", of, {"x": -1}), Witness("three", of, {"x": 3}))
    entry = run(statement(route(symbolic), over="n", hypotheses=POSITIVE, controls=controls))
    assert why in entry.reason
    assert entry.agreed is (not why)
