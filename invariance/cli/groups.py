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

    table = Table("name", "elements", "what it does", box=SIMPLE_HEAD, pad_edge=False)
    for kind in KINDS.values():
        order = group_named(kind.example).order
        table.add_row(kind.example, "infinitely many" if order is None else str(order), kind.about)
    Console(width=120).print(table)
    print("of images alone, for `check --input`: translation, colour-gain, block-fields,", ", ".join(LADDER))
    return 0
