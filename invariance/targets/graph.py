"""The graph of a saved program as data: calls of pure operators alone, names that are names, sizes that are arithmetic.

torch turns a graph into Python source and runs it, and looks functions up by dotted names; so a name with a bracket in
it is code. What is not needed to compute is left out: guards, which are code, and notes on where a node is from.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import torch

from .expressions import canonical, is_arithmetic

__all__ = ["CODES", "checked_config", "checked_graph"]

_LONGEST = 100_000
"""Characters of all sizes of a program that differ: of the worst sympy reads so many in half a minute; those of fifty
strided layers with two free sides have a tenth."""
_NAME = re.compile(r"(\w+(\.\w+)*)?")
_WORDS = re.compile(r"[\w ,.;:>/*-]*")  # of arguments: "bij,bjk->bik", "bilinear"
_FLOATS = {"Infinity", "-Infinity", "NaN"}
_SIZES = {
    *("_operator.add", "_operator.sub", "_operator.mul", "_operator.floordiv", "_operator.truediv", "_operator.mod"),
    *("_operator.neg", "_operator.eq", "_operator.ne", "_operator.ge", "_operator.le", "_operator.gt", "_operator.lt"),
    *("_operator.and_", "_operator.or_", "_operator.getitem", "math.ceil", "math.floor", "math.trunc"),
    *("torch.sym_float", "torch.sym_int", "torch.sym_max", "torch.sym_min", "torch.sym_not"),
}
CODES = {"reduction": 2, "interpolation_mode": 2, "padding_mode": 2}
"""The last of each, which stand for words; with others the result is memory as it was found."""
_LARGEST = (
    2**31
)  # of sizes, axes and amounts: kernels add and multiply such without looking; a slice may end at 2⁶³ − 1
_KINDS = {
    "ScalarTypeType": "as_scalar_type",
    "MemoryFormatType": "as_memory_format",
    "LayoutType": "as_layout",
    "DeviceObjType": "as_device",
}
"""What torch takes a whole number for as well, of any value, by what it is in a program."""
_FOREIGN = {"as_graph", "as_custom_obj", "as_operator", "custom_obj", "token", "as_opaque_obj"}
_CONTAINERS = {None, "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict"}
_TOLD = ("stack_trace", "nn_module_stack")


@cache
def _operators() -> frozenset[str]:
    """Written by `python -m tools.pure_operators`, which has the rules."""
    listed = files(__package__ or "").joinpath("operators.txt").read_text(encoding="utf-8")
    return frozenset(f"torch.ops.{name}" for name in listed.split()) | _SIZES


def checked_graph(program: Any) -> Any:
    """The program that a model.json holds, without what is not needed.

    Raises:
        ValueError: says what in it is none of tensors, sizes and pure operators.
        KeyError, TypeError: it is no program.
    """
    module = program["graph_module"]
    if (length := sum(map(len, set(_sizes(module))))) > _LONGEST:
        raise ValueError(f"sizes of {length:,} characters")
    nodes = [_node(node) for node in module["graph"]["nodes"]]
    graph = _checked({key: value for key, value in module["graph"].items() if key != "nodes"}) | {"nodes": nodes}
    calls = [_checked(call) for call in module["module_call_graph"]]
    signature = _checked(module["signature"])
    for bounds in program["range_constraints"]:
        canonical(bounds)
    return {
        "graph_module": {"graph": graph, "signature": signature, "module_call_graph": calls, "metadata": {}},
        "opset_version": _checked(program["opset_version"]),
        "range_constraints": {key: _checked(value) for key, value in program["range_constraints"].items()},
        "schema_version": _checked(program["schema_version"]),
        "verifiers": _checked(program.get("verifiers", [])),
        "torch_version": re.sub(r"[^\w.+]", "", str(program.get("torch_version", ""))),
        "guards_code": [],
    }


def _sizes(value: Any) -> Iterator[str]:
    """The expressions in it."""
    if isinstance(value, dict):
        if isinstance(text := value.get("expr_str"), str):
            yield text
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _sizes(item)


def checked_config(config: Any, sizes: Mapping[str, int]) -> Any:
    """The table of a program's tensors, whose files have `sizes` in bytes.

    Raises:
        ValueError: a pickle, a file that is not there, an empty one for a tensor that is not.
        KeyError, TypeError: it is no such table.
    """
    for name, tensor in config["config"].items():
        if tensor["use_pickle"]:
            raise ValueError(f"the tensor {name!r} as a pickle, which would run code")
        if tensor["path_name"] not in sizes:
            raise ValueError(f"the tensor {name!r} in the file {tensor['path_name']!r}, which it has not")
        shape = [size["as_int"] for size in tensor["tensor_meta"]["sizes"]]
        if not sizes[tensor["path_name"]] and math.prod(shape):
            raise ValueError(f"nothing for the tensor {name!r} of shape {shape}")
    return _checked(config)


def _node(node: Any) -> Any:
    if node["target"] not in _operators():
        raise ValueError(f"a call of {node['target']!r}, which is no operator on the list of pure ones")
    if node["target"] not in _SIZES:
        _check_numbers(node["target"], node["inputs"])
    plain = {key: value for key, value in node.items() if key not in ("target", "metadata")}
    told = {key: str(node["metadata"][key]) for key in _TOLD if key in node["metadata"]}
    return _checked(plain) | {"target": node["target"], "metadata": told}


@cache
def _arguments(target: str) -> dict[str, str]:
    """The kinds of a call's arguments by name."""
    found: Any = torch.ops
    for part in target.removeprefix("torch.ops.").split("."):
        found = getattr(found, part)
    return {argument.name: _kind(argument.real_type) for argument in found._schema.arguments}


def _kind(of: Any) -> str:
    while of.kind() in ("OptionalType", "ListType"):
        of = of.getElementType()
    return of.kind()


def _check_numbers(target: str, inputs: Any) -> None:
    for given in inputs:
        name, kind = given["name"], _arguments(target).get(given["name"])
        ((how, value),) = given["arg"].items()
        if kind in _KINDS and how not in ("as_none", _KINDS[kind]):
            raise ValueError(f"{name} {value!r} of {target}, which is none")
        if name in CODES and not (how == "as_int" and 0 <= value <= CODES[name]):
            raise ValueError(f"{name} {value!r} of {target}, which is none")
        if kind in ("IntType", "SymIntType") and "slice" not in target:
            numbers = [value] if how == "as_int" else value if how in ("as_ints", "as_sym_ints") else []
            for number in (each["as_int"] if isinstance(each, dict) and "as_int" in each else each for each in numbers):
                if isinstance(number, int) and abs(number) >= _LARGEST:
                    raise ValueError(f"{name} {number} of {target}, which is too large")


def _checked(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        if foreign := _FOREIGN & value.keys():
            raise ValueError(f"{foreign.pop().removeprefix('as_')!r}, which is neither a tensor nor a number")
        if bad := [name for name in value if not _NAME.fullmatch(name) and not is_arithmetic(name)]:
            raise ValueError(f"a name {bad[0]!r}")
        return {name: _checked(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_checked(item, key) for item in value]
    if not isinstance(value, str):
        return value
    if key == "expr_str":
        return canonical(value)
    if key in ("in_spec", "out_spec"):
        if value:
            _check_tree(json.loads(value)[1])
        return value
    if key == "as_float" and value in _FLOATS:
        return value
    if not (_WORDS if key == "as_string" else _NAME).fullmatch(value):
        raise ValueError(f"{key} {value[:80]!r}, which is no name")
    return value


def _check_tree(node: Any) -> None:
    """Inputs and outputs in tuples, lists and dictionaries of plain keys: other containers are imported by name."""
    if node["type"] not in _CONTAINERS:
        raise ValueError(f"inputs or outputs in a {node['type']!r}, and not in tuples, lists or dictionaries")
    if node["context"] is not None:
        _checked(json.loads(node["context"]))
    for child in node["children_spec"]:
        _check_tree(child)
