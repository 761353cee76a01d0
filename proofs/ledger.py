"""The ledger: every statement of every paper, found by looking, run on request.

A statement belongs to a ledger by being a module-level name anywhere in its package. Ours is every sub-package here;
other packages join by an entry point of the group `invariance.ledger` whose value is the package's name.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import invariance_proofs
from invariance_proofs.entry import Entry
from invariance_proofs.parallel import run_all
from invariance_proofs.statement import Paper, Statement

__all__ = [
    "DuplicateStatementError",
    "LedgerError",
    "NoStatementError",
    "UnknownStatementError",
    "in_file",
    "in_package",
    "select",
    "statements",
    "to_json",
    "verify",
]

GROUP = "invariance.ledger"


class LedgerError(ValueError):
    """What was asked for is not in a ledger, or is no ledger: the argument, its value, what is wanted."""

    def __init__(self, argument: str, value: str, wanted: str) -> None:
        super().__init__(argument, value, wanted)

    def __str__(self) -> str:
        return "{} = {!r}: {}".format(*self.args)


class UnknownStatementError(LedgerError):
    """No statement has this id; the message lists those there are."""


class DuplicateStatementError(LedgerError):
    """Two statements claim the same id."""


class NoStatementError(LedgerError):
    """A file or package that was asked for holds no statement, or cannot be imported."""


def statements() -> tuple[Statement, ...]:
    """Every statement of ours and of the packages that joined, by paper and then by id (P1, T2, T2.a, …, C3, …)."""
    ours = [p.name for p in pkgutil.iter_modules(invariance_proofs.__path__, "invariance_proofs.") if p.ispkg]
    joined = sorted(point.value for point in entry_points(group=GROUP))
    return _unique(s for name in (*ours, *joined) for s in _found(_modules(importlib.import_module(name))))


def in_package(name: str) -> tuple[Statement, ...]:
    """The statements of a package or module, importable or in the working folder; `NoStatementError` if it has none."""
    try:
        with _importing_from(Path.cwd()):
            found = _unique(_found(_modules(importlib.import_module(name))))
    except LedgerError:
        raise
    except (Exception, SystemExit) as error:
        raise NoStatementError("package", name, f"it cannot be imported ({type(error).__name__}: {error})") from error
    if not found:
        raise NoStatementError("package", name, "no module of it has a Statement(...) at top level")
    return found


def in_file(path: str | Path) -> tuple[Statement, ...]:
    """The statements of one Python file, which may import those beside it.

    Raises `NoStatementError` if it has none or does not run.
    """
    name = f"invariance_claims_{Path(path).stem}"  # hides no other; under it its classes find their module
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise NoStatementError("file", str(path), "a Python file is wanted, such as claims.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        with _importing_from(Path(path).parent):
            spec.loader.exec_module(module)
        found = _unique(_found([module]))
    except LedgerError:
        raise
    except (Exception, SystemExit) as error:
        raise NoStatementError("file", str(path), f"{type(error).__name__}: {error}") from error
    if not found:
        raise NoStatementError("file", str(path), "it has no Statement(...) at top level")
    return found


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """With what is in the folder importable, behind all else: it hides no module."""
    sys.path.append(str(folder.resolve()))
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(str(folder.resolve()))


def select(only: str | None = None, among: Iterable[Statement] | None = None) -> tuple[Statement, ...]:
    """All statements, or one with its parts ("T2.h" brings "T2.h.order"), or a paper's ("gcnn").

    An id is the whole "diffcnn:T2.h", or its second half where only one paper has it.

    Raises `UnknownStatementError` if there is none, or more than one paper has it.
    """
    every = statements() if among is None else tuple(among)
    if only is None:
        return every
    chosen = tuple(s for s in every if only == s.paper.key or _names(only, s.key) or _names(only, s.id))
    if not chosen:
        known = {name.lower(): name for s in every for name in (s.id, s.paper.key)}
        close = [known[name] for name in get_close_matches(only.lower(), known, 5)]
        listed = f"did you mean {', '.join(close)}?" if close else f"one of {', '.join(s.id for s in every)}"
        raise UnknownStatementError("id", only, listed)
    if len(papers := sorted({s.paper.key for s in chosen})) > 1:
        raise UnknownStatementError("id", only, f"one of {', '.join(f'{key}:{only}' for key in papers)}")
    return chosen


def verify(only: str | Iterable[Statement] | None = None, jobs: int = 1, limit: float | None = None) -> Iterator[Entry]:
    """Run these statements, or those chosen by `select`, one by one as they are asked for, `jobs` at a time.

    With a `limit` in seconds an entry that takes longer is unknown, and so is one whose check ends the process.

    Raises `UnknownStatementError`, `DuplicateStatementError` and, for what is no argument of it, `LedgerError` at once.
    """
    if type(jobs) is not int or jobs < 1:
        raise LedgerError("jobs", str(jobs), "a whole number from 1")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int | float) or not limit > 0):
        raise LedgerError("limit", str(limit), "seconds, more than 0, or None")
    if isinstance(only, Statement):
        only = (only,)
    if not (only is None or isinstance(only, str)):
        if isinstance(only, bytes) or not isinstance(only, Iterable):
            raise LedgerError("only", str(only), "an id such as T2.d, or a list of Statements")
        only = tuple(only)
        if stray := [said for said in only if not isinstance(said, Statement)]:
            raise LedgerError("only", str(stray[0]), "a Statement; an id is given alone, not in a list")
        only = _unique(only, again=False)
    return run_all(select(only) if only is None or isinstance(only, str) else only, jobs, limit)


def to_json(entries: Iterable[Entry]) -> dict[str, Any]:
    """The ledger as plain data: entries, how many of each verdict and grade, whether all are agreed, seconds."""
    done = list(entries)
    return {
        "agreed": all(entry.agreed for entry in done),
        "verdicts": dict(Counter(str(entry.verdict) for entry in done)),
        "grades": dict(Counter(str(entry.grade) for entry in done)),
        "seconds": sum(entry.seconds for entry in done),
        "entries": [entry.to_json() for entry in done],
    }


def _modules(module: ModuleType) -> Iterator[ModuleType]:
    yield module
    for inner in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{module.__name__}."):
        yield importlib.import_module(inner.name)


def _found(modules: Iterable[ModuleType]) -> list[Statement]:
    found = (value for module in modules for value in vars(module).values() if isinstance(value, Statement))
    return sorted({id(said): said for said in found}.values(), key=lambda said: _natural(said.id))


def _unique(found: Iterable[Statement], again: bool = True) -> tuple[Statement, ...]:
    """Each once; `again` lets one and the same be found in two places.

    Raises `DuplicateStatementError` for two of one id, or two papers of one key.
    """
    by_key: dict[str, Statement] = {}
    papers: dict[str, Paper] = {}
    for said in found:
        if papers.setdefault(said.paper.key, said.paper) != said.paper:
            raise DuplicateStatementError("paper", said.paper.key, "the key of two papers; give one of them another")
        if (said.key in by_key and not again) or by_key.setdefault(said.key, said) is not said:
            raise DuplicateStatementError("id", said.key, "claimed twice")
    return tuple(by_key.values())


def _names(only: str, label: str) -> bool:
    return label == only or label.startswith(f"{only}.")


def _natural(label: str) -> list[tuple[int, str]]:
    """P before T before C is the paper's order; within a letter G2 comes before G10."""
    return [(int(part), "") if part.isdigit() else (_PAPER_ORDER.get(part, 0), part) for part in _PARTS.findall(label)]


_PARTS = re.compile(r"\d+|[^\d.]+")
_PAPER_ORDER = {"P": -3, "T": -2, "C": -1}
