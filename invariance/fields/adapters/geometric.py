"""torch_geometric's `Data` and `HeteroData` in and out: `Data(x="nodes:8x5", edge_index="edges:8x20")` says what its
tensors are.

A network that takes one graph at a time is asked about as `Symmetry("S(8)", Data(...), "nodes:8x7", batched=False)`;
without `batched=False` it is given a `Batch`, one graph of several parts, and returns rows for the nodes of all, or for
the graphs.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from torch import Tensor, stack

from ...errors import ArgumentTypeError
from ..field import Field

__all__ = ["as_field", "closed", "opened", "parted", "united"]


def opened(tree: Any) -> list[tuple[str, Any]] | None:
    return [(name, store[key]) for name, store, key in _attributes(tree)] if hasattr(tree, "stores") else None


def closed(tree: Any, branches: dict[str, Any]) -> Any:
    made = copy.copy(tree)
    for name, child in branches.items():
        kind, _, key = name.rpartition(".")
        store = made[tuple(kind.split("__")) if "__" in kind else kind] if kind else made
        store[key] = child
    return made


def as_field(leaf: Any) -> Field:
    raise ArgumentTypeError("field", type(leaf).__name__, "Data whose attributes are fields, or names of fields")


def united(tree: Any) -> Any:
    """A `Batch` of the samples of all attributes."""
    from torch_geometric.data import Batch  # pyright: ignore[reportMissingImports]

    branches = dict(opened(tree) or ())
    count = len(next(iter(branches.values())))
    return Batch.from_data_list([closed(tree, {key: v[i] for key, v in branches.items()}) for i in range(count)])


def parted(tree: Any, count: int) -> Any:
    """A graph whose attributes are batches, from a `Batch` that a network has changed."""
    graphs = [dict(opened(graph) or ()) for graph in tree.to_data_list()]
    branches = {name: stack([graph[name] for graph in graphs]) for name in graphs[0]}
    for name, store, key in _attributes(tree):
        if key not in ("batch", "ptr") and isinstance(store[key], Tensor):  # one that the network has added
            branches.setdefault(name, store[key].unflatten(0, (count, -1)))
    return closed(tree.get_example(0), branches)


def _attributes(tree: Any) -> Iterator[tuple[str, Any, str]]:
    """Name, store and key: `x` of `Data`, `atom.x` and `atom__to__bond.edge_index` of `HeteroData`."""
    for store in tree.stores:
        kind = store._key
        for key in list(store.keys()):
            yield key if kind is None else f"{kind if isinstance(kind, str) else '__'.join(kind)}.{key}", store, key
