"""For which sizes a route speaks: read off its data and its evidence, never written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from invariance_proofs.evidence import Evidence, StatementError
from invariance_proofs.route import Chain, Route
from invariance_proofs.routes.exact import written
from invariance_proofs.statement import Clause

__all__ = ["ALL", "drifted", "ranges", "sizes", "within"]

ALL = "all"


def ranges(route: Route | Chain, found: Sequence[Evidence]) -> dict[str, Any]:
    """Size ↦ ALL or the tuple of its listed values. In a chain a size is ALL if no step lists it.

    Raises `StatementError` for a size that is neither listed, in a step's data or by what it looked at, nor an unknown
    of what was decided.
    """
    where: dict[str, Any] = {}
    for leaf, evidence in zip(route.leaves, found, strict=True):
        for name in leaf.over.split():
            if name in evidence.listed:
                where[name] = evidence.listed[name]
            elif name in leaf.data:
                where[name] = _listed(leaf.data[name])
            elif name in evidence.unknowns:
                where.setdefault(name, ALL)
            else:
                raise StatementError(
                    f"over = {name!r}: neither in data nor looked at nor an unknown of what was decided"
                    f" (unknown is {', '.join(sorted(evidence.unknowns)) or 'nothing'})"
                )
    return where


def within(clause: Clause, route: Route | Chain, where: Mapping[str, Any], found: Sequence[Evidence]) -> bool:
    """Whether the route covers all that the clause speaks of; a step at given numbers covers no size."""
    fixed = {leaf.at for leaf in route.leaves} - {"", clause.at}
    every = all(where.get(name) is ALL for name in clause.over.split())
    general = not clause.over or all(evidence.unknowns for evidence in found)
    return every and general and not fixed and all(values is ALL for values in where.values())


def sizes(route: Route | Chain, where: Mapping[str, Any]) -> str:
    """In words: "all n, K = 1, …, 5, one window"."""
    unknown = [name for name, values in where.items() if values is ALL]
    listed = [f"{name} {_written(values)}" for name, values in where.items() if values is not ALL]
    fixed = dict.fromkeys(leaf.at for leaf in route.leaves if leaf.at)
    return ", ".join([*([f"all {', '.join(unknown)}"] if unknown else []), *listed, *fixed])


def drifted(text: str, found: Iterable[Evidence]) -> Iterator[str]:
    """The bounds and counts in a text that what ran does not bear out: "n ≤ 9" where n went to 5, "48 maps" of 12.

    A bound "n ≤ 9", "n, m ≤ 9" or "n and m ≤ 9" must be the largest value that was looked at, and a count of ten and
    more, "48 maps", one of the numbers that the evidence gives.
    """
    evidence = list(found)
    for names, bound in re.findall(r"\b((?:[^\W\d_], )*[^\W\d_](?: and [^\W\d_])*) ≤ (\d+)", text):
        for name in re.split(r", | and ", names):
            most = max(
                (values[-1] for e in evidence for size, values in e.listed.items() if size == name), default=None
            )
            if int(bound) != most:
                looked = f"nothing tells how far {name} went" if most is None else f"{name} went to {most}"
                yield f"“{name} ≤ {bound}”: {looked}"
    given = {int(number) for e in evidence for number in (e.cases, *re.findall(r"\d+", e.detail))}
    for count in re.findall(r"(?<![\d,.≤<×/−-])\b(\d{2,})\b(?= [a-z])", text):
        if int(count) not in given:
            yield f"“{count} …”: what ran has no such number"


def _listed(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else (values,)


def _written(values: tuple[Any, ...]) -> str:
    if all(type(value) is int for value in values):
        return f"= {written(values)}"
    if len(values) <= 6 and all(isinstance(value, int | str) for value in values):
        return f"= {', '.join(map(str, values))}"
    return f"from a list of {len(values)}"
