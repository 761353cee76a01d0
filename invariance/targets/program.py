"""Saved `torch.export` programs, loaded without running anything that is in the file.

A .pt2 file is an archive of a graph in JSON and of tensors. torch, which loads it, unpickles tensors that say so, looks
functions up by name, evaluates sizes as Python, and makes Python source of the graph. So what it gets is another
archive, made of what was read, understood and found to be tensors, arithmetic and pure operators: see `archive`,
`graph`, `expressions` and `operators.txt`.
"""

from __future__ import annotations

import json
import operator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..errors import ArgumentError, reason_of
from ..reading import parse_json
from .archive import CONFIGS, GRAPH, packed, records
from .graph import checked_config, checked_graph
from .trusting import looked_at

if TYPE_CHECKING:
    from torch.export import ExportedProgram

__all__ = ["exported_program", "load_program"]


def load_program(path: str | Path) -> nn.Module:
    """The module of a saved program, for batches of any size.

    Raises:
        ArgumentError: not a program, or one with anything in it but tensors and calls of pure operators.
    """
    program = exported_program(path := Path(path))
    try:
        module: Any = program.module(check_guards=False)
    except Exception as error:  # what torch makes of a graph that contradicts itself
        raise _unloadable(path, error) from error
    for node in module.graph.nodes:
        if node.op == "call_function":
            node.target = _product if node.target is operator.mul else looked_at(node.target)
    module.recompile()
    return _of_any_batch(module, program)


def exported_program(path: str | Path) -> ExportedProgram:
    """The graph that `torch.export.save` wrote, before it is made a module.

    Raises:
        ArgumentError: as `load_program`.
    """
    from torch.export.pt2_archive._package import load_pt2  # `torch.export.load` prints what fails

    files = records(path := Path(path))
    try:
        files[GRAPH] = json.dumps(checked_graph(parse_json("TARGET", path, files[GRAPH]))).encode()
        for kind, name in CONFIGS.items():
            sizes = {file.rpartition("/")[2]: len(files[file]) for file in files if file.startswith(f"data/{kind}/")}
            files[name] = json.dumps(checked_config(parse_json("TARGET", path, files[name]), sizes)).encode()
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        if isinstance(error, ArgumentError):
            raise
        has = error if type(error) is ValueError else f"another form ({type(error).__name__}: {error})"
        raise ArgumentError("TARGET", path, f"a program of tensors and torch operators only; it has {has}") from error
    try:
        return load_pt2(packed(files)).exported_programs["model"]
    except Exception as error:
        raise _unloadable(path, error) from error


def _unloadable(path: Path, error: Exception) -> ArgumentError:
    reason = reason_of(error)
    return ArgumentError(
        "TARGET", path, f"a program that torch {torch.__version__} loads ({type(error).__name__}: {reason})"
    )


def _product(a: Any, b: Any) -> Any:
    """a·b of sizes, which fit 64 bits: a graph that squares a number a hundred times would never end."""
    if isinstance(a, int) and isinstance(b, int) and a.bit_length() + b.bit_length() > 64:
        raise OverflowError(f"a size larger than 2⁶³: {a.bit_length()} bits times {b.bit_length()} bits")
    return operator.mul(a, b)


class _FixedBatch(nn.Module):
    """A module that takes batches of one size only, on batches of any size; what is missing in the last is repeated."""

    def __init__(self, module: nn.Module, batch: int) -> None:
        super().__init__()
        self.module, self.batch = module, batch

    def forward(self, x: Tensor) -> Tensor:
        index = torch.arange(-(-len(x) // self.batch) * self.batch, device=x.device).clamp(max=len(x) - 1)
        return torch.cat([self.module(part) for part in x[index].split(self.batch)])[: len(x)]


def _of_any_batch(module: nn.Module, program: torch.export.ExportedProgram) -> nn.Module:
    """Programs are exported for the batch of the example unless the axis is declared dynamic."""
    inputs = set(program.graph_signature.user_inputs)
    nodes = [node for node in program.graph.nodes if node.op == "placeholder" and node.name in inputs]
    examples = [node.meta.get("val") for node in nodes]
    fixed = [value.shape[0] for value in examples if isinstance(value, Tensor) and value.ndim]
    return _FixedBatch(module, fixed[0]) if fixed and isinstance(fixed[0], int) else module
