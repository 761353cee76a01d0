"""Shifts of images by whole pixels, and what a model makes of images that are rolled around the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .exact import Shown
from .grid import Strides
from .judge import judge
from .moved import Moved
from .probe import Probe
from .question import Question
from .report import Row, merged, overall
from .rounding import measured
from .torus import Torus

__all__ = ["SHIFTS", "Setting", "Shift", "all_hold", "judged", "rolled"]

Shift = tuple[int, int]

SHIFTS = ((0, 1), (1, 0), (1, -1), (-2, 3))


@dataclass(frozen=True, eq=False)
class Setting:
    """One network on images of one shape, and how its output lies on them."""

    probe: Probe
    question: Question
    shape: tuple[int, ...]
    strides: Strides
    count: int
    generator: torch.Generator
    alone: bool

    @property
    def moves(self) -> bool:
        return self.question.moves is not None

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes of the plane along which there is more than one pixel."""
        return tuple(axis for axis in (-2, -1) if self.shape[axis] > 1)

    @property
    def least(self) -> int:
        """Pixels along the shorter of them."""
        return min(self.shape[axis] for axis in self.axes)

    @property
    def shifts(self) -> list[Shift]:
        """The least multiples of `SHIFTS` that move the output by whole pixels; axes of one pixel do not move."""
        down, right = (stride.numerator * (n > 1) for stride, n in zip(self.strides, self.shape[-2:], strict=True))
        return [shift for shift in dict.fromkeys((down * y, right * x) for y, x in SHIFTS) if any(shift)]

    def torus(self) -> Torus:
        """On which images of this shape have no border."""
        height, width = self.shape[-2:]
        return Torus((height, width), sequences=self.probe.sequence)

    def shifted(self, output: Tensor, shift: Shift) -> Tensor:
        """The output rolled along with the input; what wraps around is the caller's business."""
        return output.roll(self.steps(shift), (-2, -1)) if self.moves else output

    def steps(self, shift: Shift) -> Shift:
        """By how many of its own pixels the output moves."""
        down, right = (int(s / stride) for s, stride in zip(shift, self.strides, strict=True))
        return down, right


def all_hold(rows: Sequence[Row]) -> bool:
    return overall([row.verdict for row in rows]) in ("consistent", "undefined", "measured")


def rolled(
    setting: Setting, kinds: Sequence[Shown], note: str, factor: int = 1, shifts: Sequence[Shift] | None = None
) -> list[Row]:
    """A row for each shift of the image around the edge; none where the output does not go around with it."""
    if not periodic(setting, kinds[0].plain):
        return []
    rows = []
    for shift in shifts or setting.shifts:
        by = (factor * shift[0], factor * shift[1])

        def action(output: Tensor, by: Shift = by) -> Tensor:
            return setting.shifted(output, by)

        judged = {}
        for kind in kinds:
            moved = setting.probe(kind.inputs.roll(by, (-2, -1)))
            judged[kind.kind] = row_of(
                setting, by, Moved(kind.plain, moved, action, exact=True), kind, len(kinds), note
            )
        rows.append(merged(judged, tolerance=setting.question.tolerance))
    return rows


def row_of(setting: Setting, shift: Shift, case: Moved, kind: Shown, kinds: int, note: str) -> Row:
    height, width = setting.shape[-2:]
    return judge(
        f"shift by ({shift[0]}, {shift[1]})",
        (height, width),
        case,
        kind.rounding,
        family=4 * kinds * len(SHIFTS) * len(setting.question.sizes or (0,)),
        generator=setting.generator,
        tolerance=setting.question.tolerance,
        note=note,
    )


def judged(setting: Setting, unmoved: Tensor, cases: dict[Shift, Moved], note: str) -> list[Row]:
    plain = next(iter(cases.values())).plain
    (rounding,) = measured(setting.probe, [(unmoved, plain)], alone=setting.alone)
    kind = Shown("", unmoved, plain, rounding)
    return [row_of(setting, shift, case, kind, 1, note) for shift, case in cases.items()]


def periodic(setting: Setting, plain: Tensor) -> bool:
    """Whether the output is a field on the torus of the input, or none that moves."""
    return not setting.moves or all(
        m * stride == n for m, n, stride in zip(plain.shape[-2:], setting.shape[-2:], setting.strides, strict=True)
    )
