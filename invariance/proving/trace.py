"""A module as a graph of operations: `torch.export` of a float64 copy in eval mode, with the batch as a symbol."""

from __future__ import annotations

import copy
import hashlib
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor
from torch.export.graph_signature import InputKind, TensorArgument
from torch.utils._pytree import tree_leaves

from ..errors import ArgumentError, ArgumentTypeError, reason_of
from .exporting import as_graph
from .nearness import Equations
from .values import Batch, Refusal

__all__ = ["Program", "Symbol", "fingerprint", "place", "refreshed", "trace", "weights_of"]

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
        output_shapes: with a batch of one in front; None where the first axis of an output is not the batch.
        seconds: that the export took.
        fixed: names of constants that forward itself makes, which are no weights.
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
            batch size is fixed; a weight is not finite.
    """
    if not isinstance(model, nn.Module):
        raise ArgumentTypeError("model", type(model).__name__, "a torch.nn.Module: a proof needs its weights and graph")
    module = _copy(model)
    types = [torch.int64 if k in places else torch.float64 for k in range(len(input_shapes))]
    examples = tuple(torch.zeros(2, *shape, dtype=t) for shape, t in zip(input_shapes, types, strict=True))
    start = time.perf_counter()
    exported = as_graph(module, examples)
    seconds = time.perf_counter() - start
    signature = exported.graph_signature
    constants, names = {}, {}
    inputs = []
    held, first = weights_of(module), {}
    for target, weight in held.items():
        first.setdefault(id(weight), target)
    for spec in signature.input_specs:
        name = getattr(spec.arg, "name", "")
        if spec.kind is InputKind.USER_INPUT:
            inputs.append(name)
        elif spec.kind in (InputKind.PARAMETER, InputKind.BUFFER, InputKind.CONSTANT_TENSOR):
            target = spec.target or name
            found = exported.state_dict.get(target)
            constants[name] = torch.as_tensor(exported.constants[target] if found is None else found).detach()
            names[name] = first[id(held[target])] if target in held else target
        else:
            raise ArgumentError("model", str(spec.kind), "tensors only as inputs of the graph")
    outputs = tuple(spec.arg.name for spec in signature.output_specs if isinstance(spec.arg, TensorArgument))
    return Program(
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
        alone=_alone(module, input_shapes, places),
        places=tuple(places),
    )


def refreshed(program: Program, model: nn.Module) -> Program:
    """The same graph with the weights that `model`, of which it was exported, has now.

    Raises:
        ArgumentError: another model, or one whose forward does something else now; weights that are not finite.
    """
    module = _copy(model)
    state = weights_of(module)
    missing = [name for name in program.names.values() if name not in state and name not in program.fixed]
    if missing:
        raise ArgumentError("model", missing[0], "the model that was exported: it has no weight of this name now")
    constants = {
        node: state[name].detach() if name in state else program.constants[node] for node, name in program.names.items()
    }
    found = replace(program, constants=constants, fingerprint=fingerprint(model), module=module, folded={})
    if not _as_exported(found, module):
        raise ArgumentError(
            "model", type(model).__name__, "a forward that does what it did at the export: export it anew"
        )
    return found


@torch.no_grad()
def _as_exported(program: Program, module: nn.Module) -> bool:
    """Whether the graph gives what the module gives: what is no weight may have changed, too."""
    generator = torch.Generator().manual_seed(0)
    types = [torch.int64 if k in program.places else torch.float64 for k in range(len(program.inputs))]
    inputs = [
        torch.randn(2, *shape, generator=generator, dtype=torch.float64).mul(t.is_floating_point).to(t)
        for shape, t in zip(program.input_shapes, types, strict=True)
    ]
    held = {**program.constants, **dict(zip(program.inputs, inputs, strict=True))}
    given = [held[node.name].clone() for node in program.graph.find_nodes(op="placeholder")]
    again = torch.fx.GraphModule(program.graph.owning_module or {}, program.graph)(*given)
    pairs = [[leaf for leaf in tree_leaves(again) if isinstance(leaf, Tensor)], _run(module, inputs)]
    return all(torch.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True) for a, b in zip(*pairs, strict=True))


@torch.no_grad()
def _run(module: nn.Module, inputs: Sequence[Tensor]) -> list[Tensor]:
    """The tensors that come out.

    Raises ArgumentError where the module, which was exported, does not run any more: torch.export leaves tensors
    without values in modules that forward changes and that are no parts of it.
    """
    wanted = "a forward that runs after torch.export, too: modules that it uses are parts of it (nn.ModuleList)"
    try:
        found = [leaf for leaf in tree_leaves(module(*inputs)) if isinstance(leaf, Tensor)]
    except Exception as error:
        given = f"{type(module).__name__}, {type(error).__name__}: {reason_of(error)}"
        raise ArgumentError("model", given, wanted) from error
    if any(isinstance(leaf, FakeTensor) for leaf in found):
        raise ArgumentError("model", f"{type(module).__name__}, whose output has no values", wanted)
    return found


def weights_of(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name; one that is there under several names, under each."""
    parameters, buffers = (f(remove_duplicate=False) for f in (module.named_parameters, module.named_buffers))
    return {**dict(parameters), **dict(buffers)}


def _copy(model: nn.Module) -> nn.Module:
    with warnings.catch_warnings():  # a saved graph is copied with warnings about torch's own types
        warnings.simplefilter("ignore")
        module = copy.deepcopy(model).cpu().double().eval()
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


@torch.no_grad()
def _alone(module: nn.Module, input_shapes: Sequence[Shape], places: Sequence[int]) -> str:
    """torch.export takes every batch for two samples or more; a forward that treats one apart shows by numbers."""
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(2, *shape, generator=generator, dtype=torch.float64) for shape in input_shapes]
    inputs = [x.long() * 0 if k in places else x for k, x in enumerate(inputs)]
    apart = "a sample by itself gives another result than beside others, so a batch of one is a case of its own"
    both = _run(module, [x.clone() for x in inputs])
    try:
        one = [leaf for leaf in tree_leaves(module(*(x[:1].clone() for x in inputs))) if isinstance(leaf, Tensor)]
    except Exception as error:
        return f"{apart} ({type(error).__name__}: {reason_of(error)})"
    for x, y in zip(one, both, strict=False):
        first = y if x.shape == y.shape else y[:1]
        if x.shape != first.shape or not torch.allclose(x, first, rtol=1e-6, atol=1e-9, equal_nan=True):
            return apart
    return ""


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
        array = np.ascontiguousarray(tensor.numpy())
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()
