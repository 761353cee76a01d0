"""As many samples in one pass as memory has room for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from ..memory import available_memory, is_out_of_memory, require_memory

__all__ = ["fitting", "in_batches"]

T = TypeVar("T")

_LEAST = 2  # of one sample alone it cannot be seen whether others beside it change its output


def fitting(batch: int, entries: int, itemsize: int) -> int:
    """The batch, or the largest for which there is memory, which is said: the output of a sample is the same.

    Args:
        entries: how many numbers of `itemsize` bytes one sample has; a pass holds at the least the batch, its image,
            and what the model makes of both.

    Raises:
        ArgumentError: there is no room for a batch of two.
    """
    each, free, least = 4 * entries * itemsize, available_memory(), min(batch, _LEAST)
    require_memory("--batch", f"{least} samples of {entries:,} numbers", least * each)
    return batch if free is None or batch * each <= free else _said(batch, free // each)


def in_batches(batch: int, entries: int, itemsize: int, work: Callable[[int], T]) -> T:
    """work(batch) of a batch that fits; of a smaller one where it takes more memory than could be known before.

    Raises:
        ArgumentError: as `fitting`.
    """
    batch = fitting(batch, entries, itemsize)
    while True:
        try:
            return work(batch)
        except Exception as error:
            if batch <= _LEAST or not is_out_of_memory(error):
                raise
        batch = _said(batch, max(_LEAST, batch // 2))  # here, where no traceback holds tensors any more


def _said(batch: int, smaller: int) -> int:
    click.echo(f"--batch = {batch}: {smaller} instead, for want of memory", err=True)
    return smaller
