"""A statement in full, as Markdown: what is claimed, what was checked, and the numbers that refute it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from invariance_proofs.entry import ClauseRun, Entry
from invariance_proofs.outcome import Outcome, pasteable
from invariance_proofs.route import Paper
from invariance_proofs.statement import Verdict

__all__ = ["explain", "index", "pages"]


def explain(entry: Entry) -> str:
    """Markdown of one entry: claim, hypotheses, routes, controls, assumed steps, correction, numbers, BibTeX."""
    bibtex = ("", "**BibTeX**", "", "```bibtex", entry.statement.paper.bibtex, "```")
    return "\n".join([*_lines(entry), *bibtex]) + "\n"


def index(entries: Iterable[Entry], folder: str) -> str:
    """Markdown of a whole ledger: what it holds, and a table for each paper, whose page is in `folder`."""
    done = list(entries)
    lines = [
        "# The ledger",
        "",
        f"{len(done)} entries: {_counts(str(e.verdict) for e in done)}.",
        f"By how firmly: {_counts(str(e.grade) for e in done)}. Written by `invariance verify --markdown FILE`.",
        sizes(done),
        "",
    ]
    for paper, of_it in _by_paper(done):
        lines += [f"## [{paper.name}]({folder}/{paper.key}.md)", "", *_TABLE, *map(_table_row, of_it), ""]
    return "\n".join(lines)


def sizes(entries: Iterable[Entry]) -> str:
    """How many clauses no route decides for all sizes, and of which entries; counterexamples are not counted."""
    done = list(entries)
    of = sum(len(entry.clauses) for entry in done if entry.verdict is not Verdict.REFUTED)
    lists = {entry.id: sum(not part.settled for part in entry.fixed) for entry in done}
    settled = {entry.id: sum(part.settled for part in entry.fixed) for entry in done}
    return (
        f"Clauses without a route for all sizes: {_named(lists)} of {of}."
        f" Clauses of fixed sizes by their own words, and decided there: {_named(settled)}."
    )


def _named(counts: Mapping[str, int]) -> str:
    """ "3 (P1, T2 ×2)"."""
    each = ", ".join(name if count == 1 else f"{name} ×{count}" for name, count in counts.items() if count)
    return f"{sum(counts.values())}{f' ({each})' if each else ''}"


def pages(entries: Iterable[Entry]) -> dict[str, str]:
    """A page for each paper: its BibTeX, then each entry in full. The same wherever and whenever it is run."""
    return {
        paper.key: "\n".join(
            [
                *(f"# {paper.name}", "", "```bibtex", paper.bibtex, "```", ""),
                *("\n".join(_lines(entry)) + "\n" for entry in of_it),
            ]
        )
        for paper, of_it in _by_paper(list(entries))
    }


_TABLE = ("| id | claim | verdict | how firmly | sizes | routes |", "|---|---|---|---|---|---|")


def _by_paper(entries: Sequence[Entry]) -> Iterator[tuple[Paper, list[Entry]]]:
    papers = {entry.statement.paper.key: entry.statement.paper for entry in entries}
    for key, paper in papers.items():
        yield paper, [entry for entry in entries if entry.statement.paper.key == key]


def _counts(words: Iterable[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in Counter(words).items())


def _table_row(entry: Entry) -> str:
    said = entry.statement
    cells = (
        said.id,
        said.told(said.summary),
        str(entry.verdict),
        str(entry.grade),
        entry.sizes,
        ", ".join(entry.methods),
    )
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def _lines(entry: Entry) -> Iterator[str]:
    said = entry.statement
    yield f"## {said.id} · {said.name}"
    yield ""
    where = f" {entry.sizes}." if entry.sizes else ""
    yield f"**{entry.verdict}**, {entry.grade} ({entry.reason});{where} Source: {said.source}."
    if not entry.agreed:
        yield f"The recorded verdict is **{entry.recorded}**, {said.grade}."
    yield ""
    yield said.told(said.claim)
    if said.correction:
        yield from ("", f"**Correction.** {said.told(said.correction)}")
    yield from _section("Hypotheses", (f"{name}: {formula}" for name, formula in said.hypotheses.items()))
    for part in entry.clauses:
        title = f"Clause: {part.clause.told} — {part.grade} ({part.reason})" if part.clause.text else "Routes"
        why = [f"no route covers all sizes: {part.clause.why}"] if part.clause.why else []
        yield from _section(title, [*_routes(part), *why])
    yield from _section("Controls", (_outcome(o, f" ({o.kind})") for o in entry.controls))
    yield from _section("Assumed", entry.assumed)
    if numbers := entry.counterexample:
        yield from ("", "**Counterexample**", "", "```python", *_assignments(numbers), "```")


def _routes(part: ClauseRun) -> Iterator[str]:
    for ran in part.routes:
        steps = zip(ran.route.leaves, ran.steps, strict=True)
        lines = [_outcome(outcome, f" [{leaf.method}]") for leaf, outcome in steps]
        yield "; then ".join(lines) if len(lines) == 1 else f"{ran.route.name}: " + "; then ".join(lines)


def _section(title: str, items: Any) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    if lines:
        yield from ("", f"**{title}**", "", *lines)


def _outcome(outcome: Outcome, kind: str) -> str:
    found = outcome.evidence
    if found is None:
        return f"{outcome.name}{kind}: {outcome.did}"
    risk = f" (wrong with probability ≤ {float(found.error_probability):.1e})" if found.error_probability else ""
    if outcome.kind == "hypotheses of":
        return f"{outcome.name}{kind}: {outcome.note or 'its counterexample meets every hypothesis'}"
    numbers = "" if found.counterexample is None else ": " + "; ".join(_assignments(pasteable(found.counterexample)))
    return f"{outcome.name}{kind}: {outcome.did}{risk}{numbers}"


def _assignments(numbers: Mapping[str, Any]) -> Iterator[str]:
    return (f"{name} = {_literal(value)}" for name, value in numbers.items())


def _literal(value: Any) -> str:
    """Python source of a pasteable value: "1/2" becomes 1/2, "(0, 1)" as a key becomes (0, 1)."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return str(value)
