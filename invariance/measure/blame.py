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

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from .fit import Fit, Status, fit
from .places import Call, Site
from .shadow import MAIN, Opaque, Operation, Twin, run_beside
from .symmetry import Element

__all__ = ["Fault", "Left", "blame"]

_RESHAPES = frozenset(
    (
        *("view", "view_as", "reshape", "reshape_as", "flatten", "unflatten", "squeeze", "unsqueeze", "expand"),
        *("permute", "transpose", "t", "movedim", "swapaxes", "__get__"),  # T and mT are properties
        *("contiguous", "clone", "detach", "to", "type", "double", "float", "half", "bfloat16"),
    )
)
_ORDERS = frozenset(
    ("roll", "flip", "fliplr", "flipud", "rot90", "cat", "stack", "__getitem__", "index_select", "gather", "sort")
)
"""What changes the order of entries and nothing else."""

_JOINS = frozenset({"cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack"})
_VERSIONS = 2  # operations done again for acquittals, as a multiple of all operations


@dataclass(frozen=True, eq=False)
class Fault:
    """A place that breaks the symmetry.

    Attributes:
        layer, kind: name and class of the module to blame, or whose `forward` is.
        element: under which it breaks.
        error, action: E of what comes out, under the action that fits best; None where none could be tried.
        code: the lines, where it is the user's code and no layer of torch.
        between: where it is code between two layers, their names; None at the beginning and the end of `forward`.
        operation: torch's name of the operation that breaks it.
        conditions: what the layer violates, where its numbers tell.
    """

    layer: str
    kind: str
    element: str
    error: float | None
    action: str
    code: Site | None = None
    between: tuple[str | None, str | None] | None = None
    operation: str = ""
    conditions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Such as "2 (Conv2d)", or "the code of Block.forward between conv and relu"."""
        if self.between is None:
            return f"{self.layer} ({self.kind})" if self.layer else self.kind
        after, before = self.between
        where = {
            (True, True): f" between {after} and {before}",
            (True, False): f" after {after}",
            (False, True): f" before {before}",
            (False, False): "",
        }[after is not None, before is not None]
        function = self.code.function if self.code else f"{self.kind}.forward"
        return f"the code of {function}{f' of {self.layer}' if self.layer else ''}{where}"

    @property
    def sentence(self) -> str:
        """The place, how much it is off, under which element, the lines, and the conditions that it violates."""
        how = "the entries differ, in whatever order," if self.error is None else f"E = {self.error:.1e}"
        lines = [f"{self.code}: `{self.code.source}`"] if self.code and self.code.source else []
        return "; ".join((f"{self.name}: {how} under {self.element}", *lines, *self.conditions))


@dataclass(frozen=True, eq=False)
class Left:
    """What a module gave, with its fit under one element; `fit` is None where its output came about unseen."""

    call: Call
    shape: tuple[int, ...]
    fit: Fit | None


_LATER = Fit("silent", reason="judged with the output of its layer")
"""Under a warp, which costs a resampling, what a layer makes on the way to its output is not judged."""


@dataclass(eq=False)
class _Node:
    """One result of an operation, without the tensors."""

    number: int
    name: str
    call: Call
    site: Site | None
    fit: Fit
    parents: tuple[_Node | None, ...]
    shape: tuple[int, ...] = ()
    sound: bool = False
    """Gives what moves, where it gets what moves."""

    @property
    def status(self) -> Status:
        return self.fit.status

    @property
    def causes(self) -> list[_Node]:
        """The nearest results before it that can be told."""
        found: list[_Node] = []
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
    def anchors(self) -> list[_Node]:
        """What moves, before what is broken; none where something rearranged is among it."""
        found: list[_Node] = []
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


def blame(model: nn.Module, inputs: object, element: Element, tolerance: float) -> tuple[list[Fault], list[Left], str]:
    """The faults in the order in which they are computed, every module's output, and how the model's output moves,
    which is empty where it is broken or cannot be told.

    Raises:
        ArgumentError: as `run_beside`.
    """
    watcher = _Watcher(element, tolerance)
    outputs = watcher.run(model, inputs)
    moves = _told(outputs)
    nodes = _sources(outputs)
    if nodes:
        healer = _Healer(element, tolerance, {node.number for node in nodes}, _VERSIONS * watcher.operations)
        healer.run(model, inputs)
        nodes = sorted((*nodes, *healer.convicted), key=lambda node: node.number)
    return _faults(nodes, element), watcher.modules, moves


def _told(outputs: Sequence[_Node | None]) -> str:
    known = [node for node in outputs if node is not None]
    if not known or any(node.status not in ("moves", "rearranged") for node in known):
        return ""
    rearranged = next((node for node in known if node.status == "rearranged"), None)
    if rearranged is None:
        return " / ".join(dict.fromkeys(node.fit.action for node in known if node.fit.action))
    where = _rearranging(rearranged, itself=True)
    return "its entries come in another order" + (
        f" ({where.site}: `{where.site.source}`)" if where and where.site else ""
    )


class _Watcher:
    """Judges every result."""

    def __init__(self, element: Element, tolerance: float) -> None:
        self.element, self.tolerance = element, tolerance
        self.operations = 0
        self.modules: list[Left] = []
        self._last: object = None

    def run(self, model: nn.Module, inputs: object) -> list[_Node | None]:
        given = _Node(
            -1, "input", Call("", 1, model, None, None, 0, None), None, Fit("moves", "as given", reason="the input"), ()
        )
        outputs = run_beside(model, inputs, self.element.transformed, known=given, watch=self, left=self.left)
        return [node for _, node in outputs]

    def __call__(
        self, operation: Operation, plain: Tensor, moved: Tensor, versions: dict[str, Tensor]
    ) -> tuple[_Node, dict[str, Tensor]]:
        self.operations += 1
        node = self.judge(operation, plain, moved)
        return node, versions

    def judge(self, operation: Operation, plain: Tensor, moved: Tensor) -> _Node:
        parents = tuple(twin.node for twin in operation.twins)
        if self.element.region is not None and next(operation.call.module.children(), None) is None:
            return _Node(
                operation.number, operation.name, operation.call, operation.site, _LATER, parents, tuple(plain.shape)
            )
        found = fit(self.element, plain, moved, self.tolerance, entries=_in_any_order(operation))
        node = _Node(
            operation.number, operation.name, operation.call, operation.site, found, parents, tuple(plain.shape)
        )
        causes = node.causes
        broken = {id(cause) for cause in causes if cause.status == "broken"}
        if found.status == "rearranged" and len(broken) == 1:  # what one tensor lacks, only another lacks too
            node.fit = replace(found, status="broken")
        if operation.name in _RESHAPES and node.is_source:
            node.fit = replace(found, status="rearranged", reason="the batch or the plane was reshaped")
        if node.is_source:
            node.fit = fit(self.element, plain, moved, self.tolerance, entries=False, thorough=True)
            node.sound = any(cause.status == "rearranged" for cause in causes) and self._is_sound(operation)
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
        if twin is not None and twin.node.fit.reason == _LATER.reason:
            twin.node = replace(twin.node, fit=fit(self.element, output, twin.moved, self.tolerance))
        self.modules.append(Left(call, tuple(output.shape), None if twin is None else twin.node.fit))


class _Healer(_Watcher):
    """Replaces what is broken by what it should have been, and follows what becomes of it otherwise."""

    def __init__(self, element: Element, tolerance: float, known: set[int], budget: int) -> None:
        super().__init__(element, tolerance)
        self.known, self.budget = known, budget
        self.suspects: dict[str, list[_Node]] = {}
        self.acquitted: set[str] = set()

    @property
    def convicted(self) -> list[_Node]:
        guilty = [node for key, nodes in self.suspects.items() if key not in self.acquitted for node in nodes]
        return [source for node in guilty for source in _culprits(node)]

    def __call__(
        self, operation: Operation, plain: Tensor, moved: Tensor, versions: dict[str, Tensor]
    ) -> tuple[_Node, dict[str, Tensor]]:
        node = self.judge(operation, plain, moved)
        going_on = {key: value for key, value in versions.items() if key != MAIN and self._follows(key, operation)}
        for key, value in list(going_on.items()):
            mended = fit(self.element, plain, value, self.tolerance, entries=_in_any_order(operation))
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

    def _heal(self, node: _Node, plain: Tensor, moved: Tensor, causes: Sequence[_Node]) -> Tensor:
        """What it should have been under the action that fits best; as it is, where the action of what goes in is none
        that comes out.

        Of actions that fit alike that of the input is the likeliest, and a match of channels the least: it fits random
        channels better than any other.
        """
        moving = [cause for cause in causes if cause.status == "moves" and cause.fit.action]
        alike = {_family(cause.fit.action) for cause in moving if len(cause.shape) == plain.ndim}
        layouts = {_layout(action) for action in alike}
        found: list[tuple[float, str, Tensor]] = []
        for action, expected in self.element.candidates(plain, moved, self.tolerance, True):
            if expected.shape == moved.shape and (not alike or _layout(action) in layouts):
                error = float((moved - expected).nan_to_num().double().square().mean().sqrt())
                doubt = 1.0 if _family(action) in alike else _doubt(action)
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


def _in_any_order(operation: Operation) -> bool:
    """Whether entries in another order pass: not where zeros or constants are put beside them, which no sum sees."""
    still = [
        twin.node is None or (twin.node.status == "moves" and not twin.node.fit.action) for twin in operation.twins
    ]
    constant = any(still) or any(value.is_floating_point() for value in operation.constants)
    onto_constant = operation.in_place and still[0]
    return operation.name != "pad" and not onto_constant and not (operation.name in _JOINS and constant)


def _sources(outputs: Iterable[_Node | None]) -> list[_Node]:
    found: dict[int, _Node] = {}
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
            found.update((source.number, source) for source in _culprits(node))
    return list(found.values())


def _culprits(node: _Node) -> list[_Node]:
    """A source, or what went wrong with the order of what it is given; both, where it is a convolution that gives what
    does not move for what does: it reads the plane as it lies, and nothing puts the order right in between."""
    if not node.sound and node.name.startswith("conv"):
        before = _rearranging(node, anywhere=True)
        return [node] if before is None else [before, node]
    return [_rearranging(node) or node]


def _rearranging(node: _Node, *, itself: bool = False, anywhere: bool = False) -> _Node | None:
    """Where the order of the entries was changed last, by no reshape, so that it moves by no action.

    A sound operation stumbles over it; and a module that returns it leaves it to code that knows nothing of it.
    """
    found: list[_Node] = []
    seen: set[int] = set()
    queue = [node] if itself else [cause for cause in node.causes if cause.status == "rearranged"]
    while queue:
        here = queue.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        before = [cause for cause in here.causes if cause.status == "rearranged"]
        queue.extend(before)
        changes = here.name in _ORDERS or not (before or here.name in _RESHAPES)
        if changes and (itself or anywhere or node.sound or here.call.end <= node.number):
            found.append(here)
    return max(found, key=lambda source: source.number, default=None)


def _place(node: _Node) -> str:
    call = node.call
    return call.name if type(call.module).__module__.startswith("torch.") else f"{call.name}:{node.site}"


def _faults(nodes: Sequence[_Node], element: Element) -> list[Fault]:
    found: dict[object, Fault] = {}
    for node in nodes:
        key, fault = _fault(node, element)
        if (known := found.get(key)) is None:
            found[key] = fault
        elif known.code is not None and fault.code is not None:
            found[key] = replace(known, code=known.code.to(fault.code))
    return list(found.values())


def _fault(node: _Node, element: Element) -> tuple[object, Fault]:
    call, code = node.call, node.site
    between: tuple[str | None, str | None] | None = None
    conditions: tuple[str, ...] = ()
    if (repeated := _repeated(call)) is not None:
        call, first, last = repeated
        code = first.site if first.site is None or last.site is None else first.site.to(last.site)
        after, before = call.neighbours(first.start)[0], call.neighbours(last.end)[1]
        between = (after and after.label, before and before.label)
    elif not call.is_layer:
        after, before = call.neighbours(node.number)
        between = (after and after.label, before and before.label)
    else:
        conditions = element.conditions(call)
        if isinstance(call.module, Opaque):
            conditions = (*conditions, "its layers are hidden by torch.jit.script: check the module it was made from")
        if type(call.module).__module__.startswith("torch."):
            code = None
    fault = Fault(
        call.name, call.kind, element.name, node.fit.error, node.fit.action, code, between, node.name, conditions
    )
    return (call.name, between), fault


def _repeated(call: Call) -> tuple[Call, Call, Call] | None:
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
