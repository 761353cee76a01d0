"""Slices, selections, mirrors, shifts, copies and borders: entries chosen along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..actions import Ints
from ..movement import moved
from ..registry import Step, rule
from ..trace import Symbol
from ..values import Batch, Constant, Moving, Refusal
from .views import CITES, axis_of


@rule("aten.slice.Tensor", cites=CITES)
def slice_(found: Step, input: Any, dim: int, start: Any, end: Any, step: int) -> Any:
    """A part of an axis: the motion must take it to itself, or the slices that follow must."""
    axis = axis_of(input, dim)
    if input.batch is not None and input.batch.axis == axis:
        length = end.at_one if isinstance(end, Symbol) else end
        if start in (None, 0) and step == 1 and (length in (None, input.shape[axis]) or length >= 2**62):
            return input
        raise Refusal("a part of the batch is cut out: samples are not treated alike")
    return _cut(input, axis, np.arange(input.shape[axis])[slice(start, end, step)])


@rule("aten.select.int", cites=CITES)
def select(step: Step, input: Any, dim: int, index: int) -> Any:
    """One entry of an axis, which must stay where it is."""
    axis = axis_of(input, dim)
    _not_batch(input, axis)
    place = index % input.shape[axis]
    order = [a for a in range(len(input.shape)) if a != axis]
    return moved(input, _follow(input, order), origin=order, tables=[None] * len(order), fixed={axis: place})


@rule("aten.unbind.int", cites=CITES)
def unbind(step: Step, input: Any, dim: int) -> Any:
    """Every entry of an axis by itself; each must stay where it is."""
    return tuple(select(step, input, dim, k) for k in range(input.shape[axis_of(input, dim)]))


@rule("aten.flip.default", cites=CITES)
def flip(step: Step, input: Any, dims: Any) -> Any:
    """Axes are turned round."""
    tables: list[Ints | None] = [None] * len(input.shape)
    for d in dims:
        axis = axis_of(input, d)
        _not_batch(input, axis)
        tables[axis] = np.arange(input.shape[axis])[::-1].copy()
    return _along(input, tables)


@rule("aten.rot90.default", cites=CITES)
def rot90(step: Step, input: Any, k: int, dims: Any) -> Any:
    """Quarter turns: two axes change places and are turned round."""
    a, b = (axis_of(input, d) for d in dims)
    _not_batch(input, a)
    _not_batch(input, b)
    order = list(range(len(input.shape)))
    if k % 2:
        order[a], order[b] = b, a
    tables: list[Ints | None] = [None] * len(order)
    for axis, turns in ((a, (1, 2)), (b, (2, 3))):
        if k % 4 in turns:
            tables[axis] = np.arange(input.shape[order[axis]])[::-1].copy()
    return moved(input, input.batch, origin=order, tables=tables)


@rule("aten.roll.default", cites=CITES)
def roll(step: Step, input: Any, shifts: Any, dims: Any) -> Any:
    """Axes are shifted round."""
    if not dims:
        raise Refusal("a roll of the flattened tensor: samples meet each other")
    tables: list[Ints | None] = [None] * len(input.shape)
    for shift, d in zip(shifts, dims, strict=True):
        axis = axis_of(input, d)
        _not_batch(input, axis)
        old = tables[axis]
        tables[axis] = np.roll(np.arange(input.shape[axis]) if old is None else old, int(shift))
    return _along(input, tables)


@rule("aten.index_select.default", cites=CITES)
def index_select(step: Step, input: Any, dim: int, index: Any) -> Any:
    """Chosen entries of an axis, in a constant order."""
    if not isinstance(input, Moving) or not isinstance(index, Constant):
        raise Refusal("an index that depends on the input: values that move need a rule of their own")
    axis = axis_of(input, dim)
    _not_batch(input, axis)
    tables: list[Ints | None] = [None] * len(input.shape)
    tables[axis] = np.asarray(index.numbers, dtype=np.int64) % input.shape[axis]
    return _along(input, tables)


@rule("aten.repeat.default", cites=CITES)
def repeat(step: Step, input: Any, repeats: Any) -> Any:
    """Copies side by side."""
    new = len(repeats) - len(input.shape)
    origin: list[int | None] = [None] * new + list(range(len(input.shape)))
    tables: list[Ints | None] = []
    for j, times in enumerate(repeats):
        if isinstance(times, Symbol):
            raise Refusal("copies along the batch: samples meet each other")
        old = j - new
        if old < 0:
            tables.append(np.zeros(times, dtype=np.int64))
        else:
            if times != 1:
                _not_batch(input, old)
            tables.append(None if times == 1 else np.tile(np.arange(input.shape[old]), times))
    return moved(input, _follow(input, origin), origin=origin, tables=tables)


@rule("aten.repeat_interleave.self_int", cites=CITES)
def repeat_interleave(step: Step, input: Any, repeats: int, dim: Any, output_size: Any) -> Any:
    """Every entry of an axis several times."""
    if dim is None:
        raise Refusal("repeat_interleave of the flattened tensor: samples meet each other")
    axis = axis_of(input, dim)
    _not_batch(input, axis)
    tables: list[Ints | None] = [None] * len(input.shape)
    tables[axis] = np.repeat(np.arange(input.shape[axis]), repeats)
    return _along(input, tables)


@rule("aten.pad.default", cites=("padding", "relabelling"))
def pad(step: Step, input: Any, pad: Any, mode: str, value: Any) -> Any:
    """A border of a constant, or of entries of the axis by the table of the mode."""
    return _padded(input, pad, mode, value)


def _padded(input: Moving, pad: Any, mode: str, value: Any) -> Moving:
    rank = len(input.shape)
    tables: list[Ints | None] = [None] * rank
    filled = False
    for k in range(len(pad) // 2):
        axis, before, after = rank - 1 - k, int(pad[2 * k]), int(pad[2 * k + 1])
        if before == after == 0:
            continue
        _not_batch(input, axis)
        n = input.shape[axis]
        at = np.arange(-before, n + after)
        match mode:
            case "constant":
                table = np.where((at < 0) | (at >= n), -1, at)
                filled = filled or before > 0 or after > 0
            case "reflect":
                period = max(1, 2 * (n - 1))
                at = np.abs(at) % period
                table = np.minimum(at, period - at)
            case "replicate":
                table = at.clip(0, n - 1)
            case "circular":
                table = at % n
            case _:
                raise Refusal(f"padding by {mode}")
        tables[axis] = table
    return _along(input, tables, fill=float(value or 0) if filled else None)


@rule("aten.constant_pad_nd.default", cites=("padding", "relabelling"))
def constant_pad(step: Step, input: Any, pad: Any, value: Any) -> Any:
    """A border of a constant."""
    return _padded(input, pad, "constant", value)


@rule("aten.split_with_sizes.default", cites=CITES)
def split_with_sizes(step: Step, input: Any, split_sizes: Any, dim: int) -> Any:
    """An axis in parts; each must go to itself."""
    axis = axis_of(input, dim)
    _not_batch(input, axis)
    ends = np.cumsum(split_sizes)
    return tuple(_cut(input, axis, np.arange(end - size, end)) for end, size in zip(ends, split_sizes, strict=True))


@rule("aten.split.Tensor", cites=CITES)
def split(step: Step, input: Any, split_size: int, dim: int) -> Any:
    """An axis in parts of one length; each must go to itself."""
    axis = axis_of(input, dim)
    _not_batch(input, axis)
    n = input.shape[axis]
    return tuple(_cut(input, axis, np.arange(k, min(k + split_size, n))) for k in range(0, n, split_size))


@rule("aten.chunk.default", cites=CITES)
def chunk(step: Step, input: Any, chunks: int, dim: int) -> Any:
    """An axis in parts of one length; each must go to itself."""
    axis = axis_of(input, dim)
    return split(step, input, -(-input.shape[axis] // chunks), dim)


def _cut(input: Moving, axis: int, table: Ints) -> Moving:
    tables: list[Ints | None] = [None] * len(input.shape)
    tables[axis] = table
    return _along(input, tables)


def _along(input: Moving, tables: Sequence[Ints | None], fill: float | None = None) -> Moving:
    return moved(input, input.batch, origin=range(len(input.shape)), tables=tables, fill=fill)


def _follow(input: Moving, order: Sequence[int | None]) -> Batch | None:
    return None if input.batch is None else Batch(list(order).index(input.batch.axis), input.batch.before)


def _not_batch(input: Moving, axis: int) -> None:
    if input.batch is not None and input.batch.axis == axis:
        raise Refusal("entries are chosen or moved along the batch: samples meet each other")
