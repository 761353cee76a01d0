"""Statements run side by side, each in a process of its own; what comes back is plain data: functions cannot travel.

A check that never ends is stopped, and one that ends its process is told from one that answers.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from invariance_proofs.entry import Entry
from invariance_proofs.evidence import changed
from invariance_proofs.judge import Ran, judge, tried
from invariance_proofs.outcome import Outcome, pasteable
from invariance_proofs.statement import Statement

__all__ = ["can_fork", "forked", "run_all"]


@dataclass
class _Run:
    process: BaseProcess
    answer: Any  # a connection; its type differs between systems
    until: float


def run_all(statements: Sequence[Statement], jobs: int = 1, limit: float | None = None) -> Iterator[Entry]:
    """The entries, in order; one after the other in this process if there is one job and no limit.

    An entry that is not done after `limit` seconds, or whose process ends without an answer, is unknown and says so.
    Where a system cannot fork, all is done in this process, without a limit.
    """
    if (jobs == 1 and limit is None) or not can_fork():
        yield from (judge(statement, tried(statement)) for statement in statements)
        return
    running: dict[int, _Run] = {}
    done: dict[int, Ran] = {}
    try:
        for index in range(len(statements)):
            while index not in done:
                started = max([*running, *done], default=index - 1)
                while len(running) < jobs and (started := started + 1) < len(statements):
                    running[started] = _start(statements[started], limit)
                done |= _finished(statements, running, limit)
            yield judge(statements[index], done[index])
    finally:
        for run in running.values():
            run.process.kill()
            run.process.join()


def can_fork() -> bool:
    """Whether this system can."""
    return "fork" in multiprocessing.get_all_start_methods()


def _start(statement: Statement, limit: float | None) -> _Run:
    process, answer = forked(_send, statement)
    return _Run(process, answer, time.monotonic() + limit if limit else float("inf"))


def forked(send: Callable[[Any, Any], None], given: Any) -> tuple[BaseProcess, Any]:
    """`send(given, there)` in a process of its own, and the connection on which comes what it sends to `there`."""
    fork = multiprocessing.get_context("fork")
    answer, there = fork.Pipe(duplex=False)
    process = fork.Process(target=_alone, args=(send, given, there), daemon=True)
    with warnings.catch_warnings():
        # Another thread, as the one that hears signals, holds no lock that a check asks for.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        process.start()
    there.close()
    return process, answer


def _alone(send: Callable[[Any, Any], None], given: Any, there: Any) -> None:
    signal.set_wakeup_fd(-1)  # the parent's: it hears of its own signals only
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the whole group; the parent ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()  # what was there before lives as long as this process: to look for garbage in it takes time and memory
    send(given, there)


def _finished(statements: Sequence[Statement], running: dict[int, _Run], limit: float | None) -> dict[int, Ran]:
    """What came, if need be after waiting; what is over its time is ended."""
    patience = min(run.until for run in running.values()) - time.monotonic()
    ready = wait([run.answer for run in running.values()], None if patience == float("inf") else max(patience, 0))
    found: dict[int, Ran] = {}
    for index, run in list(running.items()):
        if run.answer in ready:
            found[index] = _received(statements[index], run)
        elif time.monotonic() >= run.until:
            run.process.kill()
            found[index] = _none(statements[index], f"it was not done after {limit:g} s and was stopped (--limit)")
        else:
            continue
        run.process.join()
        run.answer.close()
        del running[index]
    return found


def _received(statement: Statement, run: _Run) -> Ran:
    try:
        answer = run.answer.recv()
    except EOFError:
        run.process.join()
        answer = f"its process ended with status {run.process.exitcode} before it answered"
    return _none(statement, answer) if isinstance(answer, str) else answer


def _none(statement: Statement, why: str) -> Ran:
    """No check has said anything."""
    return Ran(tuple((Outcome(leaf.name, "route", None, error=why), ()) for leaf in statement.leaves), (), why)


def _send(statement: Statement, there: Any) -> None:
    try:
        ran = tried(statement)
        leaves = tuple((_plain(claim), tuple(map(_plain, mutants))) for claim, mutants in ran.leaves)
        there.send(Ran(leaves, tuple(map(_plain, ran.controls))))
    except BaseException as error:
        there.send(f"what it answered cannot be kept ({type(error).__name__}: {error})")


def _plain(outcome: Outcome) -> Outcome:
    if outcome.evidence is None:
        return outcome
    numbers = outcome.evidence.counterexample
    plain = None if numbers is None else pasteable(dict(numbers))
    return replace(outcome, evidence=changed(outcome.evidence, counterexample=plain, about={}))
