"""`invariance verify`: the ledger."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import ArgumentError
from .parameters import OutputFile, Text

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["verify"]


@click.command()
@click.option("--only", type=Text(), metavar="ID", help="One entry and its parts, such as T2.d.")
@click.option("--explain", type=Text(), metavar="ID", help="Print one entry in full, with its counterexample.")
@click.option("--json", "json_file", type=OutputFile(), help="Write the ledger to this file.")
@click.option("--markdown", type=OutputFile(), help="Write the ledger in full to this file.")
@click.option("--coq", is_flag=True, help="Also check the Coq theories; needs coqc and MathComp.")
def verify(only: str | None, explain: str | None, json_file: Path | None, markdown: Path | None, coq: bool) -> int:
    """Run the ledger: every claim of the papers, decided by machine. Status 1 if one comes out other than recorded."""
    from rich.console import Console
    from rich.progress import track

    from invariance_proofs import ledger
    from invariance_proofs.explain import explain as in_full
    from invariance_proofs.explain import page
    from invariance_proofs.routes.coq import asked_for

    from ..files import write, write_json

    chosen = explain or only
    try:
        count = len(ledger.select(chosen))
    except ledger.UnknownStatementError as error:
        raise ArgumentError("--explain" if explain else "--only", chosen, f"an entry's id ({error})") from error
    console = Console(width=None if sys.stdout.isatty() else 160)
    with asked_for() if coq else nullcontext():
        entries = list(track(ledger.verify(chosen), "ledger", count, console=Console(stderr=True), transient=True))
    if json_file:
        write_json(json_file, ledger.to_json(entries))
    if markdown:
        write(markdown, page(entries))
    if explain:
        (entry,) = [entry for entry in entries if entry.id == explain] or entries[:1]
        console.print(in_full(entry), markup=False, highlight=False, soft_wrap=True)
    else:
        _print_ledger(console, entries)
    return int(not all(entry.agreed for entry in entries))


def _print_ledger(console: Console, entries: list[Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("id", "claim", "verdict", "sizes", "route", "s", box=None, pad_edge=False)
    table.columns[5].justify = "right"
    colours = {"PROVED": "green", "CORRECTED": "yellow", "REFUTED": "red", "SAMPLED": "blue", "UNKNOWN": "magenta"}
    for entry in entries:
        colour = colours[entry.verdict.name]
        verdict = f"[{colour}]{entry.verdict}[/]" + ("" if entry.agreed else f" [bold](recorded: {entry.recorded})[/]")
        said, routes = entry.statement, ", ".join(entry.methods)
        table.add_row(entry.id, escape(said.summary), verdict, escape(said.sizes), routes, f"{entry.seconds:.2f}")
    console.print(table)
    total = sum(entry.seconds for entry in entries)
    wrong = [entry.id for entry in entries if not entry.agreed]
    state = f"other than recorded: {', '.join(wrong)}" if wrong else "all as recorded"
    console.print(f"{len(entries)} entries, {state}, {total:.1f} s of CPU")
