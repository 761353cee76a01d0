"""Views, permutations of axes, slices, padding, concatenation: entries go elsewhere and stay what they are."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..actions import Action, Ints
from ..movement import joined, moved, repeated
from ..registry import Step, rule
from ..trace import Symbol
from ..values import Batch, Constant, Moving, Refusal
from .fixed import fixed_constant

__all__ = ["relabelled"]

CITES = ("relabelling", "composition")


def axis_of(input: Moving, dim: int, *, extra: int = 0) -> int:
    return dim % max(1, len(input.shape) + extra)


def relabelled(step: Step, input: Moving, order: Sequence[int | None]) -> Moving:
    """Axis j of the result is axis `order[j]` of the input, or a new one (None); axes left out have length 1."""
    batch = None
    if input.batch is not None:
        batch = Batch(list(order).index(input.batch.axis), input.batch.before)
    dropped = {a: 0 for a in range(len(input.shape)) if a not in order}
    return moved(
        input,
        batch,
        origin=order,
        tables=[None if a is not None else np.zeros(1, dtype=np.int64) for a in order],
        fixed=dropped,
    )


@rule("aten.view.default", "aten._unsafe_view.default", cites=CITES)
def view(step: Step, input: Any, size: Any) -> Any:
    """Entries keep their row-major order: the motion is regrouped, and written out only over axes that mix."""
    return reshaped(step, input)


@rule("aten.reshape.default", cites=CITES)
def reshape(step: Step, input: Any, shape: Any) -> Any:
    """As a view."""
    return reshaped(step, input)


@rule("aten.flatten.using_ints", cites=CITES)
def flatten(step: Step, input: Any, start_dim: Any, end_dim: Any) -> Any:
    """As a view."""
    return reshaped(step, input)


@rule("aten.unflatten.int", cites=CITES)
def unflatten(step: Step, input: Any, dim: Any, sizes: Any) -> Any:
    """As a view."""
    return reshaped(step, input)


def reshaped(step: Step, input: Moving) -> Moving:
    action = input.settled()
    if action.shape == step.shape and (step.batch and step.batch.axis) == (input.batch and input.batch.axis):
        return input
    if input.batch is None or step.batch is None:
        raise Refusal("the batch is lost in a view: samples meet each other")
    before = prod(action.shape[: input.batch.axis]) * input.batch.before
    behind = prod(step.shape[: step.batch.axis])
    if before % behind or step.shape[step.batch.axis] % (before // behind):
        raise Refusal("a view that cuts the batch: samples meet each other")
    return Moving(action.reshaped(step.shape), Batch(step.batch.axis, before // behind))


@rule("aten.alias.default", "aten.detach.default", "aten.lift_fresh_copy.default", cites=CITES)
def same(step: Step, input: Any) -> Any:
    """The same entries."""
    return input


@rule("aten.clone.default", cites=CITES)
def clone(step: Step, input: Any, memory_format: Any) -> Any:
    """The same entries, wherever they lie in memory."""
    return input


@rule("aten.contiguous.default", cites=CITES)
def contiguous(step: Step, input: Any, memory_format: Any) -> Any:
    """The same entries."""
    return input


@rule("aten.permute.default", cites=CITES)
def permute(step: Step, input: Any, dims: Any) -> Any:
    """Axes change places, and the motion with them."""
    return relabelled(step, input, [axis_of(input, d) for d in dims])


@rule("aten.transpose.int", cites=CITES)
def transpose(step: Step, input: Any, dim0: int, dim1: int) -> Any:
    """Two axes change places."""
    order = list(range(len(input.shape)))
    a, b = axis_of(input, dim0), axis_of(input, dim1)
    order[a], order[b] = b, a
    return relabelled(step, input, order)


@rule("aten.t.default", cites=CITES)
def t(step: Step, input: Any) -> Any:
    """Two axes change places."""
    return relabelled(step, input, list(range(len(input.shape)))[::-1])


@rule("aten.movedim.int", cites=CITES)
def movedim(step: Step, input: Any, source: int, destination: int) -> Any:
    """An axis goes elsewhere."""
    order = [a for a in range(len(input.shape)) if a != axis_of(input, source)]
    order.insert(axis_of(input, destination), axis_of(input, source))
    return relabelled(step, input, order)


@rule("aten.unsqueeze.default", cites=CITES)
def unsqueeze(step: Step, input: Any, dim: int) -> Any:
    """A new axis of length 1."""
    order: list[int | None] = list(range(len(input.shape)))
    order.insert(axis_of(input, dim, extra=1), None)
    return relabelled(step, input, order)


@rule("aten.squeeze.dim", cites=CITES)
def squeeze(step: Step, input: Any, dim: int) -> Any:
    """An axis of length 1 is left out."""
    return _squeezed(step, input, [dim])


@rule("aten.squeeze.dims", cites=CITES)
def squeeze_dims(step: Step, input: Any, dim: Any) -> Any:
    """Axes of length 1 are left out."""
    return _squeezed(step, input, dim)


@rule("aten.squeeze.default", cites=CITES)
def squeeze_all(step: Step, input: Any) -> Any:
    """Axes of length 1 are left out."""
    return _squeezed(step, input, range(len(input.shape)))


def _squeezed(step: Step, input: Moving, dims: Any) -> Moving:
    batch = input.batch.axis if input.batch else None
    gone = {a for a in (axis_of(input, d) for d in dims) if input.shape[a] == 1 and a != batch}
    return relabelled(step, input, [a for a in range(len(input.shape)) if a not in gone])


@rule("aten.slice.Tensor", cites=CITES)
def slice_(found: Step, input: Any, dim: int, start: Any, end: Any, step: int) -> Any:
    """A part of an axis: the motion must take it to itself, or the slices that follow must."""
    axis = axis_of(input, dim)
    if input.batch is not None and input.batch.axis == axis:
        if start in (None, 0) and step == 1 and (isinstance(end, Symbol) or end is None or end >= 2**62):
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
    tables[axis] = np.asarray(index.values, dtype=np.int64) % input.shape[axis]
    return _along(input, tables)


@rule("aten.expand.default", cites=CITES)
def expand(step: Step, input: Any, size: Any, implicit: Any) -> Any:
    """Entries are repeated along new axes, or axes of length 1."""
    return expanded(step, input)


def expanded(step: Step, input: Moving) -> Moving:
    new = len(step.shape) - len(input.shape)
    batch = Batch(input.batch.axis + new, input.batch.before) if input.batch else None
    if step.batch is not None and batch is None:
        batch = step.batch
    if (batch and batch.axis) != (step.batch and step.batch.axis):
        raise Refusal("an expansion along the batch: samples meet each other")
    origin: list[int | None] = []
    tables: list[Ints | None] = []
    for j, n in enumerate(step.shape):
        old = j - new
        if old < 0 or (input.shape[old] == 1 and n > 1):
            origin.append(None)
            tables.append(np.zeros(n, dtype=np.int64))
        else:
            origin.append(old)
            tables.append(None)
    fixed = {a: 0 for a in range(len(input.shape)) if a not in origin}
    return moved(input, batch, origin=origin, tables=tables, fixed=fixed)


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


@rule("aten.cat.default", cites=CITES)
def cat(step: Step, tensors: Any, dim: int) -> Any:
    """Pieces side by side: pieces of one tensor as one movement, else each in its place."""
    parts = list(tensors)
    rank = len(step.shape)
    axis = dim % rank
    found = [p for p in parts if isinstance(p, Moving)]
    if step.batch is None or any(isinstance(p, Constant) and p.batch is None for p in parts):
        raise Refusal("pieces without the batch")
    if axis == step.batch.axis:
        raise Refusal("pieces side by side along the batch: samples meet each other")
    whole = joined(found, axis, found[0].batch) if len(found) == len(parts) else None
    if whole is not None and (whole.action is not None or any(p.action is None for p in found)):
        return whole
    return _pieces(step, parts, axis)


@rule("aten.stack.default", cites=CITES)
def stack(step: Step, tensors: Any, dim: int) -> Any:
    """Pieces along a new axis, each in its place."""
    axis = dim % len(step.shape)
    made = []
    for part in tensors:
        if not isinstance(part, Moving):
            raise Refusal("a constant stacked with what moves")
        order: list[int | None] = list(range(len(part.shape)))
        order.insert(axis, None)
        made.append(relabelled(step, part, order))
    return _pieces(step, made, axis)


def _pieces(step: Step, parts: Sequence[Any], axis: int) -> Moving:
    """Along `axis` every piece moves by itself; on all other axes they move alike."""
    moving = [p for p in parts if isinstance(p, Moving)]
    first = min(moving, key=lambda part: len(repeated(part)))
    others = [a for a in range(len(step.shape)) if a != axis]
    tables, scales, start = [], [], 0
    shared = first.settled()
    for part in parts:
        if isinstance(part, Constant):
            action = Action.identity(part.shape)
            if part.batch is None or part.batch.axis != (first.batch and first.batch.axis):
                raise Refusal("pieces with the batch on different axes")
            for k in range(part.shape[axis]):
                fixed_constant(part.moved((slice(None),) * axis + (k,)), _without(shared, axis))
            tables.append(np.arange(part.shape[axis]) + start)
            scales.append(np.ones(part.shape[axis]))
        else:
            action = part.settled()
            if part.batch != first.batch:
                raise Refusal("pieces with the batch on different axes")
            if not action.alone(axis) or not shared.alone(axis):
                raise Refusal("the axis along which pieces are put together moves with other axes")
            if others and not _alike(part, action, shared, axis):
                raise Refusal("the pieces that are put together do not move alike")
            tables.append(action.table(axis) + start)
            scales.append(_relative(action, shared, axis))
        start += action.shape[axis]
    made: list[tuple[Sequence[int], Action]] = []
    if others:
        made.append((others, _without(shared, axis)))
    along = Action.of([start], tables={0: np.concatenate(tables)}, scales={0: np.concatenate(scales)})
    made.append(([axis], along))
    return Moving(Action.product(step.shape, made), first.batch)


def _alike(part: Moving, action: Action, shared: Action, axis: int) -> bool:
    """Whether both move alike on the other axes, without those along which the part is repeated."""
    loose = set(repeated(part))
    kept = [a for a in range(action.rank) if a != axis and a not in loose]
    left, right = _without(action, axis), _without(shared, axis)
    places = [a - (a > axis) for a in kept]
    if any(shared.scales[a] is not None for a in loose):
        return False
    return right.closed(places) and left.restricted(places).same(right.restricted(places))


def _without(action: Action, axis: int) -> Action:
    """On the other axes, without the constant factor."""
    rest = action.restricted([a for a in range(action.rank) if a != axis])
    head = _head(rest)
    return rest if head == 1 else rest.scaled(0, np.full(rest.shape[0], 1 / head))


def _head(action: Action) -> float:
    factors = action.scales[0] if action.scales else None
    return 1.0 if factors is None else float(factors[0])


def _relative(action: Action, shared: Action, axis: int) -> np.ndarray:
    """Factors along the axis, with the constant one."""
    factors = action.scale(axis)
    if axis == 0:
        return factors
    return factors * _head(action)


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


@rule("aten.pixel_shuffle.default", cites=CITES)
def pixel_shuffle(step: Step, input: Any, upscale_factor: int) -> Any:
    """Channels (c, i, j) go to the pixels of a block: a view, a permutation of axes, a view."""
    r = upscale_factor
    *lead, c, h, w = input.shape
    n = len(lead)
    action = input.settled().reshaped((*lead, c // (r * r), r, r, h, w))
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return Moving(action.permuted(order).reshaped(step.shape), input.batch)


@rule("aten.pixel_unshuffle.default", cites=CITES)
def pixel_unshuffle(step: Step, input: Any, downscale_factor: int) -> Any:
    """The pixels of a block go to channels (c, i, j): a view, a permutation of axes, a view."""
    r = downscale_factor
    *lead, c, h, w = input.shape
    n = len(lead)
    action = input.settled().reshaped((*lead, c, h // r, r, w // r, r))
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return Moving(action.permuted(order).reshaped(step.shape), input.batch)


def _along(input: Moving, tables: Sequence[Ints | None], fill: float | None = None) -> Moving:
    return moved(input, input.batch, origin=range(len(input.shape)), tables=tables, fill=fill)


def _follow(input: Moving, order: Sequence[int | None]) -> Batch | None:
    return None if input.batch is None else Batch(list(order).index(input.batch.axis), input.batch.before)


def _not_batch(input: Moving, axis: int) -> None:
    if input.batch is not None and input.batch.axis == axis:
        raise Refusal("entries are chosen or moved along the batch: samples meet each other")
