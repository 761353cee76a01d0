"""e3nn's `Irreps` as they stand: `Symmetry("O(3)", net.irreps_in, net.irreps_out)`."""

from __future__ import annotations

from typing import Any

from ...errors import ArgumentTypeError
from .. import make
from ..field import Field

__all__ = ["as_field", "closed", "field", "opened"]


def field(irreps: Any, nodes: int | None = None) -> Field:
    """`(batch, dim)`, or `(batch, nodes, dim)`, of e3nn's `Irreps` or what they are written as."""
    text = str(irreps).replace(" ", "")
    return make.features(None, make.irreps(text)) if nodes is None else make.nodes(nodes, None, make.irreps(text))


def opened(tree: Any) -> None:
    """Irreps are a tuple of blocks, and one leaf."""
    return


def closed(tree: Any, branches: dict[str, Any]) -> Any:
    raise ArgumentTypeError("tree", type(tree).__name__, "Irreps, which have no branches")


def as_field(leaf: Any) -> Field:
    return field(leaf)
