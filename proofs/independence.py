"""Which functions a route rests on: two routes that agree say more than one only if they share none."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import partial
from types import CodeType, FunctionType
from typing import Any

from invariance_proofs.route import Chain, Formula, Route

__all__ = ["foundations", "functions"]

foundations = tuple(f"invariance_proofs.{name}" for name in ("matrix", "evidence", "route", "routes", "statement"))
"""What every proof stands on and what is tested by itself; sharing these is no dependence."""


def functions(route: Route | Chain) -> frozenset[FunctionType]:
    """The functions that the route's checks and data can reach by name, foundations aside."""
    found: set[FunctionType] = set()
    for leaf in route.leaves:
        for value in (leaf.check, *leaf.data.values()):
            _follow(value, found)
    return frozenset(found)


def _follow(value: Any, found: set[FunctionType]) -> None:
    for function in _functions_in(value):
        if function not in found and not function.__module__.startswith(foundations):
            found.add(function)
            scope = inspect.getclosurevars(function).nonlocals if function.__closure__ else {}
            for name in _names(function.__code__):
                _follow(scope.get(name, function.__globals__.get(name)), found)
            for inner in scope.values():
                _follow(inner, found)


def _functions_in(value: Any) -> Iterator[FunctionType]:
    if isinstance(value, partial):
        for part in (value.func, *value.args, *value.keywords.values()):
            yield from _functions_in(part)
    elif isinstance(value, Formula):
        yield from _functions_in(value.function)
    elif isinstance(value, FunctionType):
        yield value
    elif inspect.ismethod(value):
        yield from _functions_in(value.__func__)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _functions_in(part)
    elif inspect.isclass(value) and value.__module__.startswith("invariance_proofs."):
        yield from (part for part in vars(value).values() if isinstance(part, FunctionType))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
