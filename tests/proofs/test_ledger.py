"""The ledger as a whole: every row comes out as recorded, every control fails as it must, within the time allowed."""

import json
from dataclasses import replace

import pytest
from ledger_once import ledger_entries

from invariance_proofs import ledger
from invariance_proofs.diffcnn import theorem2_d_overlap
from invariance_proofs.entry import Entry
from invariance_proofs.explain import explain
from invariance_proofs.judge import run
from invariance_proofs.statement import Grade, Statement, Verdict

ROWS = [
    "P1",
    "T2.a",
    "T2.b",
    "T2.c",
    "T2.d",
    "T2.e",
    "T2.f",
    "T2.g",
    "T2.h",
    "C3.a",
    "C3.b",
    "C3.c",
    "C4.a",
    "C4.b",
    "C4.c",
    "C4.d",
    "C4.e",
    "C4.f",
]
DIFFCNN = "PTC"
AS_PRINTED = {"T2": Verdict.CORRECTED, "T2.proof": Verdict.REFUTED, "C3": Verdict.CORRECTED, "C4": Verdict.REFUTED}


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return ledger_entries()


def test_every_row_is_there_and_runs_alone(entries: dict[str, Entry]) -> None:
    assert set(ROWS) | set(AS_PRINTED) <= set(entries)
    assert [entry.id for entry in ledger.verify("T2.d")] == ["T2.d"]
    assert [said.id for said in ledger.select("T2.h")] == ["T2.h", "T2.h.order", "T2.h.window"]


def test_order_is_that_of_the_paper() -> None:
    ids = [said.id for said in ledger.statements()]
    diffcnn = [i for i in ids if i[0] in DIFFCNN]
    assert [i for i in diffcnn if i in ROWS] == ROWS
    assert diffcnn.index("T2") < diffcnn.index("T2.a")


@pytest.mark.parametrize("said", ledger.statements(), ids=lambda said: said.id)
def test_entry(said: Statement, entries: dict[str, Entry]) -> None:
    entry = entries[said.id]
    assert entry.agreed, explain(entry)
    for outcome in entry.controls:
        kernels = outcome.skipped and outcome.kind == "mutant"  # of a route that runs on request only
        assert outcome.passed or kernels, outcome.name
        if outcome.kind == "dropped hypothesis":
            assert outcome.evidence
            assert outcome.evidence.counterexample
    if entry.verdict is Verdict.REFUTED:
        assert entry.counterexample


def test_paper_as_printed(entries: dict[str, Entry]) -> None:
    assert {name: entries[name].verdict for name in AS_PRINTED} == AS_PRINTED


def test_json_round_trip(entries: dict[str, Entry]) -> None:
    written = ledger.to_json(entries.values())
    assert json.loads(json.dumps(written)) == written
    assert written["agreed"]
    assert sum(written["verdicts"].values()) == len(entries)
    refuted = next(e for e in written["entries"] if e["id"] == "T2.d")
    assert refuted["counterexample"]["stride"] == 1
    assert {c["kind"] for c in refuted["controls"]} == {"true twin", "hypotheses of", "witness"}
    assert all(c["passed"] for c in refuted["controls"])


def test_explain_has_every_part(entries: dict[str, Entry]) -> None:
    text = explain(entries["T2.d"])
    for part in ("## T2.d", "REFUTED AS STATED", "**Correction.**", "**Routes**", "**Controls**", "**Counterexample**"):
        assert part in text
    assert "**Hypotheses**" in explain(entries["C4.a"])
    assert "**Assumed**" in explain(entries["T2.h"])


def test_unknown_id_lists_those_there_are() -> None:
    with pytest.raises(ledger.UnknownStatementError, match=r"id = 'T9': one of .*T2\.d"):
        list(ledger.verify("T9"))


def test_the_same_id_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(theorem2_d_overlap, "another", replace(theorem2_d_overlap.T2_d, name="other"), raising=False)
    with pytest.raises(ledger.DuplicateStatementError, match=r"T2\.d"):
        ledger.statements()


def test_without_z3_what_rests_on_it_is_unknown_and_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invariance_proofs.routes.smt.find_spec", lambda name: None)
    for label in ("C3.b", "C4.c", "J2", "J2.measure", "J3", "G8.chain", "T2.b", "activation", "circular-stride"):
        (said,) = (said for said in ledger.statements() if said.id == label)
        entry = run(said)
        assert entry.verdict is Verdict.UNKNOWN
        assert entry.missing == "z3 did not run (pip install 'invariance-toolkit[smt]')"
        assert entry.sizes == ""
        assert not said.clauses or "without it the clause “" in entry.reason


def test_what_is_listed_says_why() -> None:
    """No route covers all sizes, none of them fixed by the claim itself: the page says what is in the way."""
    for entry in ledger_entries().values():
        for part in entry.clauses:
            listed = part.grade is not Grade.REFUTED and not part.everywhere and not part.settled
            assert bool(part.clause.why) is listed, f"{entry.id}: {part.clause.text}"
