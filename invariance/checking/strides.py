"""Is it the size? Where a finite group fails and a stride is off centre, the sizes at which it is not are tried."""

from __future__ import annotations

import torch
from torch import nn

from ..sizes import Window, size_defects
from .exact import check_exact
from .probe import Probe
from .question import Question
from .report import Row, overall

__all__ = ["exact_ladder", "other_sizes", "strides_to_blame"]

_REACH = 33  # the sizes that suit a total stride of 32 are found within this many pixels


def other_sizes(probe: Probe, question: Question, rows: list[Row], generator: torch.Generator) -> list[Row]:
    """Rows at the exact sizes on either side of the first one that fails, where a stride breaks its condition: of the
    elements that fail, on the images on which they do.
    """
    size = next(row.size for row in rows if row.verdict == "violated")
    failed = [row for row in rows if row.verdict == "violated" and row.size == size]
    if size[0] != size[1] or not _defects(probe, question, size[0]):
        return []
    known = {row.size[0] for row in rows}
    below = _first_exact(probe, question, range(size[0] - 1, max(0, size[0] - _REACH - 1), -1))
    above = _first_exact(probe, question, range(size[0] + 1, size[0] + _REACH + 1))
    nearest = [n for n in (below, above) if n is not None and n not in known]
    return [row for n in nearest for row in check_exact(probe, question, n, generator, failed)]


def strides_to_blame(probe: Probe, question: Question, rows: list[Row]) -> list[str]:
    """ "exact at 33, 37; broken at 32: …", with the first layer that breaks its condition there."""
    verdicts = {
        n: overall([row.verdict for row in rows if row.size[0] == n]) for n in sorted({r.size[0] for r in rows})
    }
    exact, broken = ([n for n, v in verdicts.items() if v == kind] for kind in ("consistent", "violated"))
    blamed = next((defects[0] for n in broken if (defects := _defects(probe, question, n))), None)
    listed = " and ".join(map(str, broken))
    if exact:
        said = f"exact at {', '.join(map(str, exact))}; broken at {listed}"
        return [f"{said}: {blamed}" if blamed else said]
    return [f"broken at {listed}, also where strides are centred; there is more to it than {blamed}"] if blamed else []


def exact_ladder(probe: Probe, question: Question, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """For each size the next one from there on at which the strides are centred, where there is one."""
    ladder = (_first_exact(probe, question, range(size, size + _REACH + 1)) or size for size in sizes)
    return tuple(sorted(set(ladder)))


def _defects(probe: Probe, question: Question, size: int) -> list[Window]:
    if not isinstance(probe.model, nn.Module):
        return []
    try:
        return size_defects(probe.model, size, channels=question.input_shape[:-2])
    except Exception:  # code of others on the meta device: whatever it cannot do there, the verdict stands without it
        return []


def _first_exact(probe: Probe, question: Question, sizes: range) -> int | None:
    """The first size at which no stride is off centre; sizes that the model refuses are passed over."""
    if not isinstance(probe.model, nn.Module):
        return sizes[0]
    for size in sizes:
        try:
            if not size_defects(probe.model, size, channels=question.input_shape[:-2]):
                return size
        except Exception:  # see _defects
            continue
    return None
