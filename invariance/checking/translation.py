r"""Translations by whole pixels, and sequences by whole steps: images of one row, which do not move along columns.

A border is no part of the plane: is it the network that fails, or its border?

1. *Rolled*: the image goes around the edge and the output with it; exact where padding is circular, or nothing pads.
2. *On the torus*: the same of the circular twin, the same weights with every window going around (`twin`). Where that
   holds, the network keeps shifts and its border alone does not; where it fails though nothing has a border there, the
   network does not keep them.
3. *In the interior* (`interior`): two windows on a larger image of noise; output pixels count that do not change when
   the outermost pixels of the window do, since a pixel that sees the padding sees those too. For fields.
4. *On black* (`black`): noise in the middle of a black image, and of one twice the size. For outputs that see all of
   the image. Output pixels count where the answer to black is that of the centre. Where nothing has a border and the
   torus fails, noise on nearly all of the image: what uses differences of places alone keeps that.

The first that holds decides. A violation is said on the torus without doubts, or in an interior; where all fail and
none of them can be had, the padding cannot be separated from the network, and the answer is *undecided*.

A field of stride s moves with shifts that are multiples of s, the subgroup $(s\mathbb{Z})^2$; an invariant output must
stand still under all shifts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import torch

from ..errors import ArgumentError
from .black import BLACK, nearly_filled, on_black
from .elements import require_field
from .exact import IMAGES, Shown, shown
from .grid import strides_of
from .inputs import noise
from .interior import INSIDE, interior_of, windows
from .probe import Probe
from .question import Question
from .report import Row
from .shifts import Setting, all_hold, judged, rolled
from .torus import SLICE, Torus
from .twin import AROUND, EXACT, coarser, twin_rows

__all__ = ["check_translation", "scope_of"]

_THIN = 8  # pixels: less has no middle and border


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
    setting = Setting(probe, question, shape, strides, count, generator, alone)
    torus = setting.torus()
    rows = _decided(setting, kinds, torus)
    if size is None and rows[0].verdict == "undecided" and len(torus.strides) == len(torus.doubts) > 0:
        rows = _divided(setting, torus) or rows
    for row in rows:
        yield replace(row, note="; ".join(filter(None, (row.note, said))))


def scope_of(probe: Probe, question: Question, rows: Sequence[Row]) -> str:
    """What the verdict leaves out: shifts that no field on this grid can move by, and the border."""
    border = (
        "apart from the border"
        if all_hold(rows) and any(said in row.note for row in rows for said in (EXACT, INSIDE, BLACK))
        else ""
    )
    return "; ".join(filter(None, (_shifts_of(probe, question), border)))


def _shifts_of(probe: Probe, question: Question) -> str:
    if question.moves is None:
        return ""
    shape = question.shape(question.sizes[0] if question.sizes else None)
    strides = strides_of(probe, shape, probe(noise(shape, 2, torch.Generator().manual_seed(0))))
    moving = [stride.numerator for stride, n in zip(strides, shape[-2:], strict=True) if n > 1]
    if set(moving) == {1}:
        return ""
    unit = "step" if question.sequence else "pixel"
    same = len(set(moving)) == 1
    by = f"{moving[0]} {unit}s" if same else "{} pixels along columns and {} along rows".format(*moving)
    return f"for shifts by multiples of {by}; shifts by one {unit} do not act on this output"


def _divided(setting: Setting, torus: Torus) -> list[Row]:
    """What the circular twin says at the next larger size that all strides divide; none where it cannot be had."""
    step = math.lcm(*torus.strides, *(stride.numerator for stride in setting.strides))
    question = setting.question
    larger = (*question.input_shape[:-2], *(n if n == 1 else n + -n % step for n in setting.shape[-2:]))
    asked = replace(question, input_shape=larger, inputs=None)
    try:
        kinds, _, alone = shown(setting.probe, asked, None, setting.generator)
    except ArgumentError:  # of one size alone
        return []
    there = replace(setting, question=asked, shape=larger, alone=alone)
    around = there.torus()
    rows, _ = twin_rows(there, kinds, around, ())
    here = "×".join(str(n) for n in larger[-2:] if n > 1)
    told = f"asked at {here}, which every stride divides"
    return [] if around.doubts else [replace(row, note="; ".join(filter(None, (told, row.note)))) for row in rows]


def _decided(setting: Setting, kinds: Sequence[Shown], torus: Torus) -> list[Row]:
    """What the first comparison that holds says, or the one that is to be believed."""
    counted = setting.question.border == "counted"
    whole = [] if counted else rolled(setting, kinds[:1], "", shifts=setting.shifts[:1])
    if counted or not whole or all_hold(whole):  # one shift that fails is enough to look for the reason
        whole = rolled(setting, kinds, AROUND)
    if counted or (whole and all_hold(whole)):
        return whole or [_undecided(setting, "the output's size is no part of the image's: no border to count")]
    twin, holds = twin_rows(setting, kinds, torus, whole)
    if holds:
        return twin
    interior = interior_of(setting, kinds[0].plain) if setting.moves and setting.least >= _THIN else None
    if interior is not None:
        rows = judged(setting, *windows(setting, interior), INSIDE)
        if not all_hold(rows):
            return coarser(setting, kinds, rows)
        return coarser(setting, kinds, twin) if twin and not torus.doubts else rows
    if twin and not torus.doubts:
        filled = nearly_filled(setting) if setting.least >= _THIN else None
        return coarser(setting, kinds, twin) if filled is None else filled
    grown = False
    if setting.least >= _THIN:
        black, grown = on_black(setting)
        if black is not None:
            return black
    if twin and grown and set(torus.doubts) == {SLICE}:
        return coarser(setting, kinds, twin)
    why = f", and wrapping the image around it does not help ({'; '.join(torus.doubts) or 'the model refuses that'})"
    error = max((row.error for row in whole if row.error is not None), default=None)
    size = "" if error is None else f"E = {error:.1e} with the image rolled around the edge, "
    border = (
        "the padding cannot be separated from the network: the border"
        if torus.wrapped
        else ("the border cannot be separated from the network: it")
    )
    said = f"{size}but {border} reaches all of the output{why}"
    circular = ", or pad with padding_mode='circular'" if torus.wrapped else ""
    return [_undecided(setting, f"{said}; give a larger input{circular}")]


def _undecided(setting: Setting, note: str) -> Row:
    height, width = setting.shape[-2:]
    return Row("shifts", (height, width), None, None, 0.0, "undecided", note=note)
