"""Claims for all sizes, machine-checked by Coq with MathComp: `proofs/coq` holds one file for each row.

These routes are skipped unless they are asked for, since each starts a compiler:

    with asked_for():
        entries = list(verify())
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from invariance_proofs.evidence import Evidence, Skipped

__all__ = ["THEORIES", "CoqError", "asked_for", "assumptions", "closed", "pinned"]

THEORIES = Path(__file__).parents[1] / "coq"
_SECONDS = 120
_CLOSED = "Closed under the global context"
_MARK = "== assumptions =="
_asked = ContextVar("coq", default=False)


class CoqError(ValueError):
    """Coq rejects a theory; the message is its own."""


@contextmanager
def asked_for() -> Iterator[None]:
    """Inside, Coq routes run; outside they are skipped."""
    token = _asked.set(True)
    try:
        yield
    finally:
        _asked.reset(token)


def closed(theory: str, *theorems: str) -> Evidence:
    """Whether `proofs/coq/<theory>.v` compiles and every named theorem rests on no axiom (nothing admitted).

    Raises `Skipped` if Coq was not asked for or is not installed, and `CoqError` if the theory does not compile.
    """
    if not _asked.get():
        raise Skipped("Coq was not asked for")
    found = assumptions((THEORIES / f"{theory}.v").read_text(encoding="utf-8"), theorems)
    resting = {theorem: axioms for theorem, axioms in found.items() if axioms != _CLOSED}
    if resting:
        return Evidence(False, "; ".join(f"{theorem} rests on {axioms}" for theorem, axioms in resting.items()))
    return Evidence(True, f"{', '.join(theorems)} in {theory}.v: {_CLOSED[0].lower()}{_CLOSED[1:]}, Coq {_version()}")


def pinned(theory: str, said: Mapping[str, str]) -> Evidence:
    """Whether the theorems of `proofs/coq/<theory>.v` that `said` names say what it says, and rest on no axiom.

    Coq itself compares: `Check (@name : statement)`. So a theorem with a hypothesis too many is not the one meant.

    Raises `Skipped` and `CoqError` as `closed` does.
    """
    found = closed(theory, *said)
    if not found.holds:
        return found
    checks = "".join(f"Check (@{name} : {statement}).\n" for name, statement in said.items())
    source = (THEORIES / f"{theory}.v").read_text(encoding="utf-8")
    try:
        assumptions(f"{source}\n{checks}", ())
    except CoqError as error:
        return Evidence(False, f"{theory}.v does not say so: {' '.join(str(error).split())[-200:]}")
    unknowns = frozenset(name for text in said.values() for name in _bound(text))
    return Evidence(True, f"as pinned, {found.detail}", unknowns=unknowns)


def _bound(statement: str) -> Iterator[str]:
    """The names that a leading `forall (a b : T) (c : U),` binds."""
    head = statement.partition(",")[0].removeprefix("forall")
    for group in re.findall(r"\(([^:()]+):", head):
        yield from group.split()


def assumptions(source: str, theorems: Sequence[str]) -> dict[str, str]:
    """Compile a theory and let Coq print what each of these theorems assumes, in its own words.

    Raises `Skipped` if Coq or MathComp is not installed, and `CoqError` if Coq rejects the theory or has no such
    theorem.
    """
    if shutil.which("coqc") is None:
        raise Skipped("coqc is not installed")
    queries = "".join(f'Goal True. idtac "{_MARK}". Abort.\nPrint Assumptions {name}.\n' for name in theorems)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "theory.v").write_text(f"{source}\n{queries}", encoding="utf-8")
        done = subprocess.run(
            ["coqc", "-q", "-w", "none", "theory.v"], cwd=folder, capture_output=True, text=True, timeout=_SECONDS
        )
    if "bound to logical path" in done.stderr and "mathcomp" in done.stderr:
        raise Skipped("MathComp is not installed")
    if done.returncode:
        raise CoqError(done.stderr.strip())
    answers = done.stdout.split(_MARK)[1:]
    return {name: " ".join(answer.split()) for name, answer in zip(theorems, answers, strict=True)}


@cache
def _version() -> str:
    return subprocess.run(["coqc", "--print-version"], capture_output=True, text=True, check=True).stdout.split()[0]
