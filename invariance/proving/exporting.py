"""`torch.export` for a proof: one graph for every batch size, which changes nothing and draws no random numbers."""

from __future__ import annotations

import inspect
import io
import logging
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from inspect import Parameter

import torch
from torch import Tensor, nn
from torch.export import Dim
from torch.export.graph_signature import OutputKind
from torch.fx import Node

from ..errors import ArgumentError, reason_of

__all__ = ["as_graph", "place_in_code"]


def as_graph(module: nn.Module, examples: tuple[Tensor, ...]) -> torch.export.ExportedProgram:
    """The functional graph of `module`, the batch of the examples a symbol.

    Raises:
        ArgumentError: it does not export, in torch's words; the batch size is fixed, or forward branches on it; a
            buffer or an input is changed; random numbers are drawn; a batch norm takes the statistics of the batch.
    """
    exported = _exported(module, examples)
    _require_every_batch_size(exported)
    for spec in exported.graph_signature.output_specs:
        if spec.kind is not OutputKind.USER_OUTPUT:
            wanted = (
                "a module whose forward pass changes nothing: take the counter or the in-place change out of forward"
            )
            raise ArgumentError("model", f"{spec.target or spec.arg.name} is changed by forward", wanted)
    for node in exported.graph.nodes:
        if wanted := _by_chance(node) or _by_batch(node):
            raise ArgumentError("model", f"{node.target} in {_where(node)}", wanted)
    return exported


def _by_chance(node: Node) -> str:
    """What is wanted instead of an operation that draws random numbers; dropout that is off draws none."""
    if torch.Tag.nondeterministic_seeded not in getattr(node.target, "tags", ()):
        return ""
    given = _given(node)
    trains = any(given.get(key) for key in ("train", "training"))
    rate = given.get("dropout_p", given.get("dropout", given.get("p", 1.0)))
    if rate == 0 or ({"train", "training"} & given.keys() and not trains):
        return ""
    return "a forward that draws no random numbers: take them out, or switch them by self.training (dropout, too)"


def _by_batch(node: Node) -> str:
    """What is wanted instead of a batch norm in training mode."""
    if "batch_norm" not in str(node.target):
        return ""
    given = _given(node)
    if (
        not given.get("training", "_legit_no_training" not in str(node.target))
        and given.get("running_mean") is not None
    ):
        return ""
    return "a batch norm with running statistics: here samples of a batch meet (training=True, or no statistics kept)"


def _given(node: Node) -> dict[str, object]:
    """Arguments by name, defaults included."""
    schema = node.target._schema.arguments if isinstance(node.target, torch._ops.OpOverload) else ()
    return {
        a.name: node.args[i] if i < len(node.args) else node.kwargs.get(a.name, a.default_value)
        for i, a in enumerate(schema)
    }


def _where(node: Node) -> str:
    module, line = place_in_code(node)
    return " ".join(part for part in (f"`{module}`" if module else "forward", f"({line})" if line else "") if part)


def _exported(module: nn.Module, examples: tuple[Tensor, ...]) -> torch.export.ExportedProgram:
    each = tuple({0: Dim.DYNAMIC} for _ in examples)
    kinds = [p.kind for p in _parameters(module)]
    named = kinds.index(Parameter.VAR_POSITIONAL) if Parameter.VAR_POSITIONAL in kinds else None
    dynamic = each if named is None else (*each[:named], each[named:])  # *args is one argument, a tuple
    fused, logged = torch.backends.mha.get_fastpath_enabled(), logging.root.manager.disable
    torch.backends.mha.set_fastpath_enabled(False)  # one operation that hides a whole transformer layer
    logging.disable(logging.CRITICAL)
    said = io.StringIO()  # torch writes the graph it could not finish; the error says the same in a line
    try:
        with warnings.catch_warnings(), redirect_stdout(said), redirect_stderr(said):
            warnings.simplefilter("ignore")
            return torch.export.export(module, examples, dynamic_shapes=dynamic, strict=False).run_decompositions({})
    except Exception as error:
        raise ArgumentError("model", type(module).__name__, _advice(error)) from error
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        logging.disable(logged)


def _parameters(module: nn.Module) -> list[Parameter]:
    """Of forward; none where Python does not know them, as of a compiled script."""
    try:
        return list(inspect.signature(module.forward).parameters.values())
    except (TypeError, ValueError):
        return []


def _require_every_batch_size(exported: torch.export.ExportedProgram) -> None:
    """The graph is that of every batch size from two on: torch notes where forward asked for the size and branched."""
    from sympy import Symbol as Unknown
    from sympy import true

    any_size = 1 + Unknown("n", integer=True, positive=True)
    found = [
        f"a batch size of {r}" for r in exported.range_constraints.values() if r.lower > 2 or r.upper < sys.maxsize
    ]
    shapes = (getattr(node.meta.get("val"), "shape", ()) for node in exported.graph.find_nodes(op="placeholder"))
    size = next((n for shape in shapes for n in shape if isinstance(n, torch.SymInt)), None)
    for guard in [] if size is None else size.node.shape_env.guards:
        if guard.expr.subs(dict.fromkeys(guard.expr.free_symbols, any_size)) != true:
            found.append(str(guard.expr))
    if found:
        wanted = f"a forward that is one for every batch size: what torch.export saw holds where {found[0]}"
        raise ArgumentError("model", "a branch on the batch size", wanted)


def _advice(error: Exception) -> str:
    text = reason_of(error, 10_000)
    said = f"a module that torch.export takes ({type(error).__name__}: {text[:300]})"
    if "data-dependent" in text or "GuardOnDataDependent" in type(error).__name__:
        return f"{said}. Branches that depend on values cannot be proved: take them out of forward"
    if "specialized" in text or "Constraints violated" in text or "marked as dynamic" in text:
        return f"{said}. forward fixes the batch size: write x.shape[0] or -1 where a number stands for it"
    return f"{said}. What usually helps: tensors only as arguments, no printing, no numpy, no .item() in forward"


def place_in_code(node: Node) -> tuple[str, str]:
    """The path of the module, and the line of its forward."""
    stack = node.meta.get("nn_module_stack") or {}
    paths = [path for path, _ in stack.values() if path and not path.startswith("_empty")]
    frames = [line for line in (node.meta.get("stack_trace") or "").splitlines() if line.strip().startswith("File")]
    own = [line for line in frames if "/torch/" not in line and "site-packages" not in line] or frames
    line = ""
    if own:
        file, number = own[-1].split('"')[1], own[-1].split("line ")[1].split(",")[0]
        line = f"{file.rsplit('/', 1)[-1]}:{number}"
    return (paths[-1] if paths else ""), line
