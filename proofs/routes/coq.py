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
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from invariance_proofs.evidence import Evidence, Skipped, procedure

__all__ = ["KERNEL", "THEORIES", "CoqError", "asked_for", "assumptions", "closed", "pinned"]

THEORIES = Path(__file__).parents[1] / "coq"
_SECONDS = 600
"""What `verify --coq` gives an entry: ours compile in seconds, and a busy machine is no reason to doubt them."""
KERNEL = "pinned"
"""The procedure whose evidence a kernel has checked, word for word: `closed` knows a theorem by its name alone."""
_CLOSED = "Closed under the global context"
_MARK = "== assumptions =="
_asked = ContextVar("coq", default=False)
_NOTHING: Mapping[str, str] = MappingProxyType({})


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


def closed(theory: str, *theorems: str, then: str = "") -> Evidence:
    """Whether `proofs/coq/<theory>.v` compiles and every named theorem rests on no axiom (nothing admitted).

    `then` is compiled behind the theory. Raises `Skipped` if Coq was not asked for or is not installed, and `CoqError`
    if something does not compile.
    """
    if not _asked.get():
        raise Skipped("Coq was not asked for")
    source = (THEORIES / f"{theory}.v").read_text(encoding="utf-8")
    found = assumptions(f"{source}\n{then}", theorems)
    resting = {theorem: axioms for theorem, axioms in found.items() if axioms != _CLOSED}
    if resting:
        return Evidence(False, "; ".join(f"{theorem} rests on {axioms}" for theorem, axioms in resting.items()))
    detail = f"{', '.join(theorems)} in {theory}.v: {_CLOSED[0].lower()}{_CLOSED[1:]}, Coq {_version()}"
    return Evidence(True, detail, cases=len(theorems))


@procedure
def pinned(theory: str, said: Mapping[str, str], defined: Mapping[str, str] = _NOTHING) -> Evidence:
    """Whether the theorems of `proofs/coq/<theory>.v` that `said` names say what it says, and rest on no axiom.

    Coq itself compares: `Check (@name : statement)`, so a theorem with a hypothesis too many is not the one meant; and
    `Check (eq_refl : @name = term)` for what is `defined`, so neither is one about a word that means nothing.

    Raises `Skipped` and `CoqError` as `closed` does.
    """
    checks = [f"Check (@{name} : {statement})." for name, statement in said.items()]
    checks += [f"Check (Logic.eq_refl : @{name} = ({term}))." for name, term in defined.items()]
    try:
        found = closed(theory, *said, then="\n".join(checks))
    except CoqError as error:
        closed(theory, *said)  # raises if it is the theory itself that is rejected
        return Evidence(False, f"{theory}.v does not say so: {' '.join(str(error).split())[-200:]}")
    unknowns = frozenset(name for text in said.values() for name in _bound(text))
    return replace(found, detail=f"as pinned, {found.detail}", unknowns=unknowns) if found.holds else found


def _bound(statement: str) -> Iterator[str]:
    """The names that `forall (a b : T) (c : U),` binds outside all brackets, where it speaks of everything."""
    bare = statement
    while (shorter := re.sub(r"\((?![^():]+:[^()]*\))[^()]*\)", "", bare)) != bare:
        bare = shorter
    for head in re.findall(r"forall ([^,]*),", bare):
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
