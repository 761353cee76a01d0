"""Sums over weights or over a second tensor: rows of a matrix, products of matrices, attention."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .reading import need
from .walk import Asked, Value

__all__ = ["attention", "product", "weighted"]


def product(asked: Asked, result: str) -> Value:
    """Products of matrices: with weights row by row, of two that move by one motion of what is contracted."""
    b, walk = asked.bound, asked.walk
    if asked.name == "linear":
        left, right, bias = b["input"], (b["weight"].ids.mT, b["weight"].const.mT), b["bias"]
        left, computed = (left.ids, left.const), b["weight"].computed
    else:
        added = asked.name in ("addmm", "baddbmm")
        need(not added or (b["beta"] == 1 and b["alpha"] == 1), "no rule")
        sides = [v for k, v in b.items() if hasattr(v, "ids") and not (added and k == "self")]
        (left, right), bias = ((v.ids, v.const) for v in sides), b["self"] if added else None
        computed = any(v.computed for v in sides)
    if right[0].any() and left[0].any():
        need(bias is None, "no rule")
        return _both(asked, result, left[0], right[0])
    turned = bool(right[0].any())
    if turned:
        left, right = (right[0].mT, right[1].mT), (left[0].mT, left[1].mT)
    weight = right[1].double()
    need(weight.ndim == 2 and not computed, "weights of several matrices, or computed ones")
    rows = left[0].reshape(-1, left[0].shape[-1])
    sample = walk.fibres(rows).view(*left[0].shape[:-1], 1).expand(*left[0].shape[:-1], weight.shape[1])
    whole = torch.arange(sample.numel()).view(sample.shape)
    sample, whole = (sample.mT, whole) if turned else (sample, whole)
    sample = sample.contiguous()
    perm, scale = walk.stated(result, sample)
    if turned:  # as if the result were transposed
        order = torch.arange(sample.numel()).view(sample.shape).mT.flatten()
        back = torch.empty_like(order)
        back[order] = torch.arange(len(order))
        perm, scale = back[perm[order]], scale[order]
    weighted(
        asked,
        rows,
        weight.T,
        None if bias is None else bias.const.double().flatten(),
        perm.view(len(rows), -1),
        scale.view(len(rows), -1),
    )
    return walk.verified(result, sample)


def weighted(asked: Asked, rows: Tensor, weight: Tensor, bias: Tensor | None, perm: Tensor, scale: Tensor) -> None:
    """Result (l, o) = Σ_q weight[o, q] · entry rows[l, q] + bias[o], and π(l, o) = (ω(l), ο(o))."""
    count = perm.shape[1]
    where, out = perm[:, 0] // count, perm[0] % count
    need(torch.equal(perm, where[:, None] * count + out), "the result's places and channels are mixed")
    image, factor, _ = asked.walk.look(rows)
    (a, i), (b, j) = image.sort(1), rows[where].sort(1)
    need(torch.equal(a, b), "windows do not go to windows: check size, stride and padding")
    tau = torch.full(rows.shape, -1).scatter(1, i, torch.where(a > 0, j, -1))
    need(torch.equal(scale, scale[:1].expand_as(scale)), "signs along places")
    signs = torch.where(rows > 0, factor, 0.0)
    key = torch.rand(2, rows.shape[1], generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    kinds = (tau.double() @ key[0] + signs @ key[1]).unique(return_inverse=True)[1]
    for kind in range(int(kinds.max()) + 1):
        those = (kinds == kind).nonzero().flatten()
        t, s = tau[those[0]], signs[those[0]]
        need((tau[those] == t).all() and (signs[those] == s).all(), "windows of one kind that differ")
        used = t >= 0
        moved = weight[out][:, t[used]] * scale[0][:, None]
        need(torch.equal(weight[:, used] * s[used], moved), "the moved filters are not the filters")
    need(bias is None or torch.equal(bias, scale[0] * bias[out]), "the bias differs")


def _coordinates(asked: Asked, ids: Tensor, *shape: int) -> tuple[Tensor, ...]:
    """Where the entries of a tensor of three axes go, axis by axis: batch, row, column each of its own."""
    first = ids.min()
    need(torch.equal(ids.flatten(), first + torch.arange(ids.numel())), "an argument whose motion is left open")
    b, r, c = (x.view(shape) for x in torch.unravel_index((asked.walk.look(ids)[0].flatten() - first).long(), shape))
    alone = all(
        torch.equal(x, x[part].expand_as(x))
        for x, part in (
            (b, (slice(None), slice(1), slice(1))),
            (r, (slice(None), slice(None), slice(1))),
            (c, (slice(None), slice(1))),
        )
    )
    need(alone, "rows and columns are mixed")
    return b[:, 0, 0], r[:, :, 0], c[:, 0, :]


def _result(asked: Asked, result: str, like: Tensor, *shape: int) -> tuple[Tensor, Tensor]:
    """π of the result, of the samples of `like`, which are one in every matrix."""
    sample = (
        asked.walk.fibres(like.reshape(shape[0], -1))
        .view(*like.shape[:-2], 1, 1)
        .expand(*like.shape[:-2], *shape[1:])
        .contiguous()
    )
    perm, scale = asked.walk.stated(result, sample)
    need((scale == 1).all(), "signs")
    return perm, sample


def _both(asked: Asked, result: str, left: Tensor, right: Tensor) -> Value:
    need(left.shape[:-2] == right.shape[:-2] and left.ndim > 2, "products of unlike batches")
    n, (i, k), j = math.prod(left.shape[:-2]), left.shape[-2:], right.shape[-1]
    perm, sample = _result(asked, result, left, n, i, j)
    need(torch.equal(asked.walk.fibres(right.reshape(n, -1)), sample.reshape(n, -1)[:, 0]), "samples have met")
    (lb, lr, lc), (rb, rr, rc) = _coordinates(asked, left, n, i, k), _coordinates(asked, right, n, k, j)
    fl, fr = asked.walk.look(left)[1].view(n, i, k), asked.walk.look(right)[1].view(n, k, j)
    need(torch.equal(lb, rb) and torch.equal(lc, rr), "unlike permutations of what is contracted")
    signs = fl[:, :1] * fr[:, :, :1].mT
    need(
        (signs == 1).all() and torch.equal(fl, fl[:, :1].expand_as(fl)) and torch.equal(fr, fr[:, :, :1].expand_as(fr)),
        "unlike signs",
    )
    need(
        torch.equal(perm.view(n, i, j), (lb[:, None, None] * i + lr[:, :, None]) * j + rc[:, None, :]),
        "the result moves otherwise",
    )
    return asked.walk.verified(result, sample)


def attention(asked: Asked, result: str) -> Value:
    """softmax(qkᵀ + mask)v: what is contracted moves alike, twice, and the mask stays."""
    b = asked.bound
    q, k, v, mask = b["query"].ids, b["key"].ids, b["value"].ids, b["attn_mask"]
    need(not b["is_causal"] and b["dropout_p"] == 0 and q.shape[:-2] == k.shape[:-2] == v.shape[:-2], "no rule")
    n, i, (j, e) = math.prod(q.shape[:-2]), q.shape[-2], v.shape[-2:]
    perm, sample = _result(asked, result, q, n, i, e)
    for x in (k, v):
        need(torch.equal(asked.walk.fibres(x.reshape(n, -1)), sample.reshape(n, -1)[:, 0]), "samples have met")
    need(all((asked.walk.look(x)[1] == 1).all() for x in (q, k, v)), "signs")
    (qb, qr, qc), (kb, kr, kc), (vb, vr, vc) = (_coordinates(asked, x, n, *x.shape[-2:]) for x in (q, k, v))
    need(
        torch.equal(qb, kb) and torch.equal(qb, vb) and torch.equal(qc, kc) and torch.equal(kr, vr),
        "unlike permutations of what is contracted",
    )
    need(
        torch.equal(perm.view(n, i, e), (qb[:, None, None] * i + qr[:, :, None]) * e + vc[:, None, :]),
        "the result moves otherwise",
    )
    if mask is not None:
        table = mask.const.expand(*q.shape[:-1], j).reshape(n, i, j)
        need(
            not mask.ids.any() and torch.equal(table, table[qb[:, None, None], qr[:, :, None], kr[:, None, :]]),
            "the mask differs",
        )
    return asked.walk.verified(result, sample)
