"""Max, average and adaptive pooling, in 1, 2, 3 dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..actions import Action, Ints
from ..registry import Step, rule
from ..values import Moving, Refusal
from .convolution import stride_reason
from .windows import OUTSIDE, grid_of, looked_at, window_motion

CITES = ("reduction", "G8.stride", "windows.rounding")


@rule("aten.max_pool1d.default", "aten.max_pool2d.default", "aten.max_pool3d.default", cites=CITES)
def max_pool(
    step: Step, input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Any:
    """Windows, as sets, go to windows; no signs."""
    return _max_pooled(step, input, kernel_size, stride, padding, dilation)


@rule(
    "aten.max_pool1d_with_indices.default",
    "aten.max_pool2d_with_indices.default",
    "aten.max_pool3d_with_indices.default",
    cites=CITES,
)
def max_pool_indices(
    step: Step, input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Any:
    """As above; the indices have no motion: the values move, and ties are broken by position."""
    return _with_indices(_max_pooled(step, input, kernel_size, stride, padding, dilation))


@rule("aten.avg_pool1d.default", cites=CITES)
def avg_pool1d(
    step: Step, input: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool
) -> Any:
    """Windows, as sets, go to windows, and what they divide by with them."""
    return _averaged(step, input, kernel_size, stride, padding)


@rule("aten.avg_pool2d.default", "aten.avg_pool3d.default", cites=CITES)
def avg_pool(
    step: Step,
    input: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: Any,
) -> Any:
    """Windows, as sets, go to windows, and what they divide by with them."""
    return _averaged(step, input, kernel_size, stride, padding)


def _averaged(step: Step, input: Moving, kernel_size: Any, stride: Any, padding: Any) -> Moving:
    spatial = _spatial(step, input)
    sizes = _each(kernel_size, spatial)
    return _pooled(
        step, input, sizes, _each(stride, spatial) or sizes, _each(padding, spatial), [1] * spatial, ends=True
    )


def _max_pooled(step: Step, input: Moving, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> Moving:
    spatial = _spatial(step, input)
    _require_positive(input, step.op)
    sizes = _each(kernel_size, spatial)
    strides, pads, gaps = _each(stride, spatial) or sizes, _each(padding, spatial), _each(dilation, spatial)
    for n, out, size, s, pad, gap in zip(
        input.shape[-spatial:], step.shape[-spatial:], sizes, strides, pads, gaps, strict=True
    ):
        places = np.arange(out)[:, None] * s - pad + np.arange(size) * gap
        if not ((places >= 0) & (places < n)).any(1).all():
            raise Refusal("a window that lies in the padding alone: its maximum is no number")
    return _pooled(step, input, sizes, strides, pads, gaps, ends=False)


def _pooled(
    step: Step,
    input: Moving,
    sizes: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    *,
    ends: bool,
) -> Moving:
    spatial = len(sizes)
    grid = grid_of(input, spatial)
    looked = [
        looked_at(
            table, step.shape[-spatial + k], sizes[k], stride=stride[k], dilation=dilation[k],
            before=padding[k], after=padding[k] if ends else None, outside=OUTSIDE,
        )
        for k, table in enumerate(grid.tables)
    ]  # fmt: skip
    pads = [(p, p) for p in padding]
    return _set_windows(step, input, looked, stride_reason(input.shape[-spatial:], sizes, stride, pads, dilation))


@rule(
    "aten.adaptive_avg_pool1d.default",
    "aten.adaptive_avg_pool2d.default",
    "aten.adaptive_avg_pool3d.default",
    cites=CITES,
)
def adaptive_avg(step: Step, input: Any, output_size: Any) -> Any:
    """Windows from ⌊i·n/m⌋ to ⌈(i + 1)·n/m⌉; as sets they go to windows."""
    return _adaptive(step, input)


@rule(
    "aten.adaptive_max_pool1d.default",
    "aten.adaptive_max_pool2d.default",
    "aten.adaptive_max_pool3d.default",
    cites=CITES,
)
def adaptive_max(step: Step, input: Any, output_size: Any) -> Any:
    """As the average; no signs, and the indices have no motion."""
    _require_positive(input, step.op)
    return _with_indices(_adaptive(step, input))


def _with_indices(values: Moving) -> tuple[Moving, Moving]:
    why = "indices of a pooling layer: the values move, and ties are broken by position"
    return values, Moving(None, values.batch, None, why, values.shape)


def _adaptive(step: Step, input: Moving) -> Moving:
    spatial = _spatial(step, input)
    grid = grid_of(input, spatial)
    looked = []
    for k, table in enumerate(grid.tables):
        n, m = len(table), step.shape[-spatial + k]
        at = [table[(i * n) // m : -((-(i + 1) * n) // m)] for i in range(m)]
        width = max(map(len, at))
        looked.append(np.stack([np.pad(row, (0, width - len(row)), constant_values=OUTSIDE) for row in at]))
    return _set_windows(step, input, looked, None)


def _set_windows(step: Step, input: Moving, looked: Sequence[Ints], reason: str | None) -> Moving:
    grid = grid_of(input, len(looked))
    if input.batch is None or input.batch.axis in grid.axes:
        raise Refusal("pooling over the batch: samples meet each other")
    try:
        outputs, _ = window_motion(grid, looked, ordered=False)
    except Refusal as refusal:
        raise Refusal(reason or refusal.reason) from None
    others = [a for a in range(grid.action.rank) if a not in grid.axes]
    parts = [(others, grid.action.restricted(others)), (list(grid.axes), outputs)]
    return Moving(Action.product(step.shape, parts), input.batch)


def _require_positive(input: Moving, op: str) -> None:
    action = input.settled() if input.action is not None else None
    if action is not None and action.signed and any((s <= 0).any() for s in action.scales if s is not None):
        raise Refusal(f"{op} of entries that change sign: max(−x) is −min(x)")
    if action is None and input.movement is not None and input.movement.source.settled().signed:
        raise Refusal(f"{op} of entries that change sign: max(−x) is −min(x)")
    if action is not None and action.block is not None and action.block.scale is not None:
        raise Refusal(f"{op} of entries that change sign: max(−x) is −min(x)")


def _spatial(step: Step, input: Moving) -> int:
    return int(next(c for c in step.op if c in "123"))


def _each(numbers: Any, spatial: int) -> list[int]:
    found = [numbers] if isinstance(numbers, int) else list(numbers)
    return found * spatial if len(found) == 1 else found
