"""What an entry of a convolution, a pool or an interpolation is computed from: a window, tap by tap."""

from __future__ import annotations

import math
import re
from typing import Any

import torch
from torch.nn import functional as F

from .products import weighted
from .reading import need
from .walk import Asked, Value

__all__ = ["convolution", "grid"]

NEUTRAL = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "output_size": 1, "scale_factors": 1.0}


def grid(asked: Asked, result: str) -> Value:
    """Pools and interpolation, axis by axis: what each place reads and with which weight, by the operation itself."""
    x, bound = asked.x, asked.bound
    d = int(re.search(r"(\d)d", asked.name)[1])  # type: ignore[index]
    size, tables = x.ids.shape[-d:], []
    need(bound.get("scales_h") is None and "antialias" not in bound, "no rule")
    for axis in range(d):
        line = {k: _only(k, v, axis, d) if k in NEUTRAL else v for k, v in bound.items()}
        if not line.get("stride", 1):
            line["stride"] = line["kernel_size"]
        eye = torch.eye(size[axis], dtype=torch.float64)
        eye = eye.view(size[axis], 1, *[size[axis] if a == axis else 1 for a in range(d)])
        made = asked.target(**{k: eye if hasattr(v, "ids") else v for k, v in line.items()})
        tables.append((made[0] if isinstance(made, tuple) else made).reshape(size[axis], -1).T)
    _, labels = torch.cat([t.flatten() for t in tables]).unique(return_inverse=True)
    kinds, at = [], 0
    for t in tables:
        kinds.append(torch.where(t != 0, labels[at : at + t.numel()].view(t.shape) + 1, 0))
        at += t.numel()
    outer, most = [len(t) for t in tables], [int((k > 0).sum(1).max()) for k in kinds]
    reads = [k.sort(dim=1, descending=True, stable=True) for k in kinds]  # those that are read, in front
    place, code = torch.zeros(*outer, *most, dtype=torch.long), []
    for a in range(d):
        view = [n if b == a else 1 for b, n in enumerate(outer)] + [n if b == a else 1 for b, n in enumerate(most)]
        place = place * size[a] + reads[a].indices[:, : most[a]].reshape(view)
        code.append(reads[a].values[:, : most[a]].reshape(view).expand(*outer, *most))
    codes = torch.stack(code).sort(0).values  # a product of weights does not know its order
    here = (codes > 0).all(0).view(math.prod(outer), -1)
    coefficient = sum(codes[a] * (int(labels.max()) + 2) ** a for a in range(d)).view(math.prod(outer), -1)  # type: ignore[union-attr]
    rows = x.ids.flatten(-d)[..., place.view(math.prod(outer), -1)] * here
    sample = asked.walk.fibres(rows.view(-1, rows.shape[-1])).view(*x.ids.shape[:-d], *outer)
    positive = "max" not in asked.name or (asked.walk.look(rows)[1] > 0).all()
    need(positive, "signs in a maximum")
    return asked.walk.verified(
        result,
        sample,
        (rows.view(-1, rows.shape[-1]), (coefficient * here).expand(rows.shape).reshape(-1, rows.shape[-1]).double()),
    )


def _only(key: str, value: Any, axis: int, d: int) -> Any:
    """The argument for one axis; the others do nothing."""
    if value is None:
        return None
    listed = [value] * d if isinstance(value, int) else (list(value) * d)[:d]
    return [v if a == axis else NEUTRAL[key] for a, v in enumerate(listed)]


def convolution(asked: Asked, result: str) -> Value:
    """Windows of places, all taps of all channels: the same for every sample."""
    b, x, walk, transposed = asked.bound, asked.bound["input"], asked.walk, "transpose" in asked.name
    weight, groups = b["weight"].const.double(), b["groups"]
    d = weight.ndim - 2
    need(not b["weight"].ids.any() and not b["weight"].computed and x.ids.ndim == d + 2, "filters that are not numbers")
    stride, dilation = ([v] * d if isinstance(v, int) else (list(v) * d)[:d] for v in (b["stride"], b["dilation"]))
    spread = [dilation[a] * (weight.shape[2 + a] - 1) for a in range(d)]
    per = weight.view(groups, -1, *weight.shape[1:])
    dense = weight.new_zeros(groups, per.shape[1], groups, *weight.shape[1:])
    dense[range(groups), :, range(groups)] = per
    dense = dense.flatten(0, 1).flatten(1, 2)
    outer = [int(n) for n in asked.node.meta["val"].shape[2:]]
    need(torch.equal(walk.sample(x.ids, 0)[1], torch.ones_like(x.ids[1])), "samples have met")
    ids = x.ids[0]  # every sample alike
    given = b["padding"]
    pads = (
        [(t // 2, t - t // 2) if given == "same" else (0, 0) for t in spread]
        if isinstance(given, str)
        else [(p, p) for p in ([given] * d if isinstance(given, int) else (list(given) * d)[:d])]
    )
    if transposed:  # the convolution of the input with zeros put in, by the mirrored filters
        dense = dense.transpose(0, 1).flip(*range(2, 2 + d))
        wide = ids.new_zeros(len(ids), *((n - 1) * s + 1 for n, s in zip(ids.shape[1:], stride, strict=True)))
        wide[(slice(None), *(slice(None, None, s) for s in stride))] = ids
        pads = [
            (t - p, outer[a] + p - wide.shape[1 + a]) for a, (t, (p, _)) in enumerate(zip(spread, pads, strict=True))
        ]
        ids, stride = wide, [1] * d
    ids = F.pad(ids, [p for pair in reversed(pads) for p in pair])
    for a in range(d):
        ids = ids.unfold(1 + a, spread[a] + 1, stride[a])[..., :: dilation[a]]
    need(list(ids.shape[1 : 1 + d]) == outer, "a size that does not fit")
    rows = ids.movedim(0, d).reshape(math.prod(outer), -1)
    sample = torch.arange(2.0, dtype=torch.float64).view(2, *[1] * (d + 1)).expand(2, len(dense), *outer).contiguous()
    perm, scale = walk.stated(result, sample)
    half = len(perm) // 2
    need(torch.equal(perm[half:], perm[:half] + half), "samples have met")
    places, out = perm[:half].view(len(dense), -1), len(dense)
    mixed = (places % len(rows)).T * out + (places // len(rows)).T
    bias = None if b["bias"] is None else b["bias"].const.double()
    weighted(asked, rows, dense.flatten(1), bias, mixed, scale[:half].view(out, -1).T)
    return walk.verified(result, sample)
