"""For which sizes a route speaks: read off its data and its evidence, never written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from invariance_proofs.statement import Chain, Clause, Evidence, Route, StatementError

__all__ = ["ALL", "ranges", "sizes", "within"]

ALL = "all"


def ranges(route: Route | Chain, found: Sequence[Evidence]) -> dict[str, Any]:
    """Size ↦ ALL or the tuple of its listed values. In a chain a size is ALL if no step lists it.

    Raises `StatementError` for a size that is neither in a step's data nor an unknown of what it decided.
    """
    where: dict[str, Any] = {}
    for leaf, evidence in zip(route.leaves, found, strict=True):
        for name in leaf.over.split():
            if name in leaf.data:
                where[name] = _listed(leaf.data[name])
            elif name in evidence.unknowns:
                where.setdefault(name, ALL)
            else:
                raise StatementError(f"over = {name!r}: neither in data nor an unknown of what was decided")
    return where


def within(clause: Clause, route: Route | Chain, where: Mapping[str, Any]) -> bool:
    """Whether the route covers all that the clause speaks of."""
    fixed = {leaf.at for leaf in route.leaves} - {"", clause.at}
    every = all(where.get(name) is ALL for name in clause.over.split())
    return every and not fixed and all(values is ALL for values in where.values())


def sizes(route: Route | Chain, where: Mapping[str, Any]) -> str:
    """In words: "all n, K = 1, …, 5, one window"."""
    unknown = [name for name, values in where.items() if values is ALL]
    listed = [f"{name} {_written(values)}" for name, values in where.items() if values is not ALL]
    fixed = dict.fromkeys(leaf.at for leaf in route.leaves if leaf.at)
    return ", ".join([*([f"all {', '.join(unknown)}"] if unknown else []), *listed, *fixed])


def _listed(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else (values,)


def _written(values: tuple[Any, ...]) -> str:
    if (
        all(isinstance(value, int) for value in values)
        and len(values) > 3
        and list(values) == list(range(values[0], values[-1] + 1))
    ):
        return f"= {values[0]}, …, {values[-1]}"
    if len(values) <= 6 and all(isinstance(value, int | str) for value in values):
        return f"= {', '.join(map(str, values))}"
    return f"from a list of {len(values)}"
