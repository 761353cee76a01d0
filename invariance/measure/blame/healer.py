"""A second run, in which what is broken is replaced: what breaks now breaks on its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from torch import Tensor

from ..fit import Fit, fit
from ..places import Call
from ..shadow import MAIN, Operation, Twin
from ..symmetry import Element
from .node import Node, culprits
from .watcher import Watcher, in_any_order

__all__ = ["Healer"]


class Healer(Watcher):
    """Replaces what is broken by what it should have been, and follows what becomes of it otherwise."""

    def __init__(self, element: Element, tolerance: float, known: set[int], budget: int) -> None:
        super().__init__(element, tolerance)
        self.known, self.budget = known, budget
        self.suspects: dict[str, list[Node]] = {}
        self.acquitted: set[str] = set()

    @property
    def convicted(self) -> list[Node]:
        guilty = [node for key, nodes in self.suspects.items() if key not in self.acquitted for node in nodes]
        return [source for node in guilty for source in culprits(node)]

    def __call__(
        self, operation: Operation, plain: Tensor, moved: Tensor, versions: dict[str, Tensor]
    ) -> tuple[Node, dict[str, Tensor]]:
        node = self.judge(operation, plain, moved)
        going_on = {key: value for key, value in versions.items() if key != MAIN and self._follows(key, operation)}
        for key, value in list(going_on.items()):
            mended = fit(self.element, plain, value, self.tolerance, entries=in_any_order(operation))
            if mended.status in ("moves", "rearranged") and mended.action:
                self.acquitted.add(key)
                del going_on[key]
        if node.status == "broken" or node.number in self.known:
            key = _place(node)
            if node.is_source and node.number not in self.known:
                self.suspects.setdefault(key, []).append(node)
                if self.budget > 0 and key not in self.acquitted:
                    going_on[key] = moved
            causes, anchors = node.causes, node.anchors
            moving = any(cause.status == "moves" and cause.fit.action for cause in causes)
            proper = not any(cause.status == "rearranged" for cause in causes)
            if (moving and (proper or node.number in self.known)) or any(a.shape == plain.shape for a in anchors):
                moved = self._heal(node, plain, moved, [*causes, *anchors])
        return node, {MAIN: moved, **going_on}

    def left(self, call: Call, output: Tensor, twin: Twin | None) -> None:
        """What is broken inside a module and could not be replaced there is so when it comes out."""
        super().left(call, output, twin)
        if twin is not None and twin.node.status == "broken" and all(node.status == "moves" for node in call.given):
            twin.versions[MAIN] = self._heal(twin.node, output, twin.moved, call.given)

    def _follows(self, key: str, operation: Operation) -> bool:
        """Until the code that the suspect is part of returns, or the budget is spent."""
        suspect = self.suspects[key][0].call
        scope = suspect if suspect.children or suspect.parent is None else suspect.parent
        self.budget -= 1
        return key not in self.acquitted and scope.end > operation.number and self.budget > 0

    def _heal(self, node: Node, plain: Tensor, moved: Tensor, causes: Sequence[Node]) -> Tensor:
        """What it should have been under the action that fits best; as it is, where the action of what goes in is none
        that comes out.

        Of actions that fit alike that of the input is the likeliest, twice so where the shape stays, and a match of
        channels the least: it fits random channels better than any other.
        """
        if not plain.is_floating_point():  # the places of a sort, say
            return moved
        moving = [cause for cause in causes if cause.status == "moves" and cause.fit.action]
        alike = {_family(cause.fit.action) for cause in moving if len(cause.shape) == plain.ndim}
        layouts = {_layout(action) for action in alike}
        kept = any(cause.shape == plain.shape for cause in moving)
        found: list[tuple[float, str, Tensor]] = []
        for action, expected in self.element.candidates(plain, moved, self.tolerance, True):
            if expected.shape == moved.shape and (not alike or _layout(action) in layouts):
                error = float((moved - expected).nan_to_num().double().square().mean().sqrt())
                doubt = 1.0 if _family(action) in alike else (1 + kept) * _doubt(action)
                found.append((doubt * error, action, expected))
        if not found or (alike and not any(_family(action) in alike for _, action, _ in found)):
            return moved
        _, action, expected = min(found, key=lambda candidate: candidate[0])
        node.fit = Fit("moves", action, node.fit.error)
        return expected.clone()


def _doubt(action: str) -> float:
    """How much better than the input's action another has to fit.

    One found from the data fits by chance: the best match of four random channels for two samples leaves a third of the
    error. Channels are more often a multiple of the group's order than functions on the group.
    """
    if "up to signs" in action or "orthogonal" in action:
        return 5.0
    return 1.0 if "group axis" in action else 1.2 if "stay" in action else 2.0


def _family(action: str) -> str:
    """The action, whatever the stride."""
    return re.sub(r"by [\d/]+", "by", action)


def _layout(action: str) -> str:
    """What stands in brackets: where the plane is, if it is not last."""
    return action.partition("(")[2]


def _place(node: Node) -> str:
    call = node.call
    return call.name if type(call.module).__module__.startswith("torch.") else f"{call.name}:{node.site}"
