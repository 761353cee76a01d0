r"""The forward error: sup |T(gx) − P T(x)| over a box, for a network T that is symmetric to rounding.

Let T̃ be the network with the nearest symmetric weights. It is exactly symmetric, so for every g of the group
$|T(gx) - PT(x)| \le |T(gx) - \tilde T(gx)| + |\tilde T(x) - T(x)| \le 2 \sup |T - \tilde T|$ over a box that the group
maps to itself: one bound for every element, however long the word that spells it. The supremum is bounded operation by
operation, with $|T| \le R$ and $|T - \tilde T| \le d$ entry by entry: for linear maps
$d' = |\tilde W| d + |W - \tilde W| R$. What is computed are sums of positive numbers; each dot product of n terms is
made larger by γ_{n+2}.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.fx import Node

from .actions import Action
from .registry import arguments_of, name_of
from .trace import Program, Symbol, symbol
from .values import Constant
from .words import at_most

__all__ = ["Forward", "forward_bound"]

_UNIT = 2.0**-53
_SMALLEST = 2.0**-1074
_WORTH = 1000.0
_SAMPLES = 32


@dataclass(frozen=True)
class Forward:
    """Over the box |x| ≤ 1: no difference is larger than `bound`; the largest that was found is `found`."""

    bound: float
    found: float

    @property
    def worth_telling(self) -> bool:
        """Whether the bound is within a thousand times of what was found."""
        return self.bound <= _WORTH * self.found

    def __str__(self) -> str:
        gap = self.bound / self.found if self.found else float("inf")
        return (
            f"for all inputs with entries in [−1, 1] and every element of the group the outputs differ by at most "
            f"{at_most(self.bound)}; the largest difference found is {self.found:.1e}, {gap:.0f} times less"
        )


def forward_bound(
    program: Program, changed: Program, generators: Sequence[tuple[Sequence[Action], Sequence[Action | None]]]
) -> Forward | None:
    """The bound for `program`, whose nearest symmetric network is `changed`; None where an operation has no bound.

    Args:
        generators: actions on the inputs, and those on the outputs that `changed` has.
    """
    try:
        bound = _Bounds(program, changed).run()
    except _NoBoundError:
        return None
    generator = torch.Generator().manual_seed(0)
    found = 0.0
    for inputs, outputs in generators:
        shapes = [(_SAMPLES, *a.shape[1:]) for a in inputs]
        samples = [torch.rand(s, generator=generator, dtype=torch.float64) * 2 - 1 for s in shapes]
        samples = [torch.cat([x[::2], x[1::2].sign()]) for x in samples]  # half of them are corners of the box
        assert program.module is not None
        with torch.no_grad():
            plain, turned = (
                program.module(*samples),
                program.module(*(a.on(x) for a, x in zip(inputs, samples, strict=True))),
            )
        if isinstance(plain, Tensor) and outputs[0] is not None:
            found = max(found, float((turned - outputs[0].on(plain)).abs().max()))
    return Forward(bound, found)


class _NoBoundError(Exception):
    """An operation without a finite Lipschitz constant, or without a rule here."""


_MOVES = (
    "view", "_unsafe_view", "reshape", "permute", "transpose", "clone", "squeeze", "unsqueeze", "expand", "slice",
    "select", "flatten", "alias", "cat", "flip", "roll",
)  # fmt: skip
_SAME = ("relu", "tanh", "leaky_relu", "relu6", "hardtanh", "abs", "sin", "atan", "clamp_min")
_AVERAGES = ("mean", "avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "amax")
_POOLS = ("max_pool1d", "max_pool2d", "max_pool3d")
_LINEAR = ("conv1d", "conv2d", "conv3d", "linear", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")


class _Bounds:
    """R and d of every tensor, for a batch of one, in the box |x| ≤ 1."""

    def __init__(self, program: Program, changed: Program) -> None:
        self.program, self.changed = program, changed
        self.values: dict[str, Any] = {}

    def run(self) -> float:
        shapes = iter(self.program.input_shapes)
        for node in self.program.graph.nodes:
            if node.name in self.program.constants:
                self.values[node.name] = (self.program.constants[node.name], self.changed.constants[node.name])
            elif node.op == "placeholder":
                one = torch.ones(1, *next(shapes), dtype=torch.float64)
                self.values[node.name] = _Pair(one, torch.zeros_like(one))
            elif node.op == "call_function":
                self.values[node.name] = self.step(node)
        outputs = [self.values[name] for name in self.program.outputs]
        if not all(isinstance(v, _Pair) for v in outputs):
            raise _NoBoundError
        return 2 * max(float(v.off.max()) for v in outputs)

    def step(self, node: Node) -> Any:
        target: Any = node.target
        if target is operator.getitem:
            arguments: Any = node.args
            found = self.values[arguments[0].name]
            if arguments[1] != 0:
                raise _NoBoundError
            return found
        value = node.meta.get("val")
        if not isinstance(target, torch._ops.OpOverload) or isinstance(value, torch.SymInt):
            return symbol(value) if isinstance(value, torch.SymInt) else None
        args, kwargs = _put(node.args, self.values), _put(node.kwargs, self.values)
        given = arguments_of(target, tuple(args), kwargs)
        pairs = [v for v in _leaves(given) if isinstance(v, _Pair)]
        name = name_of(target).split(".")[1]
        if not pairs:
            known = self.program.folded.get(node.name)
            if isinstance(known, Constant) and known.computed:
                raise _NoBoundError  # it is rounded, by how much is not known
            return tuple(_call(target, args, kwargs, lambda c, k=k: c[k]) for k in (0, 1))
        if name in _MOVES or name in _AVERAGES or name in _POOLS or name == "dropout":
            if not all(isinstance(v, _Pair) for v in _leaves(given) if isinstance(v, _Pair | tuple)):
                raise _NoBoundError
            made = _Pair(*(_call(target, args, kwargs, of).abs() for of in (lambda p: p.size, lambda p: p.off)))
            return made.larger(made.size.numel() and pairs[0].size.numel() // made.size.numel() + 1)
        if name in _SAME:
            size = pairs[0].size
            if not 0 <= given.get("negative_slope", 0) <= 1:
                raise _NoBoundError
            return _Pair(torch.maximum(size, _edge(given)) if name in ("hardtanh", "clamp_min") else size, pairs[0].off)
        if name in ("add", "sub"):
            return self.summed(given)
        if name == "mul":
            return self.scaled(given)
        if name in _LINEAR:
            return self.linear(target, given)
        if name == "_native_batch_norm_legit_no_training":
            return self.normed(given)
        raise _NoBoundError

    def summed(self, given: dict[str, Any]) -> _Pair:
        sides = [_pair(given[key]) for key in ("input", "other")]
        if not isinstance(given["alpha"], int | float):
            raise _NoBoundError
        factor = abs(given["alpha"])
        size, off = (a + factor * b for a, b in zip(*((s.size, s.off) for s in sides), strict=True))
        return _Pair(size, off).larger(2)

    def scaled(self, given: dict[str, Any]) -> _Pair:
        a, b = _pair(given["input"]), _pair(given["other"])
        return _Pair(a.size * b.size, a.off * b.size + a.size * b.off + a.off * b.off).larger(4)

    def linear(self, target: Any, given: dict[str, Any]) -> _Pair:
        x, (weight, changed) = given["input"], given["weight"]
        bias = given["bias"] or (torch.zeros(()), torch.zeros(()))
        if not isinstance(x, _Pair) or isinstance(given["weight"], _Pair):
            raise _NoBoundError
        rest = {"self" if k == "input" else k: v for k, v in given.items() if k not in ("input", "weight", "bias")}

        def map_(by: Tensor, of: Tensor) -> Tensor:
            return target(of, by.abs(), None, **{k: v for k, v in rest.items() if v is not None})

        def shaped(b: Tensor, like: Tensor) -> Tensor:
            return b if b.ndim == 0 or target is torch.ops.aten.linear.default else b.view(-1, *[1] * (like.ndim - 2))

        size = map_(weight, x.size)
        off = map_(changed, x.off) + map_(weight - changed, x.size)
        size, off = size + shaped(bias[0].abs(), size), off + shaped((bias[0] - bias[1]).abs(), size)
        return _Pair(size, off).larger(weight.numel())  # no dot product has more terms

    def normed(self, given: dict[str, Any]) -> _Pair:
        x = given["input"]
        like = [1, -1, *[1] * (x.size.ndim - 2)]
        slopes, shifts, rounded = [], [], torch.zeros_like(given["running_mean"][0])
        for k in (0, 1):
            mean, var = given["running_mean"][k], given["running_var"][k]
            weight = given["weight"][k] if given["weight"] else torch.ones_like(mean)
            bias = given["bias"][k] if given["bias"] else torch.zeros_like(mean)
            slope = weight / (var + given["eps"]).sqrt()
            slopes.append(slope)
            shifts.append(bias - slope * mean)
            rounded = rounded.maximum(bias.abs() + (slope * mean).abs())
        numbers = [given[key] for key in ("weight", "bias", "running_mean", "running_var") if given[key]]
        unit = 16 * _UNIT * any(not torch.equal(*pair) for pair in numbers)  # then both are rounded a few times
        step = ((slopes[0] - slopes[1]).abs() + unit * slopes[0].abs()).view(like)
        changed = slopes[1].abs().view(like)
        size = x.size * slopes[0].abs().view(like) + (shifts[0].abs() + 16 * _UNIT * rounded).view(like)
        off = x.off * changed + x.size * step + ((shifts[0] - shifts[1]).abs() + unit * rounded).view(like)
        return _Pair(size, off).larger(8)


@dataclass(frozen=True)
class _Pair:
    """Bounds entry by entry: |T| ≤ size, |T − T̃| ≤ off."""

    size: Tensor
    off: Tensor

    def larger(self, terms: int) -> _Pair:
        """By γ of the number of terms that were added up, and by what products lose that are too small."""
        factor, lost = 1 + 2 * (terms + 2) * _UNIT, 2 * (terms + 2) * _SMALLEST
        return _Pair(self.size * factor + lost, self.off * factor + lost)


def _pair(found: Any) -> _Pair:
    if isinstance(found, _Pair):
        return found
    if isinstance(found, tuple):
        return _Pair(found[0].abs().double(), (found[0] - found[1]).abs().double())
    if isinstance(found, int | float):
        return _Pair(torch.tensor(abs(float(found))).double(), torch.zeros((), dtype=torch.float64))
    raise _NoBoundError


def _edge(given: dict[str, Any]) -> Tensor:
    edges = [abs(float(given[key])) for key in ("min_val", "max_val", "min") if given.get(key) is not None]
    return torch.tensor(max(edges), dtype=torch.float64)


def _put(found: Any, values: dict[str, Any]) -> Any:
    if isinstance(found, Node):
        return values[found.name]
    if isinstance(found, dict):
        return {key: _put(item, values) for key, item in found.items()}
    return [_put(item, values) for item in found] if isinstance(found, list | tuple) else found


def _leaves(found: Any) -> list[Any]:
    if isinstance(found, dict):
        return [leaf for item in found.values() for leaf in _leaves(item)]
    return [leaf for item in found for leaf in _leaves(item)] if isinstance(found, list) else [found]


def _call(target: Any, args: Any, kwargs: Any, of: Any) -> Tensor:
    def put(found: Any) -> Any:
        if isinstance(found, _Pair | tuple):
            return of(found)
        if isinstance(found, Symbol):
            return found.at_one
        return [put(item) for item in found] if isinstance(found, list) else found

    return target(*put(args), **{key: put(item) for key, item in kwargs.items()})
