"""Linear maps, and products of matrices that both depend on the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..actions import Action
from ..registry import Step, rule
from ..values import Batch, Constant, Moving, Refusal
from .fixed import merged
from .weights import matched

CITES = ("kernel", "contraction")


@rule("aten.linear.default", cites=CITES)
def linear(step: Step, input: Any, weight: Any, bias: Any) -> Any:
    """The matrix with its columns moved is the matrix up to the order and sign of its rows."""
    if not isinstance(weight, Constant) or not isinstance(bias, Constant | None) or not isinstance(input, Moving):
        raise Refusal("weights that depend on the input: no rule")
    return mapped(step, input, weight, bias)


@rule("aten.addmm.default", cites=CITES)
def addmm(step: Step, input: Any, mat1: Any, mat2: Any, beta: Any, alpha: Any) -> Any:
    """A linear map whose matrix stands transposed."""
    if (
        beta != 1
        or alpha != 1
        or not (isinstance(mat2, Constant) and isinstance(input, Constant) and isinstance(mat1, Moving))
    ):
        raise Refusal("addmm other than of a tensor, a constant matrix and a constant bias")
    return mapped(step, mat1, _turned(mat2), input.reshaped((-1,)) if input.values.size == step.shape[-1] else input)


def _turned(matrix: Constant) -> Constant:
    return matrix.rearranged(lambda array: array.T, matrix.batch)


def mapped(step: Step, input: Moving, weight: Constant, bias: Constant | None) -> Moving:
    action = input.settled()
    axis = action.rank - 1
    if bias is not None and bias.shape != weight.shape[:1]:
        raise Refusal("a bias that is no vector with a number for each unit")
    if input.batch is None or input.batch.axis == axis or weight.values.ndim != 2 or weight.batch is not None:
        raise Refusal("a linear map over the batch: samples meet each other")
    if not action.alone(axis):
        raise Refusal("the axis that the linear map acts on does not move by itself")
    constant = 1.0 if axis == 0 or action.scales[0] is None else float(action.scales[0][0])
    rest = action.restricted(range(axis))
    spread = [s for s in rest.scales if s is not None and (s != s[0]).any()]
    if bias is not None and (spread or (rest.block is not None and rest.block.scale is not None)):
        raise Refusal("a bias is added to what changes sign along other axes")
    if bias is None:
        constant = 1.0
    factors = action.scale(axis) * (constant if not spread else 1.0)
    back = np.argsort(action.table(axis))
    scale = None if (factors == 1).all() else factors[None]
    match = matched(
        "row",
        weight,
        bias,
        lambda bank: bank[:, back],
        scale,
        entry=lambda place: f"column {place}",
        prefer=step.prefer,
    )
    along = Action.of(
        [len(match.index)], tables={0: match.index}, scales=None if match.sign is None else {0: match.sign}
    )
    if constant != 1 and rest.rank:
        rest = rest.scaled(0, np.full(rest.shape[0], 1 / constant))
    made: list[tuple[Sequence[int], Action]] = [([axis], along)]
    if rest.rank:
        made.append((list(range(axis)), rest))
    return Moving(Action.product(step.shape, made), input.batch)


@rule("aten.matmul.default", cites=CITES)
def matmul(step: Step, input: Any, other: Any) -> Any:
    """What is contracted moves alike in both, and its signs cancel; a constant matrix is a linear map."""
    return multiplied_matrices(step, input, other)


@rule("aten.bmm.default", "aten.mm.default", cites=CITES)
def bmm(step: Step, input: Any, mat2: Any) -> Any:
    """As matmul."""
    return multiplied_matrices(step, input, mat2)


def multiplied_matrices(step: Step, left: Any, right: Any) -> Moving:
    if isinstance(right, Constant) and right.values.ndim == 2 and isinstance(left, Moving):
        return mapped(step, left, _turned(right), None)
    if isinstance(left, Constant) and left.values.ndim == 2 and isinstance(right, Moving):
        return _from_left(step, left, right)
    if not (isinstance(left, Moving) and isinstance(right, Moving)):
        raise Refusal("a constant of several matrices times what moves: no rule")
    a, b = left.settled(), right.settled()
    if a.rank < 2 or b.rank < 2 or a.rank != b.rank:
        raise Refusal("a matrix times a vector: no rule; write it as a sum of a product")
    rank = a.rank
    row, inner, column = rank - 2, rank - 1, rank - 1
    if left.batch is None or right.batch is None or left.batch != right.batch or left.batch.axis >= rank - 2:
        raise Refusal("the batch is multiplied out, or on different axes: samples meet each other")
    if not (a.alone(row) and a.alone(inner) and b.alone(rank - 2) and b.alone(column)):
        raise Refusal("rows, columns or what is contracted do not move by themselves")
    if not np.array_equal(a.table(inner), b.table(rank - 2)):
        raise Refusal("what is contracted moves differently in the two factors")
    product = a.scale(inner) * b.scale(rank - 2)
    if (product != product[0]).any():
        raise Refusal("the signs of what is contracted do not cancel")
    lead = list(range(rank - 2))
    leads = [Moving(x.restricted(lead), m.batch) for x, m in ((a, left), (b, right))]
    whole, parts = merged(leads, step.shape[:-2])
    for part in parts:
        for k, s in enumerate(part.scales):
            if s is not None:
                whole = whole.scaled(k, np.broadcast_to(s, (step.shape[k],)))
    if product[0] != 1:
        whole = whole.scaled(0, np.full(step.shape[0], product[0]))
    if any(p.block and p.block.scale is not None for p in parts):
        raise Refusal("signs that are tied to several axes at once")
    last = {0: a.table(row), 1: b.table(column)}
    tail = Action.of(step.shape[-2:], tables=last, scales={0: a.scale(row), 1: b.scale(column)})
    return Moving(Action.product(step.shape, [(lead, whole), ([rank - 2, rank - 1], tail)]), left.batch)


def _from_left(step: Step, weight: Constant, right: Moving) -> Moving:
    """A constant matrix on the left acts on the last axis but one."""
    b = right.settled()
    order = [*range(b.rank - 2), b.rank - 1, b.rank - 2]
    if right.batch is None or right.batch.axis == b.rank - 2:
        raise Refusal("a linear map over the batch: samples meet each other")
    place = order.index(right.batch.axis)
    shape = tuple(step.shape[k] for k in order)
    turned = replace(step, shape=shape, batch=Batch(place, right.batch.before))
    made = mapped(turned, Moving(b.permuted(order), Batch(place, right.batch.before)), weight, None)
    return Moving(made.settled().permuted(order), right.batch)
