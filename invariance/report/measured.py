"""What the report measures, shared by two processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..pictures import photographs
from ..plots.save import picture_of
from .aside import Aside, dealt
from .bridge import Finding, findings
from .explorer import on_page
from .figures import FIGURES
from .result import Result

__all__ = ["SIZE", "Drawn", "measured"]

SIZE = 60
"""Pixels along a side of the photographs: a multiple of 6, for windows of two and three pixels."""


@dataclass(frozen=True)
class Drawn:
    """A `Result` whose figure is a PNG file, which can go from one process to another."""

    name: str
    title: str
    text: str
    data: Any
    png: bytes


def measured(
    images: str | Path | None, ledger: Callable[[], None], tick: Callable[[str], None]
) -> tuple[int, list[Finding], list[Drawn], dict[str, Any]]:
    """How many photographs there are, findings on layers, figures in order, and the explorer.

    Figures are dealt to this process and to another, which begins once `ledger` returns where there are two cores,
    since the ledger has the second one until then.

    Raises:
        ImageReadError: photographs that cannot be read.
    """
    photos = photographs(SIZE, folder=images)
    with dealt(tuple(FIGURES)) as names:

        def figures() -> dict[str, Drawn]:
            if _cores() < 3:
                ledger()
            torch.set_num_threads(1)
            return {name: _drawn(FIGURES[name](photos)) for name in names}

        with Aside(figures) as aside, _a_core_left():  # forked before torch has threads
            tick("layers")
            found = list(findings(photos))
            here: dict[str, Drawn] = {}
            for name in names:
                tick(name)
                here[name] = _drawn(FIGURES[name](photos))
            explorer = on_page()
            there = aside.result()
    for name in there:
        tick(name)
    return len(photos), found, [(here | there)[name] for name in FIGURES], explorer


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _a_core_left() -> Iterator[None]:
    """A thread fewer for torch: its threads wait for each other busily, and one of them would share its core."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, before - 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _drawn(result: Result) -> Drawn:
    return Drawn(result.name, result.title, result.text, result.data, picture_of(result.figure, "png", dpi=180))
