"""`python -m tools.pure_operators`: write the list of operators that a saved program may call, from torch's schemas.

An operator is on the list if
- it is one of core ATen, or torch decomposes it to others, by its table or by how it is written: what `torch.export`
  leaves in a graph; or it is one of `INCLUDED`;
- its arguments and results are tensors, numbers, words, and lists of them: no storages, streams or objects, and a
  generator only where none need be given;
- it writes nothing but its results, or, as `relu_` does, its first argument;
- its results follow from its arguments: no memory as it was found, and random numbers only where it can be told to draw
  none, as dropout is in a network that is not being trained;
- it has none of the names in `EXCLUDED`, and is no recurrent layer on packed sequences (`lstm.data`), whose lengths
  it takes on trust.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from torch._decomp import decomposition_table

__all__ = ["EXCLUDED", "INCLUDED", "LIST", "pure_operators"]

LIST = Path(__file__).parents[1] / "invariance/targets/operators.txt"

INCLUDED = (
    *("_assert_scalar.default", "_assert_tensor_metadata.default", "_fft_c2c.default", "bincount.default"),
    "_weight_norm.default",
    *("copy_.default", "cummax.default", "cummin.default", "histc.default", "kthvalue.default", "linalg_qr.default"),
    *("median.default", "median.dim", "mode.default", "searchsorted.Scalar", "searchsorted.Tensor"),
)
"""Pure as well, found in networks, and neither core nor decomposed by torch."""

EXCLUDED = {
    "from_file": "reads and writes a file that the program names",
    "(new_)?empty.*|resize.*|set_.*|.*unsafe_.*|.*_(un)?packed?_.*": "memory as it was found, or taken on trust",
    "_batch_norm_.*|_native_batch_norm_legit_functional|native_batch_norm|_chunk_cat|_pdist_forward|_reshape_alias|"
    "_?embedding_bag|ctc_loss|linalg_eigvals|slow_conv3d|thnn_conv2d": "read beyond what does not fit",
    "special_(polygamma|zeta)": "count as far as an argument says",
    ".*backward.*|retains?_grad|requires_grad_|data|set_data|output_nr|is_leaf|_version|_unpack_dual": "autograd's own",
    ".*sparse.*|s(mm|spaddmm)|coalesce|to_(dense|mkldnn).*|.*nested.*|.*quant.*|.*qparams.*|fbgemm.*": "other layouts",
    "_(test|debug|validate|sobol|cufft|nnpack|propagate|has_|autocast|wrapped|use_|add_|remove_).*": "not for networks",
    "cudnn.*|miopen.*|pin_memory|(un)?flatten_dense_tensors|is_vulkan_available|is_distributed": "a device's own",
}
"""Patterns of names that the rules leave and that have no place in a network's forward pass, and why.

Which read beyond their arguments is found by `python -m tools.odd_arguments`; those of them that networks do use are in
`invariance/targets/trusting.py`.
"""

_VALUES = {"Tensor", "int", "bool", "float", "number", "str", "ScalarType", "Layout", "Device", "MemoryFormat"}
_SWITCHES = {"train", "training", "dropout", "dropout_p"}


def pure_operators() -> list[str]:
    """The names, such as "aten.add.Tensor", in order."""
    table = set(decomposition_table)
    found = []
    for schema in torch._C._jit_get_all_schemas():
        space, _, name = schema.name.partition("::")
        operator: Any = getattr(getattr(torch.ops.aten, name, None), schema.overload_name or "default", None)
        if space == "aten" and isinstance(operator, torch._ops.OpOverload) and _is_pure(operator, schema, table):
            found.append(str(operator))
    return sorted(found)


def _is_pure(operator: torch._ops.OpOverload, schema: Any, table: set[Any]) -> bool:
    name = schema.name.partition("::")[2]
    if any(re.fullmatch(pattern, name) for pattern in EXCLUDED) or schema.overload_name == "data":
        return False
    composite = torch._C._dispatch_has_kernel(operator.name()) and torch._C._dispatch_has_kernel_for_dispatch_key(
        operator.name(), "CompositeImplicitAutograd"
    )
    usual = torch.Tag.core in operator.tags or operator in table or (composite and not name.startswith("_"))
    included = str(operator).removeprefix("aten.") in INCLUDED
    arguments = {argument.name for argument in schema.arguments}
    random = torch.Tag.nondeterministic_seeded in operator.tags and not arguments & _SWITCHES
    writes = torch.Tag.out in operator.tags or (schema.is_mutable and not name.endswith("_"))
    plain = all(map(_is_plain, schema.arguments)) and all(_kind(result.type) in _VALUES for result in schema.returns)
    return (usual or included) and plain and not writes and not random


def _is_plain(argument: Any) -> bool:
    kind = _kind(argument.type)
    return kind in _VALUES or (kind == "Generator" and argument.type.kind() == "OptionalType")


def _kind(of: Any) -> str:
    while of.kind() in ("OptionalType", "ListType"):
        of = of.getElementType()
    return str(of)


if __name__ == "__main__":
    LIST.write_text("\n".join(pure_operators()) + "\n", encoding="utf-8")
