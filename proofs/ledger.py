"""The ledger: every statement of every paper, found by looking, run on request.

A statement belongs to the ledger by being a module-level name anywhere in a sub-package of this one.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import invariance_proofs
from invariance_proofs.judge import Entry, run
from invariance_proofs.statement import Statement

__all__ = ["DuplicateStatementError", "UnknownStatementError", "select", "statements", "to_json", "verify"]


class UnknownStatementError(ValueError):
    """No statement has this id; the message lists those there are."""


class DuplicateStatementError(ValueError):
    """Two statements claim the same id."""


def statements() -> tuple[Statement, ...]:
    """Every statement, by sub-package and then by id (P1, T2, T2.a, …, C3, …)."""
    found: dict[str, Statement] = {}
    ordered: list[Statement] = []
    for package in pkgutil.iter_modules(invariance_proofs.__path__, "invariance_proofs."):
        if not package.ispkg:
            continue
        here: list[Statement] = []
        for module in pkgutil.iter_modules(importlib.import_module(package.name).__path__, f"{package.name}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Statement) and found.setdefault(value.id, value) is not value:
                    raise DuplicateStatementError(f"id = {value.id}: claimed twice, again in {module.name}")
                if isinstance(value, Statement) and value not in here:
                    here.append(value)
        ordered += sorted(here, key=lambda statement: _natural(statement.id))
    return tuple(ordered)


def select(only: str | None = None) -> tuple[Statement, ...]:
    """All statements, or the one called `only` together with its parts ("T2.h" brings "T2.h.order").

    Raises `UnknownStatementError` if there is none.
    """
    every = statements()
    if only is None:
        return every
    chosen = tuple(s for s in every if s.id == only or s.id.startswith(f"{only}."))
    if not chosen:
        raise UnknownStatementError(f"only = {only!r}: one of {', '.join(s.id for s in every)}")
    return chosen


def verify(only: str | None = None) -> Iterator[Entry]:
    """Run the statements chosen by `select`, one by one as they are asked for; an unknown id raises at once."""
    return map(run, select(only))


def to_json(entries: Iterable[Entry]) -> dict[str, Any]:
    """The ledger as plain data: entries, how many of each verdict, whether all came out as recorded, CPU seconds."""
    done = list(entries)
    return {
        "agreed": all(entry.agreed for entry in done),
        "verdicts": dict(Counter(str(entry.verdict) for entry in done)),
        "seconds": sum(entry.seconds for entry in done),
        "entries": [entry.to_json() for entry in done],
    }


def _natural(label: str) -> list[tuple[int, str]]:
    """P before T before C is the paper's order; within a letter G2 comes before G10."""
    return [(int(part), "") if part.isdigit() else (_PAPER_ORDER.get(part, 0), part) for part in _PARTS.findall(label)]


_PARTS = re.compile(r"\d+|[^\d.]+")
_PAPER_ORDER = {"P": -3, "T": -2, "C": -1}
