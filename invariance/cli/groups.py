"""`invariance groups`: what can act."""

from __future__ import annotations

import click

__all__ = ["groups"]


@click.command()
def groups() -> int:
    """The groups by name, with an example each; " x " between two of them makes their product."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from ..checking.question import LADDER
    from ..groups import KINDS, group_named

    table = Table("name", "elements", "what it does", "in check", box=SIMPLE_HEAD, pad_edge=False)
    for kind in KINDS.values():
        order = group_named(kind.example).order
        table.add_row(kind.example, "infinitely many" if order is None else str(order), kind.about, kind.line)
    table.columns[-1].no_wrap = True
    Console(width=150).print(table, markup=False)
    print("of images alone, for `check --input`: translation, colour-gain, block-fields,", ", ".join(LADDER))
    return 0
