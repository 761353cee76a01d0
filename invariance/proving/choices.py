r"""Equal units: which of them takes whose place, where what follows tells them apart.

Two equal filters give equal channels, and a motion may send a channel to either. A sum with a second branch, a batch
norm or the next layer's columns may allow only one of the choices. Where a step does not go through, the classes of
equal units before it are looked at, and a choice is wished for with which it would; the walk is then made again. What
is proved is proved by the rules alone: a wish only says which of several matchings is tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch.fx import Node

from .actions import Ints
from .movement import bijection
from .registry import RULES, Step
from .values import Constant, Moving, Refusal

__all__ = ["Wishes", "isomorphism", "wished"]

Wishes = dict[str, Ints]
"""For a layer, by its name in the graph: the unit that is to take the place of each of its units."""

_MOST = 64  # refinements of one matching; a chain of choices in a network of the study took eleven


@dataclass(frozen=True, eq=False)
class _Units:
    """The entries of an axis: those with equal labels are equal for every input; `layers`: (name, first, count)."""

    axis: int
    labels: Ints
    layers: tuple[tuple[str, int, int], ...] = ()

    @property
    def ambiguous(self) -> bool:
        return bool(self.layers) and len(np.unique(self.labels)) < len(self.labels)

    def refined(self, *tables: Ints) -> _Units:
        """Equal only where the rows of these tables are, too."""
        return _Units(self.axis, _joint(self.labels, *tables), self.layers)


def wished(nodes: Sequence[tuple[Node, Step, Refusal]], values: Mapping[str, Any]) -> Wishes | None:
    """The choice with which one of these operations, which were refused, would go through; None: there is none."""
    units = _Known(values)
    for node, step, refusal in nodes:
        found = _wish(node, step, refusal, units)
        if found:
            return found
    return None


def _wish(node: Node, step: Step, refusal: Refusal, units: _Known) -> Wishes | None:
    parts = [(n, v) for n in node.all_input_nodes if isinstance(v := units.value(n), Moving) and v.action is not None]
    if (bank := refusal.detail.get("bank")) is not None and parts:
        return _of_columns(step, units.of(parts[0][0]), parts[0][1], *bank)
    if not parts:
        return None
    known = [units.of(n) for n, _ in parts]
    if len(parts) == 1:
        stay = [(t, t) for t in _tables(node, units, known[0])]
        return _told_apart(known, [parts[0][1]], [refusal.detail["filters"]] if "filters" in refusal.detail else stay)
    axes = [_contracted(step, k, v) for k, (_, v) in enumerate(parts)]
    joint = [
        (u, v) for u, (_, v), axis in zip(known, parts, axes, strict=True) if axis in (None, u.axis % len(v.shape))
    ]
    length = max((len(u.labels) for u, _ in joint), default=0)
    joint = [(u, v) for u, v in joint if len(u.labels) == length]
    return _told_apart([u for u, _ in joint], [v for _, v in joint], [])


def _contracted(step: Step, k: int, value: Moving) -> int | None:
    """The axis of argument k that a product sums over; None: entries meet place by place."""
    if step.op in ("aten.matmul.default", "aten.bmm.default", "aten.mm.default"):
        return len(value.shape) - (1 if k == 0 else 2)
    if step.op.startswith("aten.scaled_dot_product"):
        return len(value.shape) - 1 if k < 2 else -1
    return None


def _told_apart(units: Sequence[_Units], values: Sequence[Moving], tables: Sequence[Sequence[Ints]]) -> Wishes | None:
    """ρ with L(ρ(c)) = L(π(c)) for every part's labels L and motion π, and with B(ρ(c)) = A(c) for tables (A, B)."""
    if not any(u.ambiguous for u in units):
        return None
    pairs = [tuple(table) for table in tables if len(table[0]) == len(units[0].labels)]
    for u, value in zip(units, values, strict=True):
        if not value.settled().alone(u.axis):
            return None
        pairs.append((u.labels[value.settled().table(u.axis)], u.labels))
    labels = _joint(*(np.concatenate(pair) for pair in pairs))
    rho = bijection(labels[len(labels) // 2 :], labels[: len(labels) // 2])
    return None if rho is None else _for_layers(units, rho)


def _of_columns(step: Step, units: _Units, value: Moving, moved: Ints, rows: Ints, bias: Ints | None) -> Wishes | None:
    """κ of equal input units, and π, with moved[o, c] = rows[π(o), κ(c)]."""
    action = value.settled()
    if not units.ambiguous or len(units.labels) != rows.shape[1] or not action.alone(units.axis):
        return None
    flat = np.concatenate([a.reshape(-1, a.shape[2]) for a in (moved, rows)])
    entries = _joint(flat).reshape(2, rows.shape[0], rows.shape[1])
    own = np.zeros(len(rows), dtype=np.int64) if bias is None else bias
    sides = (own, own)
    if step.prefer is not None:
        sides = (step.prefer, np.arange(len(rows)))
    found = isomorphism(entries[0], entries[1], sides, (units.labels, units.labels))
    if found is None:
        return None
    pi, kappa = found
    return _for_layers([units], kappa[action.table(units.axis)]) | {step.name: pi}


def _for_layers(units: Sequence[_Units], rho: Ints) -> Wishes:
    wishes: Wishes = {}
    for u in units:
        for name, first, count in u.layers:
            here = rho[first : first + count] - first
            if here.min() >= 0 and here.max() < count:
                wishes[name] = here
    return wishes


def isomorphism(a: Ints, b: Ints, rows: tuple[Ints, Ints], columns: tuple[Ints, Ints]) -> tuple[Ints, Ints] | None:
    """π, κ with a[i, j] = b[π(i), κ(j)] and equal colours; by refinement of the colours, then by trial."""
    budget = [_MOST]

    def search(rows: tuple[Ints, Ints], columns: tuple[Ints, Ints]) -> tuple[Ints, Ints] | None:
        budget[0] -= 1
        refined = _refined(a, b, rows, columns)
        if refined is None or budget[0] < 0:
            return None
        rows, columns = refined
        for axis, (mine, theirs) in enumerate((rows, columns)):
            colours, sizes = np.unique(mine, return_counts=True)
            if (sizes > 1).any():
                colour = colours[sizes > 1][sizes[sizes > 1].argmin()]
                first = int(np.flatnonzero(mine == colour)[0])
                for partner in np.flatnonzero(theirs == colour):
                    pair = (mine.copy(), theirs.copy())
                    pair[0][first] = pair[1][partner] = mine.max() + 1
                    found = search(pair, columns) if axis == 0 else search(rows, pair)
                    if found is not None:
                        return found
                return None
        pi, kappa = (np.argsort(theirs)[mine] for mine, theirs in (rows, columns))
        return (pi, kappa) if np.array_equal(a, b[pi][:, kappa]) else None

    return search(rows, columns)


def _refined(
    a: Ints, b: Ints, rows: tuple[Ints, Ints], columns: tuple[Ints, Ints]
) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]] | None:
    """Colours 0, 1, …, refined by what stands in rows and columns until they stay; None: the two sides differ."""
    count = -1
    while True:
        split = []
        for mine, theirs, flip in ((rows, columns, False), (columns, rows, True)):
            seen = []
            for matrix, own, other in zip((a, b), mine, theirs, strict=True):
                table = matrix.T if flip else matrix
                cells = _paired(table, np.broadcast_to(other, table.shape), int(max(t.max() for t in theirs)) + 1)
                seen.append(np.column_stack([own, np.sort(cells, axis=1)]))
            labels = _joint(np.concatenate(seen))
            pair = labels[: len(seen[0])], labels[len(seen[0]) :]
            if not np.array_equal(np.sort(pair[0]), np.sort(pair[1])):
                return None
            split.append(pair)
            rows, columns = (pair, columns) if not flip else (rows, pair)
        found = sum(len(np.unique(pair[0])) for pair in split)
        if found == count:
            return rows, columns
        count = found


def _paired(x: Ints, y: Ints, base: int) -> Ints:
    return x * base + y


def _joint(*tables: Ints) -> Ints:
    """One label for each row of all tables side by side, from 0."""
    rows = np.column_stack([t.reshape(len(t), -1) for t in tables])
    return np.unique(rows, axis=0, return_inverse=True)[1].ravel().astype(np.int64)


@dataclass
class _Known:
    """The units of every tensor, as they are asked for."""

    values: Mapping[str, Any]
    found: dict[str, _Units] = field(default_factory=dict)

    def value(self, node: Node) -> Any:
        value = self.values.get(node.name)
        return value[0] if isinstance(value, tuple) else value

    def of(self, node: Node) -> _Units:
        chain = [node]
        while chain:  # a network may be deeper than Python's stack
            top = chain[-1]
            before = [n for n in top.all_input_nodes if isinstance(self.value(n), Moving) and n.name not in self.found]
            if before:
                chain.extend(before)
            else:
                self.found[top.name] = self._made(top)
                chain.pop()
        return self.found[node.name]

    def _made(self, node: Node) -> _Units:
        shape = self.value(node).shape
        moving = [self.found[n.name] for n in node.all_input_nodes if n.name in self.found]
        if not moving or len(shape) < 2:
            return _apart(min(1, len(shape) - 1), shape)
        if (layer := _layer(node, self, moving[0])) is not None:
            return layer
        op = getattr(node.target, "_schema", None) and str(node.target)
        if op == "aten.cat.default":
            return self._side_by_side(node, moving)
        axis = _followed(node, moving[0], shape)
        if axis is None:
            return _apart(1, shape)
        alike = [u for u in moving if len(u.labels) == shape[axis]]
        layers = tuple(dict.fromkeys(layer for u in alike for layer in u.layers))
        both = _Units(axis, _joint(*(u.labels for u in alike)), layers)
        return both.refined(*_tables(node, self, both))

    def _side_by_side(self, node: Node, moving: Sequence[_Units]) -> _Units:
        shape = self.value(node).shape
        arguments: Any = node.args
        axis = int(arguments[1] if len(arguments) > 1 else 0) % len(shape)
        if any(u.axis != axis for u in moving) or sum(len(u.labels) for u in moving) != shape[axis]:
            return _apart(1, shape)
        labels, layers, start = [], [], 0
        for k, u in enumerate(moving):
            labels.append(np.column_stack([np.full(len(u.labels), k), u.labels]))
            layers += [(name, first + start, count) for name, first, count in u.layers]
            start += len(u.labels)
        return _Units(axis, _joint(np.concatenate(labels)), tuple(layers))


def _apart(axis: int, shape: Sequence[int]) -> _Units:
    """No two entries are known to be equal."""
    return _Units(axis, np.arange(shape[axis] if shape else 1))


def _layer(node: Node, known: _Known, before: _Units) -> _Units | None:
    """The units of a layer with weights: equal where their rows are, with entries of equal units in any order."""
    op = str(node.target)
    if op not in RULES or RULES[op].family not in ("convolution", "linear"):
        return None
    constants = [v for n in node.all_input_nodes if isinstance(v := known.value(n), Constant)]
    shape = known.value(node).shape
    weight = next((c for c in constants if c.values.ndim >= 2), None)
    if weight is None or sum(isinstance(known.value(n), Moving) for n in node.all_input_nodes) != 1:
        return None
    spatial = weight.values.ndim - 2
    axis = len(shape) - spatial - 1
    ids = weight.ids
    if op in ("aten.mm.default", "aten.addmm.default", "aten.matmul.default") or "transpose" in op:
        ids = np.swapaxes(ids, 0, 1)
    count = shape[axis]
    if len(ids) != count:
        return _apart(axis, shape)
    rows = ids.reshape(count, ids.shape[1], -1).copy()
    if rows.shape[1] == len(before.labels):
        for label, size in zip(*np.unique(before.labels, return_counts=True), strict=True):
            if size > 1:
                rows[:, before.labels == label] = np.sort(rows[:, before.labels == label], axis=1)
    elif rows.shape[1] == 1 and len(before.labels) == count:  # a filter for each channel: no choice of its own
        return _Units(axis, before.labels, before.layers).refined(
            rows, *(c.ids for c in constants if c.shape == (count,))
        )
    tables = [rows, *(c.ids for c in constants if c.shape == (count,))]
    return _Units(axis, _joint(*tables), ((node.name, 0, count),))


def _tables(node: Node, known: _Known, units: _Units) -> list[Ints]:
    """What constants say of every entry of the axis: those of norms and slopes, and tables that are broadcast."""
    value = known.value(node)
    rank = len(value.shape) if isinstance(value, Moving) else None
    found = []
    for n in node.all_input_nodes:
        c = known.value(n)
        if not isinstance(c, Constant):
            continue
        length = len(units.labels)
        if c.shape == (length,) and (
            rank is None or units.axis == rank - 1 or "norm" in str(node.target) or "prelu" in str(node.target)
        ):
            found.append(c.ids)
        elif c.values.ndim > 1 and (rank is None or c.values.ndim == rank) and units.axis < c.values.ndim:
            if c.shape[units.axis] == length:
                found.append(np.moveaxis(c.ids, units.axis, 0).reshape(length, -1))
            elif c.shape[0] == length and c.shape[1] == 1:
                found.append(c.ids.reshape(length, -1))
    return found


def _followed(node: Node, units: _Units, shape: Sequence[int]) -> int | None:
    """The axis on which the units are behind an operation that has no choice of its own."""
    op, length = str(node.target), len(units.labels)
    arguments: Any = node.args
    if op in ("aten.permute.default", "aten.transpose.int", "aten.t.default") and len(arguments) > 1:
        order = list(range(len(shape)))
        if op == "aten.permute.default":
            order = [d % len(shape) for d in arguments[1]]
        else:
            i, j = (int(d) % len(shape) for d in arguments[1:3])
            order[i], order[j] = j, i
        return order.index(units.axis)
    near = (units.axis, units.axis - 1, units.axis + 1, len(shape) - 1)
    return next((a for a in near if 0 < a < len(shape) and shape[a] == length), None)
