"""Every rule, asked about one operation and many motions, is right or refuses; careless rules are caught."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from operator import getitem
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx import Graph
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from invariance.proving import RULES, Action, Moving
from invariance.proving.registry import Rule, Step, overload
from invariance.proving.rules.fixed import unsigned
from invariance.proving.trace import Program, place
from invariance.proving.walk import walk
from tests.proving.rule_cases import CASES, Input, PerSample

pytestmark = pytest.mark.filterwarnings("ignore")

NEVER_WRONG = {f"aten.{op}.default" for op in ("zeros_like", "new_zeros", "new_ones", "scatter_add")}
"""Zeros and ones stay so under every motion; only numbers of places scatter, which `test_places` asks about."""


def motions(shape: tuple[int, ...]) -> Iterator[Action]:
    """Signs, factors, permutations, mirrors, shifts, exchanged axes, and one permutation of all entries."""
    full, rank = (1, *shape), len(shape) + 1
    rng = np.random.default_rng(0)
    plain = Action.identity(full)
    yield plain.scaled(0, np.array([-1.0]))
    yield plain.scaled(0, np.array([2.0]))
    for axis in range(1, rank):
        n = full[axis]
        if n == 1:
            continue
        yield plain.scaled(axis, np.where(np.arange(n) == n - 1, -1.0, 1.0))
        yield plain.scaled(axis, np.where(np.arange(n) == n - 1, 2.0, 1.0))
        for order in (np.arange(n)[::-1], np.roll(np.arange(n), 1), rng.permutation(n)):
            yield Action.of(full, tables={axis: order.copy()})
            yield Action.of(full, tables={axis: order.copy()}).scaled(0, np.array([-1.0]))
    if rank > 2 and full[-1] == full[-2]:
        turn = [*range(rank - 2), rank - 1, rank - 2]
        yield Action.of(full, turn=turn)
        yield Action.of(full, turn=turn, tables={rank - 1: np.arange(full[-1])[::-1].copy()})
    count = int(np.prod(full))
    yield Action.from_dense(full, rng.permutation(count))
    yield Action.from_dense(full, rng.permutation(count), rng.choice([-1.0, 1.0], count))


@cache
def program(op: str) -> tuple[Program, list[Input]]:
    """The graph of one operation, its batch a symbol, its results the outputs."""
    leaves, tree = tree_flatten(CASES[op])
    graph, constants, inputs, nodes = Graph(), {}, [], []
    for k, leaf in enumerate(leaves):
        nodes.append(leaf)
        if isinstance(leaf, Input | PerSample | Tensor):
            nodes[k] = node = graph.placeholder(f"t{k}")
            if not isinstance(leaf, Input):
                constants[node.name] = leaf if isinstance(leaf, Tensor) else leaf.table
            else:
                node.meta["val"] = _fake((2, *leaf.shape), (3, *leaf.shape))
                inputs.append((node.name, leaf))
    given, named = tree_unflatten(nodes, tree)
    node = graph.call_function(overload(op), tuple(given), named)
    shapes = [[part.shape for part in called(op, move=lambda x: x, seed=0, batch=n)] for n in (2, 3)]
    values = [_fake(two, three) for two, three in zip(*shapes, strict=True)]
    several = len(overload(op)._schema.returns) > 1 or "[]" in str(overload(op)._schema.returns[0].type)
    several = several or "List" in str(overload(op)._schema.returns[0].type)
    node.meta["val"] = tuple(values) if several else values[0]
    names = [node.name]
    if several:
        names = []
        for k, value in enumerate(values):
            item = graph.call_function(getitem, (node, k))
            item.meta["val"] = value
            names.append(item.name)
    graph.output(node)
    known = [i.shape for _, i in inputs]
    weights = {name: name for name in constants}
    return Program(graph, constants, weights, tuple(n for n, _ in inputs), tuple(names), tuple(known)), [
        i for _, i in inputs
    ]


@cache
def _symbol() -> tuple[FakeTensorMode, Tensor]:
    mode = FakeTensorMode(shape_env=ShapeEnv())
    context = StatelessSymbolicContext(dynamic_sizes=[DimDynamic.DYNAMIC])  # type: ignore[arg-type]
    return mode, mode.from_tensor(torch.zeros(2), symbolic_context=context)


def _fake(two: Sequence[int], three: Sequence[int]) -> Tensor:
    """A tensor without entries, of these shapes for batches of two and of three."""
    mode, one = _symbol()
    with mode:
        return one.new_empty([n if n == m else (m - n) * one.shape[0] for n, m in zip(two, three, strict=True)])


def outcomes(op: str) -> Iterator[tuple[Action, list[Action | None]]]:
    """For every motion of the inputs those of the results, None where the rule refuses."""
    made, inputs = program(op)
    for action in motions(inputs[0].shape):
        try:
            result = walk(replace(made, folded={}), [action] * len(inputs))
        except ValueError:  # a careless rule's nonsense
            continue
        outputs = [v.action if isinstance(v, Moving) else None for v in result.outputs]
        if any(outputs):
            yield action, outputs


def called(op: str, *, move: Callable[[Tensor], Tensor], seed: int, batch: int = 2) -> list[Tensor]:
    """The results for random inputs, moved."""
    generator = torch.Generator().manual_seed(seed)

    def given(leaf: Any) -> Any:
        if isinstance(leaf, PerSample):
            return leaf.table.expand(batch, *leaf.table.shape[1:])
        if not isinstance(leaf, Input):
            return leaf
        x = torch.randn(batch, *leaf.shape, generator=generator, dtype=torch.float64) * (1 + seed)
        if op == "aten.embedding.default":
            return move(x).abs().round().clamp(max=2).long()
        if op == "aten.isnan.default":
            x.view(-1)[::3] = float("nan")
        return move(x.round() if seed == 1 else x)

    args, kwargs = tree_map(given, CASES[op])
    found = overload(op)(*args, **kwargs)
    parts = [found] if isinstance(found, Tensor) else [p for p in found if isinstance(p, Tensor) and p.numel()]
    return [part.double() for part in parts]


def refuted(op: str, action: Action, outputs: list[Action | None]) -> bool:
    """Whether numbers contradict the motions of the results."""
    for seed in range(2):
        plain = called(op, move=lambda x: x, seed=seed)
        after = called(op, move=lambda x: action.on(x), seed=seed)
        for y, z, claimed in zip(plain, after, outputs, strict=True):
            if claimed is not None and not torch.allclose(claimed.on(y), z, rtol=1e-9, atol=1e-9, equal_nan=True):
                return True
    return False


def careless(op: str) -> Iterator[Rule]:
    """The rule without its conditions: the motion of the first argument, that without signs, and none."""

    def rule_of(choose: Callable[[Action, tuple[int, ...]], Action]) -> Rule:
        def apply(step: Step, /, **arguments: Any) -> Any:
            first = next(a for a in tree_flatten(arguments)[0] if isinstance(a, Moving))
            values = next(n for n in program(op)[0].graph.nodes if n.op == "call_function").meta["val"]
            found = [place(v) for v in (values if isinstance(values, tuple) else [values])]
            made = [Moving(choose(first.settled(), shape), batch) for shape, batch in found]
            return tuple(made) if isinstance(values, tuple) else made[0]

        return Rule(op, apply, (), "")

    def same(action: Action, shape: tuple[int, ...]) -> Action:
        return action.reshaped(shape) if np.prod(shape) == np.prod(action.shape) else Action.identity(shape)

    yield rule_of(same)
    yield rule_of(lambda action, shape: unsigned(same(action, shape)))
    yield rule_of(lambda action, shape: Action.identity(shape))


def test_there_is_a_case_for_every_rule() -> None:
    assert {op for op in RULES if op.startswith("aten.")} == set(CASES)


@pytest.mark.parametrize("op", sorted(CASES))
def test_the_rule_is_right_and_careless_ones_are_caught(op: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for action, outputs in outcomes(op):
        assert not refuted(op, action, outputs)
    for mutant in () if op in NEVER_WRONG else careless(op):
        with monkeypatch.context() as patch:
            patch.setitem(RULES, op, mutant)
            if any(refuted(op, action, outputs) for action, outputs in outcomes(op)):
                return
    assert op in NEVER_WRONG
