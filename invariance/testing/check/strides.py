"""Is it the size? Where a finite group fails and a stride is off centre, the sizes at which it is not are tried."""

from __future__ import annotations

import torch
from torch import nn

from ...sizes import Window, exact_sizes, size_defects
from .exact import check_exact
from .probe import Probe
from .question import Question
from .report import Row, overall

__all__ = ["exact_ladder", "other_sizes", "strides_to_blame"]

_REACH = 33  # the sizes that suit a total stride of 32 are found within this many pixels


def other_sizes(probe: Probe, question: Question, rows: list[Row], generator: torch.Generator) -> list[Row]:
    """Rows at the exact sizes on either side of the first one that fails, where a stride breaks its condition."""
    size = next(row.size for row in rows if row.verdict == "violated")
    if size[0] != size[1] or not _defects(probe, question, size[0]):
        return []
    around = _exact(probe, question, range(max(1, size[0] - _REACH), size[0] + _REACH + 1))
    known = {row.size[0] for row in rows}
    nearest = {*[n for n in around if n < size[0]][-1:], *[n for n in around if n > size[0]][:1]} - known
    return [row for n in sorted(nearest) for row in check_exact(probe, question, n, generator)]


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
    exact = _exact(probe, question, range(sizes[0], sizes[-1] + _REACH))
    return tuple(sorted({next((n for n in exact if n >= size), size) for size in sizes}))


def _defects(probe: Probe, question: Question, size: int) -> list[Window]:
    if not isinstance(probe.model, nn.Module):
        return []
    try:
        return size_defects(probe.model, size, channels=question.input_shape[:-2])
    except Exception:  # code of others on the meta device: whatever it cannot do there, the verdict stands without it
        return []


def _exact(probe: Probe, question: Question, sizes: range) -> list[int]:
    if not isinstance(probe.model, nn.Module):
        return list(sizes)
    try:
        return exact_sizes(probe.model, sizes, channels=question.input_shape[:-2])
    except Exception:  # code of others on the meta device: whatever it cannot do there, the verdict stands without it
        return []
