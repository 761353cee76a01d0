r"""Translations by whole pixels, judged on the plane: borders are not blamed unless they reach the interior.

Three comparisons, the first that applies and passes or the last that applies decides.

*Circular*: the image is rolled; exact on the torus, for circular padding and stride 1.
*Interior*: two windows on a larger image of noise; output pixels count that do not change when the outermost pixels of
the window do, since a pixel that sees the padding sees those too. For fields.
*Compact*: noise on a black ground. For outputs that see all of the image: vectors, and fields after layers that pool.
Output pixels count where the answer to black is that of the centre.

A field of stride s moves with shifts that are multiples of s, the subgroup $(s\mathbb{Z})^2$; an invariant output must
stand still under all shifts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from .elements import require_field
from .exact import IMAGES
from .grid import Strides, strides_of
from .inputs import compact_noise, images, noise
from .judge import Moved, judge
from .probe import Probe
from .question import Question
from .report import Row
from .rounding import measured

__all__ = ["check_translation"]

_SHIFTS = ((0, 1), (1, 0), (1, -1), (-2, 3))
_NARROW = 6  # output pixels: less than two of the largest shift

Shift = tuple[int, int]
Rectangle = tuple[slice, slice]
Rows = Callable[[tuple[Tensor, list[Moved]], str], list[Row]]


@dataclass(frozen=True)
class _Setting:
    probe: Probe
    moves: bool
    shape: tuple[int, ...]
    strides: Strides
    count: int
    generator: torch.Generator

    @property
    def shifts(self) -> list[Shift]:
        """The least multiples of `_SHIFTS` that move the output by whole pixels."""
        down, right = (stride.numerator for stride in self.strides)
        return [(down * y, right * x) for y, x in _SHIFTS]

    def shifted(self, output: Tensor, shift: Shift) -> Tensor:
        """The output rolled along with the input; what wraps around is the caller's business."""
        if not self.moves:
            return output
        return output.roll(self.steps(shift), (-2, -1))

    def steps(self, shift: Shift) -> Shift:
        """By how many of its own pixels the output moves."""
        down, right = (int(s / stride) for s, stride in zip(shift, self.strides, strict=True))
        return down, right


def check_translation(probe: Probe, question: Question, size: int | None, generator: torch.Generator) -> Iterator[Row]:
    """A row for each shift at one size."""
    shape = question.shape(size)
    count = question.images or IMAGES
    inputs = images(shape, count, generator)
    plain = probe(inputs)
    alone = probe.separates(inputs, plain)
    require_field(question, plain)
    strides = strides_of(probe, shape, plain) if question.moves else (Fraction(1), Fraction(1))
    setting = _Setting(probe, question.moves is not None, shape, strides, count, generator)

    def rows(found: tuple[Tensor, list[Moved]], note: str) -> list[Row]:
        unmoved, cases = found
        (rounding,) = measured(probe, [(unmoved, cases[0].plain)], alone=alone)
        names = [f"shift by ({y}, {x})" for y, x in setting.shifts]
        here = (shape[-2], shape[-1])
        return [
            judge(name, here, case, rounding, family=4 * len(names), generator=generator, note=note)
            for name, case in zip(names, cases, strict=True)
        ]

    torus = (
        rows(_compared_within(setting, lambda s: inputs.roll(s, (-2, -1)), None), "on the torus")
        if _periodic(setting, plain)
        else []
    )
    if torus and all(row.verdict != "violated" for row in torus):
        yield from torus
        return
    interior = _interior(setting, plain.shape) if plain.ndim > 3 else None
    if interior is not None and all(side.stop - side.start > _NARROW for side in interior):
        yield from rows(_windows(setting, interior), "in the interior")
        return
    yield from _compact(setting, rows)


def _periodic(setting: _Setting, plain: Tensor) -> bool:
    """Whether the output is a field on the torus of the input, or none that moves."""
    return not setting.moves or all(
        m * stride == n for m, n, stride in zip(plain.shape[-2:], setting.shape[-2:], setting.strides, strict=True)
    )


def _interior(setting: _Setting, output: torch.Size) -> Rectangle:
    """The rectangle of output pixels that do not change with the outermost pixels of the input."""
    inputs = noise(setting.shape, 2, setting.generator)
    plain = setting.probe(inputs)
    sides = []
    for axis in (-2, -1):
        width = max(2, setting.shape[axis] // 8)
        free = torch.ones(output[axis], dtype=torch.bool)
        for start in (0, setting.shape[axis] - width):
            changed = inputs.clone()
            strip = changed.narrow(axis, start, width)
            strip.copy_(noise(tuple(strip.shape[1:]), 2, setting.generator))
            difference = (setting.probe(changed) - plain).abs()
            reached = difference > 1e-9 * plain.square().mean().sqrt()
            others = [d for d in range(reached.ndim) if d != reached.ndim + axis]
            free &= ~reached.amax(others)
        sides.append(_longest(free))
    rows, columns = sides
    return rows, columns


def _longest(free: Tensor) -> slice:
    """The longest run of what is true; circular padding lets both ends of the input reach both ends of the output."""
    ends = torch.cat((torch.tensor([-1]), (~free).nonzero().flatten(), torch.tensor([len(free)])))
    longest = int(ends.diff().argmax())
    return slice(int(ends[longest]) + 1, int(ends[longest + 1]))


def _windows(setting: _Setting, interior: Rectangle) -> tuple[Tensor, list[Moved]]:
    reach = max(abs(s) for shift in setting.shifts for s in shift)
    height, width = setting.shape[-2:]
    large = noise((*setting.shape[:-2], height + 2 * reach, width + 2 * reach), setting.count, setting.generator)

    def window(shift: Shift) -> Tensor:
        top, left = (reach - s for s in shift)
        return large[..., top : top + height, left : left + width]

    return _compared_within(setting, window, interior)


def _compared_within(
    setting: _Setting, shown: Callable[[Shift], Tensor], interior: Rectangle | None
) -> tuple[Tensor, list[Moved]]:
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

    return unmoved, [case(shift) for shift in setting.shifts]


def _overlap(side: slice, step: int) -> slice:
    """What is left of a range that also has to come from it: nothing comes around the edge."""
    return slice(max(side.start, side.start + step), min(side.stop, side.stop + step))


def _compact(setting: _Setting, rows: Rows) -> Iterator[Row]:
    """Noise on half of the image, and where that fails on the same half of a canvas of twice the size."""
    height, width = setting.shape[-2:]
    found: list[Row] = []
    notes = {1: "noise on black", 2: "noise on black: at this size the border reaches it, at twice the size not"}
    for scale, note in notes.items():
        shape = (*setting.shape[:-2], scale * height, scale * width)
        content = compact_noise(shape, (height // 2, width // 2), setting.count, setting.generator)
        if scale > 1 and not setting.probe.accepts(content[:1]):
            break
        on_black = _on_black(setting, content)
        if on_black is None:
            continue
        again = rows(on_black, note)
        if not found or all(row.verdict == "consistent" for row in again):
            found = again
        if all(row.verdict != "violated" for row in found):
            break
    if not found:
        note = "every output pixel sees the border: a larger input may tell"
        found = [Row("shifts", (height, width), None, None, 0.0, "undecided", note=note)]
    yield from found


def _on_black(setting: _Setting, content: Tensor) -> tuple[Tensor, list[Moved]] | None:
    interior: Rectangle | None = None
    black = setting.probe(torch.zeros_like(content[:1]))[0]
    if black.ndim > 2 and setting.moves:
        interior = _unbordered(black)
        if any(side.stop - side.start <= _NARROW for side in interior):
            return None
    return _compared_within(setting, lambda shift: content.roll(shift, (-2, -1)), interior)


def _unbordered(black: Tensor) -> Rectangle:
    """The rectangle about the centre on which the answer to black is constant, an eighth away from the border.

    The guard is for layers that normalise over the image: there black is another level beside a content.
    """
    height, width = black.shape[-2:]
    field = black.reshape(-1, height, width)
    centre = field[:, height // 2, width // 2]
    scale = 1e-9 * field.abs().max()
    bordered = (
        ((field[:, :, width // 2] - centre[:, None]).abs() > scale).any(0),
        ((field[:, height // 2] - centre[:, None]).abs() > scale).any(0),
    )
    sides = []
    for line in bordered:
        middle = len(line) // 2
        before, after = line[:middle].nonzero().flatten(), line[middle:].nonzero().flatten()
        margin = len(line) // 8
        low = int(before[-1]) + 1 if len(before) else 0
        high = middle + int(after[0]) if len(after) else len(line)
        sides.append(slice(max(low, margin), min(high, len(line) - margin)))
    rows, columns = sides
    return rows, columns
