"""Saved `torch.export` programs, loaded without running anything that is in the file.

A .pt2 file is a zip of a graph in JSON and of tensors. Loading it can run code in three ways: tensors may be pickles, a
call in the graph is looked up by its dotted name, and sizes are expressions that sympy evaluates. So pickles are
restricted to tensors, calls to torch's operators, and expressions to numbers, symbols and arithmetic.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ArgumentError

__all__ = ["load_program"]

_CALL = re.compile(
    r"torch\.ops\.(aten|prims)\.\w+(\.\w+)?|_operator\.(add|sub|mul|floordiv|truediv|mod|eq|ge|le|gt|lt|getitem)"
)
_DECLARED = re.compile(r"Symbol\('[su]\d+'(, \w+=(True|False))*\)")
_SYMBOL = re.compile(r"[su]\d+|oo|int_oo|Max|Min|Mod|PythonMod|FloorDiv|CleanDiv|CeilDiv|Eq|Ne|Integer|True|False")
_EXPRESSION = re.compile(r"[\w\s+\-*/(),<>=&|~]*")
_WORD = re.compile(r"[A-Za-z_]\w*")


def load_program(path: Path) -> nn.Module:
    """The module of a saved program, for batches of any size.

    Raises:
        ArgumentError: not a program, or one with anything in it but tensors and calls of torch's operators.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            graphs = [json.loads(archive.read(name)) for name in names if name.endswith(".json")]
    except (zipfile.BadZipFile, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ArgumentError("TARGET", path, f"a program saved by torch.export.save ({error})") from error
    custom = [name for name in names if "custom_obj" in name or name.endswith((".so", ".py"))]
    bad = custom or [item for graph in graphs for item in _unsafe(graph)]
    if bad:
        raise ArgumentError("TARGET", path, f"a program of tensors and torch operators only; it has {bad[0]!r}")
    before = os.environ.get("TORCH_FORCE_WEIGHTS_ONLY_LOAD")
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
    try:
        program = torch.export.load(path)
        return _of_any_batch(program.module(check_guards=False), program)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ArgumentError("TARGET", path, f"a program that loads ({type(error).__name__}: {reason})") from error
    finally:
        if before is None:
            del os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"]
        else:
            os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = before


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


def _unsafe(node: Any) -> Iterator[str]:
    """Calls and expressions that are not on the lists."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "target" and isinstance(value, str):
                if not _CALL.fullmatch(value):
                    yield value
            elif key == "expr_str" and not _is_arithmetic(value):
                yield str(value)
            else:
                yield from _unsafe(value)
    elif isinstance(node, list):
        for item in node:
            yield from _unsafe(item)


def _is_arithmetic(text: object) -> bool:
    rest = _DECLARED.sub("s0", str(text))
    return bool(_EXPRESSION.fullmatch(rest)) and all(_SYMBOL.fullmatch(word) for word in _WORD.findall(rest))
