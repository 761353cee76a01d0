"""Every result of a run for x beside one for gx, judged as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..fit import Fit, fit
from ..places import Call
from ..shadow import Operation, Twin, run_beside, tensors
from ..symmetry import Element
from .node import ORDERS, RESHAPES, Node

__all__ = ["Left", "Watcher", "in_any_order"]

_JOINS = frozenset({"cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack"})


@dataclass(frozen=True, eq=False)
class Left:
    """What a module gave, with its fit under one element; `fit` is None where its output came about unseen."""

    call: Call
    shape: tuple[int, ...]
    fit: Fit | None


LATER = Fit("silent", reason="judged with the output of its layer")
"""Under a warp, which costs a resampling, what a layer makes on the way to its output is not judged."""


_EXACTLY = torch.finfo(torch.float64).eps ** 0.6
"""Where another axis than the batch comes first, E is in units of differences within a sample, and a tolerance in
those between samples says nothing: what is off by more is judged where the batch is back."""


class Watcher:
    """Judges every result."""

    def __init__(self, element: Element, tolerance: float) -> None:
        self.element, self.tolerance = element, tolerance
        self.operations = 0
        self.modules: list[Left] = []
        self._samples = 0
        self._last: object = None

    def run(self, model: nn.Module, inputs: object) -> list[Node | None]:
        given = Node(
            -1, "input", Call("", 1, model, None, None, 0, None), None, Fit("moves", "as given", reason="the input"), ()
        )
        self._samples = len(tensors(inputs)[0])
        outputs = run_beside(model, inputs, self.element.transformed, known=given, watch=self, left=self.left)
        return [node for _, node in outputs]

    def __call__(
        self, operation: Operation, plain: Tensor, moved: Tensor, versions: dict[str, Tensor]
    ) -> tuple[Node, dict[str, Tensor]]:
        self.operations += 1
        node = self.judge(operation, plain, moved)
        return node, versions

    def judge(self, operation: Operation, plain: Tensor, moved: Tensor) -> Node:
        parents = tuple(twin.node for twin in operation.twins)
        if self.element.region is not None and next(operation.call.module.children(), None) is None:
            return Node(
                operation.number, operation.name, operation.call, operation.site, LATER, parents, tuple(plain.shape)
            )
        found = fit(self.element, plain, moved, self.tolerance, entries=in_any_order(operation))
        node = Node(
            operation.number, operation.name, operation.call, operation.site, found, parents, tuple(plain.shape)
        )
        reshaped = plain.ndim > 0 and len(plain) != self._samples
        if reshaped and found.status == "moves" and (found.error or 0.0) > _EXACTLY:
            node.fit = replace(found, status="silent", reason="the batch was reshaped")
        causes = node.causes
        broken = {id(cause) for cause in causes if cause.status == "broken"}
        if found.status == "rearranged" and len(broken) == 1:  # what one tensor lacks, only another lacks too
            node.fit = replace(found, status="broken")
        if operation.name in RESHAPES and node.is_source:
            node.fit = replace(found, status="rearranged", reason="the batch or the plane was reshaped")
        stumbles = any(cause.status == "rearranged" for cause in causes)
        if node.status == "rearranged" and node.name in ORDERS and stumbles:
            node.sound = self._is_sound(operation)
        if node.is_source:
            node.fit = fit(self.element, plain, moved, self.tolerance, entries=False, thorough=True)
            node.sound = stumbles and self._is_sound(operation)
        return node

    def _is_sound(self, operation: Operation) -> bool:
        """Whether the operation alone gives what moves, for arguments that do."""
        try:
            given = [plain.clone() for plain in operation.plain]
            plain = operation.again(given)
            for moved in self._proper(operation):
                pairs = zip(plain, operation.again(moved), strict=True)
                if all(fit(self.element, *pair, self.tolerance, entries=False).status == "moves" for pair in pairs):
                    return True
        except Exception:  # not for these sizes
            return False
        return False

    def _proper(self, operation: Operation) -> Iterator[list[Tensor]]:
        """Arguments that move, by each action of the first in turn."""
        found: list[dict[str, Tensor]] = []
        for plain, twin in zip(operation.plain, operation.twins, strict=True):
            candidates = self.element.candidates(plain, twin.moved, self.tolerance, False)
            found.append({action: expected for action, expected in candidates if expected.shape == plain.shape})
        for action in found[0]:
            proper = [
                moved.get(action, next(iter(moved.values()), twin.moved)).clone()
                for moved, twin in zip(found, operation.twins, strict=True)
            ]
            if not all(map(torch.equal, proper, operation.plain)):
                yield proper

    def left(self, call: Call, output: Tensor, twin: Twin | None) -> None:
        """A module has given its output: a container only counts where its own code changed the last one's."""
        if output is self._last and call.children:
            return
        self._last = output
        if twin is not None and twin.node.fit.reason == LATER.reason:
            twin.node = replace(twin.node, fit=fit(self.element, output, twin.moved, self.tolerance))
        self.modules.append(Left(call, tuple(output.shape), None if twin is None else twin.node.fit))


def in_any_order(operation: Operation) -> bool:
    """Whether entries in another order pass: not where zeros or constants are put beside them, which no sum sees."""
    still = [
        twin.node is None or (twin.node.status == "moves" and not twin.node.fit.action) for twin in operation.twins
    ]
    constant = any(still) or any(value.is_floating_point() for value in operation.constants)
    onto_constant = operation.in_place and still[0]
    return operation.name != "pad" and not onto_constant and not (operation.name in _JOINS and constant)
