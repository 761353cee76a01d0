"""Statements run side by side, each in a process; what comes back is plain data, since functions cannot travel."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from invariance_proofs.judge import Entry, Ran, judge, tried
from invariance_proofs.outcome import Outcome, pasteable
from invariance_proofs.statement import Statement

__all__ = ["run_all"]

_statements: Sequence[Statement] = ()


def run_all(statements: Sequence[Statement], jobs: int = 1) -> Iterator[Entry]:
    """The entries, in order. More than one job needs a system that can fork."""
    if jobs <= 1:
        yield from (judge(statement, tried(statement)) for statement in statements)
        return
    global _statements
    _statements = statements
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        for statement, ran in zip(statements, pool.map(_tried, range(len(statements))), strict=True):
            yield judge(statement, ran)


def _tried(index: int) -> Ran:
    ran = tried(_statements[index])
    leaves = tuple((_plain(claim), tuple(map(_plain, mutants))) for claim, mutants in ran.leaves)
    return Ran(leaves, tuple(map(_plain, ran.controls)))


def _plain(outcome: Outcome) -> Outcome:
    if outcome.evidence is None or outcome.evidence.counterexample is None:
        return outcome
    return replace(
        outcome, evidence=replace(outcome.evidence, counterexample=pasteable(dict(outcome.evidence.counterexample)))
    )
