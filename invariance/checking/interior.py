"""Well inside an image: two windows on a larger image, and the output pixels that no border reaches."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Bool
from torch import Tensor

from .inputs import noise
from .moved import Moved
from .shifts import Setting, Shift

__all__ = ["INSIDE", "NARROW", "Rectangle", "compared_within", "interior_of", "windows"]

Rectangle = tuple[slice, slice]

INSIDE = "well inside, where no border reaches"
NARROW = 6  # output pixels: less than two of the largest shift
_LOUD = 8.0  # standard deviations: larger than what a maximum sees else
_ALIKE = 8  # last bits of the largest value: what sums in another order differ by


def interior_of(setting: Setting, output: Tensor) -> Rectangle | None:
    """The rectangle of output pixels whose windows no border cuts, if it is wide enough.

    A pixel sees the outermost line of the input if it changes with that, to noise or to values so large that a maximum
    takes them. The windows of those that are nearer to the border are cut; with a stride of 1 that of the last one
    that sees the line ends there, and is whole.
    """
    inputs = noise(setting.shape, 2, setting.generator)
    plain = setting.probe(inputs)
    size = plain.abs().max()
    sides = []
    for axis in setting.axes:
        whole = int(setting.strides[axis] == 1)
        first = _seeing(setting, inputs, plain, axis, last=False, size=size)
        last = _seeing(setting, inputs, plain, axis, last=True, size=size)
        low, high = _reach(first)
        low_there, high_there = _reach(last.flip(0))
        side = slice(max(low - whole, len(last) - high_there), min(high, len(last) - low_there + whole))
        sides.append(slice(max(side.start, 0), min(side.stop, len(last))))
    whole = slice(0, 1)  # of an axis of one pixel
    rows, columns = sides if len(sides) == 2 else (sides[0], whole) if setting.axes == (-2,) else (whole, sides[0])
    return (rows, columns) if all(side.stop - side.start > NARROW for side in sides) else None


def _reach(seen: Bool[Tensor, "pixels"]) -> tuple[int, int]:
    """Beyond which pixel, from the first on, a line at the beginning is not seen, and from which on it is seen around
    the end, as circular padding has it.
    """
    unseen = (~seen).nonzero().flatten()
    around = int(unseen[-1]) + 1 if len(unseen) else 0
    here = seen[:around].nonzero().flatten()
    return (int(here[-1]) + 1 if len(here) else 0), around


def _seeing(
    setting: Setting, inputs: Tensor, plain: Tensor, axis: int, *, last: bool, size: Tensor
) -> Bool[Tensor, "pixels"]:
    """Which output pixels along an axis change with the first lines of the input, or with the last ones, as many as lie
    between two windows.
    """
    changed = inputs.repeat(3, *[1] * (inputs.ndim - 1))
    wide = math.ceil(setting.strides[axis])  # windows may pass over some lines of that many
    line = changed.narrow(axis, setting.shape[axis] - wide if last else 0, wide)
    drawn = noise(tuple(line.shape[1:]), len(inputs), setting.generator)
    line.copy_(torch.cat((drawn, drawn.abs() + _LOUD, -drawn.abs() - _LOUD)))
    difference = (setting.probe(changed) - plain.repeat(3, *[1] * (plain.ndim - 1))).abs()
    reached = difference > _ALIKE * torch.finfo(setting.probe.dtype).eps * size
    return reached.amax([d for d in range(reached.ndim) if d != reached.ndim + axis])


def windows(setting: Setting, interior: Rectangle) -> tuple[Tensor, dict[Shift, Moved]]:
    reach = max(abs(s) for shift in setting.shifts for s in shift)
    height, width = setting.shape[-2:]
    large = noise((*setting.shape[:-2], height + 2 * reach, width + 2 * reach), setting.count, setting.generator)

    def window(shift: Shift) -> Tensor:
        top, left = (reach - s for s in shift)
        return large[..., top : top + height, left : left + width]

    return compared_within(setting, window, interior)


def compared_within(
    setting: Setting, shown: Callable[[Shift], Tensor], interior: Rectangle | None
) -> tuple[Tensor, dict[Shift, Moved]]:
    """What is shown for no shift; and for each one what it does to the pixels of the interior that come from it."""
    unmoved = shown((0, 0))
    plain = setting.probe(unmoved)

    def case(shift: Shift) -> Moved:
        def kept(output: Tensor) -> Tensor:
            if interior is None or plain.ndim < 4:
                return output
            rows, columns = map(_overlap, interior, setting.steps(shift))
            return output[..., rows, columns]

        return Moved(plain, kept(setting.probe(shown(shift))), lambda output: kept(setting.shifted(output, shift)))

    return unmoved, {shift: case(shift) for shift in setting.shifts}


def _overlap(side: slice, step: int) -> slice:
    """What is left of a range that also has to come from it: nothing comes around the edge."""
    return slice(max(side.start, side.start + step), min(side.stop, side.stop + step))
