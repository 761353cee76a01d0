"""Results of operations as a graph: from what is broken back to where it begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..fit import Fit, Status
from ..places import Call, Site

__all__ = ["ORDERS", "RESHAPES", "Node", "culprits", "rearranging", "repeated", "sources"]

RESHAPES = frozenset(
    (
        *("view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "squeeze", "unsqueeze", "expand"),
        *("permute", "transpose", "t", "movedim", "swapaxes", "__get__"),  # T and mT are properties
        *("contiguous", "clone", "detach", "to", "type", "double", "float", "half", "bfloat16"),
    )
)
ORDERS = frozenset(
    ("roll", "flip", "fliplr", "flipud", "rot90", "cat", "stack", "__getitem__", "index_select", "gather", "sort")
)
"""What changes the order of entries and nothing else."""


@dataclass(eq=False)
class Node:
    """One result of an operation, without the tensors."""

    number: int
    name: str
    call: Call
    site: Site | None
    fit: Fit
    parents: tuple[Node | None, ...]
    shape: tuple[int, ...] = ()
    sound: bool = False
    """Gives what moves, where it gets what moves."""

    @property
    def status(self) -> Status:
        return self.fit.status

    @property
    def causes(self) -> list[Node]:
        """The nearest results before it that can be told."""
        found: list[Node] = []
        seen: set[int] = set()
        queue = [parent for parent in self.parents if parent is not None]
        while queue:
            node = queue.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if node.status == "silent":
                queue.extend(parent for parent in node.parents if parent is not None)
            else:
                found.append(node)
        return found

    @property
    def anchors(self) -> list[Node]:
        """What moves, before what is broken; none where something rearranged is among it."""
        found: list[Node] = []
        seen: set[int] = set()
        queue = self.causes
        while queue:
            node = queue.pop()
            if node.status == "rearranged":
                return []
            if node.status == "broken" and id(node) not in seen:
                queue.extend(node.causes)
            elif node.status == "moves" and node.fit.action:
                found.append(node)
            seen.add(id(node))
        return found

    @property
    def is_source(self) -> bool:
        return self.status == "broken" and not any(cause.status == "broken" for cause in self.causes)


def sources(outputs: Iterable[Node | None]) -> list[Node]:
    found: dict[int, Node] = {}
    seen: set[int] = set()
    queue = [node for node in outputs if node is not None]
    while queue:
        node = queue.pop()
        if id(node) in seen or node.status in ("moves", "rearranged"):
            continue
        seen.add(id(node))
        broken = [cause for cause in node.causes if cause.status == "broken"]
        queue.extend(broken)
        if node.status == "broken" and not broken:
            found.update((source.number, source) for source in culprits(node))
    return list(found.values())


def culprits(node: Node) -> list[Node]:
    """A source, or what went wrong with the order of what it is given; both, where it is a convolution that gives what
    does not move for what does: it reads the plane as it lies, and nothing puts the order right in between. Of a sum
    over the group one term does so, and what the sum makes is seen where the order is mended."""
    if not node.sound and node.name.startswith("conv"):
        before = rearranging(node, anywhere=True)
        return [node] if before is None else [before] if repeated(node.call) else [before, node]
    return [rearranging(node) or (_misread(node) if node.sound else None) or node]


def _rearranged(start: Iterable[Node]) -> Iterator[tuple[Node, bool]]:
    """Each result whose entries come in another order, from these backwards, and whether one before it has them so."""
    seen: set[int] = set()
    queue = [node for node in start if node.status == "rearranged"]
    while queue:
        here = queue.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        before = [cause for cause in here.causes if cause.status == "rearranged"]
        queue.extend(before)
        yield here, bool(before)


def _misread(node: Node) -> Node | None:
    """The reshape by which what moves became entries in an order that no layout has, such as a view of channels as
    places: a sound operation stumbles over nothing else.
    """
    found = [here for here, before in _rearranged(node.causes) if here.name in RESHAPES and not before]
    return max(found, key=lambda source: source.number, default=None)


def rearranging(node: Node, *, itself: bool = False, anywhere: bool = False) -> Node | None:
    """Where the order of the entries was changed last, by no reshape, so that it moves by no action.

    What gives for arguments that move what moves, as a turn of all of them, is passed over. A sound operation stumbles
    over it; and a module that returns it leaves it to code that knows nothing of it.
    """
    found: list[Node] = []
    for here, before in _rearranged([node] if itself else node.causes):
        changes = (here.name in ORDERS and not here.sound) or not (before or here.name in RESHAPES)
        if changes and (itself or anywhere or node.sound or here.call.end <= node.number):
            found.append(here)
    return max(found, key=lambda source: source.number, default=None)


def repeated(call: Call) -> tuple[Call, Call, Call] | None:
    """The code that calls a module on several rearrangements of one tensor, as a sum over the group does.

    Such a module may be of any kind; where what comes of it is broken, the code leaves something out.
    """
    here = call
    while (parent := here.parent) is not None:
        same = [c for c in parent.children if c.module is here.module and c.fingerprint == here.fingerprint]
        if len(same) > 1 and here.fingerprint is not None:
            return parent, same[0], same[-1]
        here = parent
    return None
