"""The simplest violation of a symmetry: a transposition instead of a permutation, a turn about one axis, few points.

First the element is made simpler, then the input, as long as a tenth of the error is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

import torch
from torch import Tensor

from ..checking import CheckReport, Row, SymmetryQuestion
from ..checking.symmetric import Bench
from ..errors import ArgumentError, ArgumentTypeError
from ..fields import Items, TensorField, leaves, map_tree
from ..groups import Affine, Element, Group, Permutation, Shift
from ..measure.error import Model

__all__ = ["simplest_violation"]

_SHOWN = 0.1  # of the worst error, at least, is what the simpler case has to show
_TRIES = 60


def simplest_violation(model: Model, report: CheckReport, worst: Row) -> list[str]:
    """A sentence with the simplest element and the fewest items found that show it; none where the row has none."""
    question = report.question
    assert isinstance(question, SymmetryQuestion)
    generator = torch.Generator().manual_seed(question.seed)
    symmetry, bench = question.symmetry, Bench(model, question)
    tried = symmetry.group.tried(generator, question.random)
    found = [g for g in tried if str(g) == worst.transformation]
    if not found and not tried:
        return []
    inputs = symmetry.sample(2, generator) if question.inputs is None else question.inputs
    unit = _spread(bench, inputs, worst.output)
    if not unit > 0:
        return []
    element = found[0] if found else tried[0]
    error = _error(bench, inputs, element, worst.output, unit)
    least = _SHOWN * max(error, worst.error or 0.0)
    for simpler in _simpler(symmetry.group, element):
        if _error(bench, inputs, simpler, worst.output, unit) >= least:
            element = simpler
            break
    kept, few = _few_items(bench, inputs, element, worst.output, unit, least)
    error = _error(bench, few, element, worst.output, unit)
    if not error >= least:
        return []
    items = f", all but {len(kept)} of the items zero: {', '.join(map(str, kept))}" if kept else ""
    return [f"simplest: {element}{items}: E = {error:.2e}"]


def _simpler(group: Group, element: Element) -> Iterator[Element]:
    """Elements of one part, simple ones first; only those of the group."""
    candidates: list[Element] = []
    for slot, part in element.parts.items():
        candidates += [Element({slot: simple}) for simple in _simple_parts(part)]
    candidates += [element.only([slot]) for slot in element.parts if len(element.parts) > 1]
    for candidate in candidates[:_TRIES]:
        if group.contains(candidate) and not candidate.is_identity:
            yield candidate


def _simple_parts(part: Any) -> Iterator[Any]:
    match part:
        case Permutation():
            count = len(part.images)
            pairs = [(i, j) for cycle in part.cycles for i, j in pairwise(cycle)]
            for i, j in [(0, 1), *pairs][:12]:
                if j < count:
                    images = list(range(count))
                    images[i], images[j] = j, i
                    yield Permutation(tuple(images))
        case Shift():
            for axis, period in enumerate(part.periods):
                if period > 1:
                    yield Shift(tuple(int(i == axis) for i in range(len(part.periods))), part.periods)
        case Affine():
            n = part.dimension
            one = torch.eye(n, dtype=torch.float64)
            for i, j in combinations(range(n), 2):
                turned = one.clone()
                turned[[i, j], [i, j]] = 0.0
                turned[i, j], turned[j, i] = -1.0, 1.0
                yield Affine(turned)
            for i in range(n):
                yield Affine(torch.diag(torch.where(torch.arange(n) == i, -1.0, 1.0).double()))
            if part.translation is not None:
                for i in range(n):
                    yield Affine(one, one[i])


def _few_items(
    bench: Bench, inputs: Any, g: Element, output: str, unit: float, least: float
) -> tuple[tuple[int, ...], Any]:
    """One, two or four items, all others zero, where that still shows the error."""
    counts = {
        leaf.domain.count
        for _, leaf in leaves(bench.symmetry.inputs)
        if isinstance(leaf, TensorField) and isinstance(leaf.domain, Items)
    }
    if len(counts) != 1:
        return (), inputs
    (count,) = counts
    for size in (1, 2, 3, 4):
        for kept in list(combinations(range(count), size))[:8]:
            few = _masked(bench, inputs, kept)
            if _error(bench, few, g, output, unit) >= least:
                return kept, few
    return (), inputs


def _masked(bench: Bench, inputs: Any, kept: tuple[int, ...]) -> Any:
    def single(leaf: Any, tensor: Tensor) -> Tensor:
        if not (isinstance(leaf, TensorField) and isinstance(leaf.domain, Items)):
            return tensor
        for axis in range(1, 1 + len(leaf.domain.shape)):
            there = torch.zeros(tensor.shape[axis], dtype=tensor.dtype)
            there[list(kept)] = 1
            tensor = tensor * there.view([-1 if a == axis else 1 for a in range(tensor.ndim)])
        return tensor

    return map_tree(single, bench.symmetry.inputs, inputs)


def _error(bench: Bench, inputs: Any, g: Element, output: str, unit: float) -> float:
    """RMS difference in units of how much two samples differ; 0 where the model refuses the input."""
    try:
        plain, moved = bench.run(inputs)[1], bench.run(bench.symmetry.act(g, inputs))[1]
        expected, found = bench.expected(g, plain)[output], bench.outputs(moved)[output]
    except (ArgumentError, ArgumentTypeError, KeyError):
        return 0.0
    if expected.shape != found.shape:
        return 0.0
    return float((found - expected).square().mean().sqrt()) / unit


def _spread(bench: Bench, inputs: Any, output: str) -> float:
    plain = bench.outputs(bench.run(inputs)[1])[output]
    return float((plain - plain.roll(1, 0)).square().mean().sqrt())
