"""Entries in processes of their own: one that never ends or leaves is named, and the others are as before."""

import os
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from invariance_proofs.diffcnn.theorem2_d_overlap import T2_d
from invariance_proofs.ledger import DuplicateStatementError, LedgerError, verify
from invariance_proofs.statement import Evidence, Grade, Route, Skipped, Statement, StatementError, Verdict, instead


def endless(k: int = 1) -> Evidence:
    while True:
        pass


def leaves(k: int = 1) -> Evidence:
    os._exit(0)


def interrupts(k: int = 1) -> Evidence:
    raise KeyboardInterrupt


def likely(k: int = 1) -> Evidence:
    return Evidence(k == 1, "as good as certain", Fraction(1, 2))


def loose(k: int = 1) -> Evidence:
    number: Any = 1  # where a bool is asked for
    return Evidence(bool(k), "yes") if k == 1 else Evidence(number, "yes")


def tired(k: int = 1) -> Evidence:
    if k == 2:
        raise Skipped("mutants are too hard")
    return Evidence(True, "yes")


def other(check: object, said: Statement = T2_d) -> Statement:
    route = replace(said.leaves[0], check=check, data={}, mutants=instead("k", 2), cases=None)
    assert isinstance(route, Route)
    texts = dict.fromkeys(("summary", "claim"), "another claim")
    return replace(
        said,
        id="other",
        routes=(route,),
        verdict=Verdict.PROVED,
        grade=Grade.DECIDED,
        correction="",
        hypotheses={},
        **texts,
    )


@pytest.mark.parametrize(
    ("check", "why"),
    [
        (endless, "not done after 1 s and was stopped"),
        (leaves, "ended with status 0 before it answered"),
        (interrupts, "KeyboardInterrupt"),
        (likely, "error_probability = 1/2: wanted is a number from 0 to 2⁻⁴⁰"),
        (loose, "holds = 1 (int): wanted is True or False"),
        (tired, "Skipped where the claim was not: mutants are too hard"),
    ],
)
def test_what_does_not_answer_is_named(check: object, why: str) -> None:
    before, stuck, after = verify([T2_d, other(check), replace(T2_d, id="last")], jobs=2, limit=1)
    assert before.agreed
    assert after.agreed
    assert (stuck.verdict, stuck.agreed) == (Verdict.UNKNOWN, False)
    assert why in stuck.reason


def test_unknown_is_nothing_to_record() -> None:
    with pytest.raises(StatementError, match="what a run says"):
        replace(other(likely), verdict=Verdict.UNKNOWN, grade=Grade.UNKNOWN)


def test_a_system_that_cannot_fork_has_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])
    monkeypatch.setattr("multiprocessing.get_context", lambda method: pytest.fail(method))
    (entry,) = verify([T2_d], jobs=2, limit=1)
    assert entry.agreed


def test_the_answer_is_that_of_one_process() -> None:
    (alone,) = verify([T2_d])
    (apart,) = verify([T2_d], limit=60)
    assert replace_seconds(apart.to_json()) == replace_seconds(alone.to_json())


def replace_seconds(found: object) -> object:
    if isinstance(found, dict):
        return {name: replace_seconds(value) for name, value in found.items() if name != "seconds"}
    return [replace_seconds(item) for item in found] if isinstance(found, list) else found


@pytest.mark.parametrize("only", [5, [1], ["T2.d"], {"a": T2_d}, b"T2.d"])
def test_what_is_no_statement_is_named(only: Any) -> None:
    with pytest.raises(LedgerError, match="only = "):
        verify(only)


@pytest.mark.parametrize("jobs", [-1, 0, "2", 1.5, True])
def test_jobs(jobs: Any) -> None:
    with pytest.raises(LedgerError, match=r"jobs = .*: a whole number from 1"):
        verify([T2_d], jobs=jobs)


def test_once_is_enough() -> None:
    with pytest.raises(DuplicateStatementError, match="claimed twice"):
        verify([T2_d, T2_d])
    assert [entry.id for entry in verify(T2_d)] == ["T2.d"]  # type: ignore[arg-type]
