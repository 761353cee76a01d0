r"""Operations on *names* in place of numbers: what a tensor's entries are as functions of the input, and no more.

Every entry of a tensor T has a name in T(x) and one in T(gx): a whole number from 1 to 2⁵², and equal names are equal
functions of x. A constant is named by its bits, which are no such numbers. An operation moves names, or gives new ones
to its results by what they are computed from, without order where it has none. Constants are compared, never computed
with: what is computed of them has a name too. At weights the motion that is stated is held to these, number by number.

All is done for two samples that must not meet, and no operation may single out a part of the batch.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch._decomp import decomposition_table
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map, tree_map_only

__all__ = ["NAMES", "Named", "Names", "RefusedError", "alone", "need"]

NAMES = 2**52
WHOLE = (
    r"(_unsafe_)?view|alias|clone|contiguous|detach_?|expand|flatten|lift_fresh_copy|movedim|permute|pixel_(un)?shuffle"
)
WHOLE += r"|reshape|stack|t|transpose|unflatten|unsqueeze"  # every entry goes somewhere, in row-major order
CHOSEN = r"cat|chunk|constant_pad_nd|flip|index(_select)?|narrow|pad|repeat(_interleave)?|roll|select|slice|squeeze"
CHOSEN += r"|split(_with_sizes)?|unbind"  # along certain axes
MADE = r"arange|eye|full|new_(full|ones|zeros)|ones|zeros|scalar_tensor|tri[lu]|diagonal"
REDUCED = r"all|amax|amin|any|max|mean|min|prod|sum|std|var|var_mean|linalg_vector_norm"  # of a fibre, in no order
NEUTRAL = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "output_size": 1, "scale_factors": 1.0}


class RefusedError(ValueError):
    """The certificate does not prove what it says; the message names the part."""


def need(holds: Any, part: str) -> None:
    if not bool(holds):
        raise RefusedError(part)


class Named(Tensor):
    """A tensor by its entries: names in T(x) and in T(gx), and samples, 1 and 2, or 0 of what has none."""

    parts: tuple[Tensor, Tensor, Tensor]

    @staticmethod
    def of(parts: Iterable[Tensor], dtype: torch.dtype = torch.float64) -> Named:
        here, there, sample = parts
        wrapper: Any = Tensor
        made = wrapper._make_wrapper_subclass(Named, here.shape, dtype=dtype)
        made.parts = here, there, sample.view(here.shape)
        return made

    @classmethod
    def constant(cls, value: Tensor) -> Named:
        bits = (value.detach().double() + 0.0).view(torch.int64)  # −0 is 0
        return cls.of((bits, bits, torch.zeros((), dtype=torch.int64).expand(bits.shape)), value.dtype)

    @property
    def fixed(self) -> bool:
        return not ((self.parts[0] > 0) & (self.parts[0] < NAMES)).any()

    def value(self) -> Tensor:
        need(self.fixed, "numbers that depend on the input, or are computed")
        return self.parts[0].contiguous().view(torch.float64).to(self.dtype)

    @classmethod
    def __torch_dispatch__(cls, target: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise RefusedError(f"{target}: no rule")


def alone(samples: Tensor) -> Tensor:
    """The one sample of every row."""
    need(((samples == (most := samples.amax(1))[:, None]) | (samples == 0)).all(), "samples have met")
    return most


def windows(tables: list[Tensor], size: list[int]) -> Tensor:
    """Flat places that every window of a grid reads, −1 for nothing, from those on each axis (windows, taps)."""
    place, inside = torch.zeros(1, 1, dtype=torch.long), torch.ones(1, 1, dtype=torch.bool)
    for table, n in zip(tables, size, strict=True):
        place = (place[:, None, :, None] * n + table[None, :, None]).flatten(2).flatten(0, 1)
        inside = (inside[:, None, :, None] & (table >= 0)[None, :, None]).flatten(2).flatten(0, 1)
    return torch.where(inside, place, -1)


class Names(TorchDispatchMode, ABC):
    """Operations, each by a rule for its name or as torch composes it of others. `count`: names given so far."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    @property
    @abstractmethod
    def size(self) -> int:
        """How many entries have a stated motion in this step."""

    @abstractmethod
    def stated(self, count: int) -> Tensor:
        """π of the result, of so many entries on the whole batch, as is stated of this step."""

    @abstractmethod
    def fresh(self, sample: Tensor) -> Named:
        """Names of their own for entries of these samples that move as is stated of this step."""

    def named(self, rows: Tensor, moved: Tensor, sample: Tensor, like: Tensor) -> Named:
        """A name for every row, equal where the rows are."""
        both, key = torch.cat([rows, moved]), torch.zeros(2 * len(rows), dtype=torch.long)
        for column in both.T:
            rank = column.unique(return_inverse=True)[1]
            key = (key * (rank.max() + 1) + rank).unique(return_inverse=True)[1] if key.any() else rank
        here, there = (key + self.count + 1).view(2, *like.shape)
        self.count += len(both)
        return Named.of((here, there, sample), like.dtype)

    def __torch_dispatch__(self, target: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """By a rule for the operation's name; else as torch composes it of other operations."""
        name, keys = target._schema.name.removeprefix("aten::"), target._schema.arguments
        given = {
            a.name: args[i] if i < len(args) else (kwargs or {}).get(a.name, a.default_value)
            for i, a in enumerate(keys)
        }
        given = {k: v for k, v in given.items() if k not in ("device", "layout", "pin_memory")}
        given = tree_map(
            lambda t: Named.constant(t) if isinstance(t, Tensor) and not isinstance(t, Named) else t, given
        )
        xs = [leaf for leaf in tree_leaves(given) if isinstance(leaf, Named)]
        random, fixed = torch.Tag.nondeterministic_seeded in target.tags, all(x.fixed for x in xs)
        pointwise = not random and (torch.Tag.pointwise in target.tags or name in ("_to_copy", "_prelu_kernel"))
        if re.fullmatch(f"{WHOLE}|{CHOSEN}", name):
            return self.moved(name, target, given)
        if re.fullmatch(r"(full|ones|zeros)_like", name) or (fixed and re.fullmatch(MADE, name)):
            given = tree_map_only(Named, lambda x: x.value() if fixed else torch.zeros(x.shape, dtype=x.dtype), given)
            return Named.constant(target(**given))
        if pointwise or re.fullmatch(f"{REDUCED}|convolution", name):
            like = target(**tree_map_only(Named, lambda x: torch.empty(x.shape, dtype=x.dtype, device="meta"), given))
            floats = pointwise and like.dtype.is_floating_point and any(x.dtype.is_floating_point for x in xs)
            if pointwise and fixed and not floats and name != "div":
                return Named.constant(target(**tree_map_only(Named, Named.value, given)))
            if pointwise:
                wide = (
                    [c.expand(like.shape).flatten() for c in part] for part in zip(*(x.parts for x in xs), strict=True)
                )
                here, there, sample = (torch.stack(part, 1) for part in wide)
                return self.named(here, there, alone(sample), like)
            if name == "convolution":
                return self.convolution(given, like)
            if len(xs) == 1:
                both = like if isinstance(like, tuple) else [like]
                made = [self.reduced(xs[0], given.get("dim"), out) for out in both]
                return made[0] if len(made) == 1 else made if name == "var_mean" else (made[0], None)
        if re.match(r"_?(max|avg|adaptive|upsample)_", name):
            return self.grid(name, target, given, xs[0])
        if name in ("mm", "bmm"):
            return self.product(*xs)
        composed: Any = target.decompose if target._can_decompose() else decomposition_table.get(target)
        need(composed, f"no rule for {name}, and none for what it is composed of")
        with self:
            return composed(*args, **(kwargs or {}))

    def moved(self, name: str, target: Any, given: dict[str, Any]) -> Any:
        """Names go where the entries go; along the batch nothing is chosen."""
        chosen = {k: tree_map_only(Named, Named.value, given.pop(k)) for k in ("indices", "index") if k in given}
        xs = [leaf for leaf in tree_leaves(given) if isinstance(leaf, Named)]
        rank, dims, times = xs[0].ndim, given.get("dims", given.get("dim")), given.get("repeats", ())
        if re.fullmatch(CHOSEN, name) and not all(x.fixed for x in xs):
            axes = {a for a, i in enumerate(chosen.get("indices", ())) if i is not None}
            axes |= {rank - 1 - k // 2 for k, n in enumerate(given.get("pad", ())) if n}
            if name == "repeat":
                axes |= {rank - 1 - k for k, n in enumerate(reversed(times)) if n != 1 and k < rank}
            axes |= set() if dims is None else {dims} if isinstance(dims, int) else set(dims)
            need(axes or name in ("repeat", "pad", "constant_pad_nd"), "no axis is named")
            whole = name == "slice" and not given["start"] and given["step"] == 1 and (given["end"] or NAMES) >= NAMES
            apart = any((x.parts[2] != x.parts[2].narrow(a, 0, 1)).any() for x in xs for a in axes)
            need(whole or not apart, "a part of the batch")
        need(name != "view" or "size" in given, "another view of the bits")

        parts, made = [], None
        for k in range(3):  # as bits of floats, which all movements take; what fills up belongs to no sample
            bits = tree_map_only(Named, lambda x, k=k: x.parts[k].contiguous().view(torch.float64), given | chosen)
            made = target(**(bits | ({"value": 0.0} if k == 2 and "value" in bits else {})))
            parts.append([p.contiguous().view(torch.int64) for p in ([made] if isinstance(made, Tensor) else made)])
        pieces = [Named.of(piece, xs[0].dtype) for piece in zip(*parts, strict=True)]
        return pieces[0] if isinstance(made, Tensor) else pieces

    def reduced(self, x: Named, dims: Any, like: Tensor) -> Named:
        dims = [d % x.ndim for d in ([dims] if isinstance(dims, int) else dims or range(x.ndim))]
        order = [a for a in range(x.ndim) if a not in dims] + dims
        here, there, sample = (c.permute(order).reshape(like.numel(), -1) for c in x.parts)
        return self.named(here.sort(1).values, there.sort(1).values, alone(sample), like)

    def grid(self, name: str, target: Any, given: dict[str, Any], x: Named) -> Any:
        """Pools and interpolation: what each place reads, with which weight, by the operation itself on each axis."""
        d = int(re.sub(r".*(\d)d.*", r"\1", name))
        need(not any(k.startswith("scales") and v for k, v in given.items()) and "antialias" not in given, "no rule")
        given["stride"] = given.get("stride") or given.get("kernel_size")
        tables, weights, made = [], [], None
        for a, n in enumerate(x.shape[-d:]):
            line = {k: [v] * d if isinstance(v, int) else list(v) * d for k, v in given.items() if k in NEUTRAL and v}
            line = {k: [v[b] if b == a else NEUTRAL[k] for b in range(d)] for k, v in line.items()}
            eye = torch.eye(n, dtype=torch.float64).view(n, 1, *[n if b == a else 1 for b in range(d)])
            keys = {s.name for s in target._schema.arguments}
            made = target(**{k: eye if isinstance(v, Named) else line.get(k, v) for k, v in given.items() if k in keys})
            table = (made[0] if isinstance(made, tuple) else made).reshape(n, -1).T
            used, taps = (table != 0).sort(dim=1, descending=True, stable=True)
            tables.append(torch.where(used, taps, -1)[:, : int(used.sum(1).max())])
            weights.append(table.gather(1, tables[-1].clamp(0)))
        labels = torch.cat([w.flatten() for w in weights]).unique()
        weights, place = [torch.bucketize(w.contiguous(), labels) for w in weights], windows(tables, list(x.shape[-d:]))
        digits = [windows([w if a == b else 0 * w for b, w in enumerate(weights)], [1] * d) for a in range(d)]
        weight = sum(t * len(labels) ** a for a, t in enumerate(torch.stack(digits).sort(0).values))  # in no order
        seen = [c.flatten(-d)[..., place.clamp(0)] for c in x.parts]
        rows = [torch.stack(torch.broadcast_tensors(c, weight), -1).view(-1, 2) for c in seen[:2]]
        named = self.named(rows[0], rows[1], seen[2], seen[0])
        like = torch.empty(*x.shape[:-d], *(len(t) for t in tables), dtype=x.dtype, device="meta")
        result = self.reduced(Named.of(c * (place >= 0) for c in named.parts), -1, like)
        return (result, None) if isinstance(made, tuple) else result

    def convolution(self, b: dict[str, Any], like: Tensor) -> Any:
        """Windows of places, all taps of all channels; where a tap reads is found by the operation itself."""
        x, weight, groups, back, tables = b["input"], b["weight"].value(), b["groups"], b["transposed"], []
        for a, (n, k) in enumerate(zip(x.shape[2:], weight.shape[2:], strict=True)):
            taps = torch.eye(k)[None] if back else torch.eye(k)[:, None]
            stride, padding, dilation, more = (
                [b[key][a]] for key in ("stride", "padding", "dilation", "output_padding")
            )
            read = torch.convolution(torch.eye(n)[:, None], taps, None, stride, padding, dilation, back, more, 1)
            tables.append(torch.where(read.any(0), read.argmax(0), -1).T)
        place = windows(tables, list(x.shape[2:]))
        seen = [torch.where(place < 0, 0, c.flatten(2)[..., place.clamp(0)]) for c in x.parts[:2]]
        rows = [c.transpose(1, 2).flatten(2).flatten(0, 1) for c in seen]
        each = weight.flatten(2).unflatten(0, (groups, -1))
        each = each.transpose(1, 2) if back else each
        dense = each.new_zeros(groups, each.shape[1], groups, *each.shape[2:])
        dense[range(groups), :, range(groups)] = each
        sample = alone(x.parts[2].flatten(1)).view(-1, *[1] * (like.ndim - 1)).expand(like.shape)
        made = self.weighted(rows[0], rows[1], dense.flatten(2).flatten(0, 1), sample)
        with self:
            return made if b["bias"] is None else made + b["bias"].view(-1, *[1] * (like.ndim - 2))

    def product(self, a: Named, b: Named) -> Any:
        """By the weights where these are numbers and the step is stated; else a sum of products."""
        if a.ndim == 2 and self.size == a.shape[0] * b.shape[1] and b.fixed:
            return self.weighted(*a.parts[:2], b.value().T, alone(a.parts[2])[:, None].expand(-1, b.shape[1]))
        need(a.numel() * b.shape[-1] < 2**26, "too large to be written out")
        with self:
            return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2)

    def weighted(self, here: Tensor, there: Tensor, weight: Tensor, sample: Tensor) -> Named:
        """Entry o of row r is Σ_k weight[o, k] · row[r, k], and π(r, o) = (ρ(r), ω(r, o)): the weights must move so."""
        perm, back = self.stated(sample.numel()), torch.empty(sample.numel(), dtype=torch.long)
        entry = torch.arange(len(perm)).view(sample.shape).movedim(1, -1).reshape(-1, len(weight))
        back[entry.flatten()] = torch.arange(len(perm))
        row, out = back[perm[entry]] // len(weight), back[perm[entry]] % len(weight)
        need((row == row[:, :1]).all(), "places and channels are mixed")
        (a, i), (b, j) = there.sort(dim=1, stable=True), here[row[:, 0]].sort(dim=1, stable=True)
        need(a.equal(b), "windows do not go to windows: check size, stride and padding")
        tap = torch.zeros_like(i).scatter(1, i, torch.where(a == 0, -1, j))  # −1: reads zero
        key, left = torch.cat([tap, out], 1), torch.arange(len(row))
        while len(left):
            r, used = left[0], tap[left[0]] >= 0
            need(weight[:, used].equal(weight[out[r]][:, tap[r][used]]), "the moved filters are not the filters")
            left = left[(key[left] != key[r]).any(1)]
        return self.fresh(sample)
