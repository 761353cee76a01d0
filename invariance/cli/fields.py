"""`invariance fields`: what inputs and outputs can be."""

from __future__ import annotations

import click

__all__ = ["fields"]

_OTHERS = {
    "image:2x33x33:regular(C(8))": "a number for each element of a finite group",
    "image:2x33x33:quotient(D(4), C(2))": "a number for each left coset of a subgroup",
    "nodes:6:irreps(8x0e+4x1o)": "irreducible representations of O(3), as e3nn lays them out",
    "image:1x33x33:irreps2(2x0+1x1)": "irreducible representations of O(2)",
}


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

    kinds = Table("field", "tensor", "what it is", "in check", box=SIMPLE_HEAD, pad_edge=False)
    for kind in KINDS.values():
        kinds.add_row(kind.example, kind.shape, kind.about, kind.line)
    fibres = Table("fibre", "what it is", "as in", box=SIMPLE_HEAD, pad_edge=False)
    for name, about in FIBRES.items():
        fibres.add_row(name, about, f"image:3x8x8:{name}" if name == "colour" else f"nodes:6:{name}")
    for example, about in _OTHERS.items():
        fibres.add_row(example.rpartition(":")[2], about, example)
    for table in (kinds, fibres):
        table.columns[-1].no_wrap = True
        Console(width=160).print(table, markup=False)
    return 0
