"""A module as a graph of operations: `torch.export` of a float64 copy in eval mode, with the batch as a symbol."""

from __future__ import annotations

import copy
import hashlib
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.export.graph_signature import InputKind, TensorArgument
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_leaves, tree_unflatten

from ..errors import ArgumentError, ArgumentTypeError, reason_of
from .called import alike, apart, examples, outputs_of
from .exporting import as_graph
from .keeping import differing, kept, overlapping_weights, tied, weights_of
from .nearness import Equations
from .values import Batch, Refusal

__all__ = ["Program", "Symbol", "fingerprint", "place", "refreshed", "trace"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Symbol:
    """An integer that depends on the batch: its value for a batch of one, and the expression it stands for."""

    at_one: int
    expression: str


@dataclass(frozen=True)
class Program:
    """A graph, its constants as they are, and where the inputs and outputs are.

    Attributes:
        constants: by the name of the placeholder.
        names: of parameters and buffers in the module, by the name of the placeholder; of one that is there under
            several names, the first.
        inputs, outputs: names of nodes.
        returned: the tree that the module returns, with the numbers of its outputs; None for what is no tensor.
        output_shapes: with a batch of one in front; None where the first axis of an output is not the batch.
        seconds: that the export took.
        fixed: names of constants that forward itself makes, which are no weights.
        overlapping: names of weights that share memory in part, so that one does not change alone.
        module: the float64 copy.
        equations: where weights are compared to a tolerance, what should be equal.
        folded: constants and what is computed from them, by node: the same for every generator.
        places: which inputs are numbers of places.
        alone: how a sample by itself gives another result than beside others; empty where it does not.
    """

    graph: torch.fx.Graph
    constants: Mapping[str, Tensor]
    names: Mapping[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    output_shapes: tuple[Shape | None, ...] = ()
    seconds: float = 0.0
    fingerprint: str = ""
    fixed: frozenset[str] = frozenset()
    module: nn.Module | None = field(default=None, repr=False, compare=False)
    equations: Equations | None = None
    folded: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    alone: str = ""
    places: tuple[int, ...] = ()
    overlapping: frozenset[str] = frozenset()
    returned: Any = None

    def users(self, name: str) -> int:
        """How many operations read the constant of this name; also under other names, where a weight is shared."""
        mine = self.constants[name]
        alike = {n for n, c in self.constants.items() if c.data_ptr() == mine.data_ptr() and c.shape == mine.shape}
        return sum(len(node.users) for node in self.graph.nodes if node.name in alike | {name})


def trace(model: nn.Module, input_shapes: Sequence[Shape], places: Sequence[int] = ()) -> Program:
    """The program of the float64 copy of `model` in eval mode, for every batch size.

    `places`: which inputs are numbers of places, whole ones.

    Raises:
        ArgumentTypeError: not a module.
        ArgumentError: it does not export, in torch's words; a buffer or an input is changed by the forward pass; the
            batch size is fixed; a weight is not finite; it does something else when it is called than when it is
            exported, or changes what it keeps.
    """
    if not isinstance(model, nn.Module):
        raise ArgumentTypeError("model", type(model).__name__, "a torch.nn.Module: a proof needs its weights and graph")
    module = _copy(model)
    types = [torch.int64 if k in places else torch.float64 for k in range(len(input_shapes))]
    zeros = tuple(torch.zeros(2, *shape, dtype=t) for shape, t in zip(input_shapes, types, strict=True))
    start = time.perf_counter()
    exported = as_graph(module, zeros)
    seconds = time.perf_counter() - start
    signature = exported.graph_signature
    constants, names = {}, {}
    inputs = []
    held, first = weights_of(module), tied(module)
    for spec in signature.input_specs:
        name = getattr(spec.arg, "name", "")
        if spec.kind is InputKind.USER_INPUT:
            inputs.append(name)
        elif spec.kind in (InputKind.PARAMETER, InputKind.BUFFER, InputKind.CONSTANT_TENSOR):
            target = spec.target or name
            found = exported.state_dict.get(target)
            constants[name] = torch.as_tensor(exported.constants[target] if found is None else found).detach()
            names[name] = first[target] if target in held else target
        else:
            raise ArgumentError("model", str(spec.kind), "tensors only as inputs of the graph")
    outputs = tuple(spec.arg.name for spec in signature.output_specs if isinstance(spec.arg, TensorArgument))
    if not outputs:
        raise ArgumentError("model", f"{type(module).__name__}, which returns no tensor", "a forward that returns one")
    number = count()
    numbers = [next(number) if isinstance(spec.arg, TensorArgument) else None for spec in signature.output_specs]
    samples = examples(input_shapes, places)
    both = outputs_of(module, samples)
    program = Program(
        exported.graph,
        constants,
        names,
        tuple(inputs),
        outputs,
        tuple(tuple(shape) for shape in input_shapes),
        _output_shapes(exported.graph, outputs),
        seconds,
        fingerprint(model),
        frozenset(names.values()) - set(held),
        module,
        alone=apart(module, samples, both),
        places=tuple(places),
        overlapping=overlapping_weights(model),
        returned=_tree(exported, numbers),
    )
    if not _gives(program, samples, both):
        wanted = "a forward that gives the same when it is called as when torch.export runs it: no is_exporting()"
        raise ArgumentError("model", type(module).__name__, wanted)
    return program


def _tree(exported: torch.export.ExportedProgram, leaves: list[Any]) -> Any:
    spec = exported.call_spec.out_spec
    assert spec is not None
    return tree_unflatten(leaves, spec)


def refreshed(program: Program, model: nn.Module) -> Program:
    """The same graph with the weights that `model`, of which it was exported, has now.

    Another one where what it keeps besides weights is not as it was: numbers, texts, tensors that are no parameters,
    hooks, weights that were one.

    Raises:
        ArgumentError: another model, or one whose forward does something else now; weights that are not finite.
    """
    module = _copy(model)
    if program.module is not None and (
        differing(kept(program.module), kept(module)) or tied(program.module) != tied(module)
    ):
        return trace(model, program.input_shapes, program.places)
    state = weights_of(module)
    missing = [name for name in program.names.values() if name not in state and name not in program.fixed]
    if missing:
        raise ArgumentError("model", missing[0], "the model that was exported: it has no weight of this name now")
    constants = {
        node: state[name].detach() if name in state else program.constants[node] for node, name in program.names.items()
    }
    found = replace(program, constants=constants, fingerprint=fingerprint(model), module=module, folded={})
    inputs = examples(found.input_shapes, found.places)
    if not _gives(found, inputs, outputs_of(module, inputs)):
        raise ArgumentError(
            "model", type(model).__name__, "a forward that does what it did at the export: export it anew"
        )
    return found


@torch.no_grad()
def _gives(program: Program, inputs: Sequence[Tensor], made: Sequence[Tensor]) -> bool:
    """Whether the graph gives what was made by the module."""
    held = {**program.constants, **dict(zip(program.inputs, inputs, strict=True))}
    given = [held[node.name].clone() for node in program.graph.find_nodes(op="placeholder")]
    again = torch.fx.GraphModule(program.graph.owning_module or {}, program.graph)(*given)
    found = [leaf for leaf in tree_leaves(again) if isinstance(leaf, Tensor)]
    return len(found) == len(made) and all(map(alike, found, made))


def _copy(model: nn.Module) -> nn.Module:
    for name, weight in (*model.named_parameters(), *model.named_buffers()):
        if is_lazy(weight) or weight.is_meta or weight.layout != torch.strided:
            given = f"{type(weight).__name__} on {weight.device}, {weight.layout}"
            raise ArgumentError(f"model.{name}", given, "a dense weight with numbers; run a lazy module once")
    try:
        with warnings.catch_warnings():  # a saved graph is copied with warnings about torch's own types
            warnings.simplefilter("ignore")
            module = copy.deepcopy(model).cpu().double().eval()
    except Exception as error:
        wanted = "a module that copy.deepcopy takes; of weight_norm that of torch.nn.utils.parametrizations"
        raise ArgumentError("model", f"{type(error).__name__}: {reason_of(error)}", wanted) from error
    for name, weight in (*module.named_parameters(), *module.named_buffers()):
        if weight.is_floating_point() and not torch.isfinite(weight).all():
            raise ArgumentError("model", name, "finite weights: this one has NaN or infinite entries")
    return module


def _output_shapes(graph: torch.fx.Graph, outputs: Sequence[str]) -> tuple[Shape | None, ...]:
    """With the batch taken as one; None where the first axis is not the batch."""
    by_name = {node.name: node for node in graph.nodes}
    found: list[Shape | None] = []
    for name in outputs:
        try:
            shape, batch = place(by_name[name].meta["val"])
        except (Refusal, KeyError, AttributeError):
            shape, batch = (), None
        found.append(shape if batch == Batch(0) and shape[:1] == (1,) else None)
    return tuple(found)


def place(value: Any) -> tuple[Shape, Batch | None]:
    """The shape of a node's value with the batch left out, and where the batch is.

    Raises Refusal where a size is no multiple of the batch, or the batch is on two axes.
    """
    sizes, batch = [], None
    for axis, size in enumerate(value.shape):
        found = symbol(size)
        if isinstance(found, int):
            sizes.append(found)
            continue
        if batch is not None:
            raise Refusal("the batch is on two axes of one tensor: samples meet each other")
        batch = Batch(axis)
        sizes.append(found.at_one)
    return tuple(sizes), batch


def symbol(size: Any) -> int | Symbol:
    """A number, or a multiple of the batch."""
    if isinstance(size, int):
        return size
    expression = size.node.expr
    free = list(expression.free_symbols)
    if not free:
        return int(expression)
    at_one = expression.subs(free[0], 1)
    if len(free) > 1 or expression != at_one * free[0]:
        raise Refusal(f"a size of {expression} is no multiple of the batch size: samples meet each other")
    return Symbol(int(at_one), str(expression))


def fingerprint(module: nn.Module) -> str:
    """SHA-256 over names, types, shapes and bytes of every parameter and buffer, in the order of their names."""
    digest = hashlib.sha256()
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
