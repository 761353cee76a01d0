"""Well inside an image: two windows on a larger image, and the output pixels that no border reaches."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .inputs import noise
from .judge import Moved
from .shifts import Setting, Shift

__all__ = ["INSIDE", "NARROW", "Rectangle", "compared_within", "interior_of", "windows"]

Rectangle = tuple[slice, slice]

INSIDE = "well inside the image, where its border does not reach"
NARROW = 6  # output pixels: less than two of the largest shift


def interior_of(setting: Setting, output: Tensor) -> Rectangle | None:
    """The rectangle of output pixels that do not change with the outermost pixels of the input, if it is wide
    enough.
    """
    inputs = noise(setting.shape, 2, setting.generator)
    plain = setting.probe(inputs)
    sides = []
    for axis in setting.axes:
        width = max(2, setting.shape[axis] // 8)
        free = torch.ones(output.shape[axis], dtype=torch.bool)
        for start in (0, setting.shape[axis] - width):
            changed = inputs.clone()
            strip = changed.narrow(axis, start, width)
            strip.copy_(noise(tuple(strip.shape[1:]), 2, setting.generator))
            difference = (setting.probe(changed) - plain).abs()
            reached = difference > 1e-9 * plain.abs().max()
            others = [d for d in range(reached.ndim) if d != reached.ndim + axis]
            free &= ~reached.amax(others)
        sides.append(_longest(free))
    whole = slice(0, 1)  # of an axis of one pixel
    rows, columns = sides if len(sides) == 2 else (sides[0], whole) if setting.axes == (-2,) else (whole, sides[0])
    return (rows, columns) if all(side.stop - side.start > NARROW for side in sides) else None


def _longest(free: Tensor) -> slice:
    """The longest run of what is true; circular padding lets both ends of the input reach both ends of the output."""
    ends = torch.cat((torch.tensor([-1]), (~free).nonzero().flatten(), torch.tensor([len(free)])))
    longest = int(ends.diff().argmax())
    return slice(int(ends[longest]) + 1, int(ends[longest + 1]))


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
