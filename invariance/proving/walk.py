"""One generator along the graph: the motion of every tensor, or why it stops."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.fx import Node

from ..errors import ArgumentError, reason_of
from . import rules as _rules  # noqa: F401 - registers them
from .actions import Action, Ints
from .choices import Wishes, wished
from .constants import folded
from .exporting import place_in_code
from .registry import RULES, Step, arguments_of, name_of
from .rules.places import OF_PLACES
from .siblings import BESIDE, PUT_TOGETHER, as_one
from .trace import Program, Symbol, place, symbol
from .values import Batch, Constant, Moving, Near, Places, Refusal, Value

__all__ = ["Stop", "Walk", "walk"]

_CHOICES = 64  # walks for one generator; chains of layers that wait for each other's choice are shorter


@dataclass(frozen=True)
class Stop:
    """Where a generator does not go through: the operation, the module it belongs to, the line, and the reason."""

    name: str
    op: str
    module: str
    line: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Plain data: the operation, its module, its line of code, and why the proof ends there."""
        names = ("name", "op", "module", "line", "reason")
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        where = f"{self.op} in `{self.module}`" if self.module else self.op
        return f"{where}{f' ({self.line})' if self.line else ''}: {self.reason}"


@dataclass(frozen=True)
class Walk:
    """What one generator does to every tensor. `actions`: by node, those of the operations that went through."""

    values: Mapping[str, Any]
    steps: tuple[Step, ...]
    stops: tuple[Stop, ...]
    outputs: tuple[Value | None, ...]
    refused: tuple[tuple[Node, Step, Refusal], ...] = ()

    @property
    def reached(self) -> bool:
        """Whether the motion of every output is known."""
        return all(v is not None and not (isinstance(v, Moving) and v.action is None) for v in self.outputs)


class _Unknown:
    """Behind an operation that did not go through."""


_UNKNOWN = _Unknown()


def walk(
    program: Program, inputs: Sequence[Action], *, labels: Mapping[int, Ints] | None = None, assume: bool = False
) -> Walk:
    """Every operation in order; what depends on one that stopped is passed over.

    Where equal units leave a choice, it is made anew as what follows asks for it: a walk for each choice.
    `labels`: σ of the inputs that are numbers of places, by their number.
    With `assume` an operation that stops where most of it fits is taken to go through, to see what else stops. Such a
    walk proves nothing.
    """
    given = [_input(action, k, labels or {}) for k, action in enumerate(inputs)]
    first = found = _walked(program, given, assume, {})
    wishes: Wishes = {}
    for _ in range(_CHOICES):
        if assume or not found.refused:
            return found
        more = wished(found.refused, found.values)
        if not more or all(name in wishes and np.array_equal(wishes[name], units) for name, units in more.items()):
            break
        wishes |= more
        found = _walked(program, given, assume, wishes)
    return first


def _input(action: Action, k: int, labels: Mapping[int, Ints]) -> Moving:
    return Places(action, Batch(0), labels=labels[k]) if k in labels else Moving(action, Batch(0))


def _walked(program: Program, inputs: Sequence[Moving], assume: bool, wishes: Wishes) -> Walk:
    values: dict[str, Any] = {}
    steps: list[Step] = []
    stops: list[Stop] = []
    refused: list[tuple[Node, Step, Refusal]] = []
    moving = iter(inputs)
    for node in program.graph.nodes:
        if node.name in program.folded:
            values[node.name] = program.folded[node.name]
            continue
        if node.op == "placeholder":
            if node.name in program.constants:
                try:
                    values[node.name] = program.folded[node.name] = _constant(program, node.name)
                except Refusal as refusal:
                    values[node.name] = _UNKNOWN
                    if node.users:
                        stops.append(Stop(node.name, "constant", program.names[node.name], "", refusal.reason))
            elif node.name in program.inputs:
                values[node.name] = next(moving)
            continue
        if node.op == "output":
            break
        step = None
        try:
            step = _step(node, wishes.get(node.name))
            found = values[node.name] = _apply(node, step, values)
            if step.op in PUT_TOGETHER and (open_ := {s.name for s in stops} & {n.name for n in node.all_input_nodes}):
                joint = as_one(node, step, values)
                if joint is not None and open_ <= {*joint[1]}:
                    values[node.name] = found = joint[0]
                    _check(step, found)
                    values |= {n: Moving(None, None, None, BESIDE) for n in joint[1]}
                    stops = [s for s in stops if s.name not in joint[1]]
                    refused = [r for r in refused if r[0].name not in joint[1]]
            if isinstance(found, Constant | int | float):
                program.folded[node.name] = found
                continue
        except Refusal as refusal:
            values[node.name] = _assumed(node, step, refusal, values) if assume else _UNKNOWN
            where = step or Step(node.name, name_of(node.target), (), None, *place_in_code(node))
            stops.append(Stop(where.name, where.op, where.module, where.line, refusal.reason))
            refused.append((node, where, refusal))
        if step is not None:
            steps.append(step)
    outputs = [values.get(name) for name in program.outputs]
    found = tuple(v if isinstance(v, Value) and not isinstance(v, Places) else None for v in outputs)
    for name, value in zip(program.outputs, outputs, strict=True):
        if isinstance(value, Places):
            stops.append(Stop(name, "output", "", "", "the output is numbers of places, whose values move"))
        if isinstance(value, Moving) and value.action is None:
            stops.append(Stop(name, "output", "", "", value.reason))
    return Walk(values, tuple(steps), tuple(stops), found, tuple(refused))


def _constant(program: Program, name: str) -> Constant:
    """A weight; of real numbers that keep equations, with the numbers of its entries."""
    values = program.constants[name].numpy()
    near = None
    if program.equations is not None and values.dtype.kind == "f":
        near = Near(program.equations, program.equations.number(program.names[name], values.shape))
    return Constant.of(values, None, near, program.names[name])


def _assumed(node: Node, step: Step | None, refusal: Refusal, values: Mapping[str, Any]) -> Any:
    """What the rest is looked at with: the rule's own guess, or, where a constant is to blame, as if it were not."""
    if (guess := refusal.detail.get("assumed")) is not None:
        return guess
    if step is None or "constant" not in refusal.detail:
        return _UNKNOWN
    parts = [part for part in _leaves(_resolved(node.args, values)) if isinstance(part, Moving)]
    alike = [part for part in parts if part.action is not None and part.shape == step.shape]
    if step.op.startswith("aten._native_batch_norm") and parts:
        return parts[0], None, None
    return alike[0] if alike else _UNKNOWN


def _apply(node: Node, step: Step, values: Mapping[str, Any]) -> Any:
    target: Any = node.target
    if target is operator.getitem:
        source, place_ = node.args
        assert isinstance(source, Node)
        found = values[source.name]
        return found if found is _UNKNOWN else found[place_]
    args = _resolved(node.args, values)
    kwargs = _resolved(node.kwargs, values)
    parts = list(_leaves((args, kwargs)))
    if any(part is _UNKNOWN for part in parts):
        return _UNKNOWN
    if not isinstance(target, torch._ops.OpOverload):
        return _symbolic(node)
    if target is torch.ops.aten.sym_size.int:
        return _symbolic(node)
    if step.op.startswith("aten._assert"):
        return None
    arguments = arguments_of(target, args, kwargs)
    if not any(isinstance(part, Moving) for part in parts):
        return _taken("a constant that this operation does not take", lambda: folded(step, target, args, kwargs))
    if step.op not in RULES:
        raise Refusal(
            f"there is no rule for {step.op}; add one: a function of its arguments, registered by "
            f"`invariance.proving.register({step.op!r}, function)`"
        )
    addresses = arguments.get("index") if step.op in OF_PLACES else None
    if any(isinstance(part, Places) and part is not addresses for part in parts):
        return _relabelled(step, arguments, parts)
    result = _applied(step, arguments)
    _check(step, result)
    return result


def _relabelled(step: Step, arguments: Mapping[str, Any], parts: Sequence[Any]) -> Any:
    """Numbers of places go elsewhere and are relabelled as before; nothing is computed with them."""
    places = [part for part in parts if isinstance(part, Places)]
    family, alike = RULES[step.op].family, all(np.array_equal(p.labels, places[0].labels) for p in places)
    others = any(isinstance(p, Moving | Constant) and not isinstance(p, Places) for p in parts)
    if family not in ("views", "selection", "pieces") or "pad" in step.op or others or not alike:
        raise Refusal(f"{step.op} of numbers of places, whose values move: only gather and scatter_add have a rule")
    made = _applied(step, arguments)
    _check(step, made)
    return places[0].like(made)


def _check(step: Step, result: Any) -> None:
    """The rule speaks of a tensor of this shape, with the batch where it is."""
    if isinstance(result, tuple):
        return
    if tuple(result.shape) != step.shape:
        raise RuntimeError(f"{step.op} gave {result.shape} where the graph has {step.shape}")
    whole = step.dtype is not None and not (step.dtype.is_floating_point or step.dtype.is_complex)
    if whole and isinstance(result, Moving) and result.action is not None and result.action.signed:
        raise Refusal("whole numbers that change sign or size: the smallest one of its type has no negative")
    if isinstance(result, Moving) and (result.batch and result.batch.axis) != (step.batch and step.batch.axis):
        raise Refusal("the batch is lost, or samples meet each other")


def _step(node: Node, prefer: Ints | None) -> Step:
    value = node.meta.get("val")
    value = value[0] if isinstance(value, tuple | list) and value else value
    shape, batch = place(value) if isinstance(value, Tensor) else ((), None)
    dtype = value.dtype if isinstance(value, Tensor) else None
    return Step(node.name, name_of(node.target), shape, batch, *place_in_code(node), prefer, dtype)


def _symbolic(node: Node) -> Any:
    value = node.meta.get("val")
    if isinstance(value, torch.SymInt):
        return symbol(value)
    if isinstance(value, int | float | bool):
        return value
    raise Refusal(f"{name_of(node.target)} is no operation on tensors that a rule could be for")


def _resolved(found: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(found, Node):
        return values[found.name]
    if isinstance(found, list | tuple):
        return (
            type(found)(_resolved(item, values) for item in found)
            if type(found) in (list, tuple)
            else [_resolved(item, values) for item in found]
        )
    if isinstance(found, dict):
        return {key: _resolved(item, values) for key, item in found.items()}
    return found


def _leaves(found: Any) -> Iterator[Any]:
    if isinstance(found, list | tuple):
        for item in found:
            yield from _leaves(item)
    elif isinstance(found, dict):
        for item in found.values():
            yield from _leaves(item)
    else:
        yield found


def at_one(found: Any) -> Any:
    """Sizes with the batch taken as one."""
    if isinstance(found, Symbol):
        return found.at_one
    if isinstance(found, list | tuple):
        return [at_one(item) for item in found]
    if isinstance(found, dict):
        return {key: at_one(item) for key, item in found.items()}
    return found


def _applied(step: Step, arguments: Mapping[str, Any]) -> Any:
    """What the rule gives; arguments that it was not written for go no further."""
    return _taken("its rule does not take these arguments", lambda: RULES[step.op].apply(step, **arguments))


def _taken(refused: str, made: Callable[[], Any]) -> Any:
    try:
        return made()
    except ArgumentError:
        raise
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise Refusal(f"{refused} ({type(error).__name__}: {reason_of(error)})") from error
