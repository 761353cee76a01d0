"""Exact comparison at given numbers, and exhaustive checks over finite sets."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from invariance_proofs.evidence import Evidence, StatementError, procedure

__all__ = ["check", "equal", "for_all", "written"]

Case = TypeVar("Case")


@procedure
def equal(left: object, right: object, /, what: str, **numbers: object) -> Evidence:
    """Whether left = right exactly; if not, `numbers` and both sides are the counterexample.

    >>> equal(2 * 2, 2 + 2, what="2·2 = 2+2").holds
    True
    """
    if left == right:
        return Evidence(True, f"{what} at the given numbers", about=numbers)
    return Evidence(False, f"{what} is false", counterexample={**numbers, "left": left, "right": right}, about=numbers)


@procedure
def check(condition: bool, /, what: str, **numbers: object) -> Evidence:
    """A yes-or-no fact about exact `numbers`, which become the counterexample if it is false."""
    if condition:
        return Evidence(condition, what, about=numbers)
    return Evidence(condition, f"not so: {what}", counterexample=numbers, about=numbers)


@procedure
def for_all(
    cases: Iterable[Case],
    condition: Callable[[Case], bool],
    /,
    what: str,
    sizes: Callable[[Case], Mapping[str, Any]] | None = None,
) -> Evidence:
    """Every case of a finite, non-empty collection; the first that fails is the counterexample.

    The values that the cases had are told and kept, by the names that `what` begins with, "(n, A): …" for pairs and
    "n: …" for single ones; where a case is something else, `sizes` reads them off it.

    >>> for_all([(1, 2), (2, 3)], lambda c: c[0] < c[1], "(n, m): n < m").detail
    '(n, m): n < m: all 2 cases, n = 1, 2, m = 2, 3'
    """
    tried = list(cases)
    if not tried:
        raise StatementError(f"{what}: no cases, so nothing was checked")
    if again := _repeated(tried):
        raise StatementError(f"{what}: {again[0]} occurs twice among the cases")
    found = _values(_named(what, tried) if sizes is None else _told(sizes, tried))
    listed = {name: tuple(sorted(vs)) for name, vs in found.items() if all(type(v) is int for v in vs)}
    for case in tried:
        if not condition(case):
            return Evidence(False, f"{what} is false", counterexample={"case": case}, listed=listed)
    sized = [
        f"{name} = {written(listed[name])}" if name in listed else f"{len(vs)} {name}" for name, vs in found.items()
    ]
    detail = ", ".join([f"{what}: all {len(tried)} cases", *sized])
    return Evidence(True, detail, listed=listed, cases=len(tried), about={"case": tried[0]})


def written(values: tuple[int, ...]) -> str:
    """ "1, …, 9" for whole numbers without a gap, "2, 4, 8" for up to six, else the ends and how many."""
    if len(values) > 3 and len(values) == values[-1] - values[0] + 1:
        return f"{values[0]}, …, {values[-1]}"
    return ", ".join(map(str, values)) if len(values) <= 6 else f"{values[0]}, …, {values[-1]} ({len(values)} values)"


def _named(what: str, cases: Sequence[Any]) -> Mapping[str, Sequence[Any]]:
    """The cases by the names that `what` begins with, "((n, s), k): "; nothing of those that they do not fit."""
    head = re.match(r"(\(.*?\)|\w+): ", what)
    try:
        names = ast.parse(head[1], mode="eval").body if head else None
    except SyntaxError:
        names = None
    return dict(_columns(names, cases))


def _columns(names: ast.expr | None, cases: Sequence[Any]) -> Iterator[tuple[str, Sequence[Any]]]:
    if isinstance(names, ast.Name):
        yield names.id, cases
    elif isinstance(names, ast.Tuple):
        fitting = [case for case in cases if isinstance(case, tuple | list) and len(case) == len(names.elts)]
        for inner, *column in zip(names.elts, *fitting, strict=True):
            if column:
                yield from _columns(inner, column)


def _told(sizes: Callable[[Any], Mapping[str, Any]], cases: Sequence[Any]) -> Mapping[str, Sequence[Any]]:
    columns: dict[str, list[Any]] = {}
    for case in cases:
        for name, value in sizes(case).items():
            columns.setdefault(name, []).append(value)
    return columns


def _repeated(cases: list[Any]) -> list[Any]:
    """Those that are in the list a second time, of what can be in a set."""
    seen: set[Any] = set()
    try:
        return [case for case in cases if case in seen or seen.add(case)]
    except TypeError:
        return []


def _values(columns: Mapping[str, Sequence[Any]]) -> dict[str, set[Any]]:
    """Each name's values, once each; those that cannot be in a set as they are written."""
    return {name: set(map(_hashable, column)) for name, column in columns.items()}


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return str(value)
    return value
