"""Rules by overload: what an operation does to the motions of its arguments, and the theorem that says so."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ..errors import ArgumentError
from .actions import Ints
from .trace import Shape
from .values import Batch, Value

__all__ = ["RULES", "Rule", "Step", "name_of", "overload", "register", "rule"]


@dataclass(frozen=True)
class Step:
    """One operation of the graph: its name there, its overload, the shape of its (first) result and where the batch is.

    `dtype`: of the result. `prefer`: which of its units should take whose place, where equal units leave a choice.
    """

    name: str
    op: str
    shape: Shape
    batch: Batch | None
    module: str = ""
    line: str = ""
    prefer: Ints | None = None
    dtype: torch.dtype | None = None


RuleFunction = Callable[..., Any]


@dataclass(frozen=True)
class Rule:
    """A rule for one overload. `cites`: ids of the ledger; `family`: the file it is in."""

    op: str
    apply: RuleFunction
    cites: tuple[str, ...]
    family: str

    @property
    def says(self) -> str:
        return " ".join((self.apply.__doc__ or "").split())


RULES: dict[str, Rule] = {}


def rule(*ops: str, cites: tuple[str, ...] = ()) -> Callable[[RuleFunction], RuleFunction]:
    """The decorated function is the rule for these overloads; its parameters are those of their schema, every one.

    The first parameter is the `Step`; an argument that the schema calls `self` is called `input`.

    Raises:
        ArgumentError: no such overload, or the parameters differ from the schema's: then an argument would go unread.
    """

    def decorate(function: RuleFunction) -> RuleFunction:
        ours = list(inspect.signature(function).parameters)[1:]
        for op in ops:
            theirs = _parameters(op)
            if sorted(ours) != sorted(theirs):
                raise ArgumentError("rule", f"{op}: {', '.join(ours)}", f"the schema's arguments {', '.join(theirs)}")
            RULES[op] = Rule(op, function, cites, function.__module__.rpartition(".")[2])
        return function

    return decorate


def register(op: str, function: RuleFunction, *, cites: tuple[str, ...] = ()) -> None:
    """A rule of one's own, for a custom operation `library.name.overload`; see `rule`."""
    rule(op, cites=cites)(function)


def overload(op: str) -> Any:
    """torch's overload of that name."""
    found: Any = torch.ops
    for part in op.split("."):
        if not hasattr(found, part):
            raise ArgumentError("rule", op, "an overload that torch knows, such as aten.relu.default")
        found = getattr(found, part)
    return found


def name_of(target: Any) -> str:
    """`aten.relu.default`; for functions of Python `operator.mul`."""
    if isinstance(target, torch._ops.OpOverload):
        return str(target)
    if getattr(operator, getattr(target, "__name__", ""), None) is target:
        return f"operator.{target.__name__}"
    return str(target)


def _parameters(op: str) -> list[str]:
    return ["input" if a.name == "self" else a.name for a in overload(op)._schema.arguments]


def arguments_of(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Every argument of the schema by name, defaults included."""
    bound: dict[str, Any] = {}
    for position, argument in enumerate(target._schema.arguments):
        name = "input" if argument.name == "self" else argument.name
        if position < len(args):
            bound[name] = args[position]
        elif argument.name in kwargs:
            bound[name] = kwargs[argument.name]
        else:
            bound[name] = argument.default_value if argument.has_default_value() else None
    return bound


def is_value(found: object) -> bool:
    return isinstance(found, Value)
