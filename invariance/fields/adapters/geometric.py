"""torch_geometric's `Data` in and out: `Data(x="nodes:8x5", edge_index="edges:8x20")` says what its tensors are.

A network that takes `Data` takes one graph at a time: `Symmetry("S(8)", Data(...), "nodes:8x7", batched=False)`.
"""

from __future__ import annotations

import copy
from typing import Any

from ...errors import ArgumentTypeError
from ..field import Field

__all__ = ["as_field", "closed", "opened"]


def opened(tree: Any) -> list[tuple[str, Any]] | None:
    return [(str(key), tree[key]) for key in tree.to_dict()] if hasattr(tree, "edge_index") else None


def closed(tree: Any, branches: dict[str, Any]) -> Any:
    made = copy.copy(tree)
    for key, child in branches.items():
        made[key] = child
    return made


def as_field(leaf: Any) -> Field:
    raise ArgumentTypeError("field", type(leaf).__name__, "Data whose attributes are fields, or names of fields")
