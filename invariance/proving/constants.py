"""Expressions of constants: data are moved, anything else is known by what it was computed from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import repeat
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .registry import Step, arguments_of
from .trace import Symbol
from .values import Constant, Near, Refusal, opaque

__all__ = ["folded"]

_MADE = {
    "arange.default", "arange.start", "arange.start_step", "eye.default", "eye.m", "full.default", "full_like.default",
    "lift_fresh_copy.default", "new_full.default", "new_ones.default", "new_zeros.default", "ones.default",
    "ones_like.default", "scalar_tensor.default", "zeros.default", "zeros_like.default", "linspace.default",
}  # fmt: skip
_MOVED = {
    "_unsafe_view.default", "alias.default", "cat.default", "chunk.default", "clone.default",
    "contiguous.default", "detach.default", "diagonal.default", "expand.default", "flatten.using_ints",
    "flip.default", "gather.default", "index.Tensor", "index_select.default", "narrow.int", "pad.default",
    "permute.default", "repeat.default", "repeat_interleave.self_int", "reshape.default", "roll.default",
    "rot90.default",
    "select.int", "slice.Tensor", "split.Tensor", "split_with_sizes.default", "squeeze.default", "squeeze.dim",
    "squeeze.dims", "stack.default", "t.default", "transpose.int", "tril.default", "triu.default", "unbind.int",
    "unflatten.int", "unsqueeze.default", "view.default", "constant_pad_nd.default", "embedding.default",
    "pixel_shuffle.default", "lift.default", "meshgrid.indexing", "meshgrid.default", "unfold.default", "movedim.int",
    "movedim.intlist", "numpy_T.default", "mT.default", "swapaxes.default", "tile.default",
    "slice_scatter.default", "select_scatter.default", "broadcast_to.default", "expand_as.default", "view_as.default",
}  # fmt: skip
_VIEWS = {"view.default", "_unsafe_view.default", "reshape.default", "flatten.using_ints", "unflatten.int"}
_STILL = {
    "alias.default", "broadcast_to.default", "clone.default", "contiguous.default", "detach.default", "expand.default",
    "expand_as.default", "lift.default", "mT.default", "movedim.int", "movedim.intlist", "permute.default",
    "squeeze.default", "squeeze.dim", "squeeze.dims", "swapaxes.default", "t.default", "transpose.int",
    "unsqueeze.default",
}  # fmt: skip
"""What chooses, puts and repeats nothing, so that samples that are alike stay so."""
_FILLING = {"pad.default", "constant_pad_nd.default", "tril.default", "triu.default"}
_POINTWISE = {
    "abs.default", "add.Scalar", "add.Tensor", "clamp.default", "cos.default", "div.Scalar", "div.Tensor",
    "exp.default",
    "log.default", "mul.Scalar", "mul.Tensor", "neg.default", "pow.Tensor_Scalar", "reciprocal.default", "relu.default",
    "rsqrt.default", "rsub.Scalar", "sigmoid.default", "sin.default", "softplus.default", "sqrt.default",
    "sub.Scalar", "sub.Tensor", "tanh.default", "_to_copy.default", "to.dtype", "where.self", "floor.default",
    "eq.Scalar", "ne.Scalar", "lt.Scalar", "gt.Scalar", "le.Scalar", "ge.Scalar", "eq.Tensor", "logical_not.default",
    "bitwise_not.default", "maximum.default", "minimum.default", "sign.default", "square.default", "pow.Scalar",
    "floor_divide.default", "div.Tensor_mode", "div.Scalar_mode", "remainder.Scalar", "remainder.Tensor", "lt.Tensor",
    "gt.Tensor", "le.Tensor", "ge.Tensor", "ne.Tensor", "logical_and.default", "logical_or.default", "erf.default",
    "silu.default", "gelu.default", "atan.default", "expm1.default", "log1p.default", "round.default", "trunc.default",
    "masked_fill.Scalar",
}  # fmt: skip
_CASTS = {"aten._to_copy.default", "aten.to.dtype"}
_SYMMETRIC = {
    "sum.dim_IntList",
    "mean.dim",
    "amax.default",
    "amin.default",
    "linalg_vector_norm.default",
    "var.correction",
}


def folded(step: Step, target: Any, args: Any, kwargs: Any) -> Any:
    """The constant that an operation makes of constants.

    Data movement and exact integer arithmetic are carried out; other arithmetic is carried out for messages only.

    Raises Refusal for an operation that is not known to be a function of its arguments alone.
    """
    name = step.op.removeprefix("aten.")
    kwargs = {key: value for key, value in kwargs.items() if key not in ("device", "layout", "pin_memory")}
    inputs = [part for part in _flat((args, kwargs)) if isinstance(part, Constant)]
    if any(isinstance(part, Symbol) for part in _flat(_valued(name, args))):
        raise Refusal("a constant that depends on the batch size: samples are treated differently")
    if name.startswith("index_put") and (kwargs.get("accumulate") or True in args[3:]):
        raise Refusal(f"{step.op} that adds up where an index comes twice")
    if name in _MADE:
        result = _run(target, args, kwargs, lambda c: torch.from_numpy(np.ascontiguousarray(c.values)))
        if not _as_written(name, result, arguments_of(target, args, kwargs)):
            return opaque(result.numpy(), [np.arange(result.numel())], step.batch)
        return Constant.of(result.numpy(), step.batch)
    if not inputs:
        raise Refusal(f"{step.op} without a tensor: not on the list of operations that always give the same")
    if name in _MOVED:
        return _moved(step, target, args, kwargs, inputs)
    if name in _POINTWISE:
        return _computed(step, target, args, kwargs, inputs)
    if name in _SYMMETRIC:
        return _reduced(step, target, args, kwargs, inputs[0])
    raise Refusal(f"a constant computed by {step.op}: it is neither moved data nor computed entry by entry")


def _as_written(name: str, result: Tensor, given: dict[str, Any]) -> bool:
    """Whether the numbers are those of real arithmetic: those of a linspace, and of some aranges, are rounded."""
    if not name.startswith("arange") or not result.is_floating_point():
        return name != "linspace.default"
    start, step = (Fraction(given.get(key) or default) for key, default in (("start", 0), ("step", 1)))
    return all(Fraction(number) == start + i * step for i, number in enumerate(result.tolist()))


def _valued(name: str, args: Any) -> Any:
    """The arguments that are values rather than sizes."""
    if name in _POINTWISE or name.startswith(("arange", "eye", "linspace", "scalar_tensor")):
        return args
    return args[1:] if name.startswith("full") else args[2:] if name.startswith("new_full") else ()


def _moved(step: Step, target: Any, args: Any, kwargs: Any, inputs: list[Constant]) -> Any:
    """Values go, and the ids of what is computed go the same way; indices are read as they are."""
    name = step.op.removeprefix("aten.")
    if name == "repeat_interleave.self_int" and any(isinstance(part, Symbol) for part in _flat((args, kwargs))):
        raise Refusal("a constant whose entries are each repeated along the batch: no rule")
    given = arguments_of(target, args, kwargs)
    for c in inputs:
        if c.batch is not None and not _alike(step, c, given):
            raise Refusal(f"{step.op} along the batch of a constant: samples may be treated differently")
    chosen = [c for c in _flat([given.get("index"), given.get("indices")]) if isinstance(c, Constant)]
    indices = {id(c): c.numbers for c in chosen}
    values = _run(target, args, kwargs, lambda c: torch.from_numpy(np.ascontiguousarray(c.values)))
    if not any(c.computed for c in inputs):
        kept = _places(target, args, kwargs, inputs, indices)
        of = ", ".join(dict.fromkeys(c.name for c in inputs if c.name))
        found = [Constant.of(v.numpy(), step.batch, near, of) for v, near in zip(_listed(values), kept, strict=False)]
        return tuple(found) if isinstance(values, list | tuple) else found[0]
    if name in _FILLING:
        raise Refusal(f"{step.op} puts other numbers beside computed constants")

    def ids_of(c: Constant) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(indices.get(id(c), c.ids)))

    ids = _run(target, args, kwargs, ids_of)
    pairs = zip(_listed(values), _listed(ids), strict=True)
    found = [Constant(v.numpy(), step.batch, i.numpy(), computed=True) for v, i in pairs]
    return tuple(found) if isinstance(values, list | tuple) else found[0]


def _alike(step: Step, constant: Constant, given: dict[str, Any]) -> bool:
    """Whether all samples of a constant that is the same for each sample are alike in what is made of it, too."""
    name, rank = step.op.removeprefix("aten."), len(constant.shape)
    assert constant.batch is not None
    axis = constant.batch.axis
    if name in _VIEWS:  # the batch stays in front of what it is merged with
        return step.batch is not None and prod(constant.shape[:axis]) == prod(step.shape[: step.batch.axis])
    if name == "slice.Tensor" and not given["start"] and given["step"] == 1:
        end = given["end"]
        whole = end.at_one == constant.shape[axis] if isinstance(end, Symbol) else end is None or end >= 2**62
        return whole or given["dim"] % rank != axis
    if "pad" in given:
        return not any(given["pad"][2 * (rank - 1 - axis) :][:2])
    if name in _STILL or (name == "embedding.default" and constant is given["indices"]):
        return True
    dims = given.get("dim", given.get("dims"))
    if name == "tile.default" or not isinstance(dims, int | list) or dims == []:
        return False
    return axis not in {d % rank for d in ([dims] if isinstance(dims, int) else dims)}


def _places(
    target: Any, args: Any, kwargs: Any, inputs: list[Constant], indices: Mapping[int, Any]
) -> Iterable[Near | None]:
    """Which entries of the weights the moved entries are, where equations are kept."""
    kept = next((c.near for c in inputs if c.near is not None), None)
    if kept is None:
        return repeat(None)

    def places_of(c: Constant) -> torch.Tensor:
        if c.near is not None:
            return torch.from_numpy(np.ascontiguousarray(c.near.places + 1))
        return torch.from_numpy(np.ascontiguousarray(indices.get(id(c), np.zeros(c.shape, dtype=np.int64))))

    return [
        Near(kept.equations, np.asarray(part.numpy() - 1)) for part in _listed(_run(target, args, kwargs, places_of))
    ]


def _listed(found: Any) -> list[torch.Tensor]:
    return list(found) if isinstance(found, list | tuple) else [found]


def _computed(step: Step, target: Any, args: Any, kwargs: Any, inputs: list[Constant]) -> Constant:
    result = _run(target, args, kwargs, lambda c: torch.from_numpy(np.ascontiguousarray(c.values))).numpy()
    whole = all(c.values.dtype.kind in "iub" for c in inputs) and result.dtype.kind in "iub"
    exact = not any(c.computed for c in inputs)
    if exact and (whole or step.op == "aten.where.self"):
        return Constant.of(result, step.batch)
    if exact and step.op in _CASTS and (result == inputs[0].values).all():
        return Constant.of(result, step.batch, inputs[0].near, inputs[0].name)
    return opaque(result, [np.broadcast_to(c.ids, result.shape) for c in inputs], step.batch)


def _reduced(step: Step, target: Any, args: Any, kwargs: Any, source: Constant) -> Constant:
    """A symmetric function of a fibre is known by the sorted ids of the fibre."""
    result = _run(target, args, kwargs, lambda c: torch.from_numpy(np.ascontiguousarray(c.values))).numpy()
    found = [a for a in args if isinstance(a, list | tuple)] or [kwargs.get("dim") or list(range(source.values.ndim))]
    axes = tuple(a % source.values.ndim for a in (found[0] or range(source.values.ndim)))
    kept = [a for a in range(source.values.ndim) if a not in axes]
    rows = source.ids.transpose(*kept, *axes).reshape(*(source.shape[a] for a in kept), -1)
    return opaque(result, [np.sort(rows, axis=-1)], step.batch)


def _run(target: Any, args: Any, kwargs: Any, of: Any) -> Any:
    def put(found: Any) -> Any:
        if isinstance(found, Constant):
            return of(found)
        if isinstance(found, Symbol):
            return found.at_one
        if isinstance(found, list | tuple):
            return [put(item) for item in found]
        return found

    with torch.no_grad():
        result = target(*put(list(args)), **{key: put(value) for key, value in kwargs.items()})
    return result.float() if isinstance(result, Tensor) and result.dtype == torch.bfloat16 else result


def _flat(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [leaf for item in found.values() for leaf in _flat(item)]
    if isinstance(found, list | tuple):
        return [leaf for item in found for leaf in _flat(item)]
    return [found]
