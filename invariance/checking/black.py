"""Content on a black ground that grows until no border reaches it: for outputs that see all of the image."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ..errors import ArgumentError
from .inputs import compact_noise
from .interior import NARROW, Rectangle, compared_within
from .moved import Moved
from .report import Row
from .shifts import Setting, Shift, judged

__all__ = ["BLACK", "nearly_filled", "on_black"]

BLACK = "random content, nothing but zeros around it"
_SMALL = 16  # pixels: a canvas four times as large is cheap


def on_black(setting: Setting) -> tuple[list[Row] | None, bool]:
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
        try:
            compared = _black(setting, content)
        except ArgumentError:  # a division by what is 0 of a black image
            continue
        if compared is None:
            continue
        least = setting.least
        kept = (scale * least - -(-least // 2)) // 2 - max(abs(s) for shift in setting.shifts for s in shift)
        rows = judged(setting, *compared, f"{BLACK}, kept {kept} {_unit(setting)}")
        if all(row.verdict == "consistent" for row in rows):
            here = "×".join(str(n) for n in (height, width) if n > 1)
            grown = f"; at {here} itself the border reaches the content" if scale > 1 else ""
            return [replace(row, note=row.note + grown) for row in rows], reached
    return None, reached


def nearly_filled(setting: Setting) -> list[Row] | None:
    """Noise on all but the few pixels by which it is shifted, all of the output compared; the rows where that holds.

    It holds for models that use differences of places alone, as rotary positions do, and fails where a place is used.
    """
    kept = max(abs(s) for shift in setting.shifts for s in shift)
    height, width = (n if n == 1 else n - 2 * kept for n in setting.shape[-2:])
    content = compact_noise(setting.shape, (height, width), setting.count, setting.generator)
    try:
        compared = compared_within(setting, lambda shift: content.roll(shift, (-2, -1)), None)
        rows = judged(setting, *compared, f"{BLACK}, kept {kept} {_unit(setting)}")
    except ArgumentError:
        return None
    return rows if all(row.verdict == "consistent" for row in rows) else None


def _unit(setting: Setting) -> str:
    return "steps off the ends" if setting.probe.sequence else "pixels off the edge"


def _black(setting: Setting, content: Tensor) -> tuple[Tensor, dict[Shift, Moved]] | None:
    interior: Rectangle | None = None
    black = setting.probe(torch.zeros_like(content[:1]))[0]
    if black.ndim > 2 and setting.moves:
        interior = _unbordered(black)
        if any(interior[axis].stop - interior[axis].start <= NARROW for axis in setting.axes):
            return None
    return compared_within(setting, lambda shift: content.roll(shift, (-2, -1)), interior)


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
