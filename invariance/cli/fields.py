"""`invariance fields`: what inputs and outputs can be."""

from __future__ import annotations

import click

__all__ = ["fields"]


@click.command()
def fields() -> int:
    """The fields by name, with an example each, for `check --in` and `--out`.

    A field is a kind, its lengths, and options after colons: a fibre, a layout of channels and fibre (separate, folded,
    fibre-first, folded-fibre-first), on=NAME for a kind of items of its own. Several are separated by commas, or named:
    pos=points:16,h=scalars:16x5.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    from ..fields import FIBRES, KINDS

    kinds = Table("field", "tensor", "what it is", box=SIMPLE_HEAD, pad_edge=False)
    for kind in KINDS.values():
        kinds.add_row(kind.example, kind.shape, kind.about)
    fibres = Table("fibre", "what it is", box=SIMPLE_HEAD, pad_edge=False)
    for name, about in FIBRES.items():
        fibres.add_row(name, about)
    fibres.add_row("regular(C(8))", "a number for each element of a finite group")
    fibres.add_row("quotient(D(4), C(2))", "a number for each left coset of a subgroup")
    fibres.add_row("irreps(8x0e+4x1o)", "irreducible representations of O(3), as e3nn lays them out")
    fibres.add_row("irreps2(2x0+1x1)", "irreducible representations of O(2)")
    for table in (kinds, fibres):
        Console(width=120).print(table, markup=False)
    return 0
