r"""The proof checker: reads a certificate, exports the model itself and verifies every operation, one by one.

A certificate says of each tensor T of the graph how it moves, T(gx)_j = s(j) T(x)_π(j). The checker looks for nothing and
shares no code with the prover. Every entry has a number. A result is verified entry by entry: what it is computed from,
moved by the motions of the arguments, must be what the entry π(j) is computed from. All runs on a batch of two whose
samples must not meet; an operation that could tell one batch size from another is refused along the batch.
"""

from __future__ import annotations

import hashlib
import json
import math
import operator
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx.node import map_aggregate, map_arg
from torch.nn import functional as F

__all__ = ["RefusedError", "fingerprint", "verify"]

MOVES = """_unsafe_view alias cat channel_shuffle chunk clone constant_pad_nd contiguous detach detach_ diagonal expand flip
expand_as flatten index index_select lift_fresh_copy movedim mT narrow pad permute pixel_shuffle pixel_unshuffle repeat
repeat_interleave reshape roll select slice split split_with_sizes squeeze stack t transpose tril triu unbind unflatten unfold
unsqueeze upsample_nearest1d upsample_nearest2d upsample_nearest3d view view_as _upsample_nearest_exact1d
_upsample_nearest_exact2d _upsample_nearest_exact3d""".split()
ALONG = {"slice", "narrow", "select", "roll", "index_select", "unfold", "split", "split_with_sizes", "chunk", "repeat_interleave"}
ODD = "neg tanh sin tan sinh asinh atan erf sign trunc round hardshrink softshrink _to_copy to".split()
EVEN = "abs cos cosh square".split()
POINTWISE = """_native_batch_norm_legit_no_training acos add addcdiv addcmul asin atan2 atanh bitwise_and bitwise_not bitwise_or
ceil celu clamp clamp_max clamp_min div elu eq erfc exp exp2 expm1 floor fmax fmin fmod frac ge gelu gt hardsigmoid hardswish
hardtanh hypot le leaky_relu lerp log log10 log1p log2 log_sigmoid logical_and logical_not logical_or logit lt masked_fill
maximum minimum mish mul ne pow prelu reciprocal relu relu6 remainder rsqrt rsub selu sigmoid silu softplus sqrt sub threshold
where""".split() + ODD + EVEN  # fmt: skip
REDUCTIONS = "all amax amin any linalg_vector_norm logsumexp max mean min prod std sum var".split()
FIBRES = "softmax log_softmax layer_norm group_norm instance_norm rms_norm".split()
GRIDS = [f"{name}_pool{d}d" for name in ("max", "avg", "adaptive_avg", "adaptive_max") for d in (1, 2, 3)]
GRIDS += "upsample_linear1d upsample_bilinear2d upsample_trilinear3d upsample_bicubic2d".split()
MADE = "arange eye full full_like linspace new_full new_ones new_zeros ones ones_like scalar_tensor zeros zeros_like".split()
NEUTRAL = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "output_size": 1, "scale_factors": 1.0}


class RefusedError(ValueError):
    """The certificate does not prove what it says; the message names the part."""


def need(holds: Any, part: str) -> None:
    if not bool(holds):
        raise RefusedError(part)


def fingerprint(model: nn.Module) -> str:
    """SHA-256 over the name, dtype, shape and bytes of every parameter and buffer, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted({**dict(model.named_parameters()), **dict(model.named_buffers())}.items()):
        digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def motion(said: Any, part: str) -> tuple[Tensor, Tensor]:
    """π and s on the flattened entries of one sample: π(i)_a = tables[a][i_turn[a]], a block over the axes that it ties."""
    shape, turn, block = said["shape"], said["turn"], said["block"]
    rank, tied = len(shape), block["axes"] if block else []
    strides = [math.prod(shape[a + 1 :]) for a in range(rank)]
    index, scale = torch.zeros(shape, dtype=torch.long), torch.ones(shape, dtype=torch.float64)

    def listed(runs: list[list[int]]) -> Tensor:
        return torch.tensor([first + step * k for first, step, count in runs for k in range(count)], dtype=torch.long)

    def along(values: Tensor, axis: int) -> Tensor:
        return values.view([-1 if a == axis else 1 for a in range(rank)])

    for a in set(range(rank)) - set(tied):
        index = index + along(listed(said["tables"].get(str(a), [[0, 1, shape[a]]])) * strides[a], turn[a])
    for a, factors in said["scales"].items():
        scale = scale * along(torch.tensor(factors, dtype=torch.float64), int(a))
    if block:
        inner = [shape[a] if a in tied else 1 for a in range(rank)]
        parts = torch.unravel_index(listed(block["index"]), [shape[a] for a in tied])
        index = index + sum(p * strides[a] for p, a in zip(parts, tied, strict=True)).view(inner)
        scale = scale * torch.tensor(block["scale"], dtype=torch.float64).view(inner) if block["scale"] else scale
    index, scale = index.flatten(), scale.flatten()
    need(torch.equal(index.sort().values, torch.arange(math.prod(shape))), f"{part}: no permutation")
    need((scale.frexp().mantissa.abs() == 0.5).all(), f"{part}: factors other than signs and powers of two")
    return index, scale


@dataclass(frozen=True)
class Value:
    """A tensor by its entries: their numbers, 0 where constant; constants, 0 where they move. Labels if `computed`."""

    ids: Tensor
    const: Tensor
    computed: bool = False


class Walk:
    """One generator along the graph. `roots`: first number, π, s and samples of every tensor that has been verified."""

    def __init__(self, program: torch.export.ExportedProgram, said: dict[str, Any]) -> None:
        self.program, self.said, self.values = program, said, {}
        self.roots: list[tuple[int, Tensor, Tensor, Tensor]] = []

    def run(self) -> None:
        signature, held = self.program.graph_signature, {**self.program.state_dict, **self.program.constants}
        need(not signature.buffers_to_mutate and not signature.user_inputs_to_mutate, "forward changes a tensor")
        where = {**signature.inputs_to_parameters, **signature.inputs_to_buffers, **signature.inputs_to_lifted_tensor_constants}
        for node in self.program.graph.nodes:
            try:
                if node.name in where:
                    const = held[where[node.name]].detach()
                    self.values[node.name] = Value(torch.zeros(const.shape, dtype=torch.float64), const)
                elif node.op == "placeholder":
                    self.values[node.name] = self.verified(node.name, _samples((2, *node.meta["val"].shape[1:])))
                elif node.op == "call_function":
                    self.values[node.name] = self.step(node)
            except RefusedError as refused:  # raised where something comes of it
                self.values[node.name] = RefusedError(f"{node.name} ({node.target}): {refused}")
        for node in self.program.graph.output_node().args[0]:
            value = _sound(self.values[node.name])
            need(len(value.ids) == 2 and torch.equal(self.look(value.ids)[2], _samples(value.ids.shape)), "the output's samples")
            need(value.ids.all() and "turn" in self.said[node.name], "an output without a motion")

    def verified(self, name: str, sample: Tensor, *rows: tuple[Tensor, Tensor | None], const: Tensor | None = None) -> Value:
        """A result whose j-th entry is a function of the multiset rows[j] of pairs (entry, coefficient), and of `const`[j]."""
        perm, scale = self.stated(name, sample)
        for ids, coefficients in rows:
            image, factor, _ = self.look(ids)
            (a, i), (b, j) = image.sort(1), ids[perm].sort(1)
            need(torch.equal(a, b), "entries do not come from where the motion says")
            here, there = (torch.ones_like(ids), torch.ones_like(ids)) if coefficients is None else (coefficients, coefficients[perm])
            here, there = (factor * here).gather(1, i), (scale[:, None] * there).gather(1, j)
            need(((here == there) | (a == 0)).all(), "coefficients or factors differ")
        need(const is None or torch.equal(const, scale * const[perm] if (scale != 1).any() else const[perm]), "constants differ")
        first = self.roots[-1][0] + len(self.roots[-1][1]) if self.roots else 1
        self.roots.append((first, perm, scale, sample.flatten()))
        ids = (first + torch.arange(len(perm), dtype=torch.float64)).view(sample.shape)
        return Value(ids, torch.zeros_like(ids))

    def stated(self, name: str, sample: Tensor) -> tuple[Tensor, Tensor]:
        """π and s of the certificate, on the whole batch."""
        need("turn" in (self.said.get(name) or {}), "no motion is stated")
        (index, factors), flat = motion(self.said[name], name), sample.flatten()
        need(len(flat) == 2 * len(index), "a motion of another shape")
        order = flat.argsort(stable=True).view(2, -1)
        need(torch.equal(flat[order], _samples(order.shape)), "samples have met")
        perm, scale = torch.empty_like(flat, dtype=torch.long), torch.empty(len(flat), dtype=torch.float64)
        perm[order], scale[order] = order[:, index], factors.expand(2, -1)
        return perm, scale

    def look(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The numbers that the entries move to, their factors, their samples (−1 for constants)."""
        image, factor, sample = ids.clone(), torch.ones_like(ids), torch.full_like(ids, -1)
        which = torch.bucketize(ids, torch.tensor([float(r[0]) for r in self.roots]).double(), right=True) - 1
        for k in which.unique().tolist():
            if k >= 0:
                (first, perm, scale, samples), here = self.roots[k], which == k
                at = (ids[here] - first).long()
                image[here], factor[here], sample[here] = first + perm[at].double(), scale[at], samples[at]
        return image, factor, sample

    def sample(self, ids: Tensor, axis: int | None = None) -> Tensor:
        """Of every entry; constants belong to the sample that their place on the batch axis has."""
        sample = self.look(ids)[2]
        if (sample < 0).any() and axis is not None:
            others = [a for a in range(ids.ndim) if a != axis]
            sample = torch.where(sample < 0, sample.amax(others, keepdim=True) if others else sample, sample)
        return sample

    def step(self, node: Any) -> Any:
        target: Any = node.target
        args, kwargs = (map_arg(found, lambda n: _sound(self.values[n.name])) for found in (node.args, node.kwargs))
        if target is operator.getitem:
            part = args[0][args[1]]
            return part(node.name) if callable(part) else part
        if not isinstance(target, torch._ops.OpOverload):
            need(target in (operator.mul, operator.add, operator.sub, operator.floordiv), "not an operation on tensors")
            return target(*args)
        name = target._schema.name.removeprefix("aten::")
        if name == "sym_size" or name.startswith("_assert"):
            return args[0].ids.shape[args[1]] if name == "sym_size" else None
        said = target._schema.arguments
        bound = {a.name: kwargs.get(a.name, args[i] if i < len(args) else a.default_value) for i, a in enumerate(said)}
        tensors = [leaf for leaf in _leaves(bound) if isinstance(leaf, Value)]
        if not any(t.ids.any() for t in tensors):
            return _folded(name, target, bound, tensors)
        if name in MOVES:
            return self.moved(node, name, target, bound, tensors)
        rules: list[tuple[list[str], Callable[..., Value]]] = [
            (POINTWISE, self.pointwise), (REDUCTIONS, self.reduction), (FIBRES, self.fibres), (GRIDS, self.grid),
            (["linear", "matmul", "mm", "bmm", "addmm", "baddbmm"], self.product),
            (["scaled_dot_product_attention"], self.attention),
            ([f"conv{t}{d}d" for t in ("", "_transpose") for d in (1, 2, 3)], self.convolution),
        ]  # fmt: skip
        rule = next((rule for names, rule in rules if name in names), None)
        need(rule, "no rule")
        if len(target._schema.returns) > 1:
            return [lambda result: rule(node, result, name, target, bound, tensors)]
        return rule(node, node.name, name, target, bound, tensors)

    def moved(self, node: Any, name: str, target: Any, bound: Any, tensors: list[Value]) -> Any:
        """Numbers and constants go the same way; where no motion is stated the entries keep their numbers."""
        chosen = {id(leaf) for key in ("indices", "index", "repeats") for leaf in _leaves(bound.get(key))}
        need(not any(id(t) in chosen and t.ids.any() for t in tensors), "an index that depends on the input")
        need(len(tensors) == 1 or not any(t.computed for t in tensors), "computed constants beside others")
        axes = [a for a, index in enumerate(bound["indices"]) if index is not None] if "indices" in bound else []
        axes += list(_leaves(bound.get("dims", bound.get("dim")))) if name in ALONG else []
        whole = name == "slice" and not bound["start"] and (bound["end"] or 2**63) >= 2**62 and bound["step"] == 1
        need(whole or all(_alike(self.sample(tensors[0].ids), a or 0) for a in axes), "a part of the batch")
        ids = _run(target, bound | ({"value": 0.0} if "value" in bound else {}), lambda v: v.const if id(v) in chosen else v.ids)
        const = _run(target, bound, lambda v: v.const)
        if not isinstance(ids, list | tuple):
            return self.shown(node.name, node.meta["val"], ids, const.double(), tensors[0].computed)
        parts = zip(node.meta["val"], ids, const, strict=True)
        return [lambda result, p=p: self.shown(result, p[0], p[1], p[2].double(), tensors[0].computed) for p in parts]

    def shown(self, name: str, val: Any, ids: Tensor, const: Tensor, computed: bool) -> Value:
        if "turn" not in (self.said.get(name) or {}):
            return Value(ids, const, computed)
        batch = next((a for a, n in enumerate(val.shape) if not isinstance(n, int)), None)
        return self.verified(name, self.sample(ids, batch), (ids.reshape(-1, 1), None), const=const.flatten())

    def pointwise(self, node: Any, result: str, name: str, target: Any, bound: Any, tensors: list[Value]) -> Value:
        """Every argument moves as the result does, and constants stay."""
        channels = name == "prelu" or name.startswith("_native")
        rank = max(t.ids.ndim for t in tensors)
        tall = lambda x: x.view(-1, *[1] * (rank - 2)) if channels and x.ndim == 1 and rank > 1 else x  # noqa: E731
        views = {key: (tall(t.ids), tall(t.const)) for key, t in bound.items() if isinstance(t, Value)}
        shape = torch.broadcast_shapes(*(ids.shape for ids, _ in views.values()))
        moving = {key: ids.expand(shape).reshape(-1, 1) for key, (ids, _) in views.items() if ids.any()}
        constants = {key: const.expand(shape).flatten().double() for key, (ids, const) in views.items() if not ids.any()}
        samples = [self.sample(ids.view(shape)) for ids in moving.values()]
        need(all(torch.equal(s, samples[0]) for s in samples), "samples have met")
        factors = [self.look(ids)[1].flatten() for ids in moving.values()]
        perm, scale = self.stated(result, samples[0])
        plain = torch.stack([*factors, scale]).eq(1).all()
        need(plain or not any(t.computed for t in tensors), "signs and computed constants")
        after = {key: c[perm] for key, c in constants.items()}
        if plain or not _signs(name, bound, factors, scale, constants, after):
            need(plain and all(torch.equal(c, after[key]) for key, c in constants.items()), "a constant, or a sign, differs")
        for ids in moving.values():
            need(torch.equal(self.look(ids)[0], ids[perm]), "arguments move otherwise")
        return self.verified(result, samples[0])
