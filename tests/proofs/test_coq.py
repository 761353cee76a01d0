"""The machine-checked theories: what counts as checked, and that each one in the ledger is."""

import shutil

import pytest

from invariance_proofs.judge import run
from invariance_proofs.ledger import statements
from invariance_proofs.routes import coq
from invariance_proofs.routes.coq import CoqError, asked_for, assumptions, closed
from invariance_proofs.statement import Method, Route, Skipped, Verdict

needs_coq = pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed")

ROUTES = {f"{s.id}: {r.name}": r for s in statements() for r in s.leaves if r.method is Method.COQ}


def test_some_rows_are_machine_checked():
    assert ROUTES


@needs_coq
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES.keys())
def test_every_theory_is_closed_under_the_global_context(route: Route):
    with asked_for():
        evidence = route.check(**route.data)
    assert evidence.holds
    assert "closed under the global context" in evidence.detail


def test_skipped_unless_asked_for():
    with pytest.raises(Skipped, match="not asked for"):
        closed("C3_a_sign", "determinant_law")


def test_skipped_where_coq_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    with asked_for(), pytest.raises(Skipped, match="coqc is not installed"):
        closed("C3_a_sign", "determinant_law")


def test_the_ledger_stands_without_coq():
    statement = next(s for s in statements() if s.id == "C3.a")
    entry = run(statement)
    assert entry.verdict is Verdict.PROVED
    assert Method.COQ not in entry.methods


@needs_coq
def test_an_axiom_and_an_admitted_lemma_are_seen():
    source = """
        Axiom a : 1 = 2. Theorem b : 1 = 2. Proof. exact a. Qed.
        Lemma c : 1 = 3. Admitted.
        Lemma d : 1 = 1. Proof. easy. Qed."""
    found = assumptions(source, ["b", "c", "d"])
    assert found == {"b": "Axioms: a : 1 = 2", "c": "Axioms: c : 1 = 3", "d": "Closed under the global context"}


@needs_coq
def test_a_theorem_that_rests_on_an_axiom_does_not_hold(tmp_path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "bad.v").write_text("Theorem b : 1 = 2. Admitted.")
    monkeypatch.setattr(coq, "THEORIES", tmp_path)
    with asked_for():
        evidence = closed("bad", "b")
    assert not evidence.holds
    assert "b rests on Axioms: b : 1 = 2" in evidence.detail


@needs_coq
@pytest.mark.parametrize(
    ("source", "message"), [("Theorem a : 1 = 2. Proof. reflexivity. Qed.", "unify"), ("", "not found")]
)
def test_a_wrong_proof_and_a_missing_theorem_are_errors(source: str, message: str):
    with pytest.raises(CoqError, match=message):
        assumptions(source, ["a"])


@needs_coq
def test_a_mutated_theorem_is_rejected():
    source = (coq.THEORIES / "C3_a_sign.v").read_text()
    assert "\\det M ^+ 2 * \\det G" in source
    with pytest.raises(CoqError):
        assumptions(source.replace("\\det M ^+ 2 * \\det G", "\\det M ^+ 3 * \\det G"), ["determinant_law"])
