"""`invariance verify`: the ledger."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import ArgumentError
from ..verdicts import STATUS
from .parameters import COUNT, InputPath, OutputFile, Text

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["verify"]


@click.command()
@click.option(
    "--only", type=Text(), metavar="ID", help="One entry and its parts, T2.d or diffcnn:T2.d, or a paper, diffcnn."
)
@click.option("--explain", type=Text(), metavar="ID", help="Print one entry in full, with its counterexample.")
@click.option("--file", type=InputPath(), help="A Python file of statements; it is run.")
@click.option("--package", type=Text(), metavar="NAME", help="An importable package of statements; it is run.")
@click.option("--json", "json_file", type=OutputFile(), help="Write the ledger to this file.")
@click.option("--markdown", type=OutputFile(".md"), help="Write an index here, pages to a folder beside it.")
@click.option("--coq", is_flag=True, help="Also check the Coq theories; needs coqc and MathComp.")
@click.option("-j", "--jobs", type=COUNT, default=1, help="Entries run at a time.")
@click.option("--limit", type=COUNT, metavar="SECONDS", help="Stop an entry after this time  [60; 600 with --coq].")
def verify(
    only: str | None,
    explain: str | None,
    file: Path | None,
    package: str | None,
    json_file: Path | None,
    markdown: Path | None,
    coq: bool,
    jobs: int,
    limit: int | None,
) -> int:
    """Run the ledger: every claim of the papers, decided by machine.

    Exit status 1 if one comes out other than recorded, 3 if one is unknown, as for want of a tool.
    """
    from rich.console import Console
    from rich.progress import Progress

    from invariance_proofs import ledger
    from invariance_proofs.explain import explain as in_full
    from invariance_proofs.routes.coq import asked_for

    from ..files import write_json
    from ..reading import is_file

    if file and package:
        raise click.UsageError("--file and --package: one of the two")
    if file and not is_file("--file", file):
        raise ArgumentError("--file", file, "an existing file of Python")
    try:
        among = ledger.in_file(file) if file else ledger.in_package(package) if package else None
        chosen = ledger.select(explain or only, among)
    except ledger.LedgerError as error:
        option = "--explain" if explain else "--only"
        raise ArgumentError(option if error.args[0] == "id" else error.args[0], *error.args[1:]) from error
    if markdown:
        _require_pages(markdown, {statement.paper.key for statement in chosen})
    limit = limit or (_WITH_COQ if coq else _PATIENCE)
    console = Console(width=None if sys.stdout.isatty() else 180)
    with asked_for() if coq else nullcontext():
        running = ledger.verify(chosen, jobs, limit)
        with Progress(console=Console(stderr=True), transient=True, auto_refresh=False) as progress:
            task, entries = progress.add_task("ledger", total=len(chosen)), []
            for statement in chosen:
                progress.update(task, description=statement.id, refresh=True)
                entries.append(next(running))
                progress.advance(task)
    if json_file:
        write_json(json_file, ledger.to_json(entries))
    if markdown:
        _write_pages(markdown, entries)
    if explain:
        (entry,) = [entry for entry in entries if explain in (entry.id, entry.statement.key)] or entries[:1]
        console.print(in_full(entry), markup=False, highlight=False, soft_wrap=True)
    else:
        _print_ledger(console, entries)
    if all(entry.agreed and entry.verdict.name != "UNKNOWN" for entry in entries):
        return STATUS["proved"]
    return STATUS["not proved" if all(entry.agreed or entry.missing for entry in entries) else "disproved"]


_PATIENCE, _WITH_COQ = 60, 600
"""Seconds for an entry: none of ours takes 3 s of CPU, and with Coq 30 s; a busy machine gets twenty times that."""
_INDEX, _PAGE = rb"\A# The ledger\n", rb"\A# [^\n]*\n\n```bibtex"


def _require_pages(index_file: Path, keys: set[str]) -> None:
    """Neither the index nor a page, in a folder whose name was not typed, takes the place of what is not such a one."""
    from ..files import require_folder, require_writable

    require_writable("--markdown", index_file, replaces=_INDEX)
    require_folder("--markdown", folder := index_file.with_suffix(""))
    if folder.is_dir():
        for key in keys:
            require_writable("--markdown", folder / f"{key}.md", replaces=_PAGE)


def _write_pages(index_file: Path, entries: list[Any]) -> None:
    from invariance_proofs.explain import index, pages

    from ..files import write

    folder = index_file.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    write(index_file, index(entries, folder.name))
    for name, text in pages(entries).items():
        write(folder / f"{name}.md", text)


def _print_ledger(console: Console, entries: list[Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("id", "claim", "verdict", "how firmly", "sizes", "route", "s", box=None, pad_edge=False)
    table.columns[6].justify = "right"
    colours = {"PROVED": "green", "CORRECTED": "yellow", "REFUTED": "red", "SAMPLED": "blue", "UNKNOWN": "magenta"}
    for entry in entries:
        colour = colours[entry.verdict.name]
        verdict = f"[{colour}]{entry.verdict}[/]"
        said, routes, seconds = entry.statement, ", ".join(entry.methods), f"{entry.seconds:.2f}"
        table.add_row(
            entry.id, escape(said.told(said.summary)), verdict, str(entry.grade), escape(entry.sizes), routes, seconds
        )
    console.print(table)
    for entry in entries:
        if not entry.agreed:
            recorded = f"{entry.recorded}, {entry.statement.grade}"
            line = f"{entry.id}: {entry.verdict}, {entry.grade}; recorded is {recorded}. {entry.reason}"
            console.print(line, markup=False, soft_wrap=True)
    from invariance_proofs.explain import sizes

    console.print(sizes(entries), markup=False, highlight=False, soft_wrap=True)
    total = sum(entry.seconds for entry in entries)
    wrong = [entry.id for entry in entries if not entry.agreed]
    state = f"other than recorded: {', '.join(wrong)}" if wrong else "all as recorded"
    console.print(f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'}, {state}, {total:.1f} s of CPU")
