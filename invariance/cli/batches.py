"""As many samples in one pass as memory has room for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from ..errors import ArgumentError
from ..memory import available_memory, is_out_of_memory, require_memory

__all__ = ["in_batches"]

T = TypeVar("T")

_LEAST = 2  # of one sample alone it cannot be seen whether others beside it change its output


def in_batches(batch: int, entries: int, itemsize: int, work: Callable[[int], T]) -> T:
    """work(batch), or that of a smaller batch where memory is short, which is said: a sample's output is the same.

    Args:
        entries: how many numbers of `itemsize` bytes one sample has; a pass holds at the least the batch, its image,
            and what the model makes of both.

    Raises:
        ArgumentError: there is no room for a batch of two.
    """
    each, free = 4 * entries * itemsize, available_memory()
    least = min(batch, _LEAST)
    require_memory("--batch", f"{least} samples of {entries:,} numbers", least * each)
    if free is not None and batch * each > free:
        batch = _said(batch, max(least, free // each))
    while True:
        try:
            return work(batch)
        except Exception as error:
            if batch <= least or not _is_short(error):
                raise
        batch = _said(batch, max(least, batch // 2))  # here, where no traceback holds tensors any more


def _said(batch: int, smaller: int) -> int:
    click.echo(f"--batch = {batch}: {smaller} instead, for want of memory", err=True)
    return smaller


def _is_short(error: BaseException) -> bool:
    """Also where a model's error was named by what asked for it."""
    named = isinstance(error, ArgumentError) and error.args[0] == "batch" and "out of memory" in str(error.args[2])
    return named or is_out_of_memory(error)
