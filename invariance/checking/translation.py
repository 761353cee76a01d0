r"""Translations by whole pixels, and sequences by whole steps: images of one row, which do not move along columns.

A border is no part of the plane: is it the network that fails, or its border?

1. *Rolled*: the image goes around the edge and the output with it; exact where padding is circular, or nothing pads.
2. *On the torus*: the same of the circular twin, the same weights with every window going around (`torus`). Where that
   holds, the network keeps shifts and its border alone does not; where it fails though nothing has a border there, the
   network does not keep them.
3. *In the interior*: two windows on a larger image of noise; output pixels count that do not change when the outermost
   pixels of the window do, since a pixel that sees the padding sees those too. For fields.
4. *On black*: noise in the middle of a black image, and of one twice the size. For outputs that see all of the image.
   Output pixels count where the answer to black is that of the centre.

The first that holds decides. A violation is said on the torus without doubts, or in an interior; where all fail and
none of them can be had, the padding cannot be separated from the network, and the answer is *undecided*.

A field of stride s moves with shifts that are multiples of s, the subgroup $(s\mathbb{Z})^2$; an invariant output must
stand still under all shifts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import torch
from torch import Tensor, nn

from ..errors import ArgumentError
from .elements import require_field
from .exact import IMAGES, Shown, shown
from .grid import Strides, strides_of
from .inputs import compact_noise, noise
from .judge import Moved, judge
from .probe import Probe
from .question import Question
from .report import Row, merged, overall
from .rounding import measured
from .torus import SLICE, Torus

__all__ = ["check_translation", "scope_of"]

_SHIFTS = ((0, 1), (1, 0), (1, -1), (-2, 3))
_NARROW = 6  # output pixels: less than two of the largest shift
_THIN = 8  # pixels: less has no middle and border
_AROUND = "rolled around the edge"
_EXACT = "with the same weights and circular padding it holds exactly"
_SMALL = 16  # pixels: a canvas four times as large is cheap
_COARSER = (2, 4, 8, 16, 32)

Shift = tuple[int, int]
Rectangle = tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class _Setting:
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
        """The least multiples of `_SHIFTS` that move the output by whole pixels; axes of one pixel do not move."""
        down, right = (stride.numerator * (n > 1) for stride, n in zip(self.strides, self.shape[-2:], strict=True))
        return [shift for shift in dict.fromkeys((down * y, right * x) for y, x in _SHIFTS) if any(shift)]

    def shifted(self, output: Tensor, shift: Shift) -> Tensor:
        """The output rolled along with the input; what wraps around is the caller's business."""
        return output.roll(self.steps(shift), (-2, -1)) if self.moves else output

    def steps(self, shift: Shift) -> Shift:
        """By how many of its own pixels the output moves."""
        down, right = (int(s / stride) for s, stride in zip(shift, self.strides, strict=True))
        return down, right


def check_translation(probe: Probe, question: Question, size: int | None, generator: torch.Generator) -> Iterator[Row]:
    """A row for each shift at one size.

    Raises:
        ArgumentError: an image of a single pixel.
    """
    shape = question.shape(size)
    if max(shape[-2:]) == 1:
        raise ArgumentError("input_shape", shape, "more than one pixel: there is nothing to shift")
    kinds, said, alone = shown(probe, question, size, generator)
    plain = kinds[0].plain
    require_field(question, plain)
    strides = strides_of(probe, shape, plain) if question.moves else (Fraction(1), Fraction(1))
    count = question.images or IMAGES
    setting = _Setting(probe, question, shape, strides, count, generator, alone)
    for row in _decided(setting, kinds):
        yield replace(row, note="; ".join(filter(None, (row.note, said))))


def scope_of(probe: Probe, question: Question, rows: Sequence[Row]) -> str:
    """What the verdict leaves out: shifts that no field on this grid can move by, and the border."""
    border = "apart from the border" if any(_EXACT in row.note for row in rows) else ""
    return "; ".join(filter(None, (_shifts_of(probe, question), border)))


def _shifts_of(probe: Probe, question: Question) -> str:
    if question.moves is None:
        return ""
    shape = question.shape(question.sizes[0] if question.sizes else None)
    strides = strides_of(probe, shape, probe(torch.zeros((2, *shape), dtype=torch.float64)))
    moving = [stride.numerator for stride, n in zip(strides, shape[-2:], strict=True) if n > 1]
    if set(moving) == {1}:
        return ""
    by = (
        f"{moving[0]} pixels"
        if len(set(moving)) == 1
        else f"{moving[0]} pixels along columns and {moving[1]} along rows"
    )
    return f"for shifts by multiples of {by}; shifts by one pixel do not act on this output"


def _decided(setting: _Setting, kinds: Sequence[Shown]) -> list[Row]:
    """What the first comparison that holds says, or the one that is to be believed."""
    counted = setting.question.border == "counted"
    whole = [] if counted else _rolled(setting, kinds[:1], "", shifts=setting.shifts[:1])
    if counted or not whole or _holds(whole):  # one shift that fails is enough to look for the reason
        whole = _rolled(setting, kinds, _AROUND)
    if counted or (whole and _holds(whole)):
        return whole or [_undecided(setting, "the output's size is no part of the image's: no border to count")]
    torus = Torus()
    twin, holds = _twin(setting, kinds, torus, whole)
    if holds:
        return twin
    interior = _interior(setting, kinds[0].plain) if setting.moves and setting.least >= _THIN else None
    if interior is not None:
        rows = _judged(setting, *_windows(setting, interior), "well inside the image, where its border does not reach")
        return rows if _holds(rows) else _coarser(setting, kinds, rows)
    grown = False
    if setting.least >= _THIN:
        black, grown = _on_black(setting)
        if black is not None:
            return black
    if twin and (not torus.doubts or (grown and set(torus.doubts) == {SLICE})):
        return _coarser(setting, kinds, twin)
    why = f", and neither can circular padding take its place ({'; '.join(torus.doubts) or 'the model refuses it'})"
    error = max((row.error for row in whole if row.error is not None), default=None)
    size = "" if error is None else f"E = {error:.1e} with the image rolled around the edge, "
    said = f"{size}but the padding cannot be separated from the network: the border reaches all of the output{why}"
    return [_undecided(setting, f"{said}; give a larger input, or pad with padding_mode='circular'")]


def _holds(rows: Sequence[Row]) -> bool:
    return overall([row.verdict for row in rows]) in ("consistent", "undefined", "measured")


def _undecided(setting: _Setting, note: str) -> Row:
    height, width = setting.shape[-2:]
    return Row("shifts", (height, width), None, None, 0.0, "undecided", note=note)


def _rolled(
    setting: _Setting, kinds: Sequence[Shown], note: str, factor: int = 1, shifts: Sequence[Shift] | None = None
) -> list[Row]:
    """A row for each shift of the image around the edge; none where the output does not go around with it."""
    if not _periodic(setting, kinds[0].plain):
        return []
    rows = []
    for shift in shifts or setting.shifts:
        by = (factor * shift[0], factor * shift[1])

        def action(output: Tensor, by: Shift = by) -> Tensor:
            return setting.shifted(output, by)

        judged = {}
        for kind in kinds:
            moved = setting.probe(kind.inputs.roll(by, (-2, -1)))
            judged[kind.kind] = _row(setting, by, Moved(kind.plain, moved, action), kind, len(kinds), note)
        rows.append(merged(judged, tolerance=setting.question.tolerance))
    return rows


def _row(setting: _Setting, shift: Shift, case: Moved, kind: Shown, kinds: int, note: str) -> Row:
    height, width = setting.shape[-2:]
    return judge(
        f"shift by ({shift[0]}, {shift[1]})",
        (height, width),
        case,
        kind.rounding,
        family=4 * kinds * len(_SHIFTS) * len(setting.question.sizes or (0,)),
        generator=setting.generator,
        tolerance=setting.question.tolerance,
        note=note,
    )


def _twin(setting: _Setting, kinds: Sequence[Shown], torus: Torus, whole: Sequence[Row]) -> tuple[list[Row], bool]:
    """The rows of the circular twin and whether they hold; none where it cannot be had."""
    probe = setting.probe.within(torus)
    try:
        plain = [probe(kind.inputs) for kind in kinds]
    except ArgumentError:
        torus.doubt("the model refuses it")
        return [], False
    if torus.wrapped == 0 and whole:
        return _rolled(setting, kinds, _AROUND), False
    inputs = [kind.inputs for kind in kinds]
    there = _there(setting, probe, plain[0])
    roundings = measured(probe, list(zip(inputs, plain, strict=True)), alone=setting.alone)
    around = [
        Shown(kind.kind, kind.inputs, y, rounding) for kind, y, rounding in zip(kinds, plain, roundings, strict=True)
    ]
    rows = _rolled(there, around, "")
    error = max((row.error for row in whole if row.error is not None), default=None)
    with_border = "" if error is None else f"; with its own padding it errs by E = {error:.1e} at this size"
    holds = bool(rows) and _holds(rows)
    said = (
        f"{_EXACT}{with_border}: {_padded(setting.probe)}"
        if holds
        else "with circular padding in place of its own it fails as well, so that the border is not the cause"
    )
    return [replace(row, note="; ".join(filter(None, (row.note, said)))) for row in rows], holds


def _there(setting: _Setting, probe: Probe, plain: Tensor) -> _Setting:
    """The same on the torus, on which a stride divides the size."""
    if not setting.moves:
        return replace(setting, probe=probe)
    down, right = (Fraction(n, m) for n, m in zip(setting.shape[-2:], plain.shape[-2:], strict=True))
    return replace(setting, probe=probe, strides=(down, right))


def _padded(probe: Probe) -> str:
    """The layers that pad, by name."""
    model = probe.model
    named = [
        f"{name or 'the model'} ({type(layer).__name__})"
        for name, layer in (model.named_modules() if isinstance(model, nn.Module) else ())
        if _pads(layer)
    ]
    if not named:
        return "the code of forward pads, or windows do not reach over the edge"
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    return f"{', '.join(named[:3])}{more} {'pads' if len(named) == 1 else 'pad'}"


def _pads(layer: nn.Module) -> bool:
    padding = getattr(layer, "padding", 0)
    amounts = padding if isinstance(padding, tuple | list) else (padding,)
    return any(p not in (0, "valid") for p in amounts) and getattr(layer, "padding_mode", "zeros") != "circular"


def _coarser(setting: _Setting, kinds: Sequence[Shown], rows: list[Row]) -> list[Row]:
    """Of an output that fails: whether it keeps shifts by multiples of something."""
    probe = setting.probe.within(Torus())
    try:
        one = [replace(kind, plain=probe(kind.inputs)) for kind in kinds[:1]]
    except ArgumentError:
        return rows
    there = _there(setting, probe, one[0].plain)
    for factor in _COARSER:
        if 2 * factor > setting.least:
            break
        if _holds(_rolled(there, one, "", factor)):
            said = f"it holds for shifts by multiples of {factor} pixels alone, as a stride makes it"
            return [replace(row, note="; ".join(filter(None, (said, row.note)))) for row in rows]
    return rows


def _periodic(setting: _Setting, plain: Tensor) -> bool:
    """Whether the output is a field on the torus of the input, or none that moves."""
    return not setting.moves or all(
        m * stride == n for m, n, stride in zip(plain.shape[-2:], setting.shape[-2:], setting.strides, strict=True)
    )


def _judged(setting: _Setting, unmoved: Tensor, cases: dict[Shift, Moved], note: str) -> list[Row]:
    plain = next(iter(cases.values())).plain
    (rounding,) = measured(setting.probe, [(unmoved, plain)], alone=setting.alone)
    kind = Shown("", unmoved, plain, rounding)
    return [_row(setting, shift, case, kind, 1, note) for shift, case in cases.items()]


def _interior(setting: _Setting, output: Tensor) -> Rectangle | None:
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
    return (rows, columns) if all(side.stop - side.start > _NARROW for side in sides) else None


def _longest(free: Tensor) -> slice:
    """The longest run of what is true; circular padding lets both ends of the input reach both ends of the output."""
    ends = torch.cat((torch.tensor([-1]), (~free).nonzero().flatten(), torch.tensor([len(free)])))
    longest = int(ends.diff().argmax())
    return slice(int(ends[longest]) + 1, int(ends[longest + 1]))


def _windows(setting: _Setting, interior: Rectangle) -> tuple[Tensor, dict[Shift, Moved]]:
    reach = max(abs(s) for shift in setting.shifts for s in shift)
    height, width = setting.shape[-2:]
    large = noise((*setting.shape[:-2], height + 2 * reach, width + 2 * reach), setting.count, setting.generator)

    def window(shift: Shift) -> Tensor:
        top, left = (reach - s for s in shift)
        return large[..., top : top + height, left : left + width]

    return _compared_within(setting, window, interior)


def _compared_within(
    setting: _Setting, shown: Callable[[Shift], Tensor], interior: Rectangle | None
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


def _on_black(setting: _Setting) -> tuple[list[Row] | None, bool]:
    """Noise on half of the image, then on the same half of larger ones: the rows where that holds, and whether the
    model took a canvas so large that no border reaches the content."""
    height, width = setting.shape[-2:]
    reached = False
    for scale in (1, 2) if setting.least > _SMALL else (1, 2, 4):
        shape = (*setting.shape[:-2], *(n if n == 1 else scale * n for n in (height, width)))
        content = compact_noise(shape, (-(-height // 2), -(-width // 2)), setting.count, setting.generator)
        if scale > 1 and not setting.probe.accepts(content[:1]):
            break
        reached = scale > 1
        compared = _black(setting, content)
        if compared is None:
            continue
        least = setting.least
        kept = (scale * least - -(-least // 2)) // 2 - max(abs(s) for shift in setting.shifts for s in shift)
        rows = _judged(setting, *compared, f"random content on a black ground, kept {kept} pixels off the edge")
        if all(row.verdict == "consistent" for row in rows):
            here = "×".join(str(n) for n in (height, width) if n > 1)
            grown = f"; at {here} itself the border reaches the content" if scale > 1 else ""
            return [replace(row, note=row.note + grown) for row in rows], reached
    return None, reached


def _black(setting: _Setting, content: Tensor) -> tuple[Tensor, dict[Shift, Moved]] | None:
    interior: Rectangle | None = None
    black = setting.probe(torch.zeros_like(content[:1]))[0]
    if black.ndim > 2 and setting.moves:
        interior = _unbordered(black)
        if any(interior[axis].stop - interior[axis].start <= _NARROW for axis in setting.axes):
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
