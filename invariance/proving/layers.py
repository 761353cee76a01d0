"""Two layers of which the second alone reads the first, and what lies between, which treats every unit alike."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from torch import Tensor
from torch.fx import Node

from .registry import name_of
from .trace import Program

__all__ = ["homogeneous", "pairs", "rows_of", "weight_of", "weights_of_layer"]

_LAYERS = ("aten.linear.default", "aten.conv1d.default", "aten.conv2d.default", "aten.conv3d.default")
_FINITE = frozenset(
    (
        *("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "hardtanh", "hardswish"),
        *("hardsigmoid", "sigmoid", "tanh", "atan", "erf", "sin", "cos", "abs", "neg", "softsign", "log_sigmoid"),
        *("clone", "dropout"),
    )
)
"""Functions of one number that are finite for every finite number: 0 times one of them is 0, as the proof has it."""

_HOMOGENEOUS = frozenset(("relu", "leaky_relu", "abs", "neg", "clone", "dropout", "mean", "flatten", "view", "reshape"))
"""f(cx) = c f(x) for c > 0; so are pools."""

_NORM = "batch_norm"
_POOLS = ("avg_pool", "max_pool")


def weight_of(layer: Node) -> str:
    found = layer.args[1]
    return found.name if isinstance(found, Node) else ""


def weights_of_layer(constants: Mapping[str, Tensor], layer: Node) -> list[str]:
    """Of the weight and, if there is one, the bias."""
    return [n.name for n in layer.args[1:3] if isinstance(n, Node) and n.name in constants]


def rows_of(constants: Mapping[str, Tensor], layer: Node) -> np.ndarray:
    """A row for each unit: its weights and its bias; −0 is 0."""
    parts = [constants[name].numpy() for name in weights_of_layer(constants, layer)]
    return np.concatenate([p.reshape(len(p), math.prod(p.shape[1:])) for p in parts], axis=1) + 0.0


def pairs(program: Program) -> Iterator[tuple[Node, list[Node], Node]]:
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
    alone = all(name in known and program.users(name) == 1 for name in given)
    return bool(groups == 1 and given and alone and all(known[b].shape == known[given[0]].shape[:1] for b in given[1:]))


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
    op = _plain(node)
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


def homogeneous(between: list[Node]) -> bool:
    """Whether what lies between passes positive factors on."""
    ops = [_plain(node) for node in between]
    return all(op in _HOMOGENEOUS or any(part in op for part in _POOLS) for op in ops)


def _plain(node: Node) -> str:
    """The name of an operation without library and overload."""
    return name_of(node.target).removeprefix("aten.").partition(".")[0]
