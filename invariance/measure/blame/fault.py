"""A place that breaks the symmetry, by its name in the model and its lines, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..places import Site
from ..shadow import Opaque
from ..symmetry import Element
from .node import Node, repeated

__all__ = ["Fault", "faults"]


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


def faults(nodes: Sequence[Node], element: Element) -> list[Fault]:
    found: dict[object, Fault] = {}
    for node in nodes:
        key, fault = _fault(node, element)
        if (known := found.get(key)) is None:
            found[key] = fault
        elif known.code is not None and fault.code is not None:
            found[key] = replace(known, code=known.code.to(fault.code))
    return list(found.values())


def _fault(node: Node, element: Element) -> tuple[object, Fault]:
    call, code = node.call, node.site
    between: tuple[str | None, str | None] | None = None
    conditions: tuple[str, ...] = ()
    if (several := repeated(call)) is not None:
        call, first, last = several
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
