"""einsum of two tensors, as a product of matrices or a linear map."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

from ..registry import Step, rule
from ..values import Batch, Constant, Moving, Refusal
from .linear import mapped, multiplied_matrices

CITES = ("contraction", "kernel")


@rule("aten.einsum.default", cites=CITES)
def einsum(step: Step, equation: str, tensors: Any, path: Any) -> Any:
    """Two tensors whose every index is kept by both, summed, or free in one: a product of matrices."""
    sides, _, out = equation.replace(" ", "").partition("->")
    names = sides.split(",")
    if "." in equation or len(names) != 2 or not out or len(tensors) != 2 or any(len(set(n)) < len(n) for n in names):
        raise Refusal(f"einsum {equation!r}: only two tensors without repeated indices and with a stated result")
    (a, b), (left, right) = names, tensors
    if isinstance(left, Constant):
        (a, b), (left, right) = (b, a), (right, left)
    sizes = dict(zip(a, left.shape, strict=True)) | dict(zip(b, right.shape, strict=True))
    kept = [i for i in out if i in a and i in b]
    summed = [i for i in a if i in b and i not in out]
    mine, theirs = [i for i in out if i not in b], [i for i in out if i not in a]
    if {*a, *b} - {*kept, *summed, *mine, *theirs}:
        raise Refusal(f"einsum {equation!r}: an index that is summed in one tensor only")
    if isinstance(right, Constant):
        if kept:
            raise Refusal(f"einsum {equation!r}: an index of a constant that is neither summed nor new")
        order = [b.index(i) for i in (*theirs, *summed)]
        matrix = right.rearranged(lambda array: array.transpose(order))
        matrix = matrix.reshaped((prod(sizes[i] for i in theirs), prod(sizes[i] for i in summed)))
        x = _arranged(left, a, [(i,) for i in mine], [tuple(summed)], sizes)
        shape = (*(sizes[i] for i in mine), matrix.shape[0])
        made = mapped(replace(step, shape=shape, batch=x.batch), x, matrix, None)
    else:
        x = _arranged(left, a, [(i,) for i in kept], [tuple(mine), tuple(summed)], sizes)
        y = _arranged(right, b, [(i,) for i in kept], [tuple(summed), tuple(theirs)], sizes)
        shape = (*(sizes[i] for i in kept), prod(sizes[i] for i in mine), prod(sizes[i] for i in theirs))
        made = multiplied_matrices(replace(step, shape=shape, batch=x.batch), x, y)
    labels = [*(mine if isinstance(right, Constant) else [*kept, *mine]), *theirs]
    action = made.settled().reshaped(tuple(sizes[i] for i in labels)).permuted([labels.index(i) for i in out])
    if step.batch is None or made.batch is None or made.batch.before != 1:
        raise Refusal("the batch is lost")
    return Moving(action, Batch(step.batch.axis))


def _arranged(
    x: Moving, labels: str, single: list[tuple[str, ...]], last: list[tuple[str, ...]], sizes: dict[str, int]
) -> Moving:
    """Axes in this order, those of each group in `last` as one."""
    order = [i for group in (*single, *last) for i in group]
    action = x.settled().permuted([labels.index(i) for i in order])
    shape = tuple(prod(sizes[i] for i in group) for group in (*single, *last))
    if x.batch is None or x.batch.before != 1:
        raise Refusal("the batch is merged with another axis")
    name = labels[x.batch.axis]
    if (name,) not in single:
        raise Refusal("an einsum over the batch: samples meet each other")
    return Moving(action.reshaped(shape), Batch(single.index((name,))))
