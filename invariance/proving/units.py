r"""Dead and duplicate units: the same function with other weights, in which a symmetry may be seen.

By Shahverdi et al. (arXiv 2601.21645) a symmetric network is symmetric layer by layer if its parameters are
identifiable. They are not where a unit is dead, as nothing reads it, or where two units are equal. Equal units are
merged: the columns that read them are added, if that rounds nothing. What nothing reads is made 0.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.fx import Node

from .registry import name_of
from .trace import Program

__all__ = ["Simplified", "simplified"]

_LAYERS = ("aten.linear.default", "aten.conv1d.default", "aten.conv2d.default", "aten.conv3d.default")
_FINITE = frozenset(
    (
        *("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "hardtanh", "hardswish"),
        *("hardsigmoid", "sigmoid", "tanh", "atan", "erf", "sin", "cos", "abs", "neg", "softsign", "log_sigmoid"),
        *("clone", "dropout"),
    )
)
"""Functions of one number that are finite for every finite number: 0 times one of them is 0, as the proof has it."""

_NORM = "batch_norm"
_POOLS = ("avg_pool", "max_pool")


@dataclass(frozen=True, eq=False)
class Simplified:
    """The program with fewer units that do something; `said`: of which layers how many are merged and dropped."""

    program: Program
    said: tuple[str, ...]

    def __str__(self) -> str:
        return f"proved with the same function written with fewer units: {'; '.join(self.said)}"


def simplified(program: Program) -> Simplified | None:
    """Every layer's equal units merged and dead units made 0; None where there are none."""
    constants = {name: c.clone() for name, c in program.constants.items()}
    said = []
    for layer, between, reader in _pairs(program):
        merged = dropped = 0
        rows, columns = _table(constants, layer), constants[_weight(reader)]
        if len(rows) != columns.shape[1]:
            continue
        seen: dict[bytes, int] = {}
        along = [constants[n.name].numpy() for node in between for n in node.all_input_nodes if n.name in constants]
        for u in range(len(rows)):
            if not columns[:, u].any():
                continue
            key = rows[u].tobytes() + b"".join((c[u : u + 1] + 0.0).tobytes() for c in along if c.shape == (len(rows),))
            first = seen.setdefault(key, u)
            total = columns[:, first] + columns[:, u]
            if first != u and _exact(columns[:, first], columns[:, u], total):
                columns[:, first], columns[:, u] = total, 0.0
                merged += 1
        for u in range(len(rows)):
            if not columns[:, u].any() and rows[u].any():
                for name in _weights(constants, layer):
                    constants[name][u] = 0.0
                dropped += 1
        if dropped:
            path = program.names[_weight(layer)].rpartition(".")[0] or "the network"
            said.append(f"`{path}` has {merged} equal to another and {dropped - merged} that nothing reads")
    if not said:
        return None
    return Simplified(replace(program, constants=constants, folded={}), tuple(said))


def _exact(a: torch.Tensor, b: torch.Tensor, total: torch.Tensor) -> bool:
    """Whether a + b was not rounded (Knuth's two-sum)."""
    part = total - a
    return bool((((a - (total - part)) + (b - part)) == 0).all())


def _weight(layer: Node) -> str:
    found = layer.args[1]
    return found.name if isinstance(found, Node) else ""


def _weights(constants: dict[str, torch.Tensor], layer: Node) -> list[str]:
    """Of the weight and, if there is one, the bias."""
    return [n.name for n in layer.args[1:3] if isinstance(n, Node) and n.name in constants]


def _table(constants: dict[str, torch.Tensor], layer: Node) -> np.ndarray:
    """A row for each unit: its weights and its bias; −0 is 0."""
    parts = [constants[name].numpy() for name in _weights(constants, layer)]
    return np.concatenate([p.reshape(len(p), -1) for p in parts], axis=1) + 0.0


def _pairs(program: Program) -> Iterator[tuple[Node, list[Node], Node]]:
    """Layers, what lies between and treats every unit alike, and the one layer that reads them."""
    for node in program.graph.nodes:
        if not _is_layer(program, node):
            continue
        between: list[Node] = []
        axis: int | None = _rank(node) - 1 if _is_linear(node) else 1
        last = node
        while len(last.users) == 1 and axis is not None:
            last = next(iter(last.users))
            if _is_layer(program, last):
                if last.args[0] is (between[-1] if between else node) and _reads(last, axis):
                    yield node, between, last
                break
            axis = _after(last, axis, program)
            between.append(last)


def _is_layer(program: Program, node: Node) -> bool:
    """A layer of one group whose weights are known and its own: those of one group see other channels than those of
    another.
    """
    if node.op != "call_function" or name_of(node.target) not in _LAYERS or node.kwargs:
        return False
    groups = node.args[6] if len(node.args) > 6 else 1
    known = dict(program.constants)
    given = [n.name for n in node.args[1:3] if isinstance(n, Node)]
    return bool(groups == 1 and given and all(name in known and program.users(name) == 1 for name in given))


def _is_linear(node: Node) -> bool:
    return name_of(node.target) == _LAYERS[0]


def _rank(node: Node) -> int:
    return len(node.meta["val"].shape)


def _reads(reader: Node, axis: int) -> bool:
    """Whether the reader's columns belong to this axis of what it is given, whose first one is the batch."""
    given: Any = reader.args[0]
    rank = _rank(given)
    if _is_linear(reader):
        return axis == rank - 1 > 0
    return axis == 1 and rank == _rank(reader) == _LAYERS.index(name_of(reader.target)) + 2


def _after(node: Node, axis: int, program: Program) -> int | None:
    """The axis of the units behind an operation that treats them alike, each by itself; None for any other."""
    if node.target is operator.getitem:
        return axis if node.args[1] == 0 else None
    if node.op != "call_function" or node.kwargs:
        return None
    op = name_of(node.target).removeprefix("aten.").partition(".")[0]
    value = node.meta["val"]
    value = value[0] if isinstance(value, tuple | list) else value
    given: Any = node.args[0]
    if not isinstance(given, Node):
        return None
    before, after = given.meta["val"].shape, value.shape
    planes = len(before) - 2
    numbers = [a for a in node.args if isinstance(a, int | float)]
    if op in _FINITE:
        return axis if len(node.all_input_nodes) == 1 and all(map(math.isfinite, numbers)) else None
    if axis != 1 or planes < 0:
        return None
    if _NORM in op:  # its numbers are told apart where they are known, one for each unit
        others = [n for n in node.all_input_nodes if n is not given]
        known = {name for name, value in program.constants.items() if value.shape == (before[1],)}
        return axis if all(n.name in known for n in others) else None
    if any(part in op for part in _POOLS):  # a pool over d axes of a tensor with as many behind the units
        return axis if f"pool{planes}d" in op and len(node.all_input_nodes) == 1 else None
    if op == "mean":
        axes: Any = node.args[1] if len(node.args) > 1 else ()
        every = {a % len(before) for a in axes or ()} == set(range(2, len(before)))
        return axis if every else None
    if op in ("flatten", "view", "reshape"):
        alone = all(isinstance(n, int) and n == 1 for n in before[2:])
        return axis if alone and len(after) == 2 and after[1] == before[1] else None
    return None
