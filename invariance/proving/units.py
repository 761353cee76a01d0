r"""The same function with other weights, exactly, in which a symmetry may be seen.

By Shahverdi et al. (arXiv 2601.21645) a symmetric network is symmetric layer by layer if its parameters are
identifiable. They are not where a unit is dead, as nothing reads it, where two units are equal, or where a unit has a
positive factor that what reads it undoes. Factors go to the columns that read the unit; equal units are merged: their
columns are added; both where that rounds nothing. What nothing reads is made 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor
from torch.fx import Node

from .layers import homogeneous, pairs, rows_of, weight_of, weights_of_layer
from .scales import without_factors
from .trace import Program

__all__ = ["Rewritten", "rewritten"]


@dataclass(frozen=True, eq=False)
class Rewritten:
    """The program with other weights; `said`: of which layers how many units are changed."""

    program: Program
    said: tuple[str, ...]

    def __str__(self) -> str:
        return f"proved of the same function with other weights: {'; '.join(self.said)}"


def rewritten(program: Program) -> Rewritten | None:
    """Every layer without factors of its units, equal ones merged and dead ones 0; None where nothing changes."""
    constants = {name: c.clone() for name, c in program.constants.items()}
    said = []
    for layer, between, reader in pairs(program):
        if len(rows_of(constants, layer)) != constants[weight_of(reader)].shape[1]:
            continue
        scaled = without_factors(constants, layer, reader) if homogeneous(between) else 0
        merged = _merged(constants, layer, between, reader)
        dropped = _dropped(constants, layer, reader)
        counts = {"with a factor": scaled, "equal to another": merged, "that nothing reads": dropped - merged}
        if any(counts.values()):
            path = program.names[weight_of(layer)].rpartition(".")[0] or "the network"
            said.append(f"`{path}` has units, {', '.join(f'{n} {what}' for what, n in counts.items() if n)}")
    if not said:
        return None
    return Rewritten(replace(program, constants=constants, folded={}), tuple(said))


def _merged(constants: dict[str, Tensor], layer: Node, between: list[Node], reader: Node) -> int:
    """How many units are equal to an earlier one, which takes over their columns."""
    rows, columns = rows_of(constants, layer), constants[weight_of(reader)]
    along = [constants[n.name].numpy() for node in between for n in node.all_input_nodes if n.name in constants]
    seen: dict[bytes, int] = {}
    merged = 0
    for u in range(len(rows)):
        if not columns[:, u].any():
            continue
        key = rows[u].tobytes() + b"".join((c[u : u + 1] + 0.0).tobytes() for c in along if c.shape == (len(rows),))
        first = seen.setdefault(key, u)
        total = columns[:, first] + columns[:, u]
        if first != u and _exact(columns[:, first], columns[:, u], total):
            columns[:, first], columns[:, u] = total, 0.0
            merged += 1
    return merged


def _dropped(constants: dict[str, Tensor], layer: Node, reader: Node) -> int:
    """How many units that nothing reads were not 0."""
    rows, columns = rows_of(constants, layer), constants[weight_of(reader)]
    dead = [u for u in range(len(rows)) if not columns[:, u].any() and rows[u].any()]
    for name in weights_of_layer(constants, layer):
        constants[name][dead] = 0.0
    return len(dead)


def _exact(a: Tensor, b: Tensor, total: Tensor) -> bool:
    """Whether a + b was not rounded (Knuth's two-sum)."""
    part = total - a
    return bool((((a - (total - part)) + (b - part)) == 0).all())
