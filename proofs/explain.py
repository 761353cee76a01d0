"""A statement in full, as Markdown: what is claimed, what was checked, and the numbers that refute it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from invariance_proofs.judge import Entry, Outcome, pasteable

__all__ = ["explain", "page"]


def explain(entry: Entry) -> str:
    """Markdown of one entry: claim, hypotheses, routes, controls, assumed steps, correction, counterexample."""
    return "\n".join(_lines(entry)) + "\n"


def page(entries: Iterable[Entry]) -> str:
    """Markdown of a whole ledger: a table, then each entry in full. The same wherever and whenever it is run."""
    done = list(entries)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in Counter(str(e.verdict) for e in done).items())
    head = ["# The ledger", "", f"{len(done)} entries: {counts}. Written by `invariance verify --markdown FILE`.", ""]
    table = ["| id | claim | verdict | sizes | routes |", "|---|---|---|---|---|", *map(_table_row, done), ""]
    return "\n".join([*head, *table, *map(explain, done)])


def _table_row(entry: Entry) -> str:
    said = entry.statement
    cells = (said.id, said.summary, str(entry.verdict), said.sizes, ", ".join(entry.methods))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _lines(entry: Entry) -> Iterator[str]:
    said = entry.statement
    yield f"## {said.id} · {said.name}"
    yield ""
    yield f"**{entry.verdict}** ({entry.reason}); {said.sizes}. Source: {said.source}."
    if not entry.agreed:
        yield f"The recorded verdict is **{entry.recorded}**."
    yield ""
    yield said.claim
    if said.correction:
        yield from ("", f"**Correction.** {said.correction}")
    yield from _section("Hypotheses", (f"{name}: {formula}" for name, formula in said.hypotheses.items()))
    yield from _section("Routes", (_outcome(o, f" [{o.part.method}]") for o in entry.routes))
    yield from _section("Controls", (_outcome(o, f" ({type(o.part).__name__.lower()})") for o in entry.controls))
    yield from _section("Assumed", said.assumed)
    if numbers := entry.counterexample:
        yield from ("", "**Counterexample**", "", "```python", *_assignments(numbers), "```")


def _section(title: str, items: Any) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    if lines:
        yield from ("", f"**{title}**", "", *lines)


def _outcome(outcome: Outcome[Any], kind: str) -> str:
    head = f"{outcome.part.name}{kind}: "
    if outcome.error:
        return head + f"raised {outcome.error}"
    found = outcome.evidence
    if found is None:
        return head + f"skipped, {outcome.note}"
    risk = f" (wrong with probability ≤ {float(found.error_probability):.1e})" if found.error_probability else ""
    numbers = "" if found.counterexample is None else ": " + "; ".join(_assignments(pasteable(found.counterexample)))
    return head + f"{'holds' if found.holds else 'fails'}, {found.detail}{risk}{numbers}"


def _assignments(numbers: Mapping[str, Any]) -> Iterator[str]:
    return (f"{name} = {_literal(value)}" for name, value in numbers.items())


def _literal(value: Any) -> str:
    """Python source of a pasteable value: "1/2" becomes 1/2, "(0, 1)" as a key becomes (0, 1)."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return str(value)
