"""What an entry of each result is computed from: functions of entries, reductions, norms, rows of a table."""

from __future__ import annotations

import math
import re
from typing import Any

import torch
from torch import Tensor

from .reading import need
from .walk import Asked, Value

__all__ = ["lookup", "normalised", "pointwise", "reduction"]

ODD = r"neg|tanh|sin|tan|sinh|asin|asinh|atan|atanh|erf|sign|trunc|reciprocal|hardshrink|softshrink"
EVEN = r"abs|cos|cosh|square"


def pointwise(asked: Asked, result: str) -> Value:
    """Entry j of the result from entry j of every argument; a vector of numbers belongs to the channels of a norm."""
    walk, bound = asked.walk, asked.bound
    rank = max(t.ids.ndim for t in asked.tensors)
    channels = asked.name == "prelu" or asked.name.startswith("_native")

    def wide(x: Tensor) -> Tensor:
        return x.view(-1, *[1] * (rank - 2)) if channels and x.ndim == 1 and rank > 1 else x

    views = {k: (wide(t.ids), wide(t.const)) for k, t in bound.items() if hasattr(t, "ids")}
    shape = torch.broadcast_shapes(*(ids.shape for ids, _ in views.values()))
    moving = {k: ids.expand(shape).reshape(-1, 1) for k, (ids, _) in views.items() if ids.any()}
    constants = {k: c.expand(shape).flatten().double() for k, (ids, c) in views.items() if not ids.any()}
    samples = [walk.fibres(ids) for ids in moving.values()]
    need(all(torch.equal(s, samples[0]) for s in samples), "samples have met")
    sample = samples[0].view(shape)
    perm, scale = walk.stated(result, sample)
    factors = {k: walk.look(ids)[1].flatten() for k, ids in moving.items()}
    for ids in moving.values():
        need(torch.equal(walk.look(ids)[0], ids[perm]), "arguments move otherwise")
    after = {k: c[perm] for k, c in constants.items()}
    if all((f == 1).all() for f in factors.values()) and (scale == 1).all():
        need(all(torch.equal(c, after[k]) for k, c in constants.items()), "a constant differs between entries")
    else:
        need(not any(t.computed for t in asked.tensors), "signs and computed constants")
        need(_signs(asked.name, bound, factors, scale, constants, after), "signs do not go through")
    risky = [constants.get("other")] if asked.name in ("div", "atan2") else []
    need(all(c is None or bool((c != 0).all()) for c in risky), "zeros whose signs matter")
    return walk.verified(result, sample)


def _signs(name: str, bound: Any, factors: Any, scale: Tensor, before: Any, after: Any) -> bool:
    """Whether s f(x) = f(s₁x₁, …), constants moved."""
    first, unit = next(iter(factors.values())), all((f.abs() == 1).all() for f in factors.values())
    if name in ("add", "sub"):
        numbers = [v for k, v in bound.items() if k in ("self", "other") and isinstance(v, int | float)]
        moved = all(torch.equal(before[k], scale * after[k]) for k in before)
        return not any(numbers) and moved and all(torch.equal(f, scale) for f in factors.values())
    if name in ("mul", "div"):
        c, d = next(((before[k], after[k]) for k in before), (torch.ones(1), torch.ones(1)))
        return (name == "mul" or unit) and torch.equal(math.prod(factors.values(), start=c), scale * d)
    if name.startswith("_native"):
        same = torch.equal(first, scale) and all(
            torch.equal(before[k], after[k]) for k in before if k in ("running_var", "weight")
        )
        return same and all(torch.equal(before[k], scale * after[k]) for k in before if k in ("running_mean", "bias"))
    if len(factors) > 1 or before:
        return False
    low, high = bound.get("min", bound.get("min_val")), bound.get("max", bound.get("max_val"))
    power = bound.get("exponent")
    whole = name == "pow" and float(power).is_integer()
    odd = re.fullmatch(ODD, name) or (
        name in ("clamp", "hardtanh") and low is not None and high is not None and low == -high <= 0
    )
    odd = odd or (whole and int(power) % 2 == 1)
    odd = odd or (name == "_to_copy" and (bound["dtype"] is None or bound["dtype"].is_floating_point))
    if unit and odd and torch.equal(first, scale):
        return True
    if unit and (re.fullmatch(EVEN, name) or (whole and int(power) % 2 == 0)) and (scale == 1).all():
        return True
    return name in ("neg", "relu", "leaky_relu") and bool((first > 0).all()) and torch.equal(first, scale)


def reduction(asked: Asked, result: str) -> Value:
    """From all entries of a fibre, in no order."""
    x, dims, name = asked.x, asked.bound.get("dim"), asked.name
    need(len(asked.tensors) == 1, "no rule")
    dims = [dims] if isinstance(dims, int) else list(dims or range(x.ids.ndim))
    dims = sorted(d % x.ids.ndim for d in dims)
    kept = [a for a in range(x.ids.ndim) if a not in dims]
    rows = x.ids.permute(*kept, *dims).reshape(math.prod(x.ids.shape[a] for a in kept), -1)
    shape = [n if a in kept else 1 for a, n in enumerate(x.ids.shape) if a in kept or asked.bound.get("keepdim")]
    sample, factor = asked.walk.fibres(rows).view(shape), asked.walk.look(rows)[1]
    positive = name in ("amax", "amin", "max", "min") and bool((factor > 0).all())
    need((factor == 1).all() or positive or name in ("sum", "mean"), "signs in a reduction")
    plain = (factor == 1).all()
    value = asked.walk.verified(result, sample, (rows, None))
    need(not plain or (asked.walk.roots[-1][2] == 1).all(), "a sign that nothing gives")
    return value


def normalised(asked: Asked, result: str) -> Value:
    """From the entry itself and from all of its fibre; scale and shift belong to places."""
    x, bound, walk = asked.x, asked.bound, asked.walk
    shape, index = x.ids.shape, torch.arange(x.ids.numel())
    if "num_groups" in bound or asked.name == "instance_norm":
        need(bound.get("use_input_stats", True), "running statistics")
        groups = bound.get("num_groups", shape[1])
        fibre, place = index // (len(index) // (shape[0] * groups)), index // math.prod(shape[2:]) % shape[1]
    else:
        last = len(bound["normalized_shape"]) if "normalized_shape" in bound else 1
        moved = index.view(shape).movedim(bound["dim"], -1) if "dim" in bound else index.view(shape)
        size = math.prod(moved.shape[-last:])
        fibre, place = torch.empty_like(index), index % size
        fibre[moved.flatten()] = index // size
    rows = x.ids.reshape(-1, 1)
    sample = walk.fibres(rows).view(shape)
    perm, scale = walk.stated(result, sample)
    need((scale == 1).all() and (walk.look(rows)[1] == 1).all(), "signs")
    need(_by(fibre, sample.flatten()) and _by(fibre, fibre[perm]), "fibres do not go to fibres, or samples have met")
    for key in ("weight", "bias"):
        if bound.get(key) is not None:
            table = bound[key].const.flatten()[place]
            need(not bound[key].ids.any() and torch.equal(table, table[perm]), f"{key} differs between entries")
    return walk.verified(result, sample, (rows, None))


def _by(fibre: Tensor, label: Tensor) -> bool:
    """Whether the label is one on each fibre."""
    first = torch.empty(int(fibre.max()) + 1, dtype=label.dtype)
    first[fibre] = label
    return torch.equal(first[fibre], label)


def lookup(asked: Asked, result: str) -> Value:
    """Rows of a table by indices that move."""
    ids, table = asked.bound["indices"].ids, asked.bound["weight"]
    width, rows = table.const.shape[-1], ids.reshape(-1, 1)
    sample = asked.walk.fibres(rows).view(*ids.shape, 1).expand(*ids.shape, width).contiguous()
    column = torch.arange(width, dtype=torch.float64).repeat(len(rows))
    need(not table.ids.any() and (asked.walk.look(ids)[1] == 1).all(), "a table that moves, or signs")
    return asked.walk.verified(result, sample, (rows.repeat_interleave(width, 0), None), const=column)
