r"""Which layer, or which lines of `forward`, keep a model from being equivariant? All places that do so on their own.

Every tensor operation is seen with its arguments and results for x and for gx (`shadow`). A result is *broken* where it
moves by no action and its entries are not those for x in another order. A place is to blame where what goes in is not
broken, what comes out is, and nothing mends it on the way to the output, as a sum over the group or the other half of a
slice does: from the broken output back, along broken tensors, to where they begin. A reshape is never to blame.

What breaks behind a fault need not follow from it. In a second run every broken tensor is replaced by what it should
have been, so that the next layer gets a proper input; what breaks now breaks on its own, unless it is mended when it is
not replaced, which is followed beside.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from ..symmetry import Element
from .fault import Fault, faults
from .healer import Healer
from .node import Node, rearranging, sources
from .watcher import Left, Watcher

__all__ = ["Fault", "Left", "blame"]

VERSIONS = 2  # operations done again for acquittals, as a multiple of all operations


def blame(model: nn.Module, inputs: object, element: Element, tolerance: float) -> tuple[list[Fault], list[Left], str]:
    """The faults in the order in which they are computed, every module's output, and how the model's output moves,
    which is empty where it is broken or cannot be told.

    Raises:
        ArgumentError: as `run_beside`.
    """
    watcher = Watcher(element, tolerance)
    outputs = watcher.run(model, inputs)
    moves = _told(outputs)
    nodes = sources(outputs)
    if nodes:
        healer = Healer(element, tolerance, {node.number for node in nodes}, VERSIONS * watcher.operations)
        healer.run(model, inputs)
        nodes = sorted((*nodes, *healer.convicted), key=lambda node: node.number)
    return faults(nodes, element), watcher.modules, moves


def _told(outputs: Sequence[Node | None]) -> str:
    known = [node for node in outputs if node is not None]
    if not known or any(node.status not in ("moves", "rearranged") for node in known):
        return ""
    rearranged = next((node for node in known if node.status == "rearranged"), None)
    if rearranged is None:
        return " / ".join(dict.fromkeys(node.fit.action for node in known if node.fit.action))
    where = rearranging(rearranged, itself=True)
    return "its entries come in another order" + (
        f" ({where.site}: `{where.site.source}`)" if where and where.site else ""
    )
