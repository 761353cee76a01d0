"""One generator along the graph: what each tensor's entries are computed from, held to the motions that are stated."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.fx.node import map_aggregate, map_arg

from .reading import RefusedError, motion, need

__all__ = ["Asked", "Rule", "Value", "Walk"]

MOVES = (
    r"_unsafe_view|alias|cat|clone|constant_pad_nd|contiguous|detach_?|diagonal|expand|flip|index(_select)?|lift_fresh_copy"
    r"|narrow|pad|permute|pixel_(un)?shuffle|repeat(_interleave)?|reshape|roll|select|slice|split(_with_sizes)?|squeeze|stack"
    r"|t|transpose|tri[lu]|unbind|unflatten|unsqueeze|(_)?upsample_nearest(_exact)?\dd|view|flatten|movedim|chunk|expand_as"
)
ALONG = r"slice|narrow|select|roll|index_select|split(_with_sizes)?|chunk|repeat_interleave"
MADE = r"arange|eye|full(_like)?|new_(full|ones|zeros)|ones(_like)?|zeros(_like)?|scalar_tensor"
POINTWISE = r"prelu|hardswish|log_sigmoid|_to_copy|_native_batch_norm_legit_no_training"  # and torch's own tag


@dataclass(frozen=True)
class Value:
    """A tensor by its entries: their numbers, 0 where constant; constants, 0 where they move. Labels if `computed`."""

    ids: Tensor
    const: Tensor
    computed: bool = False


@dataclass(frozen=True)
class Asked:
    """An operation with its arguments by the names of its schema."""

    walk: Walk
    node: Any
    name: str
    target: Any
    bound: dict[str, Any]
    tensors: list[Value]

    @property
    def x(self) -> Value:
        return self.tensors[0]


Rule = Callable[[Asked, str], Value]
"""Verifies an operation's result, which has this name in the graph."""


class Walk:
    """One generator along the graph. `roots`: first number, π, s and samples of each tensor that has been verified."""

    def __init__(self, program: torch.export.ExportedProgram, said: dict[str, Any], rules: dict[str, Rule]) -> None:
        self.program, self.said, self.rules = program, said, rules
        self.values: dict[str, Any] = {}
        self.roots: list[tuple[int, Tensor, Tensor, Tensor]] = []

    def run(self) -> None:
        signature, held = self.program.graph_signature, {**self.program.state_dict, **self.program.constants}
        need(not signature.buffers_to_mutate and not signature.user_inputs_to_mutate, "forward changes a tensor")
        where = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        where |= signature.inputs_to_lifted_tensor_constants
        for node in self.program.graph.nodes:
            try:
                if node.name in where:
                    const = held[where[node.name]].detach()
                    self.values[node.name] = Value(torch.zeros(const.shape, dtype=torch.float64), const)
                elif node.op == "placeholder":
                    self.values[node.name] = self.verified(node.name, _samples(2, *node.meta["val"].shape[1:]))
                elif node.op == "call_function":
                    self.values[node.name] = self.step(node)
            except RefusedError as refused:  # raised where something comes of it
                self.values[node.name] = RefusedError(f"{node.name} ({node.target}): {refused}")
        for name in map(str, signature.user_outputs):
            ids = _sound(self.values[name]).ids
            need("turn" in (self.said.get(name) or {}), f"{name}: an output without a motion")
            need(
                torch.equal(self.sample(ids, 0), _samples(2, *ids.shape[1:])),
                f"{name}: its samples are not the input's",
            )

    # --- what is verified

    def verified(self, name: str, sample: Tensor, *rows: Any, const: Tensor | None = None) -> Value:
        """Entry j of the result is a function of multisets rows[·][j] of (entry, coefficient), and of const[j]."""
        perm, scale = self.stated(name, sample)
        for ids, coefficients in rows:
            image, factor, _ = self.look(ids)
            (a, i), (b, j) = image.sort(1), ids[perm].sort(1)
            need(torch.equal(a, b), "it is not computed from the entries that the motion says")
            here = factor * coefficients if coefficients is not None else factor
            there = scale[:, None] * (coefficients[perm] if coefficients is not None else torch.ones_like(ids))
            need(((here.gather(1, i) == there.gather(1, j)) | (a == 0)).all(), "coefficients or factors differ")
        need(const is None or torch.equal(const, scale * const[perm]), "constants differ")
        first = self.roots[-1][0] + len(self.roots[-1][1]) if self.roots else 1
        self.roots.append((first, perm, scale, sample.flatten()))
        ids = first + torch.arange(len(perm), dtype=torch.float64).view(sample.shape)
        return Value(ids, torch.zeros_like(ids))

    def stated(self, name: str, sample: Tensor) -> tuple[Tensor, Tensor]:
        """π and s of the certificate, on the whole batch."""
        need("turn" in (self.said.get(name) or {}), "no motion is stated")
        (index, factors), flat = motion(self.said[name], name), sample.flatten()
        need(len(flat) == 2 * len(index), "a motion of another shape")
        order = flat.argsort(stable=True).view(2, -1)
        need(torch.equal(flat[order], _samples(*order.shape)), "samples have met")
        perm, scale = torch.empty(len(flat), dtype=torch.long), torch.empty(len(flat), dtype=torch.float64)
        perm[order], scale[order] = order[:, index], factors.expand(2, -1)
        return perm, scale

    def look(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The numbers that the entries move to, their factors, their samples (−1 for constants)."""
        image, factor, sample = ids.clone(), torch.ones_like(ids), torch.full_like(ids, -1)
        starts = torch.tensor([root[0] for root in self.roots], dtype=torch.float64)
        which = torch.bucketize(ids.contiguous(), starts, right=True) - 1
        for k in which.unique().tolist():
            if k >= 0:
                (first, perm, scale, samples), here = self.roots[k], which == k
                at = (ids[here] - first).long()
                image[here], factor[here], sample[here] = first + perm[at].double(), scale[at], samples[at]
        return image, factor, sample

    def sample(self, ids: Tensor, axis: int | None = None) -> Tensor:
        """Of every entry; a constant belongs to the sample of its place on the batch axis."""
        sample = self.look(ids)[2]
        if axis is not None and (sample < 0).any():
            others = [a for a in range(ids.ndim) if a != axis]
            sample = torch.where(sample < 0, sample.amax(others, keepdim=True), sample)
        return sample

    def fibres(self, ids: Tensor) -> Tensor:
        """The sample of every row; all entries of a row must have it."""
        sample = self.look(ids)[2]
        most = sample.amax(1)
        need(((sample == most[:, None]) | (ids == 0)).all(), "samples have met")
        return most

    # --- operations

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
        if re.fullmatch(MOVES, name):
            return self.moved(node, name, target, bound, tensors)
        pointwise = re.fullmatch(POINTWISE, name) or torch.Tag.pointwise in target.tags
        rule = self.rules.get("pointwise" if pointwise else name)
        random = torch.Tag.nondeterministic_seeded in target.tags and name != "scaled_dot_product_attention"
        if rule is None or random:
            raise RefusedError("no rule")
        several = len(target._schema.returns) > 1
        asked = Asked(self, node, name, target, bound, tensors)
        return [lambda result: rule(asked, result)] if several else rule(asked, node.name)

    def moved(self, node: Any, name: str, target: Any, bound: Any, tensors: list[Value]) -> Any:
        """Numbers and constants go the same way; where no motion is stated the entries keep their numbers."""
        chosen = {id(leaf) for key in ("indices", "index", "repeats") for leaf in _leaves(bound.get(key))}
        need(not any(id(t) in chosen and t.ids.any() for t in tensors), "an index that depends on the input")
        need(len(tensors) == 1 or not any(t.computed for t in tensors), "computed constants beside others")
        axes = [a for a, index in enumerate(bound["indices"]) if index is not None] if "indices" in bound else []
        axes += list(_leaves(bound.get("dims", bound.get("dim")))) if re.fullmatch(ALONG, name) else []
        whole = name == "slice" and not bound["start"] and (bound["end"] or 2**63) >= 2**62 and bound["step"] == 1
        sample = self.sample(tensors[0].ids)
        need(whole or all(_alike(sample, a or 0) for a in axes), "a part of the batch")
        ids = _run(
            target,
            bound | ({"value": 0.0} if "value" in bound else {}),
            lambda v: v.const if id(v) in chosen else v.ids,
        )
        const = _run(target, bound, lambda v: v.const)

        def shown(result: str, val: Any, ids: Tensor, const: Tensor) -> Value:
            if "turn" not in (self.said.get(result) or {}):
                return Value(ids, const.double(), tensors[0].computed)
            batch = next((a for a, n in enumerate(val.shape) if not isinstance(n, int)), None)
            return self.verified(
                result, self.sample(ids, batch), (ids.reshape(-1, 1), None), const=const.double().flatten()
            )

        if isinstance(ids, Tensor):
            return shown(node.name, node.meta["val"], ids, const)
        return [lambda r, p=p: shown(r, *p) for p in zip(node.meta["val"], ids, const, strict=True)]


def _samples(*shape: int) -> Tensor:
    """The sample of every entry of a batch in front."""
    return torch.arange(shape[0], dtype=torch.float64).view(-1, *[1] * (len(shape) - 1)).expand(shape).contiguous()


def _alike(x: Tensor, axis: int) -> bool:
    return torch.equal(x, x.narrow(axis, 0, 1).expand_as(x))


def _sound(value: Any) -> Any:
    if isinstance(value, RefusedError):
        raise value
    return value


def _leaves(found: Any) -> Iterator[Any]:
    for item in found.values() if isinstance(found, dict) else found if isinstance(found, list | tuple) else [found]:
        if isinstance(item, dict | list | tuple):
            yield from _leaves(item)
        elif item is not None:
            yield item


def _run(target: Any, bound: Any, of: Any) -> Any:
    with torch.no_grad():
        return target(**map_aggregate(bound, lambda v: of(v) if isinstance(v, Value) else v))


def _folded(name: str, target: Any, bound: Any, tensors: list[Value]) -> Any:
    """Constants are moved, whole numbers computed; other arithmetic gives labels, equal where the operands are."""
    whole = all(not t.const.is_floating_point() for t in tensors)
    if re.fullmatch(MOVES + "|" + MADE, name) or (whole and torch.Tag.pointwise in target.tags):
        found = _run(target, bound, lambda v: v.const)
        one = len(tensors) <= 1 or not any(t.computed for t in tensors)
        need(one and (name != "pad" or not any(t.computed for t in tensors)), "computed constants beside others")
        made = [
            Value(torch.zeros(f.shape, dtype=torch.float64), f, any(t.computed for t in tensors))
            for f in ([found] if isinstance(found, Tensor) else found)
        ]
        return made[0] if isinstance(found, Tensor) else made
    need(
        torch.Tag.pointwise in target.tags or re.fullmatch(POINTWISE, name),
        "a constant that is computed in a way with no rule",
    )
    parts = torch.broadcast_tensors(*(t.const.double() for t in tensors))
    labels = torch.stack([p.flatten() for p in parts], 1).add(0.0).unique(dim=0, return_inverse=True)[1] + 1.0
    return Value(torch.zeros(parts[0].shape, dtype=torch.float64), labels.view(parts[0].shape), True)
