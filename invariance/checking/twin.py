"""The circular twin under shifts, and the shifts by multiples that it keeps where it does not keep all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from torch import Tensor, nn

from ..errors import ArgumentError
from .exact import Shown
from .probe import Probe
from .report import Row
from .rounding import measured
from .shifts import Setting, all_hold, rolled
from .torus import Torus

__all__ = ["AROUND", "EXACT", "coarser", "twin_rows"]

AROUND = "rolled around the edge"
EXACT = "with the same weights and circular padding it holds exactly"
_COARSER = (2, 4, 8, 16, 32)


def twin_rows(setting: Setting, kinds: Sequence[Shown], torus: Torus, whole: Sequence[Row]) -> tuple[list[Row], bool]:
    """The rows of the circular twin and whether they hold; none where it cannot be had."""
    probe = setting.probe.within(torus)
    try:
        plain = [probe(kind.inputs) for kind in kinds]
    except ArgumentError:
        torus.doubt("the model refuses it")
        return [], False
    if torus.wrapped == 0 and whole:
        return rolled(setting, kinds, AROUND), False
    inputs = [kind.inputs for kind in kinds]
    there = _there(setting, probe, plain[0])
    roundings = measured(probe, list(zip(inputs, plain, strict=True)), alone=setting.alone)
    around = [
        Shown(kind.kind, kind.inputs, y, rounding) for kind, y, rounding in zip(kinds, plain, roundings, strict=True)
    ]
    rows = rolled(there, around, "")
    error = max((row.error for row in whole if row.error is not None), default=None)
    with_border = "" if error is None else f"; with its own padding it errs by E = {error:.1e} at this size"
    holds = bool(rows) and all_hold(rows)
    said = (
        f"{EXACT}{with_border}: {_padded(setting.probe)}"
        if holds
        else "with circular padding in place of its own it fails as well, so that the border is not the cause"
    )
    return [replace(row, note="; ".join(filter(None, (row.note, said)))) for row in rows], holds


def _there(setting: Setting, probe: Probe, plain: Tensor) -> Setting:
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


def coarser(setting: Setting, kinds: Sequence[Shown], rows: list[Row]) -> list[Row]:
    """Of an output that fails: whether it keeps shifts by multiples of something."""
    probe, first = setting.probe.within(setting.torus()), kinds[0]
    try:
        plain = probe(first.inputs)
    except ArgumentError:
        return rows
    (rounding,) = measured(probe, [(first.inputs, plain)], alone=setting.alone)
    one = [replace(first, plain=plain, rounding=rounding)]
    there = _there(setting, probe, plain)
    for factor in _COARSER:
        if 2 * factor > setting.least:
            break
        if all_hold(rolled(there, one, "", factor)):
            unit = "steps" if setting.probe.sequence else "pixels"
            said = f"it holds for shifts by multiples of {factor} {unit} alone, as a stride makes it"
            return [replace(row, note="; ".join(filter(None, (said, row.note)))) for row in rows]
    return rows
