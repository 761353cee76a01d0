r"""Layers that read one tensor and are put side by side: $(W_1x, \dots, W_kx) = (W_1; \dots; W_k)\,x$, one layer.

Each by itself need have no motion: the copies of a filter in all directions, stacked, are a lifting convolution.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from torch.fx import Node

from .registry import RULES, Step, arguments_of, name_of
from .values import Batch, Constant, Moving, Near, Refusal

__all__ = ["BESIDE", "PUT_TOGETHER", "as_one"]

BESIDE = "a layer that has a motion beside others only"
PUT_TOGETHER = ("aten.cat.default", "aten.stack.default")
_LAYERS = (
    "aten.conv1d.default", "aten.conv2d.default", "aten.conv3d.default",
    "aten.conv1d.padding", "aten.conv2d.padding", "aten.conv3d.padding", "aten.linear.default",
)  # fmt: skip


def as_one(node: Node, step: Step, values: Mapping[str, Any]) -> tuple[Moving, tuple[str, ...]] | None:
    """What the layers give side by side, and their names.

    None where they are not layers of one tensor, or the filters of all of them, moved, are not those of all of them.
    """
    given = arguments_of(node.target, node.args, node.kwargs)
    layers: list[Node] = list(given["tensors"])
    first = layers[0]
    if not all(name_of(n.target) in _LAYERS and _alike(n, first) and len(n.users) == 1 for n in layers):
        return None
    asked = [{k: values[v.name] if isinstance(v, Node) else v for k, v in _arguments(n).items()} for n in layers]
    weights, biases = ([a[key] for a in asked] for key in ("weight", "bias"))
    if not all(isinstance(w, Constant) and w.batch is None for w in weights) or asked[0].get("groups", 1) != 1:
        return None
    if len({b is None for b in biases}) > 1 or not all(isinstance(b, Constant | None) for b in biases):
        return None
    rank, counts = len(first.meta["val"].shape), [len(w.values) for w in weights]
    linear, stacked = name_of(first.target) == _LAYERS[-1], step.op == "aten.stack.default"
    axis, dim, x = rank - 1 if linear else 1, given["dim"] % len(step.shape), asked[0]["input"]
    if not (stacked or dim == axis) or not (linear or rank == weights[0].values.ndim) or not isinstance(x, Moving):
        return None
    plain = [n for k, n in enumerate(step.shape) if k != dim] if stacked else list(step.shape)
    plain[axis] = sum(counts)
    whole = replace(step, op=name_of(first.target), shape=tuple(plain), batch=x.batch)
    bank = {"weight": _beside(weights), "bias": None if biases[0] is None else _beside(biases)}
    try:
        made = RULES[whole.op].apply(whole, **asked[0] | bank)
    except Refusal:
        return None
    names = tuple(n.name for n in layers)
    if not stacked or x.batch is None:
        return made, names
    # The copies, as the first of two axes, go to where they are stacked.
    action = made.settled().reshaped((*plain[:axis], len(layers), counts[0], *plain[axis + 1 :]))
    order = [k for k in range(action.rank) if k != axis]
    order.insert(dim, axis)
    return Moving(action.permuted(order), Batch(order.index(x.batch.axis), x.batch.before)), names


def _arguments(layer: Node) -> dict[str, Any]:
    return arguments_of(layer.target, layer.args, layer.kwargs)


def _alike(a: Any, b: Any) -> bool:
    """Whether both are the same operation of the same tensor, but for the weights."""
    mine, theirs = _arguments(a), _arguments(b)
    same = a.target == b.target and _same(mine["input"], theirs["input"])
    return same and all(mine[k] == theirs[k] for k in mine.keys() - {"input", "weight", "bias"})


def _same(a: Any, b: Any) -> bool:
    """Whether two nodes are one, or one function of one tensor; operations that have a rule draw nothing."""
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    if not isinstance(a, Node) or not isinstance(b, Node):
        return type(a) is type(b) and a == b
    known = a.op == "call_function" and a.target == b.target and a.kwargs == b.kwargs and name_of(a.target) in RULES
    return a is b or (known and _same(a.args, b.args))


def _beside(constants: list[Constant]) -> Constant:
    """Row under row."""
    values, ids = (np.concatenate([getattr(c, key) for c in constants]) for key in ("values", "ids"))
    near = [c.near for c in constants if c.near is not None]
    places = np.concatenate([np.full(c.shape, -1) if c.near is None else c.near.places for c in constants])
    computed = any(c.computed for c in constants)
    return Constant(values, None, ids, computed, Near(near[0].equations, places) if near else None)
