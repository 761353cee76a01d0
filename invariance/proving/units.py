r"""Dead and duplicate units: the same function with other weights, in which a symmetry may be seen.

By Shahverdi et al. (arXiv 2601.21645) a symmetric network is symmetric layer by layer if its parameters are
identifiable. They are not where a unit is dead, as nothing reads it, or where two units are equal. Equal units are
merged: the columns that read them are added, if that rounds nothing. What nothing reads is made 0.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.fx import Node

from .registry import RULES, name_of
from .trace import Program

__all__ = ["Simplified", "simplified"]

_LAYERS = ("aten.linear.default", "aten.conv1d.default", "aten.conv2d.default", "aten.conv3d.default")
_BETWEEN = ("avg_pool", "max_pool", "batch_norm", "dropout", "clone", "mean.dim", "flatten", "view")


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
        if name_of(node.target) not in _LAYERS or _weight(node) not in program.constants:
            continue
        if any(program.users(name) > 1 for name in _weights(dict(program.constants), node)):
            continue  # a weight that another layer has, too
        between: list[Node] = []
        last = node
        while len(last.users) == 1:
            last = next(iter(last.users))
            if last.op != "call_function":
                break
            op = name_of(last.target)
            if op in _LAYERS:
                if _reads(program, node, last, between):
                    yield node, between, last
                break
            if not (last.target is operator.getitem or _alike(op, last, node)):
                break
            between.append(last)


def _reads(program: Program, node: Node, reader: Node, between: list[Node]) -> bool:
    """Whether the reader's columns are the units, all of them, and no other layer has its weight."""
    arguments: Any = reader.args
    groups = arguments[6] if len(arguments) > 6 else 1
    before = between[-1] if between else node
    axis = -1 if name_of(reader.target) == _LAYERS[0] else 1
    same = before.meta["val"].shape[axis] == len(program.constants[_weight(node)])
    known = _weight(reader) in program.constants and program.users(_weight(reader)) == 1
    return bool(groups == 1 and same and known and arguments[0] is before)


def _alike(op: str, node: Node, layer: Node) -> bool:
    """Whether units stay where they are, and one that is equal to another stays so."""
    value, axis = node.meta["val"], -1 if name_of(layer.target) == _LAYERS[0] else 1
    units = layer.meta["val"].shape[axis]
    value = value[0] if isinstance(value, tuple | list) else value
    moving = [n for n in node.all_input_nodes if n.op != "placeholder"]
    if len(moving) != 1 or op not in RULES:
        return False
    if RULES[op].family == "pointwise":
        return len(node.all_input_nodes) == 1
    if axis == -1 or not any(part in op for part in _BETWEEN):
        return False
    if "mean" in op and (1 in node.args[1] or 0 in node.args[1]):  # type: ignore[operator]
        return False
    return len(value.shape) > 1 and value.shape[1] == units
